"""What a video really is, and a clean copy of it. Sizes in pixels as seen, lengths in seconds."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from . import ffmpeg
from .errors import MediaError, TooLarge, Unreadable, Unsupported
from .files import sha256, written
from .sniff import VIDEOS
from .values import Facts, Limits

if TYPE_CHECKING:
    from av import Packet, VideoFrame
    from av.container import InputContainer

# A container's stated length and its last frame differ by a little in whole files, by more in cut ones.
_TOLERANCE_SECONDS = 1.0
_TOLERANCE_SHARE = 0.02
_MUXERS = {"video/mp4": "mp4", "video/quicktime": "mov", "video/webm": "webm"}
_BOXED = {"video/mp4", "video/quicktime"}
_HDR_TRANSFERS = {16, 18}  # PQ and HLG, ITU-T H.273 table 3


@dataclass
class _Span:
    """From the first packet's start to the last one's end, in seconds; packets come in any order."""

    start: float = math.inf
    end: float = -math.inf

    def add(self, at: float, duration: float) -> None:
        self.start, self.end = min(self.start, at), max(self.end, at + duration)

    @property
    def seconds(self) -> float:
        return max(0.0, self.end - self.start)


@dataclass
class _Reading:
    """What is learnt while all packets pass by: of the picture, and of picture and sound together."""

    picture: _Span = field(default_factory=_Span)
    whole: _Span = field(default_factory=_Span)
    decoded: int = 0
    rotation: int = 0


def probe(path: Path, mime: str, limits: Limits) -> Facts:
    """Read every packet and decode every key frame: whole, for a fraction of the work of playing it.

    Raises TooLarge, Unreadable, or Unsupported (sound without a picture).
    """
    size = path.stat().st_size
    if size > limits.video_bytes:
        raise TooLarge("bytes", size, limits.video_bytes)
    try:
        return _facts(path, mime, size, limits)
    except (MediaError, MemoryError):
        raise
    except Exception as trouble:  # On hostile bytes a demuxer may raise anything at all.
        raise Unreadable("broken") from trouble


def _opened(path: Path, mime: str) -> InputContainer:
    # Imported here: it takes 16 MB of every process that imports it, and few ever meet a video.
    import av

    return av.open(f"file:{path.resolve()}", format=VIDEOS[mime], options={"protocol_whitelist": "file"})


def _facts(path: Path, mime: str, size: int, limits: Limits) -> Facts:
    with _opened(path, mime) as container:
        if not container.streams.video:
            raise Unsupported("audio")
        if mime in _BOXED and not _boxes_are_whole(path, size):
            raise Unreadable("broken")
        stream = container.streams.video[0]
        context = stream.codec_context
        _bounded(context.width * context.height, (container.duration or 0) / 1_000_000, limits)
        reading = _read(container, limits)
        _whole(container, reading)
        sideways = reading.rotation % 180 != 0
        rate = stream.average_rate
        return Facts(
            kind="video",
            mime=mime,
            size=size,
            width=context.height if sideways else context.width,
            height=context.width if sideways else context.height,
            seconds=round(reading.picture.seconds, 3),
            frame_rate=round(float(rate), 3) if rate else None,
            codecs=(context.name, *(sound.codec_context.name for sound in container.streams.audio[:1])),
            sha256=sha256(path),
        )


def _bounded(pixels: int, seconds: float, limits: Limits) -> None:
    if pixels > limits.pixels:
        raise TooLarge("pixels", pixels, limits.pixels)
    if seconds > limits.seconds:
        raise TooLarge("seconds", round(seconds, 3), limits.seconds)


def _read(container: InputContainer, limits: Limits) -> _Reading:
    stream = container.streams.video[0]
    reading = _Reading()
    for packet in container.demux([stream, *container.streams.audio[:1]]):
        if packet.is_corrupt:
            raise Unreadable("broken")
        _advance(reading, packet, packet.stream is stream)
        _bounded(0, reading.whole.seconds, limits)
        for frame in packet.decode() if packet.stream is stream else ():
            reading.decoded += 1
            # Not before: a trimmed video may start to show between two key frames.
            stream.codec_context.skip_frame = "NONKEY"
            reading.rotation = cast("VideoFrame", frame).rotation
    return reading


def _advance(reading: _Reading, packet: Packet[Any], is_picture: bool) -> None:
    if packet.pts is None or packet.time_base is None or packet.is_discard:
        return
    at, duration = float(packet.pts * packet.time_base), float((packet.duration or 0) * packet.time_base)
    reading.whole.add(at, duration)
    if is_picture:
        reading.picture.add(at, duration)


def _whole(container: InputContainer, reading: _Reading) -> None:
    """A cut file ends before the length it states."""
    missing = (container.duration or 0) / 1_000_000 - reading.whole.seconds
    allowed = _TOLERANCE_SECONDS + _TOLERANCE_SHARE * reading.whole.seconds
    if not reading.decoded or missing > allowed:
        raise Unreadable("broken")


def _boxes_are_whole(path: Path, size: int) -> bool:
    """Whether the boxes of an MP4 or MOV that hold its pictures and tables end within the file."""
    at = 0
    with path.open("rb") as file:
        while at + 8 <= size:
            file.seek(at)
            head = file.read(16)
            length = int.from_bytes(head[:4], "big")
            length = int.from_bytes(head[8:16], "big") if length == 1 else length
            if length < 8:
                return True  # Zero means: up to the end. Less than a header is no box.
            at += length
            if at > size and head[4:8] in (b"mdat", b"moov", b"moof"):
                return False
    return True


def is_hdr(path: Path, mime: str) -> bool:
    with _opened(path, mime) as container:
        return container.streams.video[0].codec_context.color_trc in _HDR_TRANSFERS


def clean(source: Path, target: Path, mime: str, limits: Limits) -> Facts:
    """Copy picture and sound without encoding them again; leave every tag, chapter and data track behind.

    Raises what `probe` raises, and Unreadable (slow) when copying takes longer than ten minutes.
    """
    probe(source, mime, limits)
    with written(target) as partial:
        try:
            ffmpeg.run(source, VIDEOS[mime], COPY, partial, _MUXERS[mime], seconds=600)
        except ffmpeg.Failed as trouble:
            raise Unreadable("broken") from trouble
        except ffmpeg.TooSlow as trouble:
            raise Unreadable("slow") from trouble
        return probe(partial, mime, limits)


COPY = [
    *("-map", "0:v:0", "-map", "0:a:0?", "-c", "copy"),
    *("-map_metadata", "-1", "-map_metadata:s:v", "-1", "-map_metadata:s:a", "-1", "-map_chapters", "-1"),
    *("-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact", "-movflags", "+faststart"),
]
