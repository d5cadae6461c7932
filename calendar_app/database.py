"""How the database is opened, and how its tables are brought up to date."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import flask_migrate
import psycopg
from flask import Flask
from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError

from calendar_app.extensions import db

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_SECONDS = 15
Pool = Mapping[str, int]

# A server with 100 connections carries four hosts of the usual processes.
POOL: Pool = {"pool_size": 5, "max_overflow": 7, "pool_timeout": 30}
# A worker's threads let go of their connection while they talk to a platform, so that few serve many; who finds none
# free waits for one. None is opened only for a moment: that costs more than all that a delivery does with it.
FEW: Pool = {"pool_size": 5, "max_overflow": 0, "pool_timeout": 30}
# Of SQLite's writers one works at a time. Who waits for a connection is woken for its turn; who waits at the file looks
# again only by and by.
FEW_ON_SQLITE: Pool = {**FEW, "pool_size": 2}
REST = 0.1


def engine_options(url: str, pool: Pool) -> dict[str, Any]:
    """Pool and connection settings for ``url``."""
    if url.startswith("sqlite"):
        return {"connect_args": {"timeout": BUSY_SECONDS}, **(FEW_ON_SQLITE if pool is FEW else pool)}
    return dict(pool)


@event.listens_for(Engine, "connect")
def _configure_sqlite(connection: Any, _record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    # A transaction that is going to write says so as it begins: it then waits for its turn instead of failing later.
    connection.isolation_level = "IMMEDIATE"
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@event.listens_for(Engine, "connect")
def _configure_postgres(connection: Any, _record: Any) -> None:
    """Our queries read few rows of large tables: compiling one takes longer than running it a hundred times."""
    if isinstance(connection, psycopg.Connection):
        connection.execute("SET jit = off")
        connection.commit()


@event.listens_for(Engine, "checkin")
def _remember_when(connection: Any, record: Any) -> None:
    record.info["rests_since"] = time.monotonic()


@event.listens_for(Engine, "checkout")
def _ask_after_a_rest(connection: Any, record: Any, _fairy: Any) -> None:
    """Whether the server still knows this connection; one that worked a moment ago is believed to."""
    rested = time.monotonic() - record.info.get("rests_since", time.monotonic())
    if rested <= REST or not isinstance(connection, psycopg.Connection):
        return
    try:
        connection.autocommit = True
        connection.execute("SELECT 1")
        connection.autocommit = False
    except psycopg.Error as error:
        raise InvalidatePoolError from error


def upgrade(app: Flask) -> None:
    """Bring the tables of the app's database up to date."""
    with app.app_context():
        flask_migrate.upgrade(directory=str(MIGRATIONS))


def is_current(app: Flask) -> bool:
    """Whether every migration has been applied."""
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    with app.app_context(), db.engine.connect() as connection:
        heads = set(ScriptDirectory(str(MIGRATIONS)).get_heads())
        return set(MigrationContext.configure(connection).get_current_heads()) == heads


def forget_connections_after_fork(app: Flask) -> None:
    """A forked child must not talk over its parent's connections; it opens its own."""
    with app.app_context():
        engine = db.engine
    os.register_at_fork(after_in_child=lambda: engine.dispose(close=False))
