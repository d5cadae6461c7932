"""From rows to the very values that will be sent; preview, check, digest and publish all start here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import publishers
from calendar_app import bounds, library, public_files
from calendar_app.models import Asset, Attachment, Channel, Post, Variant
from calendar_app.settings import vault
from publishers import follows
from publishers.values import Content, Declaration, Destination, Limits, Media, Preview, Problem


@dataclass(frozen=True)
class Wording:
    """What one channel is to say, from a saved variant or from a form that is being typed in."""

    channel: Channel
    text: str
    attachments: tuple[tuple[Asset, str], ...]
    language: str
    options: Mapping[str, str]
    declares: frozenset[str] = frozenset()


def wording(variant: Variant) -> Wording:
    """How a saved variant reads: its own text and media, or the post's."""
    return Wording(
        channel=variant.channel,
        text=text_of(variant),
        attachments=tuple((a.asset, a.alt) for a in attachments_of(variant)),
        language=variant.post.language,
        options=variant.options or {},
        declares=frozenset(variant.post.declares or ()),
    )


def text_of(variant: Variant) -> str:
    """The variant's own text, or the post's."""
    return variant.post.text if variant.text is None else variant.text


def attachments_of(variant: Variant) -> Sequence[Attachment]:
    """The variant's own attachments, or the post's."""
    return variant.own_attachments if variant.own_media else variant.post.attachments


def limits_of(channel: Channel) -> Limits:
    """What the channel told about itself when it was last asked, as its admins know better."""
    return bounds.limits_of(channel)


def destination(channel: Channel) -> Destination:
    """The channel as a publisher needs it, credentials opened."""
    return Destination(
        base_url=channel.base_url,
        remote_id=channel.remote_id,
        handle=channel.handle,
        limits=limits_of(channel),
        credentials=vault().open(channel.credentials),
        traits=bounds.traits_of(channel),
    )


def to_send(words: Wording) -> Content:
    """What goes out, with renditions; raises ``library.NotReady`` and ``library.CannotRender``."""
    limits = limits_of(words.channel)
    return _content(words, tuple(library.media_for(asset, alt, limits) for asset, alt in words.attachments))


def as_written(words: Wording) -> Content:
    """What was written, with each asset as it was uploaded: what ``check`` judges."""
    return _content(words, tuple(library.as_uploaded(asset, alt) for asset, alt in words.attachments))


def problems(words: Wording) -> list[Problem]:
    """Every problem that this channel has with these words."""
    publisher = publishers.get(words.channel.platform)
    written, limits = as_written(words), limits_of(words.channel)
    return [*publisher.check(written, limits), *follows.problems(publisher, written, limits)]


def obstacles(words: Wording) -> list[Problem]:
    """The problems that stand in the way and that no rendition can mend."""
    return [problem for problem in problems(words) if problem.severity == "error" and not problem.fixable]


def preview(words: Wording) -> Preview:
    """What the channel's readers will see."""
    return publishers.get(words.channel.platform).preview(as_written(words), limits_of(words.channel))


def following(words: Wording) -> tuple[Preview, ...]:
    """What the channel's readers will see right after it."""
    publisher = publishers.get(words.channel.platform)
    return follows.previews(publisher, as_written(words), limits_of(words.channel))


def digest(variant: Variant) -> str:
    """The seal of what is approved for one channel: text, media bytes, channel, options and time window."""
    words, post = wording(variant), variant.post
    return _seal(
        {
            "text": words.text,
            "language": words.language,
            "media": [[asset.sha256, alt] for asset, alt in words.attachments],
            "channel": [words.channel.platform, words.channel.base_url, words.channel.remote_id],
            "options": dict(words.options),
            **({"declares": sorted(words.declares)} if words.declares else {}),
            "window": [post.due_at.isoformat(), post.not_later_than.isoformat()],
        }
    )


def post_digest(post: Post) -> str:
    """The seal over all of a post's variants."""
    return _seal(sorted(digest(variant) for variant in post.variants))


def _content(words: Wording, files: tuple[Media, ...]) -> Content:
    return Content(
        text=words.text,
        media=tuple(replace(file, url=public_files.address_of(file)) for file in files),
        language=words.language,
        options=words.options,
        declares=cast(frozenset[Declaration], words.declares),
    )


def _seal(value: object) -> str:
    canonical = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
