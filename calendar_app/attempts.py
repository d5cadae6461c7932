"""The log of tries: opened before a call, closed after it, never changed again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import update

from calendar_app.extensions import db
from calendar_app.models import Attempt, Outcome, Step, User
from publishers.errors import Evidence, PublisherError


def open_attempt(delivery_id: int, step: Step, now: datetime, worker: str, by: User | None = None) -> Attempt:
    """A try begins."""
    attempt = Attempt(
        delivery_id=delivery_id, step=step, opened_at=now, worker=worker, by_id=by.id if by else None
    )
    db.session.add(attempt)
    db.session.flush()
    return attempt


def close_attempt(
    attempt_id: int,
    outcome: Outcome,
    now: datetime,
    error: PublisherError | None = None,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """A try ends, once; ``facts`` of our own are kept beside the platform's evidence."""
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
