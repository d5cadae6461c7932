"""What a post says of itself by law or good manners: made by AI, an advertisement, reprinted from elsewhere.

A platform that has a field for it is told there; elsewhere a label that readers see becomes part of the text.
"""

from __future__ import annotations

from collections.abc import Iterable

from publishers.values import Content, Declaration
from publishers.words import Words

KINDS: tuple[Declaration, ...] = ("ad", "ai", "reprint")
LABELS: dict[Declaration, Words] = {
    "ad": Words("Advertisement", "廣告", "广告"),
    "ai": Words("Made with AI", "內容由 AI 生成", "内容由AI生成"),
    "reprint": Words("Reprinted", "轉載", "转载"),
}
_TRADITIONAL = ("zh-hant", "zh-tw", "zh-hk", "zh-mo")


def text(content: Content, carried: Iterable[Declaration] = ()) -> str:
    """The text of ``content``, with a line of visible labels for all that it declares and no field carries."""
    labels = labels_of(content, carried)
    if not labels:
        return content.text
    return f"{content.text}\n\n{labels}" if content.text else labels


def labels_of(content: Content, carried: Iterable[Declaration] = ()) -> str:
    """The labels alone, in the language of the text; empty where nothing has to be said."""
    said = content.declares - set(carried)
    locale = _locale(content.language)
    words = [LABELS[kind].said_in(locale) for kind in KINDS if kind in said]
    if not words:
        return ""
    return f"【{'·'.join(words)}】" if locale != "en" else f"[{' · '.join(words)}]"


def _locale(language: str) -> str:
    tag = language.lower()
    if not tag.startswith("zh"):
        return "en"
    return "zh_Hant" if tag.startswith(_TRADITIONAL) else "zh_Hans"
