"""Everything a simulated Bluesky host remembers. Instants are epoch seconds by the server's clock."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from dataclasses import dataclass, field
from typing import Any

from publishers.simulators.storage import plain

RAW_CID = bytes((1, 0x55, 0x12, 0x20))
RECORD_CID = bytes((1, 0x71, 0x12, 0x20))
TID_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"
POST = "app.bsky.feed.post"


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode().lower().rstrip("=")


def blob_cid(sha256: str) -> str:
    """The true CID of raw bytes with this digest (hex)."""
    return "b" + _base32(RAW_CID + bytes.fromhex(sha256))


def record_cid(record: object) -> str:
    """Fixed by the content, whatever the order of its keys; its digest is taken over JSON, not DAG-CBOR."""
    text = json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return "b" + _base32(RECORD_CID + hashlib.sha256(text.encode()).digest())


def did_of(handle: str) -> str:
    """The same DID for the same handle, in the shape of did:plc."""
    return "did:plc:" + _base32(hashlib.sha256(handle.encode()).digest())[:24]


def tid(instant: float, clock_id: int = 0) -> str:
    """A timestamp identifier: 53 bits of microseconds and 10 of clock id in 13 sortable characters."""
    number = (int(instant * 1_000_000) << 10) | clock_id
    return "".join(TID_ALPHABET[(number >> shift) & 31] for shift in range(60, -5, -5))


@dataclass(slots=True)
class Account:
    """A repository's owner. ``app_passwords`` maps a password to its name."""

    did: str
    handle: str
    name: str
    seed: str
    password: str
    created_at: float
    active: bool = True
    app_passwords: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Refresh:
    """A refresh token by its id; once used, ``next_id`` names its one successor and its life is cut to the grace."""

    id: str
    did: str
    expires_at: float
    next_id: str = ""


@dataclass(slots=True)
class Blob:
    """Uploaded bytes of one account; ``used`` once a record refers to it."""

    cid: str
    did: str
    sha256: str
    mime: str
    size: int
    created_at: float
    used: bool = False


@dataclass(slots=True)
class Record:
    """A record. ``arrived`` is the machine's own time of its first request; ``requests`` counts repeats too."""

    did: str
    collection: str
    rkey: str
    cid: str
    value: dict[str, Any]
    created_at: float
    arrived: float
    number: int = 0
    requests: int = 1
    likes: int = 0
    deleted: bool = False
    taken_down: bool = False

    @property
    def uri(self) -> str:
        """The at-uri."""
        return f"at://{self.did}/{self.collection}/{self.rkey}"


class State:
    """Tables; ``records`` holds what lives, ``log`` all that was ever published."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.refreshes: dict[str, Refresh] = {}
        self.blobs: dict[tuple[str, str], Blob] = {}
        self.records: dict[str, Record] = {}
        self.log: list[Record] = []
        self.replies_to: dict[str, list[str]] = {}
        self.posts_of: dict[str, int] = {}
        self.expired_before: dict[str, float] = {}
        self.secret = secrets.token_hex(32)
        self._tids = threading.Lock()
        self._last_tid = 0.0

    def new_tid(self, instant: float) -> str:
        """A TID above all that were given out."""
        with self._tids:
            self._last_tid = max(instant, self._last_tid + 0.000002)
            return tid(self._last_tid)

    def find(self, identifier: str) -> Account | None:
        """The account of a DID or handle."""
        if identifier.startswith("did:"):
            return self.accounts.get(identifier)
        wanted = identifier.lower().lstrip("@")
        return next((a for a in self.accounts.values() if a.handle == wanted), None)

    def add(self, record: Record) -> None:
        """Publish."""
        self.log.append(record)
        record.number = len(self.log)
        if not record.deleted:
            self.records[record.uri] = record
            self._count(record, 1)
        parent = ((record.value.get("reply") or {}).get("parent") or {}).get("uri")
        if parent:
            self.replies_to.setdefault(parent, []).append(record.uri)

    def remove(self, record: Record) -> None:
        """Take a record out of its repository; the log keeps it."""
        record.deleted = True
        if self.records.pop(record.uri, None) is not None:
            self._count(record, -1)

    def _count(self, record: Record, change: int) -> None:
        if record.collection == POST:
            self.posts_of[record.did] = self.posts_of.get(record.did, 0) + change

    def of_collection(self, did: str, collection: str) -> list[Record]:
        """An account's records, newest key first."""
        found = [r for r in self.records.values() if r.did == did and r.collection == collection]
        return sorted(found, key=lambda record: record.rkey, reverse=True)

    def dump(self) -> dict[str, Any]:
        """All of it as plain values."""
        return {
            "secret": self.secret,
            "expired_before": self.expired_before,
            "accounts": [plain(row) for row in self.accounts.values()],
            "refreshes": [plain(row) for row in self.refreshes.values()],
            "blobs": [plain(row) for row in self.blobs.values()],
            "records": [plain(row) for row in self.log],
        }

    def load(self, data: dict[str, Any]) -> None:
        """The reverse of ``dump``, into an empty state."""
        self.secret, self.expired_before = data["secret"], data["expired_before"]
        self.accounts = {row["did"]: Account(**row) for row in data["accounts"]}
        self.refreshes = {row["id"]: Refresh(**row) for row in data["refreshes"]}
        self.blobs = {(row["did"], row["cid"]): Blob(**row) for row in data["blobs"]}
        for row in data["records"]:
            self.add(Record(**row))
