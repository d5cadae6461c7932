"""What every test may ask for: real servers, a fresh database on both engines, and the app upon them."""

import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from calendar_app import create_app, database
from calendar_app.config import Config
from calendar_app.extensions import db
from publishers.simulators import bluesky, mastodon
from publishers.simulators.server import Server
from tests.servers import PostgresServer, RedisServer, chromium_program

SECRET_KEY = "a secret of the tests that is long enough to sign with"
TEMPLATE = "almanac_template"
WALKS = "tests/browser/"
_numbers = itertools.count(1)


def migrate(url: str, data: Path) -> None:
    """Give an empty database the whole schema, and let go of it so that it can be copied."""
    app = create_app(Config(data=data, database_url=url, secret_keys=(SECRET_KEY,)))
    database.upgrade(app)
    with app.app_context():
        db.engine.dispose()


class OneHouseForAllWalks(LoadFileScheduling):
    """Files go to whichever process is free; those of ``tests/browser`` to one, which alone opens the house they share."""

    def _split_scope(self, nodeid: str) -> str:
        return WALKS if nodeid.startswith(WALKS) else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    """Asked by the process that hands out the tests."""
    return OneHouseForAllWalks(config, log)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """One Redis for the session; ``app`` empties it before each test."""
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser's program."""
    return chromium_program()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the whole schema and no rows, to be copied."""
    folder = tmp_path_factory.mktemp("template")
    migrate(f"sqlite:///{folder / 'almanac.db'}", folder)
    return folder / "almanac.db"


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a PostgreSQL database with the whole schema and no rows, to be used as a template."""
    migrate(postgres_server.create_database(TEMPLATE), tmp_path_factory.mktemp("template"))
    return TEMPLATE


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    copy = tmp_path / "almanac.db"
    shutil.copy(migrated_sqlite, copy)
    return f"sqlite:///{copy}"


@pytest.fixture
def postgres_url(migrated_postgres: str, postgres_server: PostgresServer) -> Iterator[str]:
    name = f"almanac_{os.getpid()}_{next(_numbers)}"
    yield postgres_server.create_database(name, migrated_postgres)
    postgres_server.drop_database(name)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh, migrated, empty database: the test runs once on each engine."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def config(database_url: str, redis_server: RedisServer, tmp_path: Path) -> Config:
    """A set-up with its own data folder; change it with ``dataclasses.replace``."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    redis_server.flush()
    return Config(data=data, database_url=database_url, secret_keys=(SECRET_KEY,), redis_url=redis_server.url)


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Templates are compiled once for all the apps of a session."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def app(config: Config, compiled_templates: FileSystemBytecodeCache) -> Iterator[Flask]:
    """The app on a fresh database; tests open ``app.app_context()`` or ``app.test_client()`` themselves."""
    app = create_app(config)
    app.testing = True
    app.jinja_env.bytecode_cache = compiled_templates
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def mastodon_server() -> Iterator[Server]:
    """A Mastodon that fails on demand."""
    with mastodon.serve() as server:
        yield server


@pytest.fixture
def bluesky_server() -> Iterator[Server]:
    """A Bluesky host that fails on demand."""
    with bluesky.serve() as server:
        yield server
