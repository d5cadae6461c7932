"""How fast workers take what is due, each row once: ``python -m tests.benchmarks.claim``.

Processes race through one pool of due deliveries. Every tenth ring is doubled, as after a lost answer, so that some
claims are lost. A claim is a guarded UPDATE, its attempt and a durable commit.
"""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from typing import Any

from sqlalchemy import func, select, text

from calendar_app import deliveries
from calendar_app.config import Config
from calendar_app.extensions import db
from calendar_app.models import Attempt, Delivery, State
from tests.benchmarks.estates import MONTH, Estate
from tests.benchmarks.figures import Line
from tests.benchmarks.grounds import ENGINES, Grounds, app_on, main

WORKERS = (1, 2, 4)
POOL, QUICK_POOL = 3000, 300
ROUNDS, QUICK_ROUNDS = 3, 1
POSTS = 8_000
TWICE = 10


@dataclass(frozen=True)
class Claims:
    """``each`` holds claims per second by number of worker processes: the median round; ``spread`` lowest and highest."""

    engine: str
    each: dict[int, float]
    spread: dict[int, tuple[float, float]]

    def ratio(self, workers: int) -> float:
        """Against one worker."""
        return self.each[workers] / self.each[1]


def measure(grounds: Grounds, *, quick: bool = False) -> list[Claims]:
    """Every number of workers in turn, several rounds."""
    pool, rounds = (QUICK_POOL, QUICK_ROUNDS) if quick else (POOL, ROUNDS)
    return [_claims(grounds.estate(engine, POSTS), pool, rounds) for engine in ENGINES]


def lines(found: Sequence[Claims]) -> list[Line]:
    """The table's rows."""
    return [
        Line(
            f"claim, {claims.engine}: {workers} worker{'s' if workers > 1 else ''}, each row once",
            f"{claims.each[workers]:.0f} claims/s ({claims.spread[workers][0]:.0f} to {claims.spread[workers][1]:.0f})"
            + (f", {claims.ratio(workers):.2f} x one worker" if workers > 1 else ""),
        )
        for claims in found
        for workers in WORKERS
    ]


def _claims(estate: Estate, pool: int, rounds: int) -> Claims:
    rates: dict[int, list[float]] = {workers: [] for workers in WORKERS}
    for _ in range(rounds):
        for workers in WORKERS:
            rates[workers].append(pool / _race(estate, workers, pool))
    each = {workers: sorted(found)[len(found) // 2] for workers, found in rates.items()}
    return Claims(
        estate.engine, each, {workers: (min(found), max(found)) for workers, found in rates.items()}
    )


def _race(estate: Estate, workers: int, pool: int) -> float:
    """Seconds from the start signal until the pool is empty."""
    ids = _make_due(estate, pool)
    rings = [id for place, id in enumerate(ids) for _ in range(2 if place % TWICE == 0 else 1)]
    spawning = multiprocessing.get_context("spawn")
    start, place, taken = spawning.Barrier(workers + 1), spawning.Value("i", 0), spawning.Queue()
    arguments = (estate.config, rings, start, place, taken)
    crew = [spawning.Process(target=_work, args=arguments) for _ in range(workers)]
    for worker in crew:
        worker.start()
    start.wait()
    begun = time.perf_counter()
    found = [taken.get(timeout=300) for _ in crew]
    seconds: float = max(ended for _ids, ended in found) - begun
    for worker in crew:
        worker.join()
    _check(estate, ids, Counter(id for claimed, _ended in found for id in claimed))
    return seconds


def _work(config: Config, rings: list[int], start: Barrier, place: Any, taken: Any) -> None:
    """One worker process: the rings go round as from a queue."""
    app = app_on(config)
    with app.app_context():
        now, claimed = _last_due(), []
        start.wait()
        while (ring := _next(place)) < len(rings):
            if deliveries.claim(rings[ring], now, "a-worker"):
                claimed.append(rings[ring])
            db.session.remove()
        taken.put((claimed, time.perf_counter()))
        db.engine.dispose()


def _next(place: Any) -> int:
    with place.get_lock():
        place.value += 1
        return int(place.value) - 1


def _last_due() -> Any:
    """An instant at which everything in the database is due."""
    found = db.session.scalar(select(func.max(Delivery.due_at)))
    db.session.rollback()
    assert found
    return found + MONTH


def _make_due(estate: Estate, pool: int) -> list[int]:
    """The same deliveries each time, scheduled again."""
    with estate.app.app_context():
        db.session.execute(
            text("UPDATE delivery SET state = 'scheduled', lease_token = NULL WHERE state = 'publishing'")
        )
        db.session.execute(text("DELETE FROM attempt WHERE closed_at IS NULL"))
        db.session.commit()
        scheduled = select(Delivery.id).where(Delivery.state == State.SCHEDULED)
        ids = list(db.session.scalars(scheduled.order_by(Delivery.due_at).limit(pool)))
        db.session.remove()
    return ids


def _check(estate: Estate, ids: list[int], claimed: Counter[int]) -> None:
    """Each once, by what the workers say and by what the ledger says."""
    assert claimed == Counter(ids), "a row was claimed twice, or never"
    with estate.app.app_context():
        opened = select(Attempt.delivery_id).where(Attempt.closed_at.is_(None))
        assert sorted(db.session.scalars(opened)) == sorted(ids)
        db.session.remove()


if __name__ == "__main__":
    main(measure, lines)
