"""Apps that let nobody post for their users: Almanac lays everything out, a person posts in the app and says so.

What the apps take comes from a table; none of them documents it for others, so an admin may adjust each channel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from publishers import declarations, text
from publishers import limits as shared
from publishers.base import Field, Option, Publisher
from publishers.errors import Evidence, Rejected, Temporary
from publishers.values import (
    Audience,
    Connected,
    Content,
    Destination,
    Limits,
    MediaLimits,
    Metrics,
    Preview,
    Problem,
    Receipt,
    Ticket,
)
from publishers.words import TITLE, Words

PICTURES, VIDEOS = ("image/jpeg", "image/png", "image/webp"), ("video/mp4", "video/quicktime")
MIB, GIB = 2**20, 2**30
OTHER = "other"


@dataclass(frozen=True)
class App:
    """One app: what people call it, and what a post in it must keep to."""

    label: Words
    limits: Limits


APPS: Mapping[str, App] = {
    "xiaohongshu": App(
        Words("Xiaohongshu", "小紅書", "小红书"),
        Limits(
            max_text=1000,
            counter="graphemes",
            image=MediaLimits(PICTURES, 18, max_bytes=20 * MIB),
            video=MediaLimits(VIDEOS, 1, max_bytes=5 * GIB, max_seconds=15 * 60),
            needs_media=True,
            max_tags=10,
            max_title=20,
            takes_links=False,
        ),
    ),
    "wechat_channels": App(
        Words("WeChat Channels", "微信視頻號", "微信视频号"),
        Limits(
            max_text=1000,
            counter="graphemes",
            image=MediaLimits(PICTURES, 18, max_bytes=20 * MIB),
            video=MediaLimits(VIDEOS, 1, max_bytes=2 * GIB, max_seconds=60 * 60),
            needs_media=True,
        ),
    ),
    OTHER: App(
        Words("Another app", "其他 App", "其他 App"),
        Limits(
            max_text=10_000,
            counter="graphemes",
            image=MediaLimits((*PICTURES, "image/gif"), 50, max_bytes=40 * MIB),
            video=MediaLimits((*VIDEOS, "video/webm"), 10, max_bytes=4 * GIB),
            mixes_kinds=True,
        ),
    ),
}
NO_LINKS = Words(
    "Links are dead in this app, and may keep the post from being shown. Leave them out.",
    "這個 App 裡的連結點不開，還可能影響推薦，請拿掉。",
    "这个 App 里的链接点不开，还可能影响推荐，请删去。",
)
NO_APP = Words(
    "Write what the app is called.", "請填寫這個 App 的名稱。", "请填写这个 App 的名称。"
)  # fmt: skip
NO_ACCOUNT = Words(
    "Write what the account is called.", "請填寫帳號名稱。", "请填写账号名称。"
)  # fmt: skip
NO_PROFILE = Words(
    "The link to the profile has to begin with https://.",
    "個人頁連結要以 https:// 開頭。",
    "主页链接要以 https:// 开头。",
)


class Assisted(Publisher):
    """One account in an app; ``publish`` is never called, since a person does that."""

    name = "assisted"
    label = Words("Assisted", "人工協助發布", "人工协助发布")
    assisted = True
    connect_fields = (
        Field(
            "app",
            "choice",
            Words("App", "App", "App"),
            Words(
                "Almanac lays everything out; a person posts in the app.",
                "Almanac 把內容備妥，由人在 App 裡發布。",
                "Almanac 把内容备好，由人在 App 里发布。",
            ),
            default="xiaohongshu",
            choices=tuple((name, app.label) for name, app in APPS.items()),
        ),
        Field(
            "app_name",
            "text",
            Words("Name of the other app", "其他 App 的名稱", "其他 App 的名称"),
            required=False,
        ),
        Field(
            "account",
            "text",
            Words("Name of the account", "帳號名稱", "账号名称"),
            Words("As its readers see it", "讀者看到的名稱", "读者看到的名称"),
        ),
        Field(
            "profile",
            "url",
            Words("Link to its profile", "個人頁連結", "主页链接"),
            Words("https://… from the app's share menu", "從 App 的分享選單複製 https://…", "从 App 的分享菜单复制 https://…"),
            required=False,
        ),
    )  # fmt: skip
    options = (Option("title", TITLE, max_length=100),)
    finds = False
    metrics = frozenset()
    metrics_batch = 1
    prepare_lead = timedelta(minutes=30)
    default_limits = APPS[OTHER].limits

    def label_of(self, traits: Mapping[str, str]) -> str:
        return traits.get("app_name") or _app(traits).label

    def materials(self, content: Content) -> tuple[str, ...]:
        return ()

    def check(self, content: Content, limits: Limits) -> list[Problem]:
        said = declarations.text(content)
        return [
            *shared.problems(content, limits, said),
            *shared.option_problems(self.options, content),
            *_title_problems(content, limits),
            *_link_problems(said, limits),
        ]

    def preview(self, content: Content, limits: Limits) -> Preview:
        return shared.preview(content, limits, declarations.text(content))

    def connect(self, fields: Mapping[str, str]) -> Connected:
        """Raises ``Rejected`` where something that people need is missing; nobody can be asked whether it is true."""
        typed = {name: fields.get(name, "").strip() for name in ("app", "app_name", "account", "profile")}
        if typed["app"] != OTHER:
            typed["app_name"] = ""
        _refuse_incomplete(typed)
        remote_id = "/".join(filter(None, (typed["app"], typed["app_name"], typed["account"])))
        return _connected(remote_id[:255], typed)

    def discover(self, destination: Destination) -> Connected:
        return _connected(destination.remote_id, destination.traits)

    def prepare(self, destination: Destination, content: Content, ticket: Ticket, now: datetime) -> Ticket:
        shared.refuse(self.check(content, destination.limits))
        return ticket

    def publish(self, destination: Destination, content: Content, ticket: Ticket) -> Receipt:
        raise NotImplementedError("a person posts here")

    def find(
        self, destination: Destination, content: Content, ticket: Ticket, since: datetime
    ) -> Receipt | None:
        raise Temporary("Nothing can be looked up in this app.", Evidence(code="cannot_look"))

    def measure(self, destination: Destination, remote_ids: Sequence[str]) -> Mapping[str, Metrics]:
        return {}

    def audience(self, destination: Destination) -> Audience:
        return Audience()


def _app(traits: Mapping[str, str]) -> App:
    return APPS.get(traits.get("app", OTHER), APPS[OTHER])


def _connected(remote_id: str, traits: Mapping[str, str]) -> Connected:
    return Connected(
        base_url="",
        remote_id=remote_id,
        handle=traits.get("account") or remote_id,
        name=traits.get("account") or remote_id,
        avatar_url="",
        profile_url=traits.get("profile", ""),
        limits=_app(traits).limits,
        credentials={},
        traits=dict(traits),
    )


def _refuse_incomplete(typed: Mapping[str, str]) -> None:
    if typed["app"] not in APPS or (typed["app"] == OTHER and not typed["app_name"]):
        raise Rejected(NO_APP, Evidence(code="no_app"))
    if not typed["account"]:
        raise Rejected(NO_ACCOUNT, Evidence(code="no_account"))
    if typed["profile"] and not _is_web_link(typed["profile"]):
        raise Rejected(NO_PROFILE, Evidence(code="no_profile"))


def _is_web_link(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in ("https", "http") and bool(parts.hostname) and address.isprintable()
    except ValueError:
        return False


def _title_problems(content: Content, limits: Limits) -> list[Problem]:
    length = text.graphemes(content.options.get("title", ""))
    if limits.max_title is None or length <= limits.max_title:
        return []
    told = {"label": TITLE, "count": length, "limit": limits.max_title}
    return [Problem("option_too_long", "error", told)]


def _link_problems(said: str, limits: Limits) -> list[Problem]:
    if limits.takes_links or not any(run.kind == "link" for run in text.spans(said)):
        return []
    return [Problem("links_are_dead", "warning", words=NO_LINKS)]
