"""Connecting and reconnecting a channel, by form or by a visit to the platform."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user, login_required
from sqlalchemy import select
from werkzeug.wrappers import Response

import publishers
from calendar_app import channels as verbs
from calendar_app import people
from calendar_app.extensions import db
from calendar_app.models import Channel, Role, Workspace
from calendar_app.refusals import Refusal
from calendar_app.settings import config
from calendar_app.web import connecting, edge, guides, loading, sentences, wording
from calendar_app.web.channel_forms import connect_form, typed
from publishers.base import Publisher
from publishers.errors import PublisherError, Temporary
from publishers.values import Connected

blueprint = loading.workspace_blueprint("connect", __name__)
OURS = {
    "app_required": _l("Fill in the ID and the secret of the app that you registered with the platform."),
    "choose_one": _l("This login has several: %(message)s Name one of them."),
}
returning = Blueprint("channel_return", __name__)


@blueprint.get("/connect")
@loading.needs(Role.ADMIN)
def index() -> str:
    """Which platform?"""
    return render_template("channels/platforms.html", platforms=publishers.PLATFORMS.values())


@blueprint.get("/connect/<platform>/guide")
@loading.needs(Role.ADMIN)
def guide(platform: str) -> str:
    """What to apply for, which rights, which limits, and where the keys come from."""
    publisher = _publisher(platform)
    return render_template(
        "channels/guide.html", publisher=publisher, guide=guides.of(platform) or abort(404)
    )


@blueprint.route("/connect/<platform>", methods=["GET", "POST"])
@loading.needs(Role.ADMIN)
def platform(platform: str) -> Any:
    """Connect one account of a platform."""
    return _connect(_publisher(platform), None)


@blueprint.route("/channels/<int:channel_id>/reconnect", methods=["GET", "POST"])
@loading.needs(Role.ADMIN)
def again(channel_id: int) -> Any:
    """Give an existing channel new credentials."""
    channel = loading.channel(channel_id)
    return _connect(_publisher(channel.platform), channel)


def _connect(publisher: Publisher, channel: Channel | None) -> Any:
    app_id = verbs.known_app(g.workspace, publisher.name, connecting.redirect_uri())
    relay = config().relays.get(publisher.name, "")
    form = connect_form(publisher, relay, knows_app=app_id is not None)
    if not form.is_submitted() and channel:
        _fill_in(form, publisher, channel)
    if not form.validate_on_submit():
        return _page(publisher, form, channel), 422 if form.is_submitted() else 200
    try:
        return _leave(publisher, form, channel) if publisher.uses_oauth else _enter(publisher, form, channel)
    except (PublisherError, Refusal) as error:
        db.session.rollback()
        form.form_errors.append(explain(error))
        return _page(publisher, form, channel), 422


def _leave(publisher: Publisher, form: Any, channel: Channel | None) -> str:
    _doubt_old_registration(publisher)
    state = connecting.new_state()
    fields = typed(form, publisher)
    started = verbs.authorize(
        g.workspace, publisher.name, fields, connecting.redirect_uri(), state, edge.now()
    )
    db.session.commit()
    channel_id = channel.id if channel else None
    connecting.leave(state, g.workspace.slug, publisher.name, channel_id, started.memory)
    return render_template(
        "channels/leaving.html", publisher=publisher, address=started.url, base_url=started.base_url
    )


def _doubt_old_registration(publisher: Publisher) -> None:
    """Who left and never came back may have met a server that forgot us: register anew there."""
    left = connecting.unfinished()
    if left and left.platform == publisher.name:
        verbs.forget_app(left.platform, left.secrets()["base_url"])


def _enter(publisher: Publisher, form: Any, channel: Channel | None) -> Response:
    found = publisher.connect(typed(form, publisher))
    return _arrived(g.workspace, publisher.name, channel, found)


def _arrived(workspace: Workspace, platform: str, channel: Channel | None, found: Connected) -> Response:
    now = edge.now()
    kept = verbs.reconnect(channel, found, now) if channel else verbs.keep(workspace, platform, found, now)
    db.session.commit()
    flash(_("%(handle)s is connected.", handle=kept.handle), "ok")
    return redirect(url_for("channels.show", slug=workspace.slug, channel_id=kept.id))


@returning.get("/channels/callback")
@login_required
def callback() -> Any:
    """Where a platform sends the person back; only the browser that left may arrive."""
    journey = connecting.come_back(request.args.get("state", ""))
    if journey is None:
        abort(400, "journey")
    workspace = _admins_workspace(journey.slug)
    if "code" not in request.args:
        return _not_arrived(journey, _("The platform did not let Almanac in. Nothing was connected."))
    try:
        found = publishers.get(journey.platform).exchange(
            journey.secrets(), request.args["code"], connecting.redirect_uri()
        )
        channel = _own_channel(workspace, journey.channel_id)
        return _arrived(workspace, journey.platform, channel, found)
    except (PublisherError, Refusal) as error:
        db.session.rollback()
        return _not_arrived(journey, explain(error))


def _not_arrived(journey: connecting.Journey, sentence: str) -> Response:
    flash(sentence, "danger")
    if journey.channel_id:
        return redirect(url_for("channels.show", slug=journey.slug, channel_id=journey.channel_id))
    return redirect(url_for("connect.platform", slug=journey.slug, platform=journey.platform))


def _admins_workspace(slug: str) -> Workspace:
    workspace = db.session.scalar(select(Workspace).where(Workspace.slug == slug))
    member = people.membership(current_user, workspace) if workspace else None
    if workspace is None or member is None:
        abort(404)
    if not member.role.includes(Role.ADMIN):
        abort(403)
    return workspace


def _own_channel(workspace: Workspace, channel_id: int | None) -> Channel | None:
    if channel_id is None:
        return None
    query = select(Channel).where(Channel.id == channel_id, Channel.workspace_id == workspace.id)
    return db.session.scalar(query) or abort(404)


def _publisher(name: str) -> Publisher:
    try:
        return publishers.get(name)
    except publishers.UnknownPlatform:
        abort(404)


def _fill_in(form: Any, publisher: Publisher, channel: Channel) -> None:
    """What is known of the channel, secrets apart, is not asked for again."""
    for field in publisher.connect_fields:
        if field.name in ("server", "service") and channel.base_url:
            form[field.name].data = channel.base_url
        elif field.name in channel.traits:
            form[field.name].data = channel.traits[field.name]
        if field.name == "handle":
            form[field.name].data = channel.handle.lstrip("@")


def _page(publisher: Publisher, form: Any, channel: Channel | None) -> str:
    return render_template(
        "channels/connect.html",
        publisher=publisher,
        form=form,
        channel=channel,
        app_id=verbs.known_app(g.workspace, publisher.name, connecting.redirect_uri()),
        return_address=connecting.redirect_uri() if publisher.uses_oauth else "",
        guide=guides.of(publisher.name),
    )


def explain(error: PublisherError | Refusal) -> str:
    """Why connecting did not work, in the reader's language with the platform's own words."""
    if isinstance(error, Refusal):
        return str(error)
    if error.evidence.code == "bad_address":
        return _("This is not the address of a server.")
    if error.evidence.code in OURS:
        return str(OURS[error.evidence.code]) % {"message": sentences.label(error.message)}
    message = wording.OURS.get(error.evidence.code) or sentences.label(error.message)
    if isinstance(error, Temporary):
        return _("The server does not answer now: %(message)s", message=message)
    return _("The platform says: %(message)s", message=message)
