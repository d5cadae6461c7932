"""One brand and its people."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from calendar_app.models._base import Instant, Model

if TYPE_CHECKING:
    from calendar_app.models.user import Membership


class Workspace(Model):
    """``slug`` names it in addresses; ``zone`` is the zone new posts are planned in; ``paused_at`` stops all of it.

    With ``requires_declarations`` no post is approved before somebody said what it declares, if only nothing.
    """

    __tablename__ = "workspace"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    zone: Mapped[str] = mapped_column(String(64))
    allows_self_approval: Mapped[bool] = mapped_column(default=False)
    requires_declarations: Mapped[bool] = mapped_column(default=False)
    paused_at: Mapped[datetime | None] = mapped_column(Instant)
    paused_reason: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime] = mapped_column(Instant)

    memberships: Mapped[list[Membership]] = relationship(
        back_populates="workspace", cascade="all, delete-orphan"
    )
    labels: Mapped[list[Label]] = relationship(
        back_populates="workspace", cascade="all, delete-orphan", order_by="Label.name"
    )


class Label(Model):
    """A free tag on posts; ``colour`` is one of the design system's hue names."""

    __tablename__ = "label"
    __table_args__ = (UniqueConstraint("workspace_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(60))
    colour: Mapped[str] = mapped_column(String(20), default="grey")

    workspace: Mapped[Workspace] = relationship(back_populates="labels")
