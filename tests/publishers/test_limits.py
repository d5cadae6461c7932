"""Problems found before any network call, alike for every platform."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import publishers
from publishers.base import Publisher
from publishers.limits import longest
from publishers.values import Content, Limits, Media, MediaLimits

LIMITS = Limits(
    max_text=10,
    counter="graphemes",
    max_text_bytes=40,
    max_alt=5,
    image=MediaLimits(("image/jpeg",), 4, max_bytes=1000, max_pixels=10_000, max_side=200),
    video=MediaLimits(("video/mp4",), 1, max_bytes=2000, max_pixels=20_000, max_seconds=60),
)
IMAGE = Media("image", Path("a.jpg"), "image/jpeg", 900, 100, 100, "0" * 64, alt="茶")
VIDEO = Media("video", Path("a.mp4"), "video/mp4", 900, 100, 100, "0" * 64, alt="茶", seconds=10)

# Those that have no rules of their own beside the shared ones; the contract tries each of the others.
PLAIN = ("mastodon", "bluesky", "telegram")
platforms = pytest.mark.parametrize("publisher", [publishers.get(name) for name in PLAIN], ids=PLAIN)


@platforms
@pytest.mark.parametrize(
    ("content", "code", "severity", "fixable"),
    [
        (Content(" \n"), "text_required", "error", False),
        (Content("茶" * 11), "text_too_long", "error", False),
        (Content("👨‍👩‍👧‍👦" * 2), "text_bytes_too_long", "error", False),
        (Content("\ud800"), "text_not_unicode", "error", False),
        (Content("x", (IMAGE,) * 5), "too_many_images", "error", False),
        (Content("x", (VIDEO,) * 2), "too_many_videos", "error", False),
        (Content("x", (IMAGE, VIDEO)), "kinds_mixed", "error", False),
        (Content("x", (replace(IMAGE, mime="image/tiff"),)), "image_type", "error", True),
        (Content("x", (replace(VIDEO, mime="video/webm"),)), "video_type", "error", True),
        (Content("x", (replace(IMAGE, size=1001),)), "image_too_large", "error", True),
        (Content("x", (replace(VIDEO, size=2001),)), "video_too_large", "error", True),
        (Content("x", (replace(IMAGE, height=101),)), "image_too_many_pixels", "error", True),
        (Content("x", (replace(VIDEO, width=201),)), "video_too_many_pixels", "error", True),
        (Content("x", (replace(IMAGE, width=201, height=10),)), "image_side_too_long", "error", True),
        (Content("x", (replace(VIDEO, seconds=60.5),)), "video_too_long", "error", False),
        (Content("x", (replace(IMAGE, alt=" "),)), "alt_missing", "warning", False),
        (Content("x", (replace(IMAGE, alt="茶" * 6),)), "alt_too_long", "error", False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_problem_is_named(
    publisher: Publisher, content: Content, code: str, severity: str, fixable: bool
) -> None:
    [problem] = publisher.check(content, LIMITS)

    assert (problem.code, problem.severity, problem.fixable) == (code, severity, fixable)
    assert problem.position == (0 if content.media and len(content.media) == 1 else None)


@platforms
def test_what_keeps_to_the_limits_has_no_problem(publisher: Publisher) -> None:
    for content in (Content("茶" * 10), Content("", (IMAGE,) * 4), Content("x", (VIDEO,))):
        assert publisher.check(content, LIMITS) == []


@platforms
def test_the_numbers_of_a_problem_are_told(publisher: Publisher) -> None:
    [problem] = publisher.check(Content("茶" * 12), LIMITS)

    assert problem.params == {"count": 12, "limit": 10, "over": 2}


@platforms
def test_a_preview_shows_what_is_sent(publisher: Publisher) -> None:
    content, limits = Content("茶 https://example.com #春", (IMAGE,)), publisher.default_limits
    preview = publisher.preview(content, limits)

    assert "".join(span.text for span in preview.spans) == "茶 https://example.com #春"
    assert [span.target for span in preview.spans if span.kind == "link"] == ["https://example.com"]
    assert (preview.limit, preview.media) == (longest(content, limits), (IMAGE,))


def test_limits_survive_being_kept_as_json() -> None:
    for publisher in publishers.PLATFORMS.values():
        assert Limits.from_dict(publisher.default_limits.as_dict()) == publisher.default_limits


def test_an_unknown_platform_has_a_name() -> None:
    with pytest.raises(publishers.UnknownPlatform, match="myspace"):
        publishers.get("myspace")


numbers = st.integers(-(10**12), 10**12)
media = st.builds(
    Media,
    kind=st.sampled_from(["image", "video"]),
    path=st.just(Path("x")),
    mime=st.text(),
    size=numbers,
    width=numbers,
    height=numbers,
    sha256=st.text(),
    alt=st.text(),
    seconds=st.none() | st.floats(),
)
surrogates = st.text(st.characters(codec=None, categories=["Cs", "Lo", "So", "Zs", "Cc"]))
anything = st.builds(
    Content,
    text=st.text() | surrogates,
    media=st.lists(media, max_size=6).map(tuple),
    language=st.text(),
    options=st.dictionaries(st.sampled_from(["visibility", "spoiler_text", "?"]), st.text()),
)


@pytest.mark.parametrize("publisher", publishers.PLATFORMS.values(), ids=publishers.PLATFORMS)
@given(content=anything)
def test_no_content_whatever_makes_the_check_fail(publisher: Publisher, content: Content) -> None:
    for limits in (
        LIMITS,
        publisher.default_limits,
        replace(LIMITS, counter="of a later version", max_text=0),
    ):
        publisher.check(content, limits)
        publisher.preview(content, limits)
