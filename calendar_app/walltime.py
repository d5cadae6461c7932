"""From what a clock on the wall says, in a zone, to the one instant that is meant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l

from calendar_app.refusals import Refusal


class SkippedTime(Refusal):
    """The clocks jump over this wall time; ``earlier`` and ``later`` are the nearest wall times that exist."""

    def __init__(self, wall: datetime, zone: str, earlier: datetime, later: datetime) -> None:
        super().__init__(
            _l(
                "%(time)s does not exist in %(zone)s: the clocks go forward then. Choose %(earlier)s or %(later)s.",
                time=f"{wall:%Y-%m-%d %H:%M}",
                zone=zone,
                earlier=f"{earlier:%H:%M}",
                later=f"{later:%H:%M}",
            )
        )
        self.earlier = earlier
        self.later = later


class RepeatedTime(Refusal):
    """The clocks show this wall time twice; ``first`` and ``second`` are the instants it can mean."""

    def __init__(self, wall: datetime, zone: str, first: datetime, second: datetime) -> None:
        super().__init__(
            _l(
                "%(time)s comes twice in %(zone)s: the clocks go back then. Say whether you mean the first or the second.",
                time=f"{wall:%Y-%m-%d %H:%M}",
                zone=zone,
            )
        )
        self.first = first
        self.second = second


def resolve(wall: datetime, zone: str, fold: int | None = None) -> datetime:
    """The aware UTC instant of naive ``wall`` in the IANA ``zone``.

    ``fold`` answers the question of a repeated time: 0 its first, 1 its second occurrence.
    Raises ``SkippedTime`` and, where ``fold`` is None, ``RepeatedTime``.
    """
    first, second = (wall.replace(tzinfo=ZoneInfo(zone), fold=n).astimezone(UTC) for n in (0, 1))
    if first == second:
        return first
    if to_wall(first, zone) != wall:
        raise SkippedTime(wall, zone, *_around(wall, zone))
    if fold is None:
        raise RepeatedTime(wall, zone, first, second)
    return second if fold else first


def to_wall(instant: datetime, zone: str) -> datetime:
    """What the clock on the wall of ``zone`` shows at ``instant``, naive."""
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def _around(wall: datetime, zone: str) -> tuple[datetime, datetime]:
    """The last whole minute before and the first after the gap that ``wall`` fell into."""
    minute = timedelta(minutes=1)
    earlier = later = wall.replace(second=0, microsecond=0)
    while _skipped(earlier, zone):
        earlier -= minute
    while _skipped(later, zone):
        later += minute
    return earlier, later


def _skipped(wall: datetime, zone: str) -> bool:
    instant = wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return to_wall(instant, zone) != wall
