"""Counting text and finding links, mentions and tags in it, the way the platforms do."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from typing import Literal

import regex

from publishers import x_links
from publishers.values import Span

Network = Literal["fediverse", "atproto"]

_IDN_ENDINGS = "中国|中國|台灣|台湾|香港|澳門|澳门|公司|网络|網路|网址|網址|网站|在线|商城|商店|集团|新加坡"
_WIDE_MARKS = "，。！？；：、（）「」『』【】《》〈〉“”‘’…—～　"
_LONGEST_PATH = 2000
_LINK = rf"""
    (?<![A-Za-z0-9@＠$\#＃])
    (?P<link>https?://
        (?:[\p{{L}}\p{{N}}\p{{M}}_-]++\.)+
        (?:xn--[a-z0-9-]{{2,59}}|[a-z]{{2,63}}|{_IDN_ENDINGS}) (?![A-Za-z0-9@])
        (?: :\d{{1,5}} )?
        (?: [/?\#] [^\s<>"{_WIDE_MARKS}]{{0,{_LONGEST_PATH}}} )?
    )"""
_TAG = r"(?<![\w/=&\#＃)])[#＃](?P<tag>(?=[\d_·・]*[^\W\d_])[\w·・]+)"
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_MENTION = {
    # The username, then the server unless it is the reader's own; never right after a word or a slash.
    "fediverse": r"(?<![=/\w.])@(?P<mention>[a-z0-9_]+(?:[a-z0-9_.-]*[a-z0-9_])?(?:@[\w.-]*\w)?)",
    # A handle is a domain name. It is all ASCII, so it may touch Chinese text on both sides.
    "atproto": rf"(?<![A-Za-z0-9_.=/@-])@(?P<mention>(?:{_LABEL}\.)+[a-z][a-z0-9-]{{0,61}}[a-z0-9])",
}
_TOKENS = {
    network: regex.compile(f"{_LINK}|{mention}|{_TAG}", regex.VERBOSE | regex.IGNORECASE)
    for network, mention in _MENTION.items()
}
_ASCII_LINK = regex.compile(r"https?://[a-z0-9][!-~]*", regex.IGNORECASE)
_CLUSTER = regex.compile(r"\X")
_TRAILING_MARKS = ".,;:!?'\"*_~"
_BRACKETS = {")": "(", "]": "[", "}": "{"}


def spans(text: str, network: Network = "fediverse") -> tuple[Span, ...]:
    """Cut ``text`` into runs without losing a character; links carry their URL as ``target``.

    ``network`` says what a mention looks like: ``@user@server`` or ``@handle.example``.
    """
    return tuple(_cut(text, network))


def local_mentions(text: str) -> str:
    """``text`` as fediverse servers show it, remote mentions cut to their local part."""
    return "".join(_local(run) for run in spans(text))


def byte_ranges(runs: tuple[Span, ...]) -> Iterator[tuple[Span, int, int]]:
    """Each run with its start (included) and end (excluded) in the UTF-8 form of the whole text."""
    start = 0
    for run in runs:
        end = start + utf8_length(run.text)
        yield run, start, end
        start = end


def utf8_length(text: str) -> int:
    """Bytes of the UTF-8 form."""
    return len(text.encode("utf-8", "surrogatepass"))


def graphemes(text: str) -> int:
    """What a reader counts as characters: extended grapheme clusters (Unicode UAX 29)."""
    return sum(1 for _ in _CLUSTER.finditer(text))


def count(text: str, counter: str, url_cost: int | None = None) -> int:
    """The length of ``text`` as the platform counts it; an unknown ``counter`` counts grapheme clusters."""
    return COUNTERS.get(counter, _as_graphemes)(text, url_cost)


def same_text(one: str, other: str) -> bool:
    """Whether two texts are the same to a reader: Unicode form and the kind of white space do not matter."""
    return _plain(one) == _plain(other)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _cut(text: str, network: Network) -> Iterator[Span]:
    done = 0
    for match in _TOKENS[network].finditer(text):
        if match.start() < done:
            continue
        run = _run(match)
        if match.start() > done:
            yield Span("text", text[done : match.start()])
        yield run
        done = match.start() + len(run.text)
    if done < len(text):
        yield Span("text", text[done:])


def _run(match: regex.Match[str]) -> Span:
    if match["link"]:
        link = _without_trailing_marks(match["link"])
        return Span("link", link, link)
    return Span("mention" if match["mention"] else "tag", match[0])


def _without_trailing_marks(link: str) -> str:
    while link[-1] in _TRAILING_MARKS or _closes_nothing(link):
        link = link[:-1]
    return link


def _closes_nothing(link: str) -> bool:
    opening = _BRACKETS.get(link[-1])
    return opening is not None and link.count(link[-1]) > link.count(opening)


def _as_graphemes(text: str, url_cost: int | None) -> int:
    return graphemes(_with_url_cost(text, url_cost))


def _as_codepoints(text: str, url_cost: int | None) -> int:
    return len(_with_url_cost(text, url_cost))


def _as_mastodon(text: str, url_cost: int | None) -> int:
    """Links at a fixed price, a remote mention at its local part (Mastodon, StatusLengthValidator)."""
    return graphemes("".join(_countable(run, url_cost) for run in spans(text)))


def _with_url_cost(text: str, url_cost: int | None) -> str:
    if url_cost is None:
        return text
    return "".join("x" * url_cost if run.kind == "link" else run.text for run in spans(text))


def _countable(run: Span, url_cost: int | None) -> str:
    if run.kind == "link" and url_cost is not None:
        return "x" * url_cost
    return _local(run)


def _local(run: Span) -> str:
    return "@" + run.text.split("@")[1] if run.kind == "mention" else run.text


def _as_utf16(text: str, url_cost: int | None) -> int:
    return len(_with_url_cost(text, url_cost).encode("utf-16-le", "surrogatepass")) // 2


def _as_weibo(text: str, url_cost: int | None) -> int:
    """An ASCII letter is half of a Chinese one, rounded up at the end; a link is all ASCII, and ends where that does."""
    plain = text if url_cost is None else _ASCII_LINK.sub(lambda found: _priced(found[0], 2 * url_cost), text)
    return -(-sum(1 if letter.isascii() else 2 for letter in plain) // 2)


def _priced(link: str, cost: int) -> str:
    """``cost`` letters in place of a link, and what trails behind it."""
    return "x" * cost + link[len(_without_trailing_marks(link)) :]


def _as_threads(text: str, url_cost: int | None) -> int:
    """Characters, but an emoji is as long as its UTF-8 form (Threads docs, posts)."""
    clusters = _CLUSTER.findall(_with_url_cost(text, url_cost))
    return sum(utf8_length(each) if _is_emoji(each) else len(each) for each in clusters)


def _as_x(text: str, url_cost: int | None) -> int:
    """twitter-text 3: NFC; Latin and its neighbours weigh 1, all else 2, an emoji however long 2, any link the same."""
    plain = unicodedata.normalize("NFC", text)
    if url_cost is not None:
        plain = x_links.replaced(plain, "x" * url_cost)
    return sum(_weight(each) for each in _CLUSTER.findall(plain))


def _weight(cluster: str) -> int:
    if _is_emoji(cluster):
        return 2
    return sum(1 if any(low <= ord(c) <= high for low, high in _LIGHT) else 2 for c in cluster)


def _is_emoji(cluster: str) -> bool:
    return bool(_EMOJI.search(cluster))


_LIGHT = ((0x0, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))
_EMOJI = regex.compile(
    r"\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F|[0-9#*]\uFE0F?\u20E3|\p{RI}{2}"
)
COUNTERS: dict[str, Callable[[str, int | None], int]] = {
    "graphemes": _as_graphemes,
    "codepoints": _as_codepoints,
    "mastodon": _as_mastodon,
    "utf16": _as_utf16,
    "weibo": _as_weibo,
    "threads": _as_threads,
    "x": _as_x,
}
