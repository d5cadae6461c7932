"""How alike two texts are, when one of them went through a platform."""

from __future__ import annotations

import pytest

from publishers.matching import Likeness, likeness, normal, without_markup

LONG = "Spring tea from the high gardens is here, picked by hand before the rain, and the shop opens at nine on Saturday."


@pytest.mark.parametrize(
    ("said", "wanted", "expected"),
    [
        ("春茶上市", "春茶上市", Likeness.EXACT),
        ("Spring  tea\n\nis here", "Spring tea is here", Likeness.EXACT),
        ("Cafe\u0301", "Caf\u00e9", Likeness.EXACT),
        ("SPRING tea is here", "Spring tea is here", Likeness.SAME),
        ("Spring\u200b tea\ufeff is here", "Spring tea is here", Likeness.SAME),
        ("See https://example.com/a", "see https://example.com/a", Likeness.SAME),
        ("See https://example.com/a", "See https://example.com/b", Likeness.OTHER),
        ("https://example.com/a", "https://example.com/b", Likeness.OTHER),
        (LONG.replace("gardens", "garden"), LONG, Likeness.SIMILAR),
        (f"{LONG} 7 of 12.", f"{LONG} 8 of 12.", Likeness.OTHER),
        (LONG.replace("Saturday", "Sunday the second"), LONG, Likeness.OTHER),
        ("Good morning", "Good evening", Likeness.OTHER),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2", Likeness.EXACT),
        ("1 < 2 and 3 > 2", "1  2", Likeness.OTHER),
        ("", "", Likeness.EXACT),
        ("", "Something", Likeness.OTHER),
    ],
)
def test_a_text_is_known_again_and_another_is_not_taken_for_it(
    said: str, wanted: str, expected: Likeness
) -> None:
    assert likeness(said, wanted) is expected
    assert likeness(wanted, said) is expected


def test_where_a_platform_rewrites_links_they_do_not_count() -> None:
    rewritten = "New tea https://t.example/x1y2"
    assert likeness(rewritten, "New tea https://shop.example/tea", keeps_links=False) is Likeness.SAME


def test_nothing_but_a_link_is_known_only_by_the_link() -> None:
    assert likeness("https://a.example/1", "https://a.example/1") is Likeness.EXACT
    assert likeness("https://a.example/1", "https://a.example/2", keeps_links=False) is Likeness.OTHER


def test_what_platforms_change_is_gone_from_the_normal_form() -> None:
    assert normal("  NEW\u200b tea:\n https://example.com/茶  STRASSE Straße") == "new tea: strasse strasse"


def test_markup_becomes_the_text_that_a_reader_sees() -> None:
    shown = "<p>Tea &lt;3 &amp; more<br/>now</p><p>At <a href='https://x.example'>x.example</a></p>"
    assert without_markup(shown) == "Tea <3 & more\nnow\nAt x.example"
