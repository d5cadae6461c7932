"""Plain values: what a file is, what we take, and what a platform takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["image", "video"]

# Part of every rendition's name: raise it when `fit` starts to make better files from the same source.
RECIPE = 1


@dataclass(frozen=True)
class Facts:
    """What a file really is, read from its content.

    `size` is in bytes. `width` and `height` are pixels as a viewer sees them, after orientation is applied.
    `seconds` is the length of a video or of an animation, None for a still. `frame_rate` is frames per
    second, of videos only. `codecs` are FFmpeg's names, picture first. `sha256` is hexadecimal.
    """

    kind: Kind
    mime: str
    size: int
    width: int
    height: int
    seconds: float | None
    frame_rate: float | None
    codecs: tuple[str, ...]
    sha256: str
    animated: bool = False

    @property
    def pixels(self) -> int:
        return self.width * self.height


@dataclass(frozen=True)
class Limits:
    """What we take from a person: bytes, pixels of one picture and of all frames of an animation, seconds."""

    image_bytes: int = 64 * 1024**2
    video_bytes: int = 1024**3
    pixels: int = 100_000_000
    animation_pixels: int = 400_000_000
    seconds: float = 3600


@dataclass(frozen=True)
class Fit:
    """What a platform accepts for one kind of media. None means that the platform states no such limit.

    `mimes` are in order of preference. `codecs`, where given, are the only ones accepted. With `animation`
    False an animated picture does not fit and is rendered as its first frame.
    """

    kind: Kind
    mimes: tuple[str, ...]
    max_bytes: int
    max_pixels: int | None = None
    max_side: int | None = None
    max_seconds: float | None = None
    max_frame_rate: float | None = None
    codecs: tuple[str, ...] | None = None
    animation: bool = True

    @property
    def key(self) -> str:
        """A stable name for renditions made to this fit, safe in file names and URLs."""
        bounds = {
            "b": self.max_bytes,
            "p": self.max_pixels,
            "s": self.max_side,
            "t": self.max_seconds,
            "f": self.max_frame_rate,
        }
        parts = [self.kind, "+".join(mime.partition("/")[2] for mime in self.mimes)]
        parts += [f"{letter}{value:g}" if isinstance(value, float) else f"{letter}{value}"
                  for letter, value in bounds.items() if value is not None]  # fmt: skip
        parts += ["+".join(self.codecs)] if self.codecs is not None else []
        parts += [] if self.animation else ["still"]
        return "-".join([*parts, f"r{RECIPE}"])


def fits(facts: Facts, fit: Fit) -> bool:
    """True when the file may be sent as it is."""
    return (
        facts.kind == fit.kind
        and facts.mime in fit.mimes
        and (fit.animation or not facts.animated)
        and (fit.codecs is None or set(facts.codecs) <= set(fit.codecs))
        and _within(facts.size, fit.max_bytes)
        and _within(facts.pixels, fit.max_pixels)
        and _within(max(facts.width, facts.height), fit.max_side)
        and _within(facts.seconds, fit.max_seconds)
        and _within(facts.frame_rate, fit.max_frame_rate)
    )


def _within(value: float | None, limit: float | None) -> bool:
    return value is None or limit is None or value <= limit


def scaled_size(facts: Facts, fit: Fit) -> tuple[int, int]:
    """The largest width and height of the same shape within the fit; never larger than now."""
    ratio = 1.0
    if fit.max_side is not None:
        ratio = min(ratio, fit.max_side / max(facts.width, facts.height))
    if fit.max_pixels is not None:
        ratio = min(ratio, (fit.max_pixels / facts.pixels) ** 0.5)
    return max(1, int(facts.width * ratio)), max(1, int(facts.height * ratio))
