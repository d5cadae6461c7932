"""The record that a Bluesky post is (lexicons app.bsky.feed.post, app.bsky.richtext, app.bsky.embed)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from publishers import declarations, text
from publishers.values import Content, Media, Span

COLLECTION = "app.bsky.feed.post"
MAX_TAG = 64


def post(content: Content, handles: Mapping[str, Any]) -> dict[str, Any]:
    """The record but for its time; ``handles`` are those that ``prepare`` made."""
    said = declarations.text(content)
    post: dict[str, Any] = {"$type": COLLECTION, "text": said}
    facets = list(_facets(said, handles.get("dids", {})))
    embed = _embed(content.media, handles.get("blobs", ()))
    if content.language:
        post["langs"] = [content.language]
    return {**post, **({"facets": facets} if facets else {}), **({"embed": embed} if embed else {})}


def runs(said: str) -> tuple[Span, ...]:
    return text.spans(said, "atproto")


def mentioned(content: Content) -> list[str]:
    return [run.text[1:].lower() for run in runs(content.text) if run.kind == "mention"]


def _facets(said: str, dids: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for run, start, end in text.byte_ranges(runs(said)):
        feature = _feature(run, dids)
        if feature:
            yield {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}


def _feature(run: Span, dids: Mapping[str, str]) -> dict[str, str] | None:
    kind = f"app.bsky.richtext.facet#{run.kind}"
    if run.kind == "link":
        return {"$type": kind, "uri": run.target}
    if run.kind == "mention" and dids.get(run.text[1:].lower()):
        return {"$type": kind, "did": dids[run.text[1:].lower()]}
    if run.kind == "tag" and text.graphemes(run.text[1:]) <= MAX_TAG:
        return {"$type": kind, "tag": run.text[1:]}
    return None


def _embed(media: Sequence[Media], blobs: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    shown = [_shown(each, blob) for each, blob in zip(media, blobs, strict=False)]
    if not shown:
        return None
    if media[0].kind == "video":
        return {"$type": "app.bsky.embed.video", **shown[0]}
    return {"$type": "app.bsky.embed.images", "images": shown}


def _shown(media: Media, blob: Mapping[str, Any]) -> dict[str, Any]:
    return {
        media.kind: blob,
        "alt": media.alt,
        "aspectRatio": {"width": max(media.width, 1), "height": max(media.height, 1)},
    }
