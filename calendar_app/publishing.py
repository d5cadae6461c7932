"""The walk of one delivery: claim, prepare what is not prepared, last checks, one visible call, and what followed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from calendar_app import channels, credentials, deliveries, library, parcels, retrying
from calendar_app.attempts import close_attempt, open_attempt
from calendar_app.deliveries import Claim
from calendar_app.extensions import db
from calendar_app.models import Hold, Outcome, State, Step
from calendar_app.parcels import Parcel
from calendar_app.vault import Sealed
from publishers.errors import (
    Evidence,
    PublisherError,
    RateLimited,
    Rejected,
    Stale,
    Temporary,
    Unauthorized,
    Unconfirmed,
)
from publishers.values import Accepted, Receipt

Clock = Callable[[], datetime]
log = structlog.get_logger()


def publish(delivery_id: int, worker: str, clock: Clock, wait_until: Callable[[datetime], None]) -> None:
    """Publish one delivery at its instant, if it is still to be published and still ours to publish."""
    taken = deliveries.claim(delivery_id, clock(), worker)
    if taken is None:
        return
    parcel = _ready(taken, clock)
    if parcel is None:
        return
    wait_until(taken.due_at)
    if _cleared(taken, parcel, clock()):
        _send(taken, parcel, clock)


def prepare(delivery_id: int, worker: str, clock: Clock) -> None:
    """Do ahead of time what is invisible and repeatable, and keep its handles."""
    delivery = parcels.load(delivery_id)
    if delivery is None or delivery.state != State.SCHEDULED or delivery.prepare_at is None:
        return
    attempt_id = open_attempt(delivery_id, Step.PREPARE, clock(), worker).id
    db.session.commit()
    try:
        parcel = parcels.pack(delivery)
        db.session.commit()
        ticket = parcel.publisher.prepare(parcel.destination, parcel.content, parcel.ticket, clock())
    except Exception as error:  # noqa: BLE001 - the ledger must hear of every end
        _not_prepared(delivery_id, attempt_id, error, clock())
    else:
        deliveries.prepared(delivery_id, parcel.digest, ticket, None)
        close_attempt(attempt_id, Outcome.PREPARED, clock())
    db.session.commit()


def warm_up() -> None:
    """Walk for a delivery that does not exist, so that a worker's forked children find every statement compiled."""
    nobody = Claim(0, 0, "", datetime.max.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
    now = datetime.now(UTC)
    deliveries.claim(nobody.delivery_id, now, "")
    parcels.load(nobody.delivery_id)
    deliveries.sending(nobody, now)
    deliveries.succeeded(nobody, Receipt("", ""), now)
    db.session.rollback()


def _ready(taken: Claim, clock: Clock) -> Parcel | None:
    """The parcel, prepared; or None after the ledger was told why not."""
    parcel: Parcel | None = None
    try:
        delivery = parcels.load(taken.delivery_id)
        assert delivery is not None
        parcel = parcels.pack(delivery)
        db.session.commit()
        return parcel if parcel.is_prepared(clock()) else _prepared_late(parcel, clock)
    except Exception as error:  # noqa: BLE001 - the ledger must hear of every end
        db.session.rollback()
        _not_sent(taken, parcel, error, clock())
        db.session.commit()
        return None


def _prepared_late(parcel: Parcel, clock: Clock) -> Parcel:
    ticket = parcel.publisher.prepare(parcel.destination, parcel.content, parcel.ticket, clock())
    deliveries.prepared(parcel.delivery_id, parcel.digest, ticket, None)
    db.session.commit()
    return parcel.with_ticket(ticket)


def _cleared(taken: Claim, parcel: Parcel, now: datetime) -> bool:
    """The last look before sending; committing ``sent_at`` is what tells a later crash apart."""
    delivery = parcels.load(taken.delivery_id)
    assert delivery is not None
    reason = parcels.obstacle(delivery, parcel.digest, now)
    rests_until = delivery.channel.rests_until
    cleared = False
    if reason:
        deliveries.hold_claimed(taken, reason, now)
    elif rests_until and rests_until > now:
        deliveries.again(taken, Outcome.RATE_LIMITED, None, rests_until, now)
    else:
        cleared = deliveries.sending(taken, now)
        if not cleared:
            db.session.rollback()
    db.session.commit()
    return cleared


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
        deliveries.succeeded(taken, answer, now)
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
        _answer(taken, parcel, _as_publisher_error(error), now)


def _answer(taken: Claim, parcel: Parcel | None, error: PublisherError, now: datetime) -> None:
    """One decision for each class of error."""
    log.warning("delivery not published", delivery=taken.delivery_id, error=type(error).__name__)
    match error:
        case RateLimited():
            until = retrying.rest_until(error.until, now)
            if parcel:
                deliveries.channel_rests(parcel.channel_id, until)
            deliveries.again(taken, Outcome.RATE_LIMITED, error, until, now)
        case Unauthorized() if parcel:
            _unauthorized(taken, parcel, error, now)
        case Rejected():
            deliveries.failed(taken, Outcome.REJECTED, error, now)
        case Stale():
            deliveries.again_or_failed(taken, Outcome.STALE, error, now, handles=None, handles_until=None)
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
    if mended is credentials.Mended.NO or deliveries.refused_before(taken):
        channels.needs_reconnecting(parcel.channel_id, error.message, now)
        deliveries.hold_claimed(taken, Hold.RECONNECT, now, error)
    else:
        deliveries.again(taken, Outcome.UNAUTHORIZED, error, now + mended.pause, now)


def _not_prepared(delivery_id: int, attempt_id: int, error: Exception, now: datetime) -> None:
    """Preparing failed: it is tried again, at the latest by ``publish`` itself, and the panel shows why."""
    db.session.rollback()
    known = _as_publisher_error(error)
    close_attempt(attempt_id, _outcome(known), now, known)
    if isinstance(known, Rejected):
        deliveries.stop_preparing(delivery_id, known.message)
    elif isinstance(known, Unauthorized):
        delivery = parcels.load(delivery_id)
        assert delivery is not None
        if (
            credentials.mend(delivery.channel_id, delivery.channel.credentials_version, known, now)
            is credentials.Mended.NO
        ):
            channels.needs_reconnecting(delivery.channel_id, known.message, now)


def _outcome(error: PublisherError) -> Outcome:
    outcomes = {
        Rejected: Outcome.REJECTED,
        RateLimited: Outcome.RATE_LIMITED,
        Unauthorized: Outcome.UNAUTHORIZED,
    }
    return outcomes.get(type(error), Outcome.TEMPORARY)


def _as_publisher_error(error: Exception) -> PublisherError:
    if isinstance(error, PublisherError):
        return error
    if isinstance(error, library.NotReady):
        still = "A file of this post is still being made ready for the channel."
        return Temporary(still, Evidence("media_not_ready"))
    if isinstance(error, library.CannotRender):
        never = f"A file of this post can not be made to fit the channel ({error})."
        return Rejected(never, Evidence("media_does_not_fit"))
    log.error("publishing broke off before sending", exc_info=error)
    stumbled = f"Almanac stumbled before sending ({type(error).__name__})."
    return Temporary(stumbled, Evidence("stumbled"))
