"""The operators' page of a platform, which lies beside its adapter, as something a template can draw.

It reads the little of Markdown that these pages use: headings, paragraphs, lists, tables, quotes, links, bold and code.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from markupsafe import Markup, escape

_INLINE = (
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
    (re.compile(r"\*\*([^*]+)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"\*([^*]+)\*"), r"<em>\1</em>"),
    (
        re.compile(r"\[([^\]]+)\]\((https://[^)\s]+)\)"),
        r'<a href="\2" rel="noreferrer" target="_blank">\1</a>',
    ),
    (re.compile(r"\[([^\]]+)\]\([^)]*\)"), r"\1"),
)
_ITEM = re.compile(r"^(\d+\.|[-*])\s+")
_TABLE = '<div class="table-wrap"><table class="table"><thead>%s</thead><tbody>%s</tbody></table></div>'


@cache
def of(platform: str) -> Markup | None:
    """The page, or None where there is none."""
    page = resources.files("publishers").joinpath(f"{platform}.md")
    return _drawn(page.read_text(encoding="utf-8")) if page.is_file() else None


def _drawn(text: str) -> Markup:
    blocks = re.split(r"\n\s*\n", text.strip())
    return Markup("\n").join(_block(block.splitlines()) for block in blocks if not block.startswith("# "))


def _block(lines: list[str]) -> Markup:
    first = lines[0]
    if first.startswith("#"):
        return Markup("<h2>%s</h2>") % _inline(first.lstrip("# "))
    if first.startswith("|"):
        return _table(lines)
    if first.startswith(">"):
        said = " ".join(line.lstrip("> ") for line in lines)
        return Markup("<blockquote><p>%s</p></blockquote>") % _inline(said)
    return _list(lines) if _ITEM.match(first) else Markup("<p>%s</p>") % _inline(" ".join(lines))


def _list(lines: list[str]) -> Markup:
    items: list[str] = []
    for line in lines:
        if _ITEM.match(line):
            items.append(_ITEM.sub("", line))
        else:
            items[-1] += " " + line.strip()
    shape = Markup("<ol>%s</ol>") if lines[0][0].isdigit() else Markup("<ul>%s</ul>")
    return shape % Markup("").join(Markup("<li>%s</li>") % _inline(item) for item in items)


def _table(lines: list[str]) -> Markup:
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    head, *body = [row for row in rows if not all(set(cell) <= set("-: ") for cell in row)]
    return Markup(_TABLE) % (_row(head, "th"), Markup("").join(_row(row, "td") for row in body))


def _row(cells: list[str], tag: str) -> Markup:
    cell = Markup(f"<{tag}>%s</{tag}>")
    return Markup("<tr>%s</tr>") % Markup("").join(cell % _inline(each) for each in cells)


def _inline(text: str) -> Markup:
    html = str(escape(text))
    for pattern, shape in _INLINE:
        html = pattern.sub(shape, html)
    return Markup(html)
