"""What became of a delivery that is processing or unconfirmed: looked up, never sent again blindly."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from calendar_app import channels, credentials, deliveries, parcels
from calendar_app.attempts import close_attempt, open_attempt
from calendar_app.extensions import db
from calendar_app.models import Attempt, Delivery, Outcome, State, Step
from calendar_app.parcels import Parcel
from calendar_app.publishing import Clock
from publishers.errors import PublisherError, Rejected, Unauthorized
from publishers.values import Accepted, Receipt


def settle(delivery_id: int, worker: str, clock: Clock) -> None:
    """Ask the platform about one delivery whose time to look has come."""
    delivery = parcels.load(delivery_id)
    if not _is_open(delivery):
        return
    assert delivery is not None
    state, sent_at, handles = delivery.state, _first_sent(delivery), dict(delivery.handles or {})
    step = Step.FIND if state == State.UNCONFIRMED else Step.CONFIRM
    attempt_id = open_attempt(delivery_id, step, clock(), worker).id
    deliveries.look_later(delivery_id, clock())
    parcel = parcels.pack(delivery)
    db.session.commit()
    try:
        if state == State.UNCONFIRMED:
            _found(attempt_id, parcel, sent_at, clock)
        else:
            _confirmed(attempt_id, parcel, handles, clock)
    except PublisherError as error:
        _not_told(attempt_id, parcel, error, clock())
    db.session.commit()


def _found(attempt_id: int, parcel: Parcel, sent_at: datetime, clock: Clock) -> None:
    receipt = parcel.publisher.find(parcel.destination, parcel.content, parcel.ticket, sent_at)
    now = clock()
    close_attempt(attempt_id, Outcome.PUBLISHED if receipt else Outcome.ABSENT, now)
    if receipt:
        deliveries.settled_published(parcel.delivery_id, receipt, now)
    elif parcel.publisher.repeats_safely(parcel.destination, parcel.ticket, sent_at, now):
        deliveries.settled_absent(parcel.delivery_id, now)


def _confirmed(attempt_id: int, parcel: Parcel, handles: dict[str, object], clock: Clock) -> None:
    answer: Receipt | Accepted = parcel.publisher.confirm(parcel.destination, handles)
    now = clock()
    if isinstance(answer, Receipt):
        close_attempt(attempt_id, Outcome.PUBLISHED, now)
        deliveries.settled_published(parcel.delivery_id, answer, now)
    else:
        close_attempt(attempt_id, Outcome.ACCEPTED, now)
        deliveries.look_later(parcel.delivery_id, now, answer.look_after)


def _not_told(attempt_id: int, parcel: Parcel, error: PublisherError, now: datetime) -> None:
    """Looking failed; the next look is arranged already, so only what it taught about the channel is kept."""
    outcome = Outcome.REJECTED if isinstance(error, Rejected) else Outcome.TEMPORARY
    close_attempt(attempt_id, outcome, now, error)
    if isinstance(error, Rejected):
        deliveries.settled_failed(parcel.delivery_id, error.message)
    if isinstance(error, Unauthorized):
        db.session.commit()
        if credentials.mend(parcel.channel_id, parcel.version, error, now) is credentials.Mended.NO:
            channels.needs_reconnecting(parcel.channel_id, error.message, now)


def _is_open(delivery: Delivery | None) -> bool:
    return (
        delivery is not None
        and delivery.variant is not None
        and delivery.state in (State.UNCONFIRMED, State.PROCESSING)
        and delivery.look_at is not None
    )


def _first_sent(delivery: Delivery) -> datetime:
    first = db.session.scalar(select(func.min(Attempt.sent_at)).where(Attempt.delivery_id == delivery.id))
    return first or delivery.promised_at
