"""Small pictures to recognise something by, and the still that stands for a video until it plays."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from . import ffmpeg, pictures, videos
from .errors import Unreadable
from .files import scratch, written
from .picture_fit import on_white
from .sniff import IMAGES, VIDEOS
from .values import Facts, Limits
from .video_fit import TO_STANDARD_RANGE

_SUFFIXES = {".webp": "image/webp", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
_QUALITY = 82


def thumbnail(source: Path, target: Path, facts: Facts, side: int) -> Facts:
    """Write a picture at most `side` pixels long. The target's suffix chooses: `.webp`, `.jpg` or `.jpeg`."""
    if facts.kind == "image":
        return _shrunk(source, facts.mime, target, side)
    with scratch(target.parent) as frame:
        _frame(source, facts, frame)
        return _shrunk(frame, "image/png", target, side)


def poster(source: Path, target: Path, facts: Facts) -> Facts:
    """Write one frame of a video, in its full size."""
    return thumbnail(source, target, facts, max(facts.width, facts.height))


def _shrunk(source: Path, mime: str, target: Path, side: int) -> Facts:
    made = _SUFFIXES[target.suffix.lower()]
    with pictures.opened(source, mime, Limits()) as image, written(target) as partial:
        image.draft(image.mode if image.mode != "CMYK" else None, (2 * side, 2 * side))
        small = pictures.in_srgb(pictures.upright(image))
        small.thumbnail((side, side), Image.Resampling.LANCZOS)
        small = on_white(small) if made == "image/jpeg" else small
        small.save(partial, IMAGES[made], quality=_QUALITY)
        return pictures.probe(partial, made, Limits())


def _frame(source: Path, facts: Facts, frame: Path) -> None:
    """A third of the way in, at most at three seconds: openings are often black or a title fading in."""
    at = min(3.0, (facts.seconds or 0) / 3)
    filters = ["-vf", TO_STANDARD_RANGE + ",format=rgb24"] if videos.is_hdr(source, facts.mime) else []
    options = ["-map", "0:v:0", "-frames:v", "1", *filters, "-c:v", "png", "-update", "1"]
    try:
        ffmpeg.run(source, VIDEOS[facts.mime], options, frame, "image2", seconds=60, seek=at)
    except ffmpeg.TooSlow as trouble:
        raise Unreadable("slow") from trouble
    except ffmpeg.Failed as trouble:
        raise Unreadable("broken") from trouble
