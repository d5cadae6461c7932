"""A simulated platform and a channel connected to it: what every test of an adapter plays on."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import publishers
from publishers import simulators
from publishers.simulators.server import Server
from publishers.values import Connected, Destination

SPRING = "春茶上市 🍵 https://example.com/茶?id=1，歡迎試飲。 #春茶"
LOST = (
    "drop_before",
    "drop_after",
    "status_before",
    "status_after",
    "garbage",
    "html_error",
    "html_error_after",
)
REST = 30


def destination_of(connected: Connected) -> Destination:
    """The channel that would be made of what connecting found."""
    return Destination(
        base_url=connected.base_url,
        remote_id=connected.remote_id,
        handle=connected.handle,
        limits=connected.limits,
        credentials=connected.credentials,
        traits=connected.traits,
    )


@dataclass
class Stage:
    """A server and a channel connected to it; ``account`` is what its control gave out for the connection."""

    server: Server
    destination: Destination
    account: Mapping[str, Any] = field(default_factory=dict)

    def posts(self) -> list[dict[str, Any]]:
        """What readers see."""
        return [record for record in self.server.control.records() if not record["deleted"]]

    def requests(self) -> int:
        """How many calls were made so far."""
        return len(self.server.control.requests())


Opener = Callable[..., Stage]


def join(server: Server, platform: str, handle: str = "tea", name: str = "Tea") -> Stage:
    """Connect ``handle`` the way a person does: by the form where there is one, else with tokens just given."""
    account = server.control.account(handle, name)
    return Stage(server, destination_of(connect(platform, account)), account)


def connect(platform: str, account: Mapping[str, Any]) -> Connected:
    """What connecting finds, with what a simulator's control gave out for ``account``."""
    publisher = publishers.get(platform)
    if "fields" in account:
        return publisher.connect(account["fields"])
    base_url, limits = account["base_url"], publisher.default_limits
    return publisher.discover(Destination(base_url, "", "", limits, account["credentials"]))


def serve(platform: str, **settings: Any) -> Server:
    """A simulator of ``platform`` that bounds no rates unless it is told to."""
    return simulators.serve(platform, **{"rate_limits": False, **settings})


class FileServer:
    """Serves a folder on loopback, as the house serves files to platforms that fetch them."""

    def __init__(self, folder: Path) -> None:
        handler = functools.partial(_Quiet, directory=str(folder))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
