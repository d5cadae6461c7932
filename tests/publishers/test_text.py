"""Counting text and finding what is in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publishers import text
from publishers.text import Network

NETWORKS: tuple[Network, ...] = ("fediverse", "atproto")
FAMILY = "👨‍👩‍👧‍👦"


def found(said: str, kind: str, network: Network = "fediverse") -> list[str]:
    return [run.text for run in text.spans(said, network) if run.kind == kind]


@pytest.mark.parametrize(
    ("said", "links"),
    [
        ("見https://example.com。", ["https://example.com"]),
        ("見 https://example.com/a?b=c#d，歡迎", ["https://example.com/a?b=c#d"]),
        ("（https://example.com/茶）", ["https://example.com/茶"]),
        ("「https://example.com/茶」", ["https://example.com/茶"]),
        ("https://example.com歡迎", ["https://example.com"]),
        ("https://例子.中国/路徑。", ["https://例子.中国/路徑"]),
        ("https://xn--fiqs8s.xn--fiqz9s/x", ["https://xn--fiqs8s.xn--fiqz9s/x"]),
        ("Read https://example.com/a.", ["https://example.com/a"]),
        ("(https://en.wikipedia.org/wiki/Tea_(meal))", ["https://en.wikipedia.org/wiki/Tea_(meal)"]),
        ("http://example.com:8080/x, then", ["http://example.com:8080/x"]),
        ("https://a.example https://b.example/", ["https://a.example", "https://b.example/"]),
        ("HTTPS://EXAMPLE.COM/A", ["HTTPS://EXAMPLE.COM/A"]),
        ("https:// nothing", []),
        ("https://localhost/x", []),
        ("xhttps://example.com", []),
        ("example.com", []),
    ],
)
def test_links_end_where_a_reader_would_end_them(said: str, links: list[str]) -> None:
    assert found(said, "link") == links


@pytest.mark.parametrize(
    ("said", "tags"),
    [
        ("#春茶 上市", ["#春茶"]),
        ("#春茶，#明前茶。", ["#春茶", "#明前茶"]),
        ("#春茶#上市#", ["#春茶"]),
        ("＃全形", ["＃全形"]),
        ("#2026春", ["#2026春"]),
        ("#한국어 #日本語タグ", ["#한국어", "#日本語タグ"]),
        ("第#1 號", []),
        ("#1 #2026", []),
        ("a#b https://example.com/#c", []),
        ("# 空", []),
    ],
)
def test_tags_may_be_chinese_and_are_never_mere_numbers(said: str, tags: list[str]) -> None:
    assert found(said, "tag") == tags


@pytest.mark.parametrize(
    ("said", "mentions"),
    [
        ("@bo 好", ["@bo"]),
        ("謝謝，@bo@example.social！", ["@bo@example.social"]),
        ("@bo.", ["@bo"]),
        ("mail ana@example.com", []),
        ("https://example.com/@bo", []),
    ],
)
def test_fediverse_mentions_name_a_user_and_perhaps_a_server(said: str, mentions: list[str]) -> None:
    assert found(said, "mention") == mentions


@pytest.mark.parametrize(
    ("said", "mentions"),
    [
        ("感謝@bo.bsky.social，", ["@bo.bsky.social"]),
        ("@bo.test您好", ["@bo.test"]),
        ("(@a-b.example.com).", ["@a-b.example.com"]),
        ("@bo 好", []),
        ("mail ana@example.com", []),
    ],
)
def test_handles_are_domain_names_and_may_touch_chinese(said: str, mentions: list[str]) -> None:
    assert found(said, "mention", "atproto") == mentions


@pytest.mark.parametrize(
    ("said", "counter", "url_cost", "count"),
    [
        ("茶" * 3 + FAMILY, "graphemes", None, 4),
        ("e\u0301", "graphemes", None, 1),
        ("e\u0301", "codepoints", None, 2),
        ("🇹🇼🇯🇵", "graphemes", None, 2),
        ("a\r\nb", "graphemes", None, 3),
        ("見 https://example.com/" + "x" * 90, "mastodon", 23, 25),
        ("見 https://a.b.cd", "mastodon", 23, 25),
        ("@bo@very-long-name.example.social 好", "mastodon", 23, 5),
        ("@bo 好", "mastodon", 23, 5),
        ("見 https://example.com", "codepoints", None, 21),
        ("見 https://example.com", "graphemes", 23, 25),
        ("", "mastodon", 23, 0),
        ("茶", "a counter of a later version", None, 1),
    ],
)
def test_each_platform_counts_in_its_own_way(
    said: str, counter: str, url_cost: int | None, count: int
) -> None:
    assert text.count(said, counter, url_cost) == count


def test_bytes_are_counted_from_the_start_of_the_text() -> None:
    said = f"茶{FAMILY}#好 https://example.com"

    placed = {
        run.text: said.encode()[start:end].decode() for run, start, end in text.byte_ranges(text.spans(said))
    }

    assert all(shown == taken for shown, taken in placed.items())
    assert "https://example.com" in placed


@pytest.mark.parametrize("one, other", [("a  b\r\nc", " a b\nc "), ("e\u0301", "\u00e9")])
def test_the_same_words_in_another_form_are_the_same(one: str, other: str) -> None:
    assert text.same_text(one, other)
    assert not text.same_text(one, other + "x")


pieces = [*"@#＃/:.-_~·茶a1 \n，。()[]{}", FAMILY, "https://example.com/", "@bo.test", "\ud800"]
marked_text = st.lists(st.sampled_from(pieces)).map("".join) | st.text()


@given(marked_text)
def test_cutting_loses_nothing(said: str) -> None:
    for network in NETWORKS:
        runs = text.spans(said, network)
        assert "".join(run.text for run in runs) == said
        assert all(run.text for run in runs)
        assert [end for *_, end in text.byte_ranges(runs)][-1:] in ([], [text.utf8_length(said)])


@given(marked_text)
def test_counting_never_fails(said: str) -> None:
    for counter in text.COUNTERS:
        assert text.count(said, counter, 23) >= 0


@pytest.mark.parametrize(
    "unit", [")", "@a", "#1", "https://", "https://a.", "@a.", "a-", "@", "https://example.com/)"]
)
def test_a_hostile_text_is_cut_in_the_time_of_a_friendly_one(unit: str) -> None:
    hostile = "https://example.com/" + unit * 20_000

    for network in NETWORKS:
        assert "".join(run.text for run in text.spans(hostile, network)) == hostile
