"""A worker of threads under way, with real processes: slow platforms, a stop in the middle, and what hangs."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from calendar_app import channels
from calendar_app.config import Config
from calendar_app.extensions import db
from calendar_app.models import Beat, Channel, Delivery, Post, State
from publishers import get
from publishers.simulators import mastodon
from publishers.simulators.server import Server
from publishers.values import Destination
from tests.people import Cast, a_channel, an_approved_post, gather
from tests.servers import RedisServer, wait_until
from tests.workers.crew import crew, kill_wholly
from tests.workers.test_under_fire import POSTING, a_picture, schedule, settled
from workers.lanes import THREADS

AT_ONCE = timedelta(0)
FOR_EVER = 100_000
READING = "/api/v1/statuses"


@pytest.fixture
def cast(app: Flask) -> Iterator[Cast]:
    with app.app_context():
        yield gather(datetime.now(UTC))


@pytest.fixture
def servers() -> Iterator[tuple[Server, Server]]:
    with mastodon.serve(rate_limits=False) as one, mastodon.serve(rate_limits=False) as other:
        yield one, other


def a_channel_at(cast: Cast, server: Server) -> Channel:
    token = server.control.account("tea", "Tea")["access_token"]
    bare = Destination(server.url, "", "", get("mastodon").default_limits, {"access_token": token})
    found = channels.keep(cast.tea, "mastodon", get("mastodon").discover(bare), cast.now)
    db.session.commit()
    return found


def in_state(state: State) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).where(Delivery.state == state)) or 0


def test_a_slow_platform_delays_no_other(cast: Cast, servers: tuple[Server, Server], config: Config) -> None:
    slow, quick = servers
    slow.control.fault("delay", POSTING, seconds=60, times=FOR_EVER)
    schedule(cast, a_channel_at(cast, slow), 12, timedelta(seconds=1), AT_ONCE)
    schedule(cast, a_channel_at(cast, quick), 12, timedelta(seconds=2), AT_ONCE)
    with crew(config) as hands:
        hands.start("clock")
        worker = hands.start("worker", "publish")
        wait_until(lambda: in_state(State.PUBLISHED) == 12, "the other platform's posts", 50)
        assert slow.control.records() == []
        assert in_state(State.PUBLISHING) <= 4, "a channel's share of the threads"
        kill_wholly(worker)


def test_numbers_that_many_channels_wait_for_delay_no_upload(
    cast: Cast, servers: tuple[Server, Server], config: Config, tmp_path: Path
) -> None:
    hanging, quick = servers
    hanging.control.fault("delay", {"path_prefix": READING}, seconds=100, times=FOR_EVER)
    for _ in range(3 * THREADS):
        long_published(an_approved_post(cast, a_channel(cast.tea, base_url=hanging.url)), cast.now)
    picture, channel = a_picture(cast, tmp_path), a_channel_at(cast, quick)
    with crew(config) as hands:
        hands.start("clock")
        hands.start("worker", "publish")
        worker = hands.start("worker", "background")
        wait_until(lambda: asked_for(cast.now) >= THREADS // 2, "the numbers to be asked for", 50)
        now = datetime.now(UTC)
        an_approved_post(cast, channel, at=now + timedelta(seconds=2), media=(picture,), now=now)
        wait_until(quick.control.records, "the post with its picture", 50)
        kill_wholly(worker)


def asked_for(since: datetime) -> int:
    """How many posts' numbers somebody reads, or has read."""
    db.session.rollback()
    return db.session.scalar(select(func.count()).where(Delivery.sample_at > since)) or 0


def long_published(post: Post, now: datetime) -> None:
    """Out for so long that its numbers are wanted."""
    (delivery,) = post.deliveries
    delivery.state, delivery.remote_id, delivery.check_at = State.PUBLISHED, "1", None
    delivery.published_at, delivery.sample_at = now - timedelta(hours=1), now
    db.session.commit()


def test_a_worker_stopped_in_a_burst_finishes_what_it_began_and_gives_back_the_rest(
    app: Flask, cast: Cast, servers: tuple[Server, Server], config: Config
) -> None:
    server, _ = servers
    server.control.fault("delay", POSTING, seconds=0.3, times=FOR_EVER)
    schedule(cast, a_channel_at(cast, server), 20, timedelta(seconds=1), AT_ONCE)
    with crew(config, RERING="600") as hands:
        hands.start("clock")
        worker = hands.start("worker", "publish")
        wait_until(server.control.records, "the first post")
        worker.signal(signal.SIGTERM)
        assert worker.end() == 0
        assert in_state(State.PUBLISHING) == 0
        assert in_state(State.SCHEDULED) > 0, "it was stopped before the end"
        hands.start("worker", "publish")
        wait_until(lambda: settled(app, 20), "the rest, long before it would be rung again", 60)
    published = Counter(record["text"] for record in server.control.records())
    assert published == {f"Post number {n}": 1 for n in range(20)}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_worker_in_which_something_hangs_ends_for_a_new_one_to_begin(
    cast: Cast, servers: tuple[Server, Server], config: Config
) -> None:
    server, _ = servers
    server.control.fault("delay", POSTING, seconds=100, times=FOR_EVER)
    schedule(cast, a_channel_at(cast, server), 1, timedelta(seconds=1), AT_ONCE)
    with crew(config, LEASE="1") as hands:
        hands.start("clock")
        worker = hands.start("worker", "publish")
        assert worker.end(90) == 1
        assert worker.says("errands hang; this process stops for a new one to begin")
        wait_until(lambda: in_state(State.PUBLISHING) == 0, "the lease to lapse")
        assert in_state(State.UNCONFIRMED) == 1


def beats() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Beat)) or 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_worker_that_is_stopped_while_redis_is_away_takes_its_leave(cast: Cast, config: Config) -> None:
    with RedisServer() as gone, crew(replace(config, redis_url=gone.url)) as hands:
        worker = hands.start("worker", "publish")
        wait_until(lambda: beats() == 1, "the worker")
        gone.stop()
        worker.process.send_signal(signal.SIGTERM)
        assert worker.end(60) == 0
        assert beats() == 0
