"""The panel of a post's deliveries and numbers, and what a person decides about one of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Response as FlaskResponse
from flask import flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from calendar_app import engagement, triage
from calendar_app.extensions import db
from calendar_app.models import Delivery, FollowUp, Post, Role
from calendar_app.refusals import Refusal
from calendar_app.web import edge, loading, post_page
from calendar_app.web.delivery_panel import deliveries_of, panel
from calendar_app.web.numbers_panel import numbers
from calendar_app.web.post_forms import AppearedForm, VerdictForm

blueprint = loading.workspace_blueprint("deliveries", __name__)


@blueprint.get("/posts/<int:post_id>/deliveries")
def show(post_id: int) -> Response:
    """The panel; nothing at all when it still is what the asker has."""
    return _announcing(_unless_seen(_panel(loading.post(post_id))))


@blueprint.get("/posts/<int:post_id>/numbers")
def figures(post_id: int) -> Response:
    """The numbers; ``asked`` is when fresh ones were asked for, in seconds since 1970."""
    return _unless_seen(_numbers(loading.post(post_id), _instant(request.args.get("asked", ""))))


@blueprint.post("/posts/<int:post_id>/numbers")
@loading.needs(Role.PLANNER)
def refresh(post_id: int) -> Response:
    """Ask for fresh numbers out of turn."""
    post, now = loading.post(post_id), edge.now()
    asked = [engagement.ask_now(delivery, now) for delivery in deliveries_of(post)]
    db.session.commit()
    if not edge.is_htmx():
        return redirect(_address(post))
    return make_response(_numbers(post, now if any(asked) else None))


@blueprint.post("/deliveries/<int:delivery_id>/retry")
@loading.needs(Role.APPROVER)
def retry(delivery_id: int) -> Response:
    """Send it again, now, on this channel alone."""
    return _decide(delivery_id, triage.retry, _("It is tried again now."))


@blueprint.post("/deliveries/<int:delivery_id>/cancel")
@loading.needs(Role.PLANNER)
def cancel(delivery_id: int) -> Response:
    """Give it up, on this channel alone."""
    return _decide(delivery_id, triage.cancel, _("Canceled on this channel."))


@blueprint.post("/deliveries/<int:delivery_id>/appeared")
@loading.needs(Role.APPROVER)
def appeared(delivery_id: int) -> Response:
    """A person saw it on the platform."""
    delivery, form = loading.delivery(delivery_id), AppearedForm()
    form.delivery_id = delivery.id
    if not form.validate():
        return _mistyped(delivery.post, form)

    def answer(delivery: Delivery, by: Any, now: datetime) -> None:
        triage.appeared(delivery, form.url.data or "", by, now)

    return _decide(delivery_id, answer, _("Noted: it is out."))


@blueprint.post("/deliveries/<int:delivery_id>/absent")
@loading.needs(Role.APPROVER)
def did_not_appear(delivery_id: int) -> Response:
    """A person looked and it is not there."""
    return _decide(delivery_id, triage.did_not_appear, _("Noted: it is not out. You can try it again."))


@blueprint.post("/follow-ups/<int:follow_id>/there")
@loading.needs(Role.APPROVER)
def follow_is_there(follow_id: int) -> Response:
    """A person saw what follows a post."""
    return _decide_follow(follow_id, triage.follow_is_there, _("Noted: it is out."))


@blueprint.post("/follow-ups/<int:follow_id>/send")
@loading.needs(Role.APPROVER)
def send_follow(follow_id: int) -> Response:
    """Send what follows a post after all."""
    return _decide_follow(follow_id, triage.send_follow, _("It is sent now."))


@blueprint.post("/follow-ups/<int:follow_id>/leave")
@loading.needs(Role.APPROVER)
def leave_follows(follow_id: int) -> Response:
    """Give up what follows a post."""
    return _decide_follow(follow_id, triage.leave_follows, _("Left out."))


def _decide_follow(follow_id: int, verb: Callable[[FollowUp, Any, datetime], None], told: str) -> Response:
    row = loading.follow_up(follow_id)
    return _decide(row.delivery_id, lambda _delivery, by, now: verb(row, by, now), told)


def _instant(seconds: str) -> datetime | None:
    return datetime.fromtimestamp(int(seconds), UTC) if seconds.isdigit() and len(seconds) < 12 else None


def _decide(delivery_id: int, verb: Callable[[Delivery, Any, datetime], None], told: str) -> Response:
    """One verb on one delivery; refused or not, the panel shows how it stands now."""
    delivery, kind, code = loading.delivery(delivery_id), "ok", 200
    try:
        verb(delivery, current_user, edge.now())
        db.session.commit()
    except Refusal as refusal:
        db.session.rollback()
        told, kind, code = str(refusal), "danger", 409
    post = loading.delivery(delivery_id).post
    if not edge.is_htmx():
        flash(told, kind)
        return redirect(_address(post))
    return edge.toast(_announcing(make_response(_panel(post), code)), told, kind)


def _announcing(response: FlaskResponse) -> FlaskResponse:
    """Let the numbers look too: what was just published has some."""
    response.headers["HX-Trigger-After-Swap"] = "published"
    return response


def _mistyped(post: Post, form: AppearedForm) -> Response:
    """The panel again, with the address as it was typed and what is wrong with it."""
    if edge.is_htmx():
        return make_response(_panel(post, form), 422)
    flash(str(form.url.errors[0]) if form.url.errors else _("Send it again."), "danger")
    return redirect(_address(post))


def _panel(post: Post, answer: AppearedForm | None = None) -> str:
    whole = post_page.load(post.id)
    return render_template(
        "deliveries/panel.html",
        panel=panel(whole, g.membership.role, edge.now(), answer, g.membership),
        form=VerdictForm(formdata=None, revision=whole.revision),
        is_fragment=True,
        **post_page.live(whole, current_user, g.membership),
    )


def _numbers(post: Post, asked_at: datetime | None) -> str:
    shown = numbers(post, edge.now(), asked_at)
    may_plan = g.membership.role.includes(Role.PLANNER)
    return render_template("deliveries/numbers.html", numbers=shown, may_plan=may_plan)


def _unless_seen(html: str) -> FlaskResponse:
    """204 when the asker's copy is the same, so that an open detail or a menu stays as it is."""
    seen = hashlib.sha256(html.replace(generate_csrf(), "").encode()).hexdigest()[:16]
    if request.args.get("seen") == seen:
        return make_response("", 204)
    return make_response(html.replace("{seen}", seen))


def _address(post: Post) -> str:
    return url_for("posts.show", post_id=post.id, _anchor="deliveries")
