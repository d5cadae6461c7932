"""The clock of a rehearsal, and the rounds that it makes: what the clock process and the workers do, one after the other."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from sqlalchemy import select, update

import publishers
from calendar_app import channels, content, preparing, publishing, settling, sweeps
from calendar_app.extensions import db
from calendar_app.models import Channel, ChannelState, Delivery
from calendar_app.rehearsal.platforms import Platforms
from calendar_app.settings import config
from publishers.errors import Unauthorized

WORKER = "rehearsal"
TICK = timedelta(milliseconds=1)
# What is asked about after the week belongs to it: a review may take its time.
AFTERWARDS = timedelta(days=1)
MOST_ROUNDS = 100_000


class FastClock:
    """Says what time it is in the rehearsal; nobody waits, it jumps."""

    def __init__(self, begins: datetime, platforms: Platforms) -> None:
        self._now, self._platforms = begins, platforms
        platforms.follow(begins)

    def __call__(self) -> datetime:
        return self._now

    def jump(self, to: datetime) -> None:
        """Be at ``to``; time never goes back."""
        self._now = max(self._now, to)
        self._platforms.follow(self._now)


def play(clock: FastClock, platforms: Platforms, ends: datetime, until: float) -> bool:
    """Do all that is due up to ``ends``; False where ``until`` (by ``time.monotonic``) came first. Commits."""
    for _ in range(MOST_ROUNDS):
        instant = _next(clock())
        if instant is None or instant > ends + AFTERWARDS:
            return True
        if time.monotonic() > until:
            return False
        clock.jump(instant)
        _end_sign_ins(platforms, clock())
        _round(clock)
    return False


def _next(now: datetime) -> datetime | None:
    """When something is to be done next, whatever it is."""
    agenda = sweeps.agenda()
    db.session.commit()
    bound = agenda.bound + TICK if agenda.bound else None
    rung = agenda.rung + config().rering + TICK if agenda.rung else None
    lease = agenda.lease + TICK if agenda.lease else None
    planned = (agenda.due, agenda.prepare, agenda.check, agenda.look, bound, rung, lease)
    return min((instant for instant in planned if instant is not None), default=None)


def _round(clock: FastClock) -> None:
    rering = config().rering
    sweeps.reap(clock())
    sweeps.hold_late(clock())
    _look_ahead(clock)
    prepared, due = sweeps.to_prepare(clock(), rering), sweeps.due(clock(), rering)
    db.session.commit()
    for delivery_id in prepared:
        preparing.prepare(delivery_id, WORKER, clock)
    for delivery_id in due:
        publishing.publish(delivery_id, WORKER, clock, clock.jump)
    looked_at = sweeps.to_look(clock(), rering)
    db.session.commit()
    for delivery_id in looked_at:
        settling.settle(delivery_id, WORKER, clock)
    db.session.remove()


def _look_ahead(clock: FastClock) -> None:
    """Credentials that lapsed are renewed before the post needs them, as the looks ahead of each post do. Commits."""
    is_due = Delivery.check_at <= clock()
    for channel_id in db.session.scalars(select(Delivery.channel_id).where(is_due).distinct()).all():
        _ask(channel_id, clock)
    db.session.execute(update(Delivery).where(is_due).values(check_at=None))
    db.session.commit()


def _ask(channel_id: int, clock: FastClock) -> None:
    channel = db.session.get_one(Channel, channel_id, populate_existing=True)
    if channel.state != ChannelState.ACTIVE:
        return
    there, version = content.destination(channel), channel.credentials_version
    publisher = publishers.get(channel.platform)
    try:
        publisher.discover(there)
    except Unauthorized as error:
        channels.learn_refusal(channel_id, version, error, clock())
    except Exception:  # noqa: BLE001 - whatever it is, the post itself will tell
        db.session.rollback()


def _end_sign_ins(platforms: Platforms, now: datetime) -> None:
    """What renewed itself meanwhile has another end by now: the ledger is asked, not the plan."""
    over = select(Channel.id).where(Channel.expires_at <= now)
    for channel_id in db.session.scalars(over):
        platforms.revoke(channel_id)
    db.session.commit()
