"""What RQ runs: each job takes one id, and a verb does the work."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache

from flask import Flask

from calendar_app import create_app, library, publishing, sampling, settling
from calendar_app.extensions import db
from calendar_app.models import Rendition


def publish(delivery_id: int) -> None:
    """Publish a delivery at its instant."""
    with _at_work():
        publishing.publish(delivery_id, _name(), _now, _wait_until)


def prepare(delivery_id: int) -> None:
    """Do a delivery's invisible part ahead of time."""
    with _at_work():
        publishing.prepare(delivery_id, _name(), _now)


def settle(delivery_id: int) -> None:
    """Ask what became of an unconfirmed or processing delivery."""
    with _at_work():
        settling.settle(delivery_id, _name(), _now)


def sample(channel_id: int) -> None:
    """Read the numbers of a channel's posts that are due."""
    with _at_work():
        sampling.sample(channel_id, _now)


def audience(channel_id: int) -> None:
    """Read a channel's own numbers."""
    with _at_work():
        sampling.audience(channel_id, _now)


def render(rendition_id: int) -> None:
    """Make a rendition."""
    with _at_work():
        rendition = db.session.get(Rendition, rendition_id)
        if rendition is not None:
            library.render(rendition)
            db.session.commit()


@cache
def app() -> Flask:
    """This process's app, made once."""
    return create_app()


@contextmanager
def _at_work() -> Iterator[None]:
    with app().app_context():
        try:
            yield
        finally:
            db.session.remove()


def _name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def _now() -> datetime:
    return datetime.now(UTC)


def _wait_until(instant: datetime) -> None:
    while (left := (instant - _now()).total_seconds()) > 0:
        time.sleep(left)
