"""What a simulated platform remembers when it has nothing unusual to remember. Instants are epoch seconds.

Each row has ``extra`` for what only its platform knows: JSON values, kept between runs like the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

Extra = dict[str, Any]


@dataclass(slots=True)
class Account:
    """Somebody who posts: a user, a page, a channel or a bot's room."""

    id: str
    handle: str
    name: str
    seed: str
    created_at: float
    extra: Extra = field(default_factory=dict)

    @property
    def username(self) -> str:
        """As the consent page names it."""
        return self.handle


@dataclass(slots=True)
class App:
    """A registered OAuth client; it may send people back to any address."""

    client_id: str
    client_secret: str
    name: str = "Almanac"


@dataclass(slots=True)
class Token:
    """An access token and, where the platform gives one, the refresh token beside it.

    ``state`` is valid, expired or revoked; ``spent`` says that its refresh token was used.
    """

    access: str
    account_id: str
    client_id: str
    expires_at: float
    refresh: str = ""
    refresh_expires_at: float = 0.0
    state: str = "valid"
    spent: bool = False
    scope: str = ""


@dataclass(slots=True)
class Grant:
    """An authorization code, good for one exchange."""

    code: str
    client_id: str
    account_id: str
    redirect_uri: str
    scope: str
    challenge: str
    expires_at: float


@dataclass(slots=True)
class File:
    """An uploaded file; ``ready_at`` is when it can be used, ``used`` that a post has it."""

    id: str
    account_id: str
    kind: str
    mime: str
    sha256: str
    size: int
    width: int
    height: int
    created_at: float
    ready_at: float = 0.0
    alt: str = ""
    used: bool = False
    extra: Extra = field(default_factory=dict)


@dataclass(slots=True)
class Post:
    """What was published, or waits to be. ``arrived`` is the machine's own time; ``requests`` counts repeats too.

    ``state`` is public, or a word of the platform's own for what nobody sees yet or any more.
    """

    id: str
    account_id: str
    text: str
    created_at: float
    arrived: float
    file_ids: list[str] = field(default_factory=list)
    key: str = ""
    reply_to: str = ""
    state: str = "public"
    number: int = 0
    requests: int = 1
    likes: int = 0
    edited_at: float = 0.0
    deleted: bool = False
    extra: Extra = field(default_factory=dict)


@dataclass(slots=True)
class Remark:
    """A comment below a post."""

    id: str
    post_id: str
    by: str
    text: str
    at: float
    reply_to: str = ""


KINDS: dict[str, type] = {
    "accounts": Account,
    "apps": App,
    "tokens": Token,
    "grants": Grant,
    "files": File,
    "posts": Post,
    "remarks": Remark,
}


class State:
    """Tables by id (tokens by access token, grants by code, apps by client id), and ``extra`` of the platform's own."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.apps: dict[str, App] = {}
        self.tokens: dict[str, Token] = {}
        self.grants: dict[str, Grant] = {}
        self.files: dict[str, File] = {}
        self.posts: dict[str, Post] = {}
        self.remarks: dict[str, Remark] = {}
        self.extra: Extra = {}

    def account_named(self, handle: str) -> Account | None:
        """The account of this handle, in any case."""
        wanted = handle.lower().lstrip("@")
        return next((a for a in self.accounts.values() if a.handle.lower() == wanted), None)

    def posts_of(self, account_id: str) -> Iterator[Post]:
        """What an account has out, newest first."""
        return (p for p in self.newest() if p.account_id == account_id)

    def newest(self) -> list[Post]:
        """All that readers see, newest first."""
        seen = [p for p in self.posts.values() if p.state == "public" and not p.deleted]
        return sorted(seen, key=lambda post: (post.created_at, post.number), reverse=True)

    def remarks_on(self, post_id: str) -> list[Remark]:
        """The comments below a post, oldest first."""
        return [remark for remark in self.remarks.values() if remark.post_id == post_id]

    def dump(self) -> dict[str, Any]:
        """All of it as plain values."""
        tables = {name: [asdict(row) for row in getattr(self, name).values()] for name in KINDS}
        return {**tables, "extra": self.extra}

    def load(self, data: dict[str, Any]) -> None:
        """The reverse of ``dump``, into an empty state."""
        keys = {"apps": "client_id", "tokens": "access", "grants": "code"}
        for name, kind in KINDS.items():
            table = getattr(self, name)
            table.update({row[keys.get(name, "id")]: kind(**row) for row in data[name]})
        self.extra = data["extra"]
