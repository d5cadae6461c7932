"""A verdict on one revision of a post."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from calendar_app.models._base import Instant, Model
from calendar_app.models.post import Post
from calendar_app.models.user import User


class Verdict(StrEnum):
    """What was said of the revision, in the order of a post's life; ``withdrawn`` is said by an edit."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    SENT_BACK = "sent_back"
    WITHDRAWN = "withdrawn"


class Approval(Model):
    """One line of a post's approval history; ``digest`` covers every variant of the revision it names."""

    __tablename__ = "approval"

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"), index=True)
    revision: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    verdict: Mapped[Verdict]
    comment: Mapped[str] = mapped_column(Text, default="")
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    at: Mapped[datetime] = mapped_column(Instant)

    post: Mapped[Post] = relationship(back_populates="approvals")
    by: Mapped[User | None] = relationship()
