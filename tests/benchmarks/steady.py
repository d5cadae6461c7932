"""How late posts are under a steady load: ``python -m tests.benchmarks.steady [--quick]``.

Posts at random instants on several channels, one clock and two workers. Lateness is the arrival of the
POST at a platform that costs next to nothing, against the promised instant, both by this machine's clock.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from tests.benchmarks import burst
from tests.benchmarks.figures import Line, at_most, tail
from tests.benchmarks.grounds import Grounds, main
from tests.benchmarks.quick_platform import QuickPlatform

LOADS = (("postgres", 300, 600), ("sqlite", 300, 120), ("postgres", 1000, 120), ("postgres", 3000, 60))
QUICK_LOADS = (("postgres", 300, 15), ("sqlite", 300, 15))
PROMISED = 300
MEDIAN, P99 = 50.0, 500.0


@dataclass(frozen=True)
class Steady:
    """Milliseconds late over ``count`` posts, ``per_minute`` for ``seconds``; ``early`` are before their instant."""

    engine: str
    per_minute: int
    seconds: int
    count: int
    early: int
    minimum: float
    median: float
    p95: float
    p99: float
    maximum: float


def measure(grounds: Grounds, *, quick: bool = False) -> list[Steady]:
    """Publish at each load, one after the other."""
    with QuickPlatform() as platform:
        return [_steady(grounds, platform, *load) for load in (QUICK_LOADS if quick else LOADS)]


def lines(found: Sequence[Steady]) -> list[Line]:
    """The table's rows; only the promised load has targets."""
    told = []
    for one in found:
        name = f"steady, {one.engine}, {one.per_minute} a minute for {one.seconds} s"
        if one.per_minute == PROMISED:
            told += [
                at_most(f"{name}: p50", one.median, MEDIAN, "ms"),
                at_most(f"{name}: p99", one.p99, P99, "ms", f"(at most {one.maximum:.1f})"),
            ]
        else:
            told.append(Line(name, f"p50 {one.median:.1f}, p99 {one.p99:.1f}, max {one.maximum:.1f} ms"))
        told.append(at_most(f"{name}: early", one.early, 0, ""))
    return told


def _steady(grounds: Grounds, platform: QuickPlatform, engine: str, per_minute: int, seconds: int) -> Steady:
    platform.forget()
    grounds.redis.flush()
    count = per_minute * seconds // 60
    config = replace(grounds.config(engine), redis_url=grounds.redis.url)
    burst.promise(config, platform.url, burst.CHANNELS, [datetime.now(UTC) + timedelta(days=1)] * count)
    with burst.at_work(config) as app:
        instants = _instants(count, seconds)
        burst.move(app, instants)
        burst.await_all(platform, count, seconds + 120)
        arrivals = platform.arrivals()
    promised = {f"Post {number}.": at.timestamp() for number, at in enumerate(instants)}
    late = [1000 * (at - promised[text]) for text, at in arrivals]
    return Steady(engine, per_minute, seconds, count, *tail(late))


def _instants(count: int, seconds: int) -> list[datetime]:
    """Random, in order, from a moment from now on: writing them all takes a part of it."""
    chance = random.Random(1)
    first = datetime.now(UTC) + burst.READY + count * burst.FOR_EACH
    return sorted(first + timedelta(seconds=chance.random() * seconds) for _ in range(count))


if __name__ == "__main__":
    main(measure, lines)
