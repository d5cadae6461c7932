"""How a simulated X shows what it holds (X docs, data dictionary)."""

from __future__ import annotations

import hashlib
import html
import string
from typing import TYPE_CHECKING, Any

from publishers.simulators.clock import iso
from publishers.simulators.social_state import Account, Post, Remark
from publishers.simulators.x_rules import LINK, SHORT, weight

if TYPE_CHECKING:
    from publishers.simulators.social import Social

EPOCH = 1_288_834_974_657
ALPHABET = string.ascii_letters + string.digits


def post_row(sim: Social, post: Post, private: bool = False) -> dict[str, Any]:
    """A post; its text is escaped, its links are t.co's, and its files add one more."""
    written, urls = _linked(post.text)
    if post.file_ids:
        file_link = f"https://t.co/{_code(post.id)}"
        urls += [_media_url(sim, post, file_link, id) for id in post.file_ids]
        written = f"{written} {file_link}".strip()
    counts = sim.counts(post)
    row: dict[str, Any] = {
        "id": post.id, "text": written, "author_id": post.account_id, "created_at": iso(post.created_at),
        "conversation_id": post.id, "edit_history_tweet_ids": post.extra.get("history", [post.id]),
        "public_metrics": {
            "retweet_count": counts.reposts, "reply_count": counts.replies, "like_count": counts.likes,
            "quote_count": counts.quotes, "bookmark_count": counts.bookmarks, "impression_count": counts.likes * 40,
        },
    }  # fmt: skip
    if urls:
        row["entities"] = {"urls": urls}
    if post.file_ids:
        row["attachments"] = {"media_keys": [f"3_{id}" for id in post.file_ids]}
    if weight(post.text) > SHORT:
        row["note_tweet"] = {"text": row["text"], "entities": {"urls": urls}}
        row |= {
            "text": f"{html.escape(post.text[:SHORT], quote=False)}… https://t.co/{_code(post.id)}",
            "entities": {},
        }
    if private:
        clicks = {"url_link_clicks": counts.likes * 2, "user_profile_clicks": counts.likes}
        row["non_public_metrics"] = {"impression_count": counts.likes * 40, **clicks}
    return row


def user_row(sim: Social, account: Account, pays: bool) -> dict[str, Any]:
    """The account itself."""
    posts = sum(1 for _ in sim.state.posts_of(account.id))
    return {
        "id": account.id, "name": account.name, "username": account.handle,
        "profile_image_url": f"{sim.url}/avatars/{account.seed}.png",
        "subscription_type": "Premium" if pays else "None",
        "public_metrics": {
            "followers_count": sim.followers(account), "following_count": 12, "tweet_count": posts, "listed_count": 0,
        },
    }  # fmt: skip


def remark_row(remark: Remark) -> dict[str, Any]:
    """A reply in a conversation."""
    return {
        "id": remark.id, "text": html.escape(remark.text, quote=False), "author_id": author_of(remark),
        "created_at": iso(remark.at), "conversation_id": remark.post_id,
        "referenced_tweets": [{"type": "replied_to", "id": remark.reply_to or remark.post_id}],
    }  # fmt: skip


def author_of(remark: Remark) -> str:
    """The id of a visitor."""
    return str(int(hashlib.sha256(remark.by.encode()).hexdigest()[:8], 16))


def _linked(text: str) -> tuple[str, list[dict[str, Any]]]:
    parts, urls, done = [], [], 0
    for found in LINK.finditer(text):
        link = f"https://t.co/{_code(found[0])}"
        lead = found[0] if "://" in found[0] else f"http://{found[0]}"
        urls.append({"url": link, "expanded_url": lead, "display_url": lead.partition("://")[2][:26]})
        parts += [html.escape(text[done : found.start()], quote=False), link]
        done = found.end()
    return "".join([*parts, html.escape(text[done:], quote=False)]), urls


def _media_url(sim: Social, post: Post, link: str, id: str) -> dict[str, Any]:
    shown = f"{sim.url}/{sim.state.accounts[post.account_id].handle}/status/{post.id}/photo/1"
    return {
        "url": link,
        "expanded_url": shown,
        "display_url": f"pic.x.com/{link[-10:]}",
        "media_key": f"3_{id}",
    }


def _code(seed: str) -> str:
    digest = hashlib.sha256(seed.encode()).digest()
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:10])
