"""A simulated Discord (discord.com/developers/docs): the webhooks of its channels, and their messages."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from werkzeug import Response

from publishers.simulators import discord_messages as messages
from publishers.simulators import social
from publishers.simulators.clock import iso
from publishers.simulators.limiter import Quota
from publishers.simulators.rack import truth
from publishers.simulators.server import Server
from publishers.simulators.settings import Settings
from publishers.simulators.social import Social
from publishers.simulators.social_state import Account, File, Post, Token
from publishers.simulators.wire import Call, Refusal, answer

GUILD = "7700"
CONTENT, ALT, THREAD_NAME, FILES, EMBEDS, EMBED_TEXT = 2000, 1024, 100, 10, 10, 6000
UPLOAD = 10 * 2**20
PER_WEBHOOK = Quota("webhook", 5, 2)
HOOK = "/api/v10/webhooks/<id>/<token>"
MESSAGE = f"{HOOK}/messages/<message>"
SENTENCES = {
    10003: (404, "Unknown Channel"),
    10008: (404, "Unknown Message"),
    10015: (404, "Unknown Webhook"),
    40005: (413, "Request entity too large"),
    40333: (403, "internal network error"),
    50006: (400, "Cannot send an empty message"),
    50027: (401, "Invalid Webhook Token"),
    160005: (403, "This thread is locked"),
    200000: (400, "Message was blocked by automatic moderation"),
    220001: (400, "Webhooks posted to forum channels must have a thread_name or thread_id"),
    220002: (400, "Webhooks posted to forum channels cannot have both a thread_name and thread_id"),
    220003: (400, "Webhooks can only create threads in forum channels"),
}


@dataclass(frozen=True)
class DiscordSettings(Settings):
    """``blocked_word`` is what the server's automatic moderation does not let through."""

    blocked_word: str = "grawlix"


def serve(port: int = 0, data: str | Path | None = None, host: str = "127.0.0.1", **settings: Any) -> Server:
    """Start a server on ``port`` (0: any free one); ``settings`` are those of ``DiscordSettings``."""
    return social.serve(Discord, port, data, host, **settings)


class Discord(Social):
    """Each account is a channel with one webhook; ``forum`` in its ``extra`` makes it a forum, ``threads`` are its own."""

    platform = "discord"
    brand = "Discord"
    settings_kind = DiscordSettings
    settings: DiscordSettings

    def __init__(self, data: Path | None, settings: Any) -> None:
        super().__init__(data, settings)
        self.add_routes(
            [
                ("GET", HOOK, self._webhook),
                ("POST", HOOK, self._execute),
                ("GET", MESSAGE, self._read_message),
                ("PATCH", MESSAGE, self._edit_message),
                ("DELETE", MESSAGE, self._delete_message),
                (
                    "GET",
                    "/channels/<guild>/<channel>/<id>",
                    lambda call, guild, channel, id: self.show(call, id),
                ),
            ]
        )

    def refuse(self, status: int, sentence: str = "") -> Refusal:
        """An error without a code of its own."""
        words = {401: "401: Unauthorized", 404: "404: Not Found", 405: "405: Method Not Allowed"}
        return Refusal(status, {"message": sentence or words.get(status, "Internal Server Error"), "code": 0})

    def refuse_by(self, code: int) -> Refusal:
        """An error of Discord's list."""
        status, said = SENTENCES[code]
        return Refusal(status, {"message": said, "code": code})

    def refuse_field(self, field: str, code: str, said: str) -> Refusal:
        """An error in one field of a form."""
        errors = {field: {"_errors": [{"code": code, "message": said}]}}
        return Refusal(400, {"message": "Invalid Form Body", "code": 50035, "errors": errors})

    def too_many(self, seconds: float) -> Refusal:
        """The limit of a webhook, lifted after a broken number of seconds."""
        wait = seconds + 0.337
        headers = {
            "Retry-After": str(math.ceil(wait)),
            "X-RateLimit-Limit": "5",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": f"{self.clock.now() + wait:.3f}",
            "X-RateLimit-Reset-After": f"{wait:.3f}",
            "X-RateLimit-Scope": "user",
        }
        said = {"message": "You are being rate limited.", "retry_after": wait, "global": False}
        return Refusal(429, said, headers)

    def denied(self, state: str) -> Refusal:
        """A webhook that was deleted."""
        return self.refuse_by(10015)

    def credentials(self, account: Account, token: Token) -> dict[str, Any]:
        """The address that a person copies out of the channel's settings."""
        return {"fields": {"webhook": f"{self.url}/api/webhooks/{account.id}/{token.access}"}}

    def address(self, post: Post) -> str:
        """The permalink."""
        return f"{self.url}/channels/{GUILD}/{_room_of(post)}/{post.id}"

    def _channel(self, call: Call, id: str, token: str) -> Account:
        if not call.headers.get("User-Agent"):
            raise self.refuse_by(40333)
        if id not in self.state.accounts:
            raise self.refuse_by(10015)
        if token not in self.state.tokens:
            raise self.refuse_by(50027)
        channel = self.holder(call, token)
        if channel.id != id:
            raise self.refuse_by(50027)
        if self.settings.rate_limits:
            reading = self.limiter.hit(PER_WEBHOOK, channel.id, self.clock.now())
            if reading.exceeded:
                raise self.too_many(reading.reset - self.clock.now())
        return channel

    def _webhook(self, call: Call, id: str, token: str) -> Response:
        channel = self._channel(call, id, token)
        told = {"id": id, "type": 1, "name": channel.name, "avatar": None, "application_id": None}
        return answer({**told, "channel_id": _channel_id(channel), "guild_id": GUILD, "token": token})

    def _execute(self, call: Call, id: str, token: str) -> Response:
        channel = self._channel(call, id, token)
        given = messages.form(call)
        waits = truth(call.args.get("wait"))
        try:
            post = self._post(call, channel, given)
        except Refusal as refusal:
            if not waits and refusal.body["code"] == 200000:
                return Response(status=204)  # nobody is told of a message that was not saved
            raise
        return answer(self._message(channel, post)) if waits else Response(status=204)

    def _post(self, call: Call, channel: Account, given: dict[str, Any]) -> Post:
        self._check_text(given)
        self._check_embeds(given)
        if not given.get("content") and not given.get("embeds") and not call.files:
            raise self.refuse_by(50006)
        room = self._room(channel, call.args.get("thread_id", ""), given)
        files = self._attached(call, channel, given)
        with self.lock:
            message = self.new_id()
            if given.get("thread_name"):
                room = message  # a forum post is a thread with the number of its first message
                channel.extra["threads"] = [*channel.extra.get("threads", ()), room]
        text = str(given.get("content") or "")
        extra = {
            "channel_id": room,
            "flags": int(given.get("flags", 0)),
            "title": given.get("thread_name", ""),
            "pings": messages.pings(text, given),
        }
        return self.publish(call, channel, text, [file.id for file in files], id=message, extra=extra)

    def _check_text(self, given: Mapping[str, Any]) -> None:
        text = str(given.get("content") or "")
        if len(text) > CONTENT:
            said = f"Must be {CONTENT} or fewer in length."
            raise self.refuse_field("content", "BASE_TYPE_MAX_LENGTH", said)
        if len(str(given.get("thread_name") or "")) > THREAD_NAME:
            said = f"Must be between 1 and {THREAD_NAME} in length."
            raise self.refuse_field("thread_name", "BASE_TYPE_BAD_LENGTH", said)
        if self.settings.blocked_word in text:
            raise self.refuse_by(200000)

    def _check_embeds(self, given: Mapping[str, Any]) -> None:
        embeds = given.get("embeds") or []
        if len(embeds) > EMBEDS:
            raise self.refuse_field("embeds", "BASE_TYPE_MAX_LENGTH", f"Must be {EMBEDS} or fewer in length.")
        if sum(messages.embed_length(embed) for embed in embeds) > EMBED_TEXT:
            said = f"Embed size exceeds maximum size of {EMBED_TEXT}"
            raise self.refuse_field("embeds", "MAX_EMBED_SIZE_EXCEEDED", said)

    def _room(self, channel: Account, thread: str, given: Mapping[str, Any]) -> str:
        """Where a message goes: the channel or one of its threads."""
        name, is_forum = given.get("thread_name"), channel.extra.get("forum", False)
        if name and thread:
            raise self.refuse_by(220002)
        if name and not is_forum:
            raise self.refuse_by(220003)
        if is_forum and not name and not thread:
            raise self.refuse_by(220001)
        if thread and thread not in channel.extra.get("threads", ()):
            raise self.refuse_by(10003)
        if thread and thread in channel.extra.get("locked", ()):
            raise self.refuse_by(160005)
        return thread or _channel_id(channel)

    def _attached(self, call: Call, channel: Account, given: Mapping[str, Any]) -> list[File]:
        uploads = [(name, call.files[name]) for name in call.files if name.startswith("files[")]
        if len(uploads) > FILES:
            raise self.refuse_field("files", "BASE_TYPE_MAX_LENGTH", f"Must be {FILES} or fewer in length.")
        told = {str(each["id"]): str(each.get("description", "")) for each in given.get("attachments", ())}
        if any(len(alt) > ALT for alt in told.values()):
            said = f"Must be {ALT} or fewer in length."
            raise self.refuse_field("attachments", "BASE_TYPE_MAX_LENGTH", said)
        files = []
        for name, upload in uploads:
            alt = told.get(name.removeprefix("files[").removesuffix("]"), "")
            files.append(self.take_file(upload.stream, channel, alt, name=upload.filename))
            if files[-1].size > UPLOAD:
                raise self.refuse_by(40005)
        return files

    def _found(self, call: Call, channel: Account, message: str) -> Post:
        post = self.living(message)
        room = call.args.get("thread_id") or _channel_id(channel)
        if post is None or post.account_id != channel.id or _room_of(post) != room:
            raise self.refuse_by(10008)
        return post

    def _read_message(self, call: Call, id: str, token: str, message: str) -> Response:
        channel = self._channel(call, id, token)
        return answer(self._message(channel, self._found(call, channel, message)))

    def _edit_message(self, call: Call, id: str, token: str, message: str) -> Response:
        channel = self._channel(call, id, token)
        given = messages.form(call)
        self._check_text(given)
        with self.lock:
            post = self._found(call, channel, message)
            if not given.get("content") and not post.file_ids:
                raise self.refuse_by(50006)
            post.text, post.edited_at = str(given.get("content") or ""), self.clock.now()
            post.extra["pings"] = messages.pings(post.text, given)
            if "attachments" in given:
                kept = {str(each["id"]) for each in given["attachments"]}
                post.file_ids = [file for file in post.file_ids if file in kept]
            self.changed.set()
        return answer(self._message(channel, post))

    def _delete_message(self, call: Call, id: str, token: str, message: str) -> Response:
        channel = self._channel(call, id, token)
        with self.lock:
            self._found(call, channel, message).deleted = True
            self.changed.set()
        return Response(status=204)

    def _message(self, channel: Account, post: Post) -> dict[str, Any]:
        likes = self.counts(post).likes
        told = {
            "id": post.id,
            "type": 0,
            "content": post.text,
            "channel_id": _room_of(post),
            "author": {"id": channel.id, "username": channel.name, "bot": True},
            "attachments": [self._attachment(file) for file in self.files_of(post.file_ids)],
            "embeds": [],
            "mentions": [],
            "mention_everyone": post.extra.get("pings", False),
            "timestamp": iso(post.created_at),
            "edited_timestamp": iso(post.edited_at) if post.edited_at else None,
            "flags": post.extra.get("flags", 0),
            "webhook_id": channel.id,
        }
        return told | ({"reactions": messages.reactions(likes)} if likes else {})

    def _attachment(self, file: File) -> dict[str, Any]:
        told = {
            "id": file.id,
            "filename": file.extra.get("name"),
            "size": file.size,
            "content_type": file.mime,
        }
        return {**told, "url": f"{self.url}/files/{file.id}", "description": file.alt}


def _channel_id(channel: Account) -> str:
    return f"88{channel.id}"


def _room_of(post: Post) -> str:
    return str(post.extra.get("channel_id", f"88{post.account_id}"))
