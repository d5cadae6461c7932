"""Everything a simulated Mastodon server remembers. Instants are epoch seconds by the server's clock."""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from publishers.simulators.storage import plain

DISTANT_PAST = 946_684_800.0


@dataclass(slots=True)
class Account:
    """A local account."""

    id: str
    username: str
    name: str
    seed: str
    created_at: float


@dataclass(slots=True)
class App:
    """A registered OAuth client."""

    id: str
    name: str
    website: str
    client_id: str
    client_secret: str
    redirect_uris: list[str]
    scopes: list[str]


@dataclass(slots=True)
class Token:
    """An access token. ``state`` is valid, revoked or expired."""

    value: str
    account_id: str
    app_id: str
    scopes: list[str]
    created_at: float
    state: str = "valid"


@dataclass(slots=True)
class Grant:
    """An authorization code, good for one exchange."""

    code: str
    app_id: str
    account_id: str
    redirect_uri: str
    scopes: list[str]
    challenge: str
    expires_at: float


@dataclass(slots=True)
class Media:
    """An uploaded file; attached once ``status_id`` is set."""

    id: str
    account_id: str
    type: str
    mime: str
    sha256: str
    size: int
    width: int
    height: int
    description: str | None
    created_at: float
    ready_at: float
    failed: bool = False
    status_id: str = ""


@dataclass(slots=True)
class Status:
    """A post. ``arrived`` is the machine's own time when its request came in; ``requests`` counts repeats too."""

    id: str
    account_id: str
    app_id: str
    text: str
    spoiler: str
    visibility: str
    language: str
    sensitive: bool
    media_ids: list[str]
    in_reply_to_id: str
    created_at: float
    arrived: float
    key: str = ""
    number: int = 0
    requests: int = 1
    likes: int = 0
    edited_at: float = 0.0
    deleted: bool = False
    history: list[dict[str, Any]] = field(default_factory=list)


KINDS: dict[str, type] = {
    "accounts": Account,
    "apps": App,
    "tokens": Token,
    "grants": Grant,
    "media": Media,
    "statuses": Status,
}


class State:
    """Tables by id, the order of statuses, and the idempotency keys seen (with their end)."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.apps: dict[str, App] = {}
        self.tokens: dict[str, Token] = {}
        self.grants: dict[str, Grant] = {}
        self.media: dict[str, Media] = {}
        self.statuses: dict[str, Status] = {}
        self.keys: dict[str, tuple[str, float]] = {}
        self.order: list[int] = []
        self.order_of: dict[str, list[int]] = {}
        self.replies_to: dict[str, list[str]] = {}
        self.by_number: list[str] = []
        self._sequence = 0

    def new_id(self, instant: float) -> str:
        """A snowflake: milliseconds, then 16 bits of sequence; sorts by time."""
        self._sequence = (self._sequence + 1) & 0xFFFF
        return str((int(max(instant, DISTANT_PAST) * 1000) << 16) | self._sequence)

    def account_named(self, username: str) -> Account | None:
        """The account of this user name, in any case."""
        wanted = username.lower().lstrip("@").split("@")[0]
        return next((a for a in self.accounts.values() if a.username.lower() == wanted), None)

    def add(self, status: Status) -> None:
        """Publish."""
        self.by_number.append(status.id)
        status.number = len(self.by_number)
        self.statuses[status.id] = status
        if not status.deleted:
            bisect.insort(self.order, int(status.id))
            bisect.insort(self.order_of.setdefault(status.account_id, []), int(status.id))
        if status.in_reply_to_id:
            self.replies_to.setdefault(status.in_reply_to_id, []).append(status.id)

    def remove(self, status: Status) -> None:
        """Take a status off every list; the record of it stays."""
        status.deleted = True
        for order in (self.order, self.order_of[status.account_id]):
            order.pop(bisect.bisect_left(order, int(status.id)))

    def living(self, status_id: str) -> Status | None:
        """The status of this id unless it was deleted."""
        status = self.statuses.get(status_id)
        return None if status is None or status.deleted else status

    def newest(self, ids: list[int], limit: int, max_id: int = 0, since_id: int = 0) -> list[Status]:
        """Statuses of ``ids`` between the bounds (both exclusive), newest first."""
        end = bisect.bisect_left(ids, max_id) if max_id else len(ids)
        start = bisect.bisect_right(ids, since_id)
        return [self.statuses[str(id)] for id in reversed(ids[max(start, end - limit) : end])]

    def dump(self) -> dict[str, Any]:
        """All of it as plain values."""
        tables = {
            name: [plain(row) for row in getattr(self, name).values()] for name in KINDS if name != "statuses"
        }
        return {**tables, "statuses": [plain(self.statuses[id]) for id in self.by_number], "keys": self.keys}

    def load(self, data: dict[str, Any]) -> None:
        """The reverse of ``dump``, into an empty state."""
        for name in ("accounts", "apps", "media"):
            getattr(self, name).update({row["id"]: KINDS[name](**row) for row in data[name]})
        self.tokens = {row["value"]: Token(**row) for row in data["tokens"]}
        self.grants = {row["code"]: Grant(**row) for row in data["grants"]}
        for row in data["statuses"]:
            self.add(Status(**row))
        self.keys = {key: (status_id, end) for key, (status_id, end) in data["keys"].items()}


def attached(state: State, ids: Iterable[str]) -> list[Media]:
    """The media of these ids that still exist."""
    return [state.media[id] for id in ids if id in state.media]
