"""Starting supervisors as real processes and reading what they say."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers import wait_until
from workers.processes import die_with_parent, session_members, signal_session


class House:
    """A supervising process; ``said`` are its lines so far. Leaving the context leaves nothing running."""

    def __init__(self, *arguments: str, environ: Mapping[str, str] | None = None) -> None:
        self.said: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            env={**os.environ, **(environ or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line.rstrip("\n"))

    def says(self, words: str) -> bool:
        return any(words in line for line in self.said)

    def await_saying(self, words: str, seconds: float = 60) -> Self:
        wait_until(lambda: self.says(words) or self.process.poll() is not None, f"{words!r}", seconds)
        assert self.says(words), "\n".join(self.said)
        return self

    def signal(self, signum: signal.Signals) -> None:
        self.process.send_signal(signum)

    def end(self, seconds: float = 60) -> int:
        """The exit status, once everything has been read."""
        status = self.process.wait(timeout=seconds)
        self._reader.join(timeout=10)
        return status

    def _await_end(self) -> None:
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            signal_session(self.process.pid, signal.SIGKILL)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self._await_end()
        self._reader.join(timeout=10)


def journal(folder: Path) -> list[list[str]]:
    """What the residents wrote: name, event, pid."""
    path = folder / "journal"
    return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


def events(folder: Path, event: str) -> list[str]:
    """The names of those to whom ``event`` happened, in order."""
    return [name for name, what, _pid in journal(folder) if what == event]


def pids(folder: Path, name: str) -> list[int]:
    """The process ids a resident has had, one for each of its lives."""
    return [int(pid) for who, what, pid in journal(folder) if who == name and what == "started"]


def is_gone(pid: int) -> bool:
    """Whether neither the process nor anything of its session lives."""
    return not [member for member in session_members(pid) if not _is_zombie(member)]


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
