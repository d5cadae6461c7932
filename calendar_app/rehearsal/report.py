"""What a rehearsal found: plain values, told in words by whoever shows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from calendar_app.models import Hold, State
from calendar_app.models._base import Json


@dataclass(frozen=True)
class Cause:
    """Why something would go wrong; ``params`` are JSON values.

    Codes: those of ``calendar_app.preflight`` where they say it, and unapproved, too_fast{until}, past_its_time,
    not_reached.
    """

    code: str
    params: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """One delivery that would fail, be late or be held.

    ``state`` and ``held_reason`` are where it would end; ``late`` is by how much it would be out too late. ``message`` is
    the last thing that was said of it, by the simulated platform or by us.
    """

    delivery_id: int
    post_id: int
    channel_id: int
    platform: str
    handle: str
    text: str
    promised_at: datetime
    state: State
    held_reason: Hold | None = None
    late: timedelta | None = None
    causes: tuple[Cause, ...] = ()
    message: str = ""


@dataclass(frozen=True)
class Report:
    """All that was found, in order of time.

    ``well`` went out in time, ``by_hand`` are handed to a person as planned, ``skipped`` are on channels that could not be
    simulated, ``waiting`` posts have no approval yet, ``left_out`` deliveries were too many. A rehearsal that was broken
    off got as far as ``reached``.
    """

    begins: datetime
    ends: datetime
    zone: str
    findings: tuple[Finding, ...]
    well: int
    by_hand: int
    skipped: int
    waiting: int
    left_out: int
    reached: datetime | None = None
    seconds: float = 0.0

    @property
    def is_good(self) -> bool:
        """Whether nothing would go wrong, as far as could be seen."""
        return not (self.findings or self.skipped or self.left_out) and self.reached is None
