"""What a repeated Idempotency-Key does, for each kind of server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from werkzeug import Response

from publishers.simulators.mastodon_access import refusal
from publishers.simulators.mastodon_software import Software
from publishers.simulators.mastodon_state import State
from publishers.simulators.simulator import Simulator
from publishers.simulators.wire import Refusal, answer

Create = Callable[[], tuple[Response, str]]
Replay = Callable[[str], Response]
BUSY = "There was a temporary problem serving your request, please try again"
SWEEP = 2000


class Keys:
    """Keys seen, their locks and, for Pleroma, the answers given.

    Mastodon replays the original status and serialises concurrent uses of a key. Pixelfed burns the key before it
    tries and refuses any second use. Pleroma replays the whole answer, errors too, and its keys are not per account.
    """

    def __init__(self, sim: Simulator, state: State, software: Software) -> None:
        self._sim, self._state, self._software = sim, state, software
        self._in_use: dict[str, _Use] = {}
        self._answers: dict[str, tuple[float, Response]] = {}

    def once(self, account_id: str, key: str, create: Create, replay: Replay) -> Response:
        """Create, unless ``key`` was used before; ``replay`` answers the status made then."""
        if not key or self._software.keys == "nothing":
            return create()[0]
        if self._software.keys == "reject":
            return self._burn(f"{account_id} {key}", create)
        if self._software.keys == "response":
            return self._answered(key, create)
        return self._original(f"{account_id} {key}", create, replay)

    def _original(self, key: str, create: Create, replay: Replay) -> Response:
        with self._held(key):
            seen = self._seen(key)
            if seen:
                return replay(seen)
            response, status_id = create()
            if status_id:
                self._remember(key, status_id)
            return response

    def _burn(self, key: str, create: Create) -> Response:
        with self._sim.lock:
            if self._seen(key):
                raise refusal(400, "Duplicate idempotency key.")
            self._remember(key, "burnt")
        return create()[0]

    def _answered(self, key: str, create: Create) -> Response:
        with self._held(key):
            until, kept = self._answers.get(key, (0.0, Response()))
            if until > self._sim.clock.now():
                return _copy(kept, {"idempotent-replayed": "true"})
            try:
                response, _ = create()
            except Refusal as error:
                response = answer(error.body, error.status)
            self._answers[key] = (self._sim.clock.now() + self._software.key_ttl, _copy(response, {}))
            return response

    def _seen(self, key: str) -> str:
        status_id, until = self._state.keys.get(key, ("", 0.0))
        return status_id if until > self._sim.clock.now() else ""

    def _remember(self, key: str, status_id: str) -> None:
        now = self._sim.clock.now()
        with self._sim.lock:
            self._state.keys[key] = (status_id, now + self._software.key_ttl)
            if len(self._state.keys) % SWEEP == 0:
                self._state.keys = {k: use for k, use in self._state.keys.items() if use[1] > now}

    @contextmanager
    def _held(self, key: str) -> Iterator[None]:
        with self._sim.lock:
            use = self._in_use.setdefault(key, _Use())
            use.count += 1
        try:
            if not use.lock.acquire(timeout=self._sim.settings.idempotency_wait):
                raise refusal(503, BUSY)
            with closing(use):
                yield
        finally:
            with self._sim.lock:
                use.count -= 1
                if not use.count:
                    del self._in_use[key]


class _Use:
    """A key in flight, with the number of requests that hold or await its lock."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.count = 0

    def close(self) -> None:
        self.lock.release()


def _copy(response: Response, headers: dict[str, str]) -> Response:
    return Response(
        response.get_data(),
        response.status_code,
        headers,
        content_type=response.content_type or "application/json",
    )
