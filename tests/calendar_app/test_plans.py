"""How the databases answer the queries that run all the time: by an index, however many rows there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select, text

from calendar_app import create_app, engagement, feed, finding, sweeps, waiting
from calendar_app.config import Config
from calendar_app.extensions import db
from calendar_app.models import Delivery, Membership, Role, State, Workspace
from calendar_app.settings import config as settings
from tests.benchmarks import estates

POSTS = 8_000
Statement = tuple[str, Any]


@pytest.fixture
def estate(app: Flask, config: Config) -> Iterator[estates.Estate]:
    """Thousands of deliveries, half of them scheduled, with fresh statistics."""
    built = estates.build(app, config, POSTS)
    with app.app_context():
        yield built


@contextmanager
def statements() -> Iterator[list[Statement]]:
    said: list[Statement] = []

    def note(connection: object, cursor: object, statement: str, parameters: Any, *rest: object) -> None:
        said.append((statement, parameters))

    engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", note)


def plans(act: Callable[[], object]) -> list[str]:
    """The lines of the plans of all that ``act`` asks; nothing of it is kept."""
    with statements() as said:
        act()
    asked = list(said)
    db.session.rollback()
    word = "EXPLAIN" if db.engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    with db.engine.connect() as connection:
        return [
            str(row[-1]).strip()
            for statement, parameters in asked
            for row in connection.exec_driver_sql(f"{word} {statement}", parameters)
        ]


def walks(lines: list[str], table: str) -> list[str]:
    """The lines that read a whole table, or a whole index of it for its order alone."""
    sqlite = [line for line in lines if line.startswith(f"SCAN {table}")]
    return sqlite + [line for line in lines if f"Seq Scan on {table} " in line]


def uses(lines: list[str], index: str) -> bool:
    return any(index in line for line in lines)


def when_due(count: int) -> Any:
    scheduled = select(Delivery.due_at).where(Delivery.state == State.SCHEDULED).order_by(Delivery.due_at)
    return db.session.scalars(scheduled.offset(count - 1).limit(1)).one()


def test_the_agenda_is_read_off_the_partial_indexes(estate: estates.Estate) -> None:
    lines = plans(sweeps.agenda)
    assert walks(lines, "delivery") == []
    assert all(uses(lines, f"ix_delivery_{name}") for name in ("due", "rung", "bound", "lease", "sample"))


@pytest.mark.parametrize("count", [0, 100])
def test_what_is_due_is_found_without_a_look_at_what_is_not(estate: estates.Estate, count: int) -> None:
    now = when_due(count) if count else estate.now - timedelta(minutes=1)
    rung: list[int] = []
    lines = plans(lambda: rung.extend(sweeps.due(now, settings().rering)))
    assert len(rung) == count
    assert walks(lines, "delivery") == []
    assert count == 0 or (uses(lines, "ix_delivery_due") and uses(lines, "ix_delivery_rung"))


def test_tries_that_nobody_ended_are_found_by_their_index(estate: estates.Estate) -> None:
    lines = plans(lambda: sweeps.end_lost(estate.now, timedelta(minutes=4)))
    assert walks(lines, "attempt") == []
    assert uses(lines, "ix_attempt_open")


def test_channels_with_numbers_to_read_are_found_by_their_index(estate: estates.Estate) -> None:
    lines = plans(lambda: engagement.due_channels(estate.now))
    assert walks(lines, "delivery") == []


def test_what_waits_for_an_approver_is_counted_and_listed_by_its_index(estate: estates.Estate) -> None:
    approver = db.session.scalars(select(Membership).where(Membership.role == Role.APPROVER)).one()
    db.session.refresh(approver.workspace)
    lines = plans(lambda: waiting.queue(approver))
    assert walks(lines, "post") == []
    assert uses(lines, "ix_post_submitted") and not uses(lines, "ix_post_calendar")


def test_failed_posts_are_found_by_their_deliveries(estate: estates.Estate) -> None:
    failed = finding.Filters(states=frozenset({"failed"}))
    here = db.session.scalars(select(Workspace).where(Workspace.slug == estate.slug)).one()
    lines = plans(lambda: feed.page(here, failed, 1))
    assert walks(lines, "delivery") == []
    assert uses(lines, "ix_delivery_workspace_state")


def test_postgres_compiles_none_of_our_queries(postgres_url: str, config: Config) -> None:
    app = create_app(replace(config, database_url=postgres_url))
    with app.app_context():
        assert db.session.scalar(text("SHOW jit")) == "off"
        db.session.remove()
        db.engine.dispose()
