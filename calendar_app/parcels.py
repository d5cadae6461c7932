"""A delivery packed into plain values, so that the database can be let go while a platform is being talked to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

import publishers
from calendar_app import content
from calendar_app.extensions import db
from calendar_app.models import Asset, Attachment, Channel, ChannelState, Delivery, Hold, Post, Stage, Variant
from publishers.base import Publisher
from publishers.values import Content, Destination, Ticket


class Unapproved(Exception):
    """What is to go out is not what was approved."""


@dataclass(frozen=True)
class Parcel:
    """One delivery as a publisher needs it; ``digest`` seals what was packed, ``version`` names the credentials."""

    delivery_id: int
    channel_id: int
    publisher: Publisher
    destination: Destination
    content: Content
    ticket: Ticket
    digest: str
    version: int

    def with_ticket(self, ticket: Ticket) -> Parcel:
        """The same parcel with newer handles."""
        return replace(self, ticket=ticket)

    def is_prepared(self, now: datetime) -> bool:
        """Whether all that can be done ahead is done and has not lapsed."""
        if not self.publisher.needs_prepare(self.content):
            return True
        lapsed = self.ticket.expires_at is not None and self.ticket.expires_at <= now
        return bool(self.ticket.handles) and not lapsed


def load(delivery_id: int) -> Delivery | None:
    """The delivery with all that a worker reads of it, fresh, in few queries."""
    variant = joinedload(Delivery.variant)
    query = (
        select(Delivery)
        .where(Delivery.id == delivery_id)
        .options(
            joinedload(Delivery.channel).joinedload(Channel.workspace),
            variant.joinedload(Variant.channel),
            variant.joinedload(Variant.post),
            _files(variant.selectinload(Variant.own_attachments)),
            _files(variant.joinedload(Variant.post).selectinload(Post.attachments)),
        )
        .execution_options(populate_existing=True)
    )
    return db.session.scalars(query).unique().one_or_none()


def pack(delivery: Delivery) -> Parcel:
    """Raises ``Unapproved``, ``library.NotReady``, ``library.CannotRender`` and ``vault.Sealed``."""
    if delivery.variant is None:
        raise Unapproved
    channel = delivery.channel
    return Parcel(
        delivery_id=delivery.id,
        channel_id=channel.id,
        publisher=publishers.get(channel.platform),
        destination=content.destination(channel),
        content=content.to_send(content.wording(delivery.variant)),
        ticket=Ticket(delivery.key, delivery.promised_at, delivery.handles or {}, delivery.handles_until),
        digest=content.digest(delivery.variant),
        version=channel.credentials_version,
    )


def obstacle(delivery: Delivery, digest: str, now: datetime) -> Hold | None:
    """What forbids sending ``digest`` right now, if anything does."""
    channel, variant = delivery.channel, delivery.variant
    if variant is None or variant.post.stage != Stage.APPROVED:
        return Hold.UNAPPROVED
    if not digest == delivery.digest == content.digest(variant):
        return Hold.UNAPPROVED
    if channel.state == ChannelState.PAUSED or channel.workspace.paused_at is not None:
        return Hold.PAUSED
    if channel.state != ChannelState.ACTIVE:
        return Hold.RECONNECT
    return Hold.LATE if now > delivery.not_later_than else None


def _files(attachments: Any) -> Any:
    return attachments.joinedload(Attachment.asset).selectinload(Asset.renditions)
