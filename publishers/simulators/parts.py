"""Uploads that arrive in pieces, as several platforms take long videos."""

from __future__ import annotations

import tempfile
from typing import IO, Any

from publishers.simulators.social import Social
from publishers.simulators.social_state import Account, File

SPOOL = 1024 * 1024


class Parts:
    """The open uploads of one simulated platform; each row is kept in its state, so that it outlives a restart."""

    def __init__(self, social: Social) -> None:
        self._social = social

    def open(self, id: str, account: Account, **row: Any) -> None:
        """Begin an upload under ``id``."""
        social = self._social
        with social.lock:
            begun = {"account": account.id, "at": social.clock.now(), "pieces": {}, **row}
            social.state.extra.setdefault("uploads", {})[id] = begun
            social.changed.set()

    def row(self, id: str) -> dict[str, Any] | None:
        """What is known of an upload: ``account`` (its id), ``at`` (when it began), ``pieces`` and the rest."""
        found: dict[str, Any] | None = self._social.state.extra.get("uploads", {}).get(id)
        return found

    def add(self, id: str, number: int, stream: IO[bytes]) -> int:
        """Keep a piece, in place of an earlier one of its number; answers its size in bytes."""
        social, row = self._social, self._social.state.extra["uploads"][id]
        file = social.take_file(stream, social.state.accounts[row["account"]])
        with social.lock:
            social.state.files.pop(file.id)
            row["pieces"][str(number)] = [file.sha256, file.size]
            social.changed.set()
        return file.size

    def sizes(self, id: str) -> list[int]:
        """The sizes of the pieces in their order; empty where one is missing between them."""
        pieces: dict[str, list[Any]] = self._social.state.extra["uploads"][id]["pieces"]
        if sorted(map(int, pieces)) != list(range(1, len(pieces) + 1)):
            return []
        return [pieces[str(number)][1] for number in range(1, len(pieces) + 1)]

    def whole(self, id: str, **extra: Any) -> File:
        """The file that the pieces make."""
        social, row = self._social, self._social.state.extra["uploads"][id]
        with tempfile.SpooledTemporaryFile(max_size=SPOOL) as joined:
            for number in sorted(map(int, row["pieces"])):
                joined.write(social.storage.path(row["pieces"][str(number)][0]).read_bytes())
            joined.seek(0)
            return social.take_file(joined, social.state.accounts[row["account"]], **extra)
