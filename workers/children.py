"""One child process of the supervisor: started in its own session, read, stopped, and started again."""

import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO, cast

from workers.forked import Forked
from workers.processes import die_with_parent, signal_session

FIRST_WAIT = 1.0
LONGEST_WAIT = 30.0
STEADY_AFTER = 30.0
HELD_BACK = 50


@dataclass(frozen=True)
class Program:
    """What to run under which name: a command, or a function that is called in a fork of this process.

    ``grace``: seconds it may take to stop before its session is killed. ``keep_open``: file descriptors
    that a command inherits. ``quiet``: what it says is shown only when it dies unasked.
    """

    name: str
    work: tuple[str, ...] | Callable[[], object]
    grace: float = 10.0
    keep_open: tuple[int, ...] = ()
    quiet: bool = False


def next_wait(last: float, lived: float) -> float:
    """Seconds to wait before the next start: doubling from 1 to 30, forgotten by 30 s of steady life."""
    if not last or lived >= STEADY_AFTER:
        return FIRST_WAIT
    return min(last * 2, LONGEST_WAIT)


class Child:
    """A program's process over its lives. Times are ``time.monotonic()`` seconds."""

    def __init__(self, program: Program, environ: Mapping[str, str]) -> None:
        self.program = program
        self.environ = dict(environ)
        self.held_back: deque[str] = deque(maxlen=HELD_BACK)
        self.wait = 0.0
        self.start_at: float | None = None
        self._process: subprocess.Popen[bytes] | Forked | None = None
        self._started = 0.0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> BinaryIO:
        """Start it; returns the non-blocking end of the pipe that carries its output."""
        work = self.program.work
        process = Forked(self.program.name, work, self.environ) if callable(work) else self._spawn(work)
        self._process, self._started, self.start_at = process, time.monotonic(), None
        pipe = cast(BinaryIO, process.stdout)
        os.set_blocking(pipe.fileno(), False)
        return pipe

    def _spawn(self, command: tuple[str, ...]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=self.program.keep_open,
            preexec_fn=die_with_parent,  # noqa: PLW1509 (the supervisor has one thread)
        )

    def exit_status(self) -> int | None:
        """None while it runs (or never ran); the status as subprocess gives it, negative for a signal."""
        return self._process.poll() if self._process else None

    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def schedule_restart(self) -> float:
        """Plan the next start and return the seconds until then."""
        now = time.monotonic()
        self.wait = next_wait(self.wait, now - self._started)
        self.start_at = now + self.wait
        return self.wait

    def terminate(self) -> None:
        """Ask it to stop: SIGTERM to this one process, so that a job it runs can finish."""
        if self._process is not None and self.runs():
            self._process.terminate()

    def kill_session(self) -> None:
        if self._process is not None:
            signal_session(self._process.pid, signal.SIGKILL)


def describe_exit(status: int) -> str:
    """The exit status in words."""
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"
