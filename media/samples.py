"""Pictures and a film for a demo workspace: the posts of a tea house that does not exist.

Drawn, not photographed, so that nothing is anyone's but ours. The same seed gives the same files on one
machine; captions appear where a font with Chinese characters is installed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from . import ffmpeg, motifs
from .brush import Canvas, gradient, mixed, ridge
from .files import written
from .props import WHITE


@dataclass(frozen=True)
class Sample:
    """A picture to draw: its file name, and what it shows, in English and in Chinese (traditional)."""

    name: str
    alt: str
    alt_zh: str
    draw: Callable[[random.Random], Image.Image]


PICTURES = (
    Sample(
        "first-harvest.jpg", "A low sun over misty tea mountains", "晨霧中的茶山與朝陽", motifs.first_harvest
    ),
    Sample("afternoon-cup.jpg", "Steam rising from a celadon cup", "青瓷茶碗冒著熱氣", motifs.afternoon_cup),
    Sample(
        "bud-and-leaves.jpg", "A tea shoot: one bud and two leaves", "一芽二葉的茶芽", motifs.bud_and_leaves
    ),
    Sample("from-above.jpg", "A cup of golden tea seen from above", "俯視一碗金黃茶湯", motifs.from_above),
    Sample("terraces.jpg", "Green tea terraces above the clouds", "雲海上的茶園梯田", motifs.terraces),
    Sample("autumn-moon.jpg", "A full moon over dark mountains", "夜山上的一輪滿月", motifs.autumn_moon),
    Sample("grain-rain.jpg", "Spring rain on long green leaves", "春雨落在細長綠葉上", motifs.grain_rain),
    Sample(
        "six-teas.jpg", "Six cups of tea from pale green to dark red", "六碗茶湯由淺綠到深紅", motifs.six_teas
    ),
    Sample(
        "cold-brew.jpg",
        "A tall glass of cold tea with ice and leaves",
        "加冰與茶葉的冷泡茶",
        motifs.cold_brew,
    ),
)
FILM = Sample(
    "morning-mist.mp4",
    "Mist drifting between tea mountains at dawn",
    "清晨薄霧流過茶山",
    motifs.first_harvest,
)

_WIDTH, _HEIGHT, _RATE, _SECONDS = 1280, 720, 24, 6


def picture(sample: Sample, target: Path, seed: int = 1) -> None:
    """Draw one picture as a JPEG of 0.1 to 0.5 MB, in about half a second."""
    drawn = sample.draw(random.Random(f"{seed} {sample.name}"))
    with written(target) as partial:
        drawn.save(partial, "JPEG", quality=90, optimize=True)


def film(target: Path, seed: int = 1) -> None:
    """Six seconds of 1280 by 720 H.264 at 24 frames a second, in a few seconds. Raises ffmpeg.Failed."""
    with written(target) as partial:
        ffmpeg.encode(_frames(random.Random(f"{seed} film")), (_WIDTH, _HEIGHT), _RATE, partial)


def everything(folder: Path, seed: int = 1) -> dict[str, Path]:
    """Draw all pictures and the film into `folder`; what is there already stays. File names to paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {sample.name: folder / sample.name for sample in (*PICTURES, FILM)}
    for sample in PICTURES:
        if not paths[sample.name].exists():
            picture(sample, paths[sample.name], seed)
    if not paths[FILM.name].exists():
        film(paths[FILM.name], seed)
    return paths


def _frames(rng: random.Random) -> Iterator[bytes]:
    """Near mountains pass faster than far ones, mist drifts the other way, and the sun comes up."""
    sky = Canvas(_WIDTH, _HEIGHT, (240, 204, 168), (248, 228, 204), (232, 234, 222)).finished()
    sun, ranges = _sun(), [_range(rng, layer) for layer in range(4)]
    mist = [_mist(rng) for _ in ranges]
    for number in range(_RATE * _SECONDS):
        frame = sky.copy()
        frame.paste(sun, (760, 60 - number // 3), sun)
        for layer, (mountain, veil) in enumerate(zip(ranges, mist, strict=True)):
            moved = number * (layer + 1) // 4
            frame.paste(mountain, (-moved, 0), mountain)
            frame.paste(veil, (moved * 2 - 400, 220 + 110 * layer), veil)
        yield frame.tobytes()


def _sun() -> Image.Image:
    disc = Canvas(320, 320, (255, 244, 222))
    disc.ellipse((160, 160), 62, 62, (248, 176, 120), (238, 140, 98))
    halo = Canvas(320, 320, (0, 0, 0))
    halo.glow((160, 160), 160, (255, 255, 255), 0.8)
    halo.ellipse((160, 160), 62, 62, (255, 255, 255))
    light = disc.finished()
    light.putalpha(halo.finished().convert("L"))
    return light


def _range(rng: random.Random, layer: int) -> Image.Image:
    width, share = _WIDTH + _RATE * _SECONDS, layer / 3
    line = ridge(rng, width, _HEIGHT * (0.55 + 0.38 * share), _HEIGHT * (0.34 - 0.08 * share), 0.5)
    shape = Canvas(width, _HEIGHT, (0, 0, 0))
    shape.polygon([*line, (width, _HEIGHT), (0, _HEIGHT)], WHITE)
    body = mixed((214, 218, 204), (46, 84, 70), share)
    mountain = gradient((width, _HEIGHT), body, body, mixed(body, (226, 228, 216), 0.6))
    mountain.putalpha(shape.finished().convert("L"))
    return mountain


def _mist(rng: random.Random) -> Image.Image:
    width, height = _WIDTH + 800, 260
    cloud = Canvas(width, height, (0, 0, 0))
    for _ in range(7):
        centre = (rng.uniform(150, width - 150), height / 2 + rng.uniform(-20, 20))
        cloud.ellipse(centre, rng.uniform(140, 320), rng.uniform(14, 26), WHITE, blur=26, opacity=0.5)
    veil = Image.new("RGB", (width, height), (248, 246, 238))
    veil.putalpha(cloud.finished().convert("L"))
    return veil
