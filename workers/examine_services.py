"""What the doctor asks the database, Redis and the other processes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import redis
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from calendar_app import create_app, database, redis_address
from calendar_app.config import Config, without_password
from calendar_app.extensions import db
from calendar_app.models import Beat
from workers import embedded_redis, examine_shared
from workers.findings import Finding, good, note, wrong

STALE = timedelta(seconds=90)
SKEW = timedelta(seconds=1)
OLDEST_REDIS = (6, 2)
KINDS = {
    "clock": "almanac clock",
    "publish": "almanac worker publish",
    "background": "almanac worker background",
    "render": "almanac worker render",
}


def look_at(config: Config) -> Iterator[Finding]:
    app = create_app(config)
    with app.app_context():
        try:
            yield from database_server(app, config)
        except SQLAlchemyError as error:
            yield _unreachable(config, error)
    yield from redis_server(config)


def database_server(app: Flask, config: Config) -> Iterator[Finding]:
    """Reachable, up to date, well set, in step with this machine's clock; then who has lately reported."""
    address = without_password(config.database_url)
    db.session.execute(select(1))
    yield good("Database", f"{address} answers.")
    yield from sqlite_settings() if config.is_sqlite else clock_skew()
    if not database.is_current(app):
        yield wrong("Database", "Its tables are not up to date.", "almanac migrate")
        return
    yield good("Database", "Its tables are up to date.")
    yield from heartbeats(datetime.now(UTC))
    yield from examine_shared.look_at(config)


def _unreachable(config: Config, error: SQLAlchemyError) -> Finding:
    reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    advice = "Start the database, or mend ALMANAC_DATABASE_URL (user, password, host, name)."
    if config.is_sqlite:
        advice = f"See whether this user may write {config.database_path} and whether it is an SQLite file."
    return wrong("Database", f"{without_password(config.database_url)} can not be used: {reason}", advice)


def sqlite_settings() -> Iterator[Finding]:
    journal = db.session.scalar(text("PRAGMA journal_mode"))
    keys = db.session.scalar(text("PRAGMA foreign_keys"))
    sound = db.session.scalar(text("PRAGMA quick_check(1)"))
    if journal != "wal":
        advice = "Keep the file on a local disk: network folders can not do write-ahead logging."
        yield wrong("Database", f"SQLite uses {journal} instead of write-ahead logging.", advice)
    if not keys:
        yield wrong("Database", "SQLite does not check foreign keys.", "Use the sqlite3 that Python brings.")
    if sound != "ok":
        yield wrong("Database", f"The file is damaged: {sound}", "Stop Almanac and restore a backup.")


def clock_skew() -> Iterator[Finding]:
    before = datetime.now(UTC)
    told = db.session.scalar(select(func.clock_timestamp()))
    after = datetime.now(UTC)
    if told is None or before - SKEW <= told <= after + SKEW:
        yield good("Time", "This machine and the database agree on the time.")
        return
    seconds = abs((told - after).total_seconds())
    advice = "Switch on time synchronisation (NTP) on both. Posts go out by the database's time meanwhile."
    yield note("Time", f"This machine and the database are {seconds:.1f} s apart.", advice)


def heartbeats(now: datetime) -> Iterator[Finding]:
    """Whether a clock and a worker of each queue reported within the last 90 s."""
    for kind, command in KINDS.items():
        last = db.session.scalar(select(func.max(Beat.beat_at)).where(Beat.kind == kind))
        who = f"{kind} process"
        if last is None:
            yield wrong(
                "Processes", f"No {who} has ever reported.", f"Start one: {command} (or all: almanac up)"
            )
        elif now - last > STALE:
            minutes = int((now - last).total_seconds() // 60)
            sentence = f"The last {who} was heard of {minutes} minutes ago."
            yield wrong("Processes", sentence, f"Start one: {command} (or all: almanac up)")
        else:
            yield good("Processes", f"A {who} reported {(now - last).total_seconds():.0f} s ago.")


def redis_server(config: Config) -> Iterator[Finding]:
    """Reachable, new enough, keeping its data, and never throwing keys away."""
    url = config.redis_url
    if url is None and (embedded := embedded_redis.describe(config.redis_folder)):
        url = embedded.url
    if url is None:
        advice = "Set ALMANAC_REDIS_URL to your Redis or Valkey, or run everything with: almanac up"
        yield wrong("Redis", "None is named, and almanac up has not started one here.", advice)
        return
    try:
        facts = _information(url)
    except redis.RedisError as error:
        advice = "Start it (almanac up starts its own), or mend ALMANAC_REDIS_URL (host, port, password)."
        yield wrong("Redis", f"{without_password(url)} can not be used: {error}", advice)
        return
    yield from redis_settings(facts)


def _information(url: str) -> dict[str, Any]:
    with redis_address.connect(url, patience=2) as client:
        return dict(client.info())


def redis_settings(facts: dict[str, Any]) -> Iterator[Finding]:
    kind = "Valkey" if "valkey_version" in facts else "Redis"
    version = str(facts.get("valkey_version") or facts["redis_version"])
    if kind == "Redis" and tuple(map(int, version.split(".")[:2])) < OLDEST_REDIS:
        yield wrong("Redis", f"{kind} {version} is too old.", "Install Redis 6.2 or newer, or Valkey.")
    else:
        yield good("Redis", f"{kind} {version} answers.")
    policy = facts.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        advice = "Set maxmemory-policy noeviction in its configuration."
        yield wrong("Redis", f"It drops keys when memory is short ({policy}).", advice)
    if not facts.get("aof_enabled"):
        advice = "Set appendonly yes. Nothing is lost without it: what is due is rung again after a restart."
        yield note("Redis", "It keeps no append-only file.", advice)
