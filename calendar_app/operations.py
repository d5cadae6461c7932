"""What a brand's operations team looks at: who is late and why, what waits for whom, and how the channels are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from calendar_app.extensions import db
from calendar_app.models import (
    Channel,
    ChannelState,
    Delivery,
    FollowUp,
    Outcome,
    State,
    Step,
    Variant,
    Workspace,
)
from calendar_app.models.following import ASKED
from calendar_app.punctuality import WITHIN
from calendar_app.vitals import CLOCK, PUBLISH, Process, lives

MOST = 50
LONGEST_WINDOW = timedelta(days=7)
UNDER_WAY = (State.SCHEDULED, State.PUBLISHING, State.PROCESSING)
FOR_A_PERSON = (State.UNCONFIRMED, State.FAILED, State.HELD)
AGES = (timedelta(seconds=5), timedelta(minutes=1), timedelta(minutes=5))
WEEK = timedelta(days=7)


class Cause(StrEnum):
    """Why a delivery is not out although its instant has passed."""

    PAUSED = "paused"
    RECONNECT = "reconnect"
    RESTS = "rests"
    PACE = "pace"
    BACK_OFF = "back_off"
    REFRESHING = "refreshing"
    POSTPONED = "postponed"
    UNPREPARED = "unprepared"
    CLOCK_SILENT = "clock_silent"
    NO_WORKER = "no_worker"
    NOT_RUNG = "not_rung"
    NOT_TAKEN = "not_taken"
    SENDING = "sending"
    LAPSED = "lapsed"
    PROCESSING = "processing"


AFTER: Mapping[Outcome, Cause] = {
    Outcome.RATE_LIMITED: Cause.RESTS,
    Outcome.PACED: Cause.PACE,
    Outcome.UNPREPARED: Cause.UNPREPARED,
    Outcome.TEMPORARY: Cause.BACK_OFF,
    Outcome.UNAUTHORIZED: Cause.REFRESHING,
    Outcome.STALE: Cause.UNPREPARED,
}


@dataclass(frozen=True)
class Late:
    """One late delivery; ``until`` is when the cause ends by itself, where that is known."""

    delivery: Delivery
    cause: Cause
    until: datetime | None


@dataclass(frozen=True)
class Lateness:
    """The ``MOST`` longest overdue, and how many there are in all."""

    shown: list[Late]
    total: int


@dataclass(frozen=True)
class Queue:
    """What is due and not claimed yet, by how long it has been due: up to each of ``AGES``, and longer."""

    counts: tuple[int, ...]
    oldest: datetime | None

    @property
    def total(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True)
class Health:
    """A channel's last success, and what became of the promises of the last week."""

    last_success: datetime | None
    published: int
    failed: int

    @property
    def failure_rate(self) -> float | None:
        """Between 0 and 1; None where nothing was due."""
        ended = self.published + self.failed
        return self.failed / ended if ended else None


def late(workspace: Workspace, house: Sequence[Process], now: datetime) -> Lateness:
    """Deliveries past their promised instant that are neither out nor waiting for a person, longest overdue first."""
    where = and_(Delivery.workspace_id == workspace.id, _is_overdue(now))
    query = select(Delivery).where(where).order_by(Delivery.promised_at, Delivery.id).limit(MOST)
    shown = [_late(delivery, house, now) for delivery in db.session.scalars(query.options(*_with_post()))]
    if len(shown) < MOST:
        return Lateness(shown, len(shown))
    return Lateness(shown, db.session.scalar(select(func.count()).select_from(Delivery).where(where)) or 0)


def cause(delivery: Delivery, house: Sequence[Process], now: datetime) -> tuple[Cause, datetime | None]:
    """Why it is not out yet, and until when that lasts where it is known."""
    if delivery.state == State.PUBLISHING:
        lapsed = delivery.lease_until is not None and delivery.lease_until < now
        return (Cause.LAPSED if lapsed else Cause.SENDING), None
    if delivery.state == State.PROCESSING:
        return Cause.PROCESSING, delivery.look_at
    return _stopped(delivery) or _later(delivery, now) or _not_taken(delivery, house, now)


def queue(workspace: Workspace, now: datetime) -> Queue:
    """How much is due and unclaimed, and since when."""
    edges = [now - age for age in AGES]
    younger = [Delivery.due_at > edge for edge in edges]
    bucket = case(*((is_younger, at) for at, is_younger in enumerate(younger)), else_=len(AGES))
    query = (
        select(bucket, func.count(), func.min(Delivery.due_at))
        .where(Delivery.state == State.SCHEDULED, Delivery.due_at <= now)
        .where(Delivery.workspace_id == workspace.id)
        .group_by(bucket)
    )
    rows = db.session.execute(query).all()
    counts = {at: count for at, count, _oldest in rows}
    return Queue(
        tuple(counts.get(at, 0) for at in range(len(AGES) + 1)),
        min((oldest for _at, _count, oldest in rows), default=None),
    )


def counts(workspace: Workspace) -> dict[State, int]:
    """How many deliveries wait for a person, by state."""
    query = (
        select(Delivery.state, func.count())
        .where(Delivery.workspace_id == workspace.id, Delivery.state.in_(FOR_A_PERSON))
        .group_by(Delivery.state)
    )
    found = {state: count for state, count in db.session.execute(query)}
    return {state: found.get(state, 0) for state in FOR_A_PERSON}


def waiting(workspace: Workspace, state: State | None = None) -> list[Delivery]:
    """The latest ``MOST`` deliveries that wait for a person, in one state or in all of them."""
    states = (state,) if state else FOR_A_PERSON
    query = (
        select(Delivery)
        .where(Delivery.workspace_id == workspace.id, Delivery.state.in_(states))
        .order_by(Delivery.promised_at.desc(), Delivery.id.desc())
        .limit(MOST)
    )
    return list(db.session.scalars(query.options(*_with_post())))


def cut_short(workspace: Workspace) -> list[Delivery]:
    """The latest ``MOST`` deliveries that are out while what follows them waits for a person."""
    # Reached from the few that wait: by its index on workspaces, every delivery of this one would be read.
    own = Delivery.workspace_id + 0 == workspace.id
    query = (
        select(Delivery)
        .where(Delivery.id.in_(select(FollowUp.delivery_id).where(ASKED)), own)
        .order_by(Delivery.published_at.desc(), Delivery.id.desc())
        .limit(MOST)
    )
    return list(db.session.scalars(query.options(*_with_post())))


def chosen(workspace: Workspace, ids: Sequence[int]) -> list[Delivery]:
    """Those of the workspace's deliveries that were picked from a list, oldest promise first; at most ``MOST``."""
    query = (
        select(Delivery)
        .where(Delivery.workspace_id == workspace.id, Delivery.id.in_(list(ids)[:MOST]))
        .order_by(Delivery.promised_at, Delivery.id)
    )
    return list(db.session.scalars(query.options(*_with_post())))


def health(channels: Sequence[Channel], now: datetime) -> Mapping[int, Health]:
    """How each channel has done, by its id."""
    since = now - WEEK
    published = _count(channels, Delivery.published_at >= since)
    failed = _count(
        channels, Delivery.state.in_((State.FAILED, State.UNCONFIRMED)), Delivery.promised_at >= since
    )
    latest = _last_success(channels)
    return {
        channel.id: Health(latest.get(channel.id), published.get(channel.id, 0), failed.get(channel.id, 0))
        for channel in channels
    }


def _is_overdue(now: datetime) -> ColumnElement[bool]:
    """``not_later_than`` says nothing new here: it lets an index leave out what is planned beyond any time window."""
    near = Delivery.not_later_than <= now + LONGEST_WINDOW
    waits = and_(Delivery.state == State.SCHEDULED, near)
    flies = Delivery.state.in_((State.PUBLISHING, State.PROCESSING))
    return and_(or_(waits, flies), Delivery.promised_at < now - WITHIN)


def _late(delivery: Delivery, house: Sequence[Process], now: datetime) -> Late:
    return Late(delivery, *cause(delivery, house, now))


def _stopped(delivery: Delivery) -> tuple[Cause, datetime | None] | None:
    """Caught between a stop and the hold that follows from it."""
    channel = delivery.channel
    if channel.state == ChannelState.RECONNECT:
        return Cause.RECONNECT, None
    if channel.state == ChannelState.PAUSED or channel.workspace.paused_at:
        return Cause.PAUSED, None
    return None


def _later(delivery: Delivery, now: datetime) -> tuple[Cause, datetime | None] | None:
    """Put off to an instant that the ledger knows: the last try tells why."""
    rests_until, due_at = delivery.channel.rests_until, delivery.due_at
    if rests_until and rests_until > now and rests_until >= due_at:
        return Cause.RESTS, rests_until
    if due_at <= now:
        return None
    tries = [attempt.outcome for attempt in delivery.attempts if attempt.step == Step.PUBLISH]
    last = tries[-1] if tries else None
    return (AFTER.get(last, Cause.POSTPONED) if last else Cause.POSTPONED), due_at


def _not_taken(delivery: Delivery, house: Sequence[Process], now: datetime) -> tuple[Cause, datetime | None]:
    """Due, and nobody has claimed it."""
    if not lives(CLOCK, house):
        return Cause.CLOCK_SILENT, None
    if not lives(PUBLISH, house):
        return Cause.NO_WORKER, None
    if delivery.prepare_at is not None and delivery.prepare_at <= now:
        return Cause.UNPREPARED, None
    return (Cause.NOT_TAKEN if delivery.rung_at else Cause.NOT_RUNG), None


def _count(channels: Sequence[Channel], *where: ColumnElement[bool]) -> dict[int, int]:
    ids = [channel.id for channel in channels]
    query = select(Delivery.channel_id, func.count()).where(Delivery.channel_id.in_(ids), *where)
    return {id: count for id, count in db.session.execute(query.group_by(Delivery.channel_id))}


def _last_success(channels: Sequence[Channel]) -> dict[int, datetime | None]:
    """One step into an index for each channel, however much it has published."""
    latest = (
        select(func.max(Delivery.published_at))
        .where(Delivery.channel_id == Channel.id, Delivery.published_at.is_not(None))
        .scalar_subquery()
    )
    ids = [channel.id for channel in channels]
    return {id: at for id, at in db.session.execute(select(Channel.id, latest).where(Channel.id.in_(ids)))}


def _with_post() -> tuple[Any, ...]:
    return (
        joinedload(Delivery.channel).joinedload(Channel.workspace),
        joinedload(Delivery.post),
        joinedload(Delivery.variant).joinedload(Variant.post),
        selectinload(Delivery.attempts),
    )
