"""What can be chosen when a simulated server starts, and changed while it runs."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Settings:
    """Seconds and bytes throughout. ``engagement`` multiplies the simulated public; 0 silences it.

    ``software`` chooses the Mastodon-compatible server: mastodon, gotosocial, pixelfed or pleroma.
    ``swap_checked_first`` makes Bluesky's putRecord answer InvalidSwap even to an identical record.
    """

    software: str = "mastodon"
    title: str = ""
    public_url: str = ""
    engagement: float = 1.0
    rate_limits: bool = True
    max_characters: int = 0
    video_seconds: float = 2.0
    image_seconds: float = 0.0
    media_fails: bool = False
    media_ttl: float = 86_400.0
    idempotency_wait: float = 1.0
    appview_lag: float = 0.0
    blob_limit: int = 50 * MEGABYTE
    blob_ttl: float = 3600.0
    image_blob_limit: int = 2_000_000
    swap_checked_first: bool = False
