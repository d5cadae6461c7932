"""Opening pictures that strangers made: bounded before decoding, decoded whole, upright, in true colours."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageCms, ImageOps

from .errors import MediaError, TooLarge, Unreadable
from .files import sha256
from .sniff import IMAGES
from .values import Facts, Limits

# Pillow warns at a bound of its own; `_bounded` refuses at the caller's.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)

ORIENTATION = 0x0112
_SIDEWAYS = {5, 6, 7, 8}
_ANIMATED = {"image/gif", "image/webp", "image/png"}
_CODECS = {
    "image/jpeg": "mjpeg",
    "image/heic": "hevc",
    "image/avif": "av1",
}


@contextmanager
def opened(path: Path, mime: str, limits: Limits) -> Iterator[Image.Image]:
    """The picture, its pixels not yet decoded. What a decoder raises inside becomes Unreadable."""
    with _refusing(), path.open("rb") as file:
        if mime == "image/heic":
            # Imported here: the decoder takes 6 MB of every process that imports it, and few ever see a HEIC.
            import pillow_heif

            pillow_heif.register_heif_opener()
        # Only the format that the content showed: Pillow's dozens of other decoders stay out of reach.
        with Image.open(file, formats=[IMAGES[mime]]) as image:
            _bounded(image, mime, limits)
            yield image


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except (MediaError, MemoryError):
        raise
    except Image.DecompressionBombError as trouble:
        pixels = re.search(r"\d+", str(trouble))
        raise TooLarge(
            "pixels", int(pixels.group()) if pixels else 0, Image.MAX_IMAGE_PIXELS or 0
        ) from trouble
    except Exception as trouble:  # On hostile bytes a decoder may raise anything at all.
        raise Unreadable("broken") from trouble


def _bounded(image: Image.Image, mime: str, limits: Limits) -> None:
    pixels = image.width * image.height
    if pixels > limits.pixels:
        raise TooLarge("pixels", pixels, limits.pixels)
    frames = frame_count(image, mime)
    if frames > 1 and pixels * frames > limits.animation_pixels:
        raise TooLarge("pixels", pixels * frames, limits.animation_pixels)


def frame_count(image: Image.Image, mime: str) -> int:
    """Frames of an animation. A phone's second picture in a JPEG or HEIC is not a frame."""
    return int(getattr(image, "n_frames", 1)) if mime in _ANIMATED else 1


def probe(path: Path, mime: str, limits: Limits) -> Facts:
    """Read everything, decode everything. Raises TooLarge or Unreadable."""
    size = path.stat().st_size
    if size > limits.image_bytes:
        raise TooLarge("bytes", size, limits.image_bytes)
    with opened(path, mime, limits) as image:
        width, height = image.size
        animated = frame_count(image, mime) > 1
        seconds = _decode(image, frame_count(image, mime))
        if not animated and orientation(image) in _SIDEWAYS:
            width, height = height, width
    return Facts(
        kind="image",
        mime=mime,
        size=size,
        width=width,
        height=height,
        seconds=seconds if animated else None,
        frame_rate=None,
        codecs=(_CODECS.get(mime, mime.partition("/")[2]),),
        sha256=sha256(path),
        animated=animated,
    )


def _decode(image: Image.Image, frames: int) -> float:
    """Decode every frame and return how long they run. A JPEG is read whole, but drawn at an eighth."""
    image.draft(image.mode, (image.width // 8, image.height // 8))
    milliseconds = 0.0
    for number in range(frames):
        if number:
            image.seek(number)
        image.load()
        milliseconds += image.info.get("duration", 0)
    return milliseconds / 1000


def orientation(image: Image.Image) -> int:
    return int(image.getexif().get(ORIENTATION, 1))


def upright(image: Image.Image) -> Image.Image:
    return ImageOps.exif_transpose(image)


def in_colour(image: Image.Image) -> Image.Image:
    """8-bit RGB or RGBA in the picture's own colour space, its profile kept in `info`."""
    return _eight_bits(image).convert("RGBA" if image.has_transparency_data else "RGB")


def in_srgb(image: Image.Image) -> Image.Image:
    """The picture as 8-bit RGB, or RGBA where it has transparency, in the sRGB colour space."""
    profile = image.info.get("icc_profile")
    image = _eight_bits(image)
    mode = "RGBA" if image.has_transparency_data else "RGB"
    # What a profile describes is the stored mode; palettes and alpha must be unfolded before it is applied.
    if image.mode in ("P", "PA", "LA", "La", "RGBa", "1"):
        image = image.convert(mode)
    if profile:
        image = _by_profile(image, profile)
    plain = image.convert(mode)
    plain.info.pop("icc_profile", None)
    return plain


def _eight_bits(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    return image.convert("L") if image.mode == "F" else image


def _by_profile(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        changed = ImageCms.profileToProfile(
            image,
            source,
            ImageCms.createProfile("sRGB"),
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode=image.mode if image.mode in ("RGB", "RGBA") else "RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image  # A profile that is broken or of another mode says nothing about the colours.
    return changed or image
