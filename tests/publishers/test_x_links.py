"""What X counts as a link (twitter-text 3), and how much its texts weigh."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publishers import text, x_links

FAMILY = "👨‍👩‍👧‍👦"


@pytest.mark.parametrize(
    "said, left",
    [
        ("見 https://example.com/a?b=1#c 好", "見 ✂ 好"),
        ("https://example.com/茶?id=1，歡迎", "✂茶?id=1，歡迎"),
        ("中文https://example.com/path中文", "中文✂中文"),
        ("https://example.com歡迎", "✂歡迎"),
        ("(https://example.com/a(b).)", "(✂.)"),
        ("http://example.com.", "✂."),
        ("https://example.com?x=1!", "✂!"),
        ("https://台灣.台灣 http://a.xn--p1ai/x", "✂ ✂"),
        ("看example.com吧", "看✂吧"),
        ("www.example.com:80/x,", "✂,"),
        ("tea.shop a.co.uk y.co z.tv x.cn/a", "✂ ✂ ✂ ✂ ✂"),
        ("x.cn read.me script.py node.js U.S.A.", "x.cn read.me script.py node.js U.S.A."),
        (
            "me@example.com @example.com #example.com $x.com",
            "me@example.com @example.com #example.com $x.com",
        ),
        ("a-.example.com", "a-.example.com"),
        ("第1.5版 3.14", "第1.5版 3.14"),
    ],
)
def test_a_link_is_found_with_a_scheme_and_without(said: str, left: str) -> None:
    assert x_links.replaced(said, "✂") == left


@pytest.mark.parametrize(
    "said, weight",
    [
        ("tea", 3),
        ("茶", 2),
        ("é", 1),
        ("e\u0301", 1),
        ("“tea”—…", 6 + 2),
        (FAMILY, 2),
        ("🇹🇼", 2),
        ("1️⃣", 2),
        ("👍🏽", 2),
        ("한", 2),
        ("見 https://example.com/" + "a" * 200, 3 + 23),
        ("見 tea.shop", 3 + 23),
        ("見 x.cn", 3 + 4),
        ("茶" * 140, 280),
    ],
)
def test_a_text_weighs_as_on_x(said: str, weight: int) -> None:
    assert text.count(said, "x", 23) == weight


@given(st.lists(st.sampled_from([*"a.-/:?()@#é茶 ", "https://", "com", ".co", "example."])).map("".join))
def test_links_lie_in_order_and_nothing_else_is_lost(said: str) -> None:
    places = list(x_links.places(said))

    assert all(start < end for start, end in places)
    assert places == sorted(places)
    kept = "".join(said[start:end] for start, end in places)
    assert len(x_links.replaced(said, "")) + len(kept) == len(said)


@pytest.mark.parametrize(
    "unit", ["https://a.", "a.", "a-", "a.b.", "https://a.co/(", "https://a.co/a(b", "a.com", "a-b."]
)
def test_a_hostile_text_takes_no_longer_than_it_is(unit: str) -> None:
    hostile = "https://example.com/" + unit * 20_000

    for said in (hostile, unit * 20_000):
        assert len(x_links.replaced(said, "")) <= len(said)
