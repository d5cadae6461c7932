"""The present instant as adapters see it: the machine's, unless a rehearsal plays days within seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_told: ContextVar[Callable[[], datetime] | None] = ContextVar("present", default=None)


def now() -> datetime:
    """This instant (aware UTC)."""
    clock = _told.get()
    return clock() if clock else datetime.now(UTC)


@contextmanager
def told_by(clock: Callable[[], datetime]) -> Iterator[None]:
    """Let ``clock`` say what time it is, for this thread and inside alone."""
    before = _told.set(clock)
    try:
        yield
    finally:
        _told.reset(before)
