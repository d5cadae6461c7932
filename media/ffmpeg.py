"""Running FFmpeg on files that strangers made: no shell, no network, no other file, no run without end."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
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


def encode(frames: Iterable[bytes], size: tuple[int, int], rate: int, target: Path) -> None:
    """Make an H.264 MP4 of raw RGB frames. Raises Failed."""
    command = [
        *(_executable(), "-hide_banner", "-loglevel", "error", "-y"),
        *(
            "-f",
            "rawvideo",
            "-pix_fmt",
            "rgb24",
            "-s",
            f"{size[0]}x{size[1]}",
            "-r",
            str(rate),
            "-i",
            "pipe:0",
        ),
        # One thread: x264 gives the same bytes again only for the same number of threads.
        *("-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p", "-threads", "1"),
        *("-fflags", "+bitexact", "-movflags", "+faststart", "-f", "mp4", f"file:{target.resolve()}"),
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdin and running.stderr  # both are pipes
        try:
            for frame in frames:
                running.stdin.write(frame)
            running.stdin.close()
        except BrokenPipeError:
            pass  # It has ended already, and says why below.
        said = running.stderr.read()
    if running.returncode:
        raise Failed(said.decode("utf-8", "replace")[-2000:])
