"""The clock's rounds: what it rings, and when it looks again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from calendar_app import store
from calendar_app.config import Config
from calendar_app.deliveries import GATE
from calendar_app.extensions import db
from calendar_app.models import Delivery, FollowUp, Hold, State
from tests.people import Cast, a_channel, an_approved_post, gather
from tests.servers import free_port
from workers.clock import TICK, Clock
from workers.rings import MOST_WAITING, Bell, singles

INTERRUPTED_AT_EVERY_LINE = """
import signal, sys
from workers.clock import StopSign

def interrupt(*_):
    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGINT)
    return interrupt

stop = StopSign()
sys.settrace(interrupt)
stop.wait(60)
sys.settrace(None)
print(stop.is_set())
"""


@pytest.fixture
def cast(app: Flask) -> Iterator[Cast]:
    with app.app_context():
        yield gather()


@pytest.fixture
def delivery(cast: Cast) -> Delivery:
    return an_approved_post(cast, a_channel(cast.tea)).deliveries[0]


def rung(config: Config, queue: str = "publish") -> int:
    """How many jobs wait for a worker."""
    assert config.redis_url
    return int(Redis.from_url(config.redis_url).llen(f"rq:queue:{queue}"))  # type: ignore[arg-type]


def kinds(config: Config) -> list[str]:
    """What the background is rung for, in order."""
    assert config.redis_url
    queue = Queue("background", connection=Redis.from_url(config.redis_url), serializer=JSONSerializer)
    return [str(job.func_name).removeprefix("workers.jobs.") for job in queue.jobs]


def set_to(delivery: Delivery, **values: datetime | None) -> None:
    for name, value in values.items():
        setattr(delivery, name, value)
    db.session.commit()


def test_with_nothing_to_do_it_looks_again_in_a_second(config: Config, cast: Cast) -> None:
    assert Clock(Bell(config)).round(cast.now) == cast.now + TICK


def test_it_wakes_just_before_the_next_delivery_is_due(
    config: Config, cast: Cast, delivery: Delivery
) -> None:
    shortly_before = delivery.due_at - timedelta(milliseconds=900)
    assert Clock(Bell(config)).round(shortly_before) == delivery.due_at - GATE
    assert rung(config) == 0


def test_it_rings_once_for_what_is_due(config: Config, cast: Cast, delivery: Delivery) -> None:
    clock, now = Clock(Bell(config)), delivery.due_at - GATE
    clock.round(now)
    clock.round(now + TICK)
    assert rung(config) == 1


def test_it_rings_once_for_a_channel_whose_posts_are_to_be_looked_at_ahead(
    config: Config, cast: Cast, delivery: Delivery
) -> None:
    assert delivery.check_at == cast.now
    clock = Clock(Bell(config))
    for seconds in range(3):
        clock.round(cast.now + seconds * TICK)
    assert rung(config, "background") == 1


def test_files_of_what_is_due_already_are_rung_for_until_somebody_answers(
    config: Config, cast: Cast, delivery: Delivery
) -> None:
    late = delivery.due_at + timedelta(seconds=1)
    set_to(delivery, prepare_at=late, check_at=None)
    clock, again = Clock(Bell(config)), config.rering
    clock.round(late)
    clock.round(late + again - TICK)
    assert kinds(config) == ["prepare"]
    clock.round(late + again)
    assert kinds(config) == ["prepare", "prepare"]


def test_what_the_background_can_not_answer_soon_stays_due_in_the_database(
    config: Config, cast: Cast, delivery: Delivery
) -> None:
    clock, bell = Clock(Bell(config)), Bell(config)
    set_to(delivery, prepare_at=cast.now, look_at=cast.now)
    bell.ring("sample", singles(range(MOST_WAITING)))
    for seconds in range(3):
        clock.round(cast.now + seconds * TICK)
    assert rung(config, "background") == MOST_WAITING
    assert (delivery.prepare_at, delivery.look_at) == (cast.now, cast.now)
    Redis.from_url(str(config.redis_url)).flushdb()
    clock.round(cast.now + 3 * TICK)
    assert kinds(config) == ["prepare", "settle", "check"]


def test_what_follows_a_post_is_rung_for_until_somebody_says_it(
    config: Config, cast: Cast, delivery: Delivery
) -> None:
    set_to(delivery, check_at=None)
    due = {"due_at": cast.now, "not_later_than": cast.now + timedelta(hours=1)}
    db.session.add(FollowUp(delivery_id=delivery.id, position=0, text="More.", key="1", **due))
    db.session.commit()
    clock = Clock(Bell(config))
    for later in (timedelta(), TICK, config.rering):
        clock.round(cast.now + later)
    assert kinds(config) == ["follow", "follow"]


def test_numbers_and_looks_ahead_wait_while_the_background_is_busy(
    config: Config, cast: Cast, delivery: Delivery
) -> None:
    clock, bell = Clock(Bell(config)), Bell(config)
    set_to(delivery, prepare_at=cast.now, look_at=cast.now, sample_at=cast.now)
    bell.ring("audience", singles(range(MOST_WAITING // 2)))
    clock.round(cast.now)
    assert kinds(config)[MOST_WAITING // 2 :] == ["prepare", "settle"]
    Redis.from_url(str(config.redis_url)).flushdb()
    clock.round(cast.now + TICK)
    assert kinds(config) == ["check", "sample"]


def test_numbers_of_many_channels_are_rung_for_by_and_by(config: Config, cast: Cast) -> None:
    posts = [an_approved_post(cast, a_channel(cast.tea)) for _ in range(MOST_WAITING // 2 + 3)]
    for post in posts:
        set_to(post.deliveries[0], check_at=None, sample_at=cast.now)
    clock = Clock(Bell(config))
    clock.round(cast.now)
    assert rung(config, "background") == MOST_WAITING // 2
    Redis.from_url(str(config.redis_url)).flushdb()
    clock.round(cast.now + TICK)
    assert rung(config, "background") == 3


def test_rings_of_one_queue_live_alike(config: Config, cast: Cast) -> None:
    bell = Bell(config)
    for job in ("prepare", "settle", "check", "sample", "audience"):
        bell.ring(job, [(1,)])
    queue = Queue("background", connection=Redis.from_url(str(config.redis_url)), serializer=JSONSerializer)
    assert len({job.ttl for job in queue.jobs}) == 1


def test_without_redis_nothing_of_the_background_counts_as_rung(
    config: Config, cast: Cast, delivery: Delivery
) -> None:
    set_to(delivery, prepare_at=cast.now)
    Clock(Bell(replace(config, redis_url=f"redis://127.0.0.1:{free_port()}/0"))).round(cast.now)
    db.session.expire_all()
    assert (delivery.prepare_at, delivery.check_at) == (cast.now, cast.now)


def test_without_redis_it_neither_stops_nor_spins(config: Config, cast: Cast, delivery: Delivery) -> None:
    deaf = Clock(Bell(replace(config, redis_url=f"redis://127.0.0.1:{free_port()}/0")))
    assert deaf.round(delivery.due_at) == delivery.due_at + TICK
    db.session.expire_all()
    assert (delivery.state, delivery.rung_at) == (State.SCHEDULED, None)
    Clock(Bell(config)).round(delivery.due_at + TICK)
    assert rung(config) == 1


def test_after_a_long_absence_it_holds_what_is_late_and_rings_nothing(
    config: Config, cast: Cast, delivery: Delivery
) -> None:
    Clock(Bell(config)).round(delivery.not_later_than + timedelta(hours=8))
    db.session.expire_all()
    assert (delivery.state, delivery.held_reason) == (State.HELD, Hold.LATE)
    assert rung(config) == 0


def test_signals_in_the_middle_of_its_waiting_and_of_each_other_stop_it() -> None:
    command = [sys.executable, "-c", INTERRUPTED_AT_EVERY_LINE]
    run = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30)
    assert run.stdout == "True\n"


def test_files_that_an_upload_left_half_done_are_removed_in_its_daily_round(
    config: Config, cast: Cast
) -> None:
    left = store.scratch()
    long_ago = (cast.now - timedelta(days=2)).timestamp()
    os.utime(left, (long_ago, long_ago))
    Clock(Bell(config)).daily(cast.now)
    assert not left.exists()
