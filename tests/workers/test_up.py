"""``almanac up``: what stands in its way is said plainly, and the whole house opens and closes."""

import http.client
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.servers import HOST, free_port, wait_until
from tests.workers.houses import House
from workers.up import CanNotStart, Options, check_ports, sole_owner


@pytest.fixture
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("d")


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as server:
        server.bind((HOST, 0))
        server.listen()
        yield server.getsockname()[1]


def up(data: Path, *arguments: str) -> House:
    environ = {"ALMANAC_DATA": str(data), "ALMANAC_DATABASE_URL": "", "ALMANAC_REDIS_URL": ""}
    return House("workers", "up", *arguments, environ=environ)


def test_a_port_in_use_is_named_with_a_way_out(data: Path, taken_port: int) -> None:
    with up(data, "--port", str(taken_port)) as house:
        assert house.end() == 1
    assert house.says(f"Port {taken_port} on 127.0.0.1 is already in use.")
    assert house.says("almanac up --port ")


def test_the_port_it_proposes_is_free(taken_port: int) -> None:
    with pytest.raises(CanNotStart) as refusal:
        check_ports(Options(port=taken_port))
    proposed = int(str(refusal.value).rpartition(" ")[2])
    check_ports(Options(port=proposed))


def test_the_ports_of_the_demo_are_looked_at_too(taken_port: int) -> None:
    with pytest.raises(CanNotStart, match="--bluesky-port"):
        check_ports(Options(port=free_port(), demo=True, mastodon_port=free_port(), bluesky_port=taken_port))


def test_a_second_almanac_on_the_same_folder_is_refused(data: Path) -> None:
    with sole_owner(data), up(data, "--port", str(free_port())) as house:
        assert house.end() == 1
    assert house.says(f"Almanac already runs on the data folder {data} (process {os.getpid()})")
    assert house.says("set ALMANAC_DATA to another folder")


def test_the_data_folder_is_closed_to_others(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir(mode=0o755)
    with sole_owner(folder):
        assert folder.stat().st_mode & 0o077 == 0


def test_a_bad_setting_stops_the_start_with_its_sentence(data: Path) -> None:
    environ = {"ALMANAC_DATA": str(data), "ALMANAC_REDIS_URL": "", "ALMANAC_LEASE": "soon"}
    with House("workers", "up", "--port", str(free_port()), environ=environ) as house:
        assert house.end() == 1
    assert house.says("ALMANAC_LEASE holds 'soon', which is no duration.")


def test_the_whole_house_opens_heals_and_closes(data: Path) -> None:
    port = free_port()
    with up(data, "--port", str(port)) as house:
        house.await_saying(f"Almanac is open at http://127.0.0.1:{port}")
        parts = {name_of(child): child.pid for child in children(house)}
        assert set(parts) == {
            *("redis-server", "almanac clock", "almanac web"),
            *("almanac publish", "almanac backgro", "almanac render"),
        }
        os.kill(parts["almanac web"], signal.SIGKILL)
        house.await_saying("web was ended by SIGKILL; starting again in 1 s.")
        wait_until(lambda: healthy(port), "the web process to come back", 60)
        everyone = psutil.Process(house.process.pid).children(recursive=True)
        house.signal(signal.SIGINT)
        assert house.end(120) == 0
    assert not (data / "almanac.db-wal").exists(), "the database is whole in its one file"
    psutil.wait_procs(everyone, timeout=10)
    assert not [process for process in everyone if process.is_running()]


def children(house: House) -> list[psutil.Process]:
    return psutil.Process(house.process.pid).children()


def name_of(process: psutil.Process) -> str:
    """What ``top`` shows, up to the kernel's 15 characters."""
    return Path(f"/proc/{process.pid}/comm").read_text().strip()


def healthy(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
