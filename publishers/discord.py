"""A Discord channel, spoken to through one of its webhooks (Discord docs, resources/webhook).

A webhook can not list what its channel says: a lost answer is a question to a person.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

from publishers import declarations
from publishers import limits as shared
from publishers.base import Field, Option, Publisher
from publishers.discord_webhook import HOME, HOSTS, connection, read
from publishers.errors import Evidence, Rejected, Temporary
from publishers.http import Http, Reply, opened
from publishers.values import (
    Audience,
    Connected,
    Content,
    Destination,
    Limits,
    Media,
    MediaLimits,
    Metrics,
    Pace,
    Preview,
    Problem,
    Quota,
    Receipt,
    Ticket,
)
from publishers.words import TITLE, Words

FILE_BYTES = 10 * 2**20  # what a server without boosts takes
LIMITS = Limits(
    max_text=2000,
    counter="codepoints",
    image=MediaLimits(("image/jpeg", "image/png", "image/webp", "image/gif"), 10, max_bytes=FILE_BYTES),
    video=MediaLimits(("video/mp4", "video/webm", "video/quicktime"), 10, max_bytes=FILE_BYTES),
    max_alt=1024,
    mixes_kinds=True,
    max_files=10,
)
SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS = 1 << 2, 1 << 12
GONE = ("10003", "10008")  # unknown channel (a thread that was deleted), unknown message
BOTH = Words(
    "A title opens a new forum post; leave the thread empty then, or the title.",
    "填了標題就會在論壇開新貼文，此時請把討論串留空；或者不填標題。",
    "填了标题就会在论坛开新帖子，此时请把子区留空；或者不填标题。",
)
NO_THREAD = Words(
    "This names no thread: give its number or its link.",
    "看不出是哪個討論串：請填它的編號或連結。",
    "看不出是哪个子区：请填它的编号或链接。",
)
_THREAD = re.compile(r"(?:https?://\S+/)?(\d+)/?")


class Discord(Publisher):
    """One channel, or one thread of it, by one webhook."""

    name = "discord"
    label = "Discord"
    mark = "D"
    home = HOME
    connect_fields = (
        Field(
            "webhook",
            "password",
            Words("Webhook URL", "Webhook 網址", "Webhook 网址"),
            Words(
                "From the channel's settings, Integrations; with ?thread_id=… at its end for one thread.",
                "在頻道設定的「整合」中取得；只發到某個討論串時，在結尾加上 ?thread_id=…",
                "在频道设置的“整合”中获取；只发到某个子区时，在结尾加上 ?thread_id=…",
            ),
        ),
    )
    options = (
        Option(
            "title",
            TITLE,
            max_length=100,
            hint=Words(
                "In a forum channel: opens a post of this title.",
                "論壇頻道專用：以此標題開一則新貼文。",
                "论坛频道专用：以此标题开一个新帖子。",
            ),
        ),
        Option(
            "thread",
            Words("Thread", "討論串", "子区"),
            hint=Words(
                "Its number or link, if not the channel itself.",
                "不發到頻道本身時，填討論串的編號或連結。",
                "不发到频道本身时，填子区的编号或链接。",
            ),
        ),
        Option("silent", Words("Without a sound", "靜音發送", "静音发送"), kind="switch"),
        Option(
            "no_preview", Words("Without link previews", "不顯示連結預覽", "不显示链接预览"), kind="switch"
        ),
    )
    finds = False
    metrics = frozenset({"likes"})
    metrics_batch = 1  # one call each; what was read is kept when the next comes too fast
    default_limits = LIMITS
    pace = Pace(timedelta(seconds=1), (Quota(30, timedelta(minutes=1)),))

    def materials(self, content: Content) -> tuple[str, ...]:
        return ()  # a file goes with its message

    def check(self, content: Content, limits: Limits) -> list[Problem]:
        found = shared.problems(content, limits, declarations.text(content))
        found += shared.option_problems(self.options, content)
        thread = content.options.get("thread", "").strip()
        if thread and not _THREAD.fullmatch(thread):
            found.append(Problem("thread_unknown", "error", words=NO_THREAD))
        if thread and content.options.get("title"):
            found.append(Problem("thread_and_title", "error", words=BOTH))
        return found

    def preview(self, content: Content, limits: Limits) -> Preview:
        return shared.preview(content, limits, _body(content)["content"])

    def connect(self, fields: Mapping[str, str]) -> Connected:
        base_url, webhook, thread = read(fields.get("webhook", ""))
        return _connected(base_url, {"webhook": webhook}, thread)

    def discover(self, destination: Destination) -> Connected:
        return _connected(destination.base_url, destination.credentials, destination.traits.get("thread", ""))

    def prepare(self, destination: Destination, content: Content, ticket: Ticket, now: datetime) -> Ticket:
        shared.refuse(self.check(content, destination.limits))
        return ticket

    def publish(self, destination: Destination, content: Content, ticket: Ticket) -> Receipt:
        shared.refuse(self.check(content, destination.limits))
        # Without wait, a message that was not saved is no error.
        asked = {"wait": "true"} | _in_thread(_thread(destination, content))
        with connection(destination.base_url, destination.credentials) as http, ExitStack() as files:
            if not content.media:
                return http.publish("", _Receipts(destination), params=asked, json=_body(content))
            parts = {f"files[{n}]": _part(files, media) for n, media in enumerate(content.media)}
            form = {"payload_json": json.dumps(_body(content), ensure_ascii=False)}
            return http.publish("", _Receipts(destination), params=asked, data=form, files=parts)

    def find(
        self, destination: Destination, content: Content, ticket: Ticket, since: datetime
    ) -> Receipt | None:
        raise Temporary("A webhook can not read its channel.", Evidence(code="cannot_look"))

    def edit(self, destination: Destination, remote_id: str, content: Content) -> Receipt:
        path, asked = _message(remote_id)
        said = {name: _body(content)[name] for name in ("content", "allowed_mentions")}
        with connection(destination.base_url, destination.credentials) as http:
            return http.publish(path, _Receipts(destination), method="PATCH", params=asked, json=said)

    def delete(self, destination: Destination, remote_id: str) -> None:
        path, asked = _message(remote_id)
        try:
            with connection(destination.base_url, destination.credentials) as http:
                http.delete(path, lambda _reply: None, params=asked)
        except Rejected as error:
            if error.evidence.code not in GONE:
                raise

    def measure(self, destination: Destination, remote_ids: Sequence[str]) -> Mapping[str, Metrics]:
        with connection(destination.base_url, destination.credentials) as http:
            told = {remote_id: _reactions(http, remote_id) for remote_id in remote_ids}
        return {remote_id: Metrics(likes=count) for remote_id, count in told.items() if count is not None}

    def audience(self, destination: Destination) -> Audience:
        return Audience()  # a webhook is told nothing of who reads


class _Receipts:
    """Reads a message; one of a thread is known by both ids, since it is only found there."""

    def __init__(self, destination: Destination) -> None:
        self._destination = destination

    def __call__(self, reply: Reply) -> Receipt:
        channel, message = str(reply.body["channel_id"]), str(reply.body["id"])
        traits = self._destination.traits
        remote_id = message if channel == traits.get("channel") else f"{channel}/{message}"
        guild = traits.get("guild") or "@me"
        return Receipt(remote_id, f"{self._destination.base_url}/channels/{guild}/{channel}/{message}")


def _connected(base_url: str, credentials: Mapping[str, str], thread: str) -> Connected:
    with connection(base_url, credentials) as http:
        webhook = http.get("", lambda reply: dict(reply.body))
    channel, guild = str(webhook["channel_id"]), str(webhook.get("guild_id") or "")
    name = str(webhook.get("name") or webhook["id"])
    avatar = webhook.get("avatar")
    return Connected(
        base_url=base_url,
        remote_id=thread or channel,
        handle=name,
        name=name,
        avatar_url=f"{HOSTS.at(base_url, 'cdn')}/avatars/{webhook['id']}/{avatar}.png" if avatar else "",
        profile_url=f"{base_url}/channels/{guild or '@me'}/{thread or channel}",
        limits=LIMITS,
        credentials=dict(credentials),
        traits={"guild": guild, "channel": channel, "thread": thread},
    )


def _body(content: Content) -> dict[str, Any]:
    options = content.options
    flags = SUPPRESS_NOTIFICATIONS if options.get("silent") else 0
    flags |= SUPPRESS_EMBEDS if options.get("no_preview") else 0
    body = {
        "content": declarations.text(content),
        "allowed_mentions": {"parse": []},  # else an @everyone in the text wakes everyone
        "flags": flags,
        "thread_name": options.get("title", ""),
        "attachments": [_attachment(n, media) for n, media in enumerate(content.media)],
    }
    return {name: value for name, value in body.items() if value or name == "content"}


def _attachment(number: int, media: Media) -> dict[str, Any]:
    told = {"id": number, "filename": media.path.name}
    return told | ({"description": media.alt} if media.alt else {})


def _part(files: ExitStack, media: Media) -> tuple[str, Any, str]:
    return media.path.name, files.enter_context(opened(media)), media.mime


def _thread(destination: Destination, content: Content) -> str:
    """The thread to speak in: the post's own, else the channel's, and none where a title opens a new one."""
    named = _THREAD.fullmatch(content.options.get("thread", "").strip())
    if named:
        return named[1]
    return "" if content.options.get("title") else destination.traits.get("thread", "")


def _in_thread(thread: str) -> dict[str, str]:
    return {"thread_id": thread} if thread else {}


def _message(remote_id: str) -> tuple[str, dict[str, str]]:
    thread, _, message = remote_id.rpartition("/")
    return f"/messages/{message}", _in_thread(thread)


def _reactions(http: Http, remote_id: str) -> int | None:
    """How often people reacted, with whatever emoji; None where the message is gone."""
    path, asked = _message(remote_id)
    try:
        return http.get(path, _count, params=asked)
    except Rejected as error:
        if error.evidence.code not in GONE:
            raise
        return None


def _count(reply: Reply) -> int:
    return sum(int(reaction["count"]) for reaction in reply.body.get("reactions", ()))
