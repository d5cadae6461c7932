"""What a channel accepts and how often: as its platform told or documents, and as an admin knows better.

Many bounds are documented nowhere, differ between accounts, or change without notice; a person who sees another number on
the platform writes it here, and it counts from then on for checks, renditions and pace.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from flask_babel import lazy_gettext as _l

import publishers
from calendar_app.models import Channel
from calendar_app.refusals import Refusal
from publishers.values import Limits, Pace, Quota

MEGABYTE = 2**20
ROLLING_DAY = timedelta(days=1)
LARGEST = 2**31


class NoBound(Refusal):
    """A number that can be no bound; ``name`` is that of the bound."""

    def __init__(self, name: str) -> None:
        super().__init__(_l("Write a whole number above 0, or leave it empty."))
        self.name = name


@dataclass(frozen=True)
class Bound:
    """One number that can be adjusted; ``known`` is what counts without (None: no bound is known)."""

    name: str
    known: int | None
    adjusted: int | None


def of(channel: Channel) -> list[Bound]:
    """Every bound of a channel that its platform has any use for, in the order in which people look for them."""
    told, pace = Limits.from_dict(channel.limits), _told_pace(channel)
    known = {
        "text": told.max_text,
        "images": told.image.max_count or None,
        "image_megabytes": _megabytes(told.image.max_bytes) if told.image.max_count else None,
        "videos": told.video.max_count or None,
        "video_megabytes": _megabytes(told.video.max_bytes) if told.video.max_count else None,
        "video_seconds": int(told.video.max_seconds) if told.video.max_seconds else None,
        "posts_a_day": _daily(pace),
        "seconds_between": int(pace.spacing.total_seconds()) if pace.spacing else None,
    }
    return [Bound(name, value, channel.adjusted.get(name)) for name, value in known.items()]


def adjust(channel: Channel, wanted: Mapping[str, str]) -> None:
    """Keep the numbers that were typed, by name of the bound; an empty one is the platform's again. Raises ``NoBound``."""
    kept = {}
    for bound in of(channel):
        if typed := wanted.get(bound.name, "").strip():
            kept[bound.name] = _number(bound.name, typed)
    channel.adjusted = kept


def limits_of(channel: Channel) -> Limits:
    """What one post on the channel must keep to."""
    told, ours = Limits.from_dict(channel.limits), channel.adjusted or {}
    if not ours:
        return told
    image = _changed(told.image, ours, max_count="images", max_bytes="image_megabytes")
    video = _changed(
        told.video, ours, max_count="videos", max_bytes="video_megabytes", max_seconds="video_seconds"
    )
    return replace(told, max_text=ours.get("text", told.max_text), image=image, video=video)


def pace_of(channel: Channel) -> Pace:
    """How often the channel may post."""
    told, ours = _told_pace(channel), channel.adjusted or {}
    spacing = timedelta(seconds=ours["seconds_between"]) if "seconds_between" in ours else told.spacing
    if "posts_a_day" not in ours:
        return replace(told, spacing=spacing)
    others = tuple(quota for quota in told.quotas if not _is_daily(quota))
    zone = next((quota.zone for quota in told.quotas if quota.window == "day"), None)
    day = Quota(ours["posts_a_day"], "day", zone) if zone else Quota(ours["posts_a_day"], ROLLING_DAY)
    return Pace(spacing, (*others, day))


def traits_of(channel: Channel) -> dict[str, str]:
    """What the platform told of the account that is no secret."""
    return dict(channel.traits)


def _told_pace(channel: Channel) -> Pace:
    return publishers.get(channel.platform).pace_of(channel.traits)


def _changed(limits: Any, ours: Mapping[str, int], **names: str) -> Any:
    found = {field: ours[name] for field, name in names.items() if name in ours}
    if "max_bytes" in found:
        found["max_bytes"] *= MEGABYTE
    return replace(limits, **found)


def _daily(pace: Pace) -> int | None:
    return next((quota.limit for quota in pace.quotas if _is_daily(quota)), None)


def _is_daily(quota: Quota) -> bool:
    return quota.window in ("day", ROLLING_DAY)


def _megabytes(size: int | None) -> int | None:
    return max(1, size // MEGABYTE) if size else None


def _number(name: str, typed: str) -> int:
    if not (typed.isascii() and typed.isdigit()) or not 0 < int(typed[:12]) < LARGEST:
        raise NoBound(name)
    return int(typed)
