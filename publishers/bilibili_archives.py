"""The videos (稿件) of a Bilibili account: how far their review is, and looking for one (openhome.bilibili.com)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from publishers.bilibili_api import ARCHIVE, Api, data
from publishers.errors import Evidence, Rejected, Temporary
from publishers.http import Reply
from publishers.matching import Likeness, likeness
from publishers.values import Receipt
from publishers.words import Words

PAGE = 20
MOST_PAGES = 10
# Of addit_info.state: from 0 on everybody may watch. Of the rest these are verdicts; the others are on their way.
VERDICTS = frozenset({-2, -3, -4, -5, -11, -12, -14, -16, -100})
TURNED_DOWN = Words("Bilibili turned this down.", "B 站審核未通過。", "B 站审核未通过。")
REVIEWING = Words("Bilibili is still reviewing it.", "B 站仍在審核中。", "B 站仍在审核中。")


@dataclass(frozen=True)
class Archive:
    """One video as Bilibili tells of it; ``raw`` is all that it said."""

    resource_id: str
    title: str
    text: str
    made_at: datetime
    raw: Mapping[str, Any]

    def receipt(self, web: str) -> Receipt | None:
        """Its receipt once everybody may watch it, None before; raises ``Rejected`` where it was turned down."""
        told = self.raw.get("addit_info") or {}
        state, reason = int(told["state"]), str(told.get("reject_reason") or "")
        if state in VERDICTS or (state < 0 and reason):
            sentence = reason or str(told.get("state_desc") or "") or TURNED_DOWN
            raise Rejected(sentence, Evidence(code=f"state {state}"))
        if state < 0:
            return None
        video = self.raw.get("video_info") or {}
        url = str(video.get("share_url") or "") or f"{web}/video/{self.resource_id}"
        return Receipt(self.resource_id, url, self.raw)

    def likeness(self, title: str, text: str) -> Likeness:
        """How alike it is to a video of this title, with this text below."""
        return min(likeness(self.title, title), likeness(self.text, text) if text else Likeness.EXACT)


def view(api: Api, resource_id: str) -> Archive:
    """One video."""
    return api.get(f"{ARCHIVE}/view", lambda reply: _archive(data(reply)), resource_id=resource_id)


def made_since(api: Api, since: datetime) -> Iterator[Archive]:
    """The account's videos made after ``since``; ``Temporary`` if they are too many."""
    for number in range(1, MOST_PAGES + 1):
        page = api.get(f"{ARCHIVE}/viewlist", _page, pn=number, ps=PAGE, status="all")
        yield from (archive for archive in page if archive.made_at >= since)
        if len(page) < PAGE or page[-1].made_at < since:
            return
    raise Temporary("There are too many newer posts to look through.", Evidence(code="too_many_posts"))


def _page(reply: Reply) -> list[Archive]:
    return [_archive(entry) for entry in data(reply)["list"] or ()]


def _archive(entry: Mapping[str, Any]) -> Archive:
    return Archive(
        resource_id=str(entry["resource_id"]),
        title=str(entry["title"]),
        text=str(entry.get("desc") or ""),
        made_at=datetime.fromtimestamp(int(entry["ctime"]), UTC),
        raw=dict(entry),
    )
