"""Make a video fit a platform: H.264 and AAC in MP4, which every platform takes, within its limits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from . import ffmpeg, videos
from .errors import CannotFit
from .files import written
from .sniff import VIDEOS
from .values import Facts, Fit, Limits, fits, scaled_size

_MP4 = "video/mp4"
_CONTAINER_SHARE = 0.03  # what MP4's own tables take at most, as a share of the file
_SOUND_BITS = 128_000
_BEST_PICTURE_BITS = 12_000_000
_LEAST_PICTURE_BITS = 120_000
# Below this many bits a pixel, fewer pixels look better than more.
_BITS_PER_PIXEL = 0.045
_SMALLEST_SIDE = 320
# Played as it is, high dynamic range looks grey on a screen that does not know it.
TO_STANDARD_RANGE = (
    "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,"
    "tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv"
)


def fit(source: Path, target: Path, facts: Facts, wanted: Fit) -> Facts:
    """Write an MP4 within `wanted`. Raises CannotFit (kind, mime, seconds, bytes or slow)."""
    seconds = _possible(facts, wanted)
    limits = Limits(video_bytes=max(facts.size, wanted.max_bytes), seconds=seconds + 1)
    with written(target) as partial:
        if _is_h264_within(facts, wanted):
            made = _rewrapped(source, partial, facts, limits)
            if made is not None and fits(made, wanted):
                return made
        return _encoded(source, partial, facts, wanted, limits)


def _possible(facts: Facts, wanted: Fit) -> float:
    if wanted.kind != "video":
        raise CannotFit("kind", found=facts.kind)
    if _MP4 not in wanted.mimes:
        raise CannotFit("mime", found=facts.mime)
    seconds = facts.seconds or 0.0
    if wanted.max_seconds is not None and seconds > wanted.max_seconds:
        raise CannotFit("seconds", measured=seconds, limit=wanted.max_seconds)
    return seconds


def _is_h264_within(facts: Facts, wanted: Fit) -> bool:
    return set(facts.codecs) <= {"h264", "aac"} and fits(replace(facts, mime=_MP4), wanted)


def _rewrapped(source: Path, partial: Path, facts: Facts, limits: Limits) -> Facts | None:
    """The same pictures and sound in another container, or None where they do not go into it."""
    try:
        ffmpeg.run(source, VIDEOS[facts.mime], videos.COPY, partial, "mp4", seconds=600)
    except (ffmpeg.Failed, ffmpeg.TooSlow):
        return None
    return videos.probe(partial, _MP4, limits)


def _encoded(source: Path, partial: Path, facts: Facts, wanted: Fit, limits: Limits) -> Facts:
    """One pass with a bit rate that should fit; where the encoder overshot, again with as much less."""
    hdr = videos.is_hdr(source, facts.mime)
    share, measured = 1.0, 0
    for _ in range(3):
        bits = _picture_bits(facts, wanted, share)
        if bits < _LEAST_PICTURE_BITS:
            break
        _encode(source, partial, facts, _options(facts, wanted, bits, hdr))
        measured = partial.stat().st_size
        if measured <= wanted.max_bytes:
            return videos.probe(partial, _MP4, limits)
        share *= 0.95 * wanted.max_bytes / measured
    raise CannotFit("bytes", measured=measured or facts.size, limit=wanted.max_bytes)


def _encode(source: Path, partial: Path, facts: Facts, options: list[str]) -> None:
    """Bounded to a minute and forty times the length, enough for 4K on one slow core."""
    try:
        ffmpeg.run(source, VIDEOS[facts.mime], options, partial, "mp4", 60 + 40 * (facts.seconds or 0))
    except ffmpeg.TooSlow as trouble:
        raise CannotFit("slow") from trouble
    except ffmpeg.Failed as trouble:
        raise CannotFit("mime", found="+".join(facts.codecs)) from trouble


def _picture_bits(facts: Facts, wanted: Fit, share: float) -> int:
    """Bits a second for the picture: what the bytes allow, less sound and container, no more than helps."""
    allowed = wanted.max_bytes * 8 * (1 - _CONTAINER_SHARE) / max(facts.seconds or 0, 1)
    return min(_BEST_PICTURE_BITS, int((allowed - _sound_bits(facts, wanted)) * share))


def _sound_bits(facts: Facts, wanted: Fit) -> int:
    if len(facts.codecs) < 2:
        return 0
    allowed = wanted.max_bytes * 8 / max(facts.seconds or 0, 1)
    return min(_SOUND_BITS, max(48_000, int(allowed / 6)))


def _options(facts: Facts, wanted: Fit, bits: int, hdr: bool) -> list[str]:
    rate = min(facts.frame_rate or 30, wanted.max_frame_rate or 60)
    width, height = _size(facts, wanted, bits, rate)
    filters = [
        f"scale={width}:{height}:flags=lanczos",
        *([TO_STANDARD_RANGE] if hdr else []),
        "format=yuv420p",
    ]
    if facts.frame_rate is None or facts.frame_rate > rate:
        filters.insert(0, f"fps={rate:g}")
    return [
        *("-map", "0:v:0", "-map", "0:a:0?", "-map_metadata", "-1", "-map_chapters", "-1"),
        *(
            "-vf",
            ",".join(filters),
            "-c:v",
            "libx264",
            "-preset",
            "veryfast",
            "-profile:v",
            "high",
            "-crf",
            "21",
        ),
        *("-maxrate", str(bits), "-bufsize", str(2 * bits), "-threads", "2"),
        *("-c:a", "aac", "-b:a", str(_sound_bits(facts, wanted) or _SOUND_BITS), "-ac", "2", "-ar", "48000"),
        *("-fflags", "+bitexact", "-movflags", "+faststart"),
    ]


def _size(facts: Facts, wanted: Fit, bits: int, rate: float) -> tuple[int, int]:
    """Even sides, as H.264 with 4:2:0 chroma needs, and no more pixels than the bits can fill."""
    width, height = scaled_size(facts, wanted)
    ratio = min(1.0, (bits / (_BITS_PER_PIXEL * rate * width * height)) ** 0.5)
    ratio = min(1.0, max(ratio, _SMALLEST_SIDE / max(width, height)))
    return max(2, int(width * ratio) // 2 * 2), max(2, int(height * ratio) // 2 * 2)
