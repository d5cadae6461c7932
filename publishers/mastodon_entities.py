"""Reading the entities of Mastodon's API (Mastodon docs, entities/Status, Account, MediaAttachment)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from publishers import matching
from publishers.http import Reply
from publishers.values import Audience, Metrics, Receipt

T = TypeVar("T")


@dataclass(frozen=True)
class Posted:
    """A status of the account's own, with what tells it from others; ``content`` is text without markup."""

    remote_id: str
    made_at: datetime
    media_count: int
    content: str
    receipt: Receipt


def account(reply: Reply) -> dict[str, str]:
    """Who the credentials belong to, under the names of ``Connected``; the handle is the local one."""
    body = reply.body
    return {
        "remote_id": str(body["id"]),
        "handle": str(body["username"]),
        "name": str(body.get("display_name") or body["username"]),
        "avatar_url": str(body.get("avatar") or ""),
        "profile_url": str(body.get("url") or ""),
    }


def audience(reply: Reply) -> Audience:
    """An account's own numbers."""
    body = reply.body
    return Audience(body["followers_count"], body["following_count"], body["statuses_count"])


def media_state(reply: Reply) -> tuple[str, bool]:
    """A media id and whether it is ready: 202 after the upload and 206 while polling mean "not yet"."""
    return str(reply.body["id"]), reply.status == 200


def each(read: Callable[[Mapping[str, Any]], T]) -> Callable[[Reply], list[T]]:
    """Read a list by reading every item of it."""
    return lambda reply: [read(item) for item in reply.body]


def receipt(status: Mapping[str, Any]) -> Receipt:
    """The proof that a status is visible."""
    return Receipt(str(status["id"]), str(status.get("url") or status["uri"]), status)


def receipt_of(reply: Reply) -> Receipt:
    """The proof in an answer that is one status."""
    return receipt(reply.body)


def numbers(status: Mapping[str, Any]) -> tuple[str, Metrics]:
    """A status's id and its counts; quotes are counted since Mastodon 4.5."""
    return str(status["id"]), Metrics(
        likes=status["favourites_count"],
        reposts=status["reblogs_count"],
        replies=status["replies_count"],
        quotes=status.get("quotes_count"),
    )


def created_at(entity: Mapping[str, Any]) -> datetime:
    """When a status, or an account, was made."""
    return datetime.fromisoformat(entity["created_at"]).astimezone(UTC)


def posted(status: Mapping[str, Any]) -> Posted:
    """What is needed to recognise a status."""
    return Posted(
        remote_id=str(status["id"]),
        made_at=created_at(status),
        media_count=len(status["media_attachments"]),
        content=matching.without_markup(str(status["content"])),
        receipt=receipt(status),
    )
