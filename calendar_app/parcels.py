"""A delivery packed into plain values, so that the database can be let go while a platform is being talked to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import structlog
from sqlalchemy import Select, bindparam, exists, select
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

import publishers
from calendar_app import content, library, logs
from calendar_app.extensions import db
from calendar_app.models import Asset, Attachment, Channel, ChannelState, Delivery, Hold, Post, Stage, Variant
from publishers.base import Publisher
from publishers.errors import Evidence, PublisherError, Rejected, Temporary
from publishers.values import Content, Destination, Ticket

log = structlog.get_logger()
_THIS = Delivery.id == bindparam("delivery_id")
_FRESH = {"populate_existing": True}


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
    handles_for: str | None = None

    @property
    def seal(self) -> str:
        """The seal of what has to be prepared."""
        return seal(self.publisher, self.content)

    def is_prepared(self, at: datetime) -> bool:
        """Whether all that can be done ahead is done, for these very files, and has not lapsed by ``at``."""
        if not self.publisher.needs_prepare(self.content):
            return True
        lapsed = self.ticket.expires_at is not None and self.ticket.expires_at <= at
        return not lapsed and self.handles_for == self.seal


def load(delivery_id: int) -> Delivery | None:
    """The delivery with all that a worker reads of it, fresh, in one query and two more where there are files."""
    found = db.session.execute(_without_files(), {"delivery_id": delivery_id}).one_or_none()
    if found is None:
        return None
    delivery, has_files = found
    if has_files:
        return db.session.scalars(_with_files(), {"delivery_id": delivery_id}).unique().one_or_none()
    if delivery.variant:
        set_committed_value(delivery.variant, "own_attachments", [])
        set_committed_value(delivery.variant.post, "attachments", [])
    return delivery


@cache
def _without_files() -> Select[Delivery, bool]:
    """Most posts have none, and joining them in doubles what loading costs."""
    has_files = exists().where(Attachment.post_id == Delivery.post_id)
    return select(Delivery, has_files).where(_THIS).options(*_heart()).execution_options(**_FRESH)


@cache
def _with_files() -> Select[Delivery]:
    return select(Delivery).where(_THIS).options(*whole()).execution_options(**_FRESH)


def whole() -> tuple[Any, ...]:
    """The loader options that bring a delivery with all that is packed or judged of it."""
    variant = joinedload(Delivery.variant)
    return (
        *_heart(),
        _files(variant.joinedload(Variant.own_attachments)),
        _files(variant.joinedload(Variant.post).joinedload(Post.attachments)),
    )


def _heart() -> tuple[Any, ...]:
    """All but the files; a variant's channel is the delivery's."""
    return (
        joinedload(Delivery.channel).joinedload(Channel.workspace),
        joinedload(Delivery.variant).joinedload(Variant.post),
    )


def pack(delivery: Delivery) -> Parcel:
    """Raises ``Unapproved``, ``library.NotReady``, ``library.CannotRender`` and ``vault.Sealed``."""
    if delivery.variant is None:
        raise Unapproved
    channel = delivery.channel
    logs.note(channel=channel.id)
    return Parcel(
        delivery_id=delivery.id,
        channel_id=channel.id,
        publisher=publishers.get(channel.platform),
        destination=content.destination(channel),
        content=content.to_send(content.wording(delivery.variant)),
        ticket=Ticket(delivery.key, delivery.promised_at, delivery.handles or {}, delivery.handles_until),
        digest=content.digest(delivery.variant),
        version=channel.credentials_version,
        handles_for=delivery.handles_for,
    )


def seal(publisher: Publisher, sent: Content) -> str:
    """What handles are made for: they serve as long as this is the same."""
    return hashlib.sha256("\n".join(publisher.materials(sent)).encode()).hexdigest()


def trouble(error: Exception) -> PublisherError:
    """What went wrong before any visible call, as one of the errors that a decision follows from."""
    if isinstance(error, PublisherError):
        return error
    if isinstance(error, library.NotReady):
        still = "A file of this post is still being made ready for the channel."
        return Temporary(still, Evidence("media_not_ready"))
    if isinstance(error, library.CannotRender):
        never = f"A file of this post can not be made to fit the channel ({error})."
        return Rejected(never, Evidence("media_does_not_fit"))
    log.error("publishing broke off before sending", exc_info=error)
    stumbled = f"Almanac stumbled before sending ({type(error).__name__})."
    return Temporary(stumbled, Evidence("stumbled"))


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
