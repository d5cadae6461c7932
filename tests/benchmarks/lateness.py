"""How late the visible call arrives: ``python -m tests.benchmarks.lateness [COUNT]``.

Real clock and worker processes, SQLite and a real Redis, a simulated Mastodon in a process of its own. Lateness is the
arrival of the POST at the platform against the promised instant, both by this machine's clock.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from calendar_app.config import Config
from tests.platforms import Platform
from tests.servers import RedisServer, wait_until
from tests.workers.crew import crew

AHEAD = timedelta(seconds=12)
APART = 0.5
SECRET = "a secret for measurements that is long enough to sign with"


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


def measure(count: int = 100) -> Lateness:
    """Publish ``count`` posts at random instants and compare arrival with promise."""
    with tempfile.TemporaryDirectory() as folder, RedisServer() as redis_server:
        data = Path(folder)
        config = Config(
            data=data,
            database_url=f"sqlite:///{data / 'almanac.db'}",
            secret_keys=(SECRET,),
            redis_url=redis_server.url,
        )
        platform = Platform()
        try:
            promised = platform.promise(config, _instants(count))
            with crew(config) as hands:
                hands.start("clock")
                for _ in range(2):
                    hands.start("worker", "publish")
                wait_until(
                    lambda: len(platform.records()) == count, "all published", AHEAD.seconds + count + 60
                )
            return _compare(promised, platform.records())
        finally:
            platform.close()


def _instants(count: int) -> list[datetime]:
    chance = random.Random(1)
    first = datetime.now(UTC) + AHEAD + timedelta(seconds=count * 0.05)
    return [first + timedelta(seconds=number * APART + chance.random() * APART) for number in range(count)]


def _compare(promised: dict[str, float], records: list[dict[str, Any]]) -> Lateness:
    late = sorted(1000 * (r["at"] - promised[r["text"]]) for r in records)
    cuts = statistics.quantiles(late, n=100, method="inclusive")
    return Lateness(
        count=len(late),
        early=sum(value < 0 for value in late),
        minimum=late[0],
        median=statistics.median(late),
        p95=cuts[94],
        p99=cuts[98],
        maximum=late[-1],
    )


if __name__ == "__main__":
    print(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
