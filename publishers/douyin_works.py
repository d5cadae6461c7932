"""The works (作品) of a Douyin account: how far their review is, what people do with them and say below them.

Sources: Douyin docs, video-list, video-data, item-comment-list and item-comment-reply.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from publishers.douyin_api import data
from publishers.errors import Evidence, Rejected, Temporary
from publishers.http import Http, Reply
from publishers.matching import Likeness, likeness
from publishers.values import Comment, Metrics, Receipt
from publishers.words import Words

API = "/api/douyin/v1/video"
PAGE = 20
MOST_PAGES = 10
COMMENTS = 50
SHOWN = 55  # characters of a text that lists show at least; longer ones may be cut there
REFUSED, IN_REVIEW = 2, 4  # of video_status; 1, 5, 6 and 7 are out, for all or for those it is meant for
PICTURES, VIDEO = 2, 4  # of media_type
UNKNOWN = datetime.fromtimestamp(0, UTC)  # the time of what only its author sees
TURNED_DOWN = Words(
    "Douyin's review found this not fit for the public.",
    "抖音審核未通過：作品不適宜公開。",
    "抖音审核未通过：作品不适宜公开。",
)
REVIEWING = Words("Douyin is still reviewing it.", "抖音仍在審核中。", "抖音仍在审核中。")


@dataclass(frozen=True)
class Work:
    """One work as Douyin tells of it; ``raw`` is all that it said."""

    item_id: str
    text: str
    made_at: datetime
    media_type: int
    raw: Mapping[str, Any]

    @property
    def receipt(self) -> Receipt | None:
        """Its receipt once its review is over, None before; raises ``Rejected`` where it was turned down."""
        status = int(self.raw.get("video_status") or 0)
        if not self.raw.get("is_reviewed") or status == IN_REVIEW:
            return None
        if status == REFUSED:
            raise Rejected(TURNED_DOWN, Evidence(code=f"video_status {status}"))
        return Receipt(self.item_id, str(self.raw.get("share_url") or ""), self.raw)

    @property
    def numbers(self) -> Metrics:
        """What people did with it."""
        told = self.raw.get("statistics") or {}
        return Metrics(
            likes=told.get("digg_count"),
            replies=told.get("comment_count"),
            shares=told.get("share_count"),
            views=told.get("play_count"),
            reposts=told.get("forward_count"),
        )

    def likeness(self, wanted: str) -> Likeness:
        """How alike its text is to ``wanted``; a list may show the beginning alone."""
        if len(self.text) >= SHOWN and wanted.startswith(self.text):
            return Likeness.SAME
        return likeness(self.text, wanted)


def told(http: Http, open_id: str, item_ids: Sequence[str]) -> list[Work]:
    """Those of the works that are still there."""
    asked, wanted = {"open_id": open_id}, {"item_ids": list(item_ids)}
    return http.post(f"{API}/video_data/", _works, params=asked, json=wanted)


def made_since(http: Http, open_id: str, since: datetime) -> Iterator[Work]:
    """The account's works made after ``since``, and those whose time is not told; ``Temporary`` if they are too many."""
    asked: dict[str, Any] = {"open_id": open_id, "cursor": 0, "count": PAGE}
    for _ in range(MOST_PAGES):
        page, asked["cursor"], more = http.get(f"{API}/video_list/", _page, params=asked)
        yield from (work for work in page if work.made_at >= since or work.made_at == UNKNOWN)
        if not more or not page or UNKNOWN < page[-1].made_at < since:
            return
    raise Temporary("There are too many newer posts to look through.", Evidence(code="too_many_posts"))


def comments(http: Http, open_id: str, item_id: str) -> list[Comment]:
    """What was said below a work, newest first."""
    asked = {"open_id": open_id, "item_id": item_id, "cursor": 0, "count": COMMENTS}
    found = http.get(
        "/item/comment/list/", lambda reply: [_comment(each) for each in data(reply)["list"]], params=asked
    )
    return sorted(found, key=lambda comment: comment.at, reverse=True)


def _works(reply: Reply) -> list[Work]:
    return [_work(entry) for entry in data(reply)["list"] or ()]


def _page(reply: Reply) -> tuple[list[Work], int, bool]:
    told = data(reply)
    return _works(reply), int(told["cursor"]), bool(told["has_more"])


def _work(entry: Mapping[str, Any]) -> Work:
    return Work(
        item_id=str(entry["item_id"]),
        text=str(entry["title"]),
        made_at=datetime.fromtimestamp(int(entry["create_time"]), UTC),
        media_type=int(entry.get("media_type") or 0),
        raw=dict(entry),
    )


def _comment(entry: Mapping[str, Any]) -> Comment:
    return Comment(
        remote_id=str(entry["comment_id"]),
        author=str(entry.get("nick_name") or entry.get("comment_user_id") or ""),
        text=str(entry["content"]),
        at=datetime.fromtimestamp(int(entry["create_time"]), UTC),
    )
