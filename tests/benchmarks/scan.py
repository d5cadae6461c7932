"""What the clock's two queries cost, and that rows that are not due cost nothing: ``python -m tests.benchmarks.scan``.

``agenda`` and ``due`` as the clock calls them, through SQLAlchemy, on databases with ever more scheduled deliveries and
as many published ones. Sizes take turns, so that a noisy moment falls on all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from calendar_app import sweeps
from calendar_app.deliveries import GATE
from calendar_app.extensions import db
from calendar_app.models import Delivery, State
from calendar_app.settings import config
from tests.benchmarks.estates import Estate
from tests.benchmarks.figures import Line, Spread, at_most, spread, timed
from tests.benchmarks.grounds import ENGINES, Grounds, main

SIZES, QUICK_SIZES = (10_000, 100_000, 1_000_000), (10_000, 40_000)
MANY = 100
FLAT, FAST = 1.5, 5.0


@dataclass(frozen=True)
class Scan:
    """One query at each size (scheduled deliveries); ``growth`` is the largest size's median over the smallest's."""

    engine: str
    query: str
    sizes: dict[int, Spread]
    growth: float

    @property
    def slowest(self) -> float:
        """The highest median, in milliseconds."""
        return max(one.median for one in self.sizes.values())


def measure(grounds: Grounds, *, quick: bool = False) -> list[Scan]:
    """Each query on each engine."""
    sizes, rounds = (QUICK_SIZES, 40) if quick else (SIZES, 200)
    return [
        _scan(query, act, {size: grounds.estate(engine, size) for size in sizes}, rounds)
        for engine in ENGINES
        for query, act in QUERIES.items()
    ]


def lines(scans: Sequence[Scan]) -> list[Line]:
    """The table's rows."""
    found = []
    for scan in scans:
        name = f"scan, {scan.engine}: {scan.query}"
        largest = max(scan.sizes)
        told = f"({', '.join(f'{one.median:.2f}' for one in scan.sizes.values())} ms)"
        found.append(
            at_most(f"{name}, {largest:,} rows against {min(scan.sizes):,}", scan.growth, FLAT, "x", told)
        )
        if scan.engine == "postgres":
            found.append(at_most(f"{name}, slowest median", scan.slowest, FAST, "ms"))
    return found


def _scan(query: str, act: Callable[[Estate], float], estates: dict[int, Estate], rounds: int) -> Scan:
    seconds: dict[int, list[float]] = {size: [] for size in estates}
    for number in range(rounds + 5):
        for size, estate in estates.items():
            with estate.app.app_context():
                second = act(estate)
            if number >= 5:
                seconds[size].append(second)
    sizes = {size: spread(found) for size, found in seconds.items()}
    engine = next(iter(estates.values())).engine
    return Scan(engine, query, sizes, sizes[max(sizes)].median / sizes[min(sizes)].median)


def _agenda(estate: Estate) -> float:
    second = timed(sweeps.agenda)
    db.session.rollback()
    return second


def _nothing_due(estate: Estate) -> float:
    return _due(estate.now, 0)


def _many_due(estate: Estate) -> float:
    return _due(_when_due(MANY), MANY)


def _due(now: datetime, expected: int) -> float:
    """Without the commit: what the query itself costs, the marking of its rows included."""
    rung: list[int] = []
    second = timed(lambda: rung.extend(sweeps.due(now, config().rering)))
    db.session.rollback()
    assert len(rung) == expected, f"{len(rung)} rung instead of {expected}"
    return second


def _when_due(count: int) -> datetime:
    """The instant at which ``count`` deliveries are due."""
    scheduled = select(Delivery.due_at).where(Delivery.state == State.SCHEDULED).order_by(Delivery.due_at)
    nth = db.session.scalars(scheduled.offset(count - 1).limit(1)).one()
    at_once = db.session.scalar(
        select(func.count()).where(Delivery.state == State.SCHEDULED, Delivery.due_at <= nth)
    )
    assert at_once == count
    return nth - GATE + timedelta(microseconds=1)


QUERIES = {"agenda": _agenda, "due, nothing due": _nothing_due, f"due, {MANY} due": _many_due}

if __name__ == "__main__":
    main(measure, lines)
