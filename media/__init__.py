"""What is this file really; make it fit. A plain library over Pillow and FFmpeg.

    facts = media.probe(path)                          # or Unreadable, Unsupported, TooLarge
    asset = media.clean(path, asset_path)              # upright, without metadata: what is stored
    if not media.fits(asset, fit):
        rendition = media.fit(asset_path, rendition_path, asset, fit)      # or CannotFit
    small = media.thumbnail(asset_path, small_path, asset, side=400)

All paths are files on disk. A target appears whole or not at all, and no temporary file outlives a call.
Importing this costs about 5 MB: the video and HEIC libraries are loaded by the first call that meets such a
file, since every web and worker process imports this package and few of them ever do.
"""

from __future__ import annotations

from pathlib import Path

from . import picture_clean, picture_fit, pictures, video_fit, videos
from .errors import CannotFit, MediaError, TooLarge, Unreadable, Unsupported
from .sniff import IMAGES, sniff
from .thumbnails import poster, thumbnail
from .values import Facts, Fit, Kind, Limits, fits

TAKEN = Limits()

__all__ = [
    "TAKEN",
    "CannotFit",
    "Facts",
    "Fit",
    "Kind",
    "Limits",
    "MediaError",
    "TooLarge",
    "Unreadable",
    "Unsupported",
    "clean",
    "fit",
    "fits",
    "poster",
    "probe",
    "thumbnail",
]


def probe(path: Path, limits: Limits = TAKEN) -> Facts:
    """What the file is, by its content alone. Raises Unreadable, Unsupported or TooLarge."""
    mime = sniff(path)
    if mime in IMAGES:
        return pictures.probe(path, mime, limits)
    return videos.probe(path, mime, limits)


def clean(source: Path, target: Path, limits: Limits = TAKEN) -> Facts:
    """Write what is stored as an asset: upright, its colours right, without metadata. Returns its facts.

    The same input gives the same bytes. HEIC and AVIF become JPEG (PNG where they have transparency), all
    other kinds stay what they are; pictures that need no turning and all videos keep their compressed data
    untouched. Raises what `probe` raises.
    """
    mime = sniff(source)
    if mime in IMAGES:
        return picture_clean.clean(source, target, mime, limits)
    return videos.clean(source, target, mime, limits)


def fit(source: Path, target: Path, facts: Facts, fit: Fit) -> Facts:
    """Write a rendition of a clean file that keeps within `fit`, and return its facts. Raises CannotFit."""
    if facts.kind == "image":
        return picture_fit.fit(source, target, facts, fit)
    return video_fit.fit(source, target, facts, fit)
