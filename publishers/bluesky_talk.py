"""What happens to a Bluesky post that is out: taken down, and talked about (lexicons com.atproto.repo, app.bsky.feed)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from publishers import atproto
from publishers import bluesky_record as record
from publishers.errors import Evidence, Rejected
from publishers.http import Http, Reply
from publishers.values import Comment, Content

DEPTH = 1000  # app.bsky.feed.getPostThread goes no deeper


def delete(http: Http, remote_id: str) -> None:
    """Take a record out of its repository; one that is not there is none too many."""
    repo, _, place = remote_id.removeprefix("at://").partition("/")
    collection, _, rkey = place.partition("/")
    gone = {"repo": repo, "collection": collection, "rkey": rkey}
    http.post("/xrpc/com.atproto.repo.deleteRecord", lambda reply: None, json=gone)


def comments(http: Http, remote_id: str, web: str) -> list[Comment]:
    """Everything below a post, newest first; what is blocked or gone is left out."""
    asked = {"uri": remote_id, "depth": str(DEPTH), "parentHeight": "0"}
    below = http.get(
        "/xrpc/app.bsky.feed.getPostThread",
        lambda reply: [_comment(post, remote_id, web) for post in _below(reply.body["thread"])],
        params=asked,
    )
    return sorted(below, key=lambda comment: comment.at, reverse=True)


def reply_to(http: Http, comment_id: str, text: str, now: datetime) -> dict[str, Any]:
    """The record that answers ``comment_id``, with both ends of its thread named by their content."""
    ends = http.get("/xrpc/app.bsky.feed.getPosts", _ends, params={"uris": comment_id})
    if ends is None:
        raise Rejected("This comment is not there any more.", Evidence(code="comment_gone"))
    return _reply(http, Content(text), ends, now)


def continuing(http: Http, remote_id: str, text: str, now: datetime) -> dict[str, Any]:
    """The record that goes on where our own post ends; that is asked of its repository, which knows it at once."""
    repo, _, place = remote_id.removeprefix("at://").partition("/")
    collection, _, rkey = place.partition("/")
    asked = {"repo": repo, "collection": collection, "rkey": rkey}
    language, ends = http.get("/xrpc/com.atproto.repo.getRecord", _own_ends, params=asked)
    return _reply(http, Content(text, language=language), ends, now)


def _reply(http: Http, said: Content, ends: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    dids = {handle: atproto.resolve(http, handle) for handle in record.mentioned(said)}
    return {
        **record.post(said, {"dids": dids}),
        "reply": ends,
        "createdAt": atproto.timestamp(now),
    }


def _own_ends(reply: Reply) -> tuple[str, dict[str, Any]]:
    """The language of a record, and both ends of the thread that a reply to it is part of."""
    said = reply.body["value"]
    parent = {"uri": str(reply.body["uri"]), "cid": str(reply.body["cid"])}
    ends = {"root": (said.get("reply") or {}).get("root") or parent, "parent": parent}
    return str((said.get("langs") or [""])[0]), ends


def _ends(reply: Reply) -> dict[str, Any] | None:
    """Both ends of the thread that an answer to this post is part of; None where the post is gone."""
    if not reply.body["posts"]:
        return None
    post = reply.body["posts"][0]
    parent = {"uri": str(post["uri"]), "cid": str(post["cid"])}
    return {"root": (post["record"].get("reply") or {}).get("root") or parent, "parent": parent}


def _below(thread: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for branch in thread.get("replies") or ():
        if "post" in branch:
            yield branch["post"]
            yield from _below(branch)


def _comment(post: Mapping[str, Any], below: str, web: str) -> Comment:
    handle, said = str(post["author"]["handle"]), post["record"]
    parent = str(said["reply"]["parent"]["uri"])
    return Comment(
        remote_id=str(post["uri"]),
        author=f"@{handle}",
        text=str(said.get("text", "")),
        at=datetime.fromisoformat(post["indexedAt"]).astimezone(UTC),
        url=f"{web}/profile/{handle}/post/{str(post['uri']).rpartition('/')[2]}",
        parent="" if parent == below else parent,
    )
