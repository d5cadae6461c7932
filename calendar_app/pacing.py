"""A channel's own pace, kept at the worker's gate before its platform refuses: spacing, and quotas in its own days.

Quotas count what this house sent or may have sent. Of several workers one gets a channel's turn: taking it locks the
channel's row until ``sent_at`` is committed, so nobody counts while another is about to add.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, ScalarSelect, and_, exists, func, or_, select, update

from calendar_app import bounds, deliveries
from calendar_app.deliveries import Claim
from calendar_app.extensions import db
from calendar_app.models import Attempt, Channel, Delivery, Hold, Outcome, State
from publishers.errors import Evidence, PublisherError
from publishers.values import Pace, Quota

MOST_BOOKED = 2000
MAYBE_OUT = frozenset({State.PUBLISHING, State.PROCESSING, State.UNCONFIRMED})
NO_ROOM = PublisherError(
    "The pace of this channel leaves no room before its latest time.", Evidence("no_room")
)


@dataclass(frozen=True)
class Left:
    """What is left of ``quota`` at an instant: ``used`` went out or may have, ``planned`` is scheduled before it."""

    quota: Quota
    used: int
    planned: int

    @property
    def left(self) -> int:
        """How many more there is room for; never below zero."""
        return max(0, self.quota.limit - self.used - self.planned)


def takes_turn(taken: Claim, delivery: Delivery, pace: Pace, now: datetime) -> bool:
    """Take the channel's turn for a claimed delivery; without it the ledger is told when its turn comes.

    The caller commits soon: until then no other worker gets a turn on this channel.
    """
    if has_turn(delivery, pace, now):
        return True
    turn_at = _turn_at(delivery.channel_id) or now
    slot = _free_slot(delivery, turn_at, _interval(pace, turn_at, now))
    if slot > delivery.not_later_than:
        deliveries.hold_claimed(taken, Hold.LATE, now, NO_ROOM)
    else:
        deliveries.again(taken, Outcome.PACED, None, slot, now)
    return False


def has_turn(delivery: Delivery, pace: Pace, now: datetime) -> bool:
    """Take the channel's turn, if it is there to be taken; a caller to whom it is of no use rolls back."""
    if not (pace.spacing or pace.quotas):
        return True
    return _took(delivery.channel_id, pace, now) and _has_room(delivery, pace, now)


def left(channel: Channel, at: datetime) -> tuple[Left, ...]:
    """What will be left of each of the channel's quotas at ``at``, if all that is scheduled before it goes out."""
    quotas = bounds.pace_of(channel).quotas
    used = _counts_out(channel.id, [quota.opened(at) for quota in quotas])
    planned = (_planned(channel.id, quota, at) for quota in quotas)
    return tuple(Left(*counted) for counted in zip(quotas, used, planned, strict=True))


def _took(channel_id: int, pace: Pace, now: datetime) -> bool:
    free = or_(Channel.turn_at.is_(None), Channel.turn_at <= now)
    turn_at = now + pace.spacing if pace.spacing else None
    return deliveries.write(update(Channel).where(Channel.id == channel_id, free).values(turn_at=turn_at))


def _has_room(delivery: Delivery, pace: Pace, now: datetime) -> bool:
    """Whether every quota has room; one that is spent closes the channel until it has again."""
    channel_id = delivery.channel_id
    counts = _counts_out(channel_id, [quota.opened(now) for quota in pace.quotas], but=delivery.id)
    spent = [
        _reopens(channel_id, quota, now, count - quota.limit)
        for quota, count in zip(pace.quotas, counts, strict=True)
        if count >= quota.limit
    ]
    if spent:
        deliveries.write(update(Channel).where(Channel.id == channel_id).values(turn_at=max(spent)))
    return not spent


def _reopens(channel_id: int, quota: Quota, now: datetime, over: int) -> datetime:
    """When enough of what counts now counts no more."""
    if not isinstance(quota.window, timedelta):
        return quota.closes(now)
    out = select(Delivery.published_at).where(
        Delivery.channel_id == channel_id, Delivery.published_at > quota.opened(now)
    )
    oldest = db.session.scalar(out.order_by(Delivery.published_at).offset(over).limit(1))
    return quota.closes(oldest) if oldest else now + quota.share


def _turn_at(channel_id: int) -> datetime | None:
    """When the channel's next turn is; locks its row, so that of several who wait each books another slot."""
    own = update(Channel).where(Channel.id == channel_id).values(turn_at=Channel.turn_at)
    return db.session.scalar(own.returning(Channel.turn_at), execution_options={"synchronize_session": False})


def _interval(pace: Pace, turn_at: datetime, now: datetime) -> timedelta:
    """From one slot to the next: the spacing, or while a quota is spent the share that each post has of it."""
    if pace.spacing and turn_at <= now + pace.spacing:
        return pace.spacing
    return max([quota.share for quota in pace.quotas] + [pace.spacing or timedelta()])


def _free_slot(delivery: Delivery, first: datetime, interval: timedelta) -> datetime:
    """The first instant from ``first`` on that keeps ``interval`` to everything scheduled around it."""
    booked = select(Delivery.due_at).where(
        Delivery.channel_id == delivery.channel_id,
        Delivery.state == State.SCHEDULED,
        Delivery.due_at > first - interval,
        Delivery.due_at <= delivery.not_later_than + interval,
    )
    slot = first
    for due_at in db.session.scalars(booked.order_by(Delivery.due_at).limit(MOST_BOOKED)):
        if due_at >= slot + interval:
            break
        slot = max(slot, due_at + interval)
    return slot


def _counts_out(channel_id: int, opened: Sequence[datetime], but: int | None = None) -> Sequence[int]:
    """How many went out since each of these instants, or may have: all in one query."""
    if not opened:
        return ()
    return db.session.execute(select(*(_since(channel_id, instant, but) for instant in opened))).one()


def _since(channel_id: int, since: datetime, but: int | None) -> ColumnElement[int]:
    sent = exists().where(Attempt.delivery_id == Delivery.id, Attempt.sent_at > since)
    maybe = _number(channel_id, Delivery.state.in_(MAYBE_OUT), Delivery.id != but, sent)
    return _number(channel_id, Delivery.published_at > since) + maybe


def _planned(channel_id: int, quota: Quota, at: datetime) -> int:
    due = and_(Delivery.due_at > quota.opened(at), Delivery.due_at < at)
    return db.session.scalar(select(_number(channel_id, Delivery.state == State.SCHEDULED, due))) or 0


def _number(channel_id: int, *where: ColumnElement[bool]) -> ScalarSelect[int]:
    return select(func.count(Delivery.id)).where(Delivery.channel_id == channel_id, *where).scalar_subquery()
