"""HTTP/1.1 on a socket: keep-alive, whole answers in one write, and connections broken on purpose."""

from __future__ import annotations

import http.client
import json
import socket
import struct
import tempfile
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from werkzeug import Request, Response
from werkzeug.serving import WSGIRequestHandler

if TYPE_CHECKING:
    from publishers.simulators.faults import Fault

SPOOL = 1024 * 1024
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
TRICKLE_STEPS = 20


class Call(Request):
    """A request, when it arrived (epoch seconds) and the fault it met."""

    arrived: float = 0.0
    fault: Fault | None = None
    max_form_memory_size = 4 * 1024 * 1024

    def suffers(self, kind: str) -> bool:
        """Whether the fault that this request met is of ``kind``."""
        return self.fault is not None and self.fault.kind == kind


class Refusal(Exception):
    """An error answer: raised anywhere while a request is handled."""

    def __init__(
        self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


class Dropped(Exception):
    """The connection is to be reset without an answer."""


def answer(data: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON response."""
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Response(body, status, dict(headers or {}), content_type="application/json; charset=utf-8")


class Handler(WSGIRequestHandler):
    """Werkzeug's handler closes after every answer; this one reads the body first and so can keep the connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Serve requests until either side ends the connection."""
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def run_wsgi(self) -> None:
        """Answer one request."""
        arrived = time.time()
        environ = self.make_environ()
        with tempfile.SpooledTemporaryFile(max_size=SPOOL) as body:
            environ["wsgi.input"] = self._read_body(environ, body)
            call = Call(environ)
            call.arrived = arrived
            try:
                self._respond(call, self.server.app(call))  # type: ignore[arg-type, call-arg]
            except Dropped:
                self._reset()
            finally:
                call.close()

    def _read_body(self, environ: dict[str, Any], body: Any) -> Any:
        stream = environ["wsgi.input"]
        if environ.get("wsgi.input_terminated"):
            length = None
        else:
            length = int(environ.get("CONTENT_LENGTH") or 0)
        while length is None or length > 0:
            chunk = stream.read(SPOOL if length is None else min(length, SPOOL))
            if not chunk:
                break
            body.write(chunk)
            length = None if length is None else length - len(chunk)
        if length:
            raise ConnectionError("the request ended half-way")
        environ.setdefault("CONTENT_LENGTH", str(body.tell()))
        body.seek(0)
        return body

    def _respond(self, call: Call, response: Response) -> None:
        chunks, _, headers = response.get_wsgi_response(call.environ)
        status = response.status_code
        lines = [f"HTTP/1.1 {status} {http.client.responses.get(status, '')}"]
        lines += [f"{name}: {value}" for name, value in headers]
        if self.close_connection:
            lines.append("Connection: close")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        if call.suffers("slow_body") or call.suffers("truncate"):
            self._write_badly(call, head, b"".join(chunks))
        elif response.is_sequence:
            self.connection.sendall(head + b"".join(chunks))
        else:
            self.connection.sendall(head)
            for chunk in chunks:
                self.connection.sendall(chunk)
        response.close()

    def _write_badly(self, call: Call, head: bytes, body: bytes) -> None:
        if call.suffers("truncate"):
            self.connection.sendall(head + body[: len(body) // 2])
            self.close_connection = True
            return
        self.connection.sendall(head)
        step = max(len(body) // TRICKLE_STEPS, 1)
        pause = (call.fault.seconds if call.fault else 0) / TRICKLE_STEPS
        for start in range(0, len(body), step):
            self.connection.sendall(body[start : start + step])
            time.sleep(pause)

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: the control endpoints tell what was asked."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing."""
