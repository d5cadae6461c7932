"""The log of tries: opened before a call, closed after it, never changed again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

from sqlalchemy import Table, bindparam, func, insert, select, update

from calendar_app import logs
from calendar_app.extensions import db
from calendar_app.models import Attempt, Outcome, Step, User
from publishers.errors import Evidence, PublisherError

_table: Table = Attempt.__table__  # type: ignore[assignment]
_this = _table.c.id == bindparam("attempt_id")
_OPEN = insert(_table).returning(_table.c.id)
_SENT = update(_table).where(_this).values(sent_at=bindparam("now"))
_ENDED = ("outcome", "closed_at", "message", "evidence")
_CLOSE = (
    update(_table)
    .where(_this, _table.c.closed_at.is_(None))
    .values({name: bindparam(f"new_{name}", type_=_table.c[name].type) for name in _ENDED})
)
REFUSALS_KEPT = 40


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


def open_attempt(
    delivery_id: int,
    step: Step,
    now: datetime,
    worker: str,
    by: User | None = None,
    sent_at: datetime | None = None,
) -> int:
    """A try begins; its id. ``sent_at`` where its visible call is made at once."""
    db.session.flush()
    values = {"delivery_id": delivery_id, "step": step, "opened_at": now, "worker": worker}
    values |= {"by_id": by.id if by else None, "sent_at": sent_at}
    attempt_id: int | None = db.session.scalar(_OPEN, values)
    assert attempt_id is not None
    logs.note(attempt=attempt_id)
    return attempt_id


def mark_sent(attempt_id: int, now: datetime) -> None:
    """The visible call is about to be made."""
    db.session.execute(_SENT, {"attempt_id": attempt_id, "now": now})


def not_sent(attempt_id: int) -> None:
    """The visible call was not made after all."""
    db.session.execute(
        update(Attempt).where(Attempt.id == attempt_id, Attempt.closed_at.is_(None)).values(sent_at=None),
        execution_options={"synchronize_session": False},
    )


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
    db.session.flush()
    db.session.execute(
        _CLOSE,
        {
            "attempt_id": attempt_id,
            "new_outcome": outcome,
            "new_closed_at": now,
            "new_message": error.message if error else "",
            "new_evidence": evidence or None,
        },
    )


def refused_versions(delivery_id: int, attempt_id: int) -> set[int]:
    """The versions of the credentials that were refused one after the other, right before this try."""
    tries = db.session.execute(
        select(Attempt.outcome, Attempt.evidence)
        .where(
            Attempt.delivery_id == delivery_id,
            Attempt.step == Step.PUBLISH,
            Attempt.id < attempt_id,
        )
        .order_by(Attempt.id.desc())
        .limit(REFUSALS_KEPT)
    )
    refused = takewhile(lambda row: row.outcome == Outcome.UNAUTHORIZED, tries)
    return {row.evidence["credentials_version"] for row in refused if row.evidence}


def _as_json(evidence: Evidence) -> dict[str, Any]:
    return asdict(evidence) | {"headers": dict(evidence.headers)}
