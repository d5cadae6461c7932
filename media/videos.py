"""What a video really is, and a clean copy of it. Sizes in pixels as seen, lengths in seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from . import ffmpeg
from .errors import MediaError, TooLarge, Unreadable, Unsupported
from .files import sha256, written
from .sniff import VIDEOS
from .values import Facts, Limits

if TYPE_CHECKING:
    from av.container import InputContainer

# A container's stated length and its last frame differ by a little in whole files, by more in cut ones.
_TOLERANCE_SECONDS = 1.0
_TOLERANCE_SHARE = 0.02
_MUXERS = {"video/mp4": "mp4", "video/quicktime": "mov", "video/webm": "webm"}
_HDR_TRANSFERS = {16, 18}  # PQ and HLG, ITU-T H.273 table 3


@dataclass
class _Reading:
    """What is learnt while all packets pass by."""

    end: float = 0.0
    packets: int = 0
    pictures: int = 0
    rotation: int = 0
    first: float | None = field(default=None)

    @property
    def seconds(self) -> float:
        return max(0.0, self.end - (self.first or 0.0))


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
            seconds=round(reading.seconds, 3),
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
    stream.codec_context.skip_frame = "NONKEY"
    reading = _Reading()
    for packet in container.demux(stream):
        if packet.is_corrupt:
            raise Unreadable("broken")
        if packet.pts is not None:
            _advance(
                reading,
                float(packet.pts * packet.time_base),
                float((packet.duration or 0) * packet.time_base),
            )
            _bounded(0, reading.seconds, limits)
        for frame in packet.decode():
            reading.pictures += 1
            reading.rotation = frame.rotation
    return reading


def _advance(reading: _Reading, at: float, duration: float) -> None:
    reading.packets += 1
    reading.first = at if reading.first is None else min(reading.first, at)
    reading.end = max(reading.end, at + duration)


def _whole(container: InputContainer, reading: _Reading) -> None:
    stream = container.streams.video[0]
    stated = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
    missing = stated - reading.seconds > _TOLERANCE_SECONDS + _TOLERANCE_SHARE * stated
    if not reading.pictures or reading.packets < stream.frames * (1 - _TOLERANCE_SHARE) or missing:
        raise Unreadable("broken")


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
