"""What was promised, done and broken in a storm, written down by those who did it, to be held against both sides."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

Files = tuple[tuple[str, str], ...]


def now() -> datetime:
    """The true time: storms run on the machine whose clock the platforms go by."""
    return datetime.now(UTC)


@dataclass
class Version:
    """Words that were approved: allowed on the platform from ``begun`` (before the approval) until ``ended`` (after its end)."""

    begun: datetime
    due: datetime
    text: str
    files: Files
    ended: datetime | None = None
    end: str = ""

    def allowed(self, instant: datetime) -> bool:
        """Whether this was approved when the platform was called."""
        return self.begun <= instant and (self.ended is None or instant <= self.ended)


@dataclass
class Pause:
    """What a pause stated: its second, whom it stops, and what was on its way; ``until`` is when it was lifted."""

    at: datetime
    channels: frozenset[int]
    in_flight: frozenset[int]
    until: datetime | None = None

    def stops(self, channel_id: int, instant: datetime) -> bool:
        """Whether nothing more was to go out there at that instant."""
        return (
            channel_id in self.channels and self.at < instant and (self.until is None or instant < self.until)
        )


@dataclass(frozen=True)
class Entry:
    """Something that happened: a fault or an act, whom it was meant for, and what came of it at once."""

    at: datetime
    kind: str
    target: int | None
    detail: str = ""


@dataclass
class Book:
    """``complaints`` are promises that were seen broken on the spot."""

    versions: dict[int, list[Version]] = field(default_factory=dict)
    pauses: list[Pause] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    canceled: set[int] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    def approve(self, number: int, version: Version) -> None:
        """These words may go out now, and no others of this delivery."""
        self.versions.setdefault(number, []).append(version)
        self.canceled.discard(number)

    def withdraw(self, number: int, why: str) -> None:
        """What was approved may go out no more; call it once the withdrawal is committed."""
        for version in self.versions.get(number, []):
            if version.ended is None:
                version.ended, version.end = now(), why
        if why == "canceled":
            self.canceled.add(number)

    def note(self, kind: str, target: int | None = None, detail: str = "") -> None:
        """It happened now."""
        self.entries.append(Entry(now(), kind, target, detail))
