"""The promise to publish one variant at one instant, each try at it, and the numbers that came of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from calendar_app.models._base import Instant, Json, Model
from calendar_app.models.asset import Asset
from calendar_app.models.channel import Channel
from calendar_app.models.post import Post, Variant


class State(StrEnum):
    """Where a delivery stands; the edges between them are ``calendar_app.deliveries.EDGES``."""

    SCHEDULED = "scheduled"
    PUBLISHING = "publishing"
    PROCESSING = "processing"
    PUBLISHED = "published"
    UNCONFIRMED = "unconfirmed"
    HELD = "held"
    FAILED = "failed"
    CANCELED = "canceled"


class Hold(StrEnum):
    """Why a held delivery waits for a person."""

    LATE = "late"
    PAUSED = "paused"
    RECONNECT = "reconnect"
    UNAPPROVED = "unapproved"
    HANDOVER = "handover"


def _partial(name: str, columns: str, where: str) -> Index:
    return Index(name, *columns.split(", "), sqlite_where=text(where), postgresql_where=text(where))


class Delivery(Model):
    """The row that workers race for.

    ``promised_at`` is the approved instant, ``due_at`` that of the next try. ``key`` is the native idempotency key and
    never changes. ``rung_at`` is when the doorbell was last rung for this try. ``look_at`` is when to ask the platform
    what became of a processing or unconfirmed one; null there means that a person is asked. ``handles`` were prepared for
    the materials sealed in ``handles_for``; until ``preparing_until`` a worker is preparing it. ``check_at`` is the next
    look ahead for what could stop it, and ``warnings`` what the last look found. ``evidence`` is the screenshot by which
    a person showed that they posted it.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        _partial("ix_delivery_due", "due_at", "state = 'scheduled'"),
        _partial("ix_delivery_rung", "rung_at", "state = 'scheduled' AND rung_at IS NOT NULL"),
        _partial("ix_delivery_bound", "not_later_than", "state = 'scheduled'"),
        _partial("ix_delivery_lease", "lease_until", "state = 'publishing'"),
        _partial("ix_delivery_prepare", "prepare_at", "prepare_at IS NOT NULL AND state = 'scheduled'"),
        _partial("ix_delivery_check", "check_at", "check_at IS NOT NULL AND state = 'scheduled'"),
        _partial("ix_delivery_warned", "workspace_id, state", "warnings IS NOT NULL"),
        _partial("ix_delivery_look", "look_at", "look_at IS NOT NULL"),
        _partial("ix_delivery_sample", "sample_at", "sample_at IS NOT NULL"),
        Index("ix_delivery_channel_state", "channel_id", "state"),
        _partial("ix_delivery_out", "channel_id, published_at", "published_at IS NOT NULL"),
        Index("ix_delivery_workspace_state", "workspace_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"), index=True)
    variant_id: Mapped[int | None] = mapped_column(ForeignKey("variant.id", ondelete="SET NULL"), unique=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"))
    state: Mapped[State] = mapped_column(default=State.SCHEDULED)
    held_reason: Mapped[Hold | None]
    digest: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(64))
    promised_at: Mapped[datetime] = mapped_column(Instant)
    not_later_than: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime] = mapped_column(Instant)
    tries: Mapped[int] = mapped_column(default=0)
    rung_at: Mapped[datetime | None] = mapped_column(Instant)
    lease_token: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    prepare_at: Mapped[datetime | None] = mapped_column(Instant)
    handles: Mapped[Json | None] = mapped_column(JSON)
    handles_until: Mapped[datetime | None] = mapped_column(Instant)
    handles_for: Mapped[str | None] = mapped_column(String(64))
    preparing_until: Mapped[datetime | None] = mapped_column(Instant)
    check_at: Mapped[datetime | None] = mapped_column(Instant)
    warnings: Mapped[list[Json] | None] = mapped_column(JSON(none_as_null=True))
    look_at: Mapped[datetime | None] = mapped_column(Instant)
    looks: Mapped[int] = mapped_column(default=0)
    remote_id: Mapped[str | None] = mapped_column(String(255))
    url: Mapped[str | None] = mapped_column(Text)
    published_at: Mapped[datetime | None] = mapped_column(Instant)
    error: Mapped[str | None] = mapped_column(Text)
    sample_at: Mapped[datetime | None] = mapped_column(Instant)
    sampled: Mapped[int] = mapped_column(default=0)
    evidence_id: Mapped[int | None] = mapped_column(ForeignKey("asset.id", ondelete="RESTRICT"), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)

    post: Mapped[Post] = relationship(back_populates="deliveries")
    variant: Mapped[Variant | None] = relationship(back_populates="delivery")
    channel: Mapped[Channel] = relationship()
    evidence: Mapped[Asset | None] = relationship()
    attempts: Mapped[list[Attempt]] = relationship(
        back_populates="delivery", cascade="all, delete-orphan", order_by="Attempt.id"
    )
    snapshots: Mapped[list[Snapshot]] = relationship(
        back_populates="delivery", cascade="all, delete-orphan", order_by="Snapshot.taken_at"
    )


class Step(StrEnum):
    """What an attempt tried to do."""

    PREPARE = "prepare"
    PUBLISH = "publish"
    FIND = "find"
    CONFIRM = "confirm"
    ANSWER = "answer"


class Outcome(StrEnum):
    """How an attempt ended; an open one has none."""

    PREPARED = "prepared"
    PUBLISHED = "published"
    ACCEPTED = "accepted"
    ABSENT = "absent"
    TEMPORARY = "temporary"
    RATE_LIMITED = "rate_limited"
    REJECTED = "rejected"
    UNAUTHORIZED = "unauthorized"
    STALE = "stale"
    UNPREPARED = "unprepared"
    PACED = "paced"
    UNCONFIRMED = "unconfirmed"
    HELD = "held"
    LOST = "lost"


class Attempt(Model):
    """One try, opened before the call and closed after; ``sent_at`` is committed just before the visible call.

    ``message`` is the platform's own sentence; ``evidence`` its raw answer, without credentials.
    """

    __tablename__ = "attempt"
    # Tries to publish are left out: each delivery makes one, and the lease of its row tells of those left open.
    __table_args__ = (_partial("ix_attempt_open", "opened_at", "closed_at IS NULL AND step != 'publish'"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("delivery.id", ondelete="CASCADE"), index=True)
    step: Mapped[Step]
    worker: Mapped[str] = mapped_column(String(120), default="")
    opened_at: Mapped[datetime] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    outcome: Mapped[Outcome | None]
    message: Mapped[str] = mapped_column(Text, default="")
    evidence: Mapped[Json | None] = mapped_column(JSON)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))

    delivery: Mapped[Delivery] = relationship(back_populates="attempts")


class Snapshot(Model):
    """The numbers of one published delivery at one moment.

    ``age`` in seconds is the fixed age it was taken for, null when a person asked in between. A number the platform
    does not give is null, never 0.
    """

    __tablename__ = "snapshot"
    __table_args__ = (UniqueConstraint("delivery_id", "age"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("delivery.id", ondelete="CASCADE"), index=True)
    taken_at: Mapped[datetime] = mapped_column(Instant)
    age: Mapped[int | None]
    likes: Mapped[int | None]
    reposts: Mapped[int | None]
    replies: Mapped[int | None]
    quotes: Mapped[int | None]
    views: Mapped[int | None]
    saves: Mapped[int | None]
    impressions: Mapped[int | None]
    reach: Mapped[int | None]
    shares: Mapped[int | None]
    clicks: Mapped[int | None]

    delivery: Mapped[Delivery] = relationship(back_populates="snapshots")
