"""What is kept of an uploaded picture: its pixels, upright, and nothing about who took it, where or how."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image, JpegImagePlugin

from . import pictures, strip
from .errors import Unreadable
from .files import written
from .sniff import IMAGES
from .values import Facts, Limits

_SAVE: dict[str, dict[str, Any]] = {
    # Phones store HEIC at 4:2:0 already: keeping more chroma would only make larger files.
    "image/jpeg": {"quality": 93, "subsampling": "4:2:0", "optimize": True},
    "image/png": {},
    "image/webp": {"quality": 95, "method": 4},
}
_QUARTER_TURNS = {5, 6, 7, 8}


def clean(source: Path, target: Path, mime: str, limits: Limits) -> Facts:
    """Write the clean picture to `target` and return its facts. Raises what `pictures.probe` raises."""
    before = pictures.probe(source, mime, limits)
    with written(target) as partial:
        kept = _stripped(source, partial, mime, limits) or _redrawn(source, partial, mime, limits)
        after = pictures.probe(partial, kept, limits)
        if (after.width, after.height) != (before.width, before.height):
            raise Unreadable("broken")
    return after


def _stripped(source: Path, partial: Path, mime: str, limits: Limits) -> str | None:
    """Take the metadata out and leave the compressed pixels alone, where they are right as stored."""
    if mime not in strip.STRIP or not _right_as_stored(source, mime, limits):
        return None
    try:
        partial.write_bytes(strip.STRIP[mime](source.read_bytes()))
    except ValueError:
        return None  # Decoders forgive more than we do; drawing it anew makes a file that follows the format.
    return mime


def _right_as_stored(source: Path, mime: str, limits: Limits) -> bool:
    with pictures.opened(source, mime, limits) as image:
        if pictures.frame_count(image, mime) > 1:
            return True
        return pictures.orientation(image) == 1 and image.mode != "CMYK"


def _redrawn(source: Path, partial: Path, mime: str, limits: Limits) -> str:
    with pictures.opened(source, mime, limits) as image:
        options = _jpeg_options(image) if mime == "image/jpeg" else {}
        drawn = pictures.upright(image)
        if drawn.mode == "CMYK":
            drawn = pictures.in_srgb(drawn)
        if mime not in _SAVE:
            drawn = pictures.in_colour(drawn)
            mime = "image/png" if drawn.mode == "RGBA" else "image/jpeg"
        drawn.info = {key: drawn.info[key] for key in ("icc_profile", "transparency") if key in drawn.info}
        drawn.save(partial, IMAGES[mime], **(_SAVE[mime] | options))
    return mime


def _jpeg_options(image: Image.Image) -> dict[str, Any]:
    """Its own quantisation again, turned with the picture, so that turning costs next to no quality."""
    tables: dict[int, list[int]] = getattr(image, "quantization", {})
    if image.mode == "CMYK" or not tables or max(map(max, tables.values())) > 255:
        return {}
    if pictures.orientation(image) in _QUARTER_TURNS:
        tables = {number: _transposed(table) for number, table in tables.items()}
    halved_both_ways = JpegImagePlugin.get_sampling(image) == 2
    return {"quality": -1, "qtables": tables, "subsampling": "4:2:0" if halved_both_ways else "4:4:4"}


def _transposed(table: list[int]) -> list[int]:
    return [table[column * 8 + row] for row in range(8) for column in range(8)]
