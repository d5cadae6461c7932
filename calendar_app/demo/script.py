"""What a scene of the demo is made of; the scenes themselves are in the modules named for their weeks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

MASTODON, BLUESKY = "mastodon", "bluesky"
BOTH = (MASTODON, BLUESKY)
TRADITIONAL, SIMPLIFIED, ENGLISH = "zh-Hant", "zh-Hans", "en"

NEW, EVENT, LESSON, CARE, STORY = "新品", "活動", "教學", "客服", "Story"
LABELS = {NEW: "green", EVENT: "orange", LESSON: "blue", CARE: "purple", STORY: "pink"}


class Fate(StrEnum):
    """What became of a post; ``out`` is published in the past and approved in the future."""

    OUT = "out"
    RETRIED = "retried"
    FAILED = "failed"
    LATE = "late"
    CANCELED = "canceled"
    SUBMITTED = "submitted"
    SENT_BACK = "sent_back"
    DRAFT = "draft"


@dataclass(frozen=True)
class Reply:
    """What a visitor answered on both platforms, ``minutes`` after the post."""

    by: str
    minutes: int
    text: str


@dataclass(frozen=True)
class Scene:
    """One post: ``day`` counts from today and ``time`` is what the clock shows in the brand's zone.

    ``shorter`` is Bluesky's own wording. ``files`` name pictures and the film of ``media.samples``; their alt texts are
    the samples' own in the post's language, unless ``alts`` gives others. ``options`` are the platform's own fields.
    """

    day: int
    time: str
    label: str
    text: str
    files: tuple[str, ...] = ()
    language: str = TRADITIONAL
    shorter: str | None = None
    alts: tuple[str, ...] = ()
    channels: tuple[str, ...] = BOTH
    fate: Fate = Fate.OUT
    owner: str = "planner"
    comment: str = ""
    replies: tuple[Reply, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    declares: tuple[str, ...] | None = None


FIRST_HARVEST, AFTERNOON, SHOOT, FROM_ABOVE, TERRACES, MOON, RAIN, SIX, COLD = (
    "first-harvest.jpg",
    "afternoon-cup.jpg",
    "bud-and-leaves.jpg",
    "from-above.jpg",
    "terraces.jpg",
    "autumn-moon.jpg",
    "grain-rain.jpg",
    "six-teas.jpg",
    "cold-brew.jpg",
)
FILM = "morning-mist.mp4"
