"""Whether a post on a platform is the one whose answer was lost: how alike two texts are, whatever a platform did to them."""

from __future__ import annotations

import html
import re
import unicodedata
from difflib import SequenceMatcher
from enum import IntEnum

from publishers import text

ALIKE = 0.95
_NUMBER = re.compile(r"\d+")
_ZERO_WIDTH = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufe0e\ufe0f\ufeff"))


class Likeness(IntEnum):
    """How alike two texts are, from not at all to nothing that a reader would tell apart."""

    OTHER = 0
    SIMILAR = 1
    SAME = 2
    EXACT = 3


def likeness(said: str, wanted: str, *, keeps_links: bool = True) -> Likeness:
    """How alike ``said`` on a platform is to what was ``wanted``.

    ``keeps_links`` says that the platform shows links as they were written: then other links are another post.
    """
    if text.same_text(said, wanted):
        return Likeness.EXACT
    one, other = normal(said), normal(wanted)
    if not one or not other or (keeps_links and _links(said) != _links(wanted)):
        return Likeness.OTHER
    if one == other:
        return Likeness.SAME
    return Likeness.SIMILAR if _is_similar(one, other) else Likeness.OTHER


def normal(said: str) -> str:
    """What is left of a text once all is gone that platforms change: NFC, no links, no zero-width, one case, one space."""
    bare = " ".join(run.text for run in text.spans(said) if run.kind != "link")
    folded = unicodedata.normalize("NFC", bare).translate(_ZERO_WIDTH).casefold()
    return " ".join(unicodedata.normalize("NFC", folded).split())


def without_markup(content: str) -> str:
    """The text of an HTML fragment, its paragraphs and breaks as lines."""
    broken = re.sub(r"</p>\s*<p>|<br\s*/?>", "\n", content)
    return html.unescape(re.sub(r"<[^>]+>", "", broken))


def _links(said: str) -> list[str]:
    return [run.target for run in text.spans(said) if run.kind == "link"]


def _is_similar(one: str, other: str) -> bool:
    """Other numbers make another post, however alike the rest: a series counts its parts, and no platform changes them."""
    if _NUMBER.findall(one) != _NUMBER.findall(other):
        return False
    compared = SequenceMatcher(None, one, other, autojunk=False)
    return compared.quick_ratio() >= ALIKE and compared.ratio() >= ALIKE
