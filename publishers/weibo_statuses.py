"""Reading what Weibo answers: posts, comments and numbers (Weibo docs, 常见返回对象数据结构)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from publishers import text
from publishers.errors import Evidence, Temporary
from publishers.http import Http, Reply
from publishers.matching import Likeness, likeness, normal
from publishers.values import Audience, Comment, Metrics

PAGE = 100
MOST_PAGES = 5
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_GROUP, _WIDTH = 7, 4
_CUT = re.compile(r"(?:\.\.\.|…)\s*全文[：:]?\s*(?:https?://\S*)?\s*$")

Status = Mapping[str, Any]


def base62(mid: str) -> str:
    """The ``mid`` as permalinks have it: groups of seven digits from the right, each in base 62."""
    head = len(mid) % _GROUP or _GROUP
    groups = [mid[:head], *(mid[at : at + _GROUP] for at in range(head, len(mid), _GROUP))]
    first, *others = (_in_base62(int(group)) for group in groups)
    return first + "".join(other.rjust(_WIDTH, "0") for other in others)


def made_since(http: Http, asked: Mapping[str, str], since: datetime) -> tuple[list[Status], bool]:
    """The account's posts made after ``since``, newest first, and whether these are surely all."""
    found: list[Status] = []
    for page in range(1, MOST_PAGES + 1):
        params = {**asked, "count": str(PAGE), "page": str(page)}
        listed, total = http.get("/2/statuses/user_timeline.json", _page, params=params)
        found += (each for each in listed if instant(each) >= since)
        if any(instant(each) < since for each in listed) or len(found) >= total:
            return found, True
        if not listed:
            break
    return found, False


def likest(listed: Iterable[Status], wanted: str, files: int) -> Status | None:
    """The post that says ``wanted``, exactly or else most alike."""
    alike = [(_likeness(each, wanted), each) for each in listed if pictures(each) == files]
    best = max(alike, key=lambda pair: pair[0], default=(Likeness.OTHER, None))
    return best[1] if best[0] > Likeness.OTHER else None


def untold() -> Temporary:
    """The account's newest posts are all that Weibo lists to some apps: what is not there may be further down."""
    return Temporary("Weibo does not list all newer posts of this account.", Evidence(code="too_many_posts"))


def instant(row: Mapping[str, Any]) -> datetime:
    """When something was said: ``Wed Oct 24 23:49:17 +0800 2012``."""
    return datetime.strptime(str(row["created_at"]), "%a %b %d %H:%M:%S %z %Y")


def pictures(status: Status) -> int:
    """How many pictures a post has."""
    listed = status.get("pic_urls") or status.get("pic_ids")
    return len(listed) if listed else int(bool(status.get("original_pic")))


def comments(reply: Reply) -> Sequence[Comment]:
    """A page of comments, newest first as Weibo lists them."""
    return [
        Comment(
            remote_id=str(row["idstr"]),
            author=str(row["user"]["screen_name"]),
            text=str(row["text"]),
            at=instant(row),
            parent=str((row.get("reply_comment") or {}).get("idstr", "")),
        )
        for row in reply.body["comments"]
    ]


def numbers(reply: Reply) -> dict[str, Metrics]:
    """The numbers of many posts (Weibo docs, 2/statuses/count)."""
    return {
        str(row["id"]): Metrics(
            likes=row.get("attitudes"), reposts=row.get("reposts"), replies=row.get("comments")
        )
        for row in reply.body
    }


def audience(reply: Reply) -> Audience:
    """An account's own numbers."""
    body = reply.body
    return Audience(body.get("followers_count"), body.get("friends_count"), body.get("statuses_count"))


def links(said: str) -> list[str]:
    """The links of a text."""
    return [run.target for run in text.spans(said) if run.kind == "link"]


def host_of(link: str) -> str:
    """The host that a link leads to; empty where it is none."""
    try:
        return urlsplit(link).hostname or ""
    except ValueError:
        return ""


def _likeness(status: Status, wanted: str) -> Likeness:
    """Links come back rewritten to t.cn, and some answers hold but the beginning of a long text."""
    whole = str((status.get("longText") or {}).get("longTextContent", ""))
    said = whole or str(status["text"])
    cut = None if whole else _CUT.search(said)
    if cut:
        begins = normal(wanted).startswith(normal(said[: cut.start()]))
        return Likeness.SIMILAR if begins else Likeness.OTHER
    if not normal(wanted):  # a link alone, which says nothing any more
        return Likeness.OTHER if normal(said) else Likeness.SIMILAR
    return likeness(said, wanted, keeps_links=False)


def _page(reply: Reply) -> tuple[list[Status], int]:
    listed = list(reply.body["statuses"])
    return listed, int(reply.body["total_number"])


def _in_base62(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits or "0"
