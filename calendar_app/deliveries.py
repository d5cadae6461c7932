"""The ledger of deliveries: every change of state is one guarded UPDATE along a declared edge."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ClauseElement, ColumnElement, CursorResult, select, update

from calendar_app import ahead, retrying
from calendar_app.attempts import close_attempt, mark_sent, open_attempt
from calendar_app.extensions import db
from calendar_app.models import Delivery, Hold, Outcome, State, Step, Variant
from calendar_app.settings import config
from calendar_app.statements import Guard, guarded
from publishers.errors import PublisherError
from publishers.values import Receipt

EDGES: Mapping[State, frozenset[State]] = {
    State.SCHEDULED: frozenset({State.PUBLISHING, State.HELD, State.CANCELED}),
    State.PUBLISHING: frozenset(
        {State.PUBLISHED, State.PROCESSING, State.SCHEDULED, State.FAILED, State.UNCONFIRMED, State.HELD}
    ),
    State.PROCESSING: frozenset({State.PUBLISHED, State.FAILED, State.UNCONFIRMED}),
    State.UNCONFIRMED: frozenset({State.PUBLISHED, State.SCHEDULED, State.FAILED}),
    State.HELD: frozenset({State.SCHEDULED, State.CANCELED, State.PUBLISHED}),
    State.FAILED: frozenset({State.SCHEDULED, State.CANCELED}),
    State.PUBLISHED: frozenset(),
    State.CANCELED: frozenset(),
}
GONE_OUT = frozenset({State.PUBLISHING, State.PROCESSING, State.PUBLISHED, State.UNCONFIRMED})
GATE = timedelta(milliseconds=150)


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
    taken = _taken(delivery_id, Guard.DUE, {"by": now + GATE}, now, worker)
    if taken is None:
        db.session.rollback()
    else:
        db.session.commit()
    return taken


def claim_to_send(delivery_id: int, digest: str, now: datetime, worker: str) -> Claim | None:
    """``claim`` and ``sending`` in one transaction, for what is due already and was just looked at, as ``digest``.

    None where it is not due, not scheduled, or not that any more. The caller commits, and then makes the visible call.
    """
    bound = {"by": now, "seen": digest}
    return _taken(delivery_id, Guard.AS_SEEN, bound, now, worker, sent_at=now)


def _taken(
    delivery_id: int,
    guard: Guard,
    bound: Mapping[str, Any],
    now: datetime,
    worker: str,
    sent_at: datetime | None = None,
) -> Claim | None:
    token, until = secrets.token_hex(16), now + config().lease
    due_at = _step(
        delivery_id,
        State.PUBLISHING,
        guard,
        bound,
        sources={State.SCHEDULED},
        lease_token=token,
        lease_until=until,
        rung_at=None,
        **ahead.NO_MORE,
    )
    if due_at is None:
        return None
    attempt_id = open_attempt(delivery_id, Step.PUBLISH, now, worker, sent_at=sent_at)
    return Claim(delivery_id, attempt_id, token, until, due_at)


def sending(taken: Claim, now: datetime) -> bool:
    """Record, right before the visible call, that it is being made, under a lease renewed for it.

    False when the lease is ours no more: the caller rolls back and does not send. The renewal is what keeps ``reap``,
    should it look at this very moment, from taking the delivery for one that was never sent.
    """
    mark_sent(taken.attempt_id, now)
    ours = {"token": taken.token, "by": now}
    changes = {"lease_until": now + config().lease}
    return _run(taken.delivery_id, Guard.LEASED, ours, {State.PUBLISHING}, changes) is not None


def succeeded(taken: Claim, receipt: Receipt, now: datetime) -> bool:
    """The platform's word that it is out."""
    close_attempt(taken.attempt_id, Outcome.PUBLISHED, now)
    return _move(taken, State.PUBLISHED, **as_published(receipt, now))


def accepted(taken: Claim, handle: Mapping[str, Any], look_at: datetime, now: datetime) -> bool:
    """The platform took it and will show it later."""
    close_attempt(taken.attempt_id, Outcome.ACCEPTED, now)
    return _move(
        taken,
        State.PROCESSING,
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
    return _move(
        taken,
        State.SCHEDULED,
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
    return _move(taken, State.FAILED, **free(), error=error.message)


def unconfirmed(taken: Claim, error: PublisherError, look_at: datetime, now: datetime) -> bool:
    """It may or may not be out: never sent again blindly."""
    close_attempt(taken.attempt_id, Outcome.UNCONFIRMED, now, error)
    return _move(
        taken,
        State.UNCONFIRMED,
        **free(),
        look_at=look_at,
        looks=0,
        error=error.message,
    )


def hold_claimed(taken: Claim, reason: Hold, now: datetime, error: PublisherError | None = None) -> bool:
    """Claimed, not sent, and it must wait for a person."""
    close_attempt(taken.attempt_id, Outcome.HELD, now, error)
    return _move(
        taken,
        State.HELD,
        **free(),
        held_reason=reason,
        error=error.message if error else None,
    )


def handed_over(taken: Claim, now: datetime) -> bool:
    """Claimed, and laid out for a person who posts it; nothing was sent."""
    close_attempt(taken.attempt_id, Outcome.HELD, now, facts={"code": "handed_over"})
    return _move(taken, State.HELD, **free(), held_reason=Hold.HANDOVER, error=None)


def posted_by_hand(delivery_id: int, receipt: Receipt, now: datetime, *where: ColumnElement[bool]) -> bool:
    """A person's word that they posted what was handed over to them; there are no numbers of it to read."""
    is_handed = Delivery.held_reason == Hold.HANDOVER
    changes = as_published(receipt, now) | {"sample_at": None, "held_reason": None}
    return advance(delivery_id, State.PUBLISHED, is_handed, *where, sources={State.HELD}, **changes)


def advance(
    delivery_id: int,
    to: State,
    *where: ColumnElement[bool],
    sources: AbstractSet[State] | None = None,
    **changes: Any,
) -> bool:
    """Move one row along a declared edge, or not at all."""
    allowed = _sources(to, sources)
    return write(
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.state.in_(allowed), *where)
        .values(state=to, **changes)
    )


def _move(taken: Claim, to: State, **changes: Any) -> bool:
    """Move a claimed row, if the claim still holds."""
    ours = {"token": taken.token}
    return _step(taken.delivery_id, to, Guard.OURS, ours, {State.PUBLISHING}, **changes) is not None


def _step(
    delivery_id: int,
    to: State,
    guard: Guard,
    bound: Mapping[str, Any],
    sources: AbstractSet[State],
    **changes: Any,
) -> datetime | None:
    """As ``advance``, on the ways that every delivery goes; its due instant, or None where nothing moved."""
    return _run(delivery_id, guard, bound, _sources(to, sources), {"state": to} | changes)


def _run(
    delivery_id: int,
    guard: Guard,
    bound: Mapping[str, Any],
    sources: AbstractSet[State],
    changes: Mapping[str, Any],
) -> datetime | None:
    db.session.flush()
    computed = {name: value for name, value in changes.items() if isinstance(value, ClauseElement)}
    plain = {name: value for name, value in changes.items() if name not in computed}
    statement = guarded(guard, frozenset(sources), tuple(plain))
    values = {f"new_{name}": value for name, value in plain.items()}
    return db.session.scalar(
        statement.values(computed) if computed else statement,
        {"delivery_id": delivery_id, **bound, **values},
    )


def _sources(to: State, wanted: AbstractSet[State] | None) -> AbstractSet[State]:
    allowed = {state for state, targets in EDGES.items() if to in targets}
    assert wanted is None or wanted <= allowed, f"no edge from {wanted - allowed} to {to}"
    return wanted or allowed


def write(statement: Any) -> bool:
    """Run a guarded UPDATE; whether it changed its one row."""
    result = db.session.execute(statement, execution_options={"synchronize_session": "fetch"})
    assert isinstance(result, CursorResult)
    return result.rowcount == 1


def free() -> dict[str, Any]:
    """What an ended lease leaves behind."""
    return {"lease_token": None, "lease_until": None, "rung_at": None}


def as_published(receipt: Receipt, now: datetime) -> dict[str, Any]:
    """What a delivery that is out says of itself."""
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
