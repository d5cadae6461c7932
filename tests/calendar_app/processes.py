"""Real processes that do the same thing at the same moment."""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from types import TracebackType
from typing import Any, Self

PATIENCE = 60.0
Meet = Callable[[], object]


class Processes:
    """``count`` processes of this program, started once for many tasks.

    A task is a function of a module with ``meet`` as its first argument: calling it waits until every process has, and
    until this one has called ``meet`` too.
    """

    def __init__(self, count: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._meeting = context.Barrier(count + 1)
        self._lines, theirs = zip(*(context.Pipe() for _ in range(count)), strict=True)
        self._started = [
            context.Process(target=_work, args=(line, self._meeting), daemon=True) for line in theirs
        ]
        for process in self._started:
            process.start()

    def begin(self, task: Callable[..., Any], *given: Any) -> None:
        """Let all of them run ``task(meet, *given)``."""
        self._meeting.reset()
        for line in self._lines:
            line.send((task, given))

    def meet(self) -> None:
        """Wait until all have come as far, then let them go on."""
        self._meeting.wait(PATIENCE)

    def ended(self) -> list[Any]:
        """What each task answered; raises AssertionError where one failed."""
        answers = [line.recv() for line in self._lines]
        failures = [told for is_good, told in answers if not is_good]
        assert not failures, "\n".join(failures)
        return [told for _, told in answers]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        for line in self._lines:
            line.close()
        for process in self._started:
            process.join(PATIENCE)


def _work(line: Connection, meeting: Barrier) -> None:
    while True:
        try:
            task, given = line.recv()
        except EOFError:
            return
        try:
            line.send((True, task(lambda: meeting.wait(PATIENCE), *given)))
        except Exception:  # noqa: BLE001 - whoever waits for the answer has to hear of it
            meeting.abort()
            line.send((False, traceback.format_exc()))
