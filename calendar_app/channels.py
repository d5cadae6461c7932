"""Connected destinations: connect, pause, resume, reconnect, remove, and keep their credentials fresh."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, func, select, update

import publishers
from calendar_app import ahead, content, credentials, deliveries, sweeps
from calendar_app.extensions import db
from calendar_app.models import Channel, ChannelState, Delivery, Hold, PlatformApp, State, Variant, Workspace
from calendar_app.refusals import Refusal
from calendar_app.settings import vault
from publishers.base import Authorization
from publishers.errors import PublisherError, Unauthorized
from publishers.values import Connected

log = structlog.get_logger()


class OtherAccount(Refusal):
    """A reconnect came back with another account than the channel's."""


@dataclass(frozen=True)
class Stopped:
    """What a pause found: the second from which nothing more goes out, and what was already on its way."""

    at: datetime
    in_flight: tuple[int, ...]
    held: int


@dataclass(frozen=True)
class Resumed:
    """What a resume found: how many go out as promised, and how many were missed and wait for a person."""

    scheduled: int
    missed: int


def of(workspace: Workspace) -> list[Channel]:
    """The workspace's channels, by platform and name, without the removed ones."""
    query = (
        select(Channel)
        .where(Channel.workspace_id == workspace.id, Channel.state != ChannelState.REMOVED)
        .order_by(Channel.platform, Channel.name)
    )
    return list(db.session.scalars(query))


def authorize(
    workspace: Workspace,
    platform: str,
    fields: Mapping[str, str],
    redirect_uri: str,
    state: str,
    now: datetime,
) -> Authorization:
    """Start an OAuth connection, with the registration kept from an earlier one where there is one.

    Raises the errors of ``publishers.errors``.
    """
    publisher = publishers.get(platform)
    kept = _kept_app(workspace, platform, publisher.server_of(fields), redirect_uri)
    started = publisher.authorize(fields, redirect_uri, state, vault().open(kept.secrets) if kept else None)
    if kept is None:
        kept = PlatformApp(platform=platform, base_url=started.base_url, redirect_uri=redirect_uri)
        kept.workspace_id = workspace.id if publisher.app_fields else None
        db.session.add(kept)
    kept.secrets, kept.registered_at = vault().seal(started.app), now
    return started


def known_app(workspace: Workspace, platform: str, redirect_uri: str) -> str | None:
    """The client id of the app that this workspace registered at a platform with one address; None without one."""
    publisher = publishers.get(platform)
    kept = _kept_app(workspace, platform, publisher.home, redirect_uri) if publisher.app_fields else None
    return vault().open(kept.secrets).get("client_id") if kept else None


def forget_app(platform: str, base_url: str) -> None:
    """Drop a registration of our own that its server does not know any more; the next connection makes a new one."""
    ours = (PlatformApp.platform == platform, PlatformApp.base_url == base_url)
    for app in db.session.scalars(select(PlatformApp).where(*ours, PlatformApp.workspace_id.is_(None))):
        db.session.delete(app)


def keep(workspace: Workspace, platform: str, found: Connected, now: datetime) -> Channel:
    """Make a channel of what connecting found, or bring the one that is there up to date."""
    channel = db.session.scalar(
        select(Channel).where(
            Channel.workspace_id == workspace.id,
            Channel.platform == platform,
            Channel.base_url == found.base_url,
            Channel.remote_id == found.remote_id,
        )
    )
    if channel is None:
        channel = Channel(
            workspace_id=workspace.id,
            platform=platform,
            base_url=found.base_url,
            remote_id=found.remote_id,
            connected_at=now,
            state_at=now,
            state=ChannelState.ACTIVE,
            credentials_version=0,
            adjusted={},
        )
        db.session.add(channel)
    if publishers.get(platform).hears and channel.hook is None:
        channel.hook = secrets.token_urlsafe(24)
    take(channel, found)
    credentials.replace(channel, found.credentials)
    if channel.state in (ChannelState.RECONNECT, ChannelState.REMOVED):
        _set_state(channel, ChannelState.ACTIVE, "", now)
        # The workspace may have been resumed while nobody was signed in here.
        over = (Hold.RECONNECT,) if workspace.paused_at else (Hold.RECONNECT, Hold.PAUSED)
        sweeps.release(_waiting(channel, *over), now)
    db.session.flush()
    ahead.look_again(Delivery.channel_id == channel.id, now)
    return channel


def reconnect(channel: Channel, found: Connected, now: datetime) -> Channel:
    """New credentials for a channel that is there. Raises ``OtherAccount``."""
    if (found.base_url, found.remote_id) != (channel.base_url, channel.remote_id):
        raise OtherAccount(
            _l(
                "You signed in as %(found)s, but this channel is %(handle)s. Sign in as that one.",
                found=found.handle,
                handle=channel.handle,
            )
        )
    return keep(channel.workspace, channel.platform, found, now)


def rediscover(channel: Channel) -> None:
    """Read name, avatar and limits afresh. Raises the errors of ``publishers.errors``."""
    take(channel, publishers.get(channel.platform).discover(content.destination(channel)))


def take(channel: Channel, found: Connected) -> None:
    """Bring name, avatar, limits and traits up to date with what was discovered."""
    channel.handle, channel.name = found.handle, found.name or found.handle
    channel.avatar_url, channel.profile_url = found.avatar_url, found.profile_url
    channel.limits, channel.traits = found.limits.as_dict(), dict(found.traits)


def pause(channel: Channel, reason: str, now: datetime) -> Stopped:
    """From this second nothing more is sent there; what is scheduled is held, what a person has in hand is in flight."""
    _set_state(channel, ChannelState.PAUSED, reason, now)
    return _stop(Delivery.channel_id == channel.id, now)


def resume(channel: Channel, now: datetime) -> Resumed:
    """Send again what is still to come; what was missed waits for a person."""
    _set_state(channel, ChannelState.ACTIVE, "", now)
    ahead.look_again(Delivery.channel_id == channel.id, now)
    return _go(_waiting(channel, Hold.PAUSED, Hold.RECONNECT), now)


def pause_workspace(workspace: Workspace, reason: str, now: datetime) -> Stopped:
    """From this second nothing more is sent from this workspace."""
    workspace.paused_at, workspace.paused_reason = now, reason
    return _stop(Delivery.workspace_id == workspace.id, now)


def resume_workspace(workspace: Workspace, now: datetime) -> Resumed:
    """Send again what is still to come on channels that are not paused themselves."""
    workspace.paused_at, workspace.paused_reason = None, ""
    ahead.look_again(Delivery.workspace_id == workspace.id, now)
    open_channels = select(Channel.id).where(
        Channel.workspace_id == workspace.id, Channel.state == ChannelState.ACTIVE
    )
    return _go((Delivery.held_reason == Hold.PAUSED) & Delivery.channel_id.in_(open_channels), now)


def refused(channel_id: int, version: int, error: Unauthorized, now: datetime) -> credentials.Mended:
    """The platform refused the credentials of ``version``: renew them, or see that a person has to. Commits first.

    Raises other errors of ``publishers.errors`` than ``Unauthorized`` where the platform has trouble.
    """
    mended = credentials.mend(channel_id, version, error, now)
    if mended is credentials.Mended.NO:
        needs_reconnecting(channel_id, error.message, now, version)
    return mended


def learn_refusal(channel_id: int, version: int, error: Unauthorized, now: datetime) -> None:
    """What ``refused`` does, where whoever was refused tries again anyhow. Commits first."""
    db.session.commit()
    try:
        refused(channel_id, version, error, now)
    except PublisherError as trouble:
        log.warning("credentials not renewed", channel=channel_id, error=type(trouble).__name__)


def needs_reconnecting(channel_id: int, reason: str, now: datetime, version: int | None = None) -> bool:
    """The platform takes these credentials no more: hold what is scheduled there.

    False, and nothing is done, where the channel has other credentials than those of ``version`` by now, and where it
    is paused: signing in again must not lift a pause, and what is resumed in vain is refused again.
    """
    stays = (ChannelState.PAUSED, ChannelState.REMOVED)
    refused = (Channel.id == channel_id) & Channel.state.not_in(stays)
    if version is not None:
        refused &= Channel.credentials_version == version
    changes = {"state": ChannelState.RECONNECT, "state_reason": reason[:500], "state_at": now}
    marked = deliveries.write(update(Channel).where(refused).values(**changes))
    if marked:
        sweeps.hold(Delivery.channel_id == channel_id, Hold.RECONNECT)
    return marked


def consequences_of_removal(channel: Channel) -> int:
    """How many deliveries would be canceled."""
    waiting = {State.SCHEDULED, State.HELD, State.FAILED}
    query = select(func.count()).where(Delivery.channel_id == channel.id, Delivery.state.in_(waiting))
    return db.session.scalar(query) or 0


def remove(channel: Channel, now: datetime) -> None:
    """Forget the credentials; what waits is canceled, what went out stays in the record."""
    waiting = select(Delivery.id).where(
        Delivery.channel_id == channel.id, Delivery.state.in_({State.SCHEDULED, State.HELD, State.FAILED})
    )
    for delivery_id in db.session.scalars(waiting).all():
        deliveries.advance(delivery_id, State.CANCELED, held_reason=None, prepare_at=None, **ahead.NO_MORE)
    _drop_unsent_variants(channel)
    _stop_sampling(channel)
    _set_state(channel, ChannelState.REMOVED, "", now)
    credentials.replace(channel, {})


def _kept_app(workspace: Workspace, platform: str, base_url: str, redirect_uri: str) -> PlatformApp | None:
    own = PlatformApp.workspace_id == workspace.id if publishers.get(platform).app_fields else None
    return db.session.scalar(
        select(PlatformApp).where(
            PlatformApp.platform == platform,
            PlatformApp.base_url == base_url,
            PlatformApp.redirect_uri == redirect_uri,
            PlatformApp.workspace_id.is_(None) if own is None else own,
        )
    )


def _set_state(channel: Channel, state: ChannelState, reason: str, now: datetime) -> None:
    channel.state, channel.state_reason, channel.state_at = state, reason[:500], now


def _waiting(channel: Channel, *reasons: Hold) -> ColumnElement[bool]:
    return (Delivery.channel_id == channel.id) & Delivery.held_reason.in_(reasons)


def _stop(where: ColumnElement[bool], now: datetime) -> Stopped:
    held = sweeps.hold(where, Hold.PAUSED)
    # What a worker finished while the pause waited for the database was on its way at ``now`` too.
    # An unconfirmed one may be under review still, and appear in the pause.
    under_way = Delivery.state.in_(deliveries.GONE_OUT - {State.PUBLISHED}) | (Delivery.published_at >= now)
    under_way |= (Delivery.state == State.HELD) & (Delivery.held_reason == Hold.HANDOVER)
    flying = select(Delivery.id).where(where, under_way)
    return Stopped(at=now, in_flight=tuple(db.session.scalars(flying)), held=held)


def _go(where: ColumnElement[bool], now: datetime) -> Resumed:
    waiting = db.session.scalar(select(func.count()).where(Delivery.state == State.HELD, where)) or 0
    scheduled = sweeps.release(where, now)
    return Resumed(scheduled=scheduled, missed=waiting - scheduled)


def _stop_sampling(channel: Channel) -> None:
    db.session.execute(
        update(Delivery).where(Delivery.channel_id == channel.id).values(sample_at=None),
        execution_options={"synchronize_session": False},
    )


def _drop_unsent_variants(channel: Channel) -> None:
    for variant in db.session.scalars(select(Variant).where(Variant.channel_id == channel.id)):
        if not deliveries.is_out(variant):
            db.session.delete(variant)
