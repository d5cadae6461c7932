"""How the servers that speak Mastodon's client protocol differ (platforms' own sources, 2024 to 2026)."""

from __future__ import annotations

from dataclasses import dataclass

from publishers.simulators.settings import MEGABYTE

IMAGES = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/heic", "image/heif", "image/avif")
VIDEOS = ("video/mp4", "video/quicktime", "video/webm")
AUDIO = ("audio/mpeg", "audio/ogg", "audio/wav")


@dataclass(frozen=True)
class Software:
    """One kind of server. ``keys`` says what a repeated Idempotency-Key does: original, response, reject or nothing."""

    name: str
    version: str
    keys: str
    key_ttl: float
    max_characters: int
    counts_graphemes: bool
    too_long_status: int
    max_media: int
    image_limit: int
    video_limit: int
    mimes: tuple[str, ...]
    batch: str
    needs_media: bool = False
    families: bool = False
    description_limit: int = 1500


SOFTWARE = {
    "mastodon": Software(
        "mastodon", "4.6.0", "original", 3600, 500, True, 422, 4, 16 * MEGABYTE, 99 * MEGABYTE,
        IMAGES + VIDEOS + AUDIO, "id", families=True,
    ),
    "gotosocial": Software(
        "gotosocial", "0.20.0+git-1a2b3c4", "nothing", 0, 5000, False, 400, 6, 40 * MEGABYTE, 40 * MEGABYTE,
        IMAGES + VIDEOS + AUDIO, "",
    ),
    "pixelfed": Software(
        "pixelfed", "3.5.3 (compatible; Pixelfed 0.12.4)", "reject", 3600, 500, False, 422, 4, 15 * MEGABYTE,
        15 * MEGABYTE, IMAGES[:3] + VIDEOS[:1], "", needs_media=True,
    ),
    "pleroma": Software(
        "pleroma", "2.7.2 (compatible; Pleroma 2.9.1)", "response", 6 * 3600, 5000, False, 422, 4, 16 * MEGABYTE,
        40 * MEGABYTE, IMAGES[:4] + VIDEOS + AUDIO, "ids",
    ),
}  # fmt: skip
