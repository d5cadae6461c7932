"""The queue of an approver: read, approve or send back, one after the other."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, g, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from calendar_app import approval, waiting
from calendar_app.extensions import db
from calendar_app.models import Post, Role, Stage
from calendar_app.refusals import Refusal
from calendar_app.web import edge, loading, nav, post_page, sentences, wording
from calendar_app.web.post_forms import SendBackForm, VerdictForm

blueprint = loading.workspace_blueprint("approvals", __name__)
nav.counts["approvals"] = lambda: waiting.count(g.membership)


@blueprint.get("/approvals")
def index() -> str:
    """What waits for me, what is due soonest first; then what waits for others."""
    queue = waiting.queue(g.membership)
    return render_template(
        "approvals/index.html",
        queue=queue,
        cards=[_card(post) for post in queue.mine],
        headline=post_page.headline,
    )


@blueprint.post("/approvals/<int:post_id>/approve")
@loading.needs(Role.APPROVER)
def approve(post_id: int) -> Any:
    """Approve the revision that was read."""
    post, form = loading.post(post_id), VerdictForm()
    if post.stage != Stage.SUBMITTED:
        return _done(_("This post is not waiting for approval any more."), "info")
    if not form.validate():
        return _again(post_id, form)
    try:
        approval.approve(post, form.revision.data, current_user, edge.now(), form.comment.data or "")
        db.session.commit()
    except Refusal as refusal:
        return _again(post_id, form, refusal)
    return _done(_promised(post), "ok")


@blueprint.post("/approvals/<int:post_id>/send-back")
@loading.needs(Role.APPROVER)
def send_back(post_id: int) -> Any:
    """Return the revision that was read, with a comment."""
    post, form = loading.post(post_id), SendBackForm()
    if post.stage != Stage.SUBMITTED and form.validate():
        return _done(_("This post is not waiting for approval any more."), "info")
    if not form.validate():
        return _again(post_id, form)
    try:
        approval.send_back(post, form.revision.data, current_user, edge.now(), form.comment.data or "")
        db.session.commit()
    except Refusal as refusal:
        return _again(post_id, form, refusal)
    return _done(_("Sent back with your comment."), "ok")


def _card(post: Post) -> dict[str, Any]:
    """The names that one card of the queue uses."""
    return {
        "post": post,
        "headline": post_page.headline(post),
        "readings": [post_page.reading(variant) for variant in post.variants],
        "asked": [(wording.verdict(line), line) for line in post.approvals[-1:]],
        "history": [(wording.verdict(line), line) for line in post.approvals if line.comment],
        "is_overdue": post.due_at <= edge.now(),
    }


def _again(post_id: int, form: Any, refusal: Refusal | None = None) -> Any:
    """The card as it is now, with the reason and what was typed."""
    db.session.rollback()
    post = waiting.one(post_id)
    if not edge.is_htmx():
        flash(str(refusal or form.comment.errors[0]), "danger")
        return redirect(url_for("approvals.index"))
    card = _card(post) | {"form": form, "refusal": refusal, "problems": _problems(post, refusal)}
    return render_template("approvals/_card.html", **card), 409 if refusal else 422


def _problems(post: Post, refusal: Refusal | None) -> list[tuple[Any, list[str]]]:
    found = refusal.problems if isinstance(refusal, approval.NotReady) else {}
    channels = {variant.channel_id: variant.channel for variant in post.variants}
    return [(channels[at], [sentences.problem(p) for p in listed]) for at, listed in found.items() if listed]


def _done(text: str, kind: str) -> Any:
    """The card goes; the page stays where it is."""
    if edge.is_htmx():
        return edge.toast(_emptied(), text, kind)
    flash(text, kind)
    return redirect(url_for("approvals.index"))


def _emptied() -> Response:
    return make_response("", 200)


def _promised(post: Post) -> str:
    return str(
        ngettext(
            "Approved. It is promised on %(num)s channel.",
            "Approved. It is promised on %(num)s channels.",
            len(post.variants),
        )
    )
