"""The clock's rounds: what it rings, and when it looks again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from redis import Redis

from calendar_app import store
from calendar_app.config import Config
from calendar_app.deliveries import GATE
from calendar_app.extensions import db
from calendar_app.models import Delivery, Hold, State
from tests.people import Cast, a_channel, an_approved_post, gather
from tests.servers import free_port
from workers.clock import TICK, Clock
from workers.rings import Bell

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
