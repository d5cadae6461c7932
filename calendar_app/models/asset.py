"""What was uploaded, and what we made of it for a platform."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from calendar_app.models._base import Instant, Json, Model


class Asset(Model):
    """One uploaded file, cleaned; its bytes live under ``sha256`` in the store. Pixels are after orientation."""

    __tablename__ = "asset"
    __table_args__ = (UniqueConstraint("workspace_id", "sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    sha256: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(10))
    mime: Mapped[str] = mapped_column(String(60))
    size: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int]
    height: Mapped[int]
    seconds: Mapped[float | None]
    frame_rate: Mapped[float | None]
    codecs: Mapped[list[str]] = mapped_column(JSON, default=list)
    animated: Mapped[bool] = mapped_column(default=False)
    name: Mapped[str] = mapped_column(String(255))
    alt: Mapped[str] = mapped_column(Text, default="")
    thumbnail_sha256: Mapped[str | None] = mapped_column(String(64))
    uploaded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    uploaded_at: Mapped[datetime] = mapped_column(Instant)

    renditions: Mapped[list[Rendition]] = relationship(back_populates="asset", cascade="all, delete-orphan")


class RenditionState(StrEnum):
    """``wanted`` waits for its job; ``failed`` keeps why in ``error``."""

    WANTED = "wanted"
    READY = "ready"
    FAILED = "failed"


class Rendition(Model):
    """An asset made to fit; ``fit_key`` names the bounds it was made for and ``fit`` holds them."""

    __tablename__ = "rendition"
    __table_args__ = (
        UniqueConstraint("asset_id", "fit_key"),
        Index(
            "ix_rendition_wanted",
            "ring_at",
            sqlite_where=text("state = 'wanted'"),
            postgresql_where=text("state = 'wanted'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    asset_id: Mapped[int] = mapped_column(ForeignKey("asset.id", ondelete="CASCADE"))
    fit_key: Mapped[str] = mapped_column(String(120))
    fit: Mapped[Json] = mapped_column(JSON)
    state: Mapped[RenditionState] = mapped_column(default=RenditionState.WANTED)
    ring_at: Mapped[datetime] = mapped_column(Instant)
    error: Mapped[Json | None] = mapped_column(JSON)
    sha256: Mapped[str | None] = mapped_column(String(64))
    mime: Mapped[str | None] = mapped_column(String(60))
    size: Mapped[int | None] = mapped_column(BigInteger)
    width: Mapped[int | None]
    height: Mapped[int | None]
    seconds: Mapped[float | None]

    asset: Mapped[Asset] = relationship(back_populates="renditions")
