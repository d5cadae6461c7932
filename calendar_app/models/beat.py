"""Signs of life of the processes that no page talks to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from calendar_app.models._base import Instant, Model


class Beat(Model):
    """When the process ``name`` (host:kind:pid) last said that it lives; ``kind`` is clock or a queue's name."""

    __tablename__ = "beat"

    name: Mapped[str] = mapped_column(String(160), primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    host: Mapped[str] = mapped_column(String(120))
    pid: Mapped[int]
    beat_at: Mapped[datetime] = mapped_column(Instant)
