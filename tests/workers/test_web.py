"""``almanac web`` as production starts it."""

import http.client
import signal
from collections.abc import Iterator

import psutil
import pytest

from calendar_app.config import Config
from tests.servers import HOST, PostgresServer, free_port, wait_until
from tests.workers.houses import House


class Site:
    """A running web process and its port."""

    def __init__(self, config: Config, *options: str) -> None:
        self.port = free_port()
        environ = {
            "ALMANAC_DATA": str(config.data),
            "ALMANAC_DATABASE_URL": config.database_url,
            "ALMANAC_REDIS_URL": config.redis_url or "",
            "ALMANAC_SECRET_KEY": config.secret_key,
        }
        self.house = House("workers", "web", "--port", str(self.port), *options, environ=environ)

    def status(self, path: str) -> int:
        """The status of a GET; 0 while nobody listens."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()


@pytest.fixture
def site(config: Config) -> Iterator[Site]:
    site = Site(config, "--workers", "2", "--access-log")
    with site.house:
        wait_until(lambda: site.status("/healthz") == 200, "the site to open", 60)
        yield site


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_it_serves_from_several_processes_and_closes_on_one_signal(site: Site) -> None:
    arbiter = psutil.Process(site.house.process.pid)
    wait_until(lambda: len(arbiter.children()) == 2, "both processes")
    site.house.signal(signal.SIGTERM)
    assert site.house.end() == 0
    assert site.status("/healthz") == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_access_log_shows_the_path_and_never_the_query(site: Site) -> None:
    site.status("/somewhere?token=moonlight")
    site.house.await_saying("GET /somewhere status=")
    assert not site.house.says("moonlight")


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_it_lives_without_its_database_but_is_not_ready(
    site: Site, config: Config, postgres_server: PostgresServer
) -> None:
    postgres_server.drop_database(config.database_url.rpartition("/")[2])
    assert site.status("/healthz") == 200
    assert site.status("/readyz") == 503
