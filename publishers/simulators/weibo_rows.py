"""How a simulated Weibo shows what it holds (open.weibo.com, common objects)."""

from __future__ import annotations

import hashlib
import re
import string
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from publishers.simulators.social_state import Account, Post, Remark

if TYPE_CHECKING:
    from publishers.simulators.social import Social

BEIJING = timezone(timedelta(hours=8))
ALPHABET = string.digits + string.ascii_lowercase + string.ascii_uppercase
LINK = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d+)?(?:/[A-Za-z0-9_.~!*'();:@&=+$,/?#%-]*)?")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def status_row(sim: Social, post: Post) -> dict[str, Any]:
    """A post; its links are t.cn's."""
    account, counts = sim.state.accounts[post.account_id], sim.counts(post)
    files = sim.files_of(post.file_ids)
    row = {
        "created_at": moment(post.created_at), "id": int(post.id), "idstr": post.id, "mid": post.id,
        "text": shortened(post.text), "source": "Almanac", "favorited": False, "truncated": False,
        "pic_urls": [{"thumbnail_pic": f"{sim.url}/files/{file.id}"} for file in files],
        "user": user_row(sim, account), "reposts_count": counts.reposts, "comments_count": counts.replies,
        "attitudes_count": counts.likes,
    }  # fmt: skip
    if len(post.text) > 140:
        row |= {"isLongText": True}
        if getattr(sim.settings, "whole_texts", True):
            row["longText"] = {"longTextContent": row["text"]}
        row["text"] = f"{shortened(post.text)[:130]}...全文： http://m.weibo.cn/{post.account_id}/{post.id}"
    return row


def user_row(sim: Social, account: Account) -> dict[str, Any]:
    """A person."""
    posts = sum(1 for _ in sim.state.posts_of(account.id))
    return {
        "id": int(account.id), "idstr": account.id, "screen_name": account.handle, "name": account.handle,
        "avatar_large": f"{sim.url}/avatars/{account.seed}.png", "profile_url": f"u/{account.id}",
        "followers_count": sim.followers(account), "friends_count": 12, "statuses_count": posts,
    }  # fmt: skip


def comment_row(sim: Social, remark: Remark) -> dict[str, Any]:
    """A comment, with the one that it answers."""
    uid = int(hashlib.sha256(remark.by.encode()).hexdigest()[:8], 16)
    row: dict[str, Any] = {
        "created_at": moment(remark.at), "id": int(remark.id), "idstr": remark.id, "mid": remark.id,
        "text": remark.text, "source": "微博 weibo.com",
        "user": {"id": uid, "idstr": str(uid), "screen_name": remark.by, "name": remark.by},
    }  # fmt: skip
    asked = sim.state.remarks.get(remark.reply_to)
    return row | ({"reply_comment": comment_row(sim, asked)} if asked else {})


def shortened(text: str) -> str:
    """``text`` with its links rewritten."""
    return LINK.sub(lambda found: f"http://t.cn/A6{_short(found[0])}", text)


def moment(instant: float) -> str:
    """``Wed Oct 24 23:49:17 +0800 2012``."""
    at = datetime.fromtimestamp(instant, UTC).astimezone(BEIJING)
    return f"{DAYS[at.weekday()]} {MONTHS[at.month - 1]} {at:%d %H:%M:%S} +0800 {at.year}"


def code_of(id: str) -> str:
    """The name of a post in its address."""
    number, parts = int(id), []
    while number:
        number, part = divmod(number, 10**7)
        parts.append(_written(part))
    return "".join(reversed(parts)).lstrip("0")


def mid_of(code: str) -> str:
    """The reverse of ``code_of``; empty where it is none."""
    if not code.isascii() or not code.isalnum():
        return ""
    number = 0
    padded = code.rjust(-(-len(code) // 4) * 4, "0")
    for start in range(0, len(padded), 4):
        part = 0
        for letter in padded[start : start + 4]:
            part = part * 62 + ALPHABET.index(letter)
        number = number * 10**7 + part
    return str(number)


def _written(part: int) -> str:
    letters = [ALPHABET[part // 62**place % 62] for place in (3, 2, 1, 0)]
    return "".join(letters)


def _short(link: str) -> str:
    digest = hashlib.sha256(link.encode()).digest()
    return "".join(ALPHABET[byte % 62] for byte in digest[:6])
