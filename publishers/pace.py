"""How often a platform takes posts: a spacing, and quotas in rolling times or in days and months of its own zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Quota:
    """At most ``limit`` posts within a ``window``: a rolling time, or a calendar day or month of ``zone``."""

    limit: int
    window: timedelta | Literal["day", "month"]
    zone: str = "UTC"

    def opened(self, at: datetime) -> datetime:
        """When the window that ends or lies around ``at`` began (aware UTC)."""
        if isinstance(self.window, timedelta):
            return at - self.window
        midnight = at.astimezone(ZoneInfo(self.zone)).replace(hour=0, minute=0, second=0, microsecond=0)
        first = midnight if self.window == "day" else midnight.replace(day=1)
        return first.replace(fold=0).astimezone(UTC)

    def closes(self, at: datetime) -> datetime:
        """When what was sent at ``at`` counts no more (aware UTC)."""
        if isinstance(self.window, timedelta):
            return at + self.window
        local = at.astimezone(ZoneInfo(self.zone))
        days = 1 if self.window == "day" else 32 - local.day
        return self.opened((local.replace(hour=12) + timedelta(days=days)).astimezone(UTC))

    @property
    def share(self) -> timedelta:
        """The time from one post to the next that spends the quota evenly."""
        lasts = {"day": timedelta(days=1), "month": timedelta(days=31)}
        window = self.window if isinstance(self.window, timedelta) else lasts[self.window]
        return window / self.limit


@dataclass(frozen=True)
class Pace:
    """How often a channel may post before its platform refuses: never sooner than ``spacing`` after the last."""

    spacing: timedelta | None = None
    quotas: tuple[Quota, ...] = ()


UNPACED = Pace()
