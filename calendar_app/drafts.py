"""What a planner writes, as plain values: from a form to a post and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from calendar_app.models import Attachment, Post, Variant


@dataclass(frozen=True)
class Attached:
    """A file in a post, with its alt text there."""

    asset_id: int
    alt: str = ""


@dataclass(frozen=True)
class VariantDraft:
    """One channel's wording: ``text`` and ``media`` None mean as the master."""

    channel_id: int
    text: str | None = None
    media: tuple[Attached, ...] | None = None
    options: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PostDraft:
    """All that a planner writes. ``wall_time`` is naive, in ``zone``; ``fold`` answers a repeated time; ``declares`` None
    means that nobody said what the post declares."""

    text: str
    wall_time: datetime
    zone: str
    variants: tuple[VariantDraft, ...] = ()
    media: tuple[Attached, ...] = ()
    fold: int | None = None
    language: str = ""
    grace_minutes: int = 30
    owner_id: int | None = None
    label_ids: tuple[int, ...] = ()
    declares: tuple[str, ...] | None = None


def draft_of(post: Post) -> PostDraft:
    """The post as a draft again: what a form starts from."""
    return PostDraft(
        text=post.text,
        wall_time=post.wall_time,
        zone=post.zone,
        variants=tuple(_variant_draft(variant) for variant in post.variants),
        media=attached(post.attachments),
        fold=post.fold,
        language=post.language,
        grace_minutes=post.grace_minutes,
        owner_id=post.owner_id,
        label_ids=tuple(label.id for label in post.labels),
        declares=None if post.declares is None else tuple(post.declares),
    )


def attached(attachments: Sequence[Attachment]) -> tuple[Attached, ...]:
    """Attachments as a draft names them."""
    return tuple(Attached(a.asset_id, a.alt) for a in attachments)


def _variant_draft(variant: Variant) -> VariantDraft:
    media = attached(variant.own_attachments) if variant.own_media else None
    return VariantDraft(variant.channel_id, variant.text, media, dict(variant.options or {}))
