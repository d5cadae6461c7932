"""Where a simulated server keeps media and, when given a folder, its state between two runs."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Any

CHUNK = 256 * 1024


@dataclass(frozen=True)
class Received:
    """A file on its way in; sha256 in hex, size in bytes."""

    path: Path
    sha256: str
    size: int


class Storage:
    """A folder with ``state.json`` and ``media/<sha256>``; a temporary one that vanishes when none is given."""

    def __init__(self, folder: Path | None) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="simulator-") if folder is None else None
        self.lasting = folder is not None
        self._root = folder if folder is not None else Path(self._temporary.name)  # type: ignore[union-attr]
        self._media = self._root / "media"
        self._media.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def receiving(self, stream: IO[bytes]) -> Iterator[Received]:
        """All of ``stream`` in a file that vanishes at the end unless it was given to ``keep``."""
        digest, size = hashlib.sha256(), 0
        with tempfile.NamedTemporaryFile(dir=self._media, delete=False) as out:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
                out.write(chunk)
        try:
            yield Received(Path(out.name), digest.hexdigest(), size)
        finally:
            Path(out.name).unlink(missing_ok=True)

    def keep(self, received: Received) -> None:
        """Make a received file one of ours."""
        os.replace(received.path, self.path(received.sha256))

    def path(self, sha256: str) -> Path:
        """The file that holds these bytes."""
        return self._media / sha256

    def forget(self, sha256: str) -> None:
        """Delete these bytes."""
        self.path(sha256).unlink(missing_ok=True)

    def load(self) -> dict[str, Any] | None:
        """The state of the last run, or None."""
        file = self._root / "state.json"
        if not self.lasting or not file.exists():
            return None
        state: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return state

    def save(self, state: str) -> None:
        """Replace the saved state with this JSON text, all or nothing."""
        draft = self._root / "state.json.new"
        draft.write_text(state, encoding="utf-8")
        os.replace(draft, self._root / "state.json")

    def close(self) -> None:
        """Remove the folder if it was a temporary one."""
        if self._temporary is not None:
            self._temporary.cleanup()


def plain(row: Any) -> dict[str, Any]:
    """A table's row as a flat dictionary."""
    return {column.name: getattr(row, column.name) for column in fields(row)}
