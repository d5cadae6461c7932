"""How far the ledger had come, noted outside the database: by it, one that came back from a backup is told.

The note lies among the uploads, which all hosts share and no restored database touches. Every publish begins with an
attempt in the ledger, so a ledger whose newest attempt is older than the note has lost some, and what they sent.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from calendar_app.extensions import db
from calendar_app.models import Attempt, Delivery
from calendar_app.settings import config

# Hosts may write attempts of the same moment in any order.
UNCERTAIN = timedelta(minutes=1)


def path() -> Path:
    """Where the note is."""
    return config().media_root / "ledger-mark"


def keep() -> None:
    """Note how far the ledger has come. Raises ``OSError`` where the uploads' folder takes no files."""
    newest = _newest()
    if newest is None:
        return
    path().parent.mkdir(parents=True, exist_ok=True)
    draft = path().with_name(f"ledger-mark.{os.getpid()}")
    draft.write_text(newest.isoformat(), encoding="ascii")
    draft.replace(path())


def missing() -> datetime | None:
    """When the newest attempt was made that the ledger once knew and knows no more; None where nothing is missing."""
    try:
        noted = datetime.fromisoformat(path().read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    newest = _newest()
    is_there = newest is not None and newest >= noted - UNCERTAIN
    return None if is_there or _is_another(noted) else noted


def _is_another(noted: datetime) -> bool:
    """Whether this is a database that began after the note: it has nothing that could have gone out before."""
    older = select(Delivery.id).where(Delivery.created_at <= noted).limit(1)
    return db.session.scalar(older) is None


def _newest() -> datetime | None:
    newest: datetime | None = db.session.scalar(
        select(Attempt.opened_at).order_by(Attempt.id.desc()).limit(1)
    )
    return newest
