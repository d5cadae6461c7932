"""What happens to a Mastodon status that is out: taken down, edited, talked about (Mastodon docs, methods/statuses)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from publishers import mastodon_entities as entities
from publishers.errors import PublisherError
from publishers.http import Http, Reply
from publishers.matching import without_markup
from publishers.values import Comment, Content, Receipt


def delete(http: Http, remote_id: str) -> None:
    """Take a status down with its files; ``delete_media`` is known since Mastodon 4.4 and ignored before."""
    try:
        http.delete(f"/api/v1/statuses/{remote_id}", lambda reply: None, params={"delete_media": "true"})
    except PublisherError as error:
        if error.evidence.http_status not in (404, 410):
            raise


def edit(http: Http, remote_id: str, content: Content, body: Mapping[str, Any]) -> Receipt:
    """Say ``body`` instead. What a status has and an edit does not name is dropped: so all of it is named again."""
    path = f"/api/v1/statuses/{remote_id}"
    kept = http.get(path, _kept)
    kept["spoiler_text"] = _warning(http, path, kept["spoiler_text"])
    if "spoiler_text" in content.options:
        kept["spoiler_text"] = content.options["spoiler_text"]
    described = {"media_attributes": _described(kept["media_ids"], content)}
    return http.publish(path, entities.receipt_of, method="PUT", json={**kept, **described, **body})


def comments(http: Http, remote_id: str) -> list[Comment]:
    """Everything below a status, newest first."""
    below = http.get(
        f"/api/v1/statuses/{remote_id}/context",
        lambda reply: [_comment(each, remote_id) for each in reply.body["descendants"]],
    )
    return sorted(below, key=lambda comment: comment.at, reverse=True)


def reply_to(http: Http, comment_id: str, text: str, own_id: str) -> dict[str, Any]:
    """A status that answers ``comment_id``, seen by whom that is seen; its author is told only if it is named."""
    author_id, name, visibility = http.get(f"/api/v1/statuses/{comment_id}", _asked)
    said = text if author_id == own_id else f"@{name} {text}"
    return {"status": said, "in_reply_to_id": comment_id, "visibility": visibility}


def continuing(http: Http, remote_id: str, text: str) -> dict[str, Any]:
    """A status that goes on where our own status ends: for the same readers, under the same warning."""
    path = f"/api/v1/statuses/{remote_id}"
    kept, (_, _, visibility) = http.get(path, lambda reply: (_kept(reply), _asked(reply)))
    body = {
        "status": text,
        "in_reply_to_id": remote_id,
        "visibility": visibility,
        "language": kept["language"],
        "spoiler_text": _warning(http, path, kept["spoiler_text"]) if kept["spoiler_text"] else "",
    }
    return {name: value for name, value in body.items() if value}


def key_of(comment_id: str, text: str) -> str:
    """The same answer to the same comment has the same key: sent twice within the hour, it is one."""
    return hashlib.sha256(f"{comment_id}\n{text}".encode()).hexdigest()[:32]


def _warning(http: Http, path: str, shown: str) -> str:
    """The warning as it was typed, where the server keeps that: what a status shows is made of it."""
    typed = http.get_or_none(f"{path}/source", lambda reply: str(reply.body["spoiler_text"]))
    return shown if typed is None else typed


def _kept(reply: Reply) -> dict[str, Any]:
    shown = reply.body
    return {
        "media_ids": [str(each["id"]) for each in shown["media_attachments"]],
        "sensitive": bool(shown.get("sensitive")),
        "language": str(shown.get("language") or ""),
        "spoiler_text": str(shown.get("spoiler_text") or ""),
    }


def _asked(reply: Reply) -> tuple[str, str, str]:
    """Who wrote a status, under which name, and who sees it."""
    author = reply.body["account"]
    return str(author["id"]), str(author["acct"]), str(reply.body.get("visibility") or "public")


def _described(ids: Sequence[str], content: Content) -> list[dict[str, str]]:
    """The alt texts, where the files are still as many as were posted."""
    if len(ids) != len(content.media):
        return []
    return [{"id": id, "description": media.alt} for id, media in zip(ids, content.media, strict=True)]


def _comment(status: Mapping[str, Any], below: str) -> Comment:
    parent = str(status.get("in_reply_to_id") or "")
    return Comment(
        remote_id=str(status["id"]),
        author=f"@{status['account']['acct']}",
        text=without_markup(str(status["content"])),
        at=entities.created_at(status),
        url=str(status.get("url") or status.get("uri") or ""),
        parent="" if parent == below else parent,
    )
