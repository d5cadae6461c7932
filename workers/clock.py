"""The clock: finds what is due in the database and rings. It decides nothing and may run any number of times."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import structlog
from flask import Flask

from calendar_app import create_app, engagement, following, ledger_mark, library, preflight, sweeps
from calendar_app.deliveries import GATE
from calendar_app.extensions import db
from calendar_app.settings import config
from workers import beats, housetime
from workers.rings import BACKGROUND, MOST_WAITING, Bell, Call, OutOfOrder, batches, bundles, singles

TICK = timedelta(seconds=1)
BREATH = timedelta(milliseconds=5)
# While more is due than may be rung, looks come in this rhythm as long as rings get answered, and less often else.
CROWDED = timedelta(milliseconds=100)
MOST_CROWDED = timedelta(milliseconds=250)
# Someone may sit before the page and wait for fresh numbers; a doubled ring finds nothing to read.
SAMPLING = timedelta(seconds=5)
log = structlog.get_logger()
T = TypeVar("T")


class StopSign:
    """Set by SIGTERM or SIGINT. An Event would lock itself up when one signal comes in the middle of another's."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[int] = SimpleQueue()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, _: self._asked.put(number))

    def is_set(self) -> bool:
        """Whether a signal came."""
        return not self._asked.empty()

    def wait(self, seconds: float) -> None:
        """Sleep until a signal comes, or ``seconds``."""
        with contextlib.suppress(Empty):
            self._asked.put(self._asked.get(timeout=seconds))


class Clock:
    """One clock process; ``bell`` rings the workers."""

    def __init__(self, bell: Bell) -> None:
        self._bell = bell
        self._sampled: dict[int, datetime] = {}
        self._crowded = CROWDED
        self._unanswered = 0

    def round(self, now: datetime) -> datetime:
        """Do everything that is due at ``now``; answers when to look again."""
        agenda = sweeps.agenda()
        db.session.commit()
        self._sweep(agenda, now)
        rung = self._ring_deliveries(agenda, now)
        self._ring_rest(agenda, now)
        if rung is None:
            return now + TICK
        if not _is_due(agenda.due, now + GATE):
            return next_round(agenda.due, now)
        upcoming = sweeps.next_due()
        db.session.commit()
        if not _is_due(upcoming, now + GATE):
            return next_round(upcoming, now)
        return now + self._when_crowded(agenda.rings, rung)

    def _when_crowded(self, rings: int, rung: int) -> timedelta:
        is_answered = rung > 0 or rings < self._unanswered
        self._unanswered = rings + rung
        self._crowded = CROWDED if is_answered else min(self._crowded * 2, MOST_CROWDED)
        return self._crowded

    def daily(self, now: datetime) -> None:
        """What needs a look only now and then: the channels' own numbers, and what was left half-done."""
        self._ring("audience", singles(engagement.due_audiences(now)))
        sweeps.end_lost(now, 2 * config().lease)
        db.session.commit()
        _drop_unfinished(now)

    def facts(self) -> dict[str, Any]:
        """What this process knows of its own work: how long the queues are, and how far off its host's clock is."""
        offset = round(housetime.offset().total_seconds(), 3)
        try:
            return {"offset": offset, "queues": self._bell.queues()}
        except OutOfOrder:
            return {"offset": offset}

    def _sweep(self, agenda: sweeps.Agenda, now: datetime) -> None:
        if _is_due(agenda.lease, now):
            log.warning("leases lapsed", count=sweeps.reap(now))
        if _is_due(agenda.bound, now):
            log.warning("held as late", count=sweeps.hold_late(now))
        db.session.commit()

    def _ring_deliveries(self, agenda: sweeps.Agenda, now: datetime) -> int | None:
        """How many were rung; None when the bell is out of order: each second's round tries again, and no sooner."""
        rering = config().rering
        if not _is_due(agenda.due, now + GATE) and not _is_due(agenda.rung, now - rering):
            return 0
        ids = sweeps.due(now, rering)
        db.session.commit()
        if self._ring("publish_several", bundles(ids, sweeps.by_channel(ids))):
            return len(ids)
        sweeps.unring(ids)
        db.session.commit()
        return None

    def _ring_rest(self, agenda: sweeps.Agenda, now: datetime) -> None:
        if _is_due(agenda.render, now):
            self._ring("render", singles(library.wanted(now, sweeps.LIMIT)))
        background = (agenda.prepare, agenda.look, agenda.follow, agenda.check, agenda.sample)
        if any(_is_due(each, now) for each in background):
            self._ring_background(agenda, now, self._room())
        db.session.commit()

    def _ring_background(self, agenda: sweeps.Agenda, now: datetime, room: int) -> None:
        """No more than is soon answered, or what is urgent would wait behind the rest: that stays due meanwhile."""
        again = config().rering
        if room and _is_due(agenda.prepare, now):
            self._ring("prepare", batches(sweeps.by_channel(sweeps.to_prepare(now, again, room))))
        if room and _is_due(agenda.look, now):
            self._ring("settle", batches(sweeps.by_channel(sweeps.to_look(now, again, room))))
        if room and _is_due(agenda.follow, now):
            self._ring("follow", batches(following.due(now, again, room)))
        if room > MOST_WAITING // 2:
            self._ring_leisurely(agenda, now, room - MOST_WAITING // 2)

    def _ring_leisurely(self, agenda: sweeps.Agenda, now: datetime, room: int) -> None:
        if _is_due(agenda.check, now):
            self._ring("check", singles(preflight.due(now, room)))
        if _is_due(agenda.sample, now):
            self._ring("sample", singles(self._not_just_rung(engagement.due_channels(now), now, room)))

    def _room(self) -> int:
        try:
            return self._bell.room(BACKGROUND)
        except OutOfOrder as error:
            log.warning("the doorbell is out of order; ringing again soon", error=str(error))
            return 0

    def _not_just_rung(self, channel_ids: list[int], now: datetime, most: int) -> list[int]:
        oldest = now - min(config().rering, SAMPLING)
        fresh = [id for id in channel_ids if self._sampled.get(id, oldest) <= oldest][:most]
        self._sampled |= dict.fromkeys(fresh, now)
        return fresh

    def _ring(self, job: str, calls: Sequence[Call]) -> bool:
        """Commits first what was taken: nobody waits for its rows while Redis is talked to."""
        db.session.commit()
        try:
            self._bell.ring(job, calls)
        except OutOfOrder as error:
            log.warning("the doorbell is out of order; ringing again soon", job=job, error=str(error))
            return False
        return True


def next_round(due_at: datetime | None, now: datetime) -> datetime:
    """The instant of the next look: just before the next delivery is due, and a tick from now at the latest."""
    if due_at is None:
        return now + TICK
    return min(max(due_at - GATE, now + BREATH), now + TICK)


def run(app: Flask | None = None) -> None:
    """Tick until SIGTERM or SIGINT."""
    app = app or create_app()
    stop = StopSign()
    with app.app_context():
        clock = Clock(Bell(config()))
        name = f"{socket.gethostname()}:clock:{os.getpid()}"
        _await_whole_ledger(stop)
        log.info("the clock is ticking", name=name)
        _tick(clock, stop, name)
        beats.forget(name)


def _tick(clock: Clock, stop: StopSign, name: str) -> None:
    sign = _every(beats.EVERY, lambda now: _sign(clock, name))
    daily = _every(timedelta(minutes=1), clock.daily)
    note = _every(timedelta(minutes=1), lambda _now: _note_how_far())
    while not stop.is_set():
        now = housetime.now()
        _guarded(sign, now)
        upcoming = _guarded(clock.round, housetime.now()) or now + TICK
        _guarded(daily, now)
        _guarded(note, now)
        db.session.remove()
        stop.wait(max(0.0, (upcoming - housetime.now()).total_seconds()))


def _await_whole_ledger(stop: StopSign) -> None:
    """Ring for nothing while the ledger lacks attempts that were made: it would send again what they sent."""
    complain = _every(timedelta(minutes=1), _complain_of_loss)
    while not stop.is_set() and _guarded(lambda _now: _is_whole(), housetime.now()) is not True:
        _guarded(complain, housetime.now())
        stop.wait(TICK.total_seconds())


def _is_whole() -> bool:
    missing = ledger_mark.missing()
    db.session.rollback()
    return missing is None


def _complain_of_loss(_now: datetime) -> None:
    if missing := ledger_mark.missing():
        log.error(
            "the database knows less than it did, as after a restored backup; nothing is rung before: almanac restored",
            knew_until=missing.isoformat(),
            or_if_this_is_meant_delete=str(ledger_mark.path()),
        )
    db.session.rollback()


def _drop_unfinished(now: datetime) -> None:
    """A host without the folder of uploads leaves them to others."""
    with contextlib.suppress(OSError):
        if count := library.drop_unfinished(now):
            log.info("uploads that were cut off are removed", count=count)


def _note_how_far() -> None:
    """A host without the folder of uploads leaves the note to others."""
    with contextlib.suppress(OSError):
        ledger_mark.keep()
    db.session.rollback()


def _sign(clock: Clock, name: str) -> None:
    housetime.refresh()
    beats.beat(name, "clock", housetime.now(), clock.facts())


def _guarded(act: Callable[[datetime], T], now: datetime) -> T | None:
    """The clock goes on whatever breaks: what failed now is found again at the next round."""
    try:
        return act(now)
    except Exception:
        log.exception("a round broke off; going on")
        db.session.rollback()
        return None


def _every(interval: timedelta, act: Callable[[datetime], None]) -> Callable[[datetime], None]:
    last: datetime | None = None

    def act_if_time(now: datetime) -> None:
        nonlocal last
        if last is None or now - last >= interval:
            last = now
            act(now)

    return act_if_time


def _is_due(instant: datetime | None, now: datetime) -> bool:
    return instant is not None and instant <= now
