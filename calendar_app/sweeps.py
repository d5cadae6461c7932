"""What is done to many deliveries at once: the clock's rounds, and the holds that a pause or an edit lays on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, func, select, update

from calendar_app.attempts import close_attempt
from calendar_app.deliveries import GATE, advance, free
from calendar_app.extensions import db
from calendar_app.models import Delivery, Hold, Outcome, Rendition, RenditionState, State, Step

LIMIT = 500
PREPARE_AGAIN = timedelta(seconds=120)
UNSYNCED = {"synchronize_session": False}


@dataclass(frozen=True)
class Agenda:
    """The earliest instant of each kind of thing to do; None where there is none.

    ``due`` counts deliveries whose bell was not rung yet, ``rung`` is when the oldest unanswered ring was.
    """

    due: datetime | None
    rung: datetime | None
    bound: datetime | None
    lease: datetime | None
    prepare: datetime | None
    look: datetime | None
    sample: datetime | None
    render: datetime | None


def agenda() -> Agenda:
    """All of it in one query over the partial indexes."""
    scheduled = Delivery.state == State.SCHEDULED
    columns = (
        _first(Delivery.due_at, scheduled, Delivery.rung_at.is_(None)),
        _first(Delivery.rung_at, scheduled, Delivery.rung_at.is_not(None)),
        _first(Delivery.not_later_than, scheduled),
        _first(Delivery.lease_until, Delivery.state == State.PUBLISHING),
        _first(Delivery.prepare_at, scheduled, Delivery.prepare_at.is_not(None)),
        _first(Delivery.look_at, Delivery.look_at.is_not(None)),
        _first(Delivery.sample_at, Delivery.sample_at.is_not(None)),
        _first(Rendition.ring_at, Rendition.state == RenditionState.WANTED),
    )
    return Agenda(*db.session.execute(select(*columns)).one())


def due(now: datetime, rering: timedelta) -> list[int]:
    """Deliveries to ring the bell for: due (or almost), and not rung, or rung in vain."""
    waiting = Delivery.rung_at.is_(None) | (Delivery.rung_at < now - rering)
    return _take(
        Delivery.due_at,
        Delivery.state == State.SCHEDULED,
        Delivery.due_at <= now + GATE,
        waiting,
        rung_at=now,
    )


def unring(ids: list[int]) -> None:
    """The doorbell was out of order: ring again at the next round."""
    db.session.execute(
        update(Delivery).where(Delivery.id.in_(ids)).values(rung_at=None), execution_options=UNSYNCED
    )


def to_prepare(now: datetime) -> list[int]:
    """Deliveries whose invisible part can be done ahead; taking them moves their next ring."""
    scheduled = Delivery.state == State.SCHEDULED
    return _take(
        Delivery.prepare_at,
        scheduled,
        Delivery.prepare_at <= now,
        Delivery.due_at > now,
        prepare_at=now + PREPARE_AGAIN,
    )


def to_look(now: datetime, rering: timedelta) -> list[int]:
    """Unconfirmed and processing deliveries to ask about; taking them moves their next ring."""
    return _take(Delivery.look_at, Delivery.look_at <= now, look_at=now + rering)


def hold_late(now: datetime) -> int:
    """Hold what is past its time window: it is never sent late by surprise."""
    return hold(Delivery.not_later_than < now, Hold.LATE)


def hold(where: ColumnElement[bool], reason: Hold) -> int:
    """Hold every scheduled delivery that ``where`` names; how many."""
    result = db.session.execute(
        update(Delivery)
        .where(Delivery.state == State.SCHEDULED, where)
        .values(state=State.HELD, held_reason=reason),
        execution_options={"synchronize_session": False},
    )
    assert isinstance(result, CursorResult)
    return result.rowcount


def release(where: ColumnElement[bool], now: datetime) -> int:
    """Schedule again what is held and not due yet; what was missed becomes late and stays for a person."""
    in_time = (Delivery.state == State.HELD) & where & (Delivery.promised_at > now)
    result = db.session.execute(
        update(Delivery)
        .where(in_time)
        .values(state=State.SCHEDULED, held_reason=None, due_at=Delivery.promised_at),
        execution_options={"synchronize_session": False},
    )
    db.session.execute(
        update(Delivery).where(Delivery.state == State.HELD, where).values(held_reason=Hold.LATE),
        execution_options={"synchronize_session": False},
    )
    assert isinstance(result, CursorResult)
    return result.rowcount


def reap(now: datetime) -> int:
    """Free what lapsed leases hold: surely not sent goes back, possibly sent becomes unconfirmed; how many."""
    lapsed = db.session.scalars(
        select(Delivery).where(Delivery.state == State.PUBLISHING, Delivery.lease_until < now).limit(500)
    ).all()
    return sum(_reap_one(delivery, now) for delivery in lapsed)


def _reap_one(delivery: Delivery, now: datetime) -> bool:
    attempt = next(
        (a for a in reversed(delivery.attempts) if a.step == Step.PUBLISH and not a.closed_at), None
    )
    sent = attempt is not None and attempt.sent_at is not None
    changes: dict[str, Any] = {"look_at": now, "looks": 0} if sent else {"due_at": now}
    lapsed = (Delivery.lease_token == delivery.lease_token) & (Delivery.lease_until < now)
    to = State.UNCONFIRMED if sent else State.SCHEDULED
    freed = advance(delivery.id, to, lapsed, sources={State.PUBLISHING}, **free(), **changes)
    if freed and attempt:
        close_attempt(attempt.id, Outcome.UNCONFIRMED if sent else Outcome.LOST, now)
    return freed


def _first(column: Any, *where: Any) -> Any:
    return select(func.min(column)).where(*where).scalar_subquery()


def _take(order: Any, *where: ColumnElement[bool], **changes: Any) -> list[int]:
    """Mark the earliest rows and name them; of several clocks each gets other rows."""
    chosen = select(Delivery.id).where(*where).order_by(order).limit(LIMIT).with_for_update(skip_locked=True)
    marked = update(Delivery).where(Delivery.id.in_(chosen)).values(**changes).returning(Delivery.id)
    return list(db.session.scalars(marked, execution_options=UNSYNCED))
