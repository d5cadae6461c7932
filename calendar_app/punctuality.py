"""How punctual the visible calls were, and what is left of each channel's error budget.

The objective: of all promises of the last 30 days, 99 % were sent within 5 seconds of the promised instant. A promise
that went out later, failed, is unconfirmed or was held as late is broken. What was canceled, paused, not approved any
more, or refused by the platform for its content is not counted: nobody could have kept it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Float, Subquery, and_, case, func, or_, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from calendar_app.extensions import db
from calendar_app.models import Attempt, Channel, Delivery, Hold, Outcome, State, Step, Workspace

WITHIN = timedelta(seconds=5)
OBJECTIVE = 0.99
DAYS = 30
RANKS = (0.5, 0.95, 0.99)


class seconds_between(FunctionElement[float]):
    """``seconds_between(later, earlier)`` in SQL: to the microsecond on PostgreSQL, within 50 of them on SQLite."""

    type = Float()
    inherit_cache = True


@compiles(seconds_between, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    later, earlier = (compiler.process(clause, **options) for clause in element.clauses)
    return f"CAST(EXTRACT(epoch FROM {later} - {earlier}) AS double precision)"


@compiles(seconds_between, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    later, earlier = (compiler.process(clause, **options) for clause in element.clauses)
    return f"((julianday({later}) - julianday({earlier})) * 86400.0)"


@dataclass(frozen=True)
class Percentiles:
    """Seconds between the promised instant and the visible call."""

    p50: float
    p95: float
    p99: float


@dataclass(frozen=True)
class Day:
    """The promises for one day of the workspace's zone."""

    on: date
    kept: int = 0
    broken: int = 0

    @property
    def total(self) -> int:
        return self.kept + self.broken


@dataclass(frozen=True)
class Record:
    """One channel's last ``DAYS`` days, oldest first; ``percentiles`` None where nothing went out by itself."""

    days: tuple[Day, ...]
    percentiles: Percentiles | None

    @property
    def broken(self) -> int:
        return sum(day.broken for day in self.days)

    @property
    def promises(self) -> int:
        return self.broken + sum(day.kept for day in self.days)

    @property
    def kept_share(self) -> float | None:
        """Between 0 and 1; None where nothing was promised."""
        return 1 - self.broken / self.promises if self.promises else None

    @property
    def budget_left(self) -> float | None:
        """The part of the error budget not spent yet, between 0 and 1; None where nothing was promised."""
        if not self.promises:
            return None
        return max(0.0, 1 - self.broken / ((1 - OBJECTIVE) * self.promises))


def records(workspace: Workspace, now: datetime) -> dict[int, Record]:
    """The record of every channel of the workspace that promised something in the last ``DAYS`` days, by channel id."""
    midnights = _midnights(now, workspace.zone)
    channels = db.session.scalars(select(Channel.id).where(Channel.workspace_id == workspace.id)).all()
    sent = _sent(channels, midnights[0])
    counts: dict[int, list[Day]] = {}
    for channel_id, at, kept, broken in (*_kept(sent, midnights), *_not_out(workspace.id, midnights, now)):
        days = counts.setdefault(channel_id, [Day(_date(each, workspace.zone)) for each in midnights])
        days[at] = Day(days[at].on, days[at].kept + kept, days[at].broken + broken)
    found = _percentiles(sent)
    return {id: Record(tuple(days), found.get(id)) for id, days in counts.items()}


def at_rank(ordered: Sequence[float], rank: float) -> float:
    """The value at ``rank`` (0 to 1) of ascending values, between two of them where it falls, as percentile_cont does."""
    place = rank * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _sent(channel_ids: Sequence[int], since: datetime) -> Subquery:
    """Each published delivery's lateness in seconds; ``by_hand`` when a person chose the instant after the promise.

    The channels are named by their ids, since only then the planner sees that the index on them leaves little to read.
    """
    called = func.max(case((Attempt.step == Step.PUBLISH, Attempt.sent_at)))
    answered = func.min(case((Attempt.step == Step.ANSWER, Attempt.opened_at)))
    late = seconds_between(called, Delivery.promised_at)
    return (
        select(
            Delivery.channel_id,
            Delivery.promised_at,
            late.label("late"),
            func.coalesce(answered < called, False).label("by_hand"),
        )
        .join(Attempt, Attempt.delivery_id == Delivery.id)
        .where(Delivery.channel_id.in_(channel_ids), Delivery.published_at >= since)
        .where(Delivery.promised_at >= since)
        .group_by(Delivery.id)
        .having(called.is_not(None))
        .subquery()
    )


def _kept(sent: Subquery, midnights: Sequence[datetime]) -> list[tuple[int, int, int, int]]:
    day = _day_of(sent.c.promised_at, midnights).label("day")
    is_kept = sent.c.late <= WITHIN.total_seconds()
    query = select(
        sent.c.channel_id, day, func.sum(case((is_kept, 1), else_=0)), func.sum(case((is_kept, 0), else_=1))
    ).group_by(sent.c.channel_id, day)
    return [(id, at, int(kept), int(broken)) for id, at, kept, broken in db.session.execute(query)]


def _not_out(
    workspace_id: int, midnights: Sequence[datetime], now: datetime
) -> list[tuple[int, int, int, int]]:
    """The promises that ended without a post."""
    day = _day_of(Delivery.promised_at, midnights).label("day")
    query = (
        select(Delivery.channel_id, day, func.count())
        .where(Delivery.workspace_id == workspace_id, _is_broken())
        .where(Delivery.promised_at >= midnights[0], Delivery.promised_at <= now)
        .group_by(Delivery.channel_id, day)
    )
    return [(id, at, 0, int(count)) for id, at, count in db.session.execute(query)]


def _is_broken() -> ColumnElement[bool]:
    last = (
        select(Attempt.outcome)
        .where(Attempt.delivery_id == Delivery.id, Attempt.step == Step.PUBLISH)
        .order_by(Attempt.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return or_(
        Delivery.state == State.UNCONFIRMED,
        and_(Delivery.state == State.FAILED, or_(last.is_(None), last != Outcome.REJECTED)),
        and_(Delivery.state == State.HELD, Delivery.held_reason == Hold.LATE),
    )


def _percentiles(sent: Subquery) -> dict[int, Percentiles]:
    """By channel id: exact, by PostgreSQL's percentile_cont, or by hand where there is none."""
    by_itself = sent.c.by_hand.is_(False)
    if db.session.get_bind().dialect.name == "postgresql":
        ranks = func.percentile_cont(postgresql.array(RANKS)).within_group(sent.c.late)
        rows = db.session.execute(
            select(sent.c.channel_id, ranks).where(by_itself).group_by(sent.c.channel_id)
        )
        return {id: Percentiles(*values) for id, values in rows}
    ordered = select(sent.c.channel_id, sent.c.late).where(by_itself).order_by(sent.c.channel_id, sent.c.late)
    found = {}
    for id, rows_of in groupby(db.session.execute(ordered), key=lambda row: row[0]):
        values = [row[1] for row in rows_of]
        found[id] = Percentiles(*(at_rank(values, rank) for rank in RANKS))
    return found


def _midnights(now: datetime, zone: str) -> list[datetime]:
    """Where each of the last ``DAYS`` days began on the workspace's clocks, oldest first, in UTC."""
    today = now.astimezone(ZoneInfo(zone)).date()
    starts = (today - timedelta(days=back) for back in reversed(range(DAYS)))
    return [datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC) for day in starts]


def _date(midnight: datetime, zone: str) -> date:
    return midnight.astimezone(ZoneInfo(zone)).date()


def _day_of(instant: Any, midnights: Sequence[datetime]) -> ColumnElement[int]:
    """Which of the days an instant falls into, as its place in ``midnights``."""
    latest_first = [(instant >= start, at) for at, start in reversed(list(enumerate(midnights)))]
    return case(*latest_first, else_=0)
