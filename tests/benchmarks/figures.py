"""Timing and telling: repeated measurements as one value, and the lines of the table that ``make bench`` prints."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """Milliseconds over ``count`` repetitions; ``low`` and ``high`` bound the middle nine tenths of them."""

    count: int
    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ms ({self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True)
class Line:
    """One row of the table; ``met`` is None where nothing was promised."""

    what: str
    figure: str
    target: str = ""
    met: bool | None = None


def at_most(what: str, value: float, limit: float, unit: str, spread: str = "") -> Line:
    """A figure that must not exceed ``limit``."""
    shown = f"{value:.2f} {unit}".rstrip() + (f" {spread}" if spread else "")
    return Line(what, shown, f"at most {limit:g} {unit}".rstrip(), value <= limit)


def spread(seconds: Sequence[float]) -> Spread:
    """The repetitions as one value."""
    ordered = sorted(1000 * second for second in seconds)
    cut = len(ordered) // 20
    return Spread(len(ordered), statistics.median(ordered), ordered[cut], ordered[-1 - cut])


def tail(late: Sequence[float]) -> tuple[int, float, float, float, float, float]:
    """How many are below zero; then the least, the median, p95, p99 and the most."""
    ordered = sorted(late)
    cuts = statistics.quantiles(ordered, n=100, method="inclusive")
    early = sum(value < 0 for value in ordered)
    return early, ordered[0], statistics.median(ordered), cuts[94], cuts[98], ordered[-1]


def timed(act: Callable[[], object]) -> float:
    """How many seconds ``act`` takes."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def table(lines: Sequence[Line]) -> str:
    """The lines in columns: what was measured, the figure, the target, and whether it is met."""
    words = {True: "met", False: "MISSED", None: ""}
    rows = [("measured", "figure", "target", "")]
    rows += [(line.what, line.figure, line.target, words[line.met]) for line in lines]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows
    )
