"""Signs of life in the database, where they survive a flushed Redis."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta

from sqlalchemy import delete

from calendar_app.extensions import db
from calendar_app.models import Beat
from calendar_app.models._base import Json

EVERY = timedelta(seconds=15)
FORGOTTEN = timedelta(days=1)


def beat(name: str, kind: str, now: datetime, facts: Json | None = None) -> None:
    """This process lives; what has been silent for a day is forgotten. Commits."""
    host, pid = socket.gethostname(), os.getpid()
    db.session.merge(Beat(name=name, kind=kind, host=host, pid=pid, beat_at=now, facts=facts))
    db.session.execute(delete(Beat).where(Beat.beat_at < now - FORGOTTEN))
    db.session.commit()


def forget(name: str) -> None:
    """This process ends in good order. Commits."""
    db.session.execute(delete(Beat).where(Beat.name == name))
    db.session.commit()
