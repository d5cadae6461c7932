"""Killed workers and emptied queues, with real processes: nothing twice, nothing lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import func, select

from calendar_app import approval, channels, library, planning, sweeps, triage
from calendar_app.config import Config
from calendar_app.extensions import db
from calendar_app.models import Channel, Delivery, Hold, Post, State
from publishers import get
from publishers.simulators import mastodon
from publishers.simulators.server import Server
from publishers.values import Destination
from tests.people import Cast, a_draft, an_approved_post, gather
from tests.servers import RedisServer, wait_until
from tests.workers.crew import Crew, crew, kill_wholly

POSTING = {"method": "POST", "path_prefix": "/api/v1/statuses"}
UPLOADING = {"method": "POST", "path_prefix": "/api/v2/media"}


@pytest.fixture
def server() -> Iterator[Server]:
    with mastodon.serve(rate_limits=False) as running:
        yield running


@pytest.fixture
def cast(app: Flask) -> Iterator[Cast]:
    with app.app_context():
        yield gather(datetime.now(UTC))


@pytest.fixture
def channel(cast: Cast, server: Server) -> Channel:
    token = server.control.account("tea", "Tea")["access_token"]
    bare = Destination(server.url, "", "", get("mastodon").default_limits, {"access_token": token})
    found = channels.keep(cast.tea, "mastodon", get("mastodon").discover(bare), cast.now)
    db.session.commit()
    return found


@pytest.fixture
def hands(config: Config) -> Iterator[Crew]:
    with crew(config, "tests.chaos.hasty", LEASE="5", RERING="2") as people:
        yield people


def schedule(cast: Cast, channel: Channel, count: int, first: timedelta, apart: timedelta) -> None:
    """``count`` approved posts from ``first`` from now on, ``apart`` from each other."""
    now = datetime.now(UTC)
    for number in range(count):
        draft = a_draft(channel, text=f"Post number {number}", at=now + first + number * apart)
        post = planning.write(cast.tea, draft, cast.ana, now)
        approval.submit(post, cast.ana, now)
        approval.approve(post, post.revision, cast.bo, now)
    db.session.commit()


def a_picture(cast: Cast, folder: Path) -> planning.Attached:
    """A file in the tea brand's library, with alt text."""
    path = folder / "tea.jpg"
    Image.new("RGB", (64, 48), "seagreen").save(path)
    asset = library.add(cast.tea, path, "tea.jpg", cast.ana, cast.now)
    db.session.commit()
    return planning.Attached(asset.id, "A green field of tea")


def settled(app: Flask, count: int) -> bool:
    """Whether all deliveries are out."""
    db.session.rollback()
    return (
        db.session.scalar(select(func.count()).select_from(Delivery).where(Delivery.state == State.PUBLISHED))
        == count
    )


def counts(server: Server) -> Counter[str]:
    return Counter(record["text"] for record in server.control.records())


@pytest.mark.parametrize("fault", ["delay", "delay_after"])
def test_a_worker_killed_during_a_publish_loses_nothing_and_repeats_nothing(
    app: Flask, cast: Cast, channel: Channel, server: Server, hands: Crew, fault: str
) -> None:
    server.control.fault(fault, POSTING, seconds=20, times=1)
    schedule(cast, channel, 3, timedelta(seconds=1), timedelta(milliseconds=200))
    hands.start("clock")
    worker = hands.start("worker", "publish")
    wait_until(lambda: any(r["method"] == "POST" for r in server.control.requests()), "a call under way")
    kill_wholly(worker)
    server.control.clear_faults()
    hands.start("worker", "publish")
    hands.start("worker", "background")
    wait_until(lambda: settled(app, 3), "all three published", 30)
    assert counts(server) == {f"Post number {n}": 1 for n in range(3)}


def test_redis_emptied_at_any_moment_loses_nothing_and_repeats_nothing(
    app: Flask, cast: Cast, channel: Channel, server: Server, hands: Crew, redis_server: RedisServer
) -> None:
    schedule(cast, channel, 24, timedelta(seconds=1), timedelta(milliseconds=150))
    hands.start("clock")
    hands.start("worker", "background")
    for _ in range(2):
        hands.start("worker", "publish")

    flushed_at: set[int] = set()

    def flushed_at_each_publish_and_settled() -> bool:
        published = len(server.control.records())
        if published not in flushed_at:
            redis_server.flush()
            flushed_at.add(published)
        return settled(app, 24)

    wait_until(flushed_at_each_publish_and_settled, "all published", 90)
    assert len(flushed_at) > 5
    assert counts(server) == {f"Post number {n}": 1 for n in range(24)}


def test_a_post_held_because_its_upload_was_killed_goes_out_when_a_person_retries_it(
    app: Flask,
    cast: Cast,
    channel: Channel,
    server: Server,
    hands: Crew,
    redis_server: RedisServer,
    tmp_path: Path,
) -> None:
    server.control.fault("delay", UPLOADING, seconds=60, times=1)
    at, picture = cast.now + timedelta(seconds=20), a_picture(cast, tmp_path)
    post = an_approved_post(cast, channel, at=at, media=(picture,), text="Post number 0")
    hands.start("clock")
    hands.start("worker", "publish")
    background = hands.start("worker", "background")
    wait_until(lambda: is_uploading(post), "an upload under way", 40)
    kill_wholly(background)
    server.control.clear_faults()
    sweeps.hold(Delivery.post_id == post.id, Hold.LATE)
    db.session.commit()
    triage.retry(post.deliveries[0], cast.bo, datetime.now(UTC))
    db.session.commit()
    hands.start("worker", "background")
    redis_server.flush()
    wait_until(lambda: settled(app, 1), "the post with its picture", 60)
    assert counts(server) == {"Post number 0": 1}


def is_uploading(post: Post) -> bool:
    db.session.rollback()
    return post.deliveries[0].preparing_until is not None


def test_redis_gone_for_a_while_delays_and_loses_nothing(
    app: Flask, cast: Cast, channel: Channel, server: Server, hands: Crew, redis_server: RedisServer
) -> None:
    schedule(cast, channel, 4, timedelta(seconds=1), timedelta(milliseconds=300))
    clock = hands.start("clock")
    worker = hands.start("worker", "publish")
    redis_server.restart(keep=False)
    if worker.process.poll() is not None:
        hands.start("worker", "publish")
    wait_until(lambda: settled(app, 4), "all published", 60)
    assert clock.process.poll() is None
    assert counts(server) == {f"Post number {n}": 1 for n in range(4)}


def test_two_clocks_and_four_workers_publish_each_post_once(
    app: Flask, cast: Cast, channel: Channel, server: Server, hands: Crew
) -> None:
    schedule(cast, channel, 30, timedelta(seconds=2), timedelta(0))
    for _ in range(2):
        hands.start("clock")
        hands.start("worker", "publish")
        hands.start("worker", "publish")
    wait_until(lambda: settled(app, 30), "all published", 60)
    assert counts(server) == {f"Post number {n}": 1 for n in range(30)}


def test_nothing_is_published_before_its_second(
    app: Flask, cast: Cast, channel: Channel, server: Server, hands: Crew
) -> None:
    schedule(cast, channel, 10, timedelta(seconds=3), timedelta(milliseconds=137))
    hands.start("clock")
    hands.start("worker", "publish")
    wait_until(lambda: settled(app, 10), "all published", 60)
    promised = {d.variant.post.text: d.promised_at for d in db.session.scalars(select(Delivery)) if d.variant}
    for record in server.control.records():
        assert datetime.fromtimestamp(record["at"], UTC) >= promised[record["text"]]
