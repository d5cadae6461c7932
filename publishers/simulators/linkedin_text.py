"""How a simulated LinkedIn reads "little text": what it keeps for itself and is not escaped ends the text there."""

from __future__ import annotations

import re

_PIECE = re.compile(
    r"""
    \\(?P<escaped>[\\|{}@\[\]()<>\#*_~])
    | \{hashtag\|\\?\#\|(?P<hashtag>(?:\\.|[^\\|{}])+)\}
    | @\[(?P<mention>(?:\\.|[^\\\]])+)\]\(urn:li:(?:organization|person):[^)]+\)
    | (?P<tag>\#\w+)
    | (?P<plain>[^\\|{}@\[\]()<>\#*_~])
    """,
    re.VERBOSE | re.DOTALL,
)


def shown(commentary: str) -> str:
    """What readers see; cut off, without a word, at the first character that should have been escaped."""
    said, place = [], 0
    while found := _PIECE.match(commentary, place):
        kind, value = found.lastgroup, found[found.lastgroup or 0]
        inner = re.sub(r"\\(.)", r"\1", value) if kind in ("hashtag", "mention") else value
        said.append(f"#{inner}" if kind == "hashtag" else inner)
        place = found.end()
    return "".join(said)
