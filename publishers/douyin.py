"""A Douyin (抖音) account: videos and picture posts, each reviewed by Douyin before it is seen (developer.open-douyin.com).

There are no posts of words alone, and nothing can be edited or taken down from outside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from publishers import declarations, oauth
from publishers import douyin_api as api
from publishers import douyin_uploads as uploads
from publishers import douyin_works as works
from publishers import limits as shared
from publishers.base import Authorization, Field, Option, Publisher
from publishers.errors import Evidence, PublisherError, Stale, Temporary, Unconfirmed, not_prepared
from publishers.http import Http
from publishers.matching import Likeness
from publishers.values import (
    Accepted,
    Audience,
    Comment,
    Connected,
    Content,
    Destination,
    Heard,
    Knock,
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
from publishers.words import FRIENDS, NO, PRIVATE, PUBLIC, VISIBILITY, YES, Words

SCOPES = (
    "user_info,video.create.bind,video.list.bind,video.data.bind,data.external.user,item.comment,"
    "renew_refresh_token"
)
UPLOADS_LIVE = timedelta(hours=12)  # nothing is promised of them but that they are for one work
CLOCK_SKEW = timedelta(minutes=2)
LIMITS = Limits(
    max_text=1000,
    counter="codepoints",
    image=MediaLimits(("image/jpeg", "image/png", "image/webp"), 35, max_bytes=20 * 2**20),
    video=MediaLimits(("video/mp4", "video/webm"), 1, max_bytes=4 * 2**30, max_seconds=15 * 60),
    mixes_kinds=True,
    needs_media=True,
    takes_links=False,
)
ONE_COVER = Words(
    "Beside a video goes one picture, its cover.",
    "影片只能另附一張圖片作為封面。",
    "视频只能另附一张图片作为封面。",
)


class Douyin(Publisher):
    """One account, on behalf of which an app of the operator's posts."""

    name = "douyin"
    label = Words("Douyin", "抖音", "抖音")
    mark = "抖"
    home = api.HOME
    uses_oauth = True
    hears = True
    app_fields = oauth.APP_FIELDS
    connect_fields = (
        oauth.server_field(api.HOME),
        Field(
            "scopes", "text", Words("Permissions", "權限範圍", "权限范围"),
            Words(
                "Only those that Douyin granted to your app", "只填抖音已核准給你應用程式的項目", "只填抖音已批给你应用的项目"
            ),
            default=SCOPES, required=False, advanced=True,
        ),
    )  # fmt: skip
    options = (
        Option("private_status", VISIBILITY, (("0", PUBLIC), ("2", FRIENDS), ("1", PRIVATE)), "0"),
        Option("download_type", Words("May be downloaded", "允許下載", "允许下载"), (("1", YES), ("2", NO)), "1"),
        Option(
            "cover_at", Words("Cover taken at second", "封面取自第幾秒", "封面取自第几秒"), kind="number", default="0"
        ),
    )  # fmt: skip
    metrics = frozenset({"likes", "replies", "shares", "views", "reposts"})
    metrics_batch = 10
    finds_alike = True
    visibility_lag = timedelta(minutes=1)
    default_limits = LIMITS
    pace = Pace(quotas=(Quota(75, "day", "Asia/Shanghai"),))

    def check(self, content: Content, limits: Limits) -> list[Problem]:
        found = shared.problems(content, limits, declarations.text(content))
        if len(content.media) > 2 and _has_video(content):
            found.append(Problem("one_cover", "error", words=ONE_COVER))
        return found + shared.option_problems(self.options, content)

    def preview(self, content: Content, limits: Limits) -> Preview:
        return shared.preview(content, limits, declarations.text(content))

    def authorize(
        self, fields: Mapping[str, str], redirect_uri: str, state: str, app: Mapping[str, str] | None
    ) -> Authorization:
        base_url, known = self.server_of(fields), oauth.app_of(fields, app)
        asked = {"redirect_uri": redirect_uri, "scope": fields.get("scopes") or SCOPES, "state": state}
        endpoint = f"{base_url}/platform/oauth/connect"
        return oauth.start(base_url, endpoint, known, pkce=False, client="client_key", **asked)

    def exchange(self, memory: Mapping[str, str], code: str, redirect_uri: str) -> Connected:
        form = oauth.token_form(memory, code, redirect_uri, "client_key")
        with Http(memory["base_url"], api.DIALECT, secrets=(code, memory["client_secret"])) as http:
            credentials = http.post("/oauth/access_token/", api.tokens(memory), data=form)
        return _connected(memory["base_url"], credentials)

    def discover(self, destination: Destination) -> Connected:
        return _connected(destination.base_url, destination.credentials)

    def refresh(self, destination: Destination) -> Mapping[str, str]:
        return api.refreshed(destination)

    def prepare(self, destination: Destination, content: Content, ticket: Ticket, now: datetime) -> Ticket:
        shared.refuse(self.check(content, destination.limits))
        with _connection(destination) as http:
            ids = [uploads.upload(http, destination.remote_id, media) for media in content.media]
        return replace(ticket, handles={"ids": ids}, expires_at=now + UPLOADS_LIVE)

    def publish(self, destination: Destination, content: Content, ticket: Ticket) -> Accepted:
        shared.refuse(self.check(content, destination.limits))
        if len(ticket.handles.get("ids", ())) != len(content.media):
            raise not_prepared()
        call, body = _creation(content, ticket.handles["ids"])
        asked = {"open_id": destination.remote_id}
        try:
            with _connection(destination) as http:
                item_id = http.publish(
                    call, lambda reply: str(api.data(reply)["item_id"]), params=asked, json=body
                )
        except Stale as error:
            raise _used_up(destination, content, ticket, error) from None
        return Accepted({"item_id": item_id})

    def confirm(self, destination: Destination, handle: Mapping[str, object]) -> Receipt | Accepted:
        item_id = str(handle["item_id"])
        with _connection(destination) as http:
            found = works.told(http, destination.remote_id, [item_id])
        receipts = (work.receipt for work in found if work.item_id == item_id)
        return next((receipt for receipt in receipts if receipt), None) or Accepted(handle)

    def find(
        self, destination: Destination, content: Content, ticket: Ticket, since: datetime
    ) -> Receipt | None:
        work = _same_work(destination, content, ticket, since)
        if work is None:
            return None
        receipt = work.receipt
        if receipt is None:
            raise Temporary(works.REVIEWING, Evidence(code="in_review"))
        return receipt

    def comments(self, destination: Destination, remote_id: str) -> Sequence[Comment]:
        with _connection(destination) as http:
            return works.comments(http, destination.remote_id, remote_id)

    def answer(self, destination: Destination, remote_id: str, comment_id: str, text: str) -> str:
        said = {"item_id": remote_id, "comment_id": comment_id, "content": text}
        asked = {"open_id": destination.remote_id}
        with _connection(destination) as http:
            return http.publish(
                "/item/comment/reply/", lambda reply: str(api.data(reply)["comment_id"]), params=asked, json=said
            )  # fmt: skip

    def hear(self, credentials: Mapping[str, str], knock: Knock) -> Heard:
        return api.heard(credentials, knock)

    def measure(self, destination: Destination, remote_ids: Sequence[str]) -> Mapping[str, Metrics]:
        with _connection(destination) as http:
            return {
                work.item_id: work.numbers for work in works.told(http, destination.remote_id, remote_ids)
            }

    def audience(self, destination: Destination) -> Audience:
        asked = {"open_id": destination.remote_id, "date_type": 7}
        with _connection(destination) as http:
            days = http.get(
                "/data/external/user/fans/", lambda reply: list(api.data(reply)["result_list"] or ()), params=asked
            )  # fmt: skip
        last: Mapping[str, Any] = max(days, key=lambda day: str(day["date"]), default={})
        return Audience(followers=last.get("total_fans"))


def _connection(destination: Destination) -> Http:
    return api.connection(destination.base_url, destination.credentials)


def _connected(base_url: str, credentials: Mapping[str, str]) -> Connected:
    form = {"open_id": credentials["open_id"], "access_token": credentials["access_token"]}
    with api.connection(base_url, credentials) as http:
        person = http.post("/oauth/userinfo/", api.data, data=form)
    return Connected(
        base_url=base_url,
        remote_id=str(person["open_id"]),
        handle=str(person["nickname"]),
        name=str(person["nickname"]),
        avatar_url=str(person.get("avatar") or ""),
        profile_url="",
        limits=LIMITS,
        credentials=dict(credentials),
    )


def _has_video(content: Content) -> bool:
    return any(media.kind == "video" for media in content.media)


def _creation(content: Content, ids: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """The path and the body of the visible call (Douyin docs, create-video and create-image-text). A picture beside a
    video is its cover."""
    options = content.options
    body: dict[str, Any] = {
        "text": declarations.text(content),
        "private_status": int(options.get("private_status") or 0),
    }
    if not _has_video(content):
        return f"{works.API}/create_image_text/", body | {"image_list": list(ids)}
    by_kind = {media.kind: each for media, each in zip(content.media, ids, strict=True)}
    cover = {"custom_cover_image_url": by_kind["image"]} if "image" in by_kind else {}
    body |= {"video_id": by_kind["video"], "download_type": int(options.get("download_type") or 1)}
    return f"{works.API}/create_video/", body | cover | {"cover_tsp": float(options.get("cover_at") or 0)}


def _used_up(destination: Destination, content: Content, ticket: Ticket, error: Stale) -> PublisherError:
    """An upload serves once: where it is refused, a work may be made of it already, which is to be looked for. ``error``
    itself where there surely is none."""
    try:
        work = _same_work(destination, content, ticket, ticket.at)
    except PublisherError as trouble:
        return Unconfirmed(trouble.message, trouble.evidence)
    return error if work is None else Unconfirmed(error.message, error.evidence)


def _same_work(
    destination: Destination, content: Content, ticket: Ticket, since: datetime
) -> works.Work | None:
    """The work that says most alike what ``content`` says, of the same kind, of those that are not known yet."""
    said = declarations.text(content)
    kinds = (works.VIDEO if _has_video(content) else works.PICTURES, 0)
    with _connection(destination) as http:
        alike = [
            (work.likeness(said), work)
            for work in works.made_since(http, destination.remote_id, since - CLOCK_SKEW)
            if work.item_id not in ticket.others and work.media_type in kinds
        ]
    best, work = max(alike, key=lambda pair: pair[0], default=(Likeness.OTHER, None))
    return work if best > Likeness.OTHER else None
