"""How late the visible call arrives: ``python -m tests.benchmarks.lateness [--quick]``.

Real clock and worker processes, SQLite and a real Redis, a simulated Mastodon in a process of its own. Lateness is the
arrival of the POST at the platform against the promised instant, both by this machine's clock.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.benchmarks.figures import Line, at_most, tail
from tests.benchmarks.grounds import Grounds, main
from tests.platforms import Platform
from tests.servers import wait_until
from tests.workers.crew import crew

AHEAD = timedelta(seconds=12)
APART = 0.5
COUNT, QUICK_COUNT = 100, 20


@dataclass(frozen=True)
class Lateness:
    """Milliseconds over all posts; ``early`` counts calls before their instant."""

    count: int
    early: int
    minimum: float
    median: float
    p95: float
    p99: float
    maximum: float


def measure(grounds: Grounds, *, quick: bool = False) -> Lateness:
    """Publish posts at random instants, two a second, and compare arrival with promise."""
    count = QUICK_COUNT if quick else COUNT
    grounds.redis.flush()
    config = replace(grounds.config("sqlite"), redis_url=grounds.redis.url)
    platform = Platform()
    try:
        promised = platform.promise(config, _instants(count))
        with crew(config) as hands:
            hands.start("clock")
            for _ in range(2):
                hands.start("worker", "publish")
            wait_until(lambda: len(platform.records()) == count, "all published", AHEAD.seconds + count + 60)
        return _compare(promised, platform.records())
    finally:
        platform.close()


def lines(found: Lateness) -> list[Line]:
    """The table's rows."""
    name = f"lateness of {found.count} posts, two a second, SQLite"
    return [
        at_most(f"{name}: p50", found.median, 50, "ms"),
        at_most(f"{name}: p99", found.p99, 500, "ms", f"(at most {found.maximum:.1f})"),
        at_most(f"{name}: early", found.early, 0, ""),
    ]


def _instants(count: int) -> list[datetime]:
    chance = random.Random(1)
    first = datetime.now(UTC) + AHEAD + timedelta(seconds=count * 0.05)
    return [first + timedelta(seconds=number * APART + chance.random() * APART) for number in range(count)]


def _compare(promised: dict[str, float], records: list[dict[str, Any]]) -> Lateness:
    late = [1000 * (r["at"] - promised[r["text"]]) for r in records]
    return Lateness(len(late), *tail(late))


if __name__ == "__main__":
    main(measure, lines)
