"""A post on LinkedIn as the API writes and shows it, and what people do below it (LinkedIn docs, posts-api)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from publishers import declarations, text
from publishers import linkedin_api as api
from publishers.http import Http, Reply
from publishers.linkedin_text import little, plain
from publishers.matching import Likeness, likeness
from publishers.values import Comment, Content, Destination, Limits, Metrics, Preview

LOOKED_AT = 50
STATISTICS = "/rest/organizationalEntityShareStatistics?q=organizationalEntity"


@dataclass(frozen=True)
class Shown:
    """A post as the API lists it; ``at`` is when it was made, ``files`` how many it has."""

    urn: str
    said: str
    at: datetime
    files: int


def commentary(content: Content) -> str:
    """The text as it is sent, and counted."""
    return little(declarations.text(content))


def preview(content: Content, limits: Limits) -> Preview:
    """What readers see, counted as it is sent."""
    sent = commentary(content)
    return Preview(text.spans(plain(sent)), text.count(sent, limits.counter), limits.max_text, content.media)


def body(author: str, content: Content, urns: Sequence[str]) -> dict[str, Any]:
    """The post with its uploads ``urns``."""
    said: dict[str, Any] = {
        "author": author,
        "commentary": commentary(content),
        "visibility": content.options.get("visibility") or "PUBLIC",
        "distribution": {
            "feedDistribution": "MAIN_FEED",
            "targetEntities": [],
            "thirdPartyDistributionChannels": [],
        },
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": content.options.get("no_reshare") == "1",
    }
    shown = _content(content, urns)
    return said | ({"content": shown} if shown else {})


def _content(content: Content, urns: Sequence[str]) -> dict[str, Any]:
    if content.options.get("link"):
        return {"article": _article(content.options, urns)}
    if not urns:
        return {}
    files = [_without_gaps(id=urn, altText=m.alt) for urn, m in zip(urns, content.media, strict=True)]
    if len(files) > 1:
        return {"multiImage": {"images": files}}
    return {"media": files[0] | _without_gaps(title=content.options.get("title", ""))}


def _article(options: Mapping[str, str], urns: Sequence[str]) -> dict[str, str]:
    told = {name: options.get(name, "") for name in ("title", "description")}
    return _without_gaps(source=options["link"], thumbnail="".join(urns), **told)


def _without_gaps(**told: str) -> dict[str, str]:
    return {name: value for name, value in told.items() if value}


def read(reply: Reply) -> Shown:
    """One post."""
    return _shown(reply.body)


def _shown(told: Mapping[str, Any]) -> Shown:
    content = told.get("content") or {}
    files = len(content.get("multiImage", {}).get("images", ())) or int("media" in content)
    files += int(bool(content.get("article", {}).get("thumbnail")))
    at = told.get("createdAt") or told["publishedAt"]
    return Shown(str(told["id"]), plain(str(told.get("commentary") or "")), _instant(at), files)


def newest(http: Http, author: str) -> list[Shown]:
    """What a page posted last."""
    path = f"/rest/posts?author={api.encoded(author)}&q=author&count={LOOKED_AT}&sortBy=CREATED"
    headers = {"X-RestLi-Method": "FINDER"}
    return http.get(path, lambda reply: [_shown(each) for each in reply.body["elements"]], headers=headers)


def likest(listed: Iterable[Shown], content: Content) -> str | None:
    """The URN of the post that says what ``content`` does, with as many files."""
    wanted = plain(commentary(content))
    alike = [
        (likeness(post.said, wanted, keeps_links=False), post.at, post.urn)
        for post in listed
        if post.files == len(content.media)
    ]
    best = max(alike, default=None)
    return best[2] if best and best[0] > Likeness.OTHER else None


def comments(http: Http, destination: Destination, urn: str) -> list[Comment]:
    """What was said right below a post, newest first."""
    path = f"/rest/socialActions/{api.encoded(urn)}/comments"
    found = http.get(path, lambda reply: [_comment(each, destination) for each in reply.body["elements"]])
    return sorted(found, key=lambda comment: comment.at, reverse=True)


def _comment(told: Mapping[str, Any], destination: Destination) -> Comment:
    """LinkedIn names who said it by number alone."""
    actor = str(told["actor"])
    author = destination.handle if actor == destination.remote_id else actor.rpartition(":")[2]
    return Comment(
        remote_id=str(told["commentUrn"]),
        author=author,
        text=str(told["message"]["text"]),
        at=_instant(told["created"]["time"]),
        parent=str(told.get("parentComment") or ""),
    )


def comment(http: Http, destination: Destination, urn: str, said: str) -> str:
    """Say something below a post (LinkedIn docs, network-update-social-actions); the URN of the comment."""
    made = {"actor": destination.remote_id, "object": urn, "message": {"text": said}}
    return http.publish(f"/rest/socialActions/{api.encoded(urn)}/comments", _made, json=made)


def answer(http: Http, destination: Destination, comment: str, said: str) -> str:
    """Reply to ``comment``, ``urn:li:comment:(what it is below,number)``; the URN of the reply."""
    thread = comment.partition("(")[2].rpartition(",")[0]
    made = {
        "actor": destination.remote_id,
        "object": thread,
        "message": {"text": said},
        "parentComment": comment,
    }
    path = f"/rest/socialActions/{api.encoded(comment)}/comments"
    return http.publish(path, _made, json=made)


def _made(reply: Reply) -> str:
    told = reply.body if isinstance(reply.body, Mapping) else {}
    return str(told.get("commentUrn") or reply.headers["x-restli-id"])


def numbers(http: Http, author: str, urns: Sequence[str]) -> dict[str, Metrics]:
    """The numbers since each post was made; one call for each kind of URN among them."""
    found: dict[str, Metrics] = {}
    for kind, field in (("share", "shares"), ("ugcPost", "ugcPosts")):
        asked = [urn for urn in urns if urn.startswith(f"urn:li:{kind}:")]
        if asked:
            path = f"{STATISTICS}&organizationalEntity={api.encoded(author)}&{field}={api.listed(asked)}"
            found |= http.get(path, partial(_numbers, kind=kind))
    return found


def _numbers(reply: Reply, kind: str) -> dict[str, Metrics]:
    return {str(each[kind]): _metrics(each["totalShareStatistics"]) for each in reply.body["elements"]}


def _metrics(told: Mapping[str, Any]) -> Metrics:
    return Metrics(
        likes=told.get("likeCount"),
        reposts=told.get("shareCount"),
        replies=told.get("commentCount"),
        impressions=told.get("impressionCount"),
        reach=told.get("uniqueImpressionsCount"),
        clicks=told.get("clickCount"),
    )


def _instant(milliseconds: Any) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
