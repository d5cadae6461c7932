"""Connections: a lost one is noticed before it is used, and a worker opens no more than it keeps."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event, select, text

from calendar_app import create_app, database
from calendar_app.config import Config
from calendar_app.extensions import db

on_postgres = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)


def ask(app: Flask) -> int:
    """The server's number of the connection that is used."""
    with app.app_context():
        number = db.session.scalar(text("SELECT pg_backend_pid()"))
        db.session.remove()
    return int(number or 0)


@on_postgres
def test_a_connection_that_the_server_ended_is_replaced(
    app: Flask, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "REST", 0.0)
    ended = ask(app)
    with psycopg.connect(config.database_url.replace("+psycopg", ""), autocommit=True) as server:
        server.execute("SELECT pg_terminate_backend(%s, 10000)", (ended,))
    assert ask(app) != ended


@on_postgres
def test_a_worker_reuses_its_few_connections(config: Config) -> None:
    app, opened = create_app(config, database.FEW), []
    with app.app_context():
        event.listen(db.engine, "connect", lambda connection, record: opened.append(connection))

    def work(_number: int) -> None:
        with app.app_context():
            db.session.execute(select(1))
            db.session.remove()

    with ThreadPoolExecutor(24) as threads:
        list(threads.map(work, range(200)))
    assert len(opened) <= database.FEW["pool_size"]
    with app.app_context():
        db.engine.dispose()
