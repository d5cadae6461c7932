"""A storm: the plan's blows at their instants, the dead replaced, and calm weather until all has come to an end."""

from __future__ import annotations

import hashlib
import heapq
import itertools
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from calendar_app import store
from calendar_app.extensions import db
from calendar_app.models import Asset, Attempt, Delivery, State
from tests.chaos.book import now
from tests.chaos.people import People
from tests.chaos.plan import Blow
from tests.chaos.platforms import Platform
from tests.chaos.stage import LEASE, Stage, a_picture
from tests.chaos.visitor import Visitor

ATTENDING, REPLACING = 2.0, 0.5
LOOKING, LOOKS = 0.1, 400
TRY_AGAIN, TRIES = 0.5, 60
PATIENCE = 480.0
OPEN = (State.SCHEDULED, State.PUBLISHING, State.PROCESSING)
Strike = Callable[["Storm", Blow], str | None]


@dataclass(order=True)
class Due:
    """Something to do at ``at`` (monotonic seconds)."""

    at: float
    order: int
    act: Callable[[], object] = field(compare=False)


class Storm:
    """Runs on one thread, so that blows never overlap and a seed's order is kept."""

    def __init__(self, scene: Stage) -> None:
        self.scene = scene
        self.people = People(scene)
        self.visitor = Visitor(scene.crew.port)
        self._due: list[Due] = []
        self._orders = itertools.count()
        self._calm = False

    def rage(self, beginning: datetime, strikes: dict[str, tuple[Strike, bool]]) -> None:
        """Every blow of the plan, from ``beginning`` on; ordered ones are laid out at once."""
        start = time.monotonic() + (beginning - now()).total_seconds()
        end = start + self.scene.plan.seconds
        for blow in self.scene.plan.blows:
            strike, ordered = strikes[blow.kind]
            self._at(0.0 if ordered else start + blow.offset, lambda s=strike, b=blow: self._strike(s, b))
        self._at(start, self._attend)
        self._at(start, self._replace)
        while self._due and (self._due[0].at < end or time.monotonic() < end):
            self._next()

    def settle(self, patience: float = PATIENCE) -> bool:
        """Calm weather until every delivery has come to an end; False when that took too long (in seconds)."""
        self._calm = True
        for platform in self.scene.platforms:
            platform.control("forget_limits", {})
        give_up = time.monotonic() + patience
        while time.monotonic() < give_up:
            self._next()
            if not self._left_to_do() and self._is_settled():
                return True
        return False

    def platform_of(self, number: int) -> Platform:
        """Where a delivery goes."""
        return self.scene.parts[number].place.platform

    def platforms(self, name: str) -> list[Platform]:
        """Those of one name."""
        return [platform for platform in self.scene.platforms if platform.kind.name == name]

    def later(self, seconds: float, what: str, blow: Blow, act: Callable[[], str]) -> None:
        """A person comes back to it."""

        def come_back() -> None:
            self.scene.book.note(f"people: {what}", blow.target, self.people.attempt(act))

        self._at(time.monotonic() + seconds, come_back)

    def when_hit(self, blow: Blow, act: Callable[[], object], looks: int = LOOKS) -> None:
        """Do it as soon as the fault ordered for the blow's target has struck."""
        name = self.scene.plan.promises[blow.target].name
        if any(name in hit["body"] for hit in self.platform_of(blow.target).hits()):
            self.scene.book.note(blow.kind, blow.target, str(act() or ""))
        elif looks:
            again = lambda: self.when_hit(blow, act, looks - 1)
            self._at(time.monotonic() + LOOKING, again)

    def freeze(self, name: str) -> None:
        """Until its lease must have lapsed and been taken from it.

        Thawed from a thread: it may hold a lock in the database that this one comes to wait for.
        """
        self.scene.crew.freeze(name)
        thaw = threading.Timer(LEASE + 3, self.scene.crew.thaw, [name])
        thaw.daemon = True
        thaw.start()

    def kill_all(self, kind: str) -> None:
        """At one moment."""
        for name in self.scene.crew.names(kind):
            self.scene.crew.kill(name)

    def picture(self, blow: Blow) -> bytes:
        """A file that nobody has seen before."""
        return a_picture(random.Random(f"{self.scene.plan.seed}/{blow}"), 160)

    def expect_nothing_of(self, picture: bytes) -> None:
        """Complain where a refused or broken upload left something behind."""
        sha256 = hashlib.sha256(picture).hexdigest()
        kept = db.session.scalar(select(func.count()).where(Asset.sha256 == sha256))
        if kept or store.path_of(sha256).exists():
            self.complain("an upload that broke off was kept")
        db.session.remove()

    def complain(self, sentence: str) -> None:
        """A promise was broken before our eyes."""
        self.scene.book.complaints.append(sentence)

    def _strike(self, strike: Strike, blow: Blow, tries: int = TRIES) -> None:
        detail = strike(self, blow)
        if detail is None and tries:
            again = lambda: self._strike(strike, blow, tries - 1)
            self._at(time.monotonic() + TRY_AGAIN, again)
        elif detail not in (None, "ordered"):
            self.scene.book.note(blow.kind, blow.target, str(detail))

    def _attend(self) -> None:
        with suppress(SQLAlchemyError):
            self.people.attend()
        db.session.remove()
        self._at(time.monotonic() + ATTENDING, self._attend)

    def _replace(self) -> None:
        self.scene.crew.replace_the_dead()
        self._at(time.monotonic() + REPLACING, self._replace)

    def _at(self, at: float, act: Callable[[], object]) -> None:
        heapq.heappush(self._due, Due(at, next(self._orders), act))

    def _next(self) -> None:
        upcoming = heapq.heappop(self._due)
        time.sleep(max(0.0, upcoming.at - time.monotonic()))
        upcoming.act()

    def _left_to_do(self) -> bool:
        """Whether anything waits but the rounds that go on for ever."""
        return len(self._due) > 2

    def _is_settled(self) -> bool:
        try:
            return not db.session.scalar(select(_unfinished())) and not db.session.scalar(select(_dangling()))
        except SQLAlchemyError:
            return False
        finally:
            db.session.remove()


def _unfinished() -> Any:
    """Deliveries on their way, questions that wait for an answer included: people are there to answer them."""
    moving = Delivery.state.in_(OPEN) | (Delivery.state == State.UNCONFIRMED)
    return select(func.count()).select_from(Delivery).where(moving).scalar_subquery()


def _dangling() -> Any:
    return select(func.count()).select_from(Attempt).where(Attempt.closed_at.is_(None)).scalar_subquery()


def wait_for(instant: datetime) -> None:
    """Sleep until then."""
    time.sleep(max(0.0, (instant - now()) / timedelta(seconds=1)))
