"""What is said about a Bilibili video beside its text, and what stands against it (Bilibili docs, 视频稿件提交)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from publishers import declarations
from publishers import text as texts
from publishers.base import Option
from publishers.values import Content, Declaration, Limits, Media, MediaLimits, Problem
from publishers.words import CATEGORY, NO, TAGS, TAGS_HINT, TITLE, YES, Words

CARRIES: frozenset[Declaration] = frozenset({"reprint"})
OWN, REPRINT = 1, 2  # of copyright
TAG_CHARACTERS, LONGEST_TITLE = 200, 80  # of all tags with their commas; of a title
LIMITS = Limits(
    max_text=250,
    max_title=LONGEST_TITLE,
    counter="codepoints",
    image=MediaLimits(("image/jpeg", "image/png"), 1, max_bytes=5 * 2**20),
    video=MediaLimits(("video/mp4", "video/x-flv"), 1, max_bytes=4 * 2**30, max_side=4096, max_frame_rate=120),
    mixes_kinds=True,
    max_files=2,
    needs_media=True,
)  # fmt: skip
NEEDS_VIDEO = Words(
    "Bilibili takes videos; a picture beside one is its cover.",
    "B 站只收影片，附上的圖片會作為封面。",
    "B 站只收视频，附上的图片会作为封面。",
)
NEEDS_SOURCE = Words(
    "What is reprinted needs its source.", "轉載的內容必須註明來源。", "转载的内容必须注明来源。"
)
NEEDS_TAGS = Words(
    "Bilibili wants at least one tag: in its field, or as a #hashtag in the text.",
    "B 站要求至少一個標籤：填在欄位中，或在文字裡寫成 #話題。",
    "B 站要求至少一个标签：填在栏位中，或在正文里写成 #话题。",
)
LONG_TAGS = Words(
    "All tags together take at most %(limit)s characters.",
    "所有標籤合計最多 %(limit)s 個字元。",
    "所有标签合计最多 %(limit)s 个字符。",
)
OPTIONS = (
    Option("title", TITLE, max_length=LONGEST_TITLE, required=True),
    Option(
        "tid", CATEGORY, kind="number", required=True,
        hint=Words(
            "The number of the zone, such as 21 (daily life), 76 (cooking), 122 (skills) or 207 (business)",
            "分區編號，例如 21（日常）、76（美食製作）、122（野生技能協會）、207（財經商業）",
            "分区编号，例如 21（日常）、76（美食制作）、122（野生技能协会）、207（财经商业）",
        ),
    ),
    Option("tags", TAGS, hint=TAGS_HINT),
    Option("source", Words("Source of a reprint", "轉載來源", "转载来源"), max_length=200),
    Option("no_reprint", Words("Others may reprint it", "允許他人轉載", "允许他人转载"), (("1", NO), ("0", YES)), "1"),
)  # fmt: skip


def text(content: Content) -> str:
    """The text below the video."""
    return declarations.text(content, CARRIES)


def tags(content: Content) -> str:
    """The tags, divided by commas: those of their field, or else the hashtags of the text."""
    given = [tag.strip().lstrip("#＃") for tag in re.split("[,，、]", content.options.get("tags", ""))]
    found = [run.text.lstrip("#＃") for run in texts.spans(content.text) if run.kind == "tag"]
    return ",".join(dict.fromkeys(tag for tag in given if tag)) or ",".join(dict.fromkeys(found))


def video(content: Content) -> Media | None:
    """The video among the files."""
    return next((media for media in content.media if media.kind == "video"), None)


def problems(content: Content) -> Iterator[Problem]:
    """What only Bilibili finds wrong."""
    if content.media and video(content) is None:
        yield Problem("video_required", "error", words=NEEDS_VIDEO)
    if "reprint" in content.declares and not content.options.get("source"):
        yield Problem("source_required", "error", words=NEEDS_SOURCE)
    if not tags(content):
        yield Problem("tags_required", "error", words=NEEDS_TAGS)
    if len(tags(content)) > TAG_CHARACTERS:
        yield Problem("tags_too_long", "error", {"limit": TAG_CHARACTERS}, words=LONG_TAGS)


def changeable(content: Content) -> dict[str, Any]:
    """What can be changed afterwards too; a checked content is wanted."""
    options = content.options
    return {
        "title": options["title"].strip(),
        "tid": int(options["tid"]),
        "tag": tags(content),
        "desc": text(content),
        "no_reprint": int(options.get("no_reprint") or 1),
    }


def said(content: Content, cover: str) -> dict[str, Any]:
    """All that is said when a video is submitted."""
    is_reprint = "reprint" in content.declares
    told = {"copyright": REPRINT if is_reprint else OWN, "cover": cover}
    source = {"source": content.options.get("source", "")} if is_reprint else {}
    return {**changeable(content), **{name: value for name, value in told.items() if value}, **source}
