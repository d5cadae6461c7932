"""A Telegram channel, spoken to by a bot that is its admin (Telegram docs, core.telegram.org/bots/api).

A bot can not list what its channel says: a lost answer is a question to a person.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

from publishers import declarations, oauth, present
from publishers import limits as shared
from publishers.base import Field, Option, Publisher
from publishers.errors import Evidence, Rejected, Temporary, Unauthorized
from publishers.http import Dialect, Http, Reply, Rule, address, opened
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
from publishers.words import NO, YES, Words

HOME = "https://api.telegram.org"
LIMITS = Limits(
    max_text=4096,
    max_caption=1024,
    counter="utf16",
    image=MediaLimits(
        ("image/jpeg", "image/png", "image/webp"),
        10,
        max_bytes=10 * 2**20,
        max_side=9000,
        min_ratio=0.05,
        max_ratio=20,
    ),
    video=MediaLimits(("video/mp4",), 10, max_bytes=50 * 2**20),
    mixes_kinds=True,
    max_files=10,
)
POSTER = ("creator", "administrator")
NO_ADMIN = Words(
    "This bot is not an admin of the channel with the right to post.",
    "這個機器人不是有發文權限的頻道管理員。",
    "这个机器人不是有发帖权限的频道管理员。",
)


def _explain(body: Mapping[str, Any]) -> tuple[str, str]:
    return str(body["error_code"]), str(body["description"])


def _reset(_headers: Mapping[str, str], body: Any) -> datetime:
    return present.now() + timedelta(seconds=float(body["parameters"]["retry_after"]))


DIALECT = Dialect(
    explain=_explain,
    reset=_reset,
    is_trouble=lambda body: not body["ok"],
    rules=(
        Rule(Unauthorized, 401),
        Rule(Unauthorized, 403),
        Rule(Unauthorized, 404),  # what the API answers to a token of another shape
        Rule(Unauthorized, 400, text="chat not found"),
        Rule(Unauthorized, 400, text="administrator rights"),
        Rule(Unauthorized, 400, text="not enough rights"),
        Rule(Temporary, 409),
    ),
)


class Telegram(Publisher):
    """One channel of one bot."""

    name = "telegram"
    label = "Telegram"
    home = HOME
    connect_fields = (
        Field(
            "token",
            "password",
            Words("Bot token", "機器人權杖", "机器人令牌"),
            Words(
                "From @BotFather, such as 123456:ABC-DEF", "向 @BotFather 取得，形如 123456:ABC-DEF",
                "向 @BotFather 获取，形如 123456:ABC-DEF",
            ),
        ),
        Field(
            "channel",
            "text",
            Words("Channel", "頻道", "频道"),
            Words("@name, or the number -100…", "@名稱，或 -100… 開頭的數字", "@名称，或 -100… 开头的数字"),
        ),
        oauth.server_field(HOME),
    )  # fmt: skip
    options = (
        Option(
            "silent",
            Words("Without a sound", "靜音發送", "静音发送"),
            (("", NO), ("1", YES)),
        ),
    )
    finds = False
    metrics = frozenset()
    metrics_batch = 100
    default_limits = LIMITS
    pace = Pace(
        timedelta(seconds=1), (Quota(20, timedelta(minutes=1)),)
    )  # tdlib/telegram-bot-api, FloodLimit

    def materials(self, content: Content) -> tuple[str, ...]:
        return ()  # a file has no handle before it was sent once

    def check(self, content: Content, limits: Limits) -> list[Problem]:
        found = shared.problems(content, limits, declarations.text(content))
        return found + shared.option_problems(self.options, content)

    def preview(self, content: Content, limits: Limits) -> Preview:
        return shared.preview(content, limits, declarations.text(content))

    def connect(self, fields: Mapping[str, str]) -> Connected:
        base_url = address(fields.get("server") or HOME)
        token = fields.get("token", "").strip()
        return _connected(base_url, {"token": token}, fields.get("channel", "").strip())

    def discover(self, destination: Destination) -> Connected:
        return _connected(destination.base_url, destination.credentials, destination.remote_id)

    def prepare(self, destination: Destination, content: Content, ticket: Ticket, now: datetime) -> Ticket:
        shared.refuse(self.check(content, destination.limits))
        return ticket

    def publish(self, destination: Destination, content: Content, ticket: Ticket) -> Receipt:
        shared.refuse(self.check(content, destination.limits))
        said = declarations.text(content)
        form = {"chat_id": destination.remote_id}
        if content.options.get("silent"):
            form["disable_notification"] = "true"
        with _bot(destination.base_url, destination.credentials) as http, ExitStack() as files:
            if not content.media:
                return http.publish("/sendMessage", _Receipts(destination), data={**form, "text": said})
            parts = {f"file{n}": _part(files, media) for n, media in enumerate(content.media)}
            if len(content.media) > 1:
                album = [_album_item(n, media, said) for n, media in enumerate(content.media)]
                form["media"] = json.dumps(album, ensure_ascii=False)
                return http.publish("/sendMediaGroup", _Receipts(destination), data=form, files=parts)
            kind = _kind(content.media[0])
            one = {kind: parts["file0"]}
            form["caption"] = said
            return http.publish(f"/send{kind.capitalize()}", _Receipts(destination), data=form, files=one)

    def find(
        self, destination: Destination, content: Content, ticket: Ticket, since: datetime
    ) -> Receipt | None:
        raise Temporary("A bot can not read its channel.", Evidence(code="cannot_look"))

    def edit(self, destination: Destination, remote_id: str, content: Content) -> Receipt:
        said, caption = declarations.text(content), bool(content.media)
        form = {"chat_id": destination.remote_id, "message_id": _first(remote_id)}
        form["caption" if caption else "text"] = said
        path = "/editMessageCaption" if caption else "/editMessageText"
        with _bot(destination.base_url, destination.credentials) as http:
            http.publish(path, lambda reply: reply.body["result"], data=form)
        return Receipt(remote_id, _address(destination, remote_id))

    def delete(self, destination: Destination, remote_id: str) -> None:
        ids = [int(each) for each in remote_id.split(",")]
        form = {"chat_id": destination.remote_id, "message_ids": json.dumps(ids)}
        try:
            with _bot(destination.base_url, destination.credentials) as http:
                http.post("/deleteMessages", lambda reply: reply.body["result"], data=form)
        except Rejected as error:
            if "message to delete not found" not in error.message.lower():
                raise

    def measure(self, destination: Destination, remote_ids: Sequence[str]) -> Mapping[str, Metrics]:
        return {}  # views are told to people's own apps alone

    def audience(self, destination: Destination) -> Audience:
        with _bot(destination.base_url, destination.credentials) as http:
            asked = {"chat_id": destination.remote_id}
            members = http.get("/getChatMemberCount", lambda reply: int(reply.body["result"]), params=asked)
        return Audience(followers=members)


class _Receipts:
    """Reads the answer to a visible call: one message, or those of an album."""

    def __init__(self, destination: Destination) -> None:
        self._destination = destination

    def __call__(self, reply: Reply) -> Receipt:
        result = reply.body["result"]
        messages = result if isinstance(result, list) else [result]
        remote_id = ",".join(str(message["message_id"]) for message in messages)
        return Receipt(remote_id, _address(self._destination, remote_id))


def _bot(base_url: str, credentials: Mapping[str, str]) -> Http:
    token = credentials["token"]
    return Http(f"{base_url}/bot{token}", DIALECT, secrets=(token,))


def _connected(base_url: str, credentials: Mapping[str, str], chat_id: str) -> Connected:
    with _bot(base_url, credentials) as http:
        bot = http.get("/getMe", lambda reply: int(reply.body["result"]["id"]))
        asked = {"chat_id": chat_id}
        chat = http.get("/getChat", lambda reply: dict(reply.body["result"]), params=asked)
        asked |= {"user_id": str(bot)}
        status = http.get("/getChatMember", lambda reply: str(reply.body["result"]["status"]), params=asked)
    if status not in POSTER:
        raise Rejected(NO_ADMIN, Evidence(code="no_admin"))
    username = str(chat.get("username", ""))
    return Connected(
        base_url=base_url,
        remote_id=str(chat["id"]),
        handle=f"@{username}" if username else str(chat["title"]),
        name=str(chat["title"]),
        avatar_url="",
        profile_url=f"{_web(base_url)}/{username}" if username else "",
        limits=LIMITS,
        credentials=dict(credentials),
        traits={"username": username},
    )


def _web(base_url: str) -> str:
    return "https://t.me" if base_url == HOME else base_url


def _address(destination: Destination, remote_id: str) -> str:
    username = destination.traits.get("username")
    place = username or f"c/{destination.remote_id.removeprefix('-100')}"
    return f"{_web(destination.base_url)}/{place}/{_first(remote_id)}"


def _first(remote_id: str) -> str:
    """Of an album, the message that carries the text."""
    return remote_id.partition(",")[0]


def _kind(media: Media) -> str:
    return "photo" if media.kind == "image" else "video"


def _part(files: ExitStack, media: Media) -> tuple[str, Any, str]:
    return media.path.name, files.enter_context(opened(media)), media.mime


def _album_item(number: int, media: Media, said: str) -> dict[str, str]:
    item = {"type": _kind(media), "media": f"attach://file{number}"}
    return item if number else {**item, "caption": said}
