"""Faces for accounts that have no picture: geometric, drawn from a seed."""

from __future__ import annotations

import colorsys
import io
from functools import lru_cache

from markupsafe import escape
from PIL import Image, ImageDraw

from publishers.simulators.engagement import between

SIZE = 200


def _colour(seed: str, what: str, lightness: float) -> str:
    red, green, blue = colorsys.hls_to_rgb(between(seed, what, 0, 1), lightness, 0.5)
    return f"#{int(red * 255):02x}{int(green * 255):02x}{int(blue * 255):02x}"


def _circles(seed: str) -> list[tuple[float, float, float, str]]:
    return [
        (
            between(seed, f"x{n}", 0, SIZE),
            between(seed, f"y{n}", 0, SIZE),
            between(seed, f"r{n}", SIZE * 0.25, SIZE * 0.6),
            _colour(seed, f"c{n}", 0.62 - 0.1 * n),
        )
        for n in range(3)
    ]


@lru_cache(maxsize=256)
def svg(seed: str, letter: str) -> str:
    """The face as SVG, with the first letter of a name on it."""
    shapes = "".join(
        f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{r:.0f}" fill="{fill}" opacity=".75"/>'
        for x, y, r, fill in _circles(seed)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}">'
        f'<rect width="{SIZE}" height="{SIZE}" fill="{_colour(seed, "ground", 0.42)}"/>{shapes}'
        f'<text x="50%" y="52%" fill="#fff" font-size="92" font-weight="600" text-anchor="middle" '
        f'dominant-baseline="central" font-family="system-ui,sans-serif">{escape(letter[:1].upper())}</text></svg>'
    )


@lru_cache(maxsize=64)
def png(seed: str) -> bytes:
    """The face as PNG, for clients that take no SVG."""
    image = Image.new("RGB", (SIZE, SIZE), _colour(seed, "ground", 0.42))
    for x, y, r, fill in _circles(seed):
        layer = Image.new("L", image.size, 0)
        ImageDraw.Draw(layer).ellipse((x - r, y - r, x + r, y + r), fill=190)
        image.paste(fill, mask=layer)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()
