"""What both simulated servers share: routing, faults, the request log, saving, and the life of the server."""

from __future__ import annotations

import json
import threading
import time
import traceback
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from werkzeug import Response
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from publishers.simulators.clock import Clock
from publishers.simulators.engagement import Counts, counts, followers
from publishers.simulators.faults import Fault, Faults
from publishers.simulators.limiter import Limiter
from publishers.simulators.settings import Settings
from publishers.simulators.storage import Storage
from publishers.simulators.wire import Call, Dropped, Refusal

View = Callable[..., Response]
Route = tuple[str, str, View]
LOGGED = 200_000
KEPT_OF_BODY = 2000
PROXY_PAGE = (
    "<html>\r\n<head><title>{status} Bad Gateway</title></head>\r\n<body>\r\n<center><h1>{status} Bad Gateway</h1>"
    "</center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
BROKEN_JSON = '{"id": "1", "content": "<p>'


class Simulator(ABC):
    """One simulated server, without its socket. ``lock`` guards all state."""

    platform: str

    def __init__(self, data: Path | None, settings: Settings) -> None:
        self.settings = settings
        self.url = ""
        self.clock = Clock()
        self.faults = Faults()
        self.limiter = Limiter()
        self.storage = Storage(data)
        self.lock = threading.RLock()
        self.requests: deque[tuple[int, str, str, float]] = deque(maxlen=LOGGED)
        self.hits: deque[dict[str, Any]] = deque(maxlen=LOGGED)
        self.changed = threading.Event()
        self._arrivals = 0
        self._views: dict[str, View] = {}
        self._map = Map(strict_slashes=False, merge_slashes=False)

    def add_routes(self, routes: Iterable[Route]) -> None:
        """Answer ``(method, path, view)`` each."""
        for method, path, view in routes:
            endpoint = f"{method} {path}"
            self._views[endpoint] = view
            self._map.add(Rule(path, endpoint=endpoint, methods=[method]))

    @abstractmethod
    def refuse(self, status: int, sentence: str = "") -> Refusal:
        """An error in the platform's own form."""

    @abstractmethod
    def too_many(self, seconds: float) -> Refusal:
        """A 429 in the platform's own form, lifted after ``seconds``."""

    @abstractmethod
    def dump(self) -> dict[str, Any]:
        """All state as plain values."""

    def set(self, **changes: Any) -> None:
        """Change settings while running; raises TypeError for an unknown one."""
        self.settings = replace(self.settings, **changes)

    def public_counts(self, seed: str, created_at: float) -> Counts:
        """The simulated public's reactions to a post by now."""
        return counts(seed, self.clock.now() - created_at, self.settings.engagement)

    def public_followers(self, seed: str, created_at: float, posts: int) -> int:
        """An account's followers by now."""
        return followers(seed, self.clock.now() - created_at, posts, self.settings.engagement)

    def app(self, call: Call) -> Response:
        """Answer one request, harmed as ordered."""
        if call.path.startswith("/_control"):
            return self._route(call)
        self._arrivals += 1
        self.requests.append((self._arrivals, call.method, call.full_path.rstrip("?"), call.arrived))
        body = _peek(call) if self.faults.reads_bodies else b""
        call.fault = self.faults.take(call.method, call.path, body)
        if call.fault is None:
            return self._route(call)
        self._note_hit(call, call.fault)
        return self._harmed(call, call.fault)

    def _note_hit(self, call: Call, fault: Fault) -> None:
        """Keep which request was harmed, with the beginning of its body, so that a test can tell whom it hit."""
        body = _peek(call)[:KEPT_OF_BODY].decode("utf-8", "replace")
        noted = {"n": len(self.hits) + 1, "fault": fault.id, "kind": fault.kind, "at": call.arrived}
        self.hits.append({**noted, "method": call.method, "path": call.path, "body": body})

    def _harmed(self, call: Call, fault: Fault) -> Response:
        harm_before: Mapping[str, Callable[[], Response]] = {
            "drop_before": _drop,
            "status_before": lambda: self._refused(self.refuse(fault.status)),
            "rate_limit": lambda: self._refused(self.too_many(fault.seconds)),
            "garbage_before": _garbage,
            "html_error": lambda: _proxy_page(fault.status),
        }
        if fault.kind in harm_before:
            return harm_before[fault.kind]()
        if fault.kind == "delay":
            time.sleep(fault.seconds)
        response = self._route(call)
        harm_after: Mapping[str, Callable[[], Response]] = {
            "drop_after": _drop,
            "status_after": lambda: self._refused(self.refuse(fault.status)),
            "garbage": _garbage,
            "html_error_after": lambda: _proxy_page(fault.status),
        }
        if fault.kind == "delay_after":
            time.sleep(fault.seconds)
        return harm_after.get(fault.kind, lambda: response)()

    def _route(self, call: Call) -> Response:
        try:
            endpoint, arguments = self._map.bind_to_environ(call.environ).match()
            return self._views[endpoint](call, **arguments)
        except Refusal as refusal:
            return self._refused(refusal)
        except HTTPException as error:
            if error.code is None or error.code < 400:
                return Response.force_type(error.get_response())
            return self._refused(self.refuse(error.code))
        except Exception:  # noqa: BLE001 - a mistake of ours must look like any server's: an answered 500
            traceback.print_exc()
            return self._refused(self.refuse(500))

    def _refused(self, refusal: Refusal) -> Response:
        body = json.dumps(dict(refusal.body), ensure_ascii=False)
        return Response(body, refusal.status, refusal.headers, content_type="application/json; charset=utf-8")

    def save(self) -> None:
        """Write the state down if it is to outlive this run."""
        if self.storage.lasting:
            with self.lock:
                self.changed.clear()
                state = json.dumps({"offset": self.clock.offset, **self.dump()}, ensure_ascii=False)
            self.storage.save(state)


def _peek(call: Call) -> bytes:
    stream = call.environ["wsgi.input"]
    body: bytes = stream.read()
    stream.seek(0)
    return body


def _drop() -> Response:
    raise Dropped


def _garbage() -> Response:
    return Response(BROKEN_JSON, 200, content_type="application/json; charset=utf-8")


def _proxy_page(status: int) -> Response:
    return Response(PROXY_PAGE.format(status=status), status, content_type="text/html")
