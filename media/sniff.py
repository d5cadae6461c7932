"""What a file really is, by its first bytes alone: names and declared types are anyone's to choose."""

from __future__ import annotations

from pathlib import Path

from .errors import Unreadable, Unsupported

IMAGES = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
    "image/heic": "HEIF",
    "image/avif": "AVIF",
}
VIDEOS = {"video/mp4": "mov", "video/quicktime": "mov", "video/webm": "matroska"}

_HEAD = 4096
_MAGIC = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_FOREIGN_MAGIC = (
    (b"%PDF-", "pdf"),
    (b"PK\x03\x04", "zip"),
    (b"Rar!", "rar"),
    (b"\x1f\x8b", "gzip"),
    (b"7z\xbc\xaf", "7z"),
    (b"BM", "bmp"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"8BPS", "photoshop"),
    (b"\x00\x00\x01\x00", "icon"),
    (b"\x00\x00\x00\x0cjP  ", "jpeg2000"),
    (b"\xff\x0a", "jpegxl"),
    (b"ID3", "audio"),
    (b"OggS", "ogg"),
    (b"fLaC", "audio"),
    (b"FLV\x01", "flash"),
    (b"\x00\x00\x01\xba", "mpeg"),
    (b"G@", "mpeg"),
    (b"\x30\x26\xb2\x75", "windows_media"),
    (b"\xd0\xcf\x11\xe0", "office"),
    (b"{\\rtf", "office"),
    (b"MZ", "program"),
    (b"\x7fELF", "program"),
    (b"#EXTM3U", "playlist"),
    (b"ffconcat", "playlist"),
)
_RIFF = {b"WEBP": "image/webp", b"AVI ": "avi", b"WAVE": "audio"}
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}
_AVIF_BRANDS = {b"avif", b"avis"}
_QUICKTIME_BOXES = {b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}


def sniff(path: Path) -> str:
    """The MIME type, a key of `IMAGES` or `VIDEOS`. Raises Unreadable (empty) or Unsupported (what it is)."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        raise Unreadable("empty")
    found = _known(head) or _foreign(head)
    if found not in IMAGES and found not in VIDEOS:
        raise Unsupported(found)
    return found


def _known(head: bytes) -> str | None:
    for magic, mime in _MAGIC:
        if head.startswith(magic):
            return mime
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _iso(head)
    if head[4:8] in _QUICKTIME_BOXES:
        return "video/quicktime"
    if head[:4] == b"\x1aE\xdf\xa3":
        return "video/webm" if b"webm" in head[:64] else "matroska"
    return None


def _iso(head: bytes) -> str:
    """ISO base media files name their brands: the major one at byte 8, compatible ones from byte 16."""
    end = min(int.from_bytes(head[:4], "big"), len(head))
    major = head[8:12]
    brands = {major} | {head[at : at + 4] for at in range(16, end - 3, 4)}
    if major == b"qt  ":
        return "video/quicktime"
    if brands & _AVIF_BRANDS and major in _AVIF_BRANDS | {b"mif1", b"msf1"}:
        return "image/avif"
    if major in _HEIF_BRANDS | {b"mif1", b"msf1"}:
        return "image/heic"
    if major in {b"M4A ", b"M4B "}:
        return "audio"
    return "raw_photo" if major == b"crx " else "video/mp4"


def _foreign(head: bytes) -> str:
    for magic, name in _FOREIGN_MAGIC:
        if head.startswith(magic):
            return name
    if head[:2] in (b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xf1", b"\xff\xf9"):
        return "audio"
    return _written(head)


def _written(head: bytes) -> str:
    """SVG, HTML, other text, or unknown. A cut through the last character must not make text unknown."""
    try:
        text = (
            head.decode("utf-8", "strict" if len(head) < _HEAD else "ignore").lstrip("\ufeff \t\r\n").lower()
        )
    except UnicodeDecodeError:
        return "unknown"
    if "\x00" in text:
        return "unknown"
    if text.startswith(("<svg", "<?xml", "<!--", "<!doctype svg")) and "<svg" in text:
        return "svg"
    if text.startswith(("<!doctype html", "<html")):
        return "html"
    return "text" if text.isprintable() or any(c.isspace() for c in text) else "unknown"
