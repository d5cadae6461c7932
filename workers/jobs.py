"""What RQ runs: each job hands its ids to this process's lanes, where a verb does the work for each."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache

from flask import Flask

from calendar_app import (
    create_app,
    database,
    following,
    library,
    logs,
    preflight,
    preparing,
    publishing,
    sampling,
    settling,
    sweeps,
)
from calendar_app.config import Config
from calendar_app.extensions import db
from calendar_app.models import Rendition
from workers import housetime
from workers.lanes import Errand, Lane, Lanes

LONGEST_WAIT = 5.0
# What an errand's id is the id of, where it is no delivery's.
NAMES = {"sample": "channel", "audience": "channel", "follow": "follow_up"}
# What ends by itself within its bound is not taken for hanging.
PREPARING = preparing.LONGEST + 2 * preparing.LEASE


def publish(channel_id: int, delivery_ids: Sequence[int]) -> None:
    """Publish deliveries of one channel, each at its instant."""
    _hand_over("publish", channel_id, delivery_ids)


def publish_several(parts: Sequence[tuple[int, Sequence[int]]]) -> None:
    """As ``publish``, for several channels in one ring."""
    for channel_id, delivery_ids in parts:
        _line_up("publish", channel_id, delivery_ids)
    lanes().has_room(LONGEST_WAIT)


def prepare(channel_id: int, delivery_ids: Sequence[int]) -> None:
    """Do the invisible part of deliveries ahead of time."""
    _hand_over("prepare", channel_id, delivery_ids)


def settle(channel_id: int, delivery_ids: Sequence[int]) -> None:
    """Ask what became of unconfirmed or processing deliveries."""
    _hand_over("settle", channel_id, delivery_ids)


def follow(channel_id: int, follow_ids: Sequence[int]) -> None:
    """Say what follows posts that are out."""
    _hand_over("follow", channel_id, follow_ids)


def check(channel_id: int) -> None:
    """Look ahead at a channel for what could stop its deliveries."""
    _hand_over("check", channel_id, [channel_id])


def sample(channel_id: int) -> None:
    """Read the numbers of a channel's posts that are due."""
    _hand_over("sample", channel_id, [channel_id])


def audience(channel_id: int) -> None:
    """Read a channel's own numbers."""
    _hand_over("audience", channel_id, [channel_id])


def render(rendition_id: int) -> None:
    """Make a rendition, right here: its queue has a worker that forks for each."""
    with at_work():
        rendition = db.session.get(Rendition, rendition_id)
        if rendition is not None:
            library.render(rendition)
            db.session.commit()


@cache
def app() -> Flask:
    """This process's app, made once."""
    return create_app(pool=database.FEW)


@cache
def lanes() -> Lanes:
    """This process's threads."""
    return Lanes(_run)


def limit(kind: str) -> float:
    """Seconds after which an errand must have hung: a publish lives within its lease, renewed once as it is sent."""
    config: Config = app().extensions["almanac.config"]
    return (PREPARING if kind == "prepare" else 2 * config.lease).total_seconds()


def give_back(left: Iterable[Errand]) -> None:
    """What will not be begun here is rung again at once, for other workers. Commits."""
    ids = [errand.id for errand in left if errand.kind == "publish"]
    if ids:
        with at_work():
            sweeps.unring(ids)
            db.session.commit()


@contextmanager
def at_work() -> Iterator[None]:
    """An app context with a session of its own."""
    with app().app_context():
        try:
            yield
        finally:
            db.session.remove()


def _hand_over(kind: str, channel_id: int, ids: Sequence[int]) -> None:
    """While every thread is taken, wait a little: what still lies in Redis can go to other workers."""
    _line_up(kind, channel_id, ids)
    lanes().has_room(LONGEST_WAIT)


def _line_up(kind: str, channel_id: int, ids: Sequence[int]) -> None:
    lanes().put(Lane(kind, channel_id), [Errand(kind, id) for id in ids])


def _run(errand: Errand) -> None:
    name = NAMES.get(errand.kind, "delivery")
    with at_work(), logs.about(errand.kind, **{name: errand.id}, worker=_name()):
        _VERBS[errand.kind](errand.id)


@cache
def _name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def _wait_until(instant: datetime) -> None:
    while (left := (instant - housetime.now()).total_seconds()) > 0:
        time.sleep(left)


_VERBS: Mapping[str, Callable[[int], None]] = {
    "publish": lambda id: publishing.publish(id, _name(), housetime.now, _wait_until),
    "prepare": lambda id: preparing.prepare(id, _name(), housetime.now),
    "settle": lambda id: settling.settle(id, _name(), housetime.now),
    "follow": lambda id: following.follow(id, housetime.now),
    "check": lambda id: preflight.check(id, housetime.now),
    "sample": lambda id: sampling.sample(id, housetime.now),
    "audience": lambda id: sampling.audience(id, housetime.now),
}
