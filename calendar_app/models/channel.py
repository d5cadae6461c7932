"""Connected destinations and the app registrations they were connected through."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from calendar_app.models._base import Instant, Json, Model
from calendar_app.models.workspace import Workspace


class ChannelState(StrEnum):
    """``reconnect`` means that the platform no longer takes our credentials."""

    ACTIVE = "active"
    PAUSED = "paused"
    RECONNECT = "reconnect"
    REMOVED = "removed"


class Channel(Model):
    """One connected destination on a platform.

    ``credentials`` are encrypted; ``credentials_version`` grows at each change, so that of several workers that saw the
    same stale pair only one refreshes. ``rests_until`` is the platform's own rate limit, ``turn_at`` the earliest instant
    that the channel's pace leaves for its next post, ``expires_at`` the end of its credentials where that is known.
    ``adjusted`` is what an admin knows better than we do of the platform's bounds (``calendar_app.bounds``). ``hook`` is the
    unguessable part of the address that the platform may call.
    """

    __tablename__ = "channel"
    __table_args__ = (UniqueConstraint("workspace_id", "platform", "base_url", "remote_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    platform: Mapped[str] = mapped_column(String(30))
    base_url: Mapped[str] = mapped_column(String(255))
    remote_id: Mapped[str] = mapped_column(String(255))
    handle: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(255))
    avatar_url: Mapped[str] = mapped_column(Text, default="")
    profile_url: Mapped[str] = mapped_column(Text, default="")
    limits: Mapped[Json] = mapped_column(JSON)
    traits: Mapped[Json] = mapped_column(JSON)
    adjusted: Mapped[Json] = mapped_column(JSON, default=dict)
    hook: Mapped[str | None] = mapped_column(String(64), unique=True)
    credentials: Mapped[bytes] = mapped_column(LargeBinary)
    credentials_version: Mapped[int] = mapped_column(default=1)
    refresh_until: Mapped[datetime | None] = mapped_column(Instant)
    state: Mapped[ChannelState] = mapped_column(default=ChannelState.ACTIVE)
    state_reason: Mapped[str] = mapped_column(String(500), default="")
    state_at: Mapped[datetime] = mapped_column(Instant)
    rests_until: Mapped[datetime | None] = mapped_column(Instant)
    turn_at: Mapped[datetime | None] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    audience_at: Mapped[datetime | None] = mapped_column(Instant)
    connected_at: Mapped[datetime] = mapped_column(Instant)

    workspace: Mapped[Workspace] = relationship()


class PlatformApp(Model):
    """Our client registration with one server; servers throttle new ones, so it is kept. ``secrets`` are encrypted.

    What Almanac registered by itself serves all workspaces; what a person registered and typed in belongs to one.
    """

    __tablename__ = "platform_app"
    __table_args__ = (UniqueConstraint("platform", "base_url", "redirect_uri", "workspace_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int | None] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    platform: Mapped[str] = mapped_column(String(30))
    base_url: Mapped[str] = mapped_column(String(255))
    redirect_uri: Mapped[str] = mapped_column(String(255))
    secrets: Mapped[bytes] = mapped_column(LargeBinary)
    registered_at: Mapped[datetime] = mapped_column(Instant)


class AudienceSnapshot(Model):
    """A channel's own numbers on one day (of the workspace's zone); a number that is not given stays null."""

    __tablename__ = "audience_snapshot"
    __table_args__ = (UniqueConstraint("channel_id", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"))
    day: Mapped[str] = mapped_column(String(10))
    taken_at: Mapped[datetime] = mapped_column(Instant)
    followers: Mapped[int | None]
    following: Mapped[int | None]
    posts: Mapped[int | None]
