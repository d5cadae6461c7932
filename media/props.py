"""What the sample pictures are put together from: mountains, cups, leaves, captions."""

from __future__ import annotations

import math
import random

from .brush import Canvas, Colour, Point, leaf, mixed, ridge, smooth

CREAM: Colour = (245, 239, 226)
PAPER: Colour = (236, 227, 209)
INK: Colour = (44, 50, 45)
SAGE: Colour = (122, 152, 122)
FOREST: Colour = (40, 70, 56)
AMBER: Colour = (196, 124, 48)
CLAY: Colour = (176, 84, 56)
NIGHT: Colour = (24, 36, 54)
MOON: Colour = (250, 236, 200)
WHITE: Colour = (255, 253, 248)


def mountains(
    canvas: Canvas, rng: random.Random, far: Colour, near: Colour, top: float, layers: int = 5
) -> None:
    """Ranges behind ranges, each with mist at its foot."""
    for layer in range(layers):
        share = layer / (layers - 1)
        base = canvas.height * (top + (1.02 - top) * (0.3 + 0.7 * share))
        line = ridge(rng, canvas.width, base, canvas.height * (0.34 - 0.1 * share), 0.5)
        body = mixed(far, near, share)
        foot = canvas.height * 1.01
        mist = far if layer < layers - 1 else mixed(body, far, 0.3)
        canvas.polygon([*line, (canvas.width, foot), (0, foot)], body, mixed(body, mist, 0.55), mist)


def cup(canvas: Canvas, centre: Point, width: float, glaze: Colour, tea: Colour) -> None:
    """A bowl from the side, a little from above; `centre` is the middle of its rim."""
    x, y = centre
    half, deep, tilt = width / 2, width * 0.56, width * 0.13
    canvas.ellipse((x, y + deep + tilt * 0.55), half * 0.95, tilt * 0.7, INK, blur=26, opacity=0.34)
    canvas.ellipse((x, y + deep), half * 0.42, tilt * 0.5, mixed(glaze, INK, 0.35))
    profile = [(math.cos(t / 30 * math.pi / 2) ** 0.62, t / 30) for t in range(31)]
    sides = [(x + half * max(w, 0.4), y + deep * d) for w, d in profile]
    body = [*sides, *[(2 * x - px, py) for px, py in reversed(sides)]]
    canvas.polygon(body, mixed(glaze, WHITE, 0.35), glaze, mixed(glaze, INK, 0.28))
    canvas.polygon(
        smooth(
            [
                (x - half * 0.78, y + deep * 0.22),
                (x - half * 0.7, y + deep * 0.55),
                (x - half * 0.5, y + deep * 0.82),
                (x - half * 0.62, y + deep * 0.55),
                (x - half * 0.7, y + deep * 0.24),
            ]
        ),
        WHITE,
        blur=9,
        opacity=0.6,
    )
    canvas.ellipse(centre, half, tilt, mixed(glaze, WHITE, 0.55))
    canvas.ellipse(
        (x, y + tilt * 0.1), half * 0.95, tilt * 0.86, mixed(glaze, INK, 0.22), mixed(glaze, WHITE, 0.2)
    )
    canvas.ellipse(
        (x, y + tilt * 0.24), half * 0.87, tilt * 0.68, mixed(tea, INK, 0.18), tea, mixed(tea, MOON, 0.45)
    )


def steam(canvas: Canvas, root: Point, height: float, rng: random.Random, phase: float = 0.0) -> None:
    """Three wisps, wider and fainter as they rise."""
    for number in range(3):
        sway, lean = rng.uniform(0.05, 0.09) * height, rng.uniform(-0.06, 0.06) * height
        start = root[0] + (number - 1) * height * 0.11
        points = [
            (
                start + sway * math.sin(step / 5 + number * 2 + phase) * step / 24 + lean * step / 24,
                root[1] - height * step / 24,
            )
            for step in range(25)
        ]
        for low, width, strength in ((0, 0.026, 0.75), (8, 0.044, 0.55), (14, 0.06, 0.4)):
            canvas.line(points[low : low + 11], height * width, WHITE, blur=height * 0.028, opacity=strength)


def cup_from_above(canvas: Canvas, centre: Point, radius: float, glaze: Colour, tea: Colour) -> None:
    x, y = centre
    canvas.ellipse(
        (x + radius * 0.14, y + radius * 0.2), radius, radius, INK, blur=radius * 0.13, opacity=0.36
    )
    canvas.ellipse(centre, radius, radius, mixed(glaze, WHITE, 0.5), mixed(glaze, INK, 0.08))
    canvas.ellipse(centre, radius * 0.93, radius * 0.93, mixed(glaze, INK, 0.2), mixed(glaze, WHITE, 0.5))
    canvas.ellipse((x, y + radius * 0.02), radius * 0.83, radius * 0.83, mixed(tea, INK, 0.28), tea)
    canvas.ellipse(
        (x, y + radius * 0.05),
        radius * 0.7,
        radius * 0.7,
        tea,
        mixed(tea, MOON, 0.35),
        blur=radius * 0.1,
        opacity=0.8,
    )
    shine = [
        (x + radius * 0.68 * math.cos(a / 20), y + radius * 0.68 * math.sin(a / 20)) for a in range(68, 88)
    ]
    canvas.line(shine, radius * 0.035, WHITE, blur=radius * 0.02, opacity=0.6)


def draw_leaf(
    canvas: Canvas, root: Point, length: float, angle: float, colour: Colour, fat: float = 0.2
) -> None:
    outline, vein = leaf(root, length, angle, fat)
    canvas.polygon(
        [(x + length * 0.02, y + length * 0.035) for x, y in outline], INK, blur=length * 0.03, opacity=0.2
    )
    canvas.polygon(outline, mixed(colour, MOON, 0.28), colour, mixed(colour, INK, 0.22))
    canvas.polygon([*outline[: len(vein)], *reversed(vein)], WHITE, opacity=0.1)
    canvas.line(vein[:-2], length * 0.012, mixed(colour, MOON, 0.55), opacity=0.75)
    for at in range(4, 20, 3):
        for rim in (outline[at + 3], outline[-1 - at - 3]):
            canvas.line([vein[at], rim], length * 0.005, mixed(colour, MOON, 0.5), opacity=0.35)


def sprig(canvas: Canvas, root: Point, length: float, rng: random.Random) -> None:
    """One bud and two leaves, as good tea is picked."""
    x, y = root
    stem = smooth([(x, y), (x + length * 0.03, y - length * 0.3), (x - length * 0.01, y - length * 0.62)])
    canvas.line(stem, length * 0.026, SAGE, FOREST)
    middle = stem[len(stem) // 2]
    draw_leaf(canvas, middle, length * 0.78, 148 + rng.uniform(-4, 4), (84, 128, 80))
    draw_leaf(canvas, stem[-8], length * 0.66, 34 + rng.uniform(-4, 4), (108, 152, 88))
    draw_leaf(canvas, stem[-1], length * 0.46, 88, (164, 190, 112), fat=0.12)


def caption(canvas: Canvas, at: Point, chinese: str, english: str, colour: Colour, size: float = 64) -> None:
    """Chinese above a hairline above English, all centred on `at`."""
    x, y = at
    canvas.text(chinese, (x, y), size, colour, bold=True, spacing=size * 0.22)
    canvas.text(english.upper(), (x, y + size * 1.2), max(size * 0.3, 17), colour, spacing=size * 0.08)


def column(canvas: Canvas, at: Point, chinese: str, english: str, colour: Colour, size: float = 64) -> None:
    """Chinese running down from `at`, a small red seal below it, English beneath."""
    x, y = at
    canvas.text(chinese, (x, y), size, colour, bold=True, spacing=size * 0.2, upright=True, anchor="start")
    end = y + len(chinese) * size * 1.2 + size * 0.28
    half = size * 0.3 if canvas.can_write else 0
    canvas.polygon(
        [(x - half, end - half), (x + half, end - half), (x + half, end + half), (x - half, end + half)], CLAY
    )
    canvas.text("茶", (x, end), size * 0.38, CREAM, bold=True)
    canvas.text(
        english.upper(),
        (canvas.width / 2, canvas.height - size * 1.1),
        size * 0.3,
        colour,
        spacing=size * 0.08,
    )
