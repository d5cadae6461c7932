"""Platforms made of a list: all that is visible, and everything that may go wrong on the way there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import ClassVar

from publishers.base import Publisher
from publishers.errors import RateLimited, Rejected, Stale, Temporary, Unauthorized, Unconfirmed
from publishers.values import (
    Accepted,
    Audience,
    Connected,
    Content,
    Destination,
    Limits,
    MediaLimits,
    Metrics,
    Preview,
    Problem,
    Receipt,
    Ticket,
)
from tests.calendar_app.ledger_model.actors import ANSWERING, ASKING, CALLING, Killed, current, halt

KEY_LIFE = timedelta(hours=1)
TRUSTED = timedelta(minutes=50)
LAG = timedelta(seconds=30)
# A process that sleeps longer between its last look and the platform's effect breaks the one assumption that there is.
LONGEST_NAP = timedelta(seconds=60)
HANDLES_LIFE = timedelta(minutes=20)


class Fate(Enum):
    """What comes of one call."""

    FINE = auto()
    TAKEN = auto()
    BUSY = auto()
    TOO_FAST = auto()
    REFUSED = auto()
    STRANGER = auto()
    EXPIRED = auto()
    FORGOTTEN = auto()
    STUMBLED = auto()
    LOST_BEFORE = auto()
    LOST_AFTER = auto()
    STUMBLED_AFTER = auto()


ENDS_OF_ASKING = (Fate.BUSY, Fate.TOO_FAST, Fate.STRANGER, Fate.EXPIRED, Fate.STUMBLED)


@dataclass(frozen=True)
class Shown:
    """One post; ``sent_at`` is when the platform took it."""

    key: str
    text: str
    sent_at: datetime
    at: datetime


@dataclass
class Billboard(Publisher):
    """A platform. ``keeps_keys``: a repeated key is the same post. ``stages``: it wants preparation.

    Where it is ``assisted`` only people post; ``hands`` are the keys of what they posted and did not say yet.
    """

    name: str  # type: ignore[misc]
    clock: Callable[[], datetime]
    on_called: Callable[[], None]
    on_shown: Callable[[Shown], None]
    on_broken: Callable[[str], None]
    keeps_keys: bool
    stages: bool
    assisted: bool = False  # type: ignore[misc]
    shown: list[Shown] = field(default_factory=list)
    pending: dict[str, Shown | None] = field(default_factory=dict)
    taken: dict[str, datetime] = field(default_factory=dict)
    hands: set[str] = field(default_factory=set)

    label: ClassVar[str] = "Billboard"
    connect_fields = ()
    metrics: ClassVar[frozenset[str]] = frozenset()
    metrics_batch: ClassVar[int] = 10
    visibility_lag: ClassVar[timedelta] = LAG
    default_limits: ClassVar[Limits] = Limits(
        500, "graphemes", MediaLimits(("image/jpeg",), 4), MediaLimits(("video/mp4",), 1)
    )

    def forget_all(self) -> None:
        """A platform on which nothing was ever said."""
        self.shown.clear()
        self.pending.clear()
        self.taken.clear()
        self.hands.clear()

    def found(self) -> Connected:
        """The one account that everybody connects as."""
        where, limits = "http://127.0.0.1:9", self.default_limits
        return Connected(where, "1", "@tea", "Tea", "", "", limits, {"access_token": "a-token"})

    def needs_prepare(self, content: Content) -> bool:
        return self.stages

    def materials(self, content: Content) -> tuple[str, ...]:
        return (content.text,) if self.stages else ()

    def repeats_safely(
        self, destination: Destination, ticket: Ticket, first_sent_at: datetime, now: datetime
    ) -> bool:
        return self.keeps_keys and now - first_sent_at < TRUSTED

    def check(self, content: Content, limits: Limits) -> list[Problem]:
        return []

    def preview(self, content: Content, limits: Limits) -> Preview:
        return Preview((), len(content.text), limits.max_text, ())

    def discover(self, destination: Destination) -> Connected:
        raise NotImplementedError

    def refresh(self, destination: Destination) -> Mapping[str, str]:
        self._fail(self._ask())
        return {"access_token": "fresh"}

    def prepare(self, destination: Destination, content: Content, ticket: Ticket, now: datetime) -> Ticket:
        self._fail(self._ask(Fate.REFUSED))
        made = {"for": content.text}
        return Ticket(ticket.key, ticket.at, made, self.clock() + HANDLES_LIFE)

    def publish(self, destination: Destination, content: Content, ticket: Ticket) -> Receipt | Accepted:
        if self.assisted:
            self.on_broken("a program posts where only people may")
        fate = self._call(CALLING) or Fate.FINE
        self._stay_awake()
        if current():
            self.on_called()
        self._fail(fate)
        if self.stages and ticket.handles.get("for") != content.text:
            raise Stale("These handles are of other words.")
        answer = self._take(ticket, content, later=fate is Fate.TAKEN)
        halt(ANSWERING)
        if fate is Fate.LOST_AFTER:
            raise Unconfirmed("The answer was lost.")
        if fate is Fate.STUMBLED_AFTER:
            raise ZeroDivisionError
        return answer

    def find(
        self, destination: Destination, content: Content, ticket: Ticket, since: datetime
    ) -> Receipt | None:
        self._fail(self._ask())
        listed = [s for s in self.shown if s.key == ticket.key and s.at + LAG <= self.clock()]
        halt(ANSWERING)
        return _receipt(ticket.key) if listed else None

    def confirm(self, destination: Destination, handle: Mapping[str, object]) -> Receipt | Accepted:
        self._fail(self._ask())
        key = str(handle["key"])
        known, under_way = self.is_visible(key), self.pending.get(key)
        halt(ANSWERING)
        if known:
            return _receipt(key)
        if under_way is None:
            raise Rejected("Turned down after a review.")
        return Accepted(handle)

    def measure(self, destination: Destination, remote_ids: Sequence[str]) -> Mapping[str, Metrics]:
        return {}

    def audience(self, destination: Destination) -> Audience:
        return Audience()

    def finish(self, key: str, *, shows: bool) -> None:
        """A review ends."""
        under_way = self.pending[key]
        self.pending[key] = None
        if under_way and shows:
            self._show(replace(under_way, at=self.clock()))

    @contextmanager
    def posted_by_hand(self, key: str, text: str) -> Iterator[None]:
        """A person posts, and takes it down again where they do not come to say so or are turned away."""
        self.on_called()
        post = Shown(key, text, self.clock(), self.clock())
        self.hands.add(key)
        self._show(post)
        try:
            yield
        except BaseException:
            self.shown.remove(post)
            raise
        finally:
            self.hands.discard(key)

    def is_visible(self, key: str) -> bool:
        """What a person sees who looks."""
        return any(shown.key == key for shown in self.shown)

    def _take(self, ticket: Ticket, content: Content, *, later: bool) -> Receipt | Accepted:
        now = self.clock()
        if not self._is_repeat(ticket.key, now):
            self.taken[ticket.key] = now
            post = Shown(ticket.key, content.text, now, now)
            if later:
                self.pending[ticket.key] = post
            else:
                self._show(post)
        return Accepted({"key": ticket.key}) if self.pending.get(ticket.key) else _receipt(ticket.key)

    def _is_repeat(self, key: str, now: datetime) -> bool:
        if not self.keeps_keys or not (self.is_visible(key) or self.pending.get(key)):
            return False
        return now - self.taken[key] < KEY_LIFE

    def _show(self, post: Shown) -> None:
        self.shown.append(post)
        self.on_shown(post)

    def _fail(self, fate: Fate | None) -> None:
        """Raise what ``fate`` says, if it says so before there was any effect."""
        errors = {
            Fate.BUSY: Temporary("Busy."),
            Fate.TOO_FAST: RateLimited("Too fast.", self.clock() + timedelta(seconds=90)),
            Fate.REFUSED: Rejected("Not this."),
            Fate.STRANGER: Unauthorized("Who are you?"),
            Fate.EXPIRED: Unauthorized("You were here too long.", refreshable=True),
            Fate.FORGOTTEN: Stale("What handles?"),
            Fate.STUMBLED: ZeroDivisionError(),
            Fate.LOST_BEFORE: Unconfirmed("The answer was lost."),
        }
        if fate in errors:
            raise errors[fate]

    def _call(self, stop: str) -> Fate | None:
        actor = current()
        if actor and actor.is_writing:
            self.on_broken("a platform is called with an open transaction")
        fate: Fate | None = halt(stop)
        return fate

    def _ask(self, *more: Fate) -> Fate | None:
        """A call without visible effect, which can not come to every end."""
        fate = self._call(ASKING)
        return fate if fate in (*ENDS_OF_ASKING, *more) else None

    def _stay_awake(self) -> None:
        actor = current()
        if actor and actor.looked_at and self.clock() - actor.looked_at > LONGEST_NAP:
            raise Killed


def _receipt(key: str) -> Receipt:
    return Receipt(key, f"http://127.0.0.1:9/{key}")
