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
    said = Content(text)
    dids = {handle: atproto.resolve(http, handle) for handle in record.mentioned(said)}
    return {
        **record.post(said, {"dids": dids}),
        "reply": ends,
        "createdAt": atproto.timestamp(now),
    }


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
