"""What is said right after a post that is out: its first comment, or the further posts of its thread."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from calendar_app.models._base import Instant, Model
from calendar_app.models.delivery import Delivery

# As the index on them has it: of those a person is asked.
ASKED = text("follow_up.state IN ('unconfirmed', 'failed', 'held')")


class FollowState(StrEnum):
    """Where it stands; a person is asked about one that failed, is unconfirmed or is held, and the rest waits for it."""

    WAITING = "waiting"
    SENDING = "sending"
    OUT = "out"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"
    HELD = "held"
    LEFT = "left"


class FollowUp(Model):
    """One text after one delivery; ``position`` counts from 0.

    ``due_at`` is when to send it, or, while it is being sent, when its worker must have died; null there means that it
    waits for the one before it, or is over. ``sent_at`` is committed before the visible call. ``key`` is the native
    idempotency key and never changes. Past ``not_later_than`` it is held.
    """

    __tablename__ = "follow_up"
    __table_args__ = (
        UniqueConstraint("delivery_id", "position"),
        Index(
            "ix_follow_up_due",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        Index(
            "ix_follow_up_asked",
            "delivery_id",
            sqlite_where=text("state IN ('unconfirmed', 'failed', 'held')"),
            postgresql_where=text("state IN ('unconfirmed', 'failed', 'held')"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("delivery.id", ondelete="CASCADE"))
    position: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(String(64))
    state: Mapped[FollowState] = mapped_column(default=FollowState.WAITING)
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    not_later_than: Mapped[datetime] = mapped_column(Instant)
    tries: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    remote_id: Mapped[str | None] = mapped_column(String(255))
    url: Mapped[str | None] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(Text)

    delivery: Mapped[Delivery] = relationship()
