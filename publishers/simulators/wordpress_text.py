"""What readers see of a post's markup, and which files are in it."""

from __future__ import annotations

import html
import re

_ALT = re.compile(r'alt="([^"]*)"')


def shown(raw: str) -> str:
    """The words of it, its paragraphs parted by empty lines."""
    bare = re.sub(r"<!--.*?-->", "", raw, flags=re.DOTALL)
    broken = re.sub(r"<br\s*/?>", "\n", bare).replace("</p>", "\n\n")
    lines = html.unescape(re.sub(r"<[^>]+>", "", broken)).strip()
    return re.sub(r"\n{3,}", "\n\n", lines)


def files(raw: str) -> list[str]:
    """The numbers of the uploads in it, in order."""
    return re.findall(r'<!-- wp:(?:image|video) \{"id":(\d+)', raw)


def alts(raw: str) -> dict[str, str]:
    """The alt text that each picture has in the post itself."""
    pictures = re.findall(r"<img [^>]*>", raw)
    found = ((re.search(r"wp-image-(\d+)", each), _ALT.search(each)) for each in pictures)
    return {number[1]: html.unescape(alt[1]) for number, alt in found if number and alt}
