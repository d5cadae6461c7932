"""Judging a content by the limits of a channel: the checks that all platforms share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from publishers import text
from publishers.errors import Evidence, Rejected
from publishers.values import Content, Limits, Media, MediaLimits, Preview, Problem

if TYPE_CHECKING:
    from publishers.base import Option


_ROUNDING = 0.99  # a picture that is a pixel off its shape is taken everywhere


def problems(content: Content, limits: Limits, counted: str) -> list[Problem]:
    """Everything wrong with ``content``; ``counted`` is all the text that the platform counts."""
    return [
        *_text_problems(content, limits, counted),
        *_number_problems(content, limits),
        *(
            problem
            for place, media in enumerate(content.media)
            for problem in _media_problems(place, media, limits)
        ),
    ]


def longest(content: Content, limits: Limits) -> int:
    """How long the text of ``content`` may be: below files, some platforms take less."""
    below_files = content.media and limits.max_caption is not None
    return limits.max_caption if below_files and limits.max_caption is not None else limits.max_text


def preview(content: Content, limits: Limits, said: str, network: text.Network = "fediverse") -> Preview:
    """What readers see of ``said``, the text as the request has it, counted as the platform counts."""
    count = text.count(said, limits.counter, limits.url_cost)
    return Preview(text.spans(said, network), count, longest(content, limits), content.media)


def option_problems(options: Sequence[Option], content: Content) -> list[Problem]:
    """Everything wrong with what was filled into the platform's own fields; an empty one is wrong where required."""
    found: list[Problem] = []
    for option in options:
        value = content.options.get(option.name) or option.default
        found += _option_problems(option, value, content) if value else _missing(option)
    return found


def refuse(found: list[Problem]) -> None:
    """Raise ``Rejected`` when a problem stands in the way, so that nothing is sent in vain."""
    codes = [problem.code for problem in found if problem.severity == "error"]
    if codes:
        listed = ", ".join(codes)
        raise Rejected(f"Not sent, it breaks the limits of this channel: {listed}", Evidence(code=codes[0]))


def _missing(option: Option) -> list[Problem]:
    return [Problem("option_required", "error", {"label": option.label})] if option.required else []


def _option_problems(option: Option, value: str, content: Content) -> Iterator[Problem]:
    said = {"label": option.label}
    if option.choices and value not in dict(option.choices):
        yield Problem("option_unknown", "error", {"name": option.name, "value": value})
    if option.max_length is not None and len(value) > option.max_length:
        yield Problem("option_too_long", "error", {**said, "count": len(value), "limit": option.max_length})
    if option.kind == "link" and not _is_link(value):
        yield Problem("option_not_a_link", "error", said)
    if option.kind == "number" and not value.removeprefix("-").isdecimal():
        yield Problem("option_not_a_number", "error", said)
    if option.kind == "file" and not _names_a_file(value, content):
        yield Problem("option_not_a_file", "error", said)


def _is_link(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in value
    except ValueError:
        return False


def _names_a_file(value: str, content: Content) -> bool:
    return value.isdecimal() and 1 <= int(value) <= len(content.media)


def _text_problems(content: Content, limits: Limits, counted: str) -> Iterator[Problem]:
    if limits.needs_media and not content.media:
        yield Problem("media_required", "error")
    elif not content.text.strip() and not content.media:
        yield Problem("text_required", "error")
    tags = sum(run.kind == "tag" for run in text.spans(counted))
    if limits.max_tags is not None and tags > limits.max_tags:
        yield Problem("too_many_tags", "error", {"count": tags, "limit": limits.max_tags})
    if any("\ud800" <= letter <= "\udfff" for letter in counted):
        yield Problem("text_not_unicode", "error")
    length, most = text.count(counted, limits.counter, limits.url_cost), longest(content, limits)
    if length > most:
        yield Problem("text_too_long", "error", {"count": length, "limit": most, "over": length - most})
    size = text.utf8_length(counted)
    if limits.max_text_bytes is not None and size > limits.max_text_bytes:
        yield Problem("text_bytes_too_long", "error", {"count": size, "limit": limits.max_text_bytes})


def _number_problems(content: Content, limits: Limits) -> Iterator[Problem]:
    images = sum(media.kind == "image" for media in content.media)
    videos = len(content.media) - images
    if images > limits.image.max_count:
        yield Problem("too_many_images", "error", {"count": images, "limit": limits.image.max_count})
    if videos > limits.video.max_count:
        yield Problem("too_many_videos", "error", {"count": videos, "limit": limits.video.max_count})
    if limits.max_files is not None and len(content.media) > limits.max_files:
        yield Problem("too_many_files", "error", {"count": len(content.media), "limit": limits.max_files})
    if images and videos and not limits.mixes_kinds:
        yield Problem("kinds_mixed", "error")


def _media_problems(place: int, media: Media, limits: Limits) -> Iterator[Problem]:
    bounds = limits.image if media.kind == "image" else limits.video
    yield from _file_problems(place, media, bounds)
    yield from _length_problems(place, media, bounds)
    yield from _shape_problems(place, media, bounds)
    yield from _alt_problems(place, media, limits.max_alt)


def _file_problems(place: int, media: Media, bounds: MediaLimits) -> Iterator[Problem]:
    kind = media.kind
    if media.mime not in bounds.mimes:
        yield Problem(f"{kind}_type", "error", {"mime": media.mime}, place, fixable=True)
    if bounds.max_bytes is not None and media.size > bounds.max_bytes:
        sizes = {"size": media.size, "limit": bounds.max_bytes}
        yield Problem(f"{kind}_too_large", "error", sizes, place, fixable=True)
    pixels = media.width * media.height
    if bounds.max_pixels is not None and pixels > bounds.max_pixels:
        yield Problem(
            f"{kind}_too_many_pixels",
            "error",
            {"pixels": pixels, "limit": bounds.max_pixels},
            place,
            fixable=True,
        )
    side = max(media.width, media.height)
    if bounds.max_side is not None and side > bounds.max_side:
        yield Problem(
            f"{kind}_side_too_long", "error", {"side": side, "limit": bounds.max_side}, place, fixable=True
        )


def _length_problems(place: int, media: Media, bounds: MediaLimits) -> Iterator[Problem]:
    if bounds.max_seconds is not None and media.seconds is not None and media.seconds > bounds.max_seconds:
        lengths = {"seconds": media.seconds, "limit": bounds.max_seconds}
        yield Problem(f"{media.kind}_too_long", "error", lengths, place)
    if bounds.min_seconds is not None and media.seconds is not None and media.seconds < bounds.min_seconds:
        lengths = {"seconds": media.seconds, "limit": bounds.min_seconds}
        yield Problem(f"{media.kind}_too_short", "error", lengths, place)


def _shape_problems(place: int, media: Media, bounds: MediaLimits) -> Iterator[Problem]:
    ratio = media.width / media.height if media.height else 1.0
    narrow = bounds.min_ratio is not None and ratio < bounds.min_ratio * _ROUNDING
    if narrow or (bounds.max_ratio is not None and ratio > bounds.max_ratio / _ROUNDING):
        yield Problem(f"{media.kind}_ratio", "error", {"ratio": round(ratio, 2)}, place)


def _alt_problems(place: int, media: Media, max_alt: int | None) -> Iterator[Problem]:
    length = len(media.alt)
    if not media.alt.strip():
        yield Problem("alt_missing", "warning", {}, place)
    if max_alt is not None and length > max_alt:
        yield Problem("alt_too_long", "error", {"count": length, "limit": max_alt}, place)
