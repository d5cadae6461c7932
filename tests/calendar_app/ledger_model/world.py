"""The world of the model: its people, channels, clock and platforms, and what each approval promised."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from flask import Flask
from sqlalchemy import DDL, Engine, text

import publishers
from calendar_app import channels
from calendar_app.extensions import db
from calendar_app.models import Channel, Delivery, Post, User, Workspace
from calendar_app.refusals import Refusal
from tests.calendar_app.ledger_model import actors
from tests.calendar_app.ledger_model.actors import WAITING, Actor, halt
from tests.calendar_app.ledger_model.billboard import LONGEST_NAP, Billboard, Shown
from tests.people import NOW, Cast

KEPT = ("user", "workspace", "membership")
PLATFORMS = {"plain": (False, False, False), "staged": (True, True, False), "by hand": (False, False, True)}


@dataclass
class Promise:
    """What an approval promised of one delivery; ``text`` is None once the approval is withdrawn."""

    delivery_id: int
    post_id: int
    channel_id: int
    text: str | None
    opens: datetime
    closes: datetime


@dataclass
class Pause:
    """A pause that is in force: nothing of ``channel_ids`` goes out but what was in flight."""

    channel_ids: tuple[int, ...]
    in_flight: tuple[int, ...]


@dataclass
class World:
    """Everything there is; ``broken`` collects what was seen to break a promise."""

    app: Flask
    cast: Cast
    boards: dict[str, Billboard] = field(default_factory=dict)
    now: datetime = NOW
    channel_ids: dict[str, int] = field(default_factory=dict)
    post_ids: list[int] = field(default_factory=list)
    promises: dict[str, Promise] = field(default_factory=dict)
    tampered: set[int] = field(default_factory=set)
    pauses: dict[str, Pause] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    calls: int = 0
    all_calls: int = 0
    examples: int = 0

    def __post_init__(self) -> None:
        self.workspace_id, self.ana_id, self.bo_id = self.cast.tea.id, self.cast.ana.id, self.cast.bo.id
        for name, traits in PLATFORMS.items():
            self.boards[name] = Billboard(
                name, lambda: self.now, self.called, self.judge, self.broken.append, *traits
            )

    def begin_again(self) -> None:
        """An empty calendar with one fresh channel on each platform."""
        self.examples, self.calls = self.examples + 1, 0
        db.session.rollback()
        for table in reversed(db.metadata.sorted_tables):
            if table.name not in KEPT:
                db.session.execute(table.delete())
        db.session.execute(text("DELETE FROM moved"))
        workspace = self.workspace()
        workspace.paused_at = None
        self.now = NOW
        for memory in (self.post_ids, self.promises, self.tampered, self.pauses, self.broken):
            memory.clear()
        for name, board in self.boards.items():
            board.forget_all()
            self.channel_ids[name] = channels.keep(workspace, name, board.found(), NOW).id
        db.session.commit()

    def clock(self) -> datetime:
        """The clock as a process reads it."""
        actor = actors.current()
        if actor:
            actor.looked_at = self.now
        return self.now

    def wait_until(self, instant: datetime) -> None:
        """How a worker of the model sleeps; the test itself just lets the time pass."""
        if actors.current() is None:
            self.now = max(self.now, instant)
        while self.now < instant:
            halt(WAITING)

    def actor(self, name: str, act: Callable[[], None]) -> Actor:
        """A process that does ``act``, and whose own stumbling ends it alone."""

        def safely() -> None:
            with suppress(Refusal, ZeroDivisionError):
                act()

        return Actor(self.app, name, safely)

    def called(self) -> None:
        """A worker stood at a platform's door and went through."""
        self.calls, self.all_calls = self.calls + 1, self.all_calls + 1

    def judge(self, shown: Shown) -> None:
        """Something became visible: was it promised, in these words, now, and once?"""
        promise = self.promises[shown.key]
        whose = f"delivery {promise.delivery_id}"
        earlier = [s for board in self.boards.values() for s in board.shown if s.key in self._same(promise)]
        if len(earlier) > 1:
            self.broken.append(f"{whose} is visible twice")
        if shown.text != promise.text:
            self.broken.append(f"{whose} says {shown.text!r}, approved is {promise.text!r}")
        if shown.sent_at < promise.opens:
            self.broken.append(f"{whose} went out before its instant")
        is_theirs = self.board_of(promise).assisted  # how late it may be is a person's own decision
        if shown.sent_at > promise.closes + LONGEST_NAP and not is_theirs:
            self.broken.append(f"{whose} went out after its window")
        for pause in self.pauses.values():
            if promise.channel_id in pause.channel_ids and promise.delivery_id not in pause.in_flight:
                self.broken.append(f"{whose} went out in a pause and was not in flight")

    def _same(self, promise: Promise) -> set[str]:
        """The keys of all deliveries of this post on this channel."""
        place = (promise.post_id, promise.channel_id)
        return {key for key, p in self.promises.items() if (p.post_id, p.channel_id) == place}

    def board_of(self, promise: Promise) -> Billboard:
        """Where it is shown."""
        (name,) = (name for name, id in self.channel_ids.items() if id == promise.channel_id)
        return self.boards[name]

    def workspace(self) -> Workspace:
        return db.session.get_one(Workspace, self.workspace_id)

    def ana(self) -> User:
        return db.session.get_one(User, self.ana_id)

    def bo(self) -> User:
        return db.session.get_one(User, self.bo_id)

    def channel(self, name: str) -> Channel:
        return db.session.get_one(Channel, self.channel_ids[name])

    def post(self, post_id: int) -> Post:
        return db.session.get_one(Post, post_id)

    def delivery(self, delivery_id: int) -> Delivery:
        return db.session.get_one(Delivery, delivery_id)


@contextmanager
def a_world(app: Flask, cast: Cast) -> Iterator[World]:
    """A world upon the app's database; its platforms are known to the house while it lasts."""
    world = World(app, cast)
    db.session.commit()
    actors.watch(db.engine)
    record_moves(db.engine)
    settings = structlog.get_config()
    structlog.configure(processors=[_say_nothing])
    publishers.PLATFORMS.update(world.boards)
    try:
        yield world
    finally:
        for name in world.boards:
            del publishers.PLATFORMS[name]
        structlog.configure(**settings)


def record_moves(engine: Engine) -> None:
    """Let the database itself write down every change of a delivery's state."""
    kept = "INSERT INTO moved (delivery_id, source, target) VALUES (NEW.id, OLD.state, NEW.state);"
    head = "CREATE TRIGGER keep_moves AFTER UPDATE OF state ON delivery FOR EACH ROW WHEN (OLD.state <> NEW.state)"
    if engine.dialect.name == "sqlite":
        statements = [f"{head} BEGIN {kept} END"]
    else:
        body = f"BEGIN {kept} RETURN NULL; END"
        statements = [
            f"CREATE FUNCTION keep_move() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$",
            f"{head} EXECUTE FUNCTION keep_move()",
        ]
    with engine.begin() as connection:
        connection.execute(
            DDL("CREATE TABLE moved (delivery_id INTEGER, source VARCHAR(20), target VARCHAR(20))")
        )
        for statement in statements:
            connection.execute(DDL(statement))


def _say_nothing(*_: object) -> str:
    raise structlog.DropEvent
