"""One post: what it says where and when, its approval, and everything a person can do with it."""

from __future__ import annotations

from typing import Any

from flask import flash, g, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response

from calendar_app import approval, planning, triage
from calendar_app.extensions import db
from calendar_app.models import Post, Role, Stage
from calendar_app.refusals import Refusal
from calendar_app.web import edge, loading, post_page, sentences
from calendar_app.web.delivery_panel import CANCELABLE, deliveries_of, panel
from calendar_app.web.numbers_panel import numbers
from calendar_app.web.post_forms import RevisionForm, SendBackForm, VerdictForm, when_form

blueprint = loading.workspace_blueprint("posts", __name__)


@blueprint.get("/posts/<int:post_id>")
def show(post_id: int) -> Any:
    """The whole page."""
    post = loading.post(post_id)
    return _page(post, VerdictForm(formdata=None, revision=post.revision))


@blueprint.post("/posts/<int:post_id>/submit")
@loading.needs(Role.PLANNER)
def submit(post_id: int) -> Any:
    """Ask for approval."""
    post, form = loading.post(post_id), RevisionForm()
    try:
        approval.submit(post, current_user, edge.now())
        db.session.commit()
    except Refusal as refusal:
        return _refused(post_id, form, refusal)
    flash(_("Submitted. An approver will see it now."), "ok")
    return redirect(_address(post_id))


@blueprint.post("/posts/<int:post_id>/approve")
@loading.needs(Role.APPROVER)
def approve(post_id: int) -> Any:
    """Approve the revision that was looked at; the same click twice is one approval."""
    post, form = loading.post(post_id), VerdictForm()
    if post.stage != Stage.SUBMITTED:
        flash(_("This post is not waiting for approval any more."), "info")
        return redirect(_address(post_id))
    if not form.validate():
        return _page(post, form), 422
    try:
        approval.approve(post, form.revision.data, current_user, edge.now(), form.comment.data or "")
        db.session.commit()
    except Refusal as refusal:
        return _refused(post_id, form, refusal)
    flash(_promise(post), "ok")
    return redirect(_address(post_id))


@blueprint.route("/posts/<int:post_id>/send-back", methods=["GET", "POST"])
@loading.needs(Role.APPROVER)
def send_back(post_id: int) -> Any:
    """Return the post to its author with a comment."""
    post, form = loading.post(post_id), SendBackForm()
    if not form.is_submitted():
        form.revision.data = post.revision
    if not form.validate_on_submit():
        return _dialog("send_back", post, form)
    try:
        approval.send_back(post, form.revision.data, current_user, edge.now(), form.comment.data or "")
        db.session.commit()
    except Refusal as refusal:
        return _dialog("send_back", _again(post_id, form), form, refusal)
    return _done(_("Sent back with your comment."), _address(post_id))


@blueprint.route("/posts/<int:post_id>/publish-now", methods=["GET", "POST"])
@loading.needs(Role.APPROVER)
def publish_now(post_id: int) -> Any:
    """Approve and send at once, after a question."""
    post, form = loading.post(post_id), RevisionForm()
    if not form.is_submitted():
        form.revision.data = post.revision
    if not form.validate_on_submit():
        return _dialog("publish_now", post, form)
    try:
        approval.publish_now(post, form.revision.data, current_user, edge.now())
        db.session.commit()
    except Refusal as refusal:
        return _dialog("publish_now", _again(post_id, form), form, refusal)
    return _done(_("It goes out now."), _address(post_id))


@blueprint.route("/posts/<int:post_id>/move", methods=["GET", "POST"])
@loading.needs(Role.PLANNER)
def move(post_id: int) -> Any:
    """Another time, all else as it is."""
    post = loading.post(post_id)
    form = when_form(post, post.wall_time)
    if not form.validate_on_submit():
        return _dialog("move", post, form)
    try:
        planning.move(post, form.wall_time(), form.revision.data, current_user, edge.now(), form.which())
        db.session.commit()
    except Refusal as refusal:
        return _dialog("move", _again(post_id, form), form, refusal)
    return _done(_("Moved."), _address(post_id))


@blueprint.route("/posts/<int:post_id>/duplicate", methods=["GET", "POST"])
@loading.needs(Role.PLANNER)
def duplicate(post_id: int) -> Any:
    """A new draft that says the same at another time."""
    post, now = loading.post(post_id), edge.now()
    form = when_form(post, post_page.next_free_time(post, now))
    if not form.validate_on_submit():
        return _dialog("duplicate", post, form)
    try:
        copy = planning.duplicate(post, form.wall_time(), current_user, now, form.which())
        db.session.commit()
    except Refusal as refusal:
        return _dialog("duplicate", _again(post_id, form), form, refusal)
    return _done(_("This is the copy, as a draft."), _address(copy.id))


@blueprint.route("/posts/<int:post_id>/cancel", methods=["GET", "POST"])
@loading.needs(Role.PLANNER)
def cancel(post_id: int) -> Any:
    """Give up every delivery that can still be stopped."""
    post, form = loading.post(post_id), RevisionForm()
    if not form.is_submitted():
        return _dialog("cancel", post, form)
    stopped = [delivery for delivery in deliveries_of(post) if delivery.state in CANCELABLE]
    try:
        for delivery in stopped:
            triage.cancel(delivery, current_user, edge.now())
        db.session.commit()
    except Refusal as refusal:
        return _dialog("cancel", _again(post_id, form), form, refusal)
    told = ngettext("Canceled on %(num)s channel.", "Canceled on %(num)s channels.", len(stopped))
    return _done(told, _address(post_id))


@blueprint.route("/posts/<int:post_id>/delete", methods=["GET", "POST"])
@loading.needs(Role.PLANNER)
def delete(post_id: int) -> Any:
    """Take the post off the calendar."""
    post, form = loading.post(post_id), RevisionForm()
    if not form.is_submitted():
        return _dialog("delete", post, form)
    try:
        planning.delete(post, edge.now())
        db.session.commit()
    except Refusal as refusal:
        return _dialog("delete", _again(post_id, form), form, refusal)
    return _done(_("Deleted."), url_for("calendar.index"))


def _page(post: Post, form: Any, problems: list[tuple[Any, list[str]]] | None = None) -> str:
    whole, now = post_page.load(post.id), edge.now()
    return render_template(
        "posts/show.html",
        form=form,
        problems=problems or [],
        panel=panel(whole, g.membership.role, now, member=g.membership),
        numbers=numbers(whole, now),
        **post_page.context(whole, current_user, g.membership, now),
    )


def _refused(post_id: int, form: Any, refusal: Refusal) -> Any:
    """The page again, with what was typed, the reason, and the newest revision to look at."""
    post = _again(post_id, form)
    form.refuse(refusal)
    return _page(post, form, _by_channel(post, refusal)), 409


def _again(post_id: int, form: Any) -> Post:
    """Undo, and read afresh what the person decides about next."""
    db.session.rollback()
    post = loading.post(post_id)
    form.revision.data, form.revision.raw_data = post.revision, None
    return post


def _by_channel(post: Post, refusal: Refusal) -> list[tuple[Any, list[str]]]:
    found = refusal.problems if isinstance(refusal, approval.NotReady) else {}
    channels = {variant.channel_id: variant.channel for variant in post.variants}
    return [(channels[at], [sentences.problem(p) for p in listed]) for at, listed in found.items() if listed]


def _dialog(name: str, post: Post, form: Any, refusal: Refusal | None = None) -> Any:
    """A question about the post: a dialog over its page, or a page of its own without scripts."""
    if refusal is not None:
        form.refuse(refusal)
    whole, now = post_page.load(post.id), edge.now()
    page = render_template(
        f"posts/{name}.html",
        form=form,
        bare=edge.is_htmx(),
        problems=_by_channel(whole, refusal) if refusal else [],
        **post_page.context(whole, current_user, g.membership, now),
    )
    return page, 409 if refusal else 422 if form.is_submitted() else 200


def _done(text: str, address: str) -> Response:
    """Say what was done on the page that comes next."""
    flash(text, "ok")
    if edge.is_htmx():
        return make_response("", 204, {"HX-Redirect": address})
    return redirect(address)


def _promise(post: Post) -> str:
    count = len(post.variants)
    return str(
        ngettext(
            "Approved. It is promised on %(num)s channel.",
            "Approved. It is promised on %(num)s channels.",
            count,
        )
    )


def _address(post_id: int) -> str:
    return url_for("posts.show", post_id=post_id)
