"""Running FFmpeg on files that strangers made: no shell, no network, no other file, no run without end."""

from __future__ import annotations

import subprocess
from pathlib import Path

_QUIET = ("-hide_banner", "-nostdin", "-loglevel", "error", "-y")


class Failed(Exception):
    """FFmpeg said no. The text is the end of what it wrote."""


class TooSlow(Exception):
    """FFmpeg was ended because it did not finish in time."""


def run(source: Path, demuxer: str, options: list[str], target: Path, muxer: str, seconds: float,
        seek: float | None = None) -> None:  # fmt: skip
    """Convert `source`, read by `demuxer`, to `target`, written by `muxer`, within `seconds` of wall time.

    Naming the demuxer keeps playlists out, which could name other files; the protocol list keeps out the
    network. `seek` is where in the source to begin, in seconds.
    """
    start = ["-ss", f"{seek:.3f}"] if seek else []
    reading = ["-protocol_whitelist", "file", "-f", demuxer, *start, "-i", f"file:{source.resolve()}"]
    writing = [*options, "-f", muxer, f"file:{target.resolve()}"]
    try:
        done = subprocess.run(
            [_executable(), *_QUIET, *reading, *writing],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as trouble:
        raise TooSlow(f"not done within {seconds:.0f} s") from trouble
    if done.returncode:
        raise Failed(done.stderr.decode("utf-8", "replace")[-2000:])


def _executable() -> str:
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())
