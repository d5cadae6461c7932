"""How a simulated public reacts: deterministic counts that rise fast at first and then level off."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

SLOWNESS = 0.6
DAY = 86_400.0


@dataclass(frozen=True)
class Counts:
    """What the public did to one post so far; never falls as time goes on."""

    likes: int = 0
    reposts: int = 0
    replies: int = 0
    quotes: int = 0
    bookmarks: int = 0


def fraction(seed: str, what: str) -> float:
    """A fixed number in [0, 1) for this seed and purpose."""
    digest = hashlib.sha256(f"{what}:{seed}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def between(seed: str, what: str, low: float, high: float) -> float:
    """A fixed number in [low, high) for this seed and purpose."""
    return low + (high - low) * fraction(seed, what)


def saturation(age: float, scale: float) -> float:
    """The share of the final number reached at ``age`` seconds: a stretched exponential in [0, 1).

    The stretch gives a post its first likes within seconds and nine tenths of all of them within a day.
    """
    if age <= 0:
        return 0.0
    return 1.0 - math.exp(-((age / scale) ** SLOWNESS))


def counts(seed: str, age: float, strength: float = 1.0) -> Counts:
    """The reactions to the post ``seed`` at ``age`` seconds; ``strength`` 0 means nobody reacts."""
    popularity = 60.0 * math.exp(2.6 * fraction(seed, "popularity")) + 120.0
    likes = strength * popularity * saturation(age, between(seed, "pace", 3.0, 9.0) * 3600)
    return Counts(
        likes=int(likes),
        reposts=int(likes * between(seed, "reposts", 0.12, 0.34)),
        replies=int(likes * between(seed, "replies", 0.05, 0.16)),
        quotes=int(likes * between(seed, "quotes", 0.01, 0.06)),
        bookmarks=int(likes * between(seed, "bookmarks", 0.02, 0.09)),
    )


def followers(seed: str, age: float, posts: int, strength: float = 1.0) -> int:
    """Followers of an account ``age`` seconds old with ``posts`` posts."""
    base = between(seed, "followers", 400, 5200)
    daily = between(seed, "daily", 18, 90)
    return int(strength * (base + daily * max(age, 0.0) / DAY + 1.5 * posts))
