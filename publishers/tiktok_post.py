"""What is said about a TikTok post, how it begins and what becomes of it (TikTok docs, content-posting-api reference)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from publishers import declarations
from publishers.base import Option
from publishers.errors import Evidence, Rejected
from publishers.http import Http
from publishers.tiktok_api import data, source_of
from publishers.values import Content, Declaration, Receipt
from publishers.words import PRIVATE, PUBLIC, VISIBILITY, Words

PUBLISH = "/v2/post/publish"
FORBIDS = ("comment_disabled", "duet_disabled", "stitch_disabled")
WAITS, DONE, FAILED = "PROCESSING_UPLOAD", "PUBLISH_COMPLETE", "FAILED"
NO_ADDRESS = Words(
    "TikTok fetches photos by itself, and this file has no public address.",
    "TikTok 會自行擷取圖片，但這個檔案沒有公開網址。",
    "TikTok 会自行抓取图片，但这个文件没有公开网址。",
)
OTHER_LEVELS = Words(
    "TikTok doesn't let this account post with this visibility now.",
    "TikTok 目前不允許這個帳號以此可見範圍發佈。",
    "TikTok 目前不允许该账号以此可见范围发布。",
)

OPTIONS = (
    Option(
        "privacy_level", VISIBILITY,
        (
            ("PUBLIC_TO_EVERYONE", PUBLIC),
            ("FOLLOWER_OF_CREATOR", Words("Followers", "粉絲", "粉丝")),
            ("MUTUAL_FOLLOW_FRIENDS", Words("Followers whom you follow back", "互相追蹤的好友", "互相关注的好友")),
            ("SELF_ONLY", PRIVATE),
        ),
        required=True,
        hint=Words(
            "TikTok wants this chosen for each post. An app that it has not audited may only post what nobody else sees.",
            "TikTok 要求每則貼文都要自行選擇。應用程式尚未通過審核前，只能發佈僅自己可見的內容。",
            "TikTok 要求每条帖子都自行选择。应用未通过审核前，只能发布仅自己可见的内容。",
        ),
    ),
    Option("title", Words("Title (photos)", "標題（圖片）", "标题（图片）"), max_length=90),
    Option("cover", Words("Cover (photos)", "封面（圖片）", "封面（图片）"), kind="file"),
    Option("cover_ms", Words("Cover at millisecond (video)", "封面取自第幾毫秒（影片）", "封面取自第几毫秒（视频）"), kind="number"),
    Option("no_comments", Words("No comments", "關閉留言", "关闭评论"), kind="switch"),
    Option("no_duets", Words("No duets", "不可合拍", "不可合拍"), kind="switch"),
    Option("no_stitches", Words("No stitches", "不可拼接", "不可拼接"), kind="switch"),
    Option("music", Words("TikTok adds music (photos)", "由 TikTok 配樂（圖片）", "由 TikTok 配乐（图片）"), kind="switch"),
    Option(
        "partner", Words("Advertises for a partner", "為合作品牌宣傳", "为合作品牌宣传"),
        kind="switch",
        hint=Words(
            "Of an advertisement: a paid partnership, not your own brand", "廣告性質：付費合作，而非自有品牌",
            "广告性质：付费合作，而非自有品牌",
        ),
    ),
)  # fmt: skip


def options_of(levels: str) -> tuple[Option, ...]:
    """The fields for an account that offers the visibilities ``levels``, divided by commas; all of them where none are known."""
    first, *others = OPTIONS
    offered = tuple(choice for choice in first.choices if choice[0] in levels.split(","))
    return (replace(first, choices=offered or first.choices), *others)


def text(content: Content) -> str:
    """The text, with what no field of this kind of post declares: photos have none for what AI made."""
    carried: set[Declaration] = {"ad"} if _is_photos(content) else {"ad", "ai"}
    return declarations.text(content, carried)


def about(content: Content, forbids: Mapping[str, bool]) -> dict[str, Any]:
    """All that is said about a post; what the account ``forbids`` for all of its posts stays forbidden."""
    options, is_ad = content.options, "ad" in content.declares
    said: dict[str, Any] = {
        "privacy_level": options.get("privacy_level", ""),
        "disable_comment": _on(options, "no_comments") or forbids.get("comment_disabled", False),
        "brand_content_toggle": is_ad and _on(options, "partner"),
        "brand_organic_toggle": is_ad and not _on(options, "partner"),
    }
    if _is_photos(content):
        words = {"title": options.get("title", ""), "description": text(content)}
        return said | words | {"auto_add_music": _on(options, "music")}
    at = options.get("cover_ms", "")
    cover = {"video_cover_timestamp_ms": int(at)} if at.isdecimal() else {}
    return said | cover | {
        "title": text(content),
        "disable_duet": _on(options, "no_duets") or forbids.get("duet_disabled", False),
        "disable_stitch": _on(options, "no_stitches") or forbids.get("stitch_disabled", False),
        "is_aigc": "ai" in content.declares,
    }  # fmt: skip


def sources(content: Content) -> dict[str, Any]:
    """Where the files come from; raises ``Rejected`` for photos that TikTok can't fetch."""
    if not _is_photos(content):
        return source_of(content.media[0])
    if not all(media.url for media in content.media):
        raise Rejected(NO_ADDRESS, Evidence(code="no_public_address"))
    cover = int(content.options.get("cover") or 1) - 1
    addresses = [media.url for media in content.media]
    return {"source": "PULL_FROM_URL", "photo_images": addresses, "photo_cover_index": cover}


def creator(http: Http) -> dict[str, Any]:
    """What the account may do now; TikTok wants it asked before each post."""
    return http.post(f"{PUBLISH}/creator_info/query/", data, json={})


def forbidden(told: Mapping[str, Any]) -> dict[str, bool]:
    """What the account forbids for all of its posts."""
    return {name: bool(told.get(name)) for name in FORBIDS}


def refuse_what_it_forbids(content: Content, told: Mapping[str, Any]) -> None:
    """Raise ``Rejected`` for a visibility that the account does not offer, or a video that is too long for it."""
    if content.options.get("privacy_level") not in told["privacy_level_options"]:
        raise Rejected(OTHER_LEVELS, Evidence(code="privacy_level_option_mismatch"))
    longest, media = told.get("max_video_post_duration_sec"), content.media[0]
    if longest and media.seconds and media.seconds > longest:
        raise Rejected(f"TikTok takes {longest} seconds of this account.", Evidence(code="video_too_long"))


def begin(http: Http, content: Content, told: Mapping[str, Any], source: Mapping[str, Any]) -> dict[str, Any]:
    """Begin a video: nothing is posted before all of its bytes are there. Answers the handles of its upload."""
    asked = {"post_info": about(content, forbidden(told)), "source_info": dict(source)}
    begun = http.post(f"{PUBLISH}/video/init/", data, json=asked)
    start = (source["total_chunk_count"] - 1) * source["chunk_size"]
    kept = {name: str(begun[name]) for name in ("publish_id", "upload_url")}
    return {**kept, "size": source["video_size"], "start": start}


def begin_photos(http: Http, content: Content, forbids: Mapping[str, bool], source: Mapping[str, Any]) -> str:
    """Let TikTok fetch and post photos; the ``publish_id`` of it."""
    asked = {"media_type": "PHOTO", "post_mode": "DIRECT_POST"}
    told = {**asked, "post_info": about(content, forbids), "source_info": dict(source)}
    return http.publish(f"{PUBLISH}/content/init/", lambda reply: str(data(reply)["publish_id"]), json=told)


def handle(content: Content, publish_id: str) -> dict[str, Any]:
    """What to ask after; only what is public gets an id that everybody knows."""
    is_public = content.options.get("privacy_level") == "PUBLIC_TO_EVERYONE"
    kind = "photo" if _is_photos(content) else "video"
    return {"publish_id": publish_id, "kind": kind, "public": is_public}


@dataclass(frozen=True)
class Status:
    """How far a post is; ``arrived`` counts the bytes that TikTok has, None where it does not tell."""

    name: str
    reason: str
    post_ids: tuple[str, ...]
    arrived: int | None

    def waits_for_bytes(self, size: int) -> bool:
        """Whether some of its ``size`` bytes are surely missing, without which there is no post."""
        return self.name == WAITS and self.arrived is not None and self.arrived < size

    def receipt(self, known: Mapping[str, Any], profile: str) -> Receipt | None:
        """Its receipt, None while TikTok works on it; raises ``Rejected`` where it failed.

        What is not public has no address of its own, and goes by its ``publish_id``.
        """
        if self.name == FAILED:
            raise Rejected(f"TikTok did not publish it: {self.reason}", Evidence(code=self.reason))
        if self.name != DONE:
            return None
        if self.post_ids:
            return Receipt(self.post_ids[0], f"{profile}/{known['kind']}/{self.post_ids[0]}")
        return None if known["public"] else Receipt(str(known["publish_id"]), profile)


def status(http: Http, publish_id: str) -> Status:
    """Ask how far a post is."""
    told = http.post(f"{PUBLISH}/status/fetch/", data, json={"publish_id": publish_id})
    arrived = told.get("uploaded_bytes")
    return Status(
        name=str(told["status"]),
        reason=str(told.get("fail_reason") or ""),
        post_ids=tuple(str(each) for each in told.get("publicaly_available_post_id") or ()),
        arrived=None if arrived is None else int(arrived),
    )


def _is_photos(content: Content) -> bool:
    return bool(content.media) and content.media[0].kind == "image"


def _on(options: Mapping[str, str], name: str) -> bool:
    return options.get(name) == "1"
