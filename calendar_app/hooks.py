"""Platforms that call us: what they say only lets us look sooner, so that a false call does no harm."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

import publishers
from calendar_app import looking
from calendar_app.extensions import db
from calendar_app.models import Channel, ChannelState, Delivery
from calendar_app.settings import config, vault
from publishers.values import Heard, Knock


def address_of(channel: Channel) -> str | None:
    """Where this channel's platform may call; None where it calls nobody."""
    return f"{config().base_url}/hooks/{channel.hook}" if channel.hook else None


def knocked(hook: str, knock: Knock, now: datetime) -> Heard | None:
    """Answer a platform's call, and look at once at what it was about; None where nobody has this address.

    Raises ``publishers.errors.Unauthorized`` where the call is not the platform's.
    """
    channel = db.session.scalar(
        select(Channel).where(Channel.hook == hook, Channel.state != ChannelState.REMOVED)
    )
    if channel is None:
        return None
    heard = publishers.get(channel.platform).hear(vault().open(channel.credentials), knock)
    for delivery_id in _about(channel, frozenset(heard.about)):
        looking.look_later(delivery_id, now)
    return heard


def _about(channel: Channel, about: frozenset[str]) -> list[int]:
    """The open deliveries of a channel that a call names, by the post's id or by what it was accepted under."""
    query = select(Delivery.id, Delivery.remote_id, Delivery.handles).where(
        Delivery.channel_id == channel.id, Delivery.state.in_(looking.LOOKED_AT)
    )
    rows = db.session.execute(query) if about else ()
    return [id for id, remote_id, handles in rows if about & _names(remote_id, handles)]


def _names(remote_id: str | None, handles: object) -> set[str]:
    values = handles.values() if isinstance(handles, dict) else ()
    return {str(value) for value in (remote_id, *values) if value}
