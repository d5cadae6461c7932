"""The channels of a workspace: look, pause, resume and sort what was missed, remove."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response

from calendar_app import bounds, engagement, hooks, triage
from calendar_app import channels as verbs
from calendar_app.extensions import db
from calendar_app.models import Channel, Delivery, Role, State
from calendar_app.web import edge, loading
from calendar_app.web.channel_forms import PauseForm, TriageForm
from calendar_app.web.connect import explain
from calendar_app.web.locale import short_day
from publishers.errors import PublisherError

blueprint = loading.workspace_blueprint("channels", __name__)
BOUNDS = {
    "text": _l("Longest text"),
    "images": _l("Images in a post"),
    "image_megabytes": _l("Largest image (MB)"),
    "videos": _l("Videos in a post"),
    "video_megabytes": _l("Largest video (MB)"),
    "video_seconds": _l("Longest video (seconds)"),
    "posts_a_day": _l("Posts a day"),
    "seconds_between": _l("Seconds between posts"),
}
IN_FLIGHT = (State.PUBLISHING, State.PROCESSING, State.UNCONFIRMED)


@blueprint.get("/channels")
def index() -> str:
    """Every channel with its health and followers."""
    shown = verbs.of(g.workspace)
    audiences = engagement.audience_of([channel.id for channel in shown])
    return render_template("channels/index.html", channels=shown, audiences=audiences, now=edge.now())


@blueprint.get("/channels/<int:channel_id>")
def show(channel_id: int) -> str:
    """One channel: health, limits, followers over time, and what waits for a person."""
    return _page(loading.channel(channel_id), PauseForm(formdata=None))


@blueprint.post("/channels/<int:channel_id>/pause")
@loading.needs(Role.APPROVER)
def pause(channel_id: int) -> Any:
    """Stop at this second, and say what was already on its way."""
    channel, form = loading.channel(channel_id), PauseForm()
    if not form.validate_on_submit():
        return _page(channel, form), 422
    stopped = verbs.pause(channel, form.reason.data or "", edge.now())
    db.session.commit()
    flying = loading.deliveries(Delivery.id.in_(stopped.in_flight))
    return render_template("channels/stopped.html", channel=channel, stopped=stopped, flying=flying)


@blueprint.post("/channels/<int:channel_id>/resume")
@loading.needs(Role.APPROVER)
def resume(channel_id: int) -> Response:
    """Go on; what was missed is listed on the page and waits for a decision."""
    channel = loading.channel(channel_id)
    resumed = verbs.resume(channel, edge.now())
    db.session.commit()
    flash(
        _("%(count)s scheduled again, %(missed)s missed.", count=resumed.scheduled, missed=resumed.missed),
        "ok",
    )
    return redirect(url_for("channels.show", channel_id=channel.id, _anchor="waiting"))


@blueprint.post("/deliveries/<int:delivery_id>/triage")
@loading.needs(Role.APPROVER)
def decide(delivery_id: int) -> Response:
    """Send one missed delivery now, or cancel it."""
    delivery, form = loading.delivery(delivery_id), TriageForm()
    if form.validate_on_submit():
        verb = triage.retry if form.decision.data == "send" else triage.cancel
        verb(delivery, current_user, edge.now())
        db.session.commit()
    return redirect(url_for("channels.show", channel_id=delivery.channel_id, _anchor="waiting"))


@blueprint.post("/channels/<int:channel_id>/refresh")
@loading.needs(Role.PLANNER)
def refresh(channel_id: int) -> Response:
    """Ask the platform for name and limits again, which also shows whether it still lets us in."""
    channel = loading.channel(channel_id)
    try:
        verbs.rediscover(channel)
    except PublisherError as error:
        flash(explain(error), "danger")
    else:
        flash(_("The channel is well. Name and limits are up to date."), "ok")
    db.session.commit()
    return redirect(url_for("channels.show", channel_id=channel.id))


@blueprint.post("/channels/<int:channel_id>/bounds")
@loading.needs(Role.ADMIN)
def adjust(channel_id: int) -> Any:
    """Take an admin's word for what the platform accepts."""
    channel = loading.channel(channel_id)
    try:
        bounds.adjust(channel, request.form)
    except bounds.NoBound as refusal:
        db.session.rollback()
        return _page(channel, PauseForm(formdata=None), refusal), 422
    db.session.commit()
    flash(_("The bounds of this channel are kept."), "ok")
    return redirect(url_for("channels.show", channel_id=channel.id, _anchor="bounds"))


@blueprint.post("/channels/<int:channel_id>/remove")
@loading.needs(Role.ADMIN)
def remove(channel_id: int) -> Response:
    channel = loading.channel(channel_id)
    verbs.remove(channel, edge.now())
    db.session.commit()
    flash(_("%(handle)s was removed.", handle=channel.handle), "ok")
    return redirect(url_for("channels.index"))


def _page(channel: Channel, form: PauseForm, wrong: bounds.NoBound | None = None) -> str:
    audience = engagement.audience_of([channel.id]).get(channel.id, [])
    return render_template(
        "channels/show.html",
        channel=channel,
        form=form,
        bounds=bounds.of(channel),
        bound_words=BOUNDS,
        wrong=wrong,
        hook=hooks.address_of(channel),
        now=edge.now(),
        audience=audience,
        days=[short_day(date.fromisoformat(row.day)) for row in audience],
        waiting=loading.deliveries(Delivery.channel_id == channel.id, Delivery.state == State.HELD),
        flying=loading.deliveries(Delivery.channel_id == channel.id, Delivery.state.in_(IN_FLIGHT)),
        would_cancel=verbs.consequences_of_removal(channel),
    )
