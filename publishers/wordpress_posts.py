"""A post of a WordPress site as its API writes and shows it (WordPress docs, rest-api/reference/posts)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from publishers import declarations
from publishers import wordpress_api as api
from publishers import wordpress_html as markup
from publishers.http import UPLOAD_TIMEOUT, Http, Reply, opened
from publishers.matching import without_markup
from publishers.values import Comment, Content, Destination, Media, Receipt, Ticket


def upload(http: Http, destination: Destination, media: Media) -> dict[str, Any]:
    """The number and address of a file in the site's library."""
    with opened(media) as stream:
        return http.post(
            api.path(destination, "/media"),
            lambda reply: {"id": int(reply.body["id"]), "url": str(reply.body["source_url"])},
            files={"file": (media.path.name, stream, media.mime)},
            data={"alt_text": media.alt},
            timeout=UPLOAD_TIMEOUT,
        )


def body(content: Content, ticket: Ticket, handles: Mapping[str, Any]) -> dict[str, Any]:
    """The post with its uploads; a featured image stands above it and not in it."""
    above = featured(content)
    shown = [n for n in range(len(content.media)) if n != above]
    said = markup.blocks(
        declarations.text(content), [content.media[n] for n in shown], [handles["uploads"][n] for n in shown]
    )
    return {
        "slug": slug(content, ticket),
        "title": content.options.get("title", ""),
        "excerpt": content.options.get("excerpt", ""),
        "content": said,
        "featured_media": handles["uploads"][above]["id"] if above is not None else 0,
        **{kind: handles[kind] for kind in ("categories", "tags") if handles[kind]},
        **({"comment_status": "closed"} if content.options.get("no_comments") == "1" else {}),
    }


def draft(http: Http, destination: Destination, body: Mapping[str, Any]) -> int:
    """The number of the post as a draft. One that is there already, by an earlier try, is used; if it is out, as it is."""
    known = next(iter(named_so(http, destination, str(body["slug"]))), None)
    if known and known["status"] == "publish":
        return int(known["id"])
    path = api.path(destination, f"/posts/{known['id']}" if known else "/posts")
    return http.post(path, lambda reply: int(reply.body["id"]), json={**body, "status": "draft"})


def named_so(http: Http, destination: Destination, slug: str) -> list[dict[str, Any]]:
    """The posts of this slug, whatever their state: number, address and status."""
    path = api.path(destination, "/posts", slug=slug, status="any", context="edit", _fields="id,link,status")
    return http.get(path, lambda reply: [dict(post) for post in reply.body])


def slug(content: Content, ticket: Ticket) -> str:
    """What was asked for, made this delivery's own by its key."""
    asked = content.options.get("slug", "")
    return f"{asked}-{ticket.key}" if asked else ticket.key


def featured(content: Content) -> int | None:
    """Which file it is, counted from 0; None where none is named."""
    number = content.options.get("featured", "")
    place = int(number) - 1 if number.isdecimal() else -1
    return place if 0 <= place < len(content.media) else None


def published(reply: Reply) -> Receipt:
    """The post that is out; the failure of one that is not makes the answer unreadable."""
    if reply.body["status"] != "publish":
        raise ValueError
    return receipt(reply.body)


def receipt(post: Mapping[str, Any]) -> Receipt:
    """The number and address of a post."""
    return Receipt(str(post["id"]), str(post["link"]))


def comment(told: Mapping[str, Any]) -> Comment:
    """What somebody said; a comment right below the post has no parent."""
    return Comment(
        remote_id=str(told["id"]),
        author=str(told["author_name"]),
        text=without_markup(str(told["content"]["rendered"])).strip(),
        at=datetime.fromisoformat(str(told["date_gmt"])).replace(tzinfo=UTC),
        url=str(told.get("link") or ""),
        parent=str(told["parent"] or ""),
    )


def count_comments(http: Http, destination: Destination, remote_id: str) -> int:
    """How many comments of a post are shown."""
    return http.get(api.path(destination, "/comments", post=remote_id, per_page="1", _fields="id"), api.total)
