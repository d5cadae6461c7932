"""Judging a content by the limits of a channel: the checks that all platforms share."""

from __future__ import annotations

from collections.abc import Iterator

from publishers import text
from publishers.errors import Evidence, Rejected
from publishers.values import Content, Limits, Media, MediaLimits, Problem


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


def refuse(found: list[Problem]) -> None:
    """Raise ``Rejected`` when a problem stands in the way, so that nothing is sent in vain."""
    codes = [problem.code for problem in found if problem.severity == "error"]
    if codes:
        listed = ", ".join(codes)
        raise Rejected(f"Not sent, it breaks the limits of this channel: {listed}", Evidence(code=codes[0]))


def _text_problems(content: Content, limits: Limits, counted: str) -> Iterator[Problem]:
    if not content.text.strip() and not content.media:
        yield Problem("text_required", "error")
    if any("\ud800" <= letter <= "\udfff" for letter in counted):
        yield Problem("text_not_unicode", "error")
    length = text.count(counted, limits.counter, limits.url_cost)
    if length > limits.max_text:
        over = length - limits.max_text
        yield Problem("text_too_long", "error", {"count": length, "limit": limits.max_text, "over": over})
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
    if images and videos and not limits.mixes_kinds:
        yield Problem("kinds_mixed", "error")


def _media_problems(place: int, media: Media, limits: Limits) -> Iterator[Problem]:
    bounds = limits.image if media.kind == "image" else limits.video
    yield from _file_problems(place, media, bounds)
    yield from _length_problems(place, media, bounds)
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


def _alt_problems(place: int, media: Media, max_alt: int | None) -> Iterator[Problem]:
    length = len(media.alt)
    if not media.alt.strip():
        yield Problem("alt_missing", "warning", {}, place)
    if max_alt is not None and length > max_alt:
        yield Problem("alt_too_long", "error", {"count": length, "limit": max_alt}, place)
