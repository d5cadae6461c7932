"""When to try again: pure functions over a visible table."""

from __future__ import annotations

from datetime import datetime, timedelta

BACK_OFF = tuple(timedelta(seconds=s) for s in (15, 60, 180, 420, 900))
LOOK_AGAIN = tuple(timedelta(seconds=s) for s in (30, 120, 600, 1800))
MOST_LOOKS = len(LOOK_AGAIN)
WAITS = tuple(timedelta(seconds=s) for s in (5, 10, 20, 40, 60, 120, 300))
REST = timedelta(seconds=60)


def next_try(tries: int, now: datetime) -> datetime | None:
    """When to try again after the ``tries``-th failed try (1, 2 ...); None when it is time to give up."""
    return now + BACK_OFF[tries - 1] if tries <= len(BACK_OFF) else None


def next_look(looks: int, now: datetime) -> datetime | None:
    """When to look again after ``looks`` looks that told nothing; None when it is time to ask a person."""
    return now + LOOK_AGAIN[looks - 1] if looks <= MOST_LOOKS else None


def next_wait(waits: int, now: datetime) -> datetime:
    """When to see again whether something is ready, after ``waits`` times that it was not: ever more rarely."""
    return now + WAITS[min(waits, len(WAITS) - 1)]


def next_preparation(failures: int, now: datetime) -> datetime:
    """When to prepare again after the ``failures``-th failure in a row: it never gives up by itself."""
    return now + BACK_OFF[min(failures, len(BACK_OFF)) - 1]


def rest_until(until: datetime, now: datetime) -> datetime:
    """The end of a rest that the platform asked for: never in the past, so that no loop without a pause can form."""
    return max(until, now + timedelta(seconds=1))
