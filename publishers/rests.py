"""When a spent quota is given anew, for platforms whose answers do not say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from publishers.values import Quota

Rest = Callable[[datetime], datetime]


def after(span: timedelta) -> Rest:
    """Some time from now."""
    return lambda now: now + span


def next_hour(now: datetime) -> datetime:
    """The next full hour."""
    return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def next_day(zone: str) -> Rest:
    """The next midnight of ``zone`` (an IANA name)."""
    return Quota(1, "day", zone).closes


def next_month(zone: str) -> Rest:
    """The first midnight of the next month in ``zone`` (an IANA name)."""
    return Quota(1, "month", zone).closes
