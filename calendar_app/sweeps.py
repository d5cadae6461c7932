"""What is done to many deliveries at once: the clock's rounds, and the holds that a pause or an edit lays on them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Select, bindparam, exists, func, or_, select, update

from calendar_app import ahead, logs
from calendar_app.attempts import close_attempt
from calendar_app.deliveries import GATE, advance, free
from calendar_app.extensions import db
from calendar_app.models import (
    Attempt,
    Channel,
    Delivery,
    FollowUp,
    Hold,
    Outcome,
    Rendition,
    RenditionState,
    State,
    Step,
)

LIMIT = 500
# Rings that may be unanswered at once: in all, for one workspace, for one channel. What is due beyond that stays in
# the database, where its order can still be chosen fairly.
MOST_RINGS, WORKSPACE_RINGS, CHANNEL_RINGS = 500, 160, 32
UNSYNCED = {"synchronize_session": False}
Where = tuple[ColumnElement[bool], ...]


def _constant(value: Any, column: Any) -> Any:
    """Written into the SQL itself: a plan for any value could not use an index that is made for this one."""
    return bindparam(None, value, type_=column.type, literal_execute=True)


def _is(state: State) -> ColumnElement[bool]:
    is_so: ColumnElement[bool] = Delivery.state == _constant(state, Delivery.state)
    return is_so


_SCHEDULED = _is(State.SCHEDULED)
_RUNG = (_SCHEDULED, Delivery.rung_at.is_not(None))


@dataclass(frozen=True)
class Agenda:
    """The earliest instant of each kind of thing to do; None where there is none.

    ``due`` counts deliveries whose bell was not rung yet, ``rung`` is when the oldest unanswered ring was, and ``rings``
    how many are unanswered.
    """

    due: datetime | None
    rung: datetime | None
    rings: int
    bound: datetime | None
    lease: datetime | None
    prepare: datetime | None
    check: datetime | None
    look: datetime | None
    follow: datetime | None
    sample: datetime | None
    render: datetime | None


def agenda() -> Agenda:
    """All of it in one query over the partial indexes."""
    columns = (
        _first(Delivery.due_at, _SCHEDULED, Delivery.rung_at.is_(None)),
        _first(Delivery.rung_at, *_RUNG),
        select(func.count()).where(*_RUNG).scalar_subquery(),
        _first(Delivery.not_later_than, _SCHEDULED),
        _first(Delivery.lease_until, _is(State.PUBLISHING)),
        _first(Delivery.prepare_at, _SCHEDULED, Delivery.prepare_at.is_not(None)),
        _first(Delivery.check_at, _SCHEDULED, Delivery.check_at.is_not(None)),
        _first(Delivery.look_at, Delivery.look_at.is_not(None)),
        _first(FollowUp.due_at, FollowUp.due_at.is_not(None)),
        _first(Delivery.sample_at, Delivery.sample_at.is_not(None)),
        _first(Rendition.ring_at, Rendition.state == _constant(RenditionState.WANTED, Rendition.state)),
    )
    return Agenda(*tuple(db.session.execute(select(*columns)).one()))


def next_due() -> datetime | None:
    """When the first delivery is due whose bell was not rung yet."""
    found: datetime | None = db.session.scalar(
        select(_first(Delivery.due_at, _SCHEDULED, Delivery.rung_at.is_(None)))
    )
    return found


def due(now: datetime, rering: timedelta) -> list[int]:
    """Deliveries to ring the bell for: due (or almost), and not rung, or rung in vain.

    In fair order: the first of each workspace and channel comes before the second of any. Of what a burst makes due at
    once, only as much is rung as can soon be answered.
    """
    stale = now - rering
    waiting = Delivery.rung_at.is_(None) | (Delivery.rung_at < stale)
    ready = (_SCHEDULED, Delivery.due_at <= now + GATE, waiting)
    unanswered = (_SCHEDULED, Delivery.rung_at >= stale)
    room = MOST_RINGS - (db.session.scalar(select(func.count()).where(*unanswered)) or 0)
    chosen = list(db.session.scalars(_fairly(ready, unanswered).limit(room))) if room > 0 else []
    if not chosen:
        return []
    marked = set(_mark(select(Delivery.id).where(Delivery.id.in_(chosen), *ready), rung_at=now))
    return [id for id in chosen if id in marked]


def _fairly(ready: Where, unanswered: Where) -> Select[int]:
    """Ids by their place among those of their channel, then of their workspace; unanswered rings come first."""
    channel, space = _rings(Delivery.channel_id, unanswered), _rings(Delivery.workspace_id, unanswered)
    place = _place(Delivery.channel_id, Delivery.due_at, Delivery.id) + func.coalesce(channel.c.rings, 0)
    lined = (
        select(Delivery.id, Delivery.workspace_id, Delivery.due_at, place.label("place"), channel.c.rings)
        .outerjoin(channel, channel.c.key == Delivery.channel_id)
        .where(*ready)
        .subquery()
    ).c
    # Refilled by halves: rung one by one, each delivery would cost the workers a job of its own.
    is_worth = (lined.rings <= CHANNEL_RINGS // 2) & (space.c.rings <= WORKSPACE_RINGS // 2)
    turn = _place(lined.workspace_id, lined.place, lined.due_at, lined.id) + func.coalesce(space.c.rings, 0)
    turns = (
        select(lined.id, lined.due_at, turn.label("turn"))
        .outerjoin(space, space.c.key == lined.workspace_id)
        .where(lined.place <= CHANNEL_RINGS, lined.rings.is_(None) | is_worth)
        .subquery()
    ).c
    in_turn = select(turns.id).where(turns.turn <= WORKSPACE_RINGS)
    return in_turn.order_by(turns.turn, turns.due_at, turns.id)


def _rings(key: Any, unanswered: Where) -> Any:
    key = _unindexed(key)
    return select(key.label("key"), func.count().label("rings")).where(*unanswered).group_by(key).subquery()


def _place(group: Any, *order: Any) -> Any:
    return func.row_number().over(partition_by=_unindexed(group), order_by=order)


def _unindexed(key: Any) -> Any:
    """To group by: SQLite would else walk the whole table in the order of the key's index, sooner than sort a few rows."""
    return key + _constant(0, key)


def by_channel(ids: Iterable[int]) -> dict[int, list[int]]:
    """The ids grouped by their channel; order is kept, in each group and among the groups."""
    wanted = list(ids)
    rows = db.session.execute(select(Delivery.id, Delivery.channel_id).where(Delivery.id.in_(wanted)))
    channels = {id: channel_id for id, channel_id in rows}
    groups: dict[int, list[int]] = {}
    for id in wanted:
        if id in channels:
            groups.setdefault(channels[id], []).append(id)
    return groups


def unring(ids: list[int]) -> None:
    """These rings will not be answered: ring again at the next round."""
    db.session.execute(
        update(Delivery).where(Delivery.id.in_(ids)).values(rung_at=None), execution_options=UNSYNCED
    )


def to_prepare(now: datetime, rering: timedelta, limit: int = LIMIT) -> list[int]:
    """Deliveries whose invisible part is to be done, ahead or belatedly; taking them moves their next ring."""
    wanted = (_SCHEDULED, Delivery.prepare_at <= now)
    return _take(Delivery.prepare_at, limit, *wanted, prepare_at=now + rering)


def to_look(now: datetime, rering: timedelta, limit: int = LIMIT) -> list[int]:
    """Unconfirmed and processing deliveries to ask about; taking them moves their next ring."""
    return _take(Delivery.look_at, limit, Delivery.look_at <= now, look_at=now + rering)


def hold_late(now: datetime) -> int:
    """Hold what is past its time window: it is never sent late by surprise."""
    return hold(Delivery.not_later_than < now, Hold.LATE)


def hold(where: ColumnElement[bool], reason: Hold) -> int:
    """Hold every scheduled delivery that ``where`` names; how many.

    A withdrawn approval also takes back what was handed over to a person; any other stop leaves it in their hands.
    """
    if reason == Hold.UNAPPROVED:
        handed = (Delivery.state == State.HELD) & (Delivery.held_reason == Hold.HANDOVER)
        db.session.execute(
            update(Delivery).where(handed, where).values(held_reason=reason), execution_options=UNSYNCED
        )
    result = db.session.execute(
        update(Delivery)
        .where(Delivery.state == State.SCHEDULED, where)
        .values(state=State.HELD, held_reason=reason, **ahead.NO_MORE),
        execution_options={"synchronize_session": False},
    )
    assert isinstance(result, CursorResult)
    return result.rowcount


def rest(channel_id: int, until: datetime) -> None:
    """The platform asked for a pause: nothing more goes out there before ``until``, and nothing is due before it."""
    db.session.execute(
        update(Channel)
        .where(Channel.id == channel_id, or_(Channel.rests_until.is_(None), Channel.rests_until < until))
        .values(rests_until=until),
        execution_options={"synchronize_session": False},
    )
    db.session.execute(
        update(Delivery)
        .where(Delivery.channel_id == channel_id, Delivery.state == State.SCHEDULED, Delivery.due_at < until)
        .values(due_at=until, rung_at=None),
        execution_options={"synchronize_session": False},
    )


def release(where: ColumnElement[bool], now: datetime) -> int:
    """Schedule again what is held and not due yet; what was missed becomes late and stays for a person.

    What was handed over to a person stays with them.
    """
    where &= Delivery.held_reason != Hold.HANDOVER
    in_time = (Delivery.state == State.HELD) & where & (Delivery.promised_at > now)
    result = db.session.execute(
        update(Delivery)
        .where(in_time)
        .values(state=State.SCHEDULED, held_reason=None, due_at=Delivery.promised_at, check_at=now),
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
        with logs.about("reap", delivery=delivery.id, channel=delivery.channel_id, attempt=attempt.id):
            close_attempt(attempt.id, Outcome.UNCONFIRMED if sent else Outcome.LOST, now)
    return freed


def end_lost(now: datetime, longest: timedelta) -> int:
    """End the uploads and looks whose worker did not live to; how many.

    None of them lasts ``longest`` but an upload, and whoever makes that renews its lease.
    """
    is_at_it = exists().where(Delivery.id == Attempt.delivery_id, Delivery.preparing_until > now)
    no_publish = Attempt.step != _constant(Step.PUBLISH, Attempt.step)
    left = (Attempt.closed_at.is_(None), no_publish, Attempt.opened_at < now - longest, ~is_at_it)
    ended = db.session.execute(
        update(Attempt).where(*left).values(outcome=Outcome.LOST, closed_at=now), execution_options=UNSYNCED
    )
    assert isinstance(ended, CursorResult)
    return ended.rowcount


def _first(column: Any, *where: Any) -> Any:
    return select(func.min(column)).where(*where).scalar_subquery()


def _take(order: Any, limit: int, *where: ColumnElement[bool], **changes: Any) -> list[int]:
    """Mark the earliest rows and name them; of several clocks each gets other rows."""
    return _mark(select(Delivery.id).where(*where).order_by(order).limit(limit), **changes)


def _mark(chosen: Select[int], **changes: Any) -> list[int]:
    free_ones = chosen.with_for_update(skip_locked=True)
    marked = update(Delivery).where(Delivery.id.in_(free_ones)).values(**changes).returning(Delivery.id)
    return list(db.session.scalars(marked, execution_options=UNSYNCED))
