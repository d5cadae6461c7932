"""Whether this process lives, and whether the house is ready: two questions, and neither tells a secret."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from calendar_app import create_app, vitals
from calendar_app.config import Config
from calendar_app.extensions import db
from calendar_app.models import Beat
from tests.conftest import SECRET_KEY
from tests.servers import RedisServer, free_port

PASSWORD = "a-password-of-nobody"


@pytest.fixture
def clock(app: Flask) -> Callable[..., None]:
    """A clock that gave its last sign so long ago."""

    def tick(ago: timedelta = timedelta(0)) -> None:
        with app.app_context():
            at = datetime.now(UTC) - ago
            db.session.merge(Beat(name="here:clock:1", kind="clock", host="here", pid=1, beat_at=at))
            db.session.commit()

    return tick


def ask(app: Flask) -> tuple[int, dict[str, str]]:
    answer = app.test_client().get("/readyz")
    assert answer.json["ready"] == (answer.status_code == 200)
    return answer.status_code, answer.json["checks"]


def test_a_process_lives_whoever_asks(app: Flask) -> None:
    answer = app.test_client().get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert "Set-Cookie" not in answer.headers


def test_a_house_with_database_redis_and_clock_is_ready(app: Flask, clock: Callable[..., None]) -> None:
    clock()
    assert ask(app) == (200, dict.fromkeys(("database", "migrations", "redis", "clock"), "ok"))


@pytest.mark.parametrize("ago", [None, vitals.SILENT + timedelta(seconds=30)])
def test_without_a_living_clock_it_is_not(
    app: Flask, clock: Callable[..., None], ago: timedelta | None
) -> None:
    if ago:
        clock(ago)
    code, checks = ask(app)
    assert code == 503
    assert checks.pop("clock").startswith("silent for 90 s" if ago else "none")
    assert set(checks.values()) == {"ok"}


def test_without_redis_it_is_not_and_no_password_is_told(config: Config, clock: Callable[..., None]) -> None:
    clock()
    nobody = replace(config, redis_url=f"redis://:{PASSWORD}@127.0.0.1:{free_port()}/0")
    code, checks = ask(create_app(nobody))
    assert code == 503 and checks["redis"] == "away (ConnectionError)"
    assert PASSWORD not in str(checks)


def test_a_web_host_that_names_no_redis_is_ready_without(config: Config, clock: Callable[..., None]) -> None:
    clock()
    code, checks = ask(create_app(replace(config, redis_url=None)))
    assert code == 200 and checks["redis"] == "not used"


def test_redis_that_comes_back_is_found_again(
    config: Config, clock: Callable[..., None], redis_server: RedisServer
) -> None:
    clock()
    app = create_app(config)
    redis_server.stop()
    assert ask(app)[0] == 503
    redis_server.start()
    assert ask(app)[0] == 200


def test_tables_of_another_version_are_named(app: Flask, clock: Callable[..., None]) -> None:
    clock()
    with app.app_context():
        db.session.execute(db.text("UPDATE alembic_version SET version_num = '0001'"))
        db.session.commit()
    code, checks = ask(app)
    assert code == 503 and checks["migrations"].startswith("not up to date")
    assert checks["database"] == "ok"


def test_a_database_that_is_away_is_told_by_its_kind_of_error_alone(config: Config) -> None:
    url = f"postgresql+psycopg://tea:{PASSWORD}@127.0.0.1:{free_port()}/almanac"
    away = Config(data=config.data, database_url=url, secret_keys=(SECRET_KEY,))
    code, checks = ask(create_app(away))
    assert code == 503
    assert checks["database"] == checks["migrations"] == checks["clock"] == "away (OperationalError)"


def test_a_database_that_never_answers_costs_the_asker_two_seconds_at_most(config: Config) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql+psycopg://tea@127.0.0.1:{silent.getsockname()[1]}/almanac?connect_timeout=3"
        code, checks = ask(create_app(replace(config, database_url=url)))
    assert code == 503 and checks["database"] == "no answer within 2 s"
