"""The walk of one delivery: claim, last checks, one visible call, and what followed. Nothing is uploaded here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from calendar_app import (
    bounds,
    channels,
    credentials,
    deliveries,
    follow_ups,
    logs,
    pacing,
    parcels,
    preparing,
    retrying,
    sweeps,
)
from calendar_app.attempts import not_sent, refused_versions, unanswered
from calendar_app.deliveries import Claim
from calendar_app.extensions import db
from calendar_app.models import Channel, Delivery, Hold, Outcome, State
from calendar_app.parcels import Parcel
from calendar_app.vault import Sealed
from publishers.errors import (
    Evidence,
    PublisherError,
    RateLimited,
    Rejected,
    Stale,
    Unauthorized,
    Unconfirmed,
)
from publishers.values import Accepted, Receipt

Clock = Callable[[], datetime]
MOST_REFUSALS = 3
SPARE = timedelta(seconds=30)
# What a commit may take, on a database that is busy, between the last look and the call.
LONGEST_STALL = timedelta(seconds=10)
LAPSED = Unconfirmed("Too much time has passed to send this again safely.", Evidence("key_lapsed"))
log = structlog.get_logger()


@dataclass(frozen=True)
class Wait:
    """Until when a channel takes nothing, and what the try that found it so ends as."""

    outcome: Outcome
    until: datetime


@dataclass(frozen=True)
class Cleared:
    """What may be sent now: ``sent_at`` is committed, and ``looked_at`` is when it was last found to be in order."""

    taken: Claim
    parcel: Parcel
    looked_at: datetime


def publish(delivery_id: int, worker: str, clock: Clock, wait_until: Callable[[datetime], None]) -> None:
    """Publish one delivery at its instant, if it is still to be published and still ours to publish."""
    cleared = _straight(delivery_id, worker, clock) or _by_steps(delivery_id, worker, clock, wait_until)
    if cleared is None:
        return
    if clock() - cleared.looked_at > LONGEST_STALL:
        _put_back(cleared.taken, clock())
    else:
        _send(cleared.taken, cleared.parcel, clock)


def _straight(delivery_id: int, worker: str, clock: Clock) -> Cleared | None:
    """What is due already, as most of a burst is, with nothing in its way: looked at, claimed and marked as sent in one
    transaction. None, and nothing changed, where it must go step by step.
    """
    looked_at = clock()
    delivery = parcels.load(delivery_id)
    parcel = _free_parcel(delivery, looked_at) if delivery else None
    if delivery and parcel and pacing.has_turn(delivery, bounds.pace_of(delivery.channel), looked_at):
        sent_at, promised_at = clock(), delivery.promised_at
        taken = deliveries.claim_to_send(delivery_id, parcel.digest, sent_at, worker)
        if taken:
            logs.note(late_ms=logs.milliseconds(sent_at - promised_at))
            db.session.commit()
            return Cleared(taken, parcel, looked_at)
    db.session.rollback()
    return None


def _free_parcel(delivery: Delivery, now: datetime) -> Parcel | None:
    """The parcel, when it is due and nothing at all is in its way; whatever is, the steps tell the ledger."""
    if delivery.state != State.SCHEDULED or delivery.due_at > now or delivery.looks:
        return None
    if _waits_for(delivery.channel, now):
        return None
    try:
        parcel = parcels.pack(delivery)
    except Exception:  # noqa: BLE001 - packed once more by the steps, which answer for it
        return None
    is_free = parcel.is_prepared(now + SPARE) and not parcel.publisher.assisted
    return parcel if is_free and not parcels.obstacle(delivery, parcel.digest, now) else None


def _by_steps(
    delivery_id: int, worker: str, clock: Clock, wait_until: Callable[[datetime], None]
) -> Cleared | None:
    """Claimed first: to wait for its instant, or to tell the ledger what is in its way."""
    taken = deliveries.claim(delivery_id, clock(), worker)
    if taken is None:
        return None
    ready = _ready(taken, clock)
    if ready is None:
        return None
    parcel, delivery = ready
    if clock() < taken.due_at:
        db.session.commit()
        wait_until(taken.due_at)
        delivery = _reloaded(taken)
    looked_at = clock()
    return Cleared(taken, parcel, looked_at) if _cleared(taken, parcel, delivery, looked_at) else None


def _put_back(taken: Claim, now: datetime) -> None:
    """Too long ago was the last look, though nothing was sent: due again, to be looked at anew."""
    not_sent(taken.attempt_id)
    deliveries.again(taken, Outcome.LOST, None, now, now)
    db.session.commit()


def warm_up() -> None:
    """Walk for a delivery that does not exist, so that a worker's first delivery finds every statement compiled."""
    nobody = Claim(0, 0, "", datetime.max.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
    now = datetime.now(UTC)
    deliveries.claim(nobody.delivery_id, now, "")
    parcels.load(nobody.delivery_id)
    deliveries.claim_to_send(nobody.delivery_id, "", now, "")
    deliveries.sending(nobody, now)
    deliveries.succeeded(nobody, Receipt("", ""), now)
    db.session.rollback()


def _ready(taken: Claim, clock: Clock) -> tuple[Parcel, Delivery] | None:
    """The parcel, prepared, and what it was packed from; or None after the ledger was told why not."""
    parcel: Parcel | None = None
    try:
        delivery = _reloaded(taken)
        parcel = parcels.pack(delivery)
        is_prepared = parcel.is_prepared(max(clock(), taken.due_at) + SPARE)
        if not is_prepared:
            preparing.put_off(taken, delivery, clock())
            db.session.commit()
    except Exception as error:  # noqa: BLE001 - the ledger must hear of every end
        db.session.rollback()
        _not_sent(taken, parcel, error, clock())
        db.session.commit()
        return None
    return (parcel, delivery) if is_prepared else None


def _reloaded(taken: Claim) -> Delivery:
    delivery = parcels.load(taken.delivery_id)
    assert delivery is not None
    return delivery


def _cleared(taken: Claim, parcel: Parcel, delivery: Delivery, now: datetime) -> bool:
    """The last look before sending, at rows just read; committing ``sent_at`` is what tells a later crash apart."""
    reason = parcels.obstacle(delivery, parcel.digest, now)
    cleared = False
    if reason:
        deliveries.hold_claimed(taken, reason, now)
    elif _must_wait(taken, parcel, delivery, now):
        pass
    elif parcel.publisher.assisted:
        deliveries.handed_over(taken, now)
    else:
        cleared = deliveries.sending(taken, now)
        logs.note(late_ms=logs.milliseconds(now - delivery.promised_at))
        if not cleared:
            db.session.rollback()
    db.session.commit()
    return cleared


def _must_wait(taken: Claim, parcel: Parcel, delivery: Delivery, now: datetime) -> bool:
    """Whether its channel can't take it right now; the ledger is told until when."""
    channel = delivery.channel
    wait = _waits_for(channel, now)
    if wait:
        deliveries.again(taken, wait.outcome, None, wait.until, now)
    elif delivery.looks and not _repeats_safely(parcel, now):
        deliveries.unconfirmed(taken, LAPSED, now, now)
    else:
        return not pacing.takes_turn(taken, delivery, bounds.pace_of(channel), now)
    return True


def _waits_for(channel: Channel, now: datetime) -> Wait | None:
    """A rest that the platform asked for, or a renewal of credentials that is under way."""
    if channel.rests_until and channel.rests_until > now:
        return Wait(Outcome.RATE_LIMITED, channel.rests_until)
    if channel.refresh_until and channel.refresh_until > now:
        soon = now + credentials.Mended.SOON.pause
        return Wait(Outcome.UNAUTHORIZED, min(soon, channel.refresh_until))
    return None


def _repeats_safely(parcel: Parcel, now: datetime) -> bool:
    """Whether what was not found may go out: nothing is unanswered, or its key still makes it the same post."""
    sent, ticket = unanswered(parcel.delivery_id), parcel.ticket
    return sent.first is None or parcel.publisher.repeats_safely(parcel.destination, ticket, sent.first, now)


def _send(taken: Claim, parcel: Parcel, clock: Clock) -> None:
    try:
        answer = parcel.publisher.publish(parcel.destination, parcel.content, parcel.ticket)
    except PublisherError as error:
        _answer(taken, parcel, error, clock())
    except Exception as error:
        log.exception("publish broke off", delivery=taken.delivery_id)
        _answer(taken, parcel, Unconfirmed(str(error), Evidence("broke_off")), clock())
    else:
        _delivered(taken, parcel, answer, clock())
    db.session.commit()


def _delivered(taken: Claim, parcel: Parcel, answer: Receipt | Accepted, now: datetime) -> None:
    if isinstance(answer, Receipt):
        if deliveries.succeeded(taken, answer, now):
            follow_ups.plan(parcel, now)
    else:
        look_at = answer.look_after or now + parcel.publisher.visibility_lag
        deliveries.accepted(taken, answer.handle, look_at, now)


def _not_sent(taken: Claim, parcel: Parcel | None, error: Exception, now: datetime) -> None:
    """Something failed before the visible call."""
    if isinstance(error, parcels.Unapproved):
        deliveries.hold_claimed(taken, Hold.UNAPPROVED, now)
    elif isinstance(error, Sealed):
        deliveries.hold_claimed(taken, Hold.RECONNECT, now, PublisherError(str(error)))
    else:
        _answer(taken, parcel, parcels.trouble(error), now)


def _answer(taken: Claim, parcel: Parcel | None, error: PublisherError, now: datetime) -> None:
    """One decision for each class of error."""
    log.warning("delivery not published", delivery=taken.delivery_id, error=type(error).__name__)
    match error:
        case RateLimited():
            until = retrying.rest_until(error.until, now)
            if parcel:
                sweeps.rest(parcel.channel_id, until)
            deliveries.again(taken, Outcome.RATE_LIMITED, error, until, now)
        case Unauthorized() if parcel:
            _unauthorized(taken, parcel, error, now)
        case Rejected():
            deliveries.failed(taken, Outcome.REJECTED, error, now)
        case Stale():
            deliveries.again_or_failed(taken, Outcome.STALE, error, now, handles_for=None, prepare_at=now)
        case Unconfirmed():
            lag = parcel.publisher.visibility_lag if parcel else retrying.REST
            deliveries.unconfirmed(taken, error, now + lag, now)
        case _:
            deliveries.again_or_failed(taken, Outcome.TEMPORARY, error, now)


def _unauthorized(taken: Claim, parcel: Parcel, error: Unauthorized, now: datetime) -> None:
    try:
        mended = credentials.mend(parcel.channel_id, parcel.version, error, now)
    except PublisherError as trouble:
        deliveries.again_or_failed(taken, Outcome.TEMPORARY, trouble, now)
        return
    known = {"credentials_version": parcel.version}
    if _needs_a_person(taken, parcel, mended, error, now):
        deliveries.hold_claimed(taken, Hold.RECONNECT, now, error)
    else:
        deliveries.again(taken, Outcome.UNAUTHORIZED, error, now + mended.pause, now, known)


def _needs_a_person(
    taken: Claim, parcel: Parcel, mended: credentials.Mended, error: Unauthorized, now: datetime
) -> bool:
    """Whether signing in again is all that is left: no renewal, or one renewed pair after the other refused."""
    if mended is credentials.Mended.NO:
        return channels.needs_reconnecting(parcel.channel_id, error.message, now, parcel.version)
    refused = refused_versions(taken.delivery_id, taken.attempt_id) | {parcel.version}
    return len(refused) > MOST_REFUSALS and channels.needs_reconnecting(parcel.channel_id, error.message, now)
