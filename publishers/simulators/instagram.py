"""A simulated Instagram API (Meta docs, instagram-platform) with the posts of its accounts at ``/p/ID/``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from werkzeug import Response

from publishers.simulators import social
from publishers.simulators.meta_containers import ContainerApi, Row
from publishers.simulators.meta_graph import told
from publishers.simulators.meta_oauth import OwnLogin
from publishers.simulators.rack import params, truth
from publishers.simulators.server import Server
from publishers.simulators.social_state import Account, File, Post, Remark
from publishers.simulators.wire import Call, answer

CAPTION, HASHTAGS, MENTIONS, ALT = 2200, 30, 20, 1000
IMAGE_BYTES, VIDEO_BYTES = 8 * 2**20, 300 * 2**20
NARROW, WIDE = 0.8, 1.91


def serve(port: int = 0, data: str | Path | None = None, host: str = "127.0.0.1", **settings: Any) -> Server:
    """Start a server on ``port`` (0: any free one); ``settings`` are those of ``meta_graph.MetaSettings``."""
    return social.serve(Instagram, port, data, host, **settings)


class Instagram(ContainerApi):
    """Each account is a professional one; an app knows it by another id than its own."""

    platform = "instagram"
    brand = "Instagram"
    version = "v25.0"
    throttle = (80002, "instagram")
    making, publishing, status, why = "media", "media_publish", "status_code", "status"
    caption, quota, most = "caption", "content_publishing_limit", 10

    def __init__(self, data: Path | None, settings: Any) -> None:
        super().__init__(data, settings)
        at = f"/{self.version}"
        self.add_routes(
            [
                *OwnLogin(self, "ig").routes(),
                ("GET", f"{at}/<id>/comments", self._comments),
                ("POST", f"{at}/<id>/replies", self._reply),
                ("POST", f"{at}/<id>/comments", self._comment),
                ("GET", "/p/<id>/", self.show),
            ]
        )

    def address(self, post: Post) -> str:
        """The permalink, here at our own address instead of www.instagram.com."""
        return f"{self.url}/p/{post.id}/"

    def kind_of(self, given: Row) -> str:
        """A video is a reel, unless it is part of a carousel."""
        kind = str(given.get("media_type") or "IMAGE")
        if kind == "REELS":
            return "VIDEO"
        if kind == "VIDEO" and not truth(given.get("is_carousel_item")):
            raise self.error(
                "The VIDEO value for media_type is no longer supported. Use the REELS media type.",
                100,
                2207067,
            )
        if kind not in ("IMAGE", "VIDEO", "CAROUSEL"):
            raise self.error(f"(#100) Param media_type must be one of those that there are, not {kind}.", 100)
        return kind

    def check(self, account: Account, kind: str, given: Row) -> None:
        """The caption, and an alt text where there is none to be had."""
        caption = str(given.get("caption", ""))
        if len(caption) > CAPTION:
            raise self.error("The caption was too long", 36004, 2207010)
        if len(re.findall(r"#\w", caption)) > HASHTAGS or len(re.findall(r"@\w", caption)) > MENTIONS:
            raise self.error("The caption has too many hashtags or mentions", 36004, 2207010)
        alt = str(given.get("alt_text", ""))
        if alt and (kind != "IMAGE" or len(alt) > ALT):
            raise self.error(
                "(#100) The parameter alt_text is for images of the feed, up to 1000 characters.", 100
            )

    def check_image(self, file: File) -> None:
        """JPEG alone, in the shapes of the feed."""
        if file.size > IMAGE_BYTES:
            raise self.error("The image is too large", 36000, 2207004)
        if file.mime != "image/jpeg":
            raise self.error("The image format is not supported", 36001, 2207005)
        if not NARROW * 0.99 <= file.width / file.height <= WIDE / 0.99:
            raise self.error("The aspect ratio is not supported", 36003, 2207009)

    def check_video(self, file: File) -> str:
        """MP4 or MOV."""
        return "error code 2207026" if file.kind != "video" or file.size > VIDEO_BYTES else ""

    def failure(self, why: str) -> str:
        """A sentence."""
        return (
            f"Error: Media {why}"
            if why.startswith("download")
            else f"Error: Media upload has failed with {why}"
        )

    def person(self, account: Account) -> Row:
        """What an app sees of an account: ``id`` is for this app alone, ``user_id`` the account's own."""
        return {
            "id": f"9{account.id}", "user_id": account.id, "username": account.handle, "name": account.name,
            "profile_picture_url": f"{self.url}/avatars/{account.seed}.png", "account_type": "BUSINESS",
            "followers_count": self.followers(account), "follows_count": 12,
            "media_count": sum(1 for _ in self.state.posts_of(account.id)),
        }  # fmt: skip

    def fields_of(self, post: Post) -> Row:
        """A post."""
        counts = self.counts(post)
        return {
            "id": post.id, "caption": post.text or None, "timestamp": told(post.created_at), "permalink": self.address(post),
            "media_type": post.extra.get("kind", "IMAGE"), "username": self.state.accounts[post.account_id].handle,
            "like_count": counts.likes, "comments_count": counts.replies,
        }  # fmt: skip

    def numbers_of(self, post: Post) -> dict[str, int]:
        """Insights; a young post may have none yet."""
        if post.extra.get("asked", {}).get("insights") == "none":
            raise self.error("(#10) Not enough viewers for the media to show insights", 10)
        counts = self.counts(post)
        return {
            "views": 30 * counts.likes, "reach": 20 * counts.likes, "likes": counts.likes, "comments": counts.replies,
            "shares": counts.reposts, "saved": counts.bookmarks, "total_interactions": counts.likes + counts.replies,
        }  # fmt: skip

    def _comments(self, call: Call, id: str) -> Response:
        self.holder(call)
        remarks = self.state.remarks_on(self.post_of(id).id)
        rows = [self._remark_row(remark, remarks) for remark in reversed(remarks) if not remark.reply_to]
        return self.edge(call, rows, call.args.get("fields", "id,text,timestamp"))

    def _remark_row(self, remark: Remark, all: list[Remark]) -> Row:
        row = {"id": remark.id, "text": remark.text, "username": remark.by, "timestamp": told(remark.at)}
        below = [self._remark_row(each, []) for each in all if each.reply_to == remark.id]
        return {**row, "like_count": 0, "replies": {"data": below} if below else None}

    def _comment(self, call: Call, id: str) -> Response:
        account, text = self.holder(call), str(params(call).get("message", ""))
        return answer({"id": self.remark(self.post_of(id), account.handle, text).id})

    def _reply(self, call: Call, id: str) -> Response:
        account, known = self.holder(call), self.state.remarks.get(id)
        if known is None:
            raise self.missing(id)
        text = str(params(call).get("message", ""))
        made = self.remark(self.post_of(known.post_id), account.handle, text, known.reply_to or known.id)
        return answer({"id": made.id})
