"""One thing to say at one time, and how it reads on each channel."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import JSON, Column, DateTime, ForeignKey, Index, String, Table, Text, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from calendar_app.extensions import Base
from calendar_app.models._base import Instant, Json, Model
from calendar_app.models.asset import Asset
from calendar_app.models.channel import Channel
from calendar_app.models.user import User
from calendar_app.models.workspace import Label, Workspace

if TYPE_CHECKING:
    from calendar_app.models.approval import Approval
    from calendar_app.models.delivery import Delivery


class Stage(StrEnum):
    """How far a post has come with people; what became of it on each channel is its deliveries' matter."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    SENT_BACK = "sent_back"
    APPROVED = "approved"


post_label = Table(
    "post_label",
    Base.metadata,
    Column("post_id", ForeignKey("post.id", ondelete="CASCADE"), primary_key=True),
    Column("label_id", ForeignKey("label.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Post(Model):
    """``wall_time`` and ``zone`` are what the planner meant; ``due_at`` is the instant that follows from them.

    ``fold`` is 1 for the second of two equal wall times. ``grace_minutes`` bounds how late it may still go out.
    ``revision`` grows at every edit and is what an approval names. ``declares`` lists what the post says of itself
    (``publishers.values.Declaration``); null means that nobody was asked yet, an empty list that there is nothing to say.
    """

    __tablename__ = "post"
    __table_args__ = (
        Index("ix_post_calendar", "workspace_id", "due_at"),
        Index(
            "ix_post_submitted",
            "workspace_id",
            "due_at",
            sqlite_where=sql("stage = 'submitted'"),
            postgresql_where=sql("stage = 'submitted'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    text: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(String(12), default="")
    declares: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    wall_time: Mapped[datetime] = mapped_column(DateTime)
    zone: Mapped[str] = mapped_column(String(64))
    fold: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(Instant)
    grace_minutes: Mapped[int] = mapped_column(default=30)
    stage: Mapped[Stage] = mapped_column(default=Stage.DRAFT)
    revision: Mapped[int] = mapped_column(default=1)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    edited_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    form_key: Mapped[str | None] = mapped_column(String(36), unique=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    edited_at: Mapped[datetime] = mapped_column(Instant)

    workspace: Mapped[Workspace] = relationship()
    author: Mapped[User | None] = relationship(foreign_keys=author_id)
    owner: Mapped[User | None] = relationship(foreign_keys=owner_id)
    edited_by: Mapped[User | None] = relationship(foreign_keys=edited_by_id)
    labels: Mapped[list[Label]] = relationship(secondary=post_label, order_by="Label.name")
    variants: Mapped[list[Variant]] = relationship(
        back_populates="post", cascade="all, delete-orphan", order_by="Variant.id"
    )
    attachments: Mapped[list[Attachment]] = relationship(
        primaryjoin="and_(Attachment.post_id == Post.id, Attachment.variant_id.is_(None))",
        cascade="all, delete-orphan",
        order_by="Attachment.position",
    )
    approvals: Mapped[list[Approval]] = relationship(
        back_populates="post", cascade="all, delete-orphan", order_by="Approval.id"
    )
    deliveries: Mapped[list[Delivery]] = relationship(
        back_populates="post", cascade="all, delete-orphan", order_by="Delivery.id"
    )

    @property
    def not_later_than(self) -> datetime:
        """The end of the time window; past it a delivery is held for a person."""
        return self.due_at + timedelta(minutes=self.grace_minutes)


class Variant(Model):
    """How a post reads on one channel; ``text`` None and ``own_media`` False mean: as the master."""

    __tablename__ = "variant"
    __table_args__ = (UniqueConstraint("post_id", "channel_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"), index=True)
    text: Mapped[str | None] = mapped_column(Text)
    own_media: Mapped[bool] = mapped_column(default=False)
    options: Mapped[Json] = mapped_column(JSON, default=dict)

    post: Mapped[Post] = relationship(back_populates="variants")
    channel: Mapped[Channel] = relationship()
    own_attachments: Mapped[list[Attachment]] = relationship(
        cascade="all, delete-orphan", order_by="Attachment.position"
    )
    delivery: Mapped[Delivery | None] = relationship(back_populates="variant", uselist=False)


class Attachment(Model):
    """An asset's place in a post (``variant_id`` None) or in one variant, with its alt text there."""

    __tablename__ = "attachment"

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"), index=True)
    variant_id: Mapped[int | None] = mapped_column(ForeignKey("variant.id", ondelete="CASCADE"), index=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey("asset.id", ondelete="RESTRICT"), index=True)
    position: Mapped[int]
    alt: Mapped[str] = mapped_column(Text, default="")

    asset: Mapped[Asset] = relationship()
