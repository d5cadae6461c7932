"""What became of a delivery that is processing or unconfirmed: looked up, repeated under its key, never sent blindly.

A look waits for the platform's visibility lag. What is found is published. What is not there is looked for once more
after the lag, unless its key holds for ever, and then sent again under a key that still makes it the same post. What can
be neither found nor repeated safely is looked for ever more rarely; after the last look a person is asked, and the
attempts tell what was looked for, when and how often.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import joinedload

import publishers
from calendar_app import channels, content, deliveries, follow_ups, looking, parcels, retrying, sweeps
from calendar_app.attempts import Sent, close_attempt, open_attempt, unanswered
from calendar_app.extensions import db
from calendar_app.models import Attempt, Delivery, Outcome, State, Step, Variant
from calendar_app.parcels import Parcel
from calendar_app.publishing import Clock
from publishers.base import CANNOT_LOOK
from publishers.errors import (
    Evidence,
    PublisherError,
    RateLimited,
    Rejected,
    Temporary,
    Unauthorized,
    Unconfirmed,
)
from publishers.matching import Likeness, likeness
from publishers.values import Accepted, Receipt

MOST_SENDS = 4
KNOWN_BEFORE = timedelta(minutes=10)
NEVER_SHOWN = "The platform accepted this and did not show it in all the time since."
NEVER_TOLD = "The platform accepted this and could not be asked since what became of it."
TWIN = Unconfirmed("Another post with the same words is unconfirmed too.", Evidence("twin"))


@dataclass(frozen=True)
class Look:
    """One look at a platform: the ``number``-th since ``sent``."""

    delivery_id: int
    channel_id: int
    attempt_id: int
    number: int
    sent: Sent
    since: datetime

    @property
    def facts(self) -> dict[str, Any]:
        """What the attempt tells of the look itself."""
        return {"look": self.number, "looked_since": self.since.isoformat(), "sent_times": self.sent.times}


def settle(delivery_id: int, worker: str, clock: Clock) -> None:
    """Ask the platform about one delivery whose time to look has come. Commits."""
    delivery = parcels.load(delivery_id)
    if delivery is None or not _is_open(delivery):
        return
    is_lost, handles = delivery.state == State.UNCONFIRMED, dict(delivery.handles or {})
    look = _begun(delivery, worker, clock())
    if look is None:
        return
    parcel: Parcel | None = None
    try:
        parcel = parcels.pack(delivery)
        db.session.commit()
        if is_lost:
            _find(look, parcel, clock)
        else:
            _confirm(look, parcel, handles, clock)
    except Exception as error:  # noqa: BLE001 - the ledger must hear of every end
        db.session.rollback()
        _not_told(look, parcel, parcels.trouble(error), clock())
    db.session.commit()


def _begun(delivery: Delivery, worker: str, now: datetime) -> Look | None:
    """The right to look; None where it is too early or another worker is at it. Commits."""
    sent, looks = unanswered(delivery.id), delivery.looks
    step = Step.FIND if delivery.state == State.UNCONFIRMED else Step.CONFIRM
    if step == Step.FIND and not publishers.get(delivery.channel.platform).finds:
        looking.ask_a_person(delivery.id)
        db.session.commit()
        return None
    visible_at = (sent.last or delivery.promised_at) + publishers.get(
        delivery.channel.platform
    ).visibility_lag
    if step == Step.FIND and visible_at > now:
        looking.look_later(delivery.id, visible_at)
        db.session.commit()
        return None
    if step == Step.CONFIRM and looks > retrying.MOST_LOOKS:
        _give_up(delivery.id, looks)
        db.session.commit()
        return None
    if not looking.take_look(delivery.id, looks, _next_look(step, looks + 1, now)):
        db.session.rollback()
        return None
    attempt_id = open_attempt(delivery.id, step, now, worker)
    since = sent.first or delivery.promised_at
    db.session.flush()
    return Look(delivery.id, delivery.channel_id, attempt_id, looks + 1, sent, since)


def _next_look(step: Step, looks: int, now: datetime) -> datetime | None:
    """What is processing comes up once more after its last look, to be given up even if that look never ended."""
    planned = retrying.next_look(looks, now)
    return planned or (now + retrying.LOOK_AGAIN[-1] if step == Step.CONFIRM else None)


def _give_up(delivery_id: int, looks: int) -> None:
    """The platform took it and never showed it: from now on that is a question to a person."""
    as_seen = Delivery.looks == looks
    changes = {"look_at": None, "error": _never(delivery_id)}
    deliveries.advance(delivery_id, State.UNCONFIRMED, as_seen, sources={State.PROCESSING}, **changes)


def _never(delivery_id: int) -> str:
    """Why nobody knows: it was never shown, or nobody answered when the platform was last asked."""
    last = select(Attempt).where(Attempt.delivery_id == delivery_id, Attempt.step == Step.CONFIRM)
    asked = db.session.scalars(last.order_by(Attempt.id.desc()).limit(1)).first()
    if asked is None or asked.outcome != Outcome.TEMPORARY:
        return NEVER_SHOWN
    return f"{NEVER_TOLD} {asked.message}"


def _find(look: Look, parcel: Parcel, clock: Clock) -> None:
    ticket = replace(parcel.ticket, others=_others(look))
    db.session.commit()
    receipt = parcel.publisher.find(parcel.destination, parcel.content, ticket, look.since)
    now = clock()
    if receipt is None:
        _absent(look, parcel, now)
    elif parcel.publisher.finds_alike and _has_twin(look, parcel):
        close_attempt(look.attempt_id, Outcome.UNCONFIRMED, now, TWIN, look.facts | {"found": receipt.url})
        if _may_repeat(look, parcel, now):
            _send_again(look, now)
    elif receipt.remote_id in _others(look):
        _absent(look, parcel, now)  # it was another's, whose answer came while we looked
    else:
        close_attempt(look.attempt_id, Outcome.PUBLISHED, now, facts=look.facts)
        _published(look, parcel, receipt, now)


def _published(look: Look, parcel: Parcel, receipt: Receipt, now: datetime) -> None:
    if looking.settled_published(look.delivery_id, receipt, now):
        follow_ups.plan(parcel, now, by_look=True)


def _absent(look: Look, parcel: Parcel, now: datetime) -> None:
    close_attempt(look.attempt_id, Outcome.ABSENT, now, facts=look.facts)
    if not _may_repeat(look, parcel, now):
        return
    lag = parcel.publisher.visibility_lag
    if parcel.publisher.key_lives == timedelta.max or _was_absent_before(look, now - lag):
        _send_again(look, now)
    else:
        looking.look_later(look.delivery_id, now + lag)


def _send_again(look: Look, now: datetime) -> None:
    """Due again; but a look that was overtaken by another try says nothing of what that one made."""
    later = exists().where(
        Attempt.delivery_id == look.delivery_id, Attempt.step == Step.PUBLISH, Attempt.id > look.attempt_id
    )
    looking.settled_absent(look.delivery_id, now, ~later)


def _may_repeat(look: Look, parcel: Parcel, now: datetime) -> bool:
    is_safe = parcel.publisher.repeats_safely(parcel.destination, parcel.ticket, look.since, now)
    return is_safe and look.sent.times < MOST_SENDS


def _confirm(look: Look, parcel: Parcel, handles: dict[str, object], clock: Clock) -> None:
    answer: Receipt | Accepted = parcel.publisher.confirm(parcel.destination, handles)
    now = clock()
    if isinstance(answer, Receipt):
        close_attempt(look.attempt_id, Outcome.PUBLISHED, now)
        _published(look, parcel, answer, now)
        return
    close_attempt(look.attempt_id, Outcome.ACCEPTED, now)
    if answer.look_after:
        looking.look_later(look.delivery_id, answer.look_after)


def _not_told(look: Look, parcel: Parcel | None, error: PublisherError, now: datetime) -> None:
    """Looking failed; the next look is arranged already, so only what it taught about the channel is kept."""
    outcome = Outcome.REJECTED if isinstance(error, Rejected) else Outcome.TEMPORARY
    close_attempt(look.attempt_id, outcome, now, error, look.facts)
    match error:
        case Rejected():
            looking.settled_failed(look.delivery_id, error.message)
        case RateLimited():
            until = retrying.rest_until(error.until, now)
            sweeps.rest(look.channel_id, until)
            looking.look_later(look.delivery_id, until)
        case Unauthorized() if parcel:
            channels.learn_refusal(look.channel_id, parcel.version, error, now)
        case Temporary() if error.evidence.code == CANNOT_LOOK:
            looking.ask_a_person(look.delivery_id)


def _is_open(delivery: Delivery) -> bool:
    return (
        delivery.variant is not None and delivery.state in looking.LOOKED_AT and delivery.look_at is not None
    )


def _others(look: Look) -> frozenset[str]:
    """The posts of the channel that are known to be other deliveries."""
    query = select(Delivery.remote_id).where(
        Delivery.channel_id == look.channel_id,
        Delivery.published_at > look.since - KNOWN_BEFORE,
        Delivery.id != look.delivery_id,
    )
    return frozenset(remote_id for remote_id in db.session.scalars(query) if remote_id)


def _has_twin(look: Look, parcel: Parcel) -> bool:
    """Whether what was found may as well be another delivery of the same words that was lost too."""
    query = (
        select(Delivery)
        .where(
            Delivery.channel_id == look.channel_id,
            Delivery.state.in_((State.UNCONFIRMED, State.PUBLISHING)),
            Delivery.id != look.delivery_id,
        )
        .options(joinedload(Delivery.variant).joinedload(Variant.post))
    )
    texts = [content.text_of(each.variant) for each in db.session.scalars(query) if each.variant]
    return any(likeness(said, parcel.content.text) > Likeness.OTHER for said in texts)


def _was_absent_before(look: Look, latest: datetime) -> bool:
    """Whether an earlier look, over by ``latest``, found nothing either since it was last sent."""
    absent = select(func.count()).where(
        Attempt.delivery_id == look.delivery_id,
        Attempt.step == Step.FIND,
        Attempt.outcome == Outcome.ABSENT,
        Attempt.opened_at > (look.sent.last or look.since),
        Attempt.closed_at <= latest,
        Attempt.id != look.attempt_id,
    )
    return bool(db.session.scalar(absent))
