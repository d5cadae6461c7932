"""Say this, there, now: one adapter a platform, all of one shape (``publishers.base.Publisher``)."""

from __future__ import annotations

from publishers.base import Publisher
from publishers.bluesky import Bluesky
from publishers.mastodon import Mastodon
from publishers.telegram import Telegram

PLATFORMS: dict[str, Publisher] = {
    "mastodon": Mastodon(),
    "bluesky": Bluesky(),
    "telegram": Telegram(),
}


class UnknownPlatform(LookupError):
    """No adapter goes by this name."""


def get(name: str) -> Publisher:
    """The adapter of the platform called ``name``; raises ``UnknownPlatform``."""
    try:
        return PLATFORMS[name]
    except KeyError:
        raise UnknownPlatform(name) from None
