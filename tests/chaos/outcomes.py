"""Faults against outcomes: what became of the deliveries that each kind struck.

Published ``at once``, at a further try (``again``), or after it was unconfirmed for a while (``unsure``); else its state.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from calendar_app.models import Attempt, Delivery, Outcome, State, Step
from tests.chaos.audit import NAME, Auditor
from tests.chaos.book import Entry
from tests.chaos.faults import Kind
from tests.chaos.stage import Stage

ENDS = ("at once", "again", "unsure", "held", "failed", "canceled", "open")
NEAR = timedelta(milliseconds=20)
OTHERS = ("killed", "frozen", "Redis", "PostgreSQL", "clock wrong", "rings", "tokens")


@dataclass(frozen=True)
class Line:
    """One kind: how often it struck, how many deliveries it touched, and their ends (``ENDS``)."""

    kind: str
    struck: int
    touched: int
    ends: dict[str, int]


def lines(scene: Stage, kinds: dict[str, Kind], auditor: Auditor) -> list[Line]:
    """One for each kind, and one for each other thing that people did."""
    struck = _struck(scene, kinds)
    flights = _flights(auditor)
    names = [*kinds, *sorted({entry.kind for entry in scene.book.entries} - kinds.keys())]
    return [_line(name, struck.get(name, []), auditor, flights) for name in names]


def _struck(scene: Stage, kinds: dict[str, Kind]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in scene.book.entries:
        found.setdefault(entry.kind, []).append(entry)
    aimed = {(b.kind, b.target) for b in scene.plan.blows}
    for kind in kinds.values():
        if kind.fault:
            found[kind.name] = list(_hits(scene, kind, aimed))
    return found


def _hits(scene: Stage, kind: Kind, aimed: set[tuple[str, int]]) -> Iterable[Entry]:
    for platform in scene.platforms:
        path = platform.kind.publishing if kind.ordered else platform.kind.uploading
        for hit in platform.hits():
            name = NAME.search(hit["body"])
            target = int(name[1]) if name else None
            right = target is not None and (kind.name, target) in aimed if kind.ordered else True
            if hit["kind"] == kind.fault and hit["path"] == path and right:
                yield Entry(datetime.fromtimestamp(hit["at"], UTC), kind.name, target)


def _line(
    kind: str, struck: list[Entry], auditor: Auditor, flights: list[tuple[datetime, Attempt, int]]
) -> Line:
    wide = any(word in kind for word in OTHERS) and "after the effect" not in kind
    touched = (
        {n for entry in struck for n in _in_flight(flights, entry.at)}
        if wide
        else {entry.target for entry in struck if entry.target is not None}
    )
    return Line(
        kind, len(struck), len(touched), dict(Counter(_end(auditor.rows[number]) for number in touched))
    )


def _flights(auditor: Auditor) -> list[tuple[datetime, Attempt, int]]:
    tries = [(a.opened_at, a, n) for n, rows in auditor.rows.items() for row in rows for a in row.attempts]
    return sorted(tries, key=lambda each: each[0])


def _in_flight(flights: list[tuple[datetime, Attempt, int]], at: datetime) -> Iterable[int]:
    """The deliveries that were being worked upon at that moment."""
    last = bisect_right(flights, at + NEAR, key=lambda each: each[0])
    for _, attempt, number in flights[max(0, last - 400) : last]:
        if attempt.closed_at is None or attempt.closed_at >= at:
            yield number


def _end(rows: list[Delivery]) -> str:
    row = rows[-1]
    tries = [attempt for attempt in row.attempts if attempt.step == Step.PUBLISH]
    if row.state != State.PUBLISHED:
        return row.state.value if row.state.value in ENDS else "open"
    if any(attempt.outcome == Outcome.UNCONFIRMED for attempt in tries):
        return "unsure"
    return "again" if len(tries) > 1 else "at once"
