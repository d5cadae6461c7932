"""How a simulated TikTok takes posts (developers.tiktok.com, content-posting-api)."""

from __future__ import annotations

import re
import secrets
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from werkzeug import Response

from publishers.simulators.clock import iso
from publishers.simulators.limiter import Quota
from publishers.simulators.parts import Parts
from publishers.simulators.rack import params
from publishers.simulators.settings import MEGABYTE, Settings
from publishers.simulators.social import Social
from publishers.simulators.social_state import Account, File, Post, Token
from publishers.simulators.wire import Call, Refusal, answer

DAY, HOUR = 86_400.0, 3600.0
TITLE, PHOTO_TITLE, PHOTO_TEXT, PHOTOS = 2200, 90, 4000, 35
CHUNK_MIN, CHUNK_MAX, LAST_MAX, CHUNKS = 5_000_000, 64 * MEGABYTE, 128 * MEGABYTE, 1000
LEVELS = ("PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "FOLLOWER_OF_CREATOR", "SELF_ONLY")
BEGINNINGS, QUESTIONS, LOOKS = Quota("init", 6, 60), Quota("creator_info", 20, 60), Quota("status", 30, 60)
RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


@dataclass(frozen=True)
class TikTokSettings(Settings):
    """``moderation_seconds`` pass until a public post has an id that anybody knows; an app that is not ``audited`` may only
    post what nobody else sees; photos are taken from addresses that begin with ``verified``. ``levels`` are those that
    every account offers, divided by commas."""

    moderation_seconds: float = 0.0
    audited: bool = True
    verified: str = "http"
    levels: str = ",".join(LEVELS)
    longest: int = 600


class TikTokPosting(Social):
    """A post begins with a publish_id, and is made when the last byte has come."""

    platform = "tiktok"
    brand = "TikTok"
    settings_kind = TikTokSettings
    settings: TikTokSettings
    access_lives = DAY
    refresh_lives = 365 * DAY

    def __init__(self, data: Path | None, settings: Any) -> None:
        super().__init__(data, settings)
        self._parts = Parts(self)
        self.add_routes(
            [
                ("POST", "/v2/post/publish/creator_info/query/", self._creator_info),
                ("POST", "/v2/post/publish/video/init/", self._video_init),
                ("POST", "/v2/post/publish/content/init/", self._content_init),
                ("POST", "/v2/post/publish/status/fetch/", self._status_fetch),
                ("PUT", "/upload/<upload_id>", self._take_bytes),
            ]
        )

    # -- forms

    def fault(self, status: int, code: str, message: str) -> Refusal:
        """An error in TikTok's form."""
        return Refusal(status, {"data": {}, "error": {"code": code, "message": message, "log_id": _log_id()}})

    def good(self, data: dict[str, Any]) -> Response:
        """An answer without trouble, which has an error all the same."""
        return answer({"data": data, "error": {"code": "ok", "message": "", "log_id": _log_id()}})

    def refuse(self, status: int, sentence: str = "") -> Refusal:
        """Trouble of the server."""
        return self.fault(
            status, "internal_error" if status >= 500 else "invalid_params", sentence or "Please retry"
        )

    def too_many(self, seconds: float) -> Refusal:
        """Too fast, without saying until when."""
        return self.fault(
            429, "rate_limit_exceeded", "The API rate limit was exceeded. Please try again later."
        )

    def denied(self, state: str) -> Refusal:
        """A token that is no good."""
        return self.fault(
            401, "access_token_invalid", "The access token is invalid or not found in the request."
        )

    def credentials(self, account: Account, token: Token) -> dict[str, Any]:
        """As after signing in."""
        given = super().credentials(account, token)["credentials"]
        return {"credentials": given | {"ends_at": iso(token.refresh_expires_at)}}

    def address(self, post: Post) -> str:
        """The permalink."""
        kind = post.extra.get("kind", "video")
        return f"{self.url}/@{self.state.accounts[post.account_id].handle}/{kind}/{post.id}"

    def counted(self, call: Call, quota: Quota) -> Account:
        """Who calls, unless they call too often."""
        account = self.holder(call)
        if self.settings.rate_limits and self.limiter.hit(quota, account.id, self.clock.now()).exceeded:
            raise self.too_many(60)
        return account

    # -- before the post

    def _creator_info(self, call: Call) -> Response:
        account, settings = self.counted(call, QUESTIONS), self.settings
        return self.good({
            "creator_username": account.handle, "creator_nickname": account.name,
            "creator_avatar_url": f"{self.url}/avatars/{account.seed}.svg",
            "privacy_level_options": self._levels(account), "max_video_post_duration_sec": settings.longest,
            **{f"{name}_disabled": bool(account.extra.get(name)) for name in ("comment", "duet", "stitch")},
        })  # fmt: skip

    def _levels(self, account: Account) -> list[str]:
        return str(account.extra.get("levels") or self.settings.levels).split(",")

    def _check_info(self, account: Account, info: dict[str, Any]) -> None:
        level = info.get("privacy_level")
        if level not in self._levels(account):
            raise self.fault(403, "privacy_level_option_mismatch", "Privacy level is not among the options.")
        if not self.settings.audited and level != "SELF_ONLY":
            code = "unaudited_client_can_only_post_to_private_accounts"
            raise self.fault(403, code, "Please review our integration guidelines.")
        if account.extra.get("comment") and not info.get("disable_comment"):
            raise self.fault(403, "invalid_params", "Comments are disabled in the creator's settings.")
        if info.get("brand_content_toggle") and level == "SELF_ONLY":
            raise self.fault(403, "invalid_params", "Branded content cannot be private.")

    # -- videos

    def _video_init(self, call: Call) -> Response:
        account, given = self.counted(call, BEGINNINGS), params(call)
        info, source = given.get("post_info") or {}, given.get("source_info") or {}
        self._check_info(account, info)
        if _units(info.get("title")) > TITLE or not _fits(source):
            raise self.fault(400, "invalid_params", "The chunk size or the total chunk count is invalid")
        publish_id, upload_id = f"v_pub_file~v2.{secrets.token_hex(8)}", secrets.token_hex(12)
        row = {"publish_id": publish_id, "info": info, "total": source["video_size"], "arrived": 0}
        row |= {"chunk": source["chunk_size"], "count": source["total_chunk_count"]}
        self._parts.open(upload_id, account, **row)
        self._note(publish_id, account=account.id, status="PROCESSING_UPLOAD", upload=upload_id)
        url = f"{self.url}/upload/{upload_id}?upload_token={secrets.token_hex(16)}"
        return self.good({"publish_id": publish_id, "upload_url": url})

    def _take_bytes(self, call: Call, upload_id: str) -> Response:
        with self.lock:
            row = self._parts.row(upload_id)
            if row is None or row["arrived"] >= row["total"]:
                raise self.fault(404, "not_found", "The upload task is not found.")
            if self.clock.now() - row["at"] >= HOUR:
                raise self.fault(403, "forbidden", "The upload_url has expired.")
            number, size = self._place(call, row)
            if self._parts.add(upload_id, number, call.stream) != size:
                raise self.fault(400, "invalid_params", "The body is not as long as Content-Range says.")
            row["arrived"] += size
            self.changed.set()
        if row["arrived"] < row["total"]:
            return Response(f'{{"arrived":{row["arrived"]}}}', 206, content_type="application/json")
        self._made(call, upload_id, row)
        return Response('{"arrived":"all of it"}', 201, content_type="application/json")

    def _place(self, call: Call, row: dict[str, Any]) -> tuple[int, int]:
        """Which chunk comes, and how long it is; they come in their order."""
        match = RANGE.fullmatch(call.headers.get("Content-Range", ""))
        if match is None or int(match[3]) != row["total"]:
            raise self.fault(400, "invalid_params", "The Content-Range header is invalid.")
        start, end = int(match[1]), int(match[2])
        number = len(row["pieces"]) + 1
        wanted = row["total"] - start if number == row["count"] else row["chunk"]
        if start != row["arrived"] or end - start + 1 != wanted:
            raise self.fault(416, "invalid_params", "The range does not reflect the bytes received.")
        return number, wanted

    def _made(self, call: Call, upload_id: str, row: dict[str, Any]) -> None:
        account, info = self.state.accounts[row["account"]], row["info"]
        file = self._parts.whole(upload_id)
        if file.kind != "video":
            self._note(row["publish_id"], status="FAILED", reason="file_format_check_failed")
            return
        self._show(call, account, row["publish_id"], info, str(info.get("title", "")), [file], "video")

    # -- photos

    def _content_init(self, call: Call) -> Response:
        account, given = self.counted(call, BEGINNINGS), params(call)
        info, source = given.get("post_info") or {}, given.get("source_info") or {}
        urls = source.get("photo_images") or []
        self._check_info(account, info)
        if (given.get("media_type"), given.get("post_mode")) != ("PHOTO", "DIRECT_POST"):
            raise self.fault(400, "invalid_params", "The media type or post mode is invalid")
        too_long = _units(info.get("title")) > PHOTO_TITLE or _units(info.get("description")) > PHOTO_TEXT
        if too_long or source.get("source") != "PULL_FROM_URL" or not 1 <= len(urls) <= PHOTOS:
            raise self.fault(400, "invalid_params", "The post info or the source info is invalid")
        if not all(str(url).startswith(self.settings.verified) for url in urls):
            raise self.fault(403, "url_ownership_unverified", "Please verify ownership of the URL prefix.")
        publish_id = f"p_pub_url~v2.{secrets.token_hex(8)}"
        self._note(publish_id, account=account.id, status="PROCESSING_DOWNLOAD")
        files = list(self._pulled(account, urls))
        if len(files) != len(urls):
            self._note(publish_id, status="FAILED", reason="photo_pull_failed")
        elif not all(file.mime in ("image/jpeg", "image/webp") for file in files):
            self._note(publish_id, status="FAILED", reason="file_format_check_failed")
        else:
            self._show(call, account, publish_id, info, str(info.get("description", "")), files, "photo")
        return self.good({"publish_id": publish_id})

    def _pulled(self, account: Account, urls: list[str]) -> Iterator[File]:
        for url in urls:
            try:
                with urllib.request.urlopen(url, timeout=10) as reply:
                    yield self.take_file(BytesIO(reply.read()), account)
            except (urllib.error.URLError, ValueError, TimeoutError):
                return

    # -- after the post

    def _show(
        self,
        call: Call,
        account: Account,
        publish_id: str,
        info: dict[str, Any],
        text: str,
        files: list[File],
        kind: str,
    ) -> None:
        is_public = info["privacy_level"] == "PUBLIC_TO_EVERYONE"
        extra = {"kind": kind, "title": info.get("title", "") if kind == "photo" else "", "info": info}
        state = "moderating" if is_public else "limited"
        post = self.publish(call, account, text, [file.id for file in files], state=state, extra=extra)
        self.moderate(post)
        self._note(publish_id, status="PUBLISH_COMPLETE", post=post.id)

    def moderate(self, post: Post) -> None:
        """Let everybody know of a public post, once its time has come."""
        if (
            post.state == "moderating"
            and self.clock.now() >= post.created_at + self.settings.moderation_seconds
        ):
            post.state = "public"
            self.changed.set()

    def _note(self, publish_id: str, **row: Any) -> None:
        with self.lock:
            self.state.extra.setdefault("publishes", {}).setdefault(publish_id, {}).update(row)
            self.changed.set()

    def _status_fetch(self, call: Call) -> Response:
        account, publish_id = self.counted(call, LOOKS), str(params(call).get("publish_id"))
        with self.lock:
            row = self.state.extra.get("publishes", {}).get(publish_id)
            if row is None or row["account"] != account.id:
                raise self.fault(400, "invalid_publish_id", "The publish_id does not exist.")
            upload, post = self._parts.row(row.get("upload", "")), self.state.posts.get(row.get("post", ""))
            if post is not None:
                self.moderate(post)
            told: dict[str, Any] = {
                "status": row["status"],
                "uploaded_bytes": upload["arrived"] if upload else 0,
            }
            told["publicaly_available_post_id"] = [int(post.id)] if post and post.state == "public" else []
        return self.good(told | ({"fail_reason": row["reason"]} if "reason" in row else {}))


def _fits(source: dict[str, Any]) -> bool:
    """The arithmetic of chunks: whole ones of 5 to 64 MB, and a last one that takes the rest besides."""
    size, chunk, count = (source.get(name) for name in ("video_size", "chunk_size", "total_chunk_count"))
    if source.get("source") != "FILE_UPLOAD" or not size or not chunk:
        return False
    if size < CHUNK_MIN:
        return bool(chunk == size and count == 1)
    last = size - chunk * (max(1, size // chunk) - 1)
    good = CHUNK_MIN <= chunk <= CHUNK_MAX and last <= LAST_MAX
    return bool(good and count == max(1, size // chunk) and count <= CHUNKS)


def _units(text: object) -> int:
    return len(str(text or "").encode("utf-16-le", "surrogatepass")) // 2


def _log_id() -> str:
    return f"2026{secrets.token_hex(12).upper()}"
