"""Steering a simulated server: the same verbs as Python methods and as ``/_control`` requests."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from werkzeug import Response

from publishers.simulators.simulator import Simulator
from publishers.simulators.wire import Call, Refusal, answer

Body = dict[str, Any]


class Control(ABC):
    """What a test, a seeder or a rehearsal may do to a server from outside the platform's protocol."""

    def __init__(self, simulator: Simulator) -> None:
        self._sim = simulator
        simulator.add_routes(
            [
                ("GET", "/_control/faults", lambda call: answer(self.faults())),
                ("DELETE", "/_control/faults", self._clear_faults),
                ("GET", "/_control/hits", lambda call: answer(self.hits(**_page(call)))),
                ("GET", "/_control/records", lambda call: answer(self.records(**_page(call)))),
                ("GET", "/_control/requests", lambda call: answer(self.requests(**_page(call)))),
                ("GET", "/_control/stats", lambda call: answer(self.stats())),
                *[("POST", f"/_control/{name}", _posted(verb)) for name, verb in self._verbs().items()],
            ]
        )

    def _verbs(self) -> dict[str, Callable[..., object]]:
        return {
            "accounts": self.account,
            "faults": self.fault,
            "clock": self.clock,
            "settings": self.set,
            "posts": self.post,
            "likes": self.like,
            "replies": self.reply,
            "expire_tokens": self.expire_tokens,
            "revoke_tokens": self.revoke_tokens,
            "remove": self.remove,
            "forget_limits": self.forget_limits,
        }

    @abstractmethod
    def account(self, handle: str, name: str = "", avatar_seed: str = "") -> Body:
        """Make an account, or take the one of that handle, and give out credentials for it."""

    @abstractmethod
    def post(self, account: str, text: str, at: str = "", **details: Any) -> Body:
        """Publish without the protocol, at the instant ``at`` (RFC 3339) if given: history for a demo."""

    @abstractmethod
    def like(self, id: str, count: int = 1) -> Body:
        """Add likes to a post, beyond what the simulated public does."""

    @abstractmethod
    def reply(self, id: str, text: str, by: str = "visitor") -> Body:
        """Let a visitor reply to a post."""

    @abstractmethod
    def remove(self, id: str) -> Body:
        """Take a post down, as moderators do."""

    @abstractmethod
    def expire_tokens(self, account: str = "") -> Body:
        """Let the access tokens of one account, or of all, expire now."""

    @abstractmethod
    def revoke_tokens(self, account: str = "") -> Body:
        """Revoke every credential of one account, or of all."""

    @abstractmethod
    def records(self, since: int = 0) -> list[Body]:
        """What was published in order of arrival, from record number ``since``: also what was deleted since."""

    @property
    def platform(self) -> str:
        """mastodon or bluesky."""
        return self._sim.platform

    def fault(self, kind: str, match: dict[str, Any] | None = None, **details: Any) -> Body:
        """Order trouble: see ``faults.KINDS`` and ``faults.Fault``."""
        return {"id": self._sim.faults.add(kind, match, **details).id}

    def faults(self) -> list[Body]:
        """The orders in force."""
        return self._sim.faults.listed()

    def hits(self, since: int = 0) -> list[Body]:
        """The requests that were harmed, after number ``since``: n, fault (its id), kind, at, method, path, body.

        ``at`` is the arrival in epoch seconds, ``body`` the first 2000 bytes as text.
        """
        return list(self._sim.hits)[since:]

    def clear_faults(self) -> None:
        """Withdraw all trouble."""
        self._sim.faults.clear()

    def clock(self, advance_seconds: float = 0.0) -> Body:
        """Let time pass on the server; answers its present instant in epoch seconds."""
        self._sim.clock.advance(advance_seconds)
        self._sim.changed.set()
        return {"now": self._sim.clock.now()}

    def set(self, **changes: Any) -> Body:
        """Change settings while running: see ``settings.Settings``."""
        self._sim.set(**changes)
        return {}

    def forget_limits(self) -> Body:
        """Start every rate-limit window afresh."""
        self._sim.limiter.clear()
        return {}

    def requests(self, since: int = 0) -> list[Body]:
        """Every request after number ``since``: n, method, path with query, arrival in epoch seconds."""
        newest_first = itertools.takewhile(lambda row: row[0] > since, reversed(list(self._sim.requests)))
        keys = ("n", "method", "path", "at")
        return [dict(zip(keys, row, strict=True)) for row in newest_first][::-1]

    def stats(self) -> Body:
        """Cheap totals."""
        return {
            "requests": self._sim.requests[-1][0] if self._sim.requests else 0,
            "now": self._sim.clock.now(),
        }

    def _clear_faults(self, call: Call) -> Response:
        self.clear_faults()
        return answer({})


def _page(call: Call) -> dict[str, int]:
    return {"since": call.args.get("since", 0, type=int)}


def _posted(verb: Callable[..., object]) -> Callable[[Call], Response]:
    def view(call: Call) -> Response:
        body = call.get_json(silent=True) or {}
        try:
            return answer(verb(**body))
        except (TypeError, ValueError, KeyError) as error:
            raise Refusal(400, {"error": f"{type(error).__name__}: {error}"}) from error

    return view
