"""A post as Reddit's API writes it, and the posts that an account has out (Reddit docs, dev/api, submit and info)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from publishers import declarations
from publishers.base import Option
from publishers.errors import Evidence, Temporary
from publishers.http import Http, Reply
from publishers.matching import Likeness, likeness
from publishers.reddit_api import RAW
from publishers.values import Comment, Content, Metrics, Problem
from publishers.words import LINK, NO, TITLE, YES, Words

PAGE, MOST_PAGES = 100, 5
_SUBREDDIT = re.compile(r"(?:u_)?[A-Za-z0-9][A-Za-z0-9_-]{1,20}")
_ON = (("", NO), ("1", YES))
OPTIONS = (
    Option(
        "subreddit",
        Words("Subreddit", "看板（Subreddit）", "版块（Subreddit）"),
        max_length=30,
        required=True,
        hint=Words("Such as r/tea", "例如 r/tea", "例如 r/tea"),
    ),
    Option("title", TITLE, max_length=300, required=True),
    Option(
        "link",
        LINK,
        kind="link",
        hint=Words(
            "Makes it a post of this link; the text goes below.",
            "填寫後會發佈為連結貼文，文字列於其下。",
            "填写后将发布为链接帖，文字列于其下。",
        ),
    ),
    Option(
        "flair_id",
        Words("Flair ID", "標籤（Flair）ID", "标签（Flair）ID"),
        max_length=36,
        hint=Words(
            "Some subreddits demand one; a moderator can tell it.",
            "部分看板要求填寫，可向版主查詢。",
            "部分版块要求填写，可向版主查询。",
        ),
    ),
    Option("nsfw", Words("Not safe for work", "限成人瀏覽", "仅限成人浏览"), _ON),
    Option("spoiler", Words("Spoiler", "劇透", "剧透"), _ON),
    Option(
        "resubmit",
        Words("Even if the link was there before", "即使連結曾發佈過也要發佈", "即使链接曾发布过也要发布"),
        _ON,
    ),
)
BAD_NAME = Words(
    "%(name)s is not the name of a subreddit.", "%(name)s 不是看板名稱。", "%(name)s 不是版块名称。"
)
LINK_OR_FILES = Words(
    "A post of a link has no files.", "連結貼文不能附加檔案。", "链接帖不能附带文件。"
)  # fmt: skip
NEEDS_COVER = Words(
    "A video needs one picture beside it, its cover.",
    "影片需要搭配一張圖片作為封面。",
    "视频需要搭配一张图片作为封面。",
)


@dataclass(frozen=True)
class Wanted:
    """What a post is known by."""

    subreddit: str
    kind: str
    title: str
    text: str
    link: str = ""

    def as_dict(self) -> dict[str, str]:
        """Plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Wanted:
        """The inverse of ``as_dict``; more values are left alone."""
        return Wanted(**{each.name: str(data[each.name]) for each in fields(Wanted)})


@dataclass(frozen=True)
class Posted(Wanted):
    """A post that is out; ``removed`` says who took it away, or keeps it back."""

    remote_id: str = ""
    path: str = ""
    removed: str = ""
    made_at: datetime = datetime.min


def subreddit(content: Content) -> str:
    """The name alone; a person's own page is a subreddit too."""
    name = content.options.get("subreddit", "").strip().strip("/")
    name = re.sub(r"^(https?://)?(www\.)?reddit\.com/", "", name)
    return re.sub(r"^(user|u)/", "u_", re.sub(r"^r/", "", name))


def kind(content: Content) -> str:
    """What Reddit calls a post with these fields and files."""
    if any(media.kind == "video" for media in content.media):
        return "video"
    if content.media:
        return "image" if len(content.media) == 1 else "gallery"
    return "link" if content.options.get("link") else "self"


def text(content: Content) -> str:
    """The body, in Markdown."""
    return declarations.text(content)


def wanted(content: Content) -> Wanted:
    """How a post with this content is known again."""
    link = content.options.get("link", "")
    title = content.options.get("title", "").strip()
    return Wanted(subreddit(content), kind(content), title, text(content), link)


def problems(content: Content) -> Iterator[Problem]:
    """What only Reddit objects to."""
    name = subreddit(content)
    if name and not _SUBREDDIT.fullmatch(name):
        yield Problem("reddit_name", "error", {"name": name}, words=BAD_NAME)
    if content.media and content.options.get("link"):
        yield Problem("reddit_link_or_files", "error", words=LINK_OR_FILES)
    if kind(content) == "video" and len(content.media) != 2:
        yield Problem("reddit_cover", "error", words=NEEDS_COVER)


def form(content: Content, files: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """All fields of a post that is no gallery; ``files`` are those of the post, in its order."""
    said = {"kind": kind(content), "resubmit": _flag(content, "resubmit"), **_common(content)}
    pictures = [f["url"] for f, media in zip(files, content.media, strict=True) if media.kind == "image"]
    films = [f["url"] for f, media in zip(files, content.media, strict=True) if media.kind == "video"]
    if films:
        said |= {"url": films[0], "video_poster_url": pictures[0]}
    elif pictures or kind(content) == "link":
        said["url"] = pictures[0] if pictures else content.options["link"]
    return said


def gallery(content: Content, files: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """All fields of a gallery."""
    items = [{"media_id": each["id"], "caption": "", "outbound_url": ""} for each in files]
    return {**_common(content), "items": items, "show_error_list": True}


def _common(content: Content) -> dict[str, Any]:
    said = {
        "api_type": "json",
        "sr": subreddit(content),
        "title": content.options.get("title", "").strip(),
        "text": text(content),
        "nsfw": _flag(content, "nsfw"),
        "spoiler": _flag(content, "spoiler"),
        "sendreplies": True,
        "flair_id": content.options.get("flair_id", "").strip(),
    }
    return {name: value for name, value in said.items() if value}


def _flag(content: Content, name: str) -> bool:
    return content.options.get(name) == "1"


def submitted(reply: Reply) -> tuple[str, str]:
    """Id and path of what was posted; both empty where Reddit only says where to listen for them."""
    data = reply.body["json"]["data"]
    if "websocket_url" in data:
        return "", ""
    name = str(data.get("name") or data["id"])
    return name if name.startswith("t3_") else f"t3_{name}", urlsplit(data["url"]).path


def listed(reply: Reply) -> list[Posted]:
    """The posts of a listing."""
    return [_posted(child["data"]) for child in reply.body["data"]["children"]]


def made_since(http: Http, username: str, since: datetime) -> Iterator[Posted]:
    """What an account posted after ``since``, newest first; ``Temporary`` if there is too much."""
    asked = {"sort": "new", "limit": str(PAGE), **RAW}
    for _ in range(MOST_PAGES):
        page = http.get(f"/user/{username}/submitted", listed, params=asked)
        yield from (each for each in page if each.made_at >= since)
        if len(page) < PAGE or page[-1].made_at < since:
            return
        asked["after"] = page[-1].remote_id
    raise Temporary("There are too many newer posts to look through.", Evidence(code="too_many_posts"))


def likest(posts: Iterable[Posted], sought: Wanted) -> Posted | None:
    """The post that says what was ``sought``, there and of that kind; None where there is none."""
    best, found = Likeness.OTHER, None
    for each in posts:
        same_place = each.subreddit.casefold() == sought.subreddit.casefold()
        if not same_place or each.kind != sought.kind or (sought.link and each.link != sought.link):
            continue
        if likeness(each.title, sought.title) < Likeness.SAME:
            continue  # a title stays as it was written
        alike = likeness(each.text, sought.text)
        if alike > best:
            best, found = alike, each
    return found


def _posted(told: Mapping[str, Any]) -> Posted:
    return Posted(
        subreddit=str(told["subreddit"]),
        kind=_kind(told),
        title=str(told["title"]),
        text=str(told.get("selftext") or ""),
        link=str(told.get("url") or ""),
        remote_id=str(told["name"]),
        path=str(told["permalink"]),
        removed=str(told.get("removed_by_category") or ""),
        made_at=datetime.fromtimestamp(float(told["created_utc"]), UTC),
    )


def _kind(told: Mapping[str, Any]) -> str:
    if told.get("is_self") or told.get("is_gallery") or told.get("is_video"):
        return "self" if told.get("is_self") else "gallery" if told.get("is_gallery") else "video"
    return "image" if told.get("post_hint") == "image" or "//i.redd.it/" in str(told.get("url")) else "link"


def numbers(reply: Reply) -> dict[str, Metrics]:
    """The numbers of each post that is still there; what was taken away is still told of, without them."""
    told = [child["data"] for child in reply.body["data"]["children"]]
    return {str(each["name"]): _numbers(each) for each in told if not each.get("removed_by_category")}


def _numbers(told: Mapping[str, Any]) -> Metrics:
    return Metrics(
        likes=told.get("score"),
        replies=told.get("num_comments"),
        reposts=told.get("num_crossposts"),
        views=told.get("view_count"),
    )


def comments(reply: Reply, web: str) -> list[Comment]:
    """All that was said below a post, answers too, newest first; ``web`` is where it is read."""
    found = [_comment(each, web) for each in _tree(reply.body[1])]
    return sorted(found, key=lambda comment: comment.at, reverse=True)


def _tree(listing: Any) -> Iterator[Mapping[str, Any]]:
    """Every comment of a listing, depth first; "more" is left for another day, and nothing is ""."""
    for child in listing["data"]["children"] if listing else ():
        if child["kind"] == "t1":
            yield child["data"]
            yield from _tree(child["data"].get("replies"))


def _comment(told: Mapping[str, Any], web: str) -> Comment:
    above = str(told["parent_id"])
    return Comment(
        str(told["name"]),
        str(told["author"]),
        str(told["body"]),
        datetime.fromtimestamp(float(told["created_utc"]), UTC),
        url=f"{web}{told['permalink']}",
        parent=above if above.startswith("t1_") else "",
    )
