"""Cutting a file into the pieces in which platforms take long videos."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from publishers.errors import Evidence, Temporary
from publishers.http import opened
from publishers.values import Media


@dataclass(frozen=True)
class Chunk:
    """A piece of a file: its ``number`` counted from 1, and its bytes from ``start`` up to ``stop`` (excluded)."""

    number: int
    start: int
    stop: int


def even(size: int, length: int) -> list[Chunk]:
    """Pieces of ``length`` bytes; the last one holds what is left."""
    starts = range(0, max(size, 1), length)
    return [Chunk(number, start, min(start + length, size)) for number, start in enumerate(starts, 1)]


def with_long_end(size: int, length: int) -> list[Chunk]:
    """As many whole pieces of ``length`` bytes as there are; the last one holds what is left besides."""
    pieces = even(size, length)
    if len(pieces) > 1 and pieces[-1].stop - pieces[-1].start < length:
        pieces[-2:] = [Chunk(pieces[-2].number, pieces[-2].start, size)]
    return pieces


def read(media: Media, pieces: list[Chunk]) -> Iterator[tuple[Chunk, bytes]]:
    """Each piece with its bytes; ``Temporary`` where the file is gone or no longer as long as it was."""
    with opened(media) as stream:
        for piece in pieces:
            stream.seek(piece.start)
            data = stream.read(piece.stop - piece.start)
            if len(data) != piece.stop - piece.start:
                raise Temporary("The media file is cut short.", Evidence(code="media_unreadable"))
            yield piece, data
