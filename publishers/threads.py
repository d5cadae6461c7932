"""A Threads profile (Meta docs, threads/posts, threads/reference/publishing and threads/overview).

As on Instagram, all of a post is in a container that is made ahead of time; here words alone are a post too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from publishers import declarations, meta, meta_containers, oauth, text
from publishers import limits as shared
from publishers import threads_entities as entities
from publishers.base import Option
from publishers.follows import THREAD
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
from publishers.words import LINK, Words

HOME = "https://graph.threads.net"
HOSTS = oauth.Hosts(HOME, {"consent": "https://threads.net", "www": "https://www.threads.com"})
VERSION = "v1.0"
RIGHTS = ("basic", "content_publish", "manage_replies", "read_replies", "manage_insights", "delete")
LOGIN = Login(HOSTS, "th", ",".join(f"threads_{right}" for right in RIGHTS), VERSION, consent="consent")
SHAPE = Shape(
    "threads",
    "threads_publish",
    "status",
    "error_message",
    "text",
    "threads_publishing_limit",
    bare=lambda said: said.replace("#", ""),  # a topic is shown without its sign
)
LIMITS = Limits(
    max_text=500,
    counter="threads",
    max_alt=1000,
    max_files=20,
    mixes_kinds=True,
    image=MediaLimits(("image/jpeg", "image/png"), 20, max_bytes=8 * 2**20, min_ratio=0.1, max_ratio=10),
    video=MediaLimits(
        ("video/mp4", "video/quicktime"), 20, max_bytes=2**30, max_seconds=300, min_ratio=0.01, max_ratio=10
    ),
)
MOST_LINKS = 5
TOO_MANY_LINKS = Words(
    "Threads takes at most %(limit)s different links; here are %(count)s.",
    "Threads 最多可放 %(limit)s 個不同的連結，這裡有 %(count)s 個。",
    "Threads 最多可放 %(limit)s 个不同的链接，这里有 %(count)s 个。",
)
LINK_OR_FILES = Words(
    "Only a post of words alone shows a link of its own.",
    "只有純文字貼文才能附上連結卡片。",
    "只有纯文字帖子才能附上链接卡片。",
)
BAD_TOPIC = Words(
    "A topic can hold neither periods nor ampersands.",
    "主題不能含有句點（.）或 & 符號。",
    "话题不能含有句点（.）或 & 符号。",
)
REPLY_CONTROL = (
    ("", Words("Everyone", "所有人", "所有人")),
    ("followers_only", Words("Followers", "粉絲", "粉丝")),
    ("accounts_you_follow", Words("Profiles you follow", "你追蹤的個人檔案", "你关注的主页")),
    ("mentioned_only", Words("Profiles that are mentioned", "提及的個人檔案", "被提及的主页")),
)


class Threads(MetaAccount):
    """One profile."""

    name = "threads"
    label = "Threads"
    mark = "Th"
    home = HOME
    shape = SHAPE
    login = LOGIN
    days_posts = 250
    follows = "thread"
    connect_fields = (meta.version_field(VERSION), oauth.server_field(HOME))
    options = (
        Option("reply_control", Words("Who can reply", "誰可以回覆", "谁可以回复"), REPLY_CONTROL),
        Option("topic_tag", Words("Topic", "主題", "话题"), max_length=50),
        Option("link", LINK, kind="link", max_length=2000),
        THREAD,
    )
    metrics = frozenset({"likes", "replies", "reposts", "quotes", "views", "shares"})
    default_limits = LIMITS

    def check(self, content: Content, limits: Limits) -> list[Problem]:
        said = declarations.text(content)
        found = shared.problems(content, limits, said) + shared.option_problems(self.options, content)
        return found + list(_own_problems(content, said))

    def parts(self, content: Content) -> list[dict[str, str]]:
        return [_part(media) for media in content.media] or [{"media_type": "TEXT"}]

    def whole(self, content: Content) -> dict[str, str]:
        options = content.options
        said = {
            "text": declarations.text(content),
            "reply_control": options.get("reply_control", ""),
            "topic_tag": options.get("topic_tag", "").lstrip("#＃"),
            "link_attachment": options.get("link", ""),
        }
        return {name: value for name, value in said.items() if value}

    def profile(self, base_url: str, handle: str) -> str:
        return f"{HOSTS.at(base_url, 'www')}/@{handle}"

    def person(self, graph: Graph) -> Mapping[str, str]:
        return graph.get("/me", entities.person, fields=entities.PROFILE)

    def delete(self, destination: Destination, remote_id: str) -> None:
        self.graph(destination).delete(f"/{remote_id}")

    def comments(self, destination: Destination, remote_id: str) -> Sequence[Comment]:
        asked = {"fields": entities.REPLY, "reverse": "true"}
        return self.graph(destination).get(f"/{remote_id}/conversation", entities.replies(remote_id), **asked)

    def answer(self, destination: Destination, remote_id: str, comment_id: str, text: str) -> str:
        form = {"media_type": "TEXT", "text": text, "reply_to_id": comment_id, "auto_publish_text": "true"}
        return self.graph(destination).publish(f"/{destination.remote_id}/threads", meta.id_of, **form)

    def follow(self, destination: Destination, remote_id: str, text: str, key: str) -> Receipt:
        made = self.answer(destination, remote_id, remote_id, text)
        otherwise = self.profile(destination.base_url, destination.handle)
        return Receipt(made, meta_containers.permalink(self.graph(destination), made, otherwise))

    def measure(self, destination: Destination, remote_ids: Sequence[str]) -> Mapping[str, Metrics]:
        graph = self.graph(destination)
        told = {media: entities.numbers(graph, media) for media in remote_ids}
        return {media: numbers for media, numbers in told.items() if numbers is not None}

    def audience(self, destination: Destination) -> Audience:
        path = f"/{destination.remote_id}/threads_insights"
        return self.graph(destination).get(path, entities.audience, metric="followers_count")


def _part(media: Media) -> dict[str, str]:
    kind = media.kind
    form = {"media_type": kind.upper(), f"{kind}_url": meta_containers.address_of(media)}
    return form | ({"alt_text": media.alt} if media.alt else {})


def _own_problems(content: Content, said: str) -> Iterator[Problem]:
    link = content.options.get("link", "")
    links = {run.target for run in text.spans(said) if run.kind == "link"} | ({link} if link else set())
    if len(links) > MOST_LINKS:
        counts: dict[str, Any] = {"count": len(links), "limit": MOST_LINKS}
        yield Problem("threads_too_many_links", "error", counts, words=TOO_MANY_LINKS)
    if link and content.media:
        yield Problem("threads_link_or_files", "error", words=LINK_OR_FILES)
    if re.search(r"[.&]", content.options.get("topic_tag", "")):
        yield Problem("threads_bad_topic", "error", words=BAD_TOPIC)
