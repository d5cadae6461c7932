"""The page of an organisation on LinkedIn (LinkedIn docs, marketing/community-management)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from publishers import limits as shared
from publishers import linkedin_api as api
from publishers import linkedin_posts as posts
from publishers import oauth
from publishers.base import Authorization, Field, Option, Publisher
from publishers.errors import PublisherError, Rejected, Unconfirmed, not_prepared
from publishers.follows import COMMENT
from publishers.http import Http, Reply
from publishers.linkedin_media import Uploads
from publishers.values import (
    Audience,
    Comment,
    Connected,
    Content,
    Destination,
    Limits,
    MediaLimits,
    Metrics,
    Pace,
    Preview,
    Problem,
    Quota,
    Receipt,
    Ticket,
)
from publishers.words import DESCRIPTION, LINK, PUBLIC, TITLE, VISIBILITY, Words

LIMITS = Limits(
    max_text=3000,
    max_comment=1250,
    counter="utf16",
    image=MediaLimits(("image/jpeg", "image/png", "image/gif"), 20, max_pixels=36_152_320),
    video=MediaLimits(("video/mp4",), 1, max_bytes=500 * 2**20, min_seconds=3, max_seconds=1800),
    max_alt=4086,
)
CLOCK_SKEW = timedelta(minutes=2)
MEMBERS = Words("Signed-in members", "已登入的會員", "已登录的会员")
LINK_HINT = Words(
    "Shown as a card; one picture may be its thumbnail.",
    "以卡片顯示；可附一張圖片作為縮圖。",
    "以卡片显示；可附一张图片作为缩略图。",
)
UNTITLED = Words(
    "The card of a link needs a title: LinkedIn does not read the page.",
    "連結卡片需要標題：LinkedIn 不會自己讀取網頁。",
    "链接卡片需要标题：LinkedIn 不会自己读取网页。",
)
CROWDED = Words(
    "The card of a link takes one picture at most, and no video.",
    "連結卡片最多附一張圖片，不能附影片。",
    "链接卡片最多附一张图片，不能附视频。",
)
_ORIGINAL = re.compile(r"urn:li:(?:share|ugcPost):\d+")


class LinkedIn(Publisher):
    """One page; ``patience`` bounds the wait for an upload, polled every ``pause``."""

    name = "linkedin"
    label = "LinkedIn"
    mark = "in"
    home = api.HOME
    uses_oauth = True
    app_fields = oauth.APP_FIELDS
    connect_fields = (
        Field(
            "organization",
            "text",
            Words("Page", "專頁", "主页"),
            Words(
                "Its number or address, if you manage several.",
                "管理多個專頁時，填它的編號或網址。",
                "管理多个主页时，填它的编号或网址。",
            ),
            required=False,
        ),
        Field(
            "version",
            "text",
            Words("API version", "API 版本", "API 版本"),
            Words(
                "Year and month; LinkedIn ends each after about a year.",
                "年份加月份；LinkedIn 約一年後停用舊版本。",
                "年份加月份；LinkedIn 约一年后停用旧版本。",
            ),
            default=api.VERSION,
            required=False,
            advanced=True,
        ),
        Field(
            "scope",
            "text",
            Words("Permissions", "權限", "权限"),
            Words(
                "Those that LinkedIn has granted to the app, divided by spaces.",
                "LinkedIn 已核准給應用程式的權限，以空格分隔。",
                "LinkedIn 已批准给应用的权限，用空格分隔。",
            ),
            default=api.SCOPE,
            required=False,
            advanced=True,
        ),
        oauth.server_field(api.HOME),
    )
    options = (
        Option("visibility", VISIBILITY, (("PUBLIC", PUBLIC), ("LOGGED_IN", MEMBERS)), "PUBLIC"),
        Option("link", LINK, kind="link", hint=LINK_HINT),
        Option("title", TITLE, max_length=400),
        Option("description", DESCRIPTION, max_length=4086),
        Option("no_reshare", Words("May not be reposted", "不允許轉發", "不允许转发"), kind="switch"),
        COMMENT,
    )
    follows = "comment"
    finds_alike = True
    visibility_lag = timedelta(minutes=1)
    metrics = frozenset({"likes", "reposts", "replies", "impressions", "reach", "clicks"})
    metrics_batch = 20
    default_limits = LIMITS
    pace = Pace(quotas=(Quota(150, "day", "UTC"),))

    def __init__(
        self, patience: timedelta = timedelta(minutes=3), pause: timedelta = timedelta(seconds=2)
    ) -> None:
        self._patience, self._pause = patience, pause

    def check(self, content: Content, limits: Limits) -> list[Problem]:
        found = shared.problems(content, limits, posts.commentary(content))
        found += shared.option_problems(self.options, content)
        if content.options.get("link"):
            if not content.options.get("title"):
                found.append(Problem("link_untitled", "error", words=UNTITLED))
            if len(content.media) > 1 or any(media.kind == "video" for media in content.media):
                found.append(Problem("link_with_files", "error", words=CROWDED))
        return found

    def preview(self, content: Content, limits: Limits) -> Preview:
        return posts.preview(content, limits)

    def authorize(
        self, fields: Mapping[str, str], redirect_uri: str, state: str, app: Mapping[str, str] | None
    ) -> Authorization:
        base_url = self.server_of(fields)
        start = oauth.start(
            base_url,
            f"{api.HOSTS.at(base_url, 'www')}/oauth/v2/authorization",
            oauth.app_of(fields, app),
            redirect_uri=redirect_uri,
            scope=fields.get("scope", "").strip() or api.SCOPE,
            state=state,
            pkce=False,
        )
        typed = {name: fields.get(name, "").strip() for name in ("organization", "version")}
        return replace(start, memory={**start.memory, **typed})

    def exchange(self, memory: Mapping[str, str], code: str, redirect_uri: str) -> Connected:
        form = oauth.token_form({**memory, "scope": ""}, code, redirect_uri)
        credentials = api.token(memory["base_url"], form, memory)
        version = {"version": memory.get("version") or api.VERSION}
        return _connected(memory["base_url"], credentials, memory.get("organization", ""), version)

    def discover(self, destination: Destination) -> Connected:
        version = {"version": destination.traits.get("version") or api.VERSION}
        return _connected(destination.base_url, destination.credentials, destination.remote_id, version)

    def refresh(self, destination: Destination) -> Mapping[str, str]:
        form = oauth.refresh_form(destination.credentials)
        return api.token(destination.base_url, form, destination.credentials)

    def prepare(self, destination: Destination, content: Content, ticket: Ticket, now: datetime) -> Ticket:
        shared.refuse(self.check(content, destination.limits))
        with _connection(destination) as http:
            uploads = Uploads(destination, http, self._patience, self._pause)
            return replace(ticket, handles={"media": [uploads.take(media) for media in content.media]})

    def publish(self, destination: Destination, content: Content, ticket: Ticket) -> Receipt:
        shared.refuse(self.check(content, destination.limits))
        urns = ticket.handles.get("media", ())
        if len(urns) != len(content.media):
            raise not_prepared()
        body = posts.body(destination.remote_id, content, urns)
        with _connection(destination) as http:
            try:
                # The answer has no body.
                urn = http.publish("/rest/posts", lambda reply: reply.headers["x-restli-id"], json=body)
            except Rejected as error:
                if error.evidence.code != "DUPLICATE_POST":
                    raise
                urn = _sent_before(http, error, ticket)
        return _receipt(destination, urn)

    def find(
        self, destination: Destination, content: Content, ticket: Ticket, since: datetime
    ) -> Receipt | None:
        with _connection(destination) as http:
            listed = posts.newest(http, destination.remote_id)
        maybe = (post for post in listed if post.urn not in ticket.others and post.at >= since - CLOCK_SKEW)
        urn = posts.likest(maybe, content)
        return _receipt(destination, urn) if urn else None

    def edit(self, destination: Destination, remote_id: str, content: Content) -> Receipt:
        patch = {"patch": {"$set": {"commentary": posts.commentary(content)}}}
        headers = {"X-RestLi-Method": "PARTIAL_UPDATE"}
        with _connection(destination) as http:
            http.publish(_path(remote_id), lambda _reply: None, json=patch, headers=headers)
        return _receipt(destination, remote_id)

    def delete(self, destination: Destination, remote_id: str) -> None:
        with _connection(destination) as http:
            try:
                http.delete(_path(remote_id), lambda _reply: None, headers={"X-RestLi-Method": "DELETE"})
            except Rejected as error:
                if error.evidence.http_status != 404:
                    raise

    def comments(self, destination: Destination, remote_id: str) -> Sequence[Comment]:
        with _connection(destination) as http:
            return posts.comments(http, destination, remote_id)

    def answer(self, destination: Destination, remote_id: str, comment_id: str, text: str) -> str:
        with _connection(destination) as http:
            return posts.answer(http, destination, comment_id, text)

    def follow(self, destination: Destination, remote_id: str, text: str, key: str) -> Receipt:
        with _connection(destination) as http:
            return Receipt(posts.comment(http, destination, remote_id, text), "")

    def measure(self, destination: Destination, remote_ids: Sequence[str]) -> Mapping[str, Metrics]:
        nothing: Mapping[str, Metrics] = {}
        with _connection(destination) as http:
            return api.unless_forbidden(
                lambda: posts.numbers(http, destination.remote_id, remote_ids), nothing
            )

    def audience(self, destination: Destination) -> Audience:
        path = f"/rest/networkSizes/{api.encoded(destination.remote_id)}?edgeType=COMPANY_FOLLOWED_BY_MEMBER"
        with _connection(destination) as http:
            return api.unless_forbidden(lambda: http.get(path, _followers), Audience())


def _connection(destination: Destination) -> Http:
    return api.connection(destination.base_url, destination.credentials, destination.traits)


def _connected(
    base_url: str, credentials: Mapping[str, str], wanted: str, traits: Mapping[str, str]
) -> Connected:
    with api.connection(base_url, credentials, traits) as http:
        page = api.chosen(http, wanted)
    return Connected(
        base_url=base_url,
        remote_id=page["urn"],
        handle=page["short"],
        name=page["name"],
        avatar_url="",
        profile_url=f"{api.HOSTS.at(base_url, 'www')}/company/{page['short']}",
        limits=LIMITS,
        credentials=dict(credentials),
        traits=dict(traits),
    )


def _followers(reply: Reply) -> Audience:
    return Audience(followers=int(reply.body["firstDegreeSize"]))


def _path(urn: str) -> str:
    return f"/rest/posts/{api.encoded(urn)}"


def _receipt(destination: Destination, urn: str) -> Receipt:
    return Receipt(urn, f"{api.HOSTS.at(destination.base_url, 'www')}/feed/update/{urn}")


def _sent_before(http: Http, refusal: Rejected, ticket: Ticket) -> str:
    """The post that this one is a duplicate of, where it is this delivery's own: an earlier try whose answer was lost.

    One that was there before is another post; so is one that LinkedIn names and does not know.
    """
    original = _ORIGINAL.search(refusal.message)
    if original is None or original[0] in ticket.others:
        raise refusal
    try:
        post = http.get_or_none(_path(original[0]), posts.read)
    except PublisherError as error:
        raise Unconfirmed(error.message, error.evidence) from None
    if post is None or post.at < ticket.at.astimezone(UTC) - CLOCK_SKEW:
        raise refusal
    return post.urn
