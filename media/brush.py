"""Soft shapes on paper: the few strokes that the sample pictures are drawn with. Lengths are in pixels."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

Colour = tuple[int, int, int]
Point = tuple[float, float]
Points = Sequence[Point]

_SCALE = 2  # drawn twice as large and shrunk at the end, which smooths every edge
_FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/System/Library/Fonts", "/Library/Fonts")
_FONT_NAMES = ("NotoSerifCJK-{}.ttc", "SourceHanSerif-{}.ttc", "Songti.ttc", "NotoSansCJK-{}.ttc")


class Canvas:
    def __init__(self, width: int, height: int, *colours: Colour) -> None:
        self.width, self.height = width, height
        self.image = gradient((width * _SCALE, height * _SCALE), *colours)

    def polygon(self, points: Points, *colours: Colour, blur: float = 0, opacity: float = 1) -> None:
        """Fill a shape with colours from its top to its bottom."""
        self._paint(
            lambda draw, k: draw.polygon([(x * k, y * k) for x, y in points], 255), colours, blur, opacity
        )

    def ellipse(self, centre: Point, rx: float, ry: float, *colours: Colour,
                blur: float = 0, opacity: float = 1) -> None:  # fmt: skip
        x, y = centre
        box = (x - rx, y - ry, x + rx, y + ry)
        self._paint(lambda draw, k: draw.ellipse([value * k for value in box], 255), colours, blur, opacity)

    def ring(self, centre: Point, rx: float, ry: float, width: float, *colours: Colour,
             opacity: float = 1) -> None:  # fmt: skip
        x, y = centre
        box = (x - rx, y - ry, x + rx, y + ry)
        self._paint(
            lambda draw, k: draw.ellipse([value * k for value in box], outline=255, width=round(width * k)),
            colours,
            0,
            opacity,
        )

    def line(
        self, points: Points, width: float, *colours: Colour, blur: float = 0, opacity: float = 1
    ) -> None:
        """A stroke with round ends and joints."""

        def draw_it(draw: ImageDraw.ImageDraw, k: float) -> None:
            scaled = [(x * k, y * k) for x, y in points]
            radius = max(0.5, width * k / 2)
            draw.line(scaled, 255, max(1, round(width * k)), joint="curve")
            for x, y in (scaled[0], scaled[-1]):
                draw.ellipse((x - radius, y - radius, x + radius, y + radius), 255)

        self._paint(draw_it, colours, blur, opacity)

    def glow(self, centre: Point, radius: float, colour: Colour, opacity: float = 1) -> None:
        """Light that fades away from its centre."""
        side = round(2 * radius * _SCALE)
        # Nothing at the middle of the square's edge, and squared: so no rim shows.
        distance = Image.radial_gradient("L")
        rim = distance.tobytes()[128]
        light = distance.point(lambda value: 255 * opacity * max(0.0, 1 - value / rim) ** 2)
        light = light.resize((side, side), Image.Resampling.BICUBIC)
        x, y = round((centre[0] - radius) * _SCALE), round((centre[1] - radius) * _SCALE)
        self.image.paste(colour, (x, y, x + side, y + side), light)

    def text(self, words: str, at: Point, size: float, colour: Colour, *, bold: bool = False,
             spacing: float = 0, upright: bool = False, anchor: str = "middle") -> None:  # fmt: skip
        """Letter-spaced text around `at` or from it on; `upright` runs it downwards. Mute without a font."""
        font = _font(round(size * _SCALE), bold)
        if font is None:
            return
        draw, (x, y), gap = ImageDraw.Draw(self.image), at, spacing * _SCALE
        lengths = [size * _SCALE if upright else font.getlength(letter) for letter in words]
        offset = -(sum(lengths) + gap * (len(words) - 1)) / 2 if anchor == "middle" else 0.0
        for letter, length in zip(words, lengths, strict=True):
            along = offset + (length / 2 if upright else 0)
            place = (x * _SCALE, y * _SCALE + along) if upright else (x * _SCALE + along, y * _SCALE)
            draw.text(place, letter, colour, font, anchor="mm" if upright else "lm")
            offset += length + gap

    @property
    def can_write(self) -> bool:
        return _font(16, True) is not None

    def finished(self, grain: random.Random | None = None) -> Image.Image:
        """The picture in its final size, with a little paper grain."""
        picture = self.image.resize((self.width, self.height), Image.Resampling.LANCZOS)
        return picture if grain is None else _grained(picture, grain)

    def _paint(self, draw_it: Callable[[ImageDraw.ImageDraw, float], None], colours: Sequence[Colour],
               blur: float, opacity: float) -> None:  # fmt: skip
        # What is blurred anyway is drawn small: the same look for a sixteenth of the work.
        k = _SCALE / 4 if blur >= 8 else _SCALE
        mask = Image.new("L", (round(self.width * k), round(self.height * k)))
        draw_it(ImageDraw.Draw(mask), k)
        if blur:
            mask = mask.filter(ImageFilter.GaussianBlur(blur * k)).resize(
                self.image.size, Image.Resampling.BILINEAR
            )
        box = mask.getbbox()
        if box is None:
            return
        mask = mask.crop(box).point(lambda value: value * opacity)
        self.image.paste(gradient(mask.size, *colours), box, mask)


def gradient(size: tuple[int, int], *colours: Colour) -> Image.Image:
    """Colours one below the other, melting into each other."""
    column = Image.new("RGB", (1, 256))
    for y in range(256):
        column.putpixel((0, y), _between(colours, y / 255))
    return column.resize(size, Image.Resampling.BILINEAR)


def _between(colours: Sequence[Colour], at: float) -> Colour:
    index = min(int(at * (len(colours) - 1)), len(colours) - 2) if len(colours) > 1 else 0
    first, second = colours[index], colours[min(index + 1, len(colours) - 1)]
    return mixed(first, second, at * (len(colours) - 1) - index)


def mixed(first: Colour, second: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def _grained(picture: Image.Image, rng: random.Random) -> Image.Image:
    size = (picture.width // 2, picture.height // 2)
    grain = Image.frombytes("L", size, rng.randbytes(size[0] * size[1])).resize(picture.size)
    grained = ImageChops.soft_light(picture, Image.merge("RGB", [grain] * 3))
    return Image.blend(picture, grained, 0.07)


def smooth(points: Points, steps: int = 14) -> list[Point]:
    """A curve through all points (Catmull-Rom)."""
    padded = [points[0], *points, points[-1]]
    curve: list[Point] = []
    for p0, p1, p2, p3 in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        curve += [_on_curve(p0, p1, p2, p3, step / steps) for step in range(steps)]
    return [*curve, points[-1]]


def _on_curve(p0: Point, p1: Point, p2: Point, p3: Point, t: float) -> Point:
    def one(a: float, b: float, c: float, d: float) -> float:
        return 0.5 * (
            2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
        )

    return one(p0[0], p1[0], p2[0], p3[0]), one(p0[1], p1[1], p2[1], p3[1])


def ridge(rng: random.Random, width: float, base: float, height: float, rough: float = 0.52) -> list[Point]:
    """The line of a mountain range, from left to right, by halving and shifting."""
    heights = [rng.uniform(0.2, 0.8) for _ in range(5)]
    shift = 0.36
    while len(heights) < 200:
        between = [(a + b) / 2 + rng.uniform(-shift, shift) for a, b in pairwise(heights)]
        heights = [value for pair in zip(heights, between, strict=False) for value in pair] + [heights[-1]]
        shift *= rough
    step = width / (len(heights) - 1)
    return [(number * step, base - value * height) for number, value in enumerate(heights)]


def leaf(root: Point, length: float, angle: float, fat: float = 0.2) -> tuple[list[Point], list[Point]]:
    """A leaf's outline and its vein, from the root on; `angle` in degrees, 0 to the right, 90 upwards."""
    turn = math.radians(-angle)

    def place(along: float, aside: float) -> Point:
        x, y = along * length, aside * length
        return root[0] + x * math.cos(turn) - y * math.sin(turn), root[1] + x * math.sin(turn) + y * math.cos(
            turn
        )

    shares = [number / 24 for number in range(25)]
    bend = [0.09 * math.sin(share * math.pi) for share in shares]
    side = [fat * math.sin(share**0.82 * math.pi) ** 1.15 for share in shares]
    upper = [
        place(*point) for point in zip(shares, [b - s for b, s in zip(bend, side, strict=True)], strict=True)
    ]
    lower = [
        place(*point) for point in zip(shares, [b + s for b, s in zip(bend, side, strict=True)], strict=True)
    ]
    return [*upper, *reversed(lower)], [place(share, b) for share, b in zip(shares, bend, strict=True)]


@cache
def _font(size: int, bold: bool) -> ImageFont.FreeTypeFont | None:
    """A serif with Chinese characters in their traditional shapes, where the system has one."""
    for path in _font_files("Bold" if bold else "Regular"):
        faces: Iterable[int] = range(8)
        found = None
        for face in faces:
            try:
                font = ImageFont.truetype(str(path), size, index=face)
            except OSError:
                break
            found = font if found is None or (font.getname()[0] or "").endswith("TC") else found
        if found is not None:
            return found
    return None


@cache
def _font_files(weight: str) -> list[Path]:
    folders = [Path(folder) for folder in _FONT_FOLDERS]
    names = [name.format(weight) for name in _FONT_NAMES]
    return [path for name in names for folder in folders for path in sorted(folder.rglob(name))]
