"""A TikTok account: a video or a series of photos, posted directly (TikTok docs, content-posting-api).

A post begins with a ``publish_id`` that stands for nothing until the last byte is there: so all but the last chunk of a
video is sent ahead, and what became of a lost one is asked under that id.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from publishers import limits as shared
from publishers import oauth
from publishers import tiktok_api as api
from publishers import tiktok_post as post
from publishers.base import Authorization, Field, Option, Publisher
from publishers.errors import Evidence, PublisherError, Stale, Temporary, Unconfirmed, not_prepared
from publishers.http import Http, Reply
from publishers.values import (
    Accepted,
    Audience,
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
from publishers.words import Words

SCOPES = "user.info.basic,user.info.stats,video.list,video.publish"
NUMBERS = "id,view_count,like_count,comment_count,share_count"
# Videos take less text than photos do: what holds for them is the caption's bound.
LIMITS = Limits(
    max_text=4000,
    max_caption=2200,
    counter="utf16",
    image=MediaLimits(("image/jpeg", "image/webp"), 35, max_bytes=20 * 2**20),
    video=MediaLimits(
        ("video/mp4", "video/quicktime", "video/webm"), 1,
        max_bytes=4 * 2**30, max_side=4096, max_frame_rate=60, min_seconds=3, max_seconds=600,
    ),
    needs_media=True,
    takes_links=False,
)  # fmt: skip
PARTNER_AND_PRIVATE = Words(
    "Paid partnerships can't be visible to nobody but you.",
    "付費合作的內容不能設為僅自己可見。",
    "付费合作的内容不能设为仅自己可见。",
)
WORKING = Words("TikTok is still working on it.", "TikTok 仍在處理中。", "TikTok 仍在处理中。")
CANNOT_LOOK = Words(
    "TikTok lets nobody look for photos whose answer was lost.",
    "TikTok 無法查詢沒有收到回應的圖片貼文。",
    "TikTok 无法查询没有收到回应的图片帖子。",
)


class TikTok(Publisher):
    """One creator's account."""

    name = "tiktok"
    label = "TikTok"
    mark = "Tt"
    home = api.HOME
    uses_oauth = True
    hears = True
    app_fields = oauth.APP_FIELDS
    connect_fields = (
        oauth.server_field(api.HOME),
        Field(
            "scopes", "text", Words("Permissions", "權限範圍", "权限范围"),
            Words("Only those that your app was given", "只填你的應用程式已取得的項目", "只填你的应用已获得的项目"),
            default=SCOPES, required=False, advanced=True,
        ),
    )  # fmt: skip
    options = post.OPTIONS
    carries = frozenset({"ad", "ai"})
    metrics = frozenset({"views", "likes", "replies", "shares"})
    metrics_batch = 20
    prepare_lead = timedelta(minutes=20)
    visibility_lag = timedelta(minutes=1)
    default_limits = LIMITS
    pace = Pace(timedelta(seconds=10), (Quota(15, timedelta(days=1)),))

    def options_of(self, traits: Mapping[str, str]) -> tuple[Option, ...]:
        return post.options_of(traits.get("privacy_levels", ""))

    def materials(self, content: Content) -> tuple[str, ...]:
        """An upload begins with all that is said about it."""
        said = post.about(content, {}) if content.media else {}
        return (*super().materials(content), json.dumps(said, sort_keys=True))

    def repeats_safely(
        self, destination: Destination, ticket: Ticket, first_sent_at: datetime, now: datetime
    ) -> bool:
        """An upload makes one post, however often its last chunk is sent."""
        return "upload_url" in ticket.handles

    def check(self, content: Content, limits: Limits) -> list[Problem]:
        found = shared.problems(content, _limits(content, limits), post.text(content))
        found += shared.option_problems(self.options, content)
        if content.options.get("partner") and content.options.get("privacy_level") == "SELF_ONLY":
            found.append(Problem("partner_and_private", "error", words=PARTNER_AND_PRIVATE))
        return found

    def preview(self, content: Content, limits: Limits) -> Preview:
        return shared.preview(content, _limits(content, limits), post.text(content))

    def authorize(
        self, fields: Mapping[str, str], redirect_uri: str, state: str, app: Mapping[str, str] | None
    ) -> Authorization:
        base_url, known = self.server_of(fields), oauth.app_of(fields, app)
        asked = {"redirect_uri": redirect_uri, "scope": fields.get("scopes") or SCOPES, "state": state}
        endpoint = f"{api.HOSTS.at(base_url, 'www')}/v2/auth/authorize/"
        return oauth.start(base_url, endpoint, known, pkce=False, client="client_key", **asked)

    def exchange(self, memory: Mapping[str, str], code: str, redirect_uri: str) -> Connected:
        form = oauth.token_form(memory, code, redirect_uri, "client_key")
        with Http(memory["base_url"], api.DIALECT, secrets=(code, memory["client_secret"])) as http:
            tokens = http.post(
                "/v2/oauth/token/", lambda reply: oauth.credentials(reply.body, memory), data=form
            )
        return _connected(memory["base_url"], tokens)

    def discover(self, destination: Destination) -> Connected:
        return _connected(destination.base_url, destination.credentials)

    def refresh(self, destination: Destination) -> Mapping[str, str]:
        known = destination.credentials
        form = oauth.refresh_form(known, "client_key")
        with Http(destination.base_url, api.DIALECT, secrets=oauth.secrets_of(known)) as http:
            return http.post(
                "/v2/oauth/token/", lambda reply: oauth.credentials(reply.body, known), data=form
            )

    def prepare(self, destination: Destination, content: Content, ticket: Ticket, now: datetime) -> Ticket:
        shared.refuse(self.check(content, destination.limits))
        sources = post.sources(content)
        with _connection(destination) as http:
            creator = post.creator(http)
            post.refuse_what_it_forbids(content, creator)
            if content.media[0].kind == "image":
                return replace(ticket, handles={"forbids": post.forbidden(creator)}, expires_at=None)
            begun = post.begin(http, content, creator, sources)
        api.Upload.of(begun).send_ahead(destination.base_url, content.media[0])
        return replace(ticket, handles=begun, expires_at=now + api.UPLOAD_LIVES)

    def publish(self, destination: Destination, content: Content, ticket: Ticket) -> Accepted:
        shared.refuse(self.check(content, destination.limits))
        if content.media[0].kind == "image":
            return self._post_photos(destination, content, ticket)
        if "upload_url" not in ticket.handles:
            raise not_prepared()
        try:
            api.Upload.of(ticket.handles).finish(destination.base_url, content.media[0])
        except Stale as error:
            self._refuse_unless_begun(destination, ticket, error)
        return Accepted(post.handle(content, ticket.handles["publish_id"]))

    def confirm(self, destination: Destination, handle: Mapping[str, object]) -> Receipt | Accepted:
        with _connection(destination) as http:
            status = post.status(http, str(handle["publish_id"]))
        web = api.HOSTS.at(destination.base_url, "www")
        return status.receipt(handle, f"{web}/@{destination.handle}") or Accepted(handle)

    def find(
        self, destination: Destination, content: Content, ticket: Ticket, since: datetime
    ) -> Receipt | None:
        if "publish_id" not in ticket.handles:
            raise Temporary(CANNOT_LOOK, Evidence(code="cannot_look"))
        publish_id, size = str(ticket.handles["publish_id"]), int(ticket.handles["size"])
        with _connection(destination) as http:
            status = post.status(http, publish_id)
        if status.waits_for_bytes(size):
            return None
        web = api.HOSTS.at(destination.base_url, "www")
        receipt = status.receipt(post.handle(content, publish_id), f"{web}/@{destination.handle}")
        if receipt is None:
            raise Temporary(WORKING, Evidence(code="in_progress"))
        return receipt

    def hear(self, credentials: Mapping[str, str], knock: Knock) -> Heard:
        return api.heard(credentials, knock)

    def measure(self, destination: Destination, remote_ids: Sequence[str]) -> Mapping[str, Metrics]:
        public = [remote_id for remote_id in remote_ids if remote_id.isdecimal()]
        if not public:
            return {}
        asked = {"filters": {"video_ids": public}}
        with _connection(destination) as http:
            return http.post("/v2/video/query/", _numbers, params={"fields": NUMBERS}, json=asked)

    def audience(self, destination: Destination) -> Audience:
        asked = {"fields": "follower_count,following_count,video_count"}
        with _connection(destination) as http:
            person = http.get("/v2/user/info/", lambda reply: dict(api.data(reply)["user"]), params=asked)
        counts = (person.get(name) for name in ("follower_count", "following_count", "video_count"))
        return Audience(*counts)

    def _post_photos(self, destination: Destination, content: Content, ticket: Ticket) -> Accepted:
        """TikTok fetches photos by itself, at once: so their beginning is the visible call."""
        sources = post.sources(content)
        if "forbids" not in ticket.handles:
            raise not_prepared()
        with _connection(destination) as http:
            publish_id = post.begin_photos(http, content, ticket.handles["forbids"], sources)
        return Accepted(post.handle(content, publish_id))

    def _refuse_unless_begun(self, destination: Destination, ticket: Ticket, error: Stale) -> None:
        """An upload that takes no bytes may have all of them; raises ``Stale`` where it still waits for some."""
        try:
            with _connection(destination) as http:
                status = post.status(http, str(ticket.handles["publish_id"]))
        except PublisherError as trouble:
            raise Unconfirmed(trouble.message, trouble.evidence) from None
        if status.waits_for_bytes(int(ticket.handles["size"])):
            raise error


def _connection(destination: Destination) -> Http:
    return api.connection(destination.base_url, destination.credentials)


def _limits(content: Content, limits: Limits) -> Limits:
    """Photos take more text than a video."""
    is_photos = bool(content.media) and content.media[0].kind == "image"
    return replace(limits, max_caption=None) if is_photos else limits


def _connected(base_url: str, credentials: Mapping[str, str]) -> Connected:
    asked = {"fields": "open_id,display_name,avatar_url"}
    with api.connection(base_url, credentials) as http:
        person = http.get("/v2/user/info/", lambda reply: dict(api.data(reply)["user"]), params=asked)
        creator = post.creator(http)
    username, longest = str(creator["creator_username"]), creator.get("max_video_post_duration_sec")
    video = replace(LIMITS.video, max_seconds=float(longest)) if longest else LIMITS.video
    return Connected(
        base_url=base_url,
        remote_id=str(person["open_id"]),
        handle=username,
        name=str(person.get("display_name") or username),
        avatar_url=str(person.get("avatar_url") or ""),
        profile_url=f"{api.HOSTS.at(base_url, 'www')}/@{username}",
        limits=replace(LIMITS, video=video),
        credentials=dict(credentials),
        traits={"privacy_levels": ",".join(creator["privacy_level_options"])},
    )


def _numbers(reply: Reply) -> dict[str, Metrics]:
    return {
        str(video["id"]): Metrics(
            views=video.get("view_count"),
            likes=video.get("like_count"),
            replies=video.get("comment_count"),
            shares=video.get("share_count"),
        )
        for video in api.data(reply)["videos"]
    }
