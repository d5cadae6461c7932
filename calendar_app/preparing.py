"""The invisible part of a delivery: done ahead of time by one worker at a time, and kept for as long as it fits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from flask import current_app
from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select, update

import publishers
from calendar_app import channels, content, deliveries, library, parcels, retrying
from calendar_app.attempts import close_attempt, open_attempt
from calendar_app.deliveries import Claim, write
from calendar_app.extensions import db
from calendar_app.models import Attempt, Delivery, Outcome, State, Step, Variant
from calendar_app.parcels import Parcel
from publishers.errors import Evidence, PublisherError, RateLimited, Rejected, Temporary, Unauthorized
from publishers.http import UPLOAD_SECONDS
from publishers.values import Ticket
from publishers.wire import all_within

Clock = Callable[[], datetime]
LEASE = timedelta(seconds=60)
LONGEST = timedelta(seconds=UPLOAD_SECONDS)
MARGIN = timedelta(minutes=5)
UNSYNCED = {"synchronize_session": False}
NOT_YET = Temporary("The files of this post are not uploaded yet.", Evidence("not_prepared"))
log = structlog.get_logger()


@dataclass
class Lease:
    """The right to prepare one delivery; whoever lost it writes nothing."""

    delivery_id: int
    until: datetime

    @property
    def is_held(self) -> ColumnElement[bool]:
        return and_(Delivery.id == self.delivery_id, Delivery.preparing_until == self.until)

    def renew(self, now: datetime) -> None:
        """A little longer; a lease that was lost stays lost. Commits."""
        until = now + LEASE
        if write(update(Delivery).where(self.is_held).values(preparing_until=until, prepare_at=until)):
            self.until = until
        db.session.commit()


def prepare(delivery_id: int, worker: str, clock: Clock) -> None:
    """Do ahead of time what is invisible and repeatable, and keep its handles. Commits."""
    lease = _take(delivery_id, clock())
    if lease is None:
        return
    parcel: Parcel | None = None
    attempt_id: int | None = None
    try:
        parcel, due_at, wanted_at = _packed(delivery_id)
        if _is_idle(lease, parcel, due_at, wanted_at, clock()):
            return
        attempt_id = _begun(delivery_id, worker, clock())
        with _renewed(lease, clock), all_within(UPLOAD_SECONDS):
            ticket = parcel.publisher.prepare(parcel.destination, parcel.content, parcel.ticket, clock())
    except Exception as error:  # noqa: BLE001 - the ledger must hear of every end
        db.session.rollback()
        _failed(lease, parcel, attempt_id or _begun(delivery_id, worker, clock()), error, clock())
    else:
        close_attempt(attempt_id, Outcome.PREPARED, clock())
        _keep(lease, parcel, ticket, clock())
    db.session.commit()


def renew(delivery: Delivery, variant: Variant, now: datetime) -> None:
    """An approval: handles that still fit what was approved are kept, others dropped; preparing is planned anew."""
    words, publisher = content.wording(variant), publishers.get(variant.channel.platform)
    if not _fits(delivery, variant):
        delivery.handles = delivery.handles_until = delivery.handles_for = None
    wants = publisher.needs_prepare(content.as_written(words))
    delivery.prepare_at = max(now, delivery.due_at - publisher.prepare_lead) if wants else None


def put_off(taken: Claim, delivery: Delivery, now: datetime) -> None:
    """Claimed, and not prepared: it waits for that, visibly and using up no try; or fails where that was refused."""
    last = _last(delivery.id)
    if last is not None and last.outcome == Outcome.REJECTED and delivery.prepare_at is None:
        deliveries.failed(taken, Outcome.REJECTED, PublisherError(last.message), now)
        return
    waits = select(func.count()).where(
        Attempt.delivery_id == delivery.id, Attempt.outcome == Outcome.UNPREPARED
    )
    due_at = retrying.next_wait(db.session.scalar(waits) or 0, now)
    backs_off = literal(last is not None and last.outcome not in (None, Outcome.PREPARED, Outcome.LOST))
    is_awaited = or_(Delivery.preparing_until > now, and_(backs_off, Delivery.prepare_at > now))
    at = case((is_awaited, Delivery.prepare_at), else_=now)
    deliveries.again(taken, Outcome.UNPREPARED, NOT_YET, due_at, now, prepare_at=at)


def _take(delivery_id: int, now: datetime) -> Lease | None:
    """The right to prepare, for one worker; None where nothing is wanted or another is at it. Commits."""
    until = now + LEASE
    free = or_(Delivery.preparing_until.is_(None), Delivery.preparing_until <= now)
    wanted = and_(Delivery.state == State.SCHEDULED, Delivery.prepare_at.is_not(None))
    taken = write(
        update(Delivery)
        .where(Delivery.id == delivery_id, wanted, free)
        .values(preparing_until=until, prepare_at=until)
    )
    db.session.commit()
    return Lease(delivery_id, until) if taken else None


def _packed(delivery_id: int) -> tuple[Parcel, datetime, datetime]:
    """The parcel, when it is due, and when it is wanted: what only waits for its files is wanted as promised."""
    delivery = parcels.load(delivery_id)
    assert delivery is not None
    parcel, due_at, promised_at = parcels.pack(delivery), delivery.due_at, delivery.promised_at
    is_put_off = db.session.scalar(select(_waits_for_files(delivery_id)))
    db.session.commit()
    return parcel, due_at, min(due_at, promised_at) if is_put_off else due_at


def _is_idle(lease: Lease, parcel: Parcel, due_at: datetime, wanted_at: datetime, now: datetime) -> bool:
    """Whether there is nothing to do now; when to come again is written down. Commits."""
    starts_at = wanted_at - parcel.publisher.prepare_lead
    if not parcel.publisher.needs_prepare(parcel.content):
        _end(lease, prepare_at=None)
    elif parcel.is_prepared(due_at + MARGIN):
        if _end(lease, prepare_at=_lapse(parcel.ticket, now)):
            _wake(parcel.delivery_id, now)
    elif starts_at > now:
        _end(lease, prepare_at=starts_at)
    else:
        return False
    db.session.commit()
    return True


def _begun(delivery_id: int, worker: str, now: datetime) -> int:
    """A try begins; one that its worker did not live to end is over. Commits."""
    left_open = and_(Attempt.step == Step.PREPARE, Attempt.closed_at.is_(None))
    db.session.execute(
        update(Attempt)
        .where(Attempt.delivery_id == delivery_id, left_open)
        .values(outcome=Outcome.LOST, closed_at=now),
        execution_options=UNSYNCED,
    )
    attempt_id = open_attempt(delivery_id, Step.PREPARE, now, worker)
    db.session.commit()
    return attempt_id


@contextmanager
def _renewed(lease: Lease, clock: Clock) -> Iterator[None]:
    """Keep the lease while an upload lasts, from a thread that dies with it: a crash frees it within ``LEASE``."""
    app, done = current_app._get_current_object(), threading.Event()  # type: ignore[attr-defined]

    def keep() -> None:
        for _ in range(3 * (LONGEST // LEASE)):
            if done.wait(LEASE.total_seconds() / 3):
                return
            with app.app_context():
                _guarded(lambda: lease.renew(clock()))

    thread = threading.Thread(target=keep, name=f"prepares {lease.delivery_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _guarded(act: Callable[[], None]) -> None:
    try:
        act()
    except Exception:
        log.exception("a lease was not renewed; trying again soon")
        db.session.rollback()


def _keep(lease: Lease, parcel: Parcel, ticket: Ticket, now: datetime) -> None:
    """Write down what was made; what was approved anew meanwhile is looked at again."""
    same = Delivery.digest == parcel.digest
    kept = _end(
        lease,
        handles=dict(ticket.handles),
        handles_until=ticket.expires_at,
        handles_for=parcel.seal,
        prepare_at=case((same, _lapse(ticket, now)), else_=now),
    )
    if kept:
        _wake(parcel.delivery_id, now)


def _end(lease: Lease, **changes: object) -> bool:
    open_states = {State.SCHEDULED, State.PUBLISHING, State.HELD}
    return write(
        update(Delivery)
        .where(lease.is_held, Delivery.state.in_(open_states))
        .values(preparing_until=None, **changes)
    )


def _wake(delivery_id: int, now: datetime) -> None:
    """What was put off for this is due again: at its promised instant, or now."""
    soonest = case((Delivery.promised_at > now, Delivery.promised_at), else_=now)
    late = and_(Delivery.due_at > soonest, Delivery.state == State.SCHEDULED)
    put_off = _waits_for_files(delivery_id)
    write(
        update(Delivery).where(Delivery.id == delivery_id, late, put_off).values(due_at=soonest, rung_at=None)
    )


def _waits_for_files(delivery_id: int) -> ColumnElement[bool]:
    """Whether it came unprepared when it was last to be published."""
    last = select(Attempt.outcome).where(Attempt.delivery_id == delivery_id, Attempt.step == Step.PUBLISH)
    return last.order_by(Attempt.id.desc()).limit(1).scalar_subquery() == Outcome.UNPREPARED


def _lapse(ticket: Ticket, now: datetime) -> datetime | None:
    """When handles have to be made afresh, should the delivery still be waiting then."""
    return max(ticket.expires_at - MARGIN, now + LEASE) if ticket.expires_at else None


def _failed(lease: Lease, parcel: Parcel | None, attempt_id: int, error: Exception, now: datetime) -> None:
    """Tried again on the back-off, for as long as the delivery waits; the panel shows why."""
    known = parcels.trouble(error)
    close_attempt(attempt_id, _outcome(known), now, known)
    later = retrying.next_preparation(_failures(lease.delivery_id), now)
    match known:
        case Rejected():
            _end(lease, prepare_at=None, error=known.message)
        case RateLimited() if parcel:
            until = retrying.rest_until(known.until, now)
            _end(lease, prepare_at=until)
            _rest_uploads(parcel.channel_id, until)
        case Unauthorized() if parcel:
            _end(lease, prepare_at=later)
            channels.learn_refusal(parcel.channel_id, parcel.version, known, now)
        case _:
            _end(lease, prepare_at=later)


def _rest_uploads(channel_id: int, until: datetime) -> None:
    """The platform asked for a pause: nothing more is uploaded there before ``until``."""
    waiting = and_(Delivery.channel_id == channel_id, Delivery.state == State.SCHEDULED)
    db.session.execute(
        update(Delivery).where(waiting, Delivery.prepare_at < until).values(prepare_at=until),
        execution_options=UNSYNCED,
    )


def _fits(delivery: Delivery, variant: Variant) -> bool:
    if delivery.handles_for is None:
        return False
    try:
        sent = content.to_send(content.wording(variant))
    except (library.NotReady, library.CannotRender):
        return False
    return delivery.handles_for == parcels.seal(publishers.get(variant.channel.platform), sent)


def _last(delivery_id: int) -> Attempt | None:
    query = select(Attempt).where(Attempt.delivery_id == delivery_id, Attempt.step == Step.PREPARE)
    return db.session.scalars(query.order_by(Attempt.id.desc()).limit(1)).first()


def _failures(delivery_id: int) -> int:
    """How many times in a row it failed."""
    query = select(Attempt.outcome).where(Attempt.delivery_id == delivery_id, Attempt.step == Step.PREPARE)
    outcomes = list(db.session.scalars(query.order_by(Attempt.id.desc()).limit(len(retrying.BACK_OFF))))
    return next((i for i, outcome in enumerate(outcomes) if outcome == Outcome.PREPARED), len(outcomes)) or 1


def _outcome(error: PublisherError) -> Outcome:
    outcomes = {
        Rejected: Outcome.REJECTED,
        RateLimited: Outcome.RATE_LIMITED,
        Unauthorized: Outcome.UNAUTHORIZED,
    }
    return outcomes.get(type(error), Outcome.TEMPORARY)
