"""LinkedIn's "little text": what a post's commentary is written in (LinkedIn docs, little text format).

A character that the format keeps for itself has to be escaped. One that is not cuts the text off there, without any error.
"""

from __future__ import annotations

import re

from publishers import text

_RESERVED = re.compile(r"[\\|{}@\[\]()<>#*_~]")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_HASHTAG = re.compile(r"\{hashtag\|(?:\\?[#＃])\|([^}|]*)\}")
_MENTION = re.compile(r"@\[((?:[^\]\\]|\\.)*)\]\(urn:li:[^)]*\)")


def little(said: str) -> str:
    """``said`` as a commentary that shows just this; its hashtags can be followed."""
    return "".join(_tag(run.text) if run.kind == "tag" else _escaped(run.text) for run in text.spans(said))


def plain(commentary: str) -> str:
    """What readers see of a commentary."""
    shown = _HASHTAG.sub(r"\#\1", commentary)
    return _ESCAPED.sub(r"\1", _MENTION.sub(r"\1", shown))


def _tag(said: str) -> str:
    return rf"{{hashtag|\#|{_escaped(said[1:])}}}"


def _escaped(said: str) -> str:
    return _RESERVED.sub(lambda found: "\\" + found[0], said)
