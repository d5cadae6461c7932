"""After a backup of the database was brought back: what went out since it was made must not go out again.

The ledger knows nothing of what happened after the backup. What fell due since then may be out, so it becomes
unconfirmed: looked up on its platform, or asked about, and never sent again blindly; so does what was in a person's
hands. What is still ahead may have been moved forward and sent as well, so every workspace is paused until somebody has
looked.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from calendar_app import ahead, channels, deliveries, follow_ups
from calendar_app.attempts import open_attempt
from calendar_app.deliveries import Claim
from calendar_app.extensions import db
from calendar_app.models import Attempt, Delivery, Hold, State, Step, Workspace
from publishers.errors import Evidence, Unconfirmed

WORKER = "almanac restored"
DOUBT = "The database was restored from a backup of %s: this may have gone out since."


@dataclass(frozen=True)
class Restored:
    """``doubted`` may have gone out since the backup; ``paused`` workspaces hold ``ahead`` that are still to come."""

    doubted: int
    paused: int
    ahead: int


def restored(backup_at: datetime, now: datetime) -> Restored:
    """Doubt what fell due since ``backup_at``, and pause every workspace that is not paused yet.

    To be called while no clock and no worker runs. A second call finds nothing more to do.
    """
    doubtful = db.session.scalars(
        select(Delivery).where(
            (Delivery.state == State.PUBLISHING)
            | (Delivery.state == State.SCHEDULED) & (Delivery.due_at <= now)
            | (Delivery.state == State.HELD) & (Delivery.held_reason == Hold.HANDOVER)
        )
    ).all()
    doubted = sum(_doubt(delivery, backup_at, now) for delivery in doubtful)
    follow_ups.doubt(DOUBT % f"{backup_at:%Y-%m-%d %H:%M} UTC", now)
    open_workspaces = db.session.scalars(select(Workspace).where(Workspace.paused_at.is_(None))).all()
    reason = f"Restored from a backup of {backup_at:%Y-%m-%d %H:%M} UTC"
    held = sum(channels.pause_workspace(workspace, reason, now).held for workspace in open_workspaces)
    return Restored(doubted, len(open_workspaces), held)


def _doubt(delivery: Delivery, backup_at: datetime, now: datetime) -> bool:
    """As if its worker had been lost while sending, at the earliest moment that this could have been."""
    token = delivery.lease_token or secrets.token_hex(16)
    if delivery.state == State.HELD:
        changes = {"held_reason": None, "due_at": now}
        deliveries.advance(delivery.id, State.SCHEDULED, sources={State.HELD}, **changes)
    if delivery.state == State.SCHEDULED:
        lease = {"lease_token": token, "lease_until": now, **ahead.NO_MORE}
        deliveries.advance(delivery.id, State.PUBLISHING, sources={State.SCHEDULED}, **lease)
    attempt = _open_attempt(delivery.id, now)
    attempt.sent_at = attempt.sent_at or backup_at
    db.session.flush()
    taken = Claim(delivery.id, attempt.id, token, now, delivery.due_at)
    why = Unconfirmed(DOUBT % f"{backup_at:%Y-%m-%d %H:%M} UTC", Evidence(follow_ups.RESTORED))
    return deliveries.unconfirmed(taken, why, now, now)


def _open_attempt(delivery_id: int, now: datetime) -> Attempt:
    begun = db.session.scalars(
        select(Attempt)
        .where(Attempt.delivery_id == delivery_id, Attempt.step == Step.PUBLISH, Attempt.closed_at.is_(None))
        .order_by(Attempt.id.desc())
    ).first()
    return begun or db.session.get_one(Attempt, open_attempt(delivery_id, Step.PUBLISH, now, WORKER))
