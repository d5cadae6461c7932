"""The log of tries: opened before a call, closed after it, never changed again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from calendar_app import logs
from calendar_app.extensions import db
from calendar_app.models import Attempt, Outcome, Step, User
from publishers.errors import Evidence, PublisherError


@dataclass(frozen=True)
class Sent:
    """The visible calls of one delivery whose effect is not known: the first, the last, and how many."""

    first: datetime | None
    last: datetime | None
    times: int


def unanswered(delivery_id: int) -> Sent:
    """What was sent and never surely answered."""
    unknown = Attempt.outcome.is_(None) | Attempt.outcome.in_((Outcome.UNCONFIRMED, Outcome.ACCEPTED))
    query = select(func.min(Attempt.sent_at), func.max(Attempt.sent_at), func.count(Attempt.sent_at))
    return Sent(*db.session.execute(query.where(Attempt.delivery_id == delivery_id, unknown)).one())


def open_attempt(delivery_id: int, step: Step, now: datetime, worker: str, by: User | None = None) -> Attempt:
    """A try begins."""
    attempt = Attempt(
        delivery_id=delivery_id, step=step, opened_at=now, worker=worker, by_id=by.id if by else None
    )
    db.session.add(attempt)
    db.session.flush()
    logs.note(attempt=attempt.id)
    return attempt


def close_attempt(
    attempt_id: int,
    outcome: Outcome,
    now: datetime,
    error: PublisherError | None = None,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """A try ends, once; ``facts`` of our own are kept beside the platform's evidence."""
    logs.note(outcome=outcome.value)
    evidence = (_as_json(error.evidence) if error else {}) | dict(facts or {})
    db.session.execute(
        update(Attempt)
        .where(Attempt.id == attempt_id, Attempt.closed_at.is_(None))
        .values(
            outcome=outcome,
            closed_at=now,
            message=error.message if error else "",
            evidence=evidence or None,
        ),
        execution_options={"synchronize_session": False},
    )


def _as_json(evidence: Evidence) -> dict[str, Any]:
    return asdict(evidence) | {"headers": dict(evidence.headers)}
