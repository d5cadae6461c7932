"""Signs of life of the processes that no page talks to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from calendar_app.models._base import Instant, Json, Model


class Beat(Model):
    """When the process ``name`` (host:kind:pid) last said that it lives; ``kind`` is clock or a queue's name.

    ``facts`` is what it knows of its own work, as JSON values.
    """

    __tablename__ = "beat"

    name: Mapped[str] = mapped_column(String(160), primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    host: Mapped[str] = mapped_column(String(120))
    pid: Mapped[int]
    beat_at: Mapped[datetime] = mapped_column(Instant)
    facts: Mapped[Json | None] = mapped_column(JSON)
