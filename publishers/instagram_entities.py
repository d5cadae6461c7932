"""What Instagram tells of accounts, comments and numbers, as our own values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from publishers import meta
from publishers.errors import Rejected
from publishers.http import Reply
from publishers.meta import Graph
from publishers.values import Audience, Comment, Metrics

PROFILE = "user_id,username,name,profile_picture_url"
_SAID = "id,text,username,timestamp"
COMMENT = f"{_SAID},replies{{{_SAID}}}"
# Those that every kind of post has in 2026; one that a post has not fails the whole call.
INSIGHTS = "views,reach,likes,comments,shares,saved"


def person(reply: Reply) -> dict[str, str]:
    """The account: what Instagram calls ``id`` is for this app alone, ``user_id`` the account's own."""
    body = reply.body
    picture = str(body.get("profile_picture_url", ""))
    told = {"id": str(body["user_id"]), "username": str(body["username"]), "name": str(body.get("name", ""))}
    return told | {"picture": picture}


def numbers(graph: Graph, media: str) -> Metrics | None:
    """The numbers of one post; None where it is gone. Where it has no insights (yet), likes and comments alone."""
    try:
        told = graph.get(f"/{media}/insights", lambda reply: meta.insights_of(reply.body), metric=INSIGHTS)
    except Rejected as error:
        if meta.is_gone(error):
            return None
        return graph.get(f"/{media}", _counts, fields="like_count,comments_count")
    return Metrics(
        likes=told.get("likes"),
        replies=told.get("comments"),
        views=told.get("views"),
        reach=told.get("reach"),
        shares=told.get("shares"),
        saves=told.get("saved"),
    )


def comments(reply: Reply) -> list[Comment]:
    """Comments and the answers to them, newest first."""
    said = []
    for row in reply.body["data"]:
        said.append(_comment(row, ""))
        said += [_comment(each, str(row["id"])) for each in row.get("replies", {}).get("data", ())]
    return sorted(said, key=lambda comment: comment.at, reverse=True)


def audience(reply: Reply) -> Audience:
    """The account's own numbers."""
    body = reply.body
    return Audience(body.get("followers_count"), body.get("follows_count"), body.get("media_count"))


def _counts(reply: Reply) -> Metrics:
    return Metrics(likes=reply.body.get("like_count"), replies=reply.body.get("comments_count"))


def _comment(row: Mapping[str, Any], parent: str) -> Comment:
    return Comment(
        remote_id=str(row["id"]),
        author=str(row.get("username", "")),
        text=str(row.get("text", "")),
        at=meta.instant(row["timestamp"]),
        parent=parent,
    )
