"""How many calls the numbers of 1,000 posts cost: ``python -m tests.benchmarks.engagement``.

Counted by the simulated platforms themselves while the worker's own verb reads posts of which three ages are due at
once, on one channel and spread over ten; and what finding the channels with something due costs in a large house.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import func, insert, select

from calendar_app import channels, engagement, planning, sampling
from calendar_app.extensions import db
from calendar_app.models import Channel, Delivery, Snapshot, State
from publishers import get
from publishers.simulators import bluesky, mastodon
from publishers.simulators.server import Server
from publishers.values import Connected, Destination
from tests.benchmarks.estates import MONTH, Estate
from tests.benchmarks.figures import Line, Spread, at_most, spread, timed
from tests.benchmarks.grounds import ENGINES, Grounds, app_on, main
from tests.people import Cast, a_draft, gather

POSTS = 1000
OVER = (1, 10)
SIZES, QUICK_SIZES = (10_000, 1_000_000), (10_000, 40_000)
AGE = timedelta(hours=7)
AGES_PASSED = 3


@dataclass(frozen=True)
class Calls:
    """``calls`` counts API calls for ``posts`` posts spread evenly over ``channels``; ``batch`` is the platform's most."""

    platform: str
    posts: int
    channels: int
    batch: int
    calls: int

    @property
    def fewest(self) -> int:
        """As many as full batches take."""
        return self.channels * -(-self.posts // self.channels // self.batch)


@dataclass(frozen=True)
class Finding:
    """``engagement.due_channels`` at each size (posts in all), nothing due and a month's posts due."""

    engine: str
    nothing: dict[int, Spread]
    month: dict[int, Spread]


@dataclass(frozen=True)
class Engagement:
    """Both measurements."""

    calls: list[Calls]
    finding: list[Finding]


def measure(grounds: Grounds, *, quick: bool = False) -> Engagement:
    """Calls on each platform; the search on each engine."""
    sizes, rounds = (QUICK_SIZES, 20) if quick else (SIZES, 100)
    return Engagement(
        [_calls(grounds, platform, over) for platform in PLATFORMS for over in OVER],
        [_finding([grounds.estate(engine, size) for size in sizes], rounds) for engine in ENGINES],
    )


def lines(found: Engagement) -> list[Line]:
    """The table's rows."""
    told = [
        Line(
            f"engagement, {one.platform}: calls per {one.posts:,} posts on {one.channels} channel(s)",
            f"{one.calls} (batches of {one.batch})",
            f"{one.fewest}",
            one.calls == one.fewest,
        )
        for one in found.calls
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


def _calls(grounds: Grounds, platform: str, over: int) -> Calls:
    serve, connect = PLATFORMS[platform]
    app = app_on(grounds.config("sqlite"))
    with app.app_context(), serve() as server:
        cast = gather(datetime.now(UTC))
        chosen = [_channel(cast, platform, connect(server, f"tea{number}")) for number in range(over)]
        for number, channel in enumerate(chosen):
            _published(cast, channel, server, f"tea{number}", POSTS // over)
        before = server.control.stats()["requests"]
        assert sorted(engagement.due_channels(cast.now)) == sorted(channel.id for channel in chosen)
        for channel in chosen:
            sampling.sample(channel.id, lambda: cast.now)
        calls = server.control.stats()["requests"] - before
        _check(cast)
        db.session.remove()
        db.engine.dispose()
    return Calls(platform, POSTS, over, get(platform).metrics_batch, calls)


def _channel(cast: Cast, platform: str, connected: Connected) -> Channel:
    channel = channels.keep(cast.tea, platform, connected, cast.now)
    db.session.commit()
    return channel


def _published(cast: Cast, channel: Channel, server: Server, account: str, count: int) -> None:
    """Posts that went out seven hours ago and were never looked at since."""
    post = planning.write(cast.tea, a_draft(at=cast.now + timedelta(hours=1)), cast.ana, cast.now)
    db.session.flush()
    at = cast.now - AGE
    common = {
        "workspace_id": cast.tea.id, "post_id": post.id, "channel_id": channel.id, "state": State.PUBLISHED, "digest": "",
        "key": "", "promised_at": at, "not_later_than": at, "due_at": at, "published_at": at, "created_at": at,
        "sample_at": at + timedelta(minutes=10),
    }  # fmt: skip
    ids = [server.control.post(account, f"Post {number}.")["id"] for number in range(count)]
    db.session.execute(insert(Delivery), [common | {"remote_id": str(id)} for id in ids])
    db.session.commit()


def _check(cast: Cast) -> None:
    """Every post has one sample, and none waits any more."""
    assert db.session.scalar(select(func.count()).select_from(Snapshot)) == POSTS
    assert set(db.session.scalars(select(Delivery.sampled))) == {AGES_PASSED}
    assert engagement.due_channels(cast.now) == []


def _toots(server: Server, handle: str) -> Connected:
    token = server.control.account(handle, "Tea")["access_token"]
    bare = Destination(server.url, "", "", get("mastodon").default_limits, {"access_token": token})
    return get("mastodon").discover(bare)


def _skies(server: Server, handle: str) -> Connected:
    account = server.control.account(f"{handle}.test", "Tea")
    typed = {"handle": account["handle"], "app_password": account["app_password"]}
    return get("bluesky").connect(typed | {"service": server.url})


Platform = tuple[Callable[[], AbstractContextManager[Server]], Callable[[Server, str], Connected]]
PLATFORMS: dict[str, Platform] = {
    "mastodon": (lambda: mastodon.serve(rate_limits=False), _toots),
    "bluesky": (lambda: bluesky.serve(rate_limits=False), _skies),
}


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
