"""The house in numbers for whoever watches it, over all workspaces: counted in the ledger at the moment of asking.

Many web, worker and clock processes may run; the ledger is the one place that knows what they did, so every one of
them would give the same answer, and no restart sets a number back. What has no end, such as attempts, is counted over
the last ``WINDOW``: the cost of asking does not grow with the years.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, func, select

from calendar_app.extensions import db
from calendar_app.models import Attempt, Channel, ChannelState, Delivery, Outcome, State, Step, Workspace
from calendar_app.punctuality import seconds_between

WINDOW = timedelta(minutes=5)
OPEN = tuple(state for state in State if state not in (State.PUBLISHED, State.CANCELED))
BOUNDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0)
SENT = (Outcome.PUBLISHED, Outcome.ACCEPTED)


@dataclass(frozen=True)
class Histogram:
    """How many visible calls were at most so late: one count for each of ``BOUNDS``, ``count`` in all, ``total`` seconds."""

    buckets: tuple[int, ...]
    count: int
    total: float


def open_deliveries() -> dict[State, int]:
    """How many deliveries are in each state that is not an end, by one step into an index for each workspace."""
    columns = []
    for state in OPEN:
        within = (Delivery.workspace_id == Workspace.id, Delivery.state == state)
        columns.append(func.sum(select(func.count()).where(*within).scalar_subquery()))
    row = db.session.execute(select(*columns).select_from(Workspace)).one()
    return {state: int(count or 0) for state, count in zip(OPEN, row, strict=True)}


def due(now: datetime) -> tuple[int, float]:
    """How many deliveries are due and unclaimed, and for how many seconds the oldest of them."""
    query = select(func.count(), func.min(Delivery.due_at)).where(
        Delivery.state == State.SCHEDULED, Delivery.due_at <= now
    )
    count, oldest = db.session.execute(query).one()
    return count, (now - oldest).total_seconds() if oldest else 0.0


def lapsed_leases(now: datetime) -> int:
    """How many deliveries wait for a clock to free them from a worker that fell silent."""
    query = select(func.count()).where(Delivery.state == State.PUBLISHING, Delivery.lease_until < now)
    return db.session.scalar(query) or 0


def channels() -> dict[tuple[str, ChannelState], int]:
    """How many channels there are of each platform and state, without the removed ones."""
    query = (
        select(Channel.platform, Channel.state, func.count())
        .where(Channel.state != ChannelState.REMOVED)
        .group_by(Channel.platform, Channel.state)
    )
    return {(platform, state): count for platform, state, count in db.session.execute(query)}


def attempts(now: datetime) -> dict[tuple[str, Step, Outcome | None], int]:
    """How many attempts of each platform, step and outcome began within the ``WINDOW``; an open one has no outcome."""
    query = (
        select(Channel.platform, Attempt.step, Attempt.outcome, func.count())
        .join(Delivery, Delivery.id == Attempt.delivery_id)
        .join(Channel, Channel.id == Delivery.channel_id)
        .where(Attempt.id >= _first_since(now - WINDOW), Attempt.opened_at >= now - WINDOW)
        .group_by(Channel.platform, Attempt.step, Attempt.outcome)
    )
    return {(platform, step, outcome): count for platform, step, outcome, count in db.session.execute(query)}


def lateness(now: datetime) -> dict[str, Histogram]:
    """For each platform, how late the visible calls of the ``WINDOW`` were after their promised instants."""
    late = seconds_between(Attempt.sent_at, Delivery.promised_at)
    within = [func.sum(case((late <= bound, 1), else_=0)) for bound in BOUNDS]
    query = (
        select(Channel.platform, func.count(), func.sum(late), *within)
        .select_from(Attempt)
        .join(Delivery, Delivery.id == Attempt.delivery_id)
        .join(Channel, Channel.id == Delivery.channel_id)
        .where(Attempt.id >= _first_since(now - WINDOW), Attempt.opened_at >= now - WINDOW)
        .where(Attempt.step == Step.PUBLISH, Attempt.outcome.in_(SENT), Attempt.sent_at.is_not(None))
        .group_by(Channel.platform)
    )
    return {
        platform: Histogram(tuple(map(int, buckets)), count, float(total))
        for platform, count, total, *buckets in db.session.execute(query)
    }


def _first_since(instant: datetime) -> int:
    """An id before which every attempt began before ``instant``: ids grow with time, so halving finds it without an index."""
    low = db.session.scalar(select(func.min(Attempt.id))) or 0
    high = (db.session.scalar(select(func.max(Attempt.id))) or 0) + 1
    while low < high:
        middle = (low + high) // 2
        next_one = select(Attempt.opened_at).where(Attempt.id >= middle).order_by(Attempt.id).limit(1)
        opened_at = db.session.scalar(next_one)
        if opened_at is None or opened_at >= instant - WINDOW:
            high = middle
        else:
            low = middle + 1
    return low
