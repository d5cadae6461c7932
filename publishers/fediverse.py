"""What a server that speaks Mastodon's API is, and what it accepts: found out by asking it.

Sources: Mastodon docs, entities/Instance and entities/V1_Instance; nodeinfo.diaspora.software for the name.
Idempotency as each software's source has it: GoToSocial 0.20, Pleroma's idempotency plug, Pixelfed 2024.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from publishers.http import Http, Reply
from publishers.values import UNPACED, Limits, MediaLimits, Pace, Quota

Idempotency = Literal["replay-original", "replay-response", "reject-duplicate", "none"]

IMAGES = ("image/jpeg", "image/png", "image/gif", "image/webp")
VIDEOS = ("video/mp4", "video/quicktime", "video/webm")
MAX_TEXT = 500
URL_COST = 23
MAX_ALT = 1500
MAX_MEDIA = 4
_OWN_SCOPES = "read:accounts read:statuses write:statuses write:media"


@dataclass(frozen=True)
class Software:
    """How one server software departs from Mastodon; ``batch``: it reads many statuses in one call."""

    idempotency: Idempotency
    counter: str
    batch: bool = False
    pace: Pace = UNPACED
    scopes: str = _OWN_SCOPES


# Mastodon source, RateLimiter: what one account may post, edits included.
MASTODON = Software(
    "replay-original", "mastodon", batch=True, pace=Pace(quotas=(Quota(300, timedelta(hours=3)),))
)
PLEROMA = Software("replay-response", "codepoints")
SOFTWARE = {
    "mastodon": MASTODON,
    "hometown": MASTODON,
    "pleroma": PLEROMA,
    "akkoma": PLEROMA,
    "gotosocial": Software("none", "codepoints"),
    "pixelfed": Software(
        "reject-duplicate",
        "codepoints",
        pace=Pace(quotas=(Quota(1000, timedelta(days=1)),)),  # Pixelfed source, StatusController
        scopes="read write",
    ),
}
UNKNOWN = Software("none", "codepoints")

DEFAULT_LIMITS = Limits(
    max_text=MAX_TEXT,
    counter="mastodon",
    url_cost=URL_COST,
    max_alt=MAX_ALT,
    image=MediaLimits(IMAGES, MAX_MEDIA, max_bytes=16 * 2**20, max_pixels=33_177_600),
    video=MediaLimits(VIDEOS, 1, max_bytes=99 * 2**20, max_pixels=8_294_400, max_frame_rate=120),
)


def software_of(traits: Mapping[str, str]) -> Software:
    """The profile of the server that ``traits`` name; a name we do not know promises nothing."""
    return SOFTWARE.get(traits.get("software", ""), UNKNOWN)


def traits(http: Http, version: str = "") -> dict[str, str]:
    """The server's ``software`` (lower case), ``version`` and ``idempotency``, by nodeinfo or ``version``."""
    told = http.get_or_none("/nodeinfo/2.0", lambda reply: reply.body["software"])
    name = str((told or {}).get("name") or _name_in(version)).lower()
    found = {"software": name, "version": str((told or {}).get("version") or version)}
    return {**found, "idempotency": software_of(found).idempotency}


def limits_and_traits(http: Http) -> tuple[Limits, dict[str, str]]:
    """Ask the server for both; Mastodon before 4.0 and most relatives know only the older call."""
    told = http.get_or_none("/api/v2/instance", _instance) or http.get("/api/v1/instance", _instance)
    instance, is_limited = told
    known = traits(http, str(instance.get("version", "")))
    return limits_from(instance, software_of(known)), known | ({} if is_limited else {"pace": "none"})


def limits_from(instance: Mapping[str, Any], software: Software) -> Limits:
    """The limits in an Instance entity of either version; what it leaves out takes Mastodon's default."""
    configuration = _part(instance, "configuration")
    statuses, media = _part(configuration, "statuses"), _part(configuration, "media_attachments")
    return Limits(
        max_text=_number(statuses.get("max_characters") or instance.get("max_toot_chars")) or MAX_TEXT,
        counter=software.counter,
        url_cost=(_number(statuses.get("characters_reserved_per_url")) or URL_COST)
        if software is MASTODON
        else None,
        max_alt=_number(media.get("description_limit")) or MAX_ALT,
        image=MediaLimits(
            _mimes(media, "image/", IMAGES),
            _number(statuses.get("max_media_attachments")) or MAX_MEDIA,
            max_bytes=_number(media.get("image_size_limit") or instance.get("upload_limit")),
            max_pixels=_number(media.get("image_matrix_limit")),
        ),
        video=MediaLimits(
            _mimes(media, "video/", VIDEOS),
            1,
            max_bytes=_number(media.get("video_size_limit") or instance.get("upload_limit")),
            max_pixels=_number(media.get("video_matrix_limit")),
            max_frame_rate=_number(media.get("video_frame_rate_limit")),
        ),
    )


def _instance(reply: Reply) -> tuple[dict[str, Any], bool]:
    return dict(reply.body), reply.is_limited


def _name_in(version: str) -> str:
    relative = re.search(r"compatible; (\w+)", version)
    return relative[1] if relative else "mastodon"


def _part(of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = of.get(name)
    return part if isinstance(part, Mapping) else {}


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and value > 0 else None


def _mimes(media: Mapping[str, Any], kind: str, default: tuple[str, ...]) -> tuple[str, ...]:
    listed = media.get("supported_mime_types")
    found = [mime for mime in listed if str(mime).startswith(kind)] if isinstance(listed, Sequence) else []
    return tuple(found) or default
