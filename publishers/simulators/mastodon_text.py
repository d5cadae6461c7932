"""Counting and rendering a status text as Mastodon does (server source, StatusLengthValidator and TextFormatter)."""

from __future__ import annotations

import regex
from markupsafe import escape

URL_LENGTH = 23
URL = regex.compile(r"https?://[^\s<>\"'，。；：！？、（）《》「」『』【】]+", regex.IGNORECASE)
REMOTE_MENTION = regex.compile(r"(?<![\w/])@(\w+(?:[.\-]\w+)*)@[\w.\-]+\w")
TOKEN = regex.compile(
    r"(?P<url>https?://[^\s<>\"'，。；：！？、（）《》「」『』【】]+)"
    r"|(?<![\w/&])#(?P<tag>[\w]*[\p{L}_][\w]*)"
    r"|(?<![\w/])@(?P<user>\w+(?:[.\-]\w+)*)(?:@(?P<host>[\w.\-]+\w))?",
    regex.IGNORECASE,
)
GRAPHEME = regex.compile(r"\X")


def length(spoiler: str, text: str) -> int:
    """Grapheme clusters of both together; a URL counts 23, a remote mention only its ``@user``."""
    shortened = URL.sub("x" * URL_LENGTH, spoiler + text)
    shortened = REMOTE_MENTION.sub(r"@\1", shortened)
    return sum(1 for _ in GRAPHEME.finditer(shortened))


def tags(text: str) -> list[str]:
    """Hashtags in order of appearance, without the sign."""
    return [match.group("tag") for match in TOKEN.finditer(text) if match.group("tag")]


def html(text: str, base: str) -> str:
    """Paragraphs with links, as a server answers them in ``content``."""
    if not text.strip():
        return ""
    paragraphs = regex.split(r"\n{2,}", text.replace("\r\n", "\n").strip())
    return "".join("<p>" + _inline(part, base).replace("\n", "<br />") + "</p>" for part in paragraphs)


def _inline(text: str, base: str) -> str:
    parts, at = [], 0
    for match in TOKEN.finditer(text):
        parts += [str(escape(text[at : match.start()])), _link(match, base)]
        at = match.end()
    return "".join([*parts, str(escape(text[at:]))])


def _link(match: regex.Match[str], base: str) -> str:
    if match.group("url"):
        return _url(match.group("url"))
    if match.group("tag"):
        tag = escape(match.group("tag"))
        return f'<a href="{base}/tags/{tag}" class="mention hashtag" rel="tag">#<span>{tag}</span></a>'
    user, host = escape(match.group("user")), match.group("host")
    target = f"https://{escape(host)}/@{user}" if host else f"{base}/@{user}"
    return f'<span class="h-card"><a href="{target}" class="u-url mention">@<span>{user}</span></a></span>'


def _url(url: str) -> str:
    shown = regex.sub(r"^https?://(www\.)?", "", url)
    hidden = url[: len(url) - len(shown)]
    ellipsis = "ellipsis" if len(shown) > 30 else ""
    return (
        f'<a href="{escape(url)}" target="_blank" rel="nofollow noopener noreferrer" translate="no">'
        f'<span class="invisible">{escape(hidden)}</span><span class="{ellipsis}">{escape(shown[:30])}</span>'
        f'<span class="invisible">{escape(shown[30:])}</span></a>'
    )
