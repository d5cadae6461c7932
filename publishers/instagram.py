"""An Instagram professional account, signed in to at Instagram itself (Meta docs, instagram-platform/content-publishing).

A container is made ahead of time out of pictures and videos that Instagram fetches; one call shows it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from publishers import declarations, meta, meta_containers, oauth, text
from publishers import instagram_entities as entities
from publishers import limits as shared
from publishers.base import Option
from publishers.follows import COMMENT
from publishers.meta import Graph
from publishers.meta_account import MetaAccount
from publishers.meta_containers import Shape
from publishers.meta_login import Login
from publishers.values import (
    Audience,
    Comment,
    Content,
    Destination,
    Limits,
    Media,
    MediaLimits,
    Metrics,
    Problem,
    Receipt,
)
from publishers.words import NO, YES, Words

HOME = "https://graph.instagram.com"
HOSTS = oauth.Hosts(HOME, {"www": "https://www.instagram.com", "api": "https://api.instagram.com"})
VERSION = "v25.0"
RIGHTS = ("basic", "content_publish", "manage_comments", "manage_insights")
LOGIN = Login(
    HOSTS,
    "ig",
    ",".join(f"instagram_business_{right}" for right in RIGHTS),
    VERSION,
    consent="www",
    code="api",
)
SHAPE = Shape("media", "media_publish", "status_code", "status", "caption", "content_publishing_limit")
LIMITS = Limits(
    max_text=2200,
    max_comment=2200,
    counter="codepoints",
    max_alt=1000,
    max_tags=30,
    max_files=10,
    needs_media=True,
    mixes_kinds=True,
    image=MediaLimits(("image/jpeg",), 10, max_bytes=8 * 2**20, min_ratio=0.8, max_ratio=1.91),
    video=MediaLimits(
        ("video/mp4", "video/quicktime"), 10, max_bytes=300 * 2**20, min_seconds=3, max_seconds=900,
        min_ratio=0.01, max_ratio=10,
    ),
)  # fmt: skip
MOST_MENTIONS = 20
TOO_MANY_MENTIONS = Words(
    "Instagram takes at most %(limit)s mentions; here are %(count)s.",
    "Instagram 最多可提及 %(limit)s 個帳號，這裡有 %(count)s 個。",
    "Instagram 最多可提及 %(limit)s 个账号，这里有 %(count)s 个。",
)
NO_REEL = Words(
    "Only a post of one video is a reel.", "只有單一影片的貼文才是 Reels。", "只有单个视频的帖子才是 Reels。"
)


class Instagram(MetaAccount):
    """One professional account."""

    name = "instagram"
    label = "Instagram"
    mark = "IG"
    home = HOME
    shape = SHAPE
    login = LOGIN
    follows = "comment"
    days_posts = 50  # the lower of the two numbers that Meta documents
    connect_fields = (meta.version_field(VERSION), oauth.server_field(HOME))
    options = (
        Option(
            "share_to_feed",
            Words("Reel in the profile grid too", "Reels 同時顯示在個人檔案", "Reels 同时显示在主页"),
            (("", YES), ("0", NO)),
        ),
        Option(
            "thumb_offset",
            Words("Cover of a reel", "Reels 封面", "Reels 封面"),
            kind="number",
            hint=Words("The moment in milliseconds", "取影片第幾毫秒的畫面", "取视频第几毫秒的画面"),
        ),
        Option(
            "collaborators",
            Words("Collaborators", "協作者", "协作者"),
            max_length=200,
            hint=Words("Up to 5 usernames, divided by commas", "最多 5 個用戶名稱，以逗號分隔", "最多 5 个用户名，用逗号分隔"),
        ),
        COMMENT,
    )  # fmt: skip
    metrics = frozenset({"likes", "replies", "views", "reach", "shares", "saves"})
    default_limits = LIMITS

    def check(self, content: Content, limits: Limits) -> list[Problem]:
        said = declarations.text(content)
        found = shared.problems(content, limits, said) + shared.option_problems(self.options, content)
        return found + list(_own_problems(content, said))

    def parts(self, content: Content) -> list[dict[str, str]]:
        return [_part(media, len(content.media) > 1) for media in content.media]

    def whole(self, content: Content) -> dict[str, str]:
        said = declarations.text(content)
        return ({"caption": said} if said else {}) | _options(content)

    def profile(self, base_url: str, handle: str) -> str:
        return f"{HOSTS.at(base_url, 'www')}/{handle}/"

    def person(self, graph: Graph) -> Mapping[str, str]:
        return graph.get("/me", entities.person, fields=entities.PROFILE)

    def comments(self, destination: Destination, remote_id: str) -> Sequence[Comment]:
        asked = {"fields": entities.COMMENT, "limit": "50"}
        return self.graph(destination).get(f"/{remote_id}/comments", entities.comments, **asked)

    def answer(self, destination: Destination, remote_id: str, comment_id: str, text: str) -> str:
        return self.graph(destination).publish(f"/{comment_id}/replies", meta.id_of, message=text)

    def follow(self, destination: Destination, remote_id: str, text: str, key: str) -> Receipt:
        made = self.graph(destination).publish(f"/{remote_id}/comments", meta.id_of, message=text)
        return Receipt(made, "")

    def measure(self, destination: Destination, remote_ids: Sequence[str]) -> Mapping[str, Metrics]:
        graph = self.graph(destination)
        told = {media: entities.numbers(graph, media) for media in remote_ids}
        return {media: numbers for media, numbers in told.items() if numbers is not None}

    def audience(self, destination: Destination) -> Audience:
        return self.graph(destination).get(
            "/me", entities.audience, fields="followers_count,follows_count,media_count"
        )


def _options(content: Content) -> dict[str, str]:
    """What was filled in, as the request has it; that of reels only where the post is one."""
    options = content.options
    said = (
        {"collaborators": json.dumps(_names(options["collaborators"]))}
        if options.get("collaborators")
        else {}
    )
    if _is_reel(content):
        feed = {"share_to_feed": "false" if options.get("share_to_feed") == "0" else "true"}
        said |= feed | {"thumb_offset": options.get("thumb_offset", "")}
    return {name: value for name, value in said.items() if value}


def _names(typed: str) -> list[str]:
    return [name.strip().lstrip("@") for name in typed.replace("，", ",").split(",") if name.strip()]


def _part(media: Media, is_one_of_many: bool) -> dict[str, str]:
    address = meta_containers.address_of(media)
    if media.kind == "video":
        return {"media_type": "VIDEO" if is_one_of_many else "REELS", "video_url": address}
    return {"image_url": address} | ({"alt_text": media.alt} if media.alt else {})


def _is_reel(content: Content) -> bool:
    return len(content.media) == 1 and content.media[0].kind == "video"


def _own_problems(content: Content, said: str) -> Iterator[Problem]:
    mentions = sum(run.kind == "mention" for run in text.spans(said))
    if mentions > MOST_MENTIONS:
        counts: dict[str, Any] = {"count": mentions, "limit": MOST_MENTIONS}
        yield Problem("instagram_too_many_mentions", "error", counts, words=TOO_MANY_MENTIONS)
    if not _is_reel(content) and any(content.options.get(name) for name in ("share_to_feed", "thumb_offset")):
        yield Problem("instagram_no_reel", "warning", words=NO_REEL)
