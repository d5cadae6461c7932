"""Run an ``almanac`` command and note every SQL statement: ``python -m tests.benchmarks.counting FILE COMMAND ...``.

One line for each statement as it is said, cut and without line breaks; all threads and forked children write to FILE.
"""

from __future__ import annotations

import sys

from sqlalchemy import Engine, event

from workers.__main__ import cli

LENGTH = 160


def count_into(path: str) -> None:
    """Write a line to ``path`` for each statement that this process sends from now on."""
    notes = open(path, "a", buffering=1)  # noqa: SIM115

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        notes.write(" ".join(statement.split())[:LENGTH] + "\n")

    event.listen(Engine, "before_cursor_execute", note)


if __name__ == "__main__":
    count_into(sys.argv[1])
    cli(sys.argv[2:], prog_name="almanac")
