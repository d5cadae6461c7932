"""What a post becomes on WeChat: an article's HTML with inline styles alone, or the plain words of a picture post.

Plain text becomes paragraphs. A line that begins with "# " is a heading, ``**words**`` are bold, ``![2]`` on a line of
its own is where the second file stands; the others follow the text. HTML is cleaned and rebuilt: its pictures are the
post's own files (``<img src="2">``), since WeChat strips all others (WeChat docs, 新增草稿).
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import nh3

from publishers import declarations
from publishers.text import spans
from publishers.values import Content, Media, Problem
from publishers.words import Words

PICTURES = "newspic"
LINKED = frozenset({"mp.weixin.qq.com"})
HOSTED = frozenset({"mmbiz.qpic.cn", "mmbiz.qlogo.cn"})
SAMPLE = "https://mmbiz.qpic.cn/sz_mmbiz_jpg/" + "x" * 96 + "/0?wx_fmt=jpeg"  # as long as a real one

PARAGRAPH = "margin:0 0 1em;line-height:1.75;"
HEADING = "margin:1.5em 0 0.75em;font-size:1.2em;font-weight:bold;line-height:1.4;"
FIGURE = "margin:0 0 1em;text-align:center;"

_MARKUP = re.compile(
    r"<(?:p|section|div|h[1-6]|br|img|ul|ol|blockquote|table|span|strong|a)\b[^<>]*>", re.IGNORECASE
)
_PLACE = re.compile(r"^[ \t]*!\[(\d{1,3})\][ \t]*$", re.MULTILINE)
_HEADING = re.compile(r"#{1,3} +(?P<words>\S.*)")
_INLINE = re.compile(
    r"\[(?P<words>[^\[\]\n]+)\]\((?P<target>https?://[^\s()]+)\)|\*\*(?=\S)(?P<bold>[^\n]+?)(?<=\S)\*\*"
)
_BREAKS = re.compile(r"<br\s*/?>|</(?:p|section|div|h[1-6]|li|blockquote|tr)>", re.IGNORECASE)
_NO_SOURCE = re.compile(r"<img(?![^>]*\ssrc=)[^>]*>", re.IGNORECASE)
_TAGS = {
    "p", "section", "div", "span", "br", "strong", "b", "em", "i", "u", "s", "sup", "sub", "a", "img", "hr",
    "pre", "code", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "figure", "figcaption",
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_SIDES = ("", "-top", "-right", "-bottom", "-left")
_STYLES = {
    "color", "background-color", "font-size", "font-weight", "font-style", "text-align", "text-decoration",
    "text-indent", "line-height", "letter-spacing", "width", "max-width", "height", "display", "box-sizing",
    "vertical-align", "border-radius",
    *(f"{name}{side}" for name in ("margin", "padding", "border") for side in _SIDES),
}  # fmt: skip
_ATTRIBUTES = {"*": {"style"}, "a": {"href"}, "img": {"src", "alt"}, "td": {"colspan", "rowspan"}}

TITLE_MARKUP = Words(
    "WeChat takes no < in a title.", "微信的標題不能含有「<」。", "微信的标题不能含有“<”。"
)  # fmt: skip
DEAD_LINKS = Words(
    "Links to other sites can't be followed on WeChat: the “Read more” link can.",
    "站外連結在微信中不能點選；可改用「閱讀原文」連結。",
    "站外链接在微信里无法点击；可改用“阅读原文”链接。",
)  # fmt: skip
NO_SUCH_FILE = Words(
    "The text has a place for a file that the post does not have.",
    "內文為一個不存在的檔案留了位置。",
    "正文为一个不存在的文件留了位置。",
)
ELSEWHERE = Words(
    'WeChat strips pictures from other addresses: attach the file and write its number, such as <img src="1">.',
    "微信會移除站外圖片：請把檔案加入附件，並以編號代替網址，例如 <img src=\"1\">。",
    "微信会移除站外图片：请把文件加入附件，并用编号代替网址，例如 <img src=\"1\">。",
)  # fmt: skip


def is_pictures(content: Content) -> bool:
    """Whether this is a picture post (图片消息) rather than an article."""
    return content.options.get("kind") == PICTURES


def cover(content: Content) -> Media:
    """The picture that stands for the post: the one named, or the first."""
    return content.media[_cover(content)]


def in_order(content: Content) -> list[Media]:
    """The files of a picture post: the first is its cover."""
    first = cover(content)
    return [first, *(media for media in content.media if media is not first)]


def words(content: Content) -> str:
    """What is counted: an article's HTML, or the plain text of a picture post."""
    return plain(content) if is_pictures(content) else markup(content, [SAMPLE] * len(content.media))


def plain(content: Content) -> str:
    """The text alone, as readers see it."""
    return without_tags(markup(content, [SAMPLE] * len(content.media)))


def without_tags(said: str) -> str:
    """The text of some HTML: a line for each block."""
    bare = html.unescape(re.sub(r"<[^>]+>", "", _BREAKS.sub("\n", said)))
    return "\n".join(line.strip() for line in bare.strip().splitlines())


def markup(content: Content, addresses: Sequence[str]) -> str:
    """The article's HTML; ``addresses`` are those of the uploaded files, in the post's order."""
    page = _Page(content, addresses)
    body = page.rebuilt() if _MARKUP.search(content.text) else page.written()
    return body + page.rest()


def problems(content: Content) -> list[Problem]:
    """What only WeChat minds."""
    found = []
    if "<" in content.options.get("title", ""):
        found.append(Problem("title_markup", "error", words=TITLE_MARKUP))
    if any(run.kind == "link" and _host(run.target) not in LINKED for run in spans(plain(content))):
        found.append(Problem("links_dead", "warning", words=DEAD_LINKS))
    if any(not 1 <= int(number) <= len(content.media) for number in _PLACE.findall(content.text)):
        found.append(Problem("no_such_file", "error", words=NO_SUCH_FILE))
    strangers = _strangers(content)
    if strangers:
        found.append(Problem("pictures_elsewhere", "error", {"count": strangers}, words=ELSEWHERE))
    return found


def news(content: Content, addresses: Sequence[str], cover_id: str) -> dict[str, Any]:
    """An article as a draft holds it."""
    options = content.options
    fields = {
        "author": options.get("author", ""),
        "digest": options.get("digest", ""),
        "content_source_url": options.get("source", ""),
    }
    return {
        "article_type": "news",
        "title": options.get("title", ""),
        "content": markup(content, addresses),
        "thumb_media_id": cover_id,
        **{name: value for name, value in fields.items() if value},
        **_comments(content),
    }


def newspic(content: Content, ids: Sequence[str]) -> dict[str, Any]:
    """A picture post as a draft holds it."""
    return {
        "article_type": PICTURES,
        "title": content.options.get("title", ""),
        "content": plain(content),
        "image_info": {"image_list": [{"image_media_id": id} for id in ids]},
        **_comments(content),
    }


def _comments(content: Content) -> dict[str, int]:
    who = content.options.get("comments", "")
    return {"need_open_comment": int(bool(who)), "only_fans_can_comment": int(who == "fans")}


def _cover(content: Content) -> int:
    """The index of the file that stands for the post; what names no number is told by ``check``."""
    named = content.options.get("cover") or ""
    return int(named) - 1 if named.isdecimal() else 0


@dataclass
class _Page:
    """An article while it is put together; ``placed`` are the files that have their place in the text."""

    content: Content
    addresses: Sequence[str]
    placed: set[int] = field(default_factory=set)
    strangers: int = 0

    def written(self) -> str:
        """Paragraphs out of plain text."""
        said = _PLACE.sub(r"\n\n![\1]\n\n", declarations.text(self.content))
        return "".join(
            self._block(block.strip("\n")) for block in re.split(r"\n\s*\n", said) if block.strip()
        )

    def rebuilt(self) -> str:
        """The HTML that somebody typed, with nothing in it that WeChat drops or that could do harm."""
        cleaned = nh3.clean(
            self.content.text,
            tags=_TAGS,
            clean_content_tags={"script", "style"},
            attributes=_ATTRIBUTES,
            attribute_filter=self._attribute,
            filter_style_properties=_STYLES,
            url_schemes={"http", "https"},
            link_rel=None,
        )
        labels = declarations.labels_of(self.content)
        return _NO_SOURCE.sub("", cleaned) + (_paragraph(html.escape(labels)) if labels else "")

    def rest(self) -> str:
        """The pictures that have no place in the text; one that was chosen as the cover is seen there already."""
        chosen = {_cover(self.content)} if self.content.options.get("cover") else set()
        numbers = set(range(len(self.content.media))) - self.placed - chosen
        return "".join(self._picture(number) for number in sorted(numbers))

    def _block(self, block: str) -> str:
        place, heading = _PLACE.fullmatch(block), _HEADING.fullmatch(block)
        if place and self._has(place[1]):
            return self._picture(int(place[1]) - 1)
        if heading:
            return f'<h2 style="{HEADING}">{_inline(heading["words"])}</h2>'
        return _paragraph("<br>".join(_inline(line) for line in block.split("\n")))

    def _picture(self, number: int) -> str:
        self.placed.add(number)
        source, alt = html.escape(self.addresses[number]), html.escape(self.content.media[number].alt)
        return f'<p style="{FIGURE}"><img src="{source}" alt="{alt}" style="max-width:100%;"></p>'

    def _attribute(self, tag: str, name: str, value: str) -> str | None:
        if (tag, name) == ("img", "src"):
            return self._source(value.strip())
        if (tag, name) == ("a", "href"):
            return value if _host(value) in LINKED else None
        return value

    def _source(self, value: str) -> str | None:
        if self._has(value):
            self.placed.add(int(value) - 1)
            return self.addresses[int(value) - 1]
        if _host(value) in HOSTED:
            return value
        self.strangers += 1
        return None

    def _has(self, number: str) -> bool:
        return number.isdecimal() and 1 <= int(number) <= len(self.content.media)


def _strangers(content: Content) -> int:
    page = _Page(content, [SAMPLE] * len(content.media))
    if _MARKUP.search(content.text):
        page.rebuilt()
    return page.strangers


def _paragraph(inner: str) -> str:
    return f'<p style="{PARAGRAPH}">{inner}</p>'


def _inline(line: str) -> str:
    parts, done = [], 0
    for match in _INLINE.finditer(line):
        parts.append(_words(line[done : match.start()]))
        bold = match["bold"]
        parts.append(f"<strong>{_words(bold)}</strong>" if bold else _link(match["words"], match["target"]))
        done = match.end()
    return "".join([*parts, _words(line[done:])])


def _words(piece: str) -> str:
    """Escaped, and clickable where WeChat lets a link be."""
    return "".join(
        _anchor(run.text, run.target) if _host(run.target) in LINKED else html.escape(run.text, quote=False)
        for run in spans(piece)
    )


def _link(said: str, target: str) -> str:
    if _host(target) in LINKED:
        return _anchor(said, target)
    return html.escape(f"{said} ({target})", quote=False)


def _anchor(said: str, target: str) -> str:
    return f'<a href="{html.escape(target)}">{html.escape(said, quote=False)}</a>'


def _host(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return (parts.hostname or "") if parts.scheme in ("http", "https") else ""
