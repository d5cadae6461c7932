"""How fast a burst is drained, against bare RQ: ``python -m tests.benchmarks.burst [--quick]``.

A thousand deliveries are due at the same second, on several channels or on one, and two workers publish them. Bare RQ runs
as many jobs that make the same single POST with the same client, to the same server, with two workers of the same class;
forking ones are measured beside. Both sides talk to a platform that costs next to nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import func, select, update

from calendar_app import approval, channels, planning
from calendar_app.config import Config
from calendar_app.extensions import db
from calendar_app.models import Beat, Channel, Delivery, Workspace
from publishers import get
from publishers.values import Connected
from tests.benchmarks import bare
from tests.benchmarks.figures import Line, at_most
from tests.benchmarks.grounds import ENGINES, Grounds, app_on, main
from tests.benchmarks.quick_platform import QuickPlatform
from tests.people import a_draft, gather
from tests.servers import wait_until
from tests.workers.crew import crew

COUNT, QUICK_COUNT = 1000, 100
CHANNELS = 10
READY, FOR_EACH = timedelta(seconds=3), timedelta(milliseconds=3)
TARGET = 1.5


@dataclass(frozen=True)
class Drained:
    """One way of draining ``count`` deliveries on ``channels`` channels; ``ratio`` is against bare RQ's SimpleWorker."""

    engine: str
    channels: int
    count: int
    seconds: float
    early: int
    ratio: float


@dataclass(frozen=True)
class Burst:
    """Seconds for ``count`` jobs or deliveries with two workers; bare RQ by the class of its workers."""

    count: int
    bare_simple: float
    bare_forking: float
    ledger: tuple[Drained, ...]

    @property
    def worst(self) -> float:
        """The largest ratio."""
        return max(drained.ratio for drained in self.ledger)


def measure(grounds: Grounds, *, quick: bool = False) -> Burst:
    """Drain the burst in every way, one after the other; bare RQ before and after, its mean counts."""
    count = QUICK_COUNT if quick else COUNT
    url = grounds.redis.url
    with QuickPlatform() as platform:
        before = bare.drain("simple", url, platform, count)
        forking = bare.drain("forking", url, platform, count)
        runs = [(engine, channels) for engine in ENGINES for channels in (CHANNELS, 1)]
        seconds = {run: _drained(grounds, platform, *run, count) for run in runs}
        simple = (before + bare.drain("simple", url, platform, count)) / 2
    ledger = [Drained(*run, count, took, early, took / simple) for run, (took, early) in seconds.items()]
    return Burst(count, simple, forking, tuple(ledger))


def lines(found: Burst) -> list[Line]:
    """The table's rows."""
    bare_rq = f"bare RQ, two workers: {found.bare_simple:.2f} s simple, {found.bare_forking:.2f} s forking"
    told = [Line(f"burst of {found.count:,}", bare_rq)]
    for one in found.ledger:
        name = f"burst, {one.engine}, {one.channels} channel(s): against bare RQ"
        told.append(at_most(name, one.ratio, TARGET, "x", f"({one.seconds:.2f} s)"))
        told.append(at_most(f"burst, {one.engine}, {one.channels} channel(s): early", one.early, 0, ""))
    return told


def _drained(
    here: Grounds, platform: QuickPlatform, engine: str, channels: int, count: int
) -> tuple[float, int]:
    platform.forget()
    here.redis.flush()
    config = replace(here.config(engine), redis_url=here.redis.url)
    promise(config, platform.url, channels, [datetime.now(UTC) + timedelta(days=1)] * count)
    with at_work(config) as app:
        due_at = datetime.now(UTC).replace(microsecond=0) + READY + count * FOR_EACH
        move(app, [due_at] * count)
        await_all(platform, count, bare.PATIENCE)
        arrived = [at for _, at in platform.arrivals()]
    return max(arrived) - due_at.timestamp(), sum(at < due_at.timestamp() for at in arrived)


@contextmanager
def at_work(config: Config) -> Iterator[Flask]:
    """A clock and two workers that are ready; the app that they work upon."""
    app = app_on(config)
    with crew(config) as hands:
        hands.environ["ALMANAC_LOG_FORMAT"] = "json"
        clock = hands.start("clock")
        for _ in range(2):
            hands.start("worker", "publish")
        clock.await_saying("the clock is ticking")
        with app.app_context():
            wait_until(lambda: _beating() == 2, "two workers", 60)
        try:
            yield app
        finally:
            with app.app_context():
                db.session.remove()
                db.engine.dispose()


def _beating() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).where(Beat.kind == "publish")) or 0


def move(app: Flask, instants: Sequence[datetime]) -> None:
    """Let the deliveries be due at these instants instead, in the order of their ids."""
    with app.app_context():
        ids = db.session.scalars(select(Delivery.id).order_by(Delivery.id)).all()
        rows = [
            {"id": id, "due_at": at, "promised_at": at, "not_later_than": at + timedelta(hours=2)}
            for id, at in zip(ids, instants, strict=True)
        ]
        db.session.execute(update(Delivery), rows)
        db.session.commit()
        db.session.remove()


def promise(config: Config, url: str, count: int, instants: Sequence[datetime]) -> dict[str, float]:
    """Approve a post for each instant, in turn on ``count`` channels at ``url``; the promised second of each text."""
    app = app_on(config)
    with app.app_context():
        now = datetime.now(UTC)
        cast = gather(now)
        chosen = [_channel(cast.tea, url, number, now) for number in range(count)]
        for number, instant in enumerate(instants):
            draft = a_draft(chosen[number % count], text=f"Post {number}.", at=instant)
            post = planning.write(cast.tea, draft, cast.ana, now)
            approval.approve(post, post.revision, cast.bo, now)
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
    return {f"Post {number}.": instant.timestamp() for number, instant in enumerate(instants)}


def _channel(workspace: Workspace, url: str, number: int, now: datetime) -> Channel:
    """A channel as if it had been connected, at a server that sets no pace."""
    found = Connected(
        base_url=url,
        remote_id=str(number),
        handle=f"tea{number}",
        name="Tea",
        avatar_url="",
        profile_url=url,
        limits=get("mastodon").default_limits,
        credentials={"access_token": f"a-token-of-the-tests-{number}"},
        traits={"software": "mastodon", "pace": "none"},
    )
    return channels.keep(workspace, "mastodon", found, now)


def await_all(platform: QuickPlatform, count: int, seconds: float) -> None:
    """Wait until ``count`` posts arrived, asking seldom."""
    deadline = time.monotonic() + seconds
    while platform.count() < count:
        assert time.monotonic() < deadline, f"{platform.count()} of {count} arrived in {seconds:.0f} s"
        time.sleep(0.25)


if __name__ == "__main__":
    main(measure, lines)
