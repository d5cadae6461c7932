"""The house's time is the database's: hosts whose clocks disagree still publish nothing early.

Each process takes the database's time now and then and counts on from there by its own steady clock, which no change
of the host's time touches. SQLite lives on the host itself, whose time is then the house's.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import func, select

from calendar_app.extensions import db

ROUND_TRIPS = 5
WORTH_SAYING = timedelta(seconds=1)
log = structlog.get_logger()


@dataclass(frozen=True)
class _Reading:
    """What the database's clock said at ``steady`` seconds of ours; ``trip`` seconds bound its error."""

    told: datetime
    steady: float
    trip: float


_lock = threading.Lock()
_reading: _Reading | None = None


def now() -> datetime:
    """This instant by the house's clock."""
    reading = _reading
    if reading is None:
        return datetime.now(UTC)
    return reading.told + timedelta(seconds=time.monotonic() - reading.steady)


def offset() -> timedelta:
    """By how much the house is ahead of this host."""
    return now() - datetime.now(UTC)


def refresh() -> None:
    """Set this process by the database's clock. Needs an app context; raises ``SQLAlchemyError``."""
    global _reading
    if db.engine.dialect.name != "postgresql":
        return
    best = min((_ask() for _ in range(ROUND_TRIPS)), key=lambda reading: reading.trip)
    db.session.rollback()
    with _lock:
        _reading = best
    if abs(offset()) > WORTH_SAYING:
        log.warning("this host's clock is wrong; going by the database's", seconds=offset().total_seconds())


def _ask() -> _Reading:
    before = time.monotonic()
    told = db.session.scalar(select(func.clock_timestamp()))
    after = time.monotonic()
    assert isinstance(told, datetime)
    return _Reading(told.astimezone(UTC), (before + after) / 2, after - before)
