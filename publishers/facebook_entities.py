"""What the Graph API tells of Pages, their posts, comments and numbers, as our own values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from publishers import meta
from publishers.errors import Evidence, Rejected
from publishers.http import Reply
from publishers.meta import Graph, Listed
from publishers.values import Audience, Comment, Metrics

PROFILE = "id,name,username,picture{url}"
PAGE = f"{PROFILE},access_token"
POST = "id,message,created_time,attachments{media_type,target{id},subattachments.limit(50){media_type,target{id}}}"
COMMENT = "id,from{name},message,created_time,permalink_url,parent{id}"
FOLLOWERS = "followers_count"
COUNTS = "id,shares,reactions.summary(total_count).limit(0),comments.summary(total_count).limit(0)"
# Those of 2026; asking for one that was taken away (post_impressions ...) fails the whole call.
INSIGHTS = ("post_media_view", "post_total_media_view_unique", "post_clicks")
NUMBERS = f"{COUNTS},insights.metric({','.join(INSIGHTS)})"


def pages(reply: Reply) -> list[dict[str, Any]]:
    """The Pages that a login manages, each with a token of its own."""
    return [dict(page) for page in reply.body["data"]]


def chosen(found: Sequence[Mapping[str, Any]], typed: Mapping[str, str]) -> Mapping[str, Any]:
    """The Page that was named, or the only one; ``Rejected`` says which there are."""
    wanted = typed.get("page", "").lower().lstrip("@")
    fitting = [page for page in found if not wanted or wanted in _names(page)]
    if len(fitting) == 1:
        return fitting[0]
    if not found:
        raise Rejected("This login manages no Page that it let Almanac see.", Evidence(code="no_page"))
    names = ", ".join(f"{page['name']} ({page['id']})" for page in found)
    raise Rejected(f"Name the Page that is to be connected: {names}", Evidence(code="choose_one"))


def found(posts: Iterable[Listed], photos: Sequence[str], wanted: str, others: frozenset[str]) -> str | None:
    """The post that shows the very photos, or else says what was wanted with as many files."""
    maybe = []
    for post in posts:
        kinds, targets = _attached(post.facts)
        if set(photos) & targets and post.remote_id not in others:
            return post.remote_id
        if len(kinds) == len(photos):
            maybe.append(post)
    alike = meta.likest(maybe, wanted, others)
    return alike.remote_id if alike else None


def comments(reply: Reply) -> list[Comment]:
    """Comments; a person who keeps apps out has no name."""
    return [
        Comment(
            remote_id=str(row["id"]),
            author=str(row.get("from", {}).get("name", "")),
            text=str(row.get("message", "")),
            at=meta.instant(row["created_time"]),
            url=str(row.get("permalink_url", "")),
            parent=str(row.get("parent", {}).get("id", "")),
        )
        for row in reply.body["data"]
    ]


def numbers(graph: Graph, ids: list[str], fields: str = NUMBERS) -> dict[str, Metrics]:
    """The numbers of many posts in one call. One that is gone, or has no insights, fails it: then by halves."""
    try:
        return graph.get("/", _numbers, ids=",".join(ids), fields=fields)
    except Rejected as error:
        if len(ids) > 1:
            half = len(ids) // 2
            return numbers(graph, ids[:half], fields) | numbers(graph, ids[half:], fields)
        if meta.is_gone(error):
            return {}
        if fields == COUNTS:
            raise
        return numbers(graph, ids, COUNTS)


def audience(reply: Reply) -> Audience:
    """The Page's followers."""
    return Audience(followers=reply.body.get("followers_count"))


def _names(page: Mapping[str, Any]) -> set[str]:
    return {str(page.get(name, "")).lower() for name in ("id", "name", "username")}


def _attached(post: Mapping[str, Any]) -> tuple[list[str], set[str]]:
    """The kinds of a post's files, and the ids of what they show; a link's card is no file."""
    files = [file for file in _files(post) if file.get("media_type") in ("photo", "video")]
    targets = {str(file.get("target", {}).get("id", "")) for file in files}
    return [str(file["media_type"]) for file in files], targets


def _files(post: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for attachment in post.get("attachments", {}).get("data", ()):
        yield from attachment.get("subattachments", {}).get("data", ()) or (attachment,)


def _numbers(reply: Reply) -> dict[str, Metrics]:
    return {str(id): _metrics(post) for id, post in reply.body.items()}


def _metrics(post: Mapping[str, Any]) -> Metrics:
    told = meta.insights_of(post.get("insights", {}))
    return Metrics(
        likes=_total(post, "reactions"),
        replies=_total(post, "comments"),
        reposts=post.get("shares", {}).get("count", 0),  # left out where there are none
        views=told.get("post_media_view"),
        reach=told.get("post_total_media_view_unique"),
        clicks=told.get("post_clicks"),
    )


def _total(post: Mapping[str, Any], edge: str) -> int | None:
    count = post.get(edge, {}).get("summary", {}).get("total_count")
    return int(count) if count is not None else None
