"""A simulated server on its socket."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from werkzeug.serving import ThreadedWSGIServer

from publishers.simulators.control import Control
from publishers.simulators.simulator import Simulator
from publishers.simulators.wire import Handler

SAVE_EVERY = 1.0
REST = 20
BACKLOG = 1024


class _Socket(ThreadedWSGIServer):
    """A thread for each open connection; ``app`` is called with a Call, not by WSGI."""

    def __init__(self, host: str, port: int, simulator: Simulator) -> None:
        self._open: set[socket.socket] = set()
        with socket.create_server((host, port), backlog=BACKLOG) as listening:
            super().__init__(host, port, simulator.app, Handler, fd=listening.fileno())  # type: ignore[arg-type]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, so that closing the server ends it."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection that ended."""
        self._open.discard(request)
        super().shutdown_request(request)

    def end_connections(self) -> None:
        """End connections that clients keep alive."""
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Server:
    """A running simulated server: ``url`` without a trailing slash, and ``control`` to steer it in-process."""

    def __init__(self, simulator: Simulator, control: Control, host: str, port: int) -> None:
        self._simulator = simulator
        self._socket = _Socket(host, port, simulator)
        self._stopping = threading.Event()
        self.port: int = self._socket.port
        simulator.url = simulator.settings.public_url.rstrip("/") or f"http://{host}:{self.port}"
        self.url = simulator.url
        self.control = control
        self._threads = [threading.Thread(target=self._socket.serve_forever, args=(0.05,), daemon=True)]
        if simulator.storage.lasting:
            self._threads.append(threading.Thread(target=self._save_now_and_then, daemon=True))
        for thread in self._threads:
            thread.start()

    def _save_now_and_then(self) -> None:
        pause = SAVE_EVERY
        while not self._stopping.wait(pause):
            if self._simulator.changed.is_set():
                begun = time.monotonic()
                self._simulator.save()
                pause = max(SAVE_EVERY, REST * (time.monotonic() - begun))

    def close(self) -> None:
        """Stop listening and save; a second call does nothing."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._socket.shutdown()
        self._socket.server_close()
        self._socket.end_connections()
        for thread in self._threads:
            thread.join()
        self._simulator.save()
        self._simulator.storage.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
