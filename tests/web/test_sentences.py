"""Every code and key that the plain libraries can hand out has words for people."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from flask import Flask

import publishers
from calendar_app.web import sentences
from media import errors
from media.sniff import _FOREIGN_MAGIC, _RIFF, IMAGES, VIDEOS
from publishers.base import Publisher
from publishers.values import MediaLimits, Problem
from publishers.words import Words

PUBLISHERS = Path(publishers.__file__).parent
KINDS = ("image", "video")
BYTES, PIXELS = 2_500_000, 12_000_000


def problem_calls() -> Iterator[tuple[str, ast.Call]]:
    for path in PUBLISHERS.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and _is_problem(node):
                yield path.name, node


def _is_problem(call: ast.Call) -> bool:
    """Whether it makes a problem that does not bring its own words."""
    is_one = isinstance(call.func, ast.Name) and call.func.id == "Problem"
    return is_one and not any(keyword.arg == "words" for keyword in call.keywords)


def codes_of(code: ast.expr) -> list[str]:
    """The strings that the first argument of Problem(...) can be: a literal, or one built from the media's kind."""
    if isinstance(code, ast.Constant):
        return [str(code.value)]
    assert isinstance(code, ast.JoinedStr), f"a code that nobody can list: {ast.unparse(code)}"
    parts = [KINDS if isinstance(part, ast.FormattedValue) else (part.value,) for part in code.values]  # type: ignore[attr-defined]
    return ["".join(combination) for combination in itertools.product(*parts)]


ALL_CODES = sorted({code for _file, call in problem_calls() for code in codes_of(call.args[0])})


def test_the_source_of_the_adapters_is_really_read() -> None:
    assert {"text_too_long", "option_unknown", "video_too_many_pixels"} <= set(ALL_CODES)


@pytest.mark.parametrize("code", ALL_CODES)
def test_every_problem_that_an_adapter_can_find_has_a_sentence(code: str) -> None:
    assert code in sentences.PROBLEMS


@pytest.mark.parametrize(
    "kind", [errors.Unreadable, errors.TooLarge, errors.CannotFit], ids=lambda kind: kind.__name__
)
def test_every_reason_to_refuse_a_file_has_a_sentence(kind: type[errors.MediaError]) -> None:
    codes = get_args(get_type_hints(kind.__init__)["code"])
    assert codes and set(codes) <= sentences.MEDIA.keys()


def test_every_kind_of_file_that_is_not_taken_has_a_name() -> None:
    named = {name for _magic, name in _FOREIGN_MAGIC} | set(_RIFF.values())
    named |= {"audio", "matroska", "raw_photo", "svg", "html", "text", "unknown"}
    assert named - IMAGES.keys() - VIDEOS.keys() <= sentences.FOUND.keys()


def words_of(publisher: Publisher) -> Iterator[str]:
    """All that an adapter says to people in forms: its name, its fields, their hints and choices."""
    yield publisher.label
    for asked in (*publisher.connect_fields, *publisher.app_fields, *publisher.options):
        yield from (asked.label, *(label for _value, label in asked.choices))
        yield from (asked.hint,) if asked.hint else ()


@pytest.mark.parametrize("name", sorted(publishers.PLATFORMS))
def test_every_word_of_every_adapter_has_a_translation(name: str) -> None:
    publisher = publishers.get(name)
    for said in set(words_of(publisher)) - {publisher.label}:
        if isinstance(said, Words):
            assert said.zh_Hant and said.zh_Hans, said
        else:
            assert said in sentences.LABELS or said in EXAMPLES, said


EXAMPLES = {"mastodon.social", "name.bsky.social", "xxxx-xxxx-xxxx-xxxx"}


def test_the_numbers_in_a_sentence_are_written_for_people(app: Flask) -> None:
    expected = [
        (
            Problem("text_too_long", "error", {"count": 1620, "limit": 500, "over": 1120}),
            "The text is too long by 1,120: it counts 1,620 here, and 500 is the most.",
        ),
        (
            Problem("image_too_large", "error", {"size": BYTES, "limit": 976_000}, 0, fixable=True),
            "The picture has 2.5 MB; this channel takes at most 976 KB.",
        ),
        (
            Problem("video_too_long", "error", {"seconds": 187.4, "limit": 180}, 0),
            "The video runs 3:07; this channel takes at most 3:00. Cut it shorter.",
        ),
        (Problem("image_type", "error", {"mime": "image/gif"}), "This channel does not take GIF pictures."),
        (
            Problem("image_too_many_pixels", "error", {"pixels": PIXELS, "limit": 8_294_400}),
            "The picture has 12 megapixels; this channel takes at most 8.3 megapixels.",
        ),
    ]
    with app.test_request_context():
        assert [sentences.problem(problem) for problem, _said in expected] == [
            said for _problem, said in expected
        ]


def test_every_sentence_has_the_values_that_its_adapter_gives(app: Flask) -> None:
    from publishers import limits
    from publishers.values import Content, Limits, Media

    tiny = MediaLimits(("image/x",), 0, max_bytes=1, max_pixels=1, max_side=1, max_seconds=1)
    strict = Limits(max_text=1, counter="graphemes", image=tiny, video=tiny, max_text_bytes=1, max_alt=1)
    media = tuple(
        Media(kind, Path("x"), "image/png", 9, 9, 9, "0", alt, seconds=9.0)  # type: ignore[arg-type]
        for kind, alt in (("image", ""), ("image", "long"), ("video", "long"))
    )
    found = limits.problems(Content("much too long", media), strict, "much too long\ud800")
    with app.test_request_context():
        said = [sentences.problem(problem) for problem in found]
    assert len({problem.code for problem in found}) >= 14
    assert not [text for text in said if "%(" in text]
