"""A post as WordPress keeps it: text and files as blocks (WordPress docs, block-editor)."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from publishers import text
from publishers.values import Media, Span

_FILES = re.compile(r"<!-- wp:(?:image|video) ")


def blocks(said: str, media: Sequence[Media], uploads: Sequence[Mapping[str, Any]]) -> str:
    """``said`` in paragraphs, and the files below it."""
    return paragraphs(said) + "".join(_file(m, each) for m, each in zip(media, uploads, strict=True))


def edited(said: str, kept: str) -> str:
    """``said`` in paragraphs, and the files that the blocks ``kept`` have."""
    files = _FILES.search(kept)
    return paragraphs(said) + (kept[files.start() :] if files else "")


def paragraphs(said: str) -> str:
    """An empty line parts two of them; links can be followed."""
    parts = [part for part in re.split(r"\n\s*\n", said.strip()) if part.strip()]
    return "".join(_block("paragraph", {}, f"<p>{_line(part)}</p>") for part in parts)


def _line(part: str) -> str:
    return "".join(_run(run) for run in text.spans(part.strip())).replace("\n", "<br>")


def _run(run: Span) -> str:
    shown = _escaped(run.text)
    return f'<a href="{_escaped(run.target)}">{shown}</a>' if run.kind == "link" else shown


def _escaped(said: str) -> str:
    """Neither markup nor one of the words in brackets that WordPress runs a program for."""
    return html.escape(said).replace("[", "&#91;").replace("]", "&#93;")


def _file(media: Media, upload: Mapping[str, Any]) -> str:
    source, alt, number = html.escape(str(upload["url"])), _escaped(media.alt), int(upload["id"])
    if media.kind == "image":
        shown = f'<img src="{source}" alt="{alt}" class="wp-image-{number}"/>'
        figure = f'<figure class="wp-block-image size-large">{shown}</figure>'
        return _block("image", {"id": number, "sizeSlug": "large"}, figure)
    label = f' aria-label="{alt}"' if alt else ""
    shown = f'<video controls src="{source}"{label}></video>'
    return _block("video", {"id": number}, f'<figure class="wp-block-video">{shown}</figure>')


def _block(name: str, attributes: Mapping[str, Any], inner: str) -> str:
    told = f" {json.dumps(attributes, separators=(',', ':'))}" if attributes else ""
    return f"<!-- wp:{name}{told} -->\n{inner}\n<!-- /wp:{name} -->\n\n"
