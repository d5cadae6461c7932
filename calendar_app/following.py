"""What follows a post that is out: its first comment, or the rest of its thread, each said once, in order, or never.

The rows are made by the transaction that learns that the post is out. One is sent at a time: a guarded UPDATE marks it
as sent before the call, so that whatever happens then it is not sent again by itself. What surely was not said is due
again on the back-off; of what may have been said a person is asked, and the rest of the thread waits for their word.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.orm import joinedload

import publishers
from calendar_app import channels, content, credentials, deliveries, follow_ups, logs, retrying, sweeps
from calendar_app.extensions import db
from calendar_app.models import Channel, ChannelState, Delivery, FollowState, FollowUp, Workspace
from calendar_app.settings import config
from calendar_app.vault import Sealed
from publishers.base import Publisher
from publishers.errors import PublisherError, RateLimited, Rejected, Unauthorized, Unconfirmed
from publishers.values import Destination, Receipt

Clock = Callable[[], datetime]
MAYBE_SENT = (FollowState.SENDING, FollowState.UNCONFIRMED)
# How often to see whether a pause is over.
STOPPED = timedelta(minutes=1)
log = structlog.get_logger()


@dataclass(frozen=True)
class Errand:
    """One text that is being sent; ``sent_at`` proves in later UPDATEs that it is this try."""

    id: int
    delivery_id: int
    channel_id: int
    publisher: Publisher
    destination: Destination
    version: int
    target: str
    text: str
    key: str
    tries: int
    sent_at: datetime

    @property
    def is_ours(self) -> tuple[ColumnElement[bool], ...]:
        """That the row still stands as this try left it; a late answer beats the doubt about it."""
        return (FollowUp.id == self.id, FollowUp.state.in_(MAYBE_SENT), FollowUp.sent_at == self.sent_at)


def due(now: datetime, again: timedelta, limit: int) -> dict[int, list[int]]:
    """What to send now, and what died while it was being sent, by channel; taking them moves their next ring."""
    wanted = select(FollowUp.id).where(FollowUp.due_at <= now).order_by(FollowUp.due_at).limit(limit)
    chosen = update(FollowUp).where(FollowUp.id.in_(wanted.with_for_update(skip_locked=True)))
    taken = chosen.values(due_at=now + again).returning(FollowUp.id)
    ids = list(db.session.scalars(taken, execution_options=follow_ups.UNSYNCED))
    whose = select(FollowUp.id, Delivery.channel_id).join(Delivery).where(FollowUp.id.in_(ids))
    groups: dict[int, list[int]] = {}
    for id, channel_id in db.session.execute(whose.order_by(FollowUp.id)) if ids else ():
        groups.setdefault(channel_id, []).append(id)
    return groups


def follow(follow_id: int, clock: Clock) -> None:
    """Say one text after its post, if it is still to be said and nothing stands in the way. Commits."""
    row = _loaded(follow_id)
    if row is None or row.due_at is None:
        return
    logs.note(delivery=row.delivery_id, channel=row.delivery.channel_id)
    errand = _claimed(row, clock())
    db.session.commit()
    if errand is not None:
        _send(errand, clock)


def _loaded(follow_id: int) -> FollowUp | None:
    whole = joinedload(FollowUp.delivery).joinedload(Delivery.channel).joinedload(Channel.workspace)
    query = select(FollowUp).where(FollowUp.id == follow_id).options(whole)
    return db.session.scalars(query, execution_options={"populate_existing": True}).one_or_none()


def _claimed(row: FollowUp, now: datetime) -> Errand | None:
    """The right to send it; None where it may not be sent now, and the row tells what is next."""
    channel, target = row.delivery.channel, follow_ups.target_of(row)
    if row.state == FollowState.SENDING:
        _lapse(row, now)
    elif row.state != FollowState.WAITING:
        pass
    elif target is None or now > row.not_later_than:
        _move(row, FollowState.HELD, due_at=None)
    elif until := _closed_until(channel, now):
        _move(row, FollowState.WAITING, due_at=until)
    else:
        return _taken(row, target, now)
    return None


def _lapse(row: FollowUp, now: datetime) -> None:
    """Its worker died while sending, or after: nobody knows."""
    if row.sent_at is not None and row.sent_at + _longest() < now:
        _move(row, FollowState.UNCONFIRMED, due_at=None, closed_at=now)


def _closed_until(channel: Channel, now: datetime) -> datetime | None:
    """When to look again at a channel that takes nothing now."""
    if channel.state != ChannelState.ACTIVE or channel.workspace.paused_at is not None:
        return now + STOPPED
    if channel.rests_until and channel.rests_until > now:
        return channel.rests_until
    is_renewed = channel.refresh_until and channel.refresh_until > now
    return now + credentials.Mended.SOON.pause if is_renewed else None


def _taken(row: FollowUp, target: str, now: datetime) -> Errand | None:
    """One guarded UPDATE, which also sees a pause of this very moment."""
    delivery, channel = row.delivery, row.delivery.channel
    try:
        there = content.destination(channel)
    except Sealed:
        _move(row, FollowState.WAITING, due_at=now + STOPPED)
        return None
    errand = Errand(
        row.id, delivery.id, channel.id, publishers.get(channel.platform), there, channel.credentials_version,
        target, row.text, row.key, row.tries, now,
    )  # fmt: skip
    is_open = exists().where(
        Channel.id == channel.id,
        Channel.state == ChannelState.ACTIVE,
        Workspace.id == Channel.workspace_id,
        Workspace.paused_at.is_(None),
    )
    changes = {"sent_at": now, "due_at": now + _longest()}
    return errand if _move(row, FollowState.SENDING, is_open, **changes) else None


def _longest() -> timedelta:
    """How long a worker may take before it is taken for dead."""
    return 2 * config().lease


def _move(row: FollowUp, to: FollowState, *where: ColumnElement[bool], **changes: Any) -> bool:
    """As ``_close``, for what nobody is sending."""
    seen = (FollowUp.id == row.id, FollowUp.state == row.state, FollowUp.due_at.is_not(None))
    return _write((*seen, *where), state=to, **changes)


def _send(errand: Errand, clock: Clock) -> None:
    try:
        receipt = errand.publisher.follow(errand.destination, errand.target, errand.text, errand.key)
    except PublisherError as error:
        log.warning("what follows was not said", delivery=errand.delivery_id, error=type(error).__name__)
        _answer(errand, error, clock())
    except Exception as error:
        log.exception("saying what follows broke off", delivery=errand.delivery_id)
        _end(errand, FollowState.UNCONFIRMED, clock(), error=str(error))
    else:
        _said(errand, receipt, clock())
    db.session.commit()


def _said(errand: Errand, receipt: Receipt, now: datetime) -> None:
    is_known = {"remote_id": receipt.remote_id, "url": receipt.url or None, "error": None}
    if _end(errand, FollowState.OUT, now, **is_known):
        follow_ups.go_on(errand.delivery_id, now)


def _answer(errand: Errand, error: PublisherError, now: datetime) -> None:
    """One decision for each class of error."""
    match error:
        case RateLimited():
            until = retrying.rest_until(error.until, now)
            sweeps.rest(errand.channel_id, until)
            _again(errand, error, until, errand.tries)
        case Unauthorized():
            _unauthorized(errand, error, now)
        case Rejected():
            _end(errand, FollowState.FAILED, now, error=error.message)
        case Unconfirmed():
            _end(errand, FollowState.UNCONFIRMED, now, error=error.message)
        case _:
            _again_or_failed(errand, error, now)


def _unauthorized(errand: Errand, error: Unauthorized, now: datetime) -> None:
    """Renewed credentials are tried at once; where only a person can help, it waits for them."""
    try:
        mended = channels.refused(errand.channel_id, errand.version, error, now)
    except PublisherError as trouble:
        _again_or_failed(errand, trouble, now)
        return
    if mended is credentials.Mended.NO:
        _again(errand, error, now + STOPPED, errand.tries)
    else:
        _again_or_failed(errand, error, now, now + mended.pause)


def _again_or_failed(
    errand: Errand, error: PublisherError, now: datetime, due_at: datetime | None = None
) -> None:
    """A try is used up."""
    next_try = retrying.next_try(errand.tries + 1, now)
    if next_try is None:
        _end(errand, FollowState.FAILED, now, error=error.message)
    else:
        _again(errand, error, due_at or next_try, errand.tries + 1)


def _again(errand: Errand, error: PublisherError, due_at: datetime, tries: int) -> None:
    """Surely not said: due again."""
    changes = {"due_at": due_at, "tries": tries, "error": error.message, "sent_at": None, "closed_at": None}
    _write(errand.is_ours, state=FollowState.WAITING, **changes)


def _end(errand: Errand, to: FollowState, now: datetime, **changes: Any) -> bool:
    return _write(errand.is_ours, state=to, due_at=None, closed_at=now, **changes)


def _write(where: tuple[ColumnElement[bool], ...], **changes: Any) -> bool:
    return deliveries.write(update(FollowUp).where(*where).values(**changes))
