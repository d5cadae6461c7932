"""Make a picture fit a platform: another format, fewer pixels, then less quality, in that order of regret."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image, ImageSequence

from . import pictures
from .errors import CannotFit
from .files import written
from .sniff import IMAGES
from .values import Facts, Fit, Limits, scaled_size

_MAKEABLE = ("image/jpeg", "image/webp", "image/png", "image/gif")
_QUALITIES = (92, 87, 82, 76, 70)
# Smaller than this on its longer side, a picture no longer shows what was approved.
_SMALLEST_SIDE = 240
_STEP = 0.85
_LOSSY: dict[str, dict[str, Any]] = {
    "image/jpeg": {"optimize": True, "progressive": True},
    "image/webp": {"method": 4},
}


def fit(source: Path, target: Path, facts: Facts, wanted: Fit) -> Facts:
    """Write the best picture within `wanted`. Raises CannotFit (kind, mime or bytes)."""
    mimes = _candidates(facts, wanted)
    limits = Limits(image_bytes=max(facts.size, wanted.max_bytes))
    with pictures.opened(source, facts.mime, limits) as image, written(target) as partial:
        if mimes[0] in ("image/gif", "image/webp") and facts.animated and wanted.animation:
            mime, data = _moving(image, facts, wanted, mimes[0])
        else:
            mime, data = _still(image, facts, wanted, mimes)
        partial.write_bytes(data)
        return pictures.probe(partial, mime, limits)


def _candidates(facts: Facts, wanted: Fit) -> list[str]:
    """MIME types to try in turn: its own first, then the platform's in its order of preference."""
    if wanted.kind != "image":
        raise CannotFit("kind", found=facts.kind)
    accepted = [mime for mime in wanted.mimes if mime in _MAKEABLE]
    if not accepted:
        raise CannotFit("mime", found=facts.mime)
    if facts.animated:
        moving = [mime for mime in ("image/gif", "image/webp") if mime in accepted and wanted.animation]
        return sorted(moving, key=lambda mime: mime != facts.mime) or accepted
    return sorted(accepted, key=lambda mime: (mime != facts.mime, mime == "image/gif"))


def _still(image: Image.Image, facts: Facts, wanted: Fit, mimes: list[str]) -> tuple[str, bytes]:
    picture = pictures.in_srgb(pictures.upright(image))
    smallest = facts.size
    for size in _sizes(facts, wanted):
        scaled = picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS)
        for mime in _for_transparency(mimes, picture):
            data = _best(scaled, mime, wanted.max_bytes)
            if len(data) <= wanted.max_bytes:
                return mime, data
            smallest = min(smallest, len(data))
    raise CannotFit("bytes", measured=smallest, limit=wanted.max_bytes)


def _for_transparency(mimes: list[str], picture: Image.Image) -> list[str]:
    """A transparent picture stays transparent while an accepted format can carry that."""
    if picture.mode != "RGBA":
        return mimes
    return sorted(mimes, key=lambda mime: mime == "image/jpeg")


def _sizes(facts: Facts, wanted: Fit) -> Iterator[tuple[int, int]]:
    width, height = scaled_size(facts, wanted)
    floor = min(_SMALLEST_SIDE, max(width, height))
    while max(width, height) >= floor:
        yield width, height
        width, height = max(1, round(width * _STEP)), max(1, round(height * _STEP))


def _best(picture: Image.Image, mime: str, max_bytes: int) -> bytes:
    """The picture in its best quality within `max_bytes`, or in its least where even that is too large."""
    if mime not in _LOSSY:
        return _bytes(picture, mime, optimize=True)
    flat = on_white(picture) if mime == "image/jpeg" else picture
    least = _bytes(flat, mime, quality=_QUALITIES[-1], **_LOSSY[mime])
    if len(least) > max_bytes:
        return least
    better = (_bytes(flat, mime, quality=quality, **_LOSSY[mime]) for quality in _QUALITIES[:-1])
    return next((data for data in better if len(data) <= max_bytes), least)


def on_white(picture: Image.Image) -> Image.Image:
    """JPEG has no transparency; paper is white."""
    if picture.mode != "RGBA":
        return picture
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")


def _bytes(picture: Image.Image, mime: str, **options: Any) -> bytes:
    held = io.BytesIO()
    picture.save(held, IMAGES[mime], **options)
    return held.getvalue()


def _moving(image: Image.Image, facts: Facts, wanted: Fit, mime: str) -> tuple[str, bytes]:
    smallest = 0
    for size in _sizes(facts, wanted):
        data = _animation(image, size, mime)
        smallest = min(smallest or len(data), len(data))
        if len(data) <= wanted.max_bytes:
            return mime, data
    raise CannotFit("bytes", measured=smallest, limit=wanted.max_bytes)


def _animation(image: Image.Image, size: tuple[int, int], mime: str) -> bytes:
    loop = image.info.get("loop", 0)
    durations: list[int] = []
    frames: list[Image.Image] = []
    for frame in ImageSequence.Iterator(image):
        frame.load()
        durations.append(int(frame.info.get("duration", 100)))
        scaled = pictures.in_srgb(frame).resize(size, Image.Resampling.LANCZOS)
        frames.append(scaled.quantize() if mime == "image/gif" else scaled)
    options = _LOSSY["image/webp"] | {"quality": 80} if mime == "image/webp" else {"disposal": 2}
    return _bytes(
        frames[0], mime, save_all=True, append_images=frames[1:], duration=durations, loop=loop, **options
    )
