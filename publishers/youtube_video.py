"""A video as YouTube's API writes it, and what YouTube says of one (YouTube docs, v3/docs/videos)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from publishers import declarations
from publishers.base import Option
from publishers.errors import Evidence, Rejected, Unauthorized
from publishers.values import Content, Declaration, Media, Problem
from publishers.words import CATEGORY, NO, PUBLIC, TAGS, TAGS_HINT, TITLE, VISIBILITY, YES, Words

CARRIED: frozenset[Declaration] = frozenset({"ad", "ai"})
MOST_TAGS = 500  # characters, with the commas between and the quotes around those of several words
CATEGORIES = (
    ("1", Words("Film & animation", "電影與動畫", "电影和动画")),
    ("2", Words("Autos & vehicles", "汽車與交通工具", "汽车")),
    ("10", Words("Music", "音樂", "音乐")),
    ("15", Words("Pets & animals", "寵物與動物", "宠物和动物")),
    ("17", Words("Sports", "運動", "体育")),
    ("19", Words("Travel & events", "旅遊與活動", "旅游和活动")),
    ("20", Words("Gaming", "遊戲", "游戏")),
    ("22", Words("People & blogs", "人物與網誌", "人物和博客")),
    ("23", Words("Comedy", "喜劇", "喜剧")),
    ("24", Words("Entertainment", "娛樂", "娱乐")),
    ("25", Words("News & politics", "新聞與政治", "新闻和政治")),
    ("26", Words("How-to & style", "DIY 教學與時尚", "DIY 和生活百科")),
    ("27", Words("Education", "教育", "教育")),
    ("28", Words("Science & technology", "科學與技術", "科学和技术")),
    ("29", Words("Nonprofits & activism", "非營利組織與社會運動", "公益和社会活动")),
)
OPTIONS = (
    Option("title", TITLE, max_length=100, required=True),
    Option(
        "kids",
        Words("Made for kids?", "是否為兒童打造？", "是否面向儿童？"),
        (
            ("no", Words("No, not made for kids", "否，不是為兒童打造", "否，不是面向儿童的内容")),
            ("yes", Words("Yes, made for kids", "是，為兒童打造", "是，面向儿童的内容")),
        ),
        required=True,
        hint=Words(
            "The law makes every channel say so; below videos for kids there are no comments.",
            "法律要求每個頻道都必須表明；兒童影片不開放留言。",
            "法律要求每个频道都必须说明；面向儿童的视频不能评论。",
        ),
    ),
    Option(
        "visibility",
        VISIBILITY,
        (("public", PUBLIC), ("unlisted", Words("Who has the link", "知道連結的人", "知道链接的人"))),
        "public",
    ),
    Option("category", CATEGORY, CATEGORIES, "22"),
    Option("tags", TAGS, hint=TAGS_HINT),
    Option(
        "language",
        Words("Language of the words", "文字的語言", "文字的语言"),
        max_length=35,
        hint=Words(
            "Such as zh-TW; empty: the language of the post",
            "例如 zh-TW；留空則沿用貼文的語言",
            "例如 zh-CN；留空则沿用帖子的语言",
        ),
    ),
    Option(
        "notify",
        Words("Tell subscribers", "通知訂閱者", "通知订阅者"),
        (("yes", YES), ("no", NO)),
        "yes",
    ),
)
NO_VIDEO = Words(
    "A post on YouTube is a video.", "YouTube 上的貼文必須是影片。", "YouTube 上发布的必须是视频。"
)
BRACKETS = Words(
    "YouTube takes no < and > in titles and descriptions.",
    "YouTube 的標題和說明不能含有 < 或 >。",
    "YouTube 的标题和简介不能含有 < 或 >。",
)
TOO_MANY_TAGS = Words(
    "All tags together have %(count)s characters, and at most %(limit)s are taken.",
    "所有標籤合計 %(count)s 個字元，最多 %(limit)s 個。",
    "所有标签共 %(count)s 个字符，最多 %(limit)s 个。",
)
KEPT_PRIVATE = Words(
    "YouTube keeps this video private: the API project of this app has not passed its audit.",
    "YouTube 讓這部影片保持私人：這個應用程式的 API 專案尚未通過稽核。",
    "YouTube 让这个视频保持私享：这个应用的 API 项目尚未通过审核。",
)


def chosen(content: Content, name: str) -> str:
    """What was filled into a field, or its default."""
    default = next(option.default for option in OPTIONS if option.name == name)
    return content.options.get(name) or default


def description(content: Content) -> str:
    """The text below the video."""
    return declarations.text(content, CARRIED)


def body(content: Content, privacy: str) -> dict[str, Any]:
    """All that is said of the video; each part that is named replaces what was there."""
    snippet = {
        "title": chosen(content, "title"),
        "description": description(content),
        "tags": tags(content),
        "categoryId": chosen(content, "category"),
        "defaultLanguage": chosen(content, "language") or content.language,
    }
    status = {
        "privacyStatus": privacy,
        "selfDeclaredMadeForKids": chosen(content, "kids") == "yes",
        "containsSyntheticMedia": "ai" in content.declares,
    }
    said: dict[str, Any] = {"snippet": {name: v for name, v in snippet.items() if v}, "status": status}
    if "ad" in content.declares:
        said["paidProductPlacementDetails"] = {"hasPaidProductPlacement": True}
    return said


def tags(content: Content) -> list[str]:
    """The keywords, without those that are empty."""
    return [tag for each in chosen(content, "tags").split(",") if (tag := each.strip().lstrip("#"))]


def video_of(content: Content) -> Media | None:
    """The film itself."""
    return next((media for media in content.media if media.kind == "video"), None)


def thumbnail_of(content: Content) -> Media | None:
    """A picture beside the film is its thumbnail."""
    return next((media for media in content.media if media.kind == "image"), None)


def problems(content: Content) -> Iterator[Problem]:
    """What only YouTube objects to."""
    if content.media and video_of(content) is None:
        yield Problem("youtube_no_video", "error", words=NO_VIDEO)
    if any(mark in chosen(content, "title") + description(content) for mark in "<>"):
        yield Problem("youtube_brackets", "error", words=BRACKETS)
    listed = tags(content)
    length = sum(len(tag) + 2 * (" " in tag) for tag in listed) + max(len(listed) - 1, 0)
    if length > MOST_TAGS:
        yield Problem("youtube_tags", "error", {"count": length, "limit": MOST_TAGS}, words=TOO_MANY_TAGS)


def judge(status: Mapping[str, Any], wanted: str) -> bool:
    """Whether a video that should be ``wanted`` can be watched by now; raises what stands in the way."""
    if status["uploadStatus"] in ("failed", "rejected", "deleted"):
        reason = str(status.get("rejectionReason") or status.get("failureReason") or status["uploadStatus"])
        raise Rejected(f"YouTube did not take this video: {reason}.", Evidence(code=reason))
    if status["privacyStatus"] != wanted:
        raise Unauthorized(KEPT_PRIVATE, Evidence(code="kept_private", http_status=200))
    return bool(status["uploadStatus"] == "processed")
