"""Small real files to send: a JPEG, a PNG and a second of MP4."""

from __future__ import annotations

import hashlib
from pathlib import Path

import av
from PIL import Image

from publishers.values import Media


def jpeg(
    folder: Path, name: str = "茶.jpg", alt: str = "一壺春茶", size: tuple[int, int] = (320, 200)
) -> Media:
    path = folder / name
    Image.effect_mandelbrot(size, (-2, -1.5, 1, 1.5), 60).convert("RGB").save(path, quality=80)
    return _media(path, "image", "image/jpeg", size, alt)


def png(folder: Path, name: str = "leaf.png", alt: str = "茶葉") -> Media:
    path = folder / name
    Image.new("RGB", (64, 48), "seagreen").save(path)
    return _media(path, "image", "image/png", (64, 48), alt)


def mp4(folder: Path, name: str = "steam.mp4", alt: str = "熱氣", seconds: float = 1.0) -> Media:
    path = folder / name
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for shade in range(round(10 * seconds)):
            picture = Image.new("RGB", (160, 120), (shade % 10 * 20, 90, 60))
            frame = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return _media(path, "video", "video/mp4", (160, 120), alt, seconds=seconds)


def _media(
    path: Path, kind: str, mime: str, size: tuple[int, int], alt: str, seconds: float | None = None
) -> Media:
    data = path.read_bytes()
    return Media(
        kind="video" if kind == "video" else "image",
        path=path,
        mime=mime,
        size=len(data),
        width=size[0],
        height=size[1],
        sha256=hashlib.sha256(data).hexdigest(),
        alt=alt,
        seconds=seconds,
    )
