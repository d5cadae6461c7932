"""The house as a whole, whoever's posts it carries: which processes live, and what lies in their queues."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from calendar_app.extensions import db
from calendar_app.models import Beat

SILENT = timedelta(seconds=60)
CLOCK, PUBLISH = "clock", "publish"
MOST = 200


@dataclass(frozen=True)
class Process:
    """One process that left a sign of life; ``facts`` are the numbers and words it told of its own work."""

    name: str
    kind: str
    host: str
    pid: int
    beat_at: datetime
    is_alive: bool
    facts: dict[str, Any]


def processes(now: datetime) -> list[Process]:
    """Everything that gave a sign within the last day (older ones are forgotten), clocks first; at most ``MOST``."""
    clocks_first = (Beat.kind == CLOCK).desc()
    rows = db.session.scalars(select(Beat).order_by(clocks_first, Beat.kind, Beat.host, Beat.pid).limit(MOST))
    return [
        Process(b.name, b.kind, b.host, b.pid, b.beat_at, now - b.beat_at <= SILENT, dict(b.facts or {}))
        for b in rows
    ]


def lives(kind: str, found: Iterable[Process]) -> bool:
    """Whether a process of this kind gave a sign lately."""
    return any(process.kind == kind and process.is_alive for process in found)


def clock_beat() -> datetime | None:
    """When a clock last gave a sign; None when none did for a day."""
    return db.session.scalar(select(func.max(Beat.beat_at)).where(Beat.kind == CLOCK))


def queue_lengths(found: Iterable[Process]) -> dict[str, int]:
    """How many rings lie in each of Redis' queues, as the latest living clock counted them; empty where none tells."""
    clocks = [p for p in found if p.kind == CLOCK and p.is_alive and isinstance(p.facts.get("queues"), dict)]
    if not clocks:
        return {}
    told = max(clocks, key=lambda process: process.beat_at).facts["queues"]
    return {str(name): length for name, length in told.items() if isinstance(length, int)}
