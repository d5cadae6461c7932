"""A simulated Douyin open platform (developer.open-douyin.com), with its people's works at ``/share/video/ID``."""

from __future__ import annotations

import base64
import hashlib
import secrets
from pathlib import Path
from typing import Any

from werkzeug import Response

from publishers.simulators import social
from publishers.simulators.douyin_people import DAY, DouyinPeople
from publishers.simulators.limiter import Quota
from publishers.simulators.parts import Parts
from publishers.simulators.rack import params
from publishers.simulators.server import Server
from publishers.simulators.settings import MEGABYTE
from publishers.simulators.social_control import SocialControl
from publishers.simulators.social_state import Account, File, Post
from publishers.simulators.wire import Call

API = "/api/douyin/v1/video"
WHOLE, PART_MIN, PART_MAX = 128 * MEGABYTE, 5 * MEGABYTE, 20 * MEGABYTE
TEXT, REPLY, IMAGES, IMAGE_BYTES = 1000, 200, 35, 20 * MEGABYTE
PAGE, BATCH, COMMENTS = 20, 20, 50
UPLOAD_LIVES = DAY
SEEN_BY = {0: "public", 1: "private", 2: "friends"}
STATUS = {"reviewing": 4, "refused": 2, "public": 5, "friends": 6, "private": 7}


def serve(port: int = 0, data: str | Path | None = None, host: str = "127.0.0.1", **settings: Any) -> Server:
    """Start a server on ``port`` (0: any free one); ``settings`` are those of ``douyin_people.DouyinSettings``."""
    return social.serve(Douyin, port, data, host, **settings)


class Douyin(DouyinPeople):
    """Works are reviewed before anybody sees them, and known to apps by encrypted ids."""

    def __init__(self, data: Path | None, settings: Any) -> None:
        super().__init__(data, settings)
        self._parts = Parts(self)
        self.add_routes(
            [
                ("POST", f"{API}/upload_image/", self._upload_image),
                ("POST", f"{API}/upload_video/", self._upload_video),
                ("POST", f"{API}/init_video_part_upload/", self._begin_parts),
                ("POST", f"{API}/upload_video_part/", self._take_part),
                ("POST", f"{API}/complete_video_part_upload/", self._end_parts),
                ("POST", f"{API}/create_video/", self._create_video),
                ("POST", f"{API}/create_image_text/", self._create_image_text),
                ("GET", f"{API}/video_list/", self._video_list),
                ("POST", f"{API}/video_data/", self._video_data),
                ("GET", "/item/comment/list/", self._comment_list),
                ("GET", "/item/comment/reply/list/", self._reply_list),
                ("POST", "/item/comment/reply/", self._reply),
                ("GET", "/share/video/<id>/", self._work_page),
            ]
        )

    def make_control(self) -> SocialControl:
        """Works are known by their encrypted ids."""
        return _Control(self)

    def address(self, post: Post) -> str:
        """The share link, here at our own address."""
        return f"{self.url}/share/video/{post.id}/?region=CN"

    def item_id(self, post: Post) -> str:
        """The encrypted id under which apps know a work."""
        return "@" + base64.b64encode(hashlib.sha512(f"work {post.id}".encode()).digest()[:56]).decode()

    # -- files

    def _upload_image(self, call: Call) -> Response:
        file = self._upload(call, self.person(call), "image")
        if file.size > IMAGE_BYTES:
            raise self.fault(2190005)
        return self.good(image={"image_id": file.id, "width": file.width, "height": file.height})

    def _upload_video(self, call: Call) -> Response:
        file = self._upload(call, self.person(call), "video")
        if file.size > WHOLE:
            raise self.fault(2190005)
        return self._video(file)

    def _upload(self, call: Call, account: Account, kind: str) -> File:
        part = call.files.get(kind)
        if part is None:
            raise self.fault(2100005)
        file = self.take_file(part.stream, account)
        if file.kind != kind:
            raise self.fault(2100005)
        return file

    def _video(self, file: File) -> Response:
        return self.good(video={"video_id": file.id, "width": 160, "height": 120})

    def _begin_parts(self, call: Call) -> Response:
        account = self.person(call)
        upload_id = secrets.token_hex(16)
        self._parts.open(upload_id, account)
        return self.good(upload_id=upload_id)

    def _take_part(self, call: Call) -> Response:
        upload_id = self._upload_id(call)
        part, number = call.files.get("video"), call.args.get("part_number", 0, type=int)
        if part is None or number < 1:
            raise self.fault(2100005)
        if self._parts.add(upload_id, number, part.stream) > PART_MAX:
            raise self.fault(2190005)
        return self.good()

    def _end_parts(self, call: Call) -> Response:
        upload_id = self._upload_id(call)
        sizes = self._parts.sizes(upload_id)
        if not sizes or any(size < PART_MIN for size in sizes[:-1]):
            raise self.fault(2100005)
        return self._video(self._parts.whole(upload_id))

    def _upload_id(self, call: Call) -> str:
        account, upload_id = self.person(call), call.args.get("upload_id", "")
        row = self._parts.row(upload_id)
        if row is None or row["account"] != account.id:
            raise self.fault(2100005)
        return upload_id

    # -- works

    def _create_video(self, call: Call) -> Response:
        given = params(call)
        cover = given.get("custom_cover_image_url")
        ids = [str(given.get("video_id")), *([str(cover)] if cover else [])]
        return self._create(call, given, ids, "video")

    def _create_image_text(self, call: Call) -> Response:
        given = params(call)
        ids = [str(each) for each in given.get("image_list") or ()]
        if not 1 <= len(ids) <= IMAGES:
            raise self.fault(2100005)
        return self._create(call, given, ids, "image")

    def _create(self, call: Call, given: dict[str, Any], ids: list[str], kind: str) -> Response:
        account, text = self.person(call), str(given.get("text", ""))
        seen_by = given.get("private_status", 0)
        if len(text) > TEXT or seen_by not in SEEN_BY or given.get("download_type", 1) not in (1, 2):
            raise self.fault(2100005)
        with self.lock:
            files = self.files_of(ids)
            good = [f for n, f in enumerate(files) if self._serves(f, account, "image" if n else kind)]
            if len(good) != len(ids):
                raise self.fault(2190007)
        self._count(account)
        extra = {
            "media_type": 4 if kind == "video" else 2,
            "seen_by": SEEN_BY[seen_by],
            "ids": ids,
            **_asked(given),
        }
        post = self.publish(call, account, text, ids, state="reviewing", extra=extra)
        self._review(post)
        return self.good(item_id=self.item_id(post), video_id=ids[0])

    def _count(self, account: Account) -> None:
        daily = Quota("works", self.settings.daily, int(DAY))
        if self.settings.rate_limits and self.limiter.hit(daily, account.id, self.clock.now()).exceeded:
            raise self.fault(2190001)

    def _serves(self, file: File, account: Account, kind: str) -> bool:
        """An upload is for one work, and for a while."""
        is_fresh = self.clock.now() - file.created_at < UPLOAD_LIVES
        return file.account_id == account.id and file.kind == kind and not file.used and is_fresh

    def _review(self, post: Post) -> None:
        """The verdict, once its time has come."""
        settings = self.settings
        if post.state == "reviewing" and self.clock.now() >= post.created_at + settings.review_seconds:
            is_bad = bool(settings.refuses) and settings.refuses in post.text
            post.state = "refused" if is_bad else str(post.extra.get("seen_by", "public"))
            self.changed.set()

    def _works_of(self, account: Account) -> list[Post]:
        with self.lock:
            found = [p for p in self.state.posts.values() if p.account_id == account.id and not p.deleted]
            for post in found:
                self._review(post)
        return sorted(found, key=lambda post: (post.created_at, post.number), reverse=True)

    def _entry(self, post: Post, *, hides_time: bool = False) -> dict[str, Any]:
        counts = self.counts(post)
        numbers = {
            "digg_count": counts.likes, "comment_count": counts.replies, "share_count": counts.quotes,
            "play_count": counts.likes * 20, "forward_count": counts.reposts, "download_count": 0,
        }  # fmt: skip
        is_hidden = hides_time and post.state != "public"
        return {
            "item_id": self.item_id(post), "title": post.text, "cover": "", "share_url": self.address(post),
            "is_top": False, "is_reviewed": post.state != "reviewing", "video_status": STATUS[post.state],
            "media_type": post.extra.get("media_type", 4), "statistics": numbers,
            "create_time": 0 if is_hidden else int(post.created_at),
        }  # fmt: skip

    def _video_list(self, call: Call) -> Response:
        account = self.person(call)
        start, count = call.args.get("cursor", 0, type=int), call.args.get("count", 10, type=int)
        if not 1 <= count <= PAGE:
            raise self.fault(2100005)
        works = self._works_of(account)
        page = [self._entry(post) for post in works[start : start + count]]
        return self.good(list=page, cursor=start + len(page), has_more=start + count < len(works))

    def _video_data(self, call: Call) -> Response:
        account, wanted = self.person(call), params(call).get("item_ids")
        if not isinstance(wanted, list) or not 1 <= len(wanted) <= BATCH:
            raise self.fault(2100005)
        works = {self.item_id(post): post for post in self._works_of(account)}
        found = [self._entry(works[id], hides_time=True) for id in wanted if id in works]
        return self.good(list=found)

    def _work_page(self, call: Call, id: str) -> Response:
        post = self.living(id)
        if post is not None:
            self._review(post)
        return self.show(call, id)

    # -- comments

    def _comment_list(self, call: Call) -> Response:
        return self._remarks(call, "")

    def _reply_list(self, call: Call) -> Response:
        return self._remarks(call, call.args.get("comment_id", ""))

    def _remarks(self, call: Call, parent: str) -> Response:
        post = self._work(self.person(call), call.args.get("item_id", ""))
        if not 1 <= call.args.get("count", 10, type=int) <= COMMENTS:
            raise self.fault(2100005)
        said = [remark for remark in self.state.remarks_on(post.id) if remark.reply_to == parent]
        rows = [
            {
                "comment_id": remark.id, "comment_user_id": f"@{remark.by}", "nick_name": remark.by, "digg_count": 0,
                "content": remark.text, "create_time": int(remark.at), "reply_comment_total": 0, "top": False,
            }
            for remark in said
        ]  # fmt: skip
        return self.good(list=rows, cursor=len(rows), has_more=False)

    def _reply(self, call: Call) -> Response:
        account, given = self.person(call), params(call)
        post, text = self._work(account, str(given.get("item_id"))), str(given.get("content", ""))
        parent = self.state.remarks.get(str(given.get("comment_id")))
        if parent is None or parent.post_id != post.id or not 1 <= len(text) <= REPLY:
            raise self.fault(2100005)
        made = self.remark(post, account.handle, text, parent.id)
        return self.good(comment_id=made.id)

    def _work(self, account: Account, item_id: str) -> Post:
        for post in self._works_of(account):
            if self.item_id(post) == item_id:
                return post
        raise self.fault(2100005)


class _Control(SocialControl):
    def __init__(self, simulator: Douyin) -> None:
        super().__init__(simulator)
        self._douyin = simulator

    def public_id(self, post: Post) -> str:
        return self._douyin.item_id(post)


def _asked(given: dict[str, Any]) -> dict[str, Any]:
    names = ("private_status", "download_type", "cover_tsp")
    return {name: given[name] for name in names if name in given}
