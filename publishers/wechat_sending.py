"""The three ways in which a draft goes out on WeChat: published, broadcast, or by a person's own hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from publishers import wechat_article as article
from publishers.errors import Evidence, Rejected, Stale
from publishers.http import Reply
from publishers.values import Accepted, Content, Media, Receipt, Ticket
from publishers.wechat_api import Api
from publishers.wechat_errors import NOT_ALLOWED
from publishers.wechat_posts import MASS, UNKNOWN, Post, day_of, published
from publishers.words import Words

SOON = timedelta(seconds=10)
BY_HAND = timedelta(minutes=30)

DONE, WORKING = 0, 1
SENTENCES = {
    2: Words("WeChat refused the declaration of originality.", "微信：原創聲明失敗。", "微信：原创声明失败。"),
    3: Words("WeChat could not publish this.", "微信：發佈失敗。", "微信：发布失败。"),
    4: Words("WeChat's review did not pass this.", "微信：平台審核不通過。", "微信：平台审核不通过。"),
    5: Words("It was published, and then deleted.", "已發佈，其後被刪除。", "已发布，其后被删除。"),
    6: Words("It was published, and then banned by WeChat.", "已發佈，其後被微信封禁。", "已发布，其后被微信封禁。"),
}  # fmt: skip
ENDED = {
    "SEND_FAIL": Words("WeChat did not send this.", "微信：群發失敗。", "微信：群发失败。"),
    "DELETE": Words("It was sent, and then deleted.", "已群發，其後被刪除。", "已群发，其后被删除。"),
}


def stage(api: Api, content: Content, *, broadcast: bool) -> dict[str, Any]:
    """Upload the files and make a draft of them; a broadcast of pictures goes without one."""
    if not article.is_pictures(content):
        addresses = [_address(api, media) for media in content.media]
        cover_id = _permanent(api, article.cover(content))
        return {"media_id": _draft(api, article.news(content, addresses, cover_id))}
    ids = [_permanent(api, media) for media in article.in_order(content)]
    return {"pictures": ids} if broadcast else {"media_id": _draft(api, article.newspic(content, ids))}


def is_draft(api: Api, media_id: str) -> bool:
    """Whether a draft is still there: publishing one takes it away."""
    try:
        api.ask("/cgi-bin/draft/get", {"media_id": media_id}, lambda reply: list(reply.body["news_item"]))
    except Stale:
        return False
    return True


def submit(api: Api, ticket: Ticket, now: datetime) -> Accepted:
    """Publish a draft (发布); raises ``Stale`` where it is no longer there."""
    job = api.commit(
        "/cgi-bin/freepublish/submit", {"media_id": ticket.handles["media_id"]}, _job("publish_id")
    )
    return Accepted({**job, "at": now.isoformat()}, now + SOON)


def broadcast(api: Api, content: Content, ticket: Ticket, now: datetime) -> Accepted:
    """Send it to the followers (群发), at most once in the day that its key is remembered."""
    tag = content.options.get("tag")
    body = {
        "filter": {"is_to_all": False, "tag_id": int(tag)} if tag else {"is_to_all": True},
        **_message(content, ticket),
        "send_ignore_reprint": int("reprint" in content.declares),
        "clientmsgid": ticket.key,
    }
    job = api.commit("/cgi-bin/message/mass/sendall", body, _job("msg_id"))
    return Accepted({**job, "at": now.isoformat()}, now + SOON)


def hand_over(content: Content, ticket: Ticket, now: datetime) -> Accepted:
    """The draft is all that Almanac can do; a person publishes it on mp.weixin.qq.com."""
    title = content.options.get("title", "")
    return Accepted(
        {"draft": ticket.handles["media_id"], "title": title, "at": now.isoformat()}, now + BY_HAND
    )


def outcome(api: Api, handle: Mapping[str, Any]) -> Receipt | Accepted:
    """What became of a publishing job; raises ``Rejected``."""
    asked = {"publish_id": handle["publish_id"]}
    told = api.ask("/cgi-bin/freepublish/get", asked, lambda reply: dict(reply.body))
    status = int(told["publish_status"])
    if status == DONE:
        first = told["article_detail"]["item"][0]
        post = Post(str(told["article_id"]), str(handle["msg_data_id"]), _day(handle), int(first["idx"]))
        return Receipt(str(post), str(first["article_url"]), told)
    if status in SENTENCES:
        raise Rejected(SENTENCES[status], Evidence(code=f"publish_status {status}"))
    return Accepted(handle)


def mass_outcome(api: Api, handle: Mapping[str, Any]) -> Receipt | Accepted:
    """What became of a broadcast; raises ``Rejected``. WeChat does not tell its address."""
    told = api.ask("/cgi-bin/message/mass/get", {"msg_id": handle["msg_id"]}, lambda reply: dict(reply.body))
    status = str(told["msg_status"])
    if status == "SEND_SUCCESS":
        post = Post(f"{MASS}{handle['msg_id']}", str(handle["msg_data_id"]), _day(handle))
        return Receipt(str(post), "", told)
    if status in ENDED:
        raise Rejected(ENDED[status], Evidence(code=status))
    return Accepted(handle)


def hand_outcome(api: Api, handle: Mapping[str, Any], now: datetime) -> Receipt | Accepted:
    """Whether a person has published a draft by now, as far as the account shows it: looked for ever more rarely."""
    since = datetime.fromisoformat(str(handle["at"]))
    later = Accepted(handle, now + max(BY_HAND, now - since))
    if is_draft(api, str(handle["draft"])):
        return later
    try:
        found = next(published(api, str(handle["title"]), since), None)
    except Rejected as error:
        if error.evidence.code != NOT_ALLOWED:
            raise
        return later
    return found[0] if found else later


def _address(api: Api, media: Media) -> str:
    """Where a picture of an article is from now on."""
    return api.upload("/cgi-bin/media/uploadimg", media, lambda reply: str(reply.body["url"]))


def _permanent(api: Api, media: Media) -> str:
    """The id of a file in the account's library, which covers and picture posts need."""
    path = "/cgi-bin/material/add_material"
    return api.upload(path, media, lambda reply: str(reply.body["media_id"]), type="image")


def _draft(api: Api, written: Mapping[str, Any]) -> str:
    return api.ask("/cgi-bin/draft/add", {"articles": [written]}, lambda reply: str(reply.body["media_id"]))


def _message(content: Content, ticket: Ticket) -> dict[str, Any]:
    if "media_id" in ticket.handles:
        return {"msgtype": "mpnews", "mpnews": {"media_id": ticket.handles["media_id"]}}
    comments = content.options.get("comments", "")
    images = {
        "media_ids": ticket.handles["pictures"],
        "recommend": article.plain(content),
        "need_open_comment": int(bool(comments)),
        "only_fans_can_comment": int(comments == "fans"),
    }
    return {"msgtype": "image", "images": images}


def _job(name: str) -> Callable[[Reply], dict[str, str]]:
    """Reads what was taken: its number under ``name``, and the one by which statistics and comments go."""
    return lambda reply: {
        name: str(reply.body[name]),
        "msg_data_id": str(reply.body.get("msg_data_id") or UNKNOWN),
    }


def _day(handle: Mapping[str, Any]) -> date:
    return day_of(datetime.fromisoformat(str(handle["at"])))
