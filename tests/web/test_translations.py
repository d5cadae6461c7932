"""The languages: every message has its words in 繁體中文 and 简体中文, with the same places to fill in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from flask import Flask

from calendar_app.config import LOCALES
from calendar_app.web import fields
from tests.people import Cast

ROOT = Path(__file__).parents[2]
TRANSLATED = tuple(locale for locale in LOCALES if locale != "en")
KEYWORDS = {**DEFAULT_KEYWORDS, "_l": None, "lazy_gettext": None}
CHARACTERS = {"zh_Hant": "big5hkscs", "zh_Hans": "gb2312"}
PLACES = re.compile(r"%\(\w+\)[sd]")
HAN = r"[\u4e00-\u9fff]"
CROWDED = re.compile(rf"{HAN}(?:%\(|[A-Za-z0-9])|(?:%\(\w+\)[sd]|[A-Za-z0-9]){HAN}")
HALF_WIDTH = re.compile(rf"{HAN}\s*[,;:!?()]|[,;:!?()]\s*{HAN}|{HAN}\.")


@pytest.mark.parametrize("locale", TRANSLATED)
def test_every_message_of_the_code_is_translated(locale: str) -> None:
    told = {message.id for message in _messages(locale) if all(_strings(message))}
    assert _extracted().keys() - told == set()


@pytest.mark.parametrize("locale", TRANSLATED)
def test_no_message_is_left_that_the_code_no_longer_has(locale: str) -> None:
    catalogue = _catalogue(locale)
    assert {message.id for message in _messages(locale)} - _extracted().keys() == set()
    assert list(catalogue.obsolete) == []


@pytest.mark.parametrize("locale", TRANSLATED)
def test_no_message_is_a_guess(locale: str) -> None:
    assert [message.id for message in _messages(locale) if message.fuzzy] == []


@pytest.mark.parametrize("locale", TRANSLATED)
def test_a_translation_fills_in_the_same_places(locale: str) -> None:
    wrong = [
        (message.id, string)
        for message in _messages(locale)
        for string in _strings(message)
        if sorted(PLACES.findall(string)) != sorted(PLACES.findall(_ids(message)[-1]))
    ]
    assert wrong == []


@pytest.mark.parametrize("locale", TRANSLATED)
def test_chinese_has_one_form_for_all_numbers(locale: str) -> None:
    assert _catalogue(locale).num_plurals == 1
    assert {len(_strings(message)) for message in _messages(locale)} == {1}


@pytest.mark.parametrize("locale", TRANSLATED)
def test_each_chinese_is_written_in_its_own_characters(locale: str) -> None:
    for string in _all_strings(locale):
        string.encode(CHARACTERS[locale])


@pytest.mark.parametrize("locale", TRANSLATED)
def test_chinese_stands_apart_from_letters_and_numbers(locale: str) -> None:
    assert [string for string in _all_strings(locale) if CROWDED.search(string)] == []


@pytest.mark.parametrize("locale", TRANSLATED)
def test_chinese_is_punctuated_in_full_width(locale: str) -> None:
    bare = (re.sub(PLACES, "", string) for string in _all_strings(locale))
    assert [string for string in bare if HALF_WIDTH.search(string)] == []


def test_no_sentence_is_glued_together_from_pieces() -> None:
    glued = [text for ids in _extracted().values() for text in ids if text != text.strip() or not text]
    assert glued == []


def test_messages_of_shared_macros_are_collected() -> None:
    assert {"Draft", "Awaiting approval", "Keyboard shortcuts"} <= _extracted().keys()


@pytest.mark.parametrize(
    ("asked", "tag", "word"),
    [("en", "en", "Log in"), ("zh-TW,zh;q=0.9", "zh-Hant", "登入"), ("zh-CN,zh;q=0.9", "zh-Hans", "登录")],
)
def test_the_login_page_speaks_the_language_of_the_browser(
    app: Flask, cast: Cast, asked: str, tag: str, word: str
) -> None:
    page = app.test_client().get("/login", headers={"Accept-Language": asked}).text
    assert f'<html lang="{tag}"' in page
    assert f"<h1>{word}</h1>" in re.sub(r"\s+(?=<)|(?<=>)\s+", "", re.sub(r"<h1[^>]*>", "<h1>", page))
    assert all(f">{name}</button>" in page for name in ("English", "繁體中文", "简体中文"))


@pytest.mark.parametrize(
    ("asked", "sentence"), [("zh-HK", "請從清單中選擇。"), ("zh-SG", "请从列表中选择。")]
)
def test_the_words_of_the_form_library_are_ours(app: Flask, asked: str, sentence: str) -> None:
    setup = {"zone": "Mars/Olympus"}
    page = app.test_client().post("/setup", data=setup, headers={"Accept-Language": asked}).text
    assert sentence in page


def test_the_form_library_says_nothing_that_we_have_no_words_for(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "zh-TW"}):
        told = [str(sentence) for sentence in fields.BUILT_IN.values()]
        assert all(re.search(HAN, sentence) for sentence in told)


@cache
def _extracted() -> dict[object, tuple[str, ...]]:
    """Each msgid, as catalogues keep it, with its English texts; read afresh from the code."""
    with (ROOT / "babel.cfg").open() as mapping:
        methods, options = parse_mapping_cfg(mapping)
    found = extract_from_dir(
        ROOT, methods, options, keywords=KEYWORDS, directory_filter=_holds_code, strip_comment_tags=False
    )
    ids = (each[2] for each in found)
    return {each: each if isinstance(each, tuple) else (each,) for each in ids}


def _holds_code(folder: str) -> bool:
    name = Path(folder).name
    return not name.startswith(".") and name != "node_modules"


@cache
def _catalogue(locale: str) -> Catalog:
    with (ROOT / f"calendar_app/translations/{locale}/LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file, locale=locale)


def _messages(locale: str) -> Iterator[Message]:
    return (message for message in _catalogue(locale) if message.id)


def _ids(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def _strings(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def _all_strings(locale: str) -> Iterator[str]:
    return (string for message in _messages(locale) for string in _strings(message))
