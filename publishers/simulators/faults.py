"""Trouble to order: which requests go wrong, how, and how often."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

KINDS = {
    "delay": "waits, then goes on normally",
    "delay_after": "takes effect, then holds the answer back",
    "slow_effect": "is slow while it works, holding its idempotency lock",
    "drop_before": "resets the connection without any effect",
    "drop_after": "takes effect, then resets the connection without an answer",
    "status_before": "answers an error status without any effect",
    "status_after": "takes effect, then answers an error status",
    "rate_limit": "answers 429 in the platform's own form without any effect",
    "garbage": "takes effect, then answers 200 with broken JSON",
    "garbage_before": "answers 200 with broken JSON without any effect",
    "html_error": "answers a proxy's HTML error page without any effect",
    "html_error_after": "takes effect, then answers a proxy's HTML error page",
    "slow_body": "takes effect, then trickles the body",
    "truncate": "takes effect, then ends the body half-way",
    "silent_drop": "answers as if it had published, and publishes nothing",
}


@dataclass
class Fault:
    """One order. ``times`` None means for ever; the first ``skip`` matching requests pass unharmed."""

    id: int
    kind: str
    method: str = ""
    path_prefix: str = "/"
    body_contains: str = ""
    status: int = 503
    seconds: float = 1.0
    times: int | None = 1
    skip: int = 0
    probability: float = 1.0
    hits: int = 0

    def matches(self, method: str, path: str, body: bytes) -> bool:
        """Whether this request is one of those to be harmed."""
        return (
            self.method in ("", method)
            and path.startswith(self.path_prefix)
            and (not self.body_contains or self.body_contains.encode() in body)
        )

    @property
    def spent(self) -> bool:
        """Whether it has harmed as many requests as it was ordered to."""
        return self.times is not None and self.hits >= self.times


class Faults:
    """The orders now in force. Chance is drawn from a fixed seed, so that a run can be repeated."""

    def __init__(self, seed: int = 1) -> None:
        self._orders: list[Fault] = []
        self._lock = threading.Lock()
        self._chance = random.Random(seed)
        self._count = 0

    def add(self, kind: str, match: Mapping[str, Any] | None = None, **details: Any) -> Fault:
        """Order trouble. Raises ValueError for an unknown kind, TypeError for an unknown detail."""
        if kind not in KINDS:
            raise ValueError(f"unknown kind {kind!r}; known: {', '.join(KINDS)}")
        with self._lock:
            self._count += 1
            fault = Fault(id=self._count, kind=kind, **(match or {}), **details)
            self._orders.append(fault)
        return fault

    def clear(self) -> None:
        """Withdraw every order."""
        with self._lock:
            self._orders.clear()

    def listed(self) -> list[dict[str, Any]]:
        """The orders in force, as plain values."""
        with self._lock:
            return [asdict(fault) for fault in self._orders]

    @property
    def reads_bodies(self) -> bool:
        """Whether any order looks at the body, which costs a copy of it."""
        return any(fault.body_contains for fault in self._orders)

    def take(self, method: str, path: str, body: bytes = b"") -> Fault | None:
        """The first order that this request meets, counted as one hit."""
        if not self._orders:
            return None
        with self._lock:
            fault = next(
                (f for f in self._orders if f.matches(method, path, body) and self._strikes(f)), None
            )
            self._orders = [f for f in self._orders if not f.spent]
            return fault

    def _strikes(self, fault: Fault) -> bool:
        if fault.skip:
            fault.skip -= 1
            return False
        if fault.probability < 1.0 and self._chance.random() >= fault.probability:
            return False
        fault.hits += 1
        return True
