"""Runs the house's processes: starts them, shows what they say, restarts the dead, stops all in order.

One thread, standard library only, so that it stays small in memory and can not be the thing that fails.
"""

import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from types import FrameType, TracebackType
from typing import BinaryIO, NoReturn, Self

from workers.children import Child, Program, describe_exit
from workers.output import Lines, Output

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
READY_POLL = 0.05


class StopRequested(Exception):
    """A person or the system asked the supervisor to stop."""


class StartFailed(Exception):
    """A process did not come up; the message says which one."""


class Supervisor:
    """Children by name. Use as a context manager: leaving it stops all, in the stages of ``stop_order``."""

    def __init__(
        self, output: Output, environ: Mapping[str, str], stop_order: Sequence[Sequence[str]] = ()
    ) -> None:
        self.output = output
        self.environ = dict(environ)
        self.stop_order = stop_order
        self.children: dict[str, Child] = {}
        self._stop_requests = 0
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()

    def __enter__(self) -> Self:
        self._wake.setblocking(False)
        self._woken.setblocking(False)
        signal.set_wakeup_fd(self._woken.fileno(), warn_on_full_buffer=False)
        self._selector.register(self._wake, selectors.EVENT_READ, None)
        for signum in STOP_SIGNALS:
            signal.signal(signum, self._note_stop)
        signal.signal(signal.SIGCHLD, lambda _signum, _frame: None)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.stop()
        signal.set_wakeup_fd(-1)
        self._selector.close()
        self._wake.close()
        self._woken.close()

    def _note_stop(self, _signum: int, _frame: FrameType | None) -> None:
        self._stop_requests += 1

    def start(self, program: Program, ready: Callable[[], bool] | None = None, seconds: float = 60) -> None:
        """Start a process to be kept alive, and wait until ``ready`` says yes.

        Raises StartFailed when it ends before that or takes longer than ``seconds``.
        """
        child = self.children[program.name] = Child(program, self.environ)
        self._launch(child)
        deadline = time.monotonic() + seconds
        while ready is not None and not ready():
            self._turn(READY_POLL, restart=False)
            self._fail_if_over(child, deadline)

    def _fail_if_over(self, child: Child, deadline: float) -> None:
        name, status = child.program.name, child.exit_status()
        if status is not None:
            self._show_held_back(child)
            raise StartFailed(f"{name} {describe_exit(status)} at its start; what it said is above.")
        if time.monotonic() > deadline:
            raise StartFailed(f"{name} did not get ready in time; what it said is above.")

    def run(self, program: Program) -> None:
        """Run a process to its end; StartFailed unless it ends with status 0."""
        child = self.children[program.name] = Child(program, self.environ)
        self._launch(child)
        while child.runs():
            self._turn(None, restart=False)
        status = child.exit_status()
        del self.children[program.name]
        if status:
            raise StartFailed(f"{program.name} {describe_exit(status)}; what it said is above.")

    def watch(self) -> NoReturn:
        """Keep every child alive until a stop is asked for (raises StopRequested)."""
        while True:
            self._turn(self._until_next_start(), restart=True)

    def stop(self) -> None:
        """Stop children stage by stage: SIGTERM, their grace, then SIGKILL for what is left.

        A second request to stop, counted from here, ends all patience.
        """
        patience = self._stop_requests
        ordered = {name for names in self.stop_order for name in names}
        others = [name for name in self.children if name not in ordered]
        for names in (others, *self.stop_order):
            stage = [self.children.pop(name) for name in names if name in self.children]
            for child in stage:
                child.terminate()
            self._await_end(stage, patience)

    def _await_end(self, stage: list[Child], patience: int) -> None:
        began = time.monotonic()
        while running := [child for child in stage if child.runs()]:
            hurried = self._stop_requests > patience
            waited = time.monotonic() - began
            for child in running:
                if hurried or waited > child.program.grace:
                    self.output.say(f"{child.program.name} does not stop in time and is killed.")
                    child.kill_session()
            self._pump(0.2)
        for child in stage:
            child.kill_session()
        self._pump(0)

    def _turn(self, timeout: float | None, restart: bool) -> None:
        if self._stop_requests:
            raise StopRequested
        self._pump(timeout)
        if self._stop_requests:
            raise StopRequested
        if restart:
            self._revive()

    def _until_next_start(self) -> float | None:
        planned = [child.start_at for child in self.children.values() if child.start_at is not None]
        return max(0.0, min(planned) - time.monotonic()) if planned else None

    def _revive(self) -> None:
        for child in self.children.values():
            if child.start_at is not None:
                if child.start_at <= time.monotonic():
                    self._launch(child)
            elif (status := child.exit_status()) is not None:
                self._show_held_back(child)
                wait = child.schedule_restart()
                self.output.say(
                    f"{child.program.name} {describe_exit(status)}; starting again in {wait:g} s."
                )

    def _launch(self, child: Child) -> None:
        pipe = child.start()
        self._selector.register(pipe, selectors.EVENT_READ, (pipe, child, Lines()))

    def _pump(self, timeout: float | None) -> None:
        """Pass on what the children say, until the timeout or a signal."""
        for key, _events in self._selector.select(timeout):
            if key.data is None:
                self._drain_wake()
            else:
                self._pass_on(*key.data)

    def _drain_wake(self) -> None:
        try:
            while self._wake.recv(256):
                continue
        except BlockingIOError:
            return

    def _show_held_back(self, child: Child) -> None:
        self._pump(0)
        while child.held_back:
            self.output.line(child.program.name, child.held_back.popleft())

    def _pass_on(self, pipe: BinaryIO, child: Child, lines: Lines) -> None:
        try:
            chunk = os.read(pipe.fileno(), 65536)
        except BlockingIOError:
            return
        for line in lines.feed(chunk) if chunk else lines.end():
            if child.program.quiet:
                child.held_back.append(line)
            else:
                self.output.line(child.program.name, line)
        if not chunk:
            self._selector.unregister(pipe)
            pipe.close()
