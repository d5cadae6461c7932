"""Reading what X answers: posts, replies and numbers (X docs, fundamentals/data-dictionary)."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

from publishers import x_links
from publishers.errors import Evidence, Temporary
from publishers.http import Http, Reply
from publishers.matching import Likeness, likeness
from publishers.values import Audience, Comment, Metrics

PAGE = 100
MOST_PAGES = 10
EPOCH = 1_288_834_974_657  # milliseconds; an id tells when it was made
OWN_NUMBERS = timedelta(days=29)  # private numbers are told for 30 days: one day is left for clocks

Post = Mapping[str, Any]


def made_since(http: Http, user_id: str, since: datetime) -> list[Post]:
    """The account's own posts made after ``since``, newest first; ``Temporary`` if they are too many."""
    found: list[Post] = []
    asked = {
        "max_results": str(PAGE), "exclude": "retweets,replies", "start_time": _written(since),
        "tweet.fields": "created_at,entities,attachments,note_tweet",
    }  # fmt: skip
    for _ in range(MOST_PAGES):
        listed, more = http.get(f"/2/users/{user_id}/tweets", _page, params=asked)
        found += listed
        if not more:
            return found
        asked["pagination_token"] = more
    raise Temporary("There are too many newer posts to look through.", Evidence(code="too_many_posts"))


def likest(listed: Iterable[Post], wanted: str, files: int) -> str | None:
    """The id of the post that says ``wanted``, exactly or else most alike."""
    alike = [(_likeness(post, wanted), str(post["id"])) for post in listed if _file_count(post) == files]
    best, id = max(alike, key=lambda pair: pair[0], default=(Likeness.OTHER, ""))
    return id if best > Likeness.OTHER else None


def fields(remote_ids: Sequence[str], now: datetime) -> str:
    """Which numbers can be asked for: private ones spoil the whole answer once a single post is too old."""
    young = all(_made_at(id) > now - OWN_NUMBERS for id in remote_ids)
    return "public_metrics,non_public_metrics" if young else "public_metrics"


def numbers(reply: Reply) -> tuple[dict[str, Metrics], bool]:
    """The numbers of many posts, and whether some were refused for the sake of the private ones."""
    told = {str(post["id"]): _metrics(post) for post in reply.body.get("data", ())}
    kinds = (str(error.get("type", "")) for error in reply.body.get("errors", ()))
    return told, any(kind.endswith("not-authorized-for-field") for kind in kinds)


def comments(reply: Reply) -> list[Comment]:
    """The replies of a conversation, newest first as X lists them."""
    people = {
        str(user["id"]): str(user["username"]) for user in reply.body.get("includes", {}).get("users", ())
    }
    return [
        Comment(
            remote_id=str(post["id"]),
            author=f"@{people.get(str(post['author_id']), '')}",
            text=html.unescape(str(post["text"])),
            at=datetime.fromisoformat(str(post["created_at"])),
            parent=_parent(post),
        )
        for post in reply.body.get("data", ())
    ]


def audience(reply: Reply) -> Audience:
    """An account's own numbers."""
    told = reply.body["data"]["public_metrics"]
    return Audience(told.get("followers_count"), told.get("following_count"), told.get("tweet_count"))


def _page(reply: Reply) -> tuple[list[Post], str]:
    return list(reply.body.get("data", ())), str(reply.body["meta"].get("next_token", ""))


def _likeness(post: Post, wanted: str) -> Likeness:
    """Links come back as t.co's: they are compared by where they lead, and only where nothing else tells."""
    said, bare = _said(post), x_links.replaced(wanted, " ")
    if said.strip() and bare.strip():
        return likeness(said, bare, keeps_links=False)
    leads = [_target(wanted[start:end]) for start, end in x_links.places(wanted)]
    same = not said.strip() and not bare.strip() and sorted(leads) == sorted(_leads(post))
    return Likeness.SAME if same else Likeness.OTHER


def _said(post: Post) -> str:
    said = str((post.get("note_tweet") or post)["text"])
    for url in _urls(post):
        said = said.replace(str(url["url"]), " ")
    return html.unescape(said)


def _urls(post: Post) -> list[Mapping[str, Any]]:
    rows = (post, post.get("note_tweet") or {})
    return [url for row in rows for url in (row.get("entities") or {}).get("urls", ())]


def _leads(post: Post) -> list[str]:
    """Where the links lead that were written: a file has one too, which nobody wrote."""
    return [_target(str(url["expanded_url"])) for url in _urls(post) if "media_key" not in url]


def _target(url: str) -> str:
    return unquote(url).rpartition("://")[2].rstrip("/").casefold()


def _file_count(post: Post) -> int:
    return len((post.get("attachments") or {}).get("media_keys", ()))


def _metrics(post: Post) -> Metrics:
    public, own = post["public_metrics"], post.get("non_public_metrics") or {}
    return Metrics(
        likes=public.get("like_count"),
        reposts=public.get("retweet_count"),
        replies=public.get("reply_count"),
        quotes=public.get("quote_count"),
        saves=public.get("bookmark_count"),
        impressions=public.get("impression_count"),
        clicks=own.get("url_link_clicks"),
    )


def _parent(post: Post) -> str:
    """The reply that this one answers; one to the post itself has none."""
    kinds = {str(each["type"]): str(each["id"]) for each in post.get("referenced_tweets", ())}
    answered = kinds.get("replied_to", "")
    return "" if answered == str(post.get("conversation_id", "")) else answered


def _made_at(id: str) -> datetime:
    return datetime.fromtimestamp(((int(id) >> 22) + EPOCH) / 1000, UTC)


def _written(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
