"""A platform that costs next to nothing: ``python -m tests.benchmarks.quick_platform PORT``.

It answers as Mastodon does, to whatever it is sent, and remembers when each post arrived: so a burst measures who sends,
not who simulates.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from types import TracebackType
from typing import Self
from urllib.error import URLError
from urllib.request import urlopen

from tests.servers import free_port, wait_until

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class QuickPlatform:
    """The platform in a process of its own."""

    def __init__(self) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        program = (sys.executable, "-m", "tests.benchmarks.quick_platform", str(port))
        self._process = subprocess.Popen(program)

    def arrivals(self) -> list[tuple[str, float]]:
        """Every post so far: its text, and the epoch second at which it was there."""
        with urlopen(f"{self.url}/arrivals") as answer:
            return [(str(text), float(at)) for text, at in json.load(answer)]

    def count(self) -> int:
        """How many posts arrived so far."""
        with urlopen(f"{self.url}/count") as answer:
            return int(json.load(answer))

    def forget(self) -> None:
        """Begin anew."""
        urlopen(f"{self.url}/forget").close()

    def __enter__(self) -> Self:
        wait_until(self._answers, "the platform")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._process.terminate()
        self._process.wait(timeout=20)

    def _answers(self) -> bool:
        try:
            return self.count() == 0
        except URLError:
            return False


class _Desk:
    def __init__(self) -> None:
        self.arrived: list[tuple[str, float]] = []

    def answer(self, head: bytes, body: bytes) -> object:
        method, path, _ = head.split(b" ", 2)
        if method == b"POST":
            self.arrived.append((json.loads(body)["status"], time.time()))
            return self._status(len(self.arrived))
        if path == b"/arrivals":
            return self.arrived
        if path == b"/forget":
            self.arrived.clear()
        if path in (b"/count", b"/forget"):
            return len(self.arrived)
        return self._status(int(path.rpartition(b"/")[2]))

    def _status(self, number: int) -> dict[str, object]:
        """As of an account that has been there for years."""
        url = f"http://127.0.0.1/@tea/{number}"
        account = {"id": "1", "username": "tea", "created_at": "2019-05-01T00:00:00.000Z"}
        made_at = datetime.now(UTC).isoformat()
        return {"id": str(number), "url": url, "uri": url, "created_at": made_at, "account": account}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = LENGTH.search(head)
                body = await reader.readexactly(int(length[1])) if length else b""
                answer = json.dumps(self.answer(head, body)).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(answer), answer))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


async def main(port: int) -> None:
    """Serve until the process is ended."""
    server = await asyncio.start_server(_Desk().serve, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
