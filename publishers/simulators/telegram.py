"""A simulated Telegram Bot API (core.telegram.org/bots/api) with the channels of its bots at ``/NAME/ID``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from werkzeug import Response

from publishers.simulators import social
from publishers.simulators.limiter import Quota
from publishers.simulators.rack import params
from publishers.simulators.server import Server
from publishers.simulators.social import Social
from publishers.simulators.social_state import Account, File, Post, Token
from publishers.simulators.wire import Call, Refusal, answer

TEXT, CAPTION, ALBUM = 4096, 1024, 10
PHOTO_BYTES, PHOTO_SIDES = 10 * 2**20, 10_000
PER_MINUTE = Quota("messages", 20, 60)
BOT = 7_000_000_001
Method = Callable[[Call, Account, dict[str, Any]], Any]


def serve(port: int = 0, data: str | Path | None = None, host: str = "127.0.0.1", **settings: Any) -> Server:
    """Start a server on ``port`` (0: any free one); ``settings`` are those of ``settings.Settings``."""
    return social.serve(Telegram, port, data, host, **settings)


class Telegram(Social):
    """Each account is a channel, with a bot of its own that may post there."""

    platform = "telegram"
    brand = "Telegram"

    def __init__(self, data: Path | None, settings: Any) -> None:
        super().__init__(data, settings)
        self._methods: dict[str, Method] = {
            "getMe": self._get_me,
            "getChat": self._get_chat,
            "getChatMember": self._get_chat_member,
            "getChatMemberCount": self._get_chat_member_count,
            "sendMessage": self._send_message,
            "sendPhoto": self._send_photo,
            "sendVideo": self._send_video,
            "sendMediaGroup": self._send_media_group,
            "editMessageText": self._edit_message_text,
            "editMessageCaption": self._edit_message_caption,
            "deleteMessages": self._delete_messages,
        }
        self.add_routes(
            [
                *[(method, "/bot<token>/<name>", self._call) for method in ("GET", "POST")],
                ("GET", "/<name>/<id>", self._message_page),
            ]
        )

    def refuse(self, status: int, sentence: str = "") -> Refusal:
        """An error in Telegram's form."""
        words = {
            401: "Unauthorized",
            404: "Not Found",
            403: "Forbidden: bot was kicked from the channel chat",
        }
        said = sentence or words.get(status, "Internal Server Error" if status >= 500 else "Bad Request")
        return Refusal(status, {"ok": False, "error_code": status, "description": said})

    def too_many(self, seconds: float) -> Refusal:
        """The flood limit."""
        wait = max(1, int(seconds))
        said = {"ok": False, "error_code": 429, "description": f"Too Many Requests: retry after {wait}"}
        return Refusal(429, {**said, "parameters": {"retry_after": wait}})

    def denied(self, state: str) -> Refusal:
        """A token that is no good."""
        return self.refuse(404 if state == "missing" else 401)

    def credentials(self, account: Account, token: Token) -> dict[str, Any]:
        """What is typed into the connect form."""
        return {"fields": {"token": token.access, "channel": f"@{account.handle}", "server": self.url}}

    def address(self, post: Post) -> str:
        """The permalink, here at our own address instead of t.me."""
        return f"{self.url}/{self.state.accounts[post.account_id].handle}/{post.id}"

    def _call(self, call: Call, token: str, name: str) -> Response:
        channel = self.holder(call, token)
        given = params(call)
        method = self._methods.get(name)
        if method is None:
            raise self.refuse(404)
        if name != "getMe":
            self._check_chat(channel, str(given.get("chat_id", "")))
        return answer({"ok": True, "result": method(call, channel, given)})

    def _check_chat(self, channel: Account, chat: str) -> None:
        if chat not in (f"@{channel.handle}", _chat_id(channel)):
            raise self.refuse(400, "Bad Request: chat not found")
        if channel.extra.get("kicked"):
            raise self.refuse(403)

    def _get_me(self, call: Call, channel: Account, given: dict[str, Any]) -> Any:
        return {"id": BOT, "is_bot": True, "first_name": "Almanac", "username": "almanac_bot"}

    def _get_chat(self, call: Call, channel: Account, given: dict[str, Any]) -> Any:
        chat = {"id": int(_chat_id(channel)), "type": "channel", "title": channel.name}
        return {**chat, "username": channel.handle}

    def _get_chat_member(self, call: Call, channel: Account, given: dict[str, Any]) -> Any:
        return {"status": channel.extra.get("status", "administrator"), "can_post_messages": True}

    def _get_chat_member_count(self, call: Call, channel: Account, given: dict[str, Any]) -> Any:
        return self.followers(channel)

    def _send_message(self, call: Call, channel: Account, given: dict[str, Any]) -> Any:
        text = str(given.get("text", ""))
        if not text.strip():
            raise self.refuse(400, "Bad Request: message text is empty")
        if _units(text) > TEXT:
            raise self.refuse(400, "Bad Request: message is too long")
        self._count(channel, 1)
        return self._message(channel, self.publish(call, channel, text))

    def _send_photo(self, call: Call, channel: Account, given: dict[str, Any]) -> Any:
        return self._send_one(call, channel, given, "photo")

    def _send_video(self, call: Call, channel: Account, given: dict[str, Any]) -> Any:
        return self._send_one(call, channel, given, "video")

    def _send_one(self, call: Call, channel: Account, given: dict[str, Any], field: str) -> Any:
        caption = self._caption(str(given.get("caption", "")))
        file = self._taken(call, channel, field, field)
        self._count(channel, 1)
        return self._message(channel, self.publish(call, channel, caption, [file.id]))

    def _send_media_group(self, call: Call, channel: Account, given: dict[str, Any]) -> Any:
        items = json.loads(given.get("media", "[]"))
        if not 2 <= len(items) <= ALBUM:
            raise self.refuse(400, "Bad Request: wrong number of items in the album")
        caption = self._caption(str(items[0].get("caption", "")))
        self._count(channel, len(items))
        files = [self._taken(call, channel, i["media"].removeprefix("attach://"), i["type"]) for i in items]
        with self.lock:
            ids = [self.new_id() for _ in items]
        extra = {"album": ids}
        post = self.publish(call, channel, caption, [file.id for file in files], id=ids[0], extra=extra)
        first = self._message(channel, post)
        return [first, *({**first, "message_id": int(id), "caption": ""} for id in ids[1:])]

    def _edit_message_text(self, call: Call, channel: Account, given: dict[str, Any]) -> Any:
        return self._edit(channel, given, "text")

    def _edit_message_caption(self, call: Call, channel: Account, given: dict[str, Any]) -> Any:
        return self._edit(channel, given, "caption")

    def _edit(self, channel: Account, given: dict[str, Any], field: str) -> Any:
        with self.lock:
            post = self.living(str(given.get("message_id", "")))
            if post is None:
                raise self.refuse(400, "Bad Request: message to edit not found")
            if post.text == given.get(field):
                raise self.refuse(400, "Bad Request: message is not modified")
            post.text, post.edited_at = str(given.get(field, "")), self.clock.now()
            self.changed.set()
            return self._message(channel, post)

    def _delete_messages(self, call: Call, channel: Account, given: dict[str, Any]) -> Any:
        with self.lock:
            for id in json.loads(given.get("message_ids", "[]")):
                if post := self.living(str(id)):
                    post.deleted = True
            self.changed.set()
        return True

    def _caption(self, text: str) -> str:
        if _units(text) > CAPTION:
            raise self.refuse(400, "Bad Request: message caption is too long")
        return text

    def _taken(self, call: Call, channel: Account, part: str, kind: str) -> File:
        upload = call.files.get(part)
        if upload is None:
            raise self.refuse(400, "Bad Request: wrong file identifier/HTTP URL specified")
        file = self.take_file(upload.stream, channel)
        if kind == "photo" and (file.kind != "image" or file.size > PHOTO_BYTES):
            raise self.refuse(400, "Bad Request: IMAGE_PROCESS_FAILED")
        if kind == "photo" and file.width + file.height > PHOTO_SIDES:
            raise self.refuse(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
        return file

    def _count(self, channel: Account, messages: int) -> None:
        if self.settings.rate_limits:
            reading = self.limiter.hit(PER_MINUTE, channel.id, self.clock.now(), messages)
            if reading.exceeded:
                raise self.too_many(reading.reset - self.clock.now())

    def _message(self, channel: Account, post: Post) -> dict[str, Any]:
        chat = {"id": int(_chat_id(channel)), "type": "channel", "title": channel.name}
        said = {"caption" if post.file_ids else "text": post.text}
        return {"message_id": int(post.id), "date": int(post.created_at), "chat": chat, **said}

    def _message_page(self, call: Call, name: str, id: str) -> Response:
        return self.show(call, id)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _chat_id(channel: Account) -> str:
    return f"-100{channel.id}"
