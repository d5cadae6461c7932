"""The time a simulated server believes in; a test may move it forward."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    """Epoch seconds. ``offset`` is how far the server runs ahead of the machine's clock."""

    def __init__(self, offset: float = 0.0) -> None:
        self.offset = offset

    def now(self) -> float:
        """Seconds since the epoch, as this server sees them."""
        return time.time() + self.offset

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass at once."""
        self.offset += seconds


def iso(instant: float, timespec: str = "milliseconds") -> str:
    """RFC 3339 in UTC with a Z: ``2026-11-23T22:15:00.123Z``."""
    moment = datetime.fromtimestamp(instant, UTC)
    return moment.isoformat(timespec=timespec).replace("+00:00", "Z")


def epoch(text: str) -> float:
    """The reverse of ``iso``; raises ValueError when ``text`` is no instant with a zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"no zone in {text!r}")
    return moment.timestamp()
