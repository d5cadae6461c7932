"""A house with many posts, made by the database itself within seconds.

Four workspaces plan 2,000 posts in each 30 days, every post on two channels, with a label and a picture. The first half
of the posts is out, with an attempt and three snapshots for each delivery; the second half is scheduled.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from calendar_app.config import Config
from calendar_app.extensions import Base, db
from calendar_app.models import Asset, Label, Workspace
from tests.people import NOW, PASSWORD, a_channel, gather

WORKSPACES = 4
CHANNELS = 6
LABELS = 5
ASSETS = 20
MONTH = timedelta(days=30)
IN_A_MONTH = 2000
APART = MONTH / IN_A_MONTH
SNAPSHOTS = (600, 3600, 21600)
NUMBERED = ("post", "variant", "delivery", "attempt", "snapshot", "attachment")
FILLED = (*NUMBERED, "post_label")


@dataclass(frozen=True)
class Estate:
    """``posts`` posts; those before ``now`` are out. The month from ``start`` to ``end`` lies around ``now``.

    It was ``built_in`` that many seconds. ``email`` is a planner's in the workspace ``slug``.
    """

    engine: str
    app: Flask
    config: Config
    posts: int
    now: datetime
    start: datetime
    end: datetime
    slug: str
    email: str
    built_in: float

    def visitor(self, email: str = "") -> FlaskClient:
        """A client in which the planner is logged in, or who has ``email``."""
        client = self.app.test_client()
        answer = client.post("/login", data={"email": email or self.email, "password": PASSWORD})
        assert answer.status_code == 302, answer.get_data(as_text=True)
        return client


def build(app: Flask, config: Config, posts: int) -> Estate:
    """Fill the empty database of ``config``. ``posts`` is a multiple of 8, and at least 8,000."""
    begun = time.perf_counter()
    with app.app_context():
        cast = gather()
        for name in ("Third", "Fourth"):
            db.session.add(Workspace(slug=name.lower(), name=name, zone="UTC", created_at=NOW))
        db.session.commit()
        for workspace in db.session.query(Workspace).order_by(Workspace.id):
            _furnish(workspace)
        db.session.commit()
        engine = "sqlite" if config.is_sqlite else "postgres"
        slug, email = cast.tea.slug, cast.ana.email
        db.session.remove()
        with db.engine.connect() as connection:
            _fill(connection, posts)
        db.engine.dispose()
    half = MONTH / 2
    built_in = time.perf_counter() - begun
    return Estate(engine, app, config, posts, NOW, NOW - half, NOW + half, slug, email, built_in)


def _furnish(workspace: Workspace) -> None:
    for number in range(CHANNELS):
        a_channel(workspace, ("mastodon", "bluesky")[number % 2])
    for number in range(LABELS):
        db.session.add(Label(workspace_id=workspace.id, name=f"Label {number}", colour="green"))
    for number in range(ASSETS):
        digest = f"{workspace.id:04}{number:060}"
        db.session.add(
            Asset(
                workspace_id=workspace.id,
                sha256=digest,
                kind="image",
                mime="image/jpeg",
                size=90_000,
                width=1200,
                height=900,
                name=f"leaf {number}.jpg",
                thumbnail_sha256=digest,
                uploaded_at=NOW,
            )
        )


def _fill(connection: Connection, posts: int) -> None:
    with _unhindered(connection):
        for statement in _statements(_Speech(connection.dialect.name == "sqlite"), posts):
            connection.execute(text(statement))
        connection.commit()
    _analyse(connection)


@contextmanager
def _unhindered(connection: Connection) -> Iterator[None]:
    """Without indexes and without checks of references while the rows are made."""
    sqlite = connection.dialect.name == "sqlite"
    off = "PRAGMA foreign_keys=OFF" if sqlite else "SET session_replication_role = replica"
    on = "PRAGMA foreign_keys=ON" if sqlite else "SET session_replication_role = origin"
    indexes = [index for name in FILLED for index in Base.metadata.tables[name].indexes]
    connection.execute(text(off))
    if not sqlite:
        connection.execute(text("SET maintenance_work_mem = '512MB'"))
    for index in indexes:
        index.drop(connection)
    yield
    for index in indexes:
        index.create(connection)
    connection.execute(text(on))
    connection.commit()


def _analyse(connection: Connection) -> None:
    """As autovacuum would leave the tables; PostgreSQL's next ids follow those given here."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("ANALYZE"))
        connection.commit()
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        return
    for name in NUMBERED:
        connection.execute(
            text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))")
        )
    connection.commit()
    connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))
    connection.execute(text("CHECKPOINT"))


def _statements(speech: _Speech, posts: int) -> list[str]:
    """INSERTs over the numbers i of posts; the deliveries and variants of post i are 2i + 1 and 2i + 2."""
    out = f"i < {posts // 2}"
    first = NOW - APART * (posts // 2 // WORKSPACES) + timedelta(seconds=1)
    due = f"{first.timestamp()} + (i / {WORKSPACES}) * {APART.total_seconds()} + (i % {WORKSPACES})"
    recent = f"{out} AND {due} > {(NOW - MONTH).timestamp()}"
    waits = f"(i % 200) >= 196 AND NOT ({out})"
    words = "'Spring tea number ' || i || ' is here: picked by hand, rolled and dried. 春茶到了，歡迎品嚐。'"
    at, here = speech.instant, speech.numbers(posts)
    pairs = f"{here}, (SELECT 0 AS k UNION ALL SELECT 1) AS pairs"
    ages = "(" + " UNION ALL ".join(f"SELECT {age} AS age" for age in SNAPSHOTS) + ") AS ages"
    own, delivery = f"i % {WORKSPACES} + 1", "i * 2 + k + 1"
    channel = f"{_one_of(CHANNELS // 2)} * 2 + k - 1"
    return [
        f"""INSERT INTO post (id, workspace_id, text, language, wall_time, zone, fold, due_at, grace_minutes, stage,
        revision, author_id, owner_id, edited_by_id, created_at, edited_at)
        SELECT i + 1, {own}, {words}, 'en', {speech.wall(due)}, 'Asia/Hong_Kong', 0, {at(due)}, 30,
        CASE WHEN {waits} THEN 'submitted' ELSE 'approved' END, 1, 1, 1, 1, {at(due)}, {at(due)} FROM {here}""",
        f"""INSERT INTO variant (id, post_id, channel_id, own_media, options)
        SELECT {delivery}, i + 1, {channel}, false, '{{}}' FROM {pairs}""",
        f"""INSERT INTO delivery (id, workspace_id, post_id, variant_id, channel_id, state, digest, key, promised_at,
        not_later_than, due_at, tries, looks, remote_id, url, published_at, sample_at, sampled, created_at)
        SELECT {delivery}, {own}, i + 1, {delivery}, {channel},
        CASE WHEN {out} THEN 'published' ELSE 'scheduled' END, 'digest', 'key', {at(due)}, {at(due + " + 1800")},
        {at(due)}, 0, 0, CASE WHEN {out} THEN 'r' || ({delivery}) END, NULL,
        CASE WHEN {out} THEN {at(due + " + 0.25")} END, CASE WHEN {recent} THEN {at(due + " + 2592000")} END,
        CASE WHEN {out} THEN {len(SNAPSHOTS)} ELSE 0 END, {at(due)} FROM {pairs}""",
        f"""INSERT INTO attempt (delivery_id, step, worker, opened_at, sent_at, closed_at, outcome, message)
        SELECT {delivery}, 'publish', 'a-worker', {at(due)}, {at(due)}, {at(due + " + 0.25")}, 'published', ''
        FROM {pairs} WHERE {out}""",
        f"""INSERT INTO snapshot (delivery_id, taken_at, age, likes, reposts, replies)
        SELECT {delivery}, {at(due + " + age")}, age, age % 97, 3, 0 FROM {pairs}, {ages} WHERE {out}""",
        f"INSERT INTO post_label (post_id, label_id) SELECT i + 1, {_one_of(LABELS)} FROM {here}",
        f"""INSERT INTO attachment (post_id, asset_id, position, alt)
        SELECT i + 1, {_one_of(ASSETS)}, 0, 'leaves' FROM {here}""",
    ]


def _one_of(each: int) -> str:
    """The id of one of ``each`` things that every workspace has, where ids grow from workspace to workspace."""
    return f"(i % {WORKSPACES} * {each} + i / {WORKSPACES} % {each} + 1)"


@dataclass(frozen=True)
class _Speech:
    """How a dialect says numbers and times."""

    sqlite: bool

    def numbers(self, count: int) -> str:
        """A table of i from 0 up to ``count``."""
        if not self.sqlite:
            return f"generate_series(0, {count - 1}) AS numbers(i)"
        counting = f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {count - 1})"
        return f"({counting} SELECT i FROM n) AS numbers"

    def instant(self, seconds: str) -> str:
        """Epoch seconds as an instant."""
        if self.sqlite:
            return f"strftime('%Y-%m-%d %H:%M:%f000', {seconds}, 'unixepoch')"
        return f"to_timestamp({seconds})"

    def wall(self, seconds: str) -> str:
        """What the clock shows in Hong Kong, eight hours ahead."""
        shifted = self.instant(f"{seconds} + 28800")
        return shifted if self.sqlite else f"{shifted} AT TIME ZONE 'UTC'"
