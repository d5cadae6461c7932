"""The ledger of deliveries: every change of state is one guarded UPDATE along a declared edge."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Update, or_, select, update

from calendar_app import ahead, retrying
from calendar_app.attempts import close_attempt, open_attempt
from calendar_app.extensions import db
from calendar_app.models import Attempt, Channel, Delivery, Hold, Outcome, State, Step, Variant
from calendar_app.settings import config
from publishers.errors import PublisherError
from publishers.values import Receipt

EDGES: Mapping[State, frozenset[State]] = {
    State.SCHEDULED: frozenset({State.PUBLISHING, State.HELD, State.CANCELED}),
    State.PUBLISHING: frozenset(
        {State.PUBLISHED, State.PROCESSING, State.SCHEDULED, State.FAILED, State.UNCONFIRMED, State.HELD}
    ),
    State.PROCESSING: frozenset({State.PUBLISHED, State.FAILED, State.UNCONFIRMED}),
    State.UNCONFIRMED: frozenset({State.PUBLISHED, State.SCHEDULED, State.FAILED}),
    State.HELD: frozenset({State.SCHEDULED, State.CANCELED}),
    State.FAILED: frozenset({State.SCHEDULED, State.CANCELED}),
    State.PUBLISHED: frozenset(),
    State.CANCELED: frozenset(),
}
GONE_OUT = frozenset({State.PUBLISHING, State.PROCESSING, State.PUBLISHED, State.UNCONFIRMED})
GATE = timedelta(milliseconds=150)
LOOKED_AT = frozenset({State.UNCONFIRMED, State.PROCESSING})
REFUSALS_KEPT = 40


def is_out(variant: Variant) -> bool:
    """Whether this channel's part has gone out, or may have: it can't be edited any more."""
    return variant.delivery is not None and variant.delivery.state in GONE_OUT


@dataclass(frozen=True)
class Claim:
    """The right to publish one delivery until ``until``; ``token`` proves it in every later UPDATE."""

    delivery_id: int
    attempt_id: int
    token: str
    until: datetime
    due_at: datetime


def claim(delivery_id: int, now: datetime, worker: str) -> Claim | None:
    """Take the delivery for publishing, or None when it is not due, not scheduled, or another took it. Commits."""
    token, until = secrets.token_hex(16), now + config().lease
    step = _step(
        delivery_id,
        State.PUBLISHING,
        Delivery.due_at <= now + GATE,
        sources={State.SCHEDULED},
        lease_token=token,
        lease_until=until,
        rung_at=None,
        **ahead.no_more(),
    )
    due_at: datetime | None = db.session.scalar(step.returning(Delivery.due_at))
    if due_at is None:
        db.session.rollback()
        return None
    attempt = open_attempt(delivery_id, Step.PUBLISH, now, worker)
    db.session.commit()
    return Claim(delivery_id, attempt.id, token, until, due_at)


def sending(taken: Claim, now: datetime) -> bool:
    """Record, right before the visible call, that it is being made, under a lease renewed for it.

    False when the lease is ours no more: the caller rolls back and does not send. The renewal is what keeps ``reap``,
    should it look at this very moment, from taking the delivery for one that was never sent.
    """
    db.session.execute(update(Attempt).where(Attempt.id == taken.attempt_id).values(sent_at=now))
    return _touch(taken, Delivery.lease_until > now, lease_until=now + config().lease)


def succeeded(taken: Claim, receipt: Receipt, now: datetime) -> bool:
    """The platform's word that it is out."""
    close_attempt(taken.attempt_id, Outcome.PUBLISHED, now)
    return advance(taken.delivery_id, State.PUBLISHED, _held_by(taken), **_published(receipt, now))


def accepted(taken: Claim, handle: Mapping[str, Any], look_at: datetime, now: datetime) -> bool:
    """The platform took it and will show it later."""
    close_attempt(taken.attempt_id, Outcome.ACCEPTED, now)
    return advance(
        taken.delivery_id,
        State.PROCESSING,
        _held_by(taken),
        **free(),
        handles=dict(handle),
        handles_for=None,
        look_at=look_at,
        looks=0,
    )


def again(
    taken: Claim,
    outcome: Outcome,
    error: PublisherError | None,
    due_at: datetime,
    now: datetime,
    facts: Mapping[str, Any] | None = None,
    **changes: Any,
) -> bool:
    """Surely not sent: due again at ``due_at``."""
    close_attempt(taken.attempt_id, outcome, now, error, facts)
    message = error.message if error else None
    return advance(
        taken.delivery_id,
        State.SCHEDULED,
        _held_by(taken),
        **free(),
        due_at=due_at,
        error=message,
        **changes,
    )


def again_or_failed(
    taken: Claim, outcome: Outcome, error: PublisherError, now: datetime, **changes: Any
) -> bool:
    """A try is used up: due again on the back-off, or failed after the last."""
    tries = 1 + (db.session.scalar(select(Delivery.tries).where(Delivery.id == taken.delivery_id)) or 0)
    due_at = retrying.next_try(tries, now)
    if due_at is None:
        return failed(taken, outcome, error, now)
    return again(taken, outcome, error, due_at, now, tries=tries, **changes)


def failed(taken: Claim, outcome: Outcome, error: PublisherError, now: datetime) -> bool:
    """Over, until a person decides; the platform's own sentence is kept."""
    close_attempt(taken.attempt_id, outcome, now, error)
    return advance(taken.delivery_id, State.FAILED, _held_by(taken), **free(), error=error.message)


def unconfirmed(taken: Claim, error: PublisherError, look_at: datetime, now: datetime) -> bool:
    """It may or may not be out: never sent again blindly."""
    close_attempt(taken.attempt_id, Outcome.UNCONFIRMED, now, error)
    return advance(
        taken.delivery_id,
        State.UNCONFIRMED,
        _held_by(taken),
        **free(),
        look_at=look_at,
        looks=0,
        error=error.message,
    )


def hold_claimed(taken: Claim, reason: Hold, now: datetime, error: PublisherError | None = None) -> bool:
    """Claimed, not sent, and it must wait for a person."""
    close_attempt(taken.attempt_id, Outcome.HELD, now, error)
    return advance(
        taken.delivery_id,
        State.HELD,
        _held_by(taken),
        **free(),
        held_reason=reason,
        error=error.message if error else None,
    )


def settled_published(delivery_id: int, receipt: Receipt, now: datetime) -> bool:
    """An unconfirmed or processing delivery turned out to be visible."""
    return advance(
        delivery_id,
        State.PUBLISHED,
        sources={State.UNCONFIRMED, State.PROCESSING},
        **_published(receipt, now),
    )


def settled_absent(delivery_id: int, due_at: datetime, *where: ColumnElement[bool]) -> bool:
    """An unconfirmed delivery surely is not out: due again."""
    return advance(
        delivery_id, State.SCHEDULED, *where, sources={State.UNCONFIRMED}, look_at=None, due_at=due_at
    )


def settled_failed(delivery_id: int, message: str) -> bool:
    """The platform turned a processing delivery down."""
    return advance(delivery_id, State.FAILED, sources={State.PROCESSING}, look_at=None, error=message)


def take_look(delivery_id: int, looks: int, look_at: datetime | None) -> bool:
    """The right to make the look after ``looks`` others, for one worker; ``look_at`` is when the next one is."""
    return write(
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.state.in_(LOOKED_AT), Delivery.looks == looks)
        .values(looks=looks + 1, look_at=look_at)
    )


def look_later(delivery_id: int, look_at: datetime) -> None:
    """Look again at that instant, rather than when it was planned."""
    write(
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.state.in_(LOOKED_AT))
        .values(look_at=look_at)
    )


def refused_versions(taken: Claim) -> set[int]:
    """The versions of the credentials that were refused one after the other, right before this try."""
    tries = db.session.execute(
        select(Attempt.outcome, Attempt.evidence)
        .where(
            Attempt.delivery_id == taken.delivery_id,
            Attempt.step == Step.PUBLISH,
            Attempt.id < taken.attempt_id,
        )
        .order_by(Attempt.id.desc())
        .limit(REFUSALS_KEPT)
    )
    refused = takewhile(lambda row: row.outcome == Outcome.UNAUTHORIZED, tries)
    return {row.evidence["credentials_version"] for row in refused if row.evidence}


def advance(
    delivery_id: int,
    to: State,
    *where: ColumnElement[bool],
    sources: set[State] | None = None,
    **changes: Any,
) -> bool:
    """Move one row along a declared edge, or not at all."""
    return write(_step(delivery_id, to, *where, sources=sources, **changes))


def _step(
    delivery_id: int,
    to: State,
    *where: ColumnElement[bool],
    sources: set[State] | None = None,
    **changes: Any,
) -> Update:
    """The writer of ``Delivery.state``."""
    allowed = {state for state, targets in EDGES.items() if to in targets}
    assert sources is None or sources <= allowed, f"no edge from {sources - allowed} to {to}"
    return (
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.state.in_(sources or allowed), *where)
        .values(state=to, **changes)
    )


def _touch(taken: Claim, *where: ColumnElement[bool], **changes: Any) -> bool:
    return write(
        update(Delivery).where(Delivery.id == taken.delivery_id, _held_by(taken), *where).values(**changes)
    )


def write(statement: Any) -> bool:
    """Run a guarded UPDATE; whether it changed its one row."""
    result = db.session.execute(statement, execution_options={"synchronize_session": "fetch"})
    assert isinstance(result, CursorResult)
    return result.rowcount == 1


def _held_by(taken: Claim) -> ColumnElement[bool]:
    return (Delivery.state == State.PUBLISHING) & (Delivery.lease_token == taken.token)


def free() -> dict[str, Any]:
    """What an ended lease leaves behind."""
    return {"lease_token": None, "lease_until": None, "rung_at": None}


def _published(receipt: Receipt, now: datetime) -> dict[str, Any]:
    ages = config().sample_ages
    return free() | {
        "remote_id": receipt.remote_id,
        "url": receipt.url,
        "published_at": now,
        "error": None,
        "look_at": None,
        "prepare_at": None,
        "sample_at": now + ages[0] if ages else None,
        "sampled": 0,
    }


def channel_rests(channel_id: int, until: datetime) -> None:
    """The platform asked for a pause: nothing more goes out there before ``until``, and nothing is due before it."""
    db.session.execute(
        update(Channel)
        .where(Channel.id == channel_id, or_(Channel.rests_until.is_(None), Channel.rests_until < until))
        .values(rests_until=until),
        execution_options={"synchronize_session": False},
    )
    db.session.execute(
        update(Delivery)
        .where(Delivery.channel_id == channel_id, Delivery.state == State.SCHEDULED, Delivery.due_at < until)
        .values(due_at=until, rung_at=None),
        execution_options={"synchronize_session": False},
    )
