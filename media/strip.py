"""Take everything but the picture out of a picture file, leaving its compressed pixels byte for byte.

Kept: pixels, palette, transparency, animation timing, and colour (ICC profile, gamma, chromaticities).
Dropped: EXIF, XMP, IPTC, comments, text, thumbnails, second pictures, unknown blocks, all after the end.
Each function takes a whole file and raises ValueError where the file does not follow its format.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator

_PNG_KEPT = {
    *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"bKGD", b"sBIT", b"pHYs"),
    *(b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"cICP", b"mDCV", b"cLLI"),
    *(b"acTL", b"fcTL", b"fdAT"),
}
_WEBP_KEPT = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"}
_WEBP_EXIF_AND_XMP = 0x08 | 0x04
_JPEG_END_OF_SCAN = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
_GIF_LOOPS = (b"\x0bNETSCAPE2.0", b"\x0bANIMEXTS1.0")


def jpeg(data: bytes) -> bytes:
    return b"\xff\xd8" + b"".join(_jpeg_parts(data)) + b"\xff\xd9"


def _jpeg_parts(data: bytes) -> Iterator[bytes]:
    at = 2
    while (marker := _byte(data, at + 1)) != 0xD9 or data[at] != 0xFF:
        if data[at] != 0xFF:
            raise ValueError("no marker where one must be")
        if marker == 0xFF or marker == 0x01 or 0xD0 <= marker <= 0xD7:
            at += 1 if marker == 0xFF else 2
            continue
        end = at + 2 + _unpack(">H", data, at + 2)
        yield _jpeg_segment(marker, data[at:end])
        at = end
        if marker == 0xDA:
            at = _jpeg_scan_end(data, at)
            yield data[end:at]


def _jpeg_segment(marker: int, segment: bytes) -> bytes:
    body = segment[4:]
    if marker == 0xE0:
        # Without its thumbnail, which would still show what was cropped away.
        return b"\xff\xe0\x00\x10" + body[:12] + b"\x00\x00" if body.startswith(b"JFIF\x00") else b""
    colour = (marker == 0xE2 and body.startswith(b"ICC_PROFILE\x00")) or (
        marker == 0xEE and body.startswith(b"Adobe")
    )
    other = 0xE0 <= marker <= 0xEF or marker == 0xFE
    return segment if colour or not other else b""


def _jpeg_scan_end(data: bytes, at: int) -> int:
    found = _JPEG_END_OF_SCAN.search(data, at)
    if found is None:
        raise ValueError("a scan without an end")
    return found.start()


def png(data: bytes) -> bytes:
    kept, at = [data[:8]], 8
    while True:
        end = at + 12 + _unpack(">I", data, at)
        name = data[at + 4 : at + 8]
        if end > len(data):
            raise ValueError("a chunk beyond the end")
        if name in _PNG_KEPT:
            kept.append(data[at:end])
        if name == b"IEND":
            return b"".join(kept)
        at = end


def webp(data: bytes) -> bytes:
    end = min(len(data), 8 + _unpack("<I", data, 4))
    kept, at = [b"WEBP"], 12
    while at + 8 <= end:
        name, size = data[at : at + 4], _unpack("<I", data, at + 4)
        chunk = data[at : at + 8 + size]
        if at + 8 + size > end:
            raise ValueError("a chunk beyond the end")
        if name == b"VP8X":
            chunk = chunk[:8] + bytes([_byte(chunk, 8) & ~_WEBP_EXIF_AND_XMP]) + chunk[9:]
        if name in _WEBP_KEPT:
            kept.append(chunk + b"\x00" * (size & 1))
        at += 8 + size + (size & 1)
    return b"RIFF" + struct.pack("<I", sum(map(len, kept))) + b"".join(kept)


def gif(data: bytes) -> bytes:
    at = 13 + _gif_colours(_byte(data, 10))
    kept = [data[:at]]
    # Many GIFs lack the trailer; one that stops between two blocks is whole.
    while at < len(data) and (block := data[at]) != 0x3B:
        end = _gif_block_end(data, at, block)
        label = data[at + 1 : at + 2]
        loop = label == b"\xff" and data[at + 2 : at + 14] in _GIF_LOOPS
        if block == 0x2C or label == b"\xf9" or loop:
            kept.append(data[at:end])
        at = end
    return b"".join([*kept, b"\x3b"])


def _gif_block_end(data: bytes, at: int, block: int) -> int:
    if block == 0x2C:
        at += 11 + _gif_colours(_byte(data, at + 9))
    elif block == 0x21:
        at += 2
    else:
        raise ValueError("an unknown block")
    while size := _byte(data, at):
        at += size + 1
    return at + 1


def _gif_colours(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _byte(data: bytes, at: int) -> int:
    if at >= len(data):
        raise ValueError("the file ends too early")
    return data[at]


def _unpack(shape: str, data: bytes, at: int) -> int:
    try:
        return int(struct.unpack_from(shape, data, at)[0])
    except struct.error as trouble:
        raise ValueError("the file ends too early") from trouble


STRIP: dict[str, Callable[[bytes], bytes]] = {
    "image/jpeg": jpeg,
    "image/png": png,
    "image/webp": webp,
    "image/gif": gif,
}
