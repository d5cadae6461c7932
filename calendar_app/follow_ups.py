"""What follows posts that are out, as rows: made by the transaction that learns that a post is out, taken up in order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, select, update

import publishers
from calendar_app.extensions import db
from calendar_app.models import Delivery, FollowState, FollowUp
from calendar_app.parcels import Parcel
from publishers import follows
from publishers.base import Publisher

# What a person is asked about; the rest of the thread waits meanwhile.
ASKED_ABOUT = frozenset({FollowState.UNCONFIRMED, FollowState.FAILED, FollowState.HELD})
RESTORED = "restored"
UNSYNCED = {"synchronize_session": False}


def plan(parcel: Parcel, now: datetime, *, by_look: bool = False) -> None:
    """A parcel is out: what follows it is due. It is held where it is not what was approved, and where a look found the
    parcel after a backup was restored: whatever sent that may have sent this as well."""
    if not follows.texts(parcel.publisher, parcel.content.options):
        return
    delivery = db.session.get_one(Delivery, parcel.delivery_id, populate_existing=True)
    is_sure = delivery.digest == parcel.digest and not (by_look and _was_restored(delivery))
    _lay_out(delivery, parcel.publisher, parcel.content.options, now, is_sure=is_sure)


def plan_by_hand(delivery: Delivery, now: datetime) -> None:
    """A person saw the post, and only they can put anything after it: we do not know it on the platform."""
    publisher = publishers.get(delivery.channel.platform)
    options = (delivery.variant.options if delivery.variant else None) or {}
    _lay_out(delivery, publisher, options, now, is_sure=False)


def go_on(delivery_id: int, now: datetime) -> None:
    """What comes first of what waits is due."""
    waiting = select(func.min(FollowUp.position)).where(
        FollowUp.delivery_id == delivery_id, FollowUp.state == FollowState.WAITING
    )
    where = (FollowUp.delivery_id == delivery_id, FollowUp.position == waiting.scalar_subquery())
    db.session.execute(update(FollowUp).where(*where).values(due_at=now), execution_options=UNSYNCED)


def doubt(why: str, now: datetime) -> None:
    """What was due or under way may have been said meanwhile: a person is asked."""
    changes = {"state": FollowState.UNCONFIRMED, "due_at": None, "closed_at": now, "error": why}
    open_ones = update(FollowUp).where(FollowUp.due_at.is_not(None))
    db.session.execute(open_ones.values(**changes), execution_options=UNSYNCED)


def target_of(row: FollowUp) -> str | None:
    """The id of what it answers: the post itself, or of a thread the last one before it that is known."""
    before = select(FollowUp.remote_id).where(
        FollowUp.delivery_id == row.delivery_id,
        FollowUp.position < row.position,
        FollowUp.remote_id.is_not(None),
    )
    last = db.session.scalar(before.order_by(FollowUp.position.desc()).limit(1))
    return last or row.delivery.remote_id


def window_of(delivery: Delivery) -> timedelta:
    """How late it may come, as the post itself."""
    return delivery.not_later_than - delivery.promised_at


def _was_restored(delivery: Delivery) -> bool:
    return any((attempt.evidence or {}).get("code") == RESTORED for attempt in delivery.attempts)


def _lay_out(
    delivery: Delivery, publisher: Publisher, options: Mapping[str, str], now: datetime, *, is_sure: bool
) -> None:
    for position, text in enumerate(follows.texts(publisher, options)):
        row = FollowUp(
            delivery_id=delivery.id,
            position=position,
            text=text,
            key=publisher.new_key(now + timedelta(milliseconds=position)),
            not_later_than=now + window_of(delivery),
        )
        if position == 0:
            row.state, row.due_at = (FollowState.WAITING, now) if is_sure else (FollowState.HELD, None)
        db.session.add(row)
