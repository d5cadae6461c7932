"""What a channel has out on WeChat: how a post is named, found again, counted and talked about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from publishers import wechat_article as article
from publishers.errors import Evidence, Rejected
from publishers.matching import Likeness, likeness
from publishers.values import Comment, Content, Metrics, Receipt
from publishers.wechat_api import Api
from publishers.wechat_errors import NO_SUCH_DAY, NOT_ALLOWED, ZONE

MASS = "mass:"
UNKNOWN = "-"
SKEW = timedelta(minutes=2)
PAGE = 20
COMMENTS = 50
NO_NUMBER = "WeChat did not tell the number by which it keeps the comments of this post."


@dataclass(frozen=True)
class Post:
    """A post that is out, as it is remembered: "article_id msg_data_id index day".

    Comments and statistics go by ``msg_data_id``, the latter also by the ``day`` (in Beijing) on which it came out;
    ``index`` counts from 1. A broadcast has "mass:msg_id" instead of an article's id.
    """

    article_id: str
    msg_data_id: str
    day: date
    index: int = 1

    def __str__(self) -> str:
        return f"{self.article_id} {self.msg_data_id or UNKNOWN} {self.index} {self.day.isoformat()}"

    @classmethod
    def named(cls, remote_id: str) -> Self:
        """The reverse of ``str``."""
        article_id, msg_data_id, index, day = remote_id.split(" ")
        return cls(article_id, msg_data_id, date.fromisoformat(day), int(index))

    @property
    def msg_id(self) -> str:
        """The number of a broadcast; empty for what is no broadcast."""
        return self.article_id.removeprefix(MASS) if self.article_id.startswith(MASS) else ""

    @property
    def talk(self) -> dict[str, int]:
        """Where its comments are; raises ``Rejected`` where that is not known."""
        if self.msg_data_id == UNKNOWN:
            raise Rejected(NO_NUMBER, Evidence(code="no_msg_data_id"))
        return {"msg_data_id": int(self.msg_data_id), "index": self.index - 1}


def day_of(instant: datetime) -> date:
    """The day in Beijing."""
    return instant.astimezone(ZoneInfo(ZONE)).date()


def published(api: Api, title: str, since: datetime) -> Iterator[tuple[Receipt, str]]:
    """What came out under ``title`` since then, newest first, with the id of its article."""
    asked = {"offset": 0, "count": PAGE, "no_content": 1}
    rows = api.ask("/cgi-bin/freepublish/batchget", asked, lambda reply: list(reply.body.get("item", [])))
    for row in rows:
        at = datetime.fromtimestamp(int(row["update_time"]), UTC)
        first = row["content"]["news_item"][0]
        if at >= since - SKEW and first["title"] == title and not first.get("is_deleted"):
            yield _receipt(str(row["article_id"]), str(first["url"]), at), str(row["article_id"])


def look(api: Api, content: Content, since: datetime, others: frozenset[str]) -> Receipt | None:
    """The post that says ``content`` and came out since then; None where the account shows none."""
    known = {other.partition(" ")[0] for other in others}
    for receipt, article_id in published(api, content.options.get("title", ""), since):
        if article_id not in known and _says(api, article_id, content):
            return receipt
    return None


def numbers(api: Api, posts: Sequence[Post]) -> dict[str, Metrics]:
    """The numbers of posts by their names. A post may have come out after the midnight that followed its submission:
    what its day does not have is looked for in the next."""
    found: dict[str, Metrics] = {}
    for day in sorted({post.day for post in posts}):
        asked = [post for post in posts if post.day == day]
        rows = _statistics(api, day)
        found |= _joined(rows or {}, asked)
        missing = [post for post in asked if str(post) not in found]
        if missing and rows is not None:
            found |= _joined(_statistics(api, day + timedelta(days=1)) or {}, missing)
    return found


def comments(api: Api, post: Post, answering: str) -> list[Comment]:
    """The comments below a post, newest first; those that ``answering`` (the account) gave are among them."""
    asked = {**post.talk, "begin": 0, "count": COMMENTS, "type": 0}
    rows = api.ask("/cgi-bin/comment/list", asked, lambda reply: list(reply.body.get("comment", [])))
    found = [each for row in rows for each in _comments(row, answering)]
    return sorted(found, key=lambda comment: comment.at, reverse=True)


def _comments(row: Mapping[str, Any], answering: str) -> Iterator[Comment]:
    id, answer = str(row["user_comment_id"]), row.get("reply") or {}
    yield Comment(id, str(row["openid"]), str(row["content"]), _instant(row["create_time"]))
    if answer.get("content"):
        at = _instant(answer["create_time"])
        yield Comment(answer_of(id), answering, str(answer["content"]), at, parent=id)


def answer_of(comment_id: str) -> str:
    """The id of the one answer that a comment can have."""
    return f"{comment_id}/reply"


def _instant(seconds: Any) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


def _says(api: Api, article_id: str, content: Content) -> bool:
    asked = {"article_id": article_id}
    said = api.ask(
        "/cgi-bin/freepublish/getarticle", asked, lambda reply: str(reply.body["news_item"][0]["content"])
    )
    shown, wanted = article.without_tags(said), article.plain(content)
    return shown == wanted or likeness(shown, wanted, keeps_links=False) > Likeness.OTHER


def _receipt(article_id: str, url: str, at: datetime) -> Receipt:
    """The address tells the number that comments and statistics go by."""
    told = parse_qs(urlsplit(url).query)
    number, index = (told.get(name, [""])[0] for name in ("mid", "idx"))
    post = Post(article_id, number or UNKNOWN, day_of(at), int(index or 1))
    return Receipt(str(post), url, {"article_id": article_id})


def _statistics(api: Api, day: date) -> dict[str, Metrics] | None:
    """The numbers of all that came out on ``day``, by "msg_data_id_index"; None while there are none for that day."""
    asked = {"begin_date": day.isoformat(), "end_date": day.isoformat()}
    try:
        body = api.ask("/datacube/getarticletotaldetail", asked, lambda reply: dict(reply.body))
    except Rejected as error:
        if error.evidence.code not in (NO_SUCH_DAY, NOT_ALLOWED):
            raise
        return None
    if body.get("is_delay"):
        return None
    return {str(row["msgid"]): _metrics(row["detail_list"]) for row in body["list"] if row.get("detail_list")}


def _metrics(days: Sequence[Mapping[str, Any]]) -> Metrics:
    """Each day's row counts all since the beginning, and people rather than views."""
    latest = max(days, key=lambda row: str(row["stat_date"]))
    return Metrics(
        views=latest.get("read_user"),
        likes=latest.get("like_user"),
        shares=latest.get("share_user"),
        saves=latest.get("collection_user"),
        replies=latest.get("comment_count"),
    )


def _joined(rows: Mapping[str, Metrics], posts: Sequence[Post]) -> dict[str, Metrics]:
    named = {str(post): f"{post.msg_data_id}_{post.index}" for post in posts}
    return {remote_id: rows[msgid] for remote_id, msgid in named.items() if msgid in rows}
