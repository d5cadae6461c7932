"""What Threads tells of profiles, replies and numbers, as our own values."""

from __future__ import annotations

from collections.abc import Callable

from publishers import meta
from publishers.errors import Rejected
from publishers.http import Reply
from publishers.meta import Graph
from publishers.values import Audience, Comment, Metrics

PROFILE = "id,username,name,threads_profile_picture_url"
REPLY = "id,text,username,timestamp,permalink,replied_to"
INSIGHTS = "views,likes,replies,reposts,quotes,shares"


def person(reply: Reply) -> dict[str, str]:
    """The profile."""
    body = reply.body
    picture = str(body.get("threads_profile_picture_url", ""))
    told = {"id": str(body["id"]), "username": str(body["username"]), "name": str(body.get("name", ""))}
    return told | {"picture": picture}


def replies(root: str) -> Callable[[Reply], list[Comment]]:
    """All that was said below the post ``root``, to it or to one another."""
    return lambda reply: [
        Comment(
            remote_id=str(row["id"]),
            author=str(row.get("username", "")),
            text=str(row.get("text", "")),
            at=meta.instant(row["timestamp"]),
            url=str(row.get("permalink", "")),
            parent=_unless(root, str(row.get("replied_to", {}).get("id", ""))),
        )
        for row in reply.body["data"]
    ]


def numbers(graph: Graph, media: str) -> Metrics | None:
    """The numbers of one post; None where it is gone."""
    try:
        told = graph.get(f"/{media}/insights", lambda reply: meta.insights_of(reply.body), metric=INSIGHTS)
    except Rejected as error:
        if meta.is_gone(error):
            return None
        raise
    return Metrics(**{name: told.get(name) for name in INSIGHTS.split(",")})


def audience(reply: Reply) -> Audience:
    """The profile's followers."""
    return Audience(followers=meta.insights_of(reply.body).get("followers_count"))


def _unless(root: str, parent: str) -> str:
    return "" if parent == root else parent
