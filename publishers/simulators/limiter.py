"""Counting requests in fixed windows aligned to the epoch, as both platforms do."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass(frozen=True)
class Quota:
    """``limit`` points in each ``period`` of seconds."""

    name: str
    limit: int
    period: int


@dataclass(frozen=True)
class Reading:
    """Where a quota stands after one request. ``reset`` in epoch seconds."""

    quota: Quota
    remaining: int
    reset: int
    exceeded: bool


class Limiter:
    """Counters by quota and holder."""

    def __init__(self) -> None:
        self._used: dict[tuple[str, str], tuple[int, int]] = {}
        self._lock = threading.Lock()

    def hit(self, quota: Quota, holder: str, now: float, cost: int = 1) -> Reading:
        """Spend ``cost`` points; a request beyond the limit spends nothing."""
        window = int(now // quota.period)
        with self._lock:
            seen, used = self._used.get((quota.name, holder), (window, 0))
            used = used if seen == window else 0
            exceeded = used + cost > quota.limit
            used = used if exceeded else used + cost
            self._used[quota.name, holder] = (window, used)
        return Reading(quota, max(quota.limit - used, 0), (window + 1) * quota.period, exceeded)

    def clear(self) -> None:
        """Forget every count."""
        with self._lock:
            self._used.clear()
