"""Say this, there, now: one adapter a platform, all of one shape (``publishers.base.Publisher``)."""

from __future__ import annotations

from publishers.assisted import Assisted
from publishers.base import Publisher
from publishers.bilibili import Bilibili
from publishers.bluesky import Bluesky
from publishers.discord import Discord
from publishers.douyin import Douyin
from publishers.facebook import Facebook
from publishers.instagram import Instagram
from publishers.linkedin import LinkedIn
from publishers.mastodon import Mastodon
from publishers.pinterest import Pinterest
from publishers.reddit import Reddit
from publishers.telegram import Telegram
from publishers.threads import Threads
from publishers.tiktok import TikTok
from publishers.wechat import Wechat
from publishers.weibo import Weibo
from publishers.wordpress import WordPress
from publishers.x import X
from publishers.youtube import YouTube

# In the order in which they are offered.
PLATFORMS: dict[str, Publisher] = {
    "weibo": Weibo(),
    "wechat": Wechat(),
    "douyin": Douyin(),
    "bilibili": Bilibili(),
    "mastodon": Mastodon(),
    "bluesky": Bluesky(),
    "telegram": Telegram(),
    "discord": Discord(),
    "x": X(),
    "threads": Threads(),
    "instagram": Instagram(),
    "facebook": Facebook(),
    "linkedin": LinkedIn(),
    "tiktok": TikTok(),
    "youtube": YouTube(),
    "pinterest": Pinterest(),
    "reddit": Reddit(),
    "wordpress": WordPress(),
    "assisted": Assisted(),
}


class UnknownPlatform(LookupError):
    """No adapter goes by this name."""


def get(name: str) -> Publisher:
    """The adapter of the platform called ``name``; raises ``UnknownPlatform``."""
    try:
        return PLATFORMS[name]
    except KeyError:
        raise UnknownPlatform(name) from None
