"""A simulated Threads API (Meta docs, threads) with the posts of its profiles at ``/@NAME/post/ID``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from werkzeug import Response

from publishers.simulators import social
from publishers.simulators.meta_containers import ContainerApi, Row
from publishers.simulators.meta_graph import told
from publishers.simulators.meta_oauth import DAY, OwnLogin
from publishers.simulators.rack import params, truth
from publishers.simulators.server import Server
from publishers.simulators.social_state import Account, File, Post, Remark
from publishers.simulators.wire import Call, answer

TEXT, ALT, TOPIC, LINKS = 500, 1000, 50, 5
IMAGE_BYTES, VIDEO_BYTES, LONGEST_SIDE = 8 * 2**20, 2**30, 10
DELETIONS = 100
REPLY_CONTROL = (
    "everyone",
    "accounts_you_follow",
    "mentioned_only",
    "parent_post_author_only",
    "followers_only",
)
TAG = re.compile(r"#([^\s.&@!?,;:#]*[^\s\d.&@!?,;:#][^\s.&@!?,;:#]*)")


def serve(port: int = 0, data: str | Path | None = None, host: str = "127.0.0.1", **settings: Any) -> Server:
    """Start a server on ``port`` (0: any free one); ``settings`` are those of ``meta_graph.MetaSettings``."""
    return social.serve(Threads, port, data, host, **{"quota_total": 250, **settings})


class Threads(ContainerApi):
    """Each account is a profile."""

    platform = "threads"
    brand = "Threads"
    version = "v1.0"
    throttle = (80016, "threads")
    making, publishing, status, why = "threads", "threads_publish", "status", "error_message"
    caption, quota, most = "text", "threads_publishing_limit", 20

    def __init__(self, data: Path | None, settings: Any) -> None:
        super().__init__(data, settings)
        at = f"/{self.version}"
        self.add_routes(
            [
                *OwnLogin(self, "th").routes(),
                ("DELETE", f"{at}/<id>", self._delete),
                ("GET", f"{at}/<id>/conversation", self._conversation),
                ("GET", f"{at}/<id>/threads_insights", self._profile_insights),
                ("GET", "/@<name>/post/<id>", lambda call, name, id: self.show(call, id)),
            ]
        )

    def address(self, post: Post) -> str:
        """The permalink, here at our own address instead of www.threads.com."""
        return f"{self.url}/@{self.state.accounts[post.account_id].handle}/post/{post.id}"

    def kind_of(self, given: Row) -> str:
        """It has to be named."""
        kind = str(given.get("media_type", ""))
        if kind not in ("TEXT", "IMAGE", "VIDEO", "CAROUSEL"):
            raise self.error("(#100) Param media_type must be one of {TEXT, IMAGE, VIDEO, CAROUSEL}", 100)
        return kind

    def check(self, account: Account, kind: str, given: Row) -> None:
        """Words, links, topic, and who may reply."""
        text, link = str(given.get("text", "")), str(given.get("link_attachment", ""))
        if kind == "TEXT" and not text.strip():
            raise self.error("(#100) The parameter text is required.", 100)
        if sum(_length(letter) for letter in text) > TEXT:
            raise self.error("Param text must be at most 500 characters long.", 100, 4279018)
        if len({*re.findall(r"https?://[^\s]+", text), *filter(None, [link])}) > LINKS:
            raise self.error("The post has too many links.", 100, 4279051)
        if link and kind != "TEXT":
            raise self.error("(#100) The parameter link_attachment is for text-only posts.", 100)
        self._check_fields(given)

    def _check_fields(self, given: Row) -> None:
        topic = str(given.get("topic_tag", ""))
        if len(topic) > TOPIC or re.search(r"[.&]", topic):
            raise self.error("(#100) Param topic_tag is not a valid topic.", 100)
        if str(given.get("reply_control") or "everyone") not in REPLY_CONTROL:
            raise self.error("(#100) Param reply_control is none of those that there are.", 100)
        if len(str(given.get("alt_text", ""))) > ALT:
            raise self.error("(#100) Param alt_text must be at most 1000 characters long.", 100)

    def check_image(self, file: File) -> None:
        """JPEG or PNG."""
        ratio = max(file.width, file.height) / max(min(file.width, file.height), 1)
        if file.mime not in ("image/jpeg", "image/png") or file.size > IMAGE_BYTES or ratio > LONGEST_SIDE:
            raise self.error("The image format is not supported", 36001, 2207005)

    def check_video(self, file: File) -> str:
        """MP4 or MOV."""
        return "format" if file.kind != "video" or file.size > VIDEO_BYTES else ""

    def failure(self, why: str) -> str:
        """A name."""
        return "FAILED_DOWNLOADING_VIDEO" if why.startswith("download") else "FAILED_PROCESSING_VIDEO"

    def made(self, account: Account, given: Row) -> str:
        """A reply has to be one to something that is there."""
        if wanted := str(given.get("reply_to_id", "")):
            self._said_to(wanted)
        return super().made(account, given)

    def person(self, account: Account) -> Row:
        """The profile."""
        return {
            "id": account.id, "username": account.handle, "name": account.name, "threads_biography": None,
            "threads_profile_picture_url": f"{self.url}/avatars/{account.seed}.png", "is_verified": False,
        }  # fmt: skip

    def fields_of(self, post: Post) -> Row:
        """A post; the first topic in its text is shown without the sign."""
        return {
            "id": post.id, "text": TAG.sub(r"\1", post.text, count=1) or None, "timestamp": told(post.created_at),
            "permalink": self.address(post), "username": self.state.accounts[post.account_id].handle,
            "media_type": post.extra.get("kind", "TEXT"), "media_product_type": "THREADS",
        }  # fmt: skip

    def numbers_of(self, post: Post) -> dict[str, int]:
        """Insights."""
        counts = self.counts(post)
        return {
            "views": 30 * counts.likes, "likes": counts.likes, "replies": counts.replies, "reposts": counts.reposts,
            "quotes": counts.quotes, "shares": counts.bookmarks,
        }  # fmt: skip

    def _make(self, call: Call, id: str) -> Response:
        account, given = self.own(call, id), params(call)
        made = self.made(account, given)
        if not truth(given.get("auto_publish_text")):
            return answer({"id": made})
        if given.get("media_type") != "TEXT":
            raise self.error("(#100) The parameter auto_publish_text is for text-only posts.", 100)
        if given.get("reply_to_id"):
            return answer({"id": self._replied(account, made)})
        return answer({"id": self.shown(call, account, made).id})

    def _replied(self, account: Account, container: str) -> str:
        row = self.rows[container]
        post, remark = self._said_to(str(row["asked"]["reply_to_id"]))
        made = self.remark(post, account.handle, row["text"], remark.id if remark else "")
        row["post"] = made.id
        return made.id

    def _said_to(self, id: str) -> tuple[Post, Remark | None]:
        remark = self.state.remarks.get(id)
        return self.post_of(remark.post_id if remark else id), remark

    def _delete(self, call: Call, id: str) -> Response:
        account = self.own(call, "me")
        with self.lock:
            post = self.post_of(id)
            if post.account_id != account.id:
                raise self.missing(id)
            since = self.clock.now() - DAY
            gone = [at for at in self.state.extra.setdefault("deletions", []) if at > since]
            if self.settings.rate_limits and len(gone) >= DELETIONS:
                raise self.spent()
            self.state.extra["deletions"] = [*gone, self.clock.now()]
            post.deleted = True
            self.changed.set()
        return answer({"success": True, "deleted_id": id})

    def _conversation(self, call: Call, id: str) -> Response:
        self.holder(call)
        post = self.post_of(id)
        remarks = self.state.remarks_on(post.id)
        rows = [self._remark_row(remark, post) for remark in remarks]
        if call.args.get("reverse", "true") == "true":
            rows = rows[::-1]
        return self.edge(call, rows, call.args.get("fields", "id"))

    def _remark_row(self, remark: Remark, post: Post) -> Row:
        return {
            "id": remark.id, "text": remark.text, "username": remark.by, "timestamp": told(remark.at),
            "permalink": f"{self.url}/@{remark.by}/post/{remark.id}", "replied_to": {"id": remark.reply_to or post.id},
        }  # fmt: skip

    def _profile_insights(self, call: Call, id: str) -> Response:
        account = self.own(call, id)
        known = {"followers_count": self.followers(account), "likes": 0, "replies": 0, "clicks": 0}
        wanted = call.args.get("metric", "").split(",")
        return answer(self.insights(account.id, known, wanted, "total_value"))


def _length(letter: str) -> int:
    """An emoji counts as the bytes of its UTF-8 form."""
    point = ord(letter)
    is_emoji = point >= 0x1F000 or 0x2600 <= point <= 0x27BF or point in (0x200D, 0xFE0F)
    return len(letter.encode()) if is_emoji else 1
