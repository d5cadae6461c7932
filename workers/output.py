"""Where the supervisor writes: its children's lines under their names, and its own."""

import json
import sys
from datetime import UTC, datetime
from typing import TextIO

COLOURS = (36, 32, 33, 35, 34, 96, 92, 95)
NAME_WIDTH = 12
LONGEST_LINE = 64 * 1024


class Output:
    """Prefixes lines with a coloured name; in JSON mode children's lines pass untouched."""

    def __init__(self, stream: TextIO = sys.stdout, *, colours: bool = False, as_json: bool = False) -> None:
        self.stream = stream
        self.colours = colours
        self.as_json = as_json
        self._colour_of: dict[str, int] = {}

    def say(self, sentence: str) -> None:
        """A line of the supervisor's own."""
        if self.as_json:
            at = datetime.now(UTC).isoformat()
            sentence = json.dumps({"at": at, "process": "almanac", "level": "info", "event": sentence})
        self.line("almanac", sentence)

    def line(self, name: str, text: str) -> None:
        self._write(text if self.as_json else f"{self._prefix(name)} {text}")

    def _prefix(self, name: str) -> str:
        plain = f"{name:<{NAME_WIDTH}} |"
        if not self.colours:
            return plain
        colour = self._colour_of.setdefault(name, COLOURS[len(self._colour_of) % len(COLOURS)])
        return f"\x1b[{colour}m{plain}\x1b[0m"

    def _write(self, line: str) -> None:
        """A reader that went away (as with ``| head``) must not stop the house."""
        try:
            print(line, file=self.stream, flush=True)
        except (BrokenPipeError, ValueError, OSError):
            return


class Lines:
    """Cuts a stream of bytes into whole lines of text."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[str]:
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            whole, self._rest = [*whole, self._rest], b""
        return [line.decode(errors="replace").rstrip("\r") for line in whole]

    def end(self) -> list[str]:
        """What came last without a line end."""
        return self.feed(b"\n") if self._rest else []
