"""What a file is, from its bytes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

ISO_IMAGE_BRANDS = {
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heif",
    b"avif": "image/avif",
}
SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"ID3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
)


@dataclass(frozen=True)
class Picture:
    """The size of an image in pixels."""

    width: int
    height: int


def mime_of(head: bytes) -> str | None:
    """The media type that the first bytes tell, or None."""
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return ISO_IMAGE_BRANDS.get(brand, "video/quicktime" if brand == b"qt  " else "video/mp4")
    if head[:4] == b"RIFF":
        return "image/webp" if head[8:12] == b"WEBP" else "audio/wav"
    return next((mime for magic, mime in SIGNATURES if head.startswith(magic)), None)


def mime_of_file(path: Path) -> str | None:
    """The media type of the file at ``path``, or None."""
    with path.open("rb") as file:
        return mime_of(file.read(64))


def picture(path: Path) -> Picture | None:
    """The size of the image at ``path``; None when it cannot be read as one."""
    try:
        with Image.open(path) as image:
            return Picture(*image.size)
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        return None
