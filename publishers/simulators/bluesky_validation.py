"""The lexicon of app.bsky.feed.post, enforced (lexicons/app/bsky/feed/post.json and app/bsky/embed/*.json).

Facet ranges are checked harder than the reference host does: a range outside the text or inside a character is
refused here, because every app would show it wrongly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import regex

from publishers.simulators.bluesky_state import POST, TID_ALPHABET, Blob
from publishers.simulators.bluesky_tokens import bad_request, xrpc_error

MAX_GRAPHEMES, MAX_BYTES = 300, 3000
MAX_IMAGES, MAX_LANGS, MAX_TAGS, MAX_TAG_GRAPHEMES = 4, 3, 8, 64
MAX_THUMB, MAX_VIDEO = 1_000_000, 300_000_000
TID = regex.compile(rf"[234567abcdefghij][{TID_ALPHABET}]{{12}}")
GRAPHEME = regex.compile(r"\X")
URI = regex.compile(r"[a-zA-Z][a-zA-Z0-9+.\-]*:\S+")
LANGUAGE = regex.compile(r"[a-zA-Z]{2,8}(-[a-zA-Z0-9]{1,8})*")
FindBlob = Callable[[str], Blob | None]


class Invalid(Exception):
    """A record breaks its lexicon; the message says how and where."""


def graphemes(text: str) -> int:
    """Extended grapheme clusters."""
    return sum(1 for _ in GRAPHEME.finditer(text))


def check_key(rkey: str) -> None:
    """Posts are keyed by TIDs."""
    if not TID.fullmatch(rkey):
        raise bad_request("Invalid TID string: TID syntax not valid (regex)")


class PostRules:
    """Checks a post's record; ``find_blob`` looks a CID up among the author's uploads."""

    def __init__(self, find_blob: FindBlob, image_limit: int) -> None:
        self._find_blob = find_blob
        self._image_limit = image_limit

    def check(self, record: Mapping[str, Any]) -> list[Blob]:
        """Raise the refusal the record deserves; answers the blobs it uses."""
        try:
            return self._checked(record)
        except Invalid as problem:
            raise bad_request(f"Invalid {POST} record: {problem}") from problem
        except (AttributeError, KeyError, TypeError, ValueError) as problem:
            raise bad_request(f"Invalid {POST} record: a member has the wrong type") from problem

    def _checked(self, record: Mapping[str, Any]) -> list[Blob]:
        if record.get("$type") != POST:
            raise bad_request(f"Invalid $type: expected {POST}, got {record.get('$type')}")
        text = _string(record, "text", "$")
        _bounded(text, MAX_GRAPHEMES, MAX_BYTES, "$.text")
        _instant(record)
        _listed(record, "langs", MAX_LANGS, LANGUAGE)
        _tags(record)
        for n, facet in enumerate(record.get("facets") or []):
            _facet(facet, text.encode(), f"$.facets[{n}]")
        if "reply" in record:
            for end in ("root", "parent"):
                _strong_reference((record["reply"] or {}).get(end), f"$.reply.{end}")
        return self._embed(record["embed"], "$.embed") if record.get("embed") else []

    def _embed(self, embed: Mapping[str, Any], at: str) -> list[Blob]:
        kind = str(embed.get("$type") or "")
        if kind == "app.bsky.embed.images":
            return self._images(embed, at)
        if kind == "app.bsky.embed.video":
            _ratio(embed, at)
            return [self._blob(embed.get("video"), ("video/mp4",), MAX_VIDEO, f"{at}.video")]
        if kind == "app.bsky.embed.external":
            return self._external(embed.get("external") or {}, f"{at}.external")
        if kind == "app.bsky.embed.record":
            _strong_reference(embed.get("record"), f"{at}.record")
            return []
        if kind == "app.bsky.embed.recordWithMedia":
            _strong_reference((embed.get("record") or {}).get("record"), f"{at}.record.record")
            return self._embed(embed.get("media") or {}, f"{at}.media")
        raise Invalid(f"unknown embed {kind!r} at {at}")

    def _images(self, embed: Mapping[str, Any], at: str) -> list[Blob]:
        images = embed.get("images")
        if not isinstance(images, list):
            raise Invalid(f'Missing required key "images" at {at}')
        if len(images) > MAX_IMAGES:
            raise Invalid(f"array too big (maximum {MAX_IMAGES}, got {len(images)}) at {at}.images")
        found = []
        for n, image in enumerate(images):
            where = f"{at}.images[{n}]"
            _string(image, "alt", where)
            _ratio(image, where)
            found.append(self._blob(image.get("image"), ("image/",), self._image_limit, f"{where}.image"))
        return found

    def _external(self, card: Mapping[str, Any], at: str) -> list[Blob]:
        for name in ("uri", "title", "description"):
            _string(card, name, at)
        if not URI.fullmatch(card["uri"]):
            raise Invalid(f"Invalid URI at {at}.uri")
        return [self._blob(card["thumb"], ("image/",), MAX_THUMB, f"{at}.thumb")] if "thumb" in card else []

    def _blob(self, value: Any, accepted: tuple[str, ...], limit: int, at: str) -> Blob:
        if not isinstance(value, Mapping) or value.get("$type") != "blob":
            raise Invalid(f"expected a blob at {at}")
        cid, mime, size = (value.get("ref") or {}).get("$link"), str(value.get("mimeType")), value.get("size")
        if not mime.startswith(accepted):
            raise Invalid(f"Expected {' or '.join(accepted)} (got {mime}) at {at}.mimeType")
        if not isinstance(size, int) or size > limit:
            raise Invalid(f"blob too big (maximum {limit}, got {size}) at {at}")
        blob = self._find_blob(str(cid))
        if blob is None:
            raise xrpc_error(400, "BlobNotFound", f"Could not find blob: {cid}")
        if blob.mime != mime:
            raise xrpc_error(
                400, "InvalidMimeType", f"Referenced Mimetype does not match stored blob. Expected: {blob.mime}, Got: {mime}"
            )  # fmt: skip
        if blob.size != size:
            raise Invalid(f"size does not match the stored blob: {blob.size} at {at}")
        return blob


def _string(holder: Mapping[str, Any], name: str, at: str) -> str:
    value = holder.get(name)
    if not isinstance(value, str):
        raise Invalid(f'Missing required key "{name}" at {at}')
    return value


def _bounded(text: str, most_graphemes: int, most_bytes: int, at: str) -> None:
    if len(text.encode()) > most_bytes:
        raise Invalid(f"string too big (maximum {most_bytes}, got {len(text.encode())}) at {at}")
    if graphemes(text) > most_graphemes:
        raise Invalid(f"grapheme too big (maximum {most_graphemes}, got {graphemes(text)}) at {at}")


def _instant(record: Mapping[str, Any]) -> None:
    text = _string(record, "createdAt", "$")
    try:
        zoned = datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        zoned = False
    if not zoned or "T" not in text:
        raise Invalid("Invalid datetime at $.createdAt")


def _listed(record: Mapping[str, Any], name: str, most: int, pattern: regex.Pattern[str]) -> None:
    items = record.get(name) or []
    if len(items) > most:
        raise Invalid(f"array too big (maximum {most}, got {len(items)}) at $.{name}")
    for item in items:
        if not pattern.fullmatch(str(item)):
            raise Invalid(f"Invalid language at $.{name}")


def _tags(record: Mapping[str, Any]) -> None:
    tags = record.get("tags") or []
    if len(tags) > MAX_TAGS:
        raise Invalid(f"array too big (maximum {MAX_TAGS}, got {len(tags)}) at $.tags")
    for tag in tags:
        _bounded(str(tag), MAX_TAG_GRAPHEMES, 640, "$.tags")


def _facet(facet: Mapping[str, Any], text: bytes, at: str) -> None:
    index = facet.get("index") or {}
    start, end = index.get("byteStart"), index.get("byteEnd")
    if not isinstance(start, int) or not isinstance(end, int) or start < 0:
        raise Invalid(f"expected integers at {at}.index")
    if not start < end <= len(text):
        raise Invalid(f"range {start}-{end} outside the {len(text)} bytes of the text at {at}.index")
    if any(at_ < len(text) and text[at_] & 0xC0 == 0x80 for at_ in (start, end)):
        raise Invalid(f"range {start}-{end} cuts a character at {at}.index")
    for feature in facet.get("features") or []:
        _feature(feature, f"{at}.features")


def _feature(feature: Mapping[str, Any], at: str) -> None:
    kind = str(feature.get("$type")).rpartition("#")[2]
    if kind == "link" and not URI.fullmatch(_string(feature, "uri", at)):
        raise Invalid(f"Invalid URI at {at}")
    if kind == "mention" and not _string(feature, "did", at).startswith("did:"):
        raise Invalid(f"Invalid DID at {at}")
    if kind == "tag":
        _bounded(_string(feature, "tag", at), MAX_TAG_GRAPHEMES, 640, at)


def _strong_reference(value: Any, at: str) -> None:
    if not isinstance(value, Mapping):
        raise Invalid(f"expected a reference at {at}")
    if not _string(value, "uri", at).startswith("at://"):
        raise Invalid(f"Invalid at-uri at {at}")
    _string(value, "cid", at)


def _ratio(holder: Mapping[str, Any], at: str) -> None:
    ratio = holder.get("aspectRatio")
    if ratio is None:
        return
    if not all(isinstance(ratio.get(side), int) and ratio[side] >= 1 for side in ("width", "height")):
        raise Invalid(f"expected integers of at least 1 at {at}.aspectRatio")
