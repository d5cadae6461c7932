"""A simulated Bilibili open platform (openhome.bilibili.com), with its people's videos at ``/video/BV...``."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path
from typing import Any

from werkzeug import Response

from publishers.simulators import social
from publishers.simulators.bilibili_gate import BilibiliGate
from publishers.simulators.parts import Parts
from publishers.simulators.rack import params
from publishers.simulators.server import Server
from publishers.simulators.settings import MEGABYTE
from publishers.simulators.social_control import SocialControl
from publishers.simulators.social_state import Account, File, Post
from publishers.simulators.wire import Call

ARCHIVE = "/arcopen/fn/archive"
DAY = 86_400.0
PART, COVER_BYTES = 8 * MEGABYTE, 5 * MEGABYTE
TITLE, TAGS, TEXT, PAGE = 80, 200, 250, 50
SAME_TITLE = 60.0
STATES = {"reviewing": (-30, "创建已提交"), "refused": (-2, "已退回"), "public": (0, "开放浏览")}
LETTERS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def serve(port: int = 0, data: str | Path | None = None, host: str = "127.0.0.1", **settings: Any) -> Server:
    """Start a server on ``port`` (0: any free one); ``settings`` are those of ``bilibili_gate.BilibiliSettings``."""
    return social.serve(Bilibili, port, data, host, **settings)


class Bilibili(BilibiliGate):
    """Videos arrive in parts, are submitted by their upload_token, and wait for their review."""

    def __init__(self, data: Path | None, settings: Any) -> None:
        super().__init__(data, settings)
        self._parts = Parts(self)
        self.add_routes(
            [
                ("POST", f"{ARCHIVE}/video/init", self._begin),
                ("POST", "/video/v2/part/upload", self._take_part),
                ("POST", f"{ARCHIVE}/video/complete", self._complete),
                ("POST", f"{ARCHIVE}/cover/upload", self._take_cover),
                ("POST", f"{ARCHIVE}/add-by-utoken", self._submit),
                ("POST", f"{ARCHIVE}/edit", self._edit),
                ("POST", f"{ARCHIVE}/delete", self._delete),
                ("GET", f"{ARCHIVE}/view", self._view),
                ("GET", f"{ARCHIVE}/viewlist", self._viewlist),
                ("GET", "/arcopen/fn/data/arc/stat", self._stat),
                ("GET", "/video/<id>", self._video_page),
            ]
        )

    def make_control(self) -> SocialControl:
        """Videos are known by their BV ids."""
        return _Control(self)

    def address(self, post: Post) -> str:
        """The permalink."""
        return f"{self.url}/video/{self.bv(post)}"

    def bv(self, post: Post) -> str:
        """The id under which everybody knows a video."""
        digest = hashlib.sha256(f"video {post.id}".encode()).digest()
        return "BV1" + "".join(LETTERS[byte % len(LETTERS)] for byte in digest[:9])

    # -- files

    def _begin(self, call: Call) -> Response:
        account, given = self.person(call), params(call)
        if not given.get("name") or str(given.get("utype")) not in ("0", "1"):
            raise self.fault(-400)
        token = secrets.token_hex(16)
        self._parts.open(token, account, file="")
        return self.good({"upload_token": token})

    def _take_part(self, call: Call) -> Response:
        token, number = call.args.get("upload_token", ""), call.args.get("part_number", 0, type=int)
        if self._parts.row(token) is None or number < 1:
            raise self.fault(-400)
        if self._parts.add(token, number, call.stream) > PART:
            raise self.fault(-400, "分片过大")
        return self.good()

    def _complete(self, call: Call) -> Response:
        self.person(call)
        token = call.args.get("upload_token", "")
        row = self._parts.row(token)
        sizes = self._parts.sizes(token) if row else []
        if row is None or not sizes or any(size != PART for size in sizes[:-1]):
            raise self.fault(-400, "分片不完整")
        row["file"] = self._parts.whole(token).id
        self.changed.set()
        return self.good()

    def _take_cover(self, call: Call) -> Response:
        account, part = self.person(call, has_file=True), call.files.get("file")
        if part is None:
            raise self.fault(-400)
        file = self.take_file(part.stream, account)
        if file.mime not in ("image/jpeg", "image/png") or file.size > COVER_BYTES:
            raise self.fault(-400, "封面格式不正确")
        return self.good({"url": f"{self.url}/files/{file.id}"})

    # -- videos

    def _submit(self, call: Call) -> Response:
        account, given = self.person(call), params(call)
        self._check(account, given)
        if given.get("copyright") not in (1, 2) or (given["copyright"] == 2 and not given.get("source")):
            raise self.fault(-400, "转载稿件必须填写来源")
        with self.lock:
            video = self._uploaded(account, call.args.get("upload_token", ""))
        cover = str(given.get("cover", "")).rpartition("/")[2]
        ids = [video.id, *([cover] if cover in self.state.files else [])]
        extra = _told(given)
        post = self.publish(call, account, str(given.get("desc", "")), ids, state="reviewing", extra=extra)
        self._review(post)
        return self.good({"resource_id": self.bv(post)})

    def _check(self, account: Account, given: dict[str, Any]) -> None:
        title, tag = str(given.get("title", "")), str(given.get("tag", ""))
        if (
            not 1 <= len(title) <= TITLE
            or not 1 <= len(tag) <= TAGS
            or len(str(given.get("desc", ""))) > TEXT
        ):
            raise self.fault(-400, "标题、标签或简介的长度不符合要求")
        if not isinstance(given.get("tid"), int) or given.get("no_reprint", 0) not in (0, 1):
            raise self.fault(-400, "分区不存在")
        recent = self.clock.now() - SAME_TITLE
        if "resource_id" not in given and any(
            post.extra.get("title") == title and post.created_at > recent for post in self._all_of(account)
        ):
            raise self.fault(-400, "请勿在短时间内提交标题相同的稿件")

    def _uploaded(self, account: Account, token: str) -> File:
        """An upload is for one video, and for a while."""
        row = self._parts.row(token)
        file = self.state.files.get(row["file"]) if row else None
        is_fresh = row is not None and self.clock.now() - row["at"] < DAY
        if file is None or file.kind != "video" or file.used or file.account_id != account.id or not is_fresh:
            raise self.fault(-400, "upload_token 不存在或已失效")
        return file

    def _review(self, post: Post) -> None:
        settings = self.settings
        if post.state == "reviewing" and self.clock.now() >= post.created_at + settings.review_seconds:
            is_bad = bool(settings.refuses) and settings.refuses in post.text
            post.state = "refused" if is_bad else "public"
            self.changed.set()

    def _all_of(self, account: Account) -> list[Post]:
        with self.lock:
            found = [p for p in self.state.posts.values() if p.account_id == account.id and not p.deleted]
            for post in found:
                self._review(post)
        return sorted(found, key=lambda post: (post.created_at, post.number), reverse=True)

    def _own(self, account: Account, bv: str) -> Post:
        for post in self._all_of(account):
            if self.bv(post) == bv:
                return post
        raise self.fault(-404)

    def _edit(self, call: Call) -> Response:
        account, given = self.person(call), params(call)
        self._check(account, given)
        post = self._own(account, str(given.get("resource_id")))
        with self.lock:
            post.text, post.edited_at = str(given.get("desc", "")), self.clock.now()
            post.extra |= _told(given)
            self.changed.set()
        return self.good({"resource_id": self.bv(post)})

    def _delete(self, call: Call) -> Response:
        post = self._own(self.person(call), str(params(call).get("resource_id")))
        with self.lock:
            post.deleted = True
            self.changed.set()
        return self.good()

    def _view(self, call: Call) -> Response:
        return self.good(self._entry(self._own(self.person(call), call.args.get("resource_id", ""))))

    def _viewlist(self, call: Call) -> Response:
        account = self.person(call)
        number, size = call.args.get("pn", 1, type=int), call.args.get("ps", 20, type=int)
        if not 1 <= size <= PAGE or call.args.get("status", "all") not in (
            "all",
            "is_pubing",
            "pubed",
            "not_pubed",
        ):
            raise self.fault(-400)
        found = self._all_of(account)
        page = [self._entry(post) for post in found[(number - 1) * size : number * size]]
        return self.good({"page": {"pn": number, "ps": size, "total": len(found)}, "list": page})

    def _entry(self, post: Post) -> dict[str, Any]:
        state, words = STATES[post.state]
        reason = "稿件内容不符合社区规范" if post.state == "refused" else ""
        asked = {name: post.extra.get(name, "") for name in ("title", "tid", "tag", "cover", "copyright")}
        return {
            "resource_id": self.bv(post), **asked, "desc": post.text, "ctime": int(post.created_at),
            "ptime": int(post.created_at), "no_reprint": post.extra.get("no_reprint", 0),
            "video_info": {"cid": int(post.id), "duration": 1, "share_url": self.address(post), "filename": ""},
            "addit_info": {"state": state, "state_desc": words, "reject_reason": reason},
        }  # fmt: skip

    def _stat(self, call: Call) -> Response:
        post = self._own(self.person(call), call.args.get("resource_id", ""))
        counts = self.counts(post)
        return self.good({
            "title": post.extra.get("title", ""), "ptime": int(post.created_at), "view": counts.likes * 25,
            "danmaku": 0, "reply": counts.replies, "favorite": counts.bookmarks, "coin": 0, "share": counts.reposts,
            "like": counts.likes,
        })  # fmt: skip

    def _video_page(self, call: Call, id: str) -> Response:
        found = next((post for post in self.state.posts.values() if self.bv(post) == id), None)
        if found is not None:
            self._review(found)
        return self.show(call, found.id if found else "")


class _Control(SocialControl):
    def __init__(self, simulator: Bilibili) -> None:
        super().__init__(simulator)
        self._bilibili = simulator

    def public_id(self, post: Post) -> str:
        return self._bilibili.bv(post)


def _told(given: dict[str, Any]) -> dict[str, Any]:
    names = ("title", "tid", "tag", "cover", "copyright", "source", "no_reprint")
    return {name: given[name] for name in names if name in given}
