"""The platforms' own records, the book of what people approved, and the ledger, held against each other."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from calendar_app.extensions import db
from calendar_app.models import Attempt, Delivery, State, Step
from tests.chaos.book import Files, Pause, Version
from tests.chaos.stage import LEASE, Stage
from tests.chaos.visitor import half_stored

NAME = re.compile(r"delivery (\d{5})")
PROMISES = (
    "doubled",
    "lost",
    "untrue",
    "early",
    "too late",
    "unapproved",
    "sent while paused",
    "sent after its end",
    "left open",
    "complaints",
)
TOLD = {State.FAILED, State.HELD, State.UNCONFIRMED}
LATE = timedelta(seconds=2 * LEASE)


@dataclass(frozen=True)
class Shown:
    """A post as a platform shows it; ``at`` is when its call arrived there."""

    number: int
    at: datetime
    text: str
    files: Files


@dataclass
class Audit:
    """``broken`` has a list of sentences for each of ``PROMISES``; ``admitted`` is what a frozen worker may do."""

    deliveries: int
    states: dict[str, int]
    held: dict[str, int]
    shown: int
    broken: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in PROMISES})
    admitted: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether every promise held."""
        return not any(self.broken.values())


class Auditor:
    """Everything that is known of one storm, by delivery number."""

    def __init__(self, scene: Stage) -> None:
        self._scene, self._book = scene, scene.book
        self.shown: dict[int, list[Shown]] = defaultdict(list)
        for platform in scene.platforms:
            for record in platform.records():
                seen = _shown(record)
                self.shown[seen.number].append(seen)
        self.rows: dict[int, list[Delivery]] = defaultdict(list)
        at = {(part.post_id, part.place.channel_id): n for n, part in scene.parts.items()}
        query = select(Delivery).options(selectinload(Delivery.attempts)).order_by(Delivery.id)
        for row in db.session.scalars(query):
            self.rows[at[row.post_id, row.channel_id]].append(row)

    def audit(self) -> Audit:
        """Every promise, delivery by delivery."""
        last = [rows[-1] for rows in self.rows.values()]
        found = Audit(
            deliveries=len(self._scene.plan.promises),
            states=dict(Counter(row.state.value for row in last)),
            held=dict(Counter(row.held_reason.value for row in last if row.held_reason)),
            shown=sum(map(len, self.shown.values())),
        )
        for promise in self._scene.plan.promises:
            self._of_one(promise.number, found)
        self._of_all(found)
        return found

    def _of_one(self, number: int, found: Audit) -> None:
        shown, rows, broken = self.shown[number], self.rows[number], found.broken
        out = [row for row in rows if row.state == State.PUBLISHED]
        told = f"delivery {number} is {', '.join(_told(row) for row in rows) or 'nowhere'}"
        if len(shown) > max(1, len(out)):
            broken["doubled"].append(f"{told}, and shown {len(shown)} times")
        if not shown and not out and not self._is_told(number, rows):
            broken["lost"].append(told)
        if len(out) > len(shown):
            broken["untrue"].append(f"{told}, and shown {len(shown)} times")
        if shown and not out and rows[-1].state != State.UNCONFIRMED:
            broken["untrue"].append(f"{told}, and it is shown")
        for each in shown:
            self._of_shown(number, each, found)

    def _is_told(self, number: int, rows: list[Delivery]) -> bool:
        """Whether a person is shown what became of it, with a reason."""
        if not rows:
            return False
        if rows[-1].state == State.CANCELED:
            return number in self._book.canceled
        if rows[-1].state == State.HELD:
            return rows[-1].held_reason is not None
        return rows[-1].state in TOLD and bool(rows[-1].error or rows[-1].attempts)

    def _of_shown(self, number: int, each: Shown, found: Audit) -> None:
        said = [v for v in self._book.versions[number] if (v.text, v.files) == (each.text, each.files)]
        broken, what = found.broken, f"delivery {number} ({each.text!r}) at {each.at.time()}"
        if not said:
            broken["unapproved"].append(what)
            return
        current = [version for version in said if version.allowed(each.at)]
        if not current:
            self._after_its_end(number, each, said[-1], found)
        elif each.at < min(version.due for version in current):
            broken["early"].append(f"{what}, due {current[0].due.time()}")
        for row in self.rows[number]:
            if row.state == State.PUBLISHED and each.at > row.not_later_than + LATE:
                broken["too late"].append(f"{what}, not later than {row.not_later_than.time()}")
        for pause in self._book.pauses:
            self._of_pause(number, each, pause, found)

    def _after_its_end(self, number: int, each: Shown, said: Version, found: Audit) -> None:
        sentence = f"delivery {number} at {each.at.time()}, {said.end or 'approved'} {_time(said.ended)}"
        if said.ended and self._was_sent_before(number, said.ended):
            found.admitted.append(sentence)
        else:
            found.broken["sent after its end"].append(sentence)

    def _of_pause(self, number: int, each: Shown, pause: Pause, found: Audit) -> None:
        place = self._scene.parts[number].place
        listed = any(row.id in pause.in_flight for row in self.rows[number])
        if not pause.stops(place.channel_id, each.at) or listed:
            return
        sentence = (
            f"delivery {number} at {each.at.time()}, paused from {pause.at.time()} to {_time(pause.until)}"
        )
        if self._was_sent_before(number, pause.at):
            found.admitted.append(sentence)
        else:
            found.broken["sent while paused"].append(sentence)

    def _was_sent_before(self, number: int, instant: datetime) -> bool:
        """Whether a try was recorded as being sent before that: a frozen worker may make its call late."""
        attempts = (attempt for row in self.rows[number] for attempt in row.attempts)
        return any(a.sent_at is not None and a.sent_at < instant for a in attempts if a.step == Step.PUBLISH)

    def _of_all(self, found: Audit) -> None:
        found.broken["complaints"] += self._book.complaints
        found.broken["complaints"] += [
            f"half stored: {p}" for p in half_stored(self._scene.config.media_root)
        ]
        for number, rows in self.rows.items():
            for row in rows:
                found.broken["left open"] += [f"delivery {number}: {what}" for what in _left_open(row)]


def _left_open(row: Delivery) -> list[str]:
    found = [
        f"{a.step} attempt {a.id} since {a.opened_at.time()}" for a in row.attempts if a.closed_at is None
    ]
    if row.lease_until is not None:
        found.append(f"lease until {row.lease_until.time()}")
    if row.state in (State.SCHEDULED, State.PUBLISHING, State.PROCESSING):
        found.append(f"{row.state}, due {row.due_at.time()}")
    return found


def _shown(record: dict[str, Any]) -> Shown:
    name = NAME.search(record["text"])
    assert name, record
    files = tuple((file["sha256"], file["alt"]) for file in record["media"])
    return Shown(int(name[1]), datetime.fromtimestamp(record["at"], UTC), record["text"], files)


def _told(row: Delivery) -> str:
    reason = f" ({row.held_reason})" if row.held_reason else ""
    tries = [_try(attempt) for attempt in row.attempts]
    return f"{row.state}{reason} after {tries}"


def _try(attempt: Attempt) -> str:
    sent = " sent" if attempt.sent_at else ""
    return f"{attempt.step}{sent}: {attempt.outcome or attempt.message or 'open'}"


def _time(instant: datetime | None) -> str:
    return str(instant.time()) if instant else "now"
