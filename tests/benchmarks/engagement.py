"""How many calls the numbers of 1,000 posts cost on each platform: ``python -m tests.benchmarks.engagement``.

Counted by the simulated platforms themselves while the worker's own verb reads posts of which several ages are due at
once, on one channel and spread over ten; and what finding the channels with something due costs in a large house.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import func, insert, or_, select

from calendar_app import channels, engagement, planning, sampling
from calendar_app.extensions import db
from calendar_app.models import Channel, Delivery, Snapshot, State
from calendar_app.settings import config
from publishers import get, simulators
from publishers.simulators.server import Server
from tests.benchmarks.estates import MONTH, Estate
from tests.benchmarks.figures import Line, Spread, at_most, spread, timed
from tests.benchmarks.grounds import ENGINES, Grounds, app_on, main
from tests.calendar_app.everywhere import ways_of
from tests.people import Cast, a_draft, gather
from tests.publishers.contract import Measures, connect
from tests.publishers.test_contract import SPEAKING

POSTS = 1000
OVER, QUICK_OVER = (1, 10), (1,)
SIZES, QUICK_SIZES = (10_000, 1_000_000), (10_000, 40_000)
AGE = timedelta(days=2)  # some platforms tell a day's numbers on the next


@dataclass(frozen=True)
class Calls:
    """``calls`` counts API calls for ``posts`` posts spread evenly over ``channels``; ``batch`` is the most that are read
    together, and ``fewest`` what that many posts take where every batch is full, as the platform's API is made."""

    platform: str
    posts: int
    channels: int
    batch: int
    calls: int
    fewest: int


@dataclass(frozen=True)
class Finding:
    """``engagement.due_channels`` at each size (posts in all), nothing due and a month's posts due."""

    engine: str
    nothing: dict[int, Spread]
    month: dict[int, Spread]


@dataclass(frozen=True)
class Engagement:
    """Both measurements; ``silent`` are the platforms that give no numbers."""

    calls: list[Calls]
    silent: list[str]
    finding: list[Finding]


def measure(grounds: Grounds, *, quick: bool = False) -> Engagement:
    """Calls on each platform; the search on each engine."""
    sizes, rounds, spreads = (QUICK_SIZES, 20, QUICK_OVER) if quick else (SIZES, 100, OVER)
    ways = {platform: _measuring(platform) for platform in SPEAKING}
    return Engagement(
        [_calls(grounds, way, over) for way in ways.values() if way for over in spreads],
        [platform for platform, way in ways.items() if way is None],
        [_finding([grounds.estate(engine, size) for size in sizes], rounds) for engine in ENGINES],
    )


def lines(found: Engagement) -> list[Line]:
    """The table's rows."""
    told = [
        Line(
            f"engagement, {one.platform}: calls per {one.posts:,} posts on {one.channels} channel(s)",
            f"{one.calls:,} ({_way(one)})",
            f"{one.fewest:,}",
            one.calls == one.fewest,
        )
        for one in found.calls
    ]
    told += [
        Line(f"engagement, {platform}: calls per {POSTS:,} posts", "0 (gives no numbers)")
        for platform in found.silent
    ]
    for one in found.finding:
        least, most = min(one.nothing), max(one.nothing)
        growth = one.nothing[most].median / one.nothing[least].median
        name = f"engagement, {one.engine}: channels with something due"
        told.append(
            at_most(f"{name}, {most:,} posts against {least:,}", growth, 1.5, "x", f"({one.nothing[most]})")
        )
        told.append(Line(f"{name}, a month's numbers missed", str(one.month[most])))
    return told


def _measuring(platform: str) -> type[Measures] | None:
    """What holds a platform to how many calls its numbers take; None where it gives none."""
    return next((way for way in ways_of(platform) if issubclass(way, Measures)), None)


def _way(one: Calls) -> str:
    """How the platform is asked."""
    if one.calls >= one.posts:
        return "one call a post" if one.calls == one.posts else "one call a post, and one for each batch"
    return f"batches of {one.batch}"


def _calls(grounds: Grounds, way: type[Measures], over: int) -> Calls:
    platform = way.publisher.name
    app = app_on(grounds.config("sqlite"))
    with app.app_context(), simulators.serve(platform, **{"rate_limits": False, **way.settings}) as server:
        cast = gather(datetime.now(UTC))
        chosen = [_furnished(cast, server, platform, number, POSTS // over) for number in range(over)]
        before = server.control.stats()["requests"]
        assert sorted(engagement.due_channels(cast.now)) == sorted(channel.id for channel in chosen)
        for channel in chosen:
            sampling.sample(channel.id, lambda: cast.now)
        calls = server.control.stats()["requests"] - before
        _check(cast)
        db.session.remove()
        db.engine.dispose()
    return Calls(
        platform, POSTS, over, get(platform).metrics_batch, calls, over * _fewest(way, POSTS // over)
    )


def _fewest(way: type[Measures], posts: int) -> int:
    """The calls for the posts of one channel, in batches as full as can be."""
    batch = way.publisher.metrics_batch
    sizes = [min(batch, posts - begun) for begun in range(0, posts, batch)]
    return sum(way.calls_for(size) for size in sizes)


def _furnished(cast: Cast, server: Server, platform: str, number: int, posts: int) -> Channel:
    """A channel with posts that went out two days ago."""
    account = server.control.account(f"tea{number}", "Tea")
    channel = channels.keep(cast.tea, platform, connect(platform, account), cast.now)
    db.session.commit()
    _published(cast, channel, server, account["handle"], posts)
    return channel


def _published(cast: Cast, channel: Channel, server: Server, account: str, count: int) -> None:
    """Posts that went out long ago and were never looked at since."""
    post = planning.write(cast.tea, a_draft(at=cast.now + timedelta(hours=1)), cast.ana, cast.now)
    db.session.flush()
    at = cast.now - AGE
    common = {
        "workspace_id": cast.tea.id, "post_id": post.id, "channel_id": channel.id, "state": State.PUBLISHED, "digest": "",
        "key": "", "promised_at": at, "not_later_than": at, "due_at": at, "published_at": at, "created_at": at,
        "sample_at": at + timedelta(minutes=10),
    }  # fmt: skip
    ids = [server.control.post(account, f"Post {number}.", at.isoformat())["id"] for number in range(count)]
    db.session.execute(insert(Delivery), [common | {"remote_id": str(id)} for id in ids])
    db.session.commit()


def _check(cast: Cast) -> None:
    """Every post has one sample with numbers in it, and none waits any more."""
    told = or_(*(getattr(Snapshot, name).is_not(None) for name in engagement.NAMES))
    assert db.session.scalar(select(func.count()).select_from(Snapshot).where(told)) == POSTS
    passed = sum(age <= AGE for age in config().sample_ages)
    assert set(db.session.scalars(select(Delivery.sampled))) == {passed}
    assert engagement.due_channels(cast.now) == []


def _finding(estates: Sequence[Estate], rounds: int) -> Finding:
    nothing: dict[int, list[float]] = {estate.posts: [] for estate in estates}
    month: dict[int, list[float]] = {estate.posts: [] for estate in estates}
    for _ in range(rounds):
        for estate in estates:
            with estate.app.app_context():
                nothing[estate.posts].append(timed(partial(engagement.due_channels, estate.now)))
                month[estate.posts].append(timed(partial(engagement.due_channels, estate.now + MONTH)))
                db.session.remove()
    return Finding(
        estates[0].engine,
        {posts: spread(seconds) for posts, seconds in nothing.items()},
        {posts: spread(seconds) for posts, seconds in month.items()},
    )


if __name__ == "__main__":
    main(measure, lines)
