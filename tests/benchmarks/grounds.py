"""Where measurements take place: databases on both engines, as durable as in production, and gone afterwards."""

from __future__ import annotations

import itertools
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from flask import Flask

from calendar_app import create_app, database
from calendar_app.config import Config
from calendar_app.extensions import db
from tests.benchmarks import estates
from tests.benchmarks.figures import Line, table
from tests.servers import PostgresServer, RedisServer

Found = TypeVar("Found")
ENGINES = ("postgres", "sqlite")
SECRET = "a secret for measurements that is long enough to sign with"
SETTINGS = {"fsync": "on", "full_page_writes": "on", "shared_buffers": "256MB", "max_wal_size": "8GB"}


class Grounds:
    """Servers and databases for one run, each started when it is first asked for; estates are built once.

    May be entered by whoever is handed it: all of it ends when the first to enter leaves.
    """

    def __init__(self) -> None:
        self._guests = 0
        self._stack = ExitStack()
        self._numbers = itertools.count(1)
        self._estates: dict[tuple[str, int], estates.Estate] = {}

    @cached_property
    def folder(self) -> Path:
        return Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="almanac-bench-")))

    @cached_property
    def postgres(self) -> PostgresServer:
        return self._stack.enter_context(PostgresServer(keeps_commits=True, **SETTINGS))

    @cached_property
    def redis(self) -> RedisServer:
        return self._stack.enter_context(RedisServer())

    def config(self, engine: str) -> Config:
        """A set-up upon a new, migrated, empty database; without a Redis."""
        name = f"almanac_{next(self._numbers)}"
        data = self.folder / name
        data.mkdir(mode=0o700)
        url = (
            f"sqlite:///{data / 'almanac.db'}" if engine == "sqlite" else self.postgres.create_database(name)
        )
        config = Config(data=data, database_url=url, secret_keys=(SECRET,))
        app = create_app(config)
        database.upgrade(app)
        with app.app_context():
            db.engine.dispose()
        return config

    def estate(self, engine: str, posts: int) -> estates.Estate:
        """A database that holds ``posts`` posts; the same one each time."""
        key = (engine, posts)
        if key not in self._estates:
            config = self.config(engine)
            self._estates[key] = estates.build(app_on(config), config, posts)
        return self._estates[key]

    def __enter__(self) -> Self:
        self._guests += 1
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._guests -= 1
        if not self._guests:
            self._close()

    def _close(self) -> None:
        for estate in self._estates.values():
            with estate.app.app_context():
                db.session.remove()
                db.engine.dispose()
        self._stack.close()


def app_on(config: Config) -> Flask:
    """The app; its forms are posted without the tokens that a page would give."""
    app = create_app(config)
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def main(measure: Callable[..., Found], lines: Callable[[Found], Sequence[Line]]) -> None:
    """Run one measurement alone: ``python -m tests.benchmarks.NAME [--quick]``."""
    with Grounds() as grounds:
        print(table(lines(measure(grounds, quick="--quick" in sys.argv[1:]))))
