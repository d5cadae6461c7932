"""Whoever works on the ledger, as a greenlet that stops where a real process may be overtaken by another.

It stops before each transaction, between what a transaction reads and what it writes (from its first write on the
database itself keeps the others out), and around each call to a platform. At any stop it can go on, be left asleep, or be killed; what is killed
reaches neither the database nor a platform any more, whatever its ``finally`` blocks try.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Flask
from greenlet import getcurrent, greenlet
from sqlalchemy import Connection, Engine, event

from calendar_app.extensions import db

READING, WRITING, WAITING, CALLING, ANSWERING, ASKING = (
    "reading",
    "writing",
    "waiting",
    "calling",
    "answering",
    "asking",
)
AT_A_PLATFORM = (CALLING, ANSWERING, ASKING)


class Killed(BaseException):
    """The process is no more."""


class Actor(greenlet):
    """One process at work on ``act``; ``looked_at`` is when it last looked at its clock."""

    def __init__(self, app: Flask, name: str, act: Callable[[], None]) -> None:
        super().__init__()
        self.name, self.stop, self.asleep_from = name, "", None
        self.looked_at: datetime | None = None
        self.is_writing = self.is_reading = self.is_killed = False
        self._app, self._act = app, act

    def run(self, *_: object) -> None:
        """The life of the process."""
        with self._app.app_context():
            try:
                self._act()
            except Killed:
                pass
            finally:
                db.session.remove()

    def go_on(self, answer: object = None) -> None:
        """Let it run to its next stop, or to its end."""
        self.stop = self.switch(answer) or ""

    def go_to_the_end(self) -> None:
        """Let it do all that it has to do."""
        while not self.dead:
            self.go_on()

    def kill(self) -> None:
        """End it where it stands, as a power cut would."""
        self.is_killed = True
        if self:
            self.throw(Killed)

    def halt(self, stop: str) -> Any:
        """Called from within: others may act now. Answers what ``go_on`` was given."""
        if self.is_killed:
            raise Killed
        assert self.parent is not None
        return self.parent.switch(stop)


def current() -> Actor | None:
    """Who is at work right now; None for the test itself."""
    found = getcurrent()
    return found if isinstance(found, Actor) else None


def halt(stop: str) -> Any:
    """Stop whoever is at work; the test itself never stops."""
    actor = current()
    return actor.halt(stop) if actor else None


def watch(engine: Engine) -> None:
    """Make every actor stop before its statements on ``engine``."""

    @event.listens_for(engine, "before_cursor_execute")
    def before(_connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        actor = current()
        if actor is None:
            return
        writes = not statement.lstrip().startswith("SELECT") or " FOR UPDATE" in statement
        if not actor.is_writing and (writes or not actor.is_reading):
            actor.halt(WRITING if writes else READING)
        actor.is_writing, actor.is_reading = actor.is_writing or writes, True

    def ended(_connection: Connection) -> None:
        actor = current()
        if actor is not None:
            actor.is_writing = actor.is_reading = False

    event.listen(engine, "commit", ended)
    event.listen(engine, "rollback", ended)
