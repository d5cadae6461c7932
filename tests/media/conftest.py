"""Real files of every kind, made on the spot by the libraries that phones and cameras use too."""

from __future__ import annotations

import random
import struct
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import pillow_heif
import pytest
from PIL import Image, ImageDraw

Maker = Callable[..., Path]

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 160, 60), (30, 60, 200), (250, 250, 250)


def corners(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """A picture whose corners tell how it is turned: red, green, blue, white from top left, clockwise."""
    picture = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(picture)
    middle, half = width // 2, height // 2
    draw.rectangle((0, 0, middle - 1, half - 1), RED)
    draw.rectangle((middle, 0, width, half - 1), GREEN)
    draw.rectangle((middle, half, width, height), BLUE)
    draw.rectangle((0, half, middle - 1, height), WHITE)
    return picture.convert(mode)


def stored_for(picture: Image.Image, orientation: int) -> Image.Image:
    """How a camera held differently stores the picture: the reverse of what EXIF orientation asks."""
    turn = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
    return picture.transpose(turn[orientation]) if orientation in turn else picture


def camera_exif(orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F], exif[0x0110] = "SECRETCAM", "SECRETMODEL 9"
    exif.get_ifd(0x8825).update(
        {1: "N", 2: (25.0, 2.0, 1.0), 3: "E", 4: (121.0, 33.0, 54.0), 29: "2026:11:01"}
    )
    return exif


SECRETS = (b"SECRET", b"Exif", b"xmpmeta", b"2026:11:01", b"GPS")


@pytest.fixture
def secrets() -> tuple[bytes, ...]:
    return SECRETS


@pytest.fixture
def nearest() -> Callable[[Image.Image], list[str]]:
    """The colours of a picture's corners by name, from top left, clockwise."""
    names = {"red": RED, "green": GREEN, "blue": BLUE, "white": WHITE}

    def name(pixel: tuple[int, ...]) -> str:
        return min(names, key=lambda key: sum((a - b) ** 2 for a, b in zip(names[key], pixel, strict=False)))

    def read(picture: Image.Image) -> list[str]:
        plain, (w, h) = picture.convert("RGB"), picture.size
        return [name(plain.getpixel(at)) for at in ((4, 4), (w - 5, 4), (w - 5, h - 5), (4, h - 5))]

    return read


@pytest.fixture
def picture(tmp_path: Path) -> Maker:
    """`picture("a.jpg", "JPEG", 320, 200, orientation=6)` is seen as 320 by 200, however it is stored."""

    def make(
        name: str,
        format: str = "JPEG",
        width: int = 320,
        height: int = 200,
        orientation: int = 1,
        mode: str = "RGB",
        **options: Any,
    ) -> Path:
        pillow_heif.register_heif_opener()
        path = tmp_path / name
        stored = stored_for(corners(width, height, mode), orientation)
        stored.save(path, format, exif=camera_exif(orientation), **options)
        return path

    return make


@pytest.fixture
def animation(tmp_path: Path) -> Maker:
    def make(name: str, format: str, side: int = 120, frames: int = 4, **options: Any) -> Path:
        path = tmp_path / name
        pictures = [corners(side, side).rotate(90 * number) for number in range(frames)]
        pictures[0].save(
            path, format, save_all=True, append_images=pictures[1:], duration=100, loop=0, **options
        )
        return path

    return make


@pytest.fixture
def noise(tmp_path: Path) -> Maker:
    """A picture that packs badly, the same every time."""

    def make(name: str, format: str, width: int, height: int, **options: Any) -> Path:
        path = tmp_path / name
        content = random.Random(name).randbytes(width * height * 3)
        Image.frombytes("RGB", (width, height), content).save(path, format, **options)
        return path

    return make


@pytest.fixture
def ffmpeg() -> Callable[..., None]:
    def run(*arguments: str | Path) -> None:
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-y", *map(str, arguments)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)

    return run


@pytest.fixture
def video(tmp_path: Path, ffmpeg: Callable[..., None]) -> Maker:
    """A test pattern with a tone, and tags that tell where it was taken."""

    def make(
        name: str,
        size: str = "320x180",
        seconds: float = 2,
        rate: int = 25,
        codec: tuple[str, ...] = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"),
        sound: tuple[str, ...] = ("-c:a", "aac"),
        extra: tuple[str, ...] = (),
    ) -> Path:
        path = tmp_path / name
        ffmpeg(
            *("-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={seconds}"),
            *("-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}"),
            *codec,
            *sound,
            *("-metadata", "location=+25.0339+121.5645/", "-metadata", "title=SECRET title"),
            *("-metadata", "com.apple.quicktime.make=SECRETCAM", "-movflags", "use_metadata_tags"),
            *("-metadata:s:v", "handler_name=SECRETHANDLER", *extra),
            path,
        )
        return path

    return make


@pytest.fixture
def png_header(tmp_path: Path) -> Maker:
    """A PNG of a few bytes that claims to be as large as one likes."""

    def make(name: str, width: int, height: int) -> Path:
        def chunk(kind: bytes, body: bytes) -> bytes:
            return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

        header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
        path = tmp_path / name
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
        return path

    return make
