"""From where a post was dropped on someone's calendar to the time that its own zone's clock shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from calendar_app import planning, walltime
from calendar_app.models import Post, User


@dataclass(frozen=True)
class Place:
    """A naive wall time as ``zone`` shows it; ``fold`` answers the question of a repeated one."""

    wall_time: datetime
    zone: str
    fold: int | None = None


def place_of(post: Post) -> Place:
    """Where the post stands now, to be moved back to."""
    return Place(post.wall_time, post.zone, post.fold)


def drop(post: Post, place: Place, revision: int, by: User, now: datetime) -> Post:
    """Move the post to where it was dropped. Raises what ``planning.move`` raises."""
    own = _in_own_zone(post, place)
    return planning.move(post, own.wall_time, revision, by, now, own.fold)


def _in_own_zone(post: Post, place: Place) -> Place:
    """Whole days keep the post's own time of day, even where only one of the two zones changes its clocks."""
    if place.zone == post.zone:
        return place
    seen = walltime.to_wall(post.due_at, place.zone)
    if seen.time() == place.wall_time.time():
        return Place(post.wall_time + (place.wall_time - seen), post.zone, place.fold)
    instant = walltime.resolve(place.wall_time, place.zone, place.fold)
    fold = instant.astimezone(ZoneInfo(post.zone)).fold
    return Place(walltime.to_wall(instant, post.zone), post.zone, fold)
