"""A child made by forking alone: it shares the memory of everything its parent has imported.

Seven processes of one app would otherwise each hold their own copy; forked, they cost little more than one.
The parent must have one thread and no open connections.
"""

import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import BinaryIO, NoReturn

from workers.processes import die_with_parent, name_this_process

RESET = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)


class Forked:
    """A running piece of work, with the part of ``subprocess.Popen`` that the supervisor uses."""

    def __init__(self, name: str, work: Callable[[], object], environ: Mapping[str, str]) -> None:
        read, write = os.pipe()
        parent = os.getpid()
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            _live(name, work, environ, write, parent)
        os.close(write)
        self.stdout: BinaryIO = os.fdopen(read, "rb", buffering=0)
        self._status: int | None = None

    def poll(self) -> int | None:
        """None while it runs; then its status, negative for a signal."""
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._status = os.waitstatus_to_exitcode(status) if pid else None
        return self._status

    def terminate(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)


def _live(
    name: str, work: Callable[[], object], environ: Mapping[str, str], write: int, parent: int
) -> NoReturn:
    """The child's whole life; it must never return into the parent's code."""
    status = 1
    try:
        _leave_the_parent(name, write, parent)
        os.environ.clear()
        os.environ.update(environ)
        status = _status_of(work)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _leave_the_parent(name: str, write: int, parent: int) -> None:
    os.setsid()
    die_with_parent()
    if os.getppid() != parent:
        os._exit(0)
    name_this_process(f"almanac {name}")
    signal.set_wakeup_fd(-1)
    for signum in RESET:
        signal.signal(signum, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (write, 1), (write, 2)):
        os.dup2(source, target)
    # Locks, other children's pipes and the supervisor's own sockets are not this child's business.
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))


def _status_of(work: Callable[[], object]) -> int:
    try:
        work()
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:  # noqa: BLE001 (the edge of a process)
        traceback.print_exc()
        return 1
    return 0
