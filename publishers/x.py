"""One account on X (X docs, x-api: posts, media, users). Each call costs credits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from publishers import declarations, oauth, present, x_posts
from publishers import limits as shared
from publishers.base import Authorization, Option, Publisher
from publishers.errors import Evidence, PublisherError, Rejected, Unauthorized, Unconfirmed, not_prepared
from publishers.follows import THREAD
from publishers.http import Reply
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
from publishers.words import Words
from publishers.x_api import HOME, HOSTS, SCOPE, api, is_duplicate, renewed
from publishers.x_media import Uploads

GIF = "image/gif"
# X docs, media/quickstart/best-practices; a video may be 8 GB, which no upload of ours would live to see.
IMAGE = MediaLimits(("image/jpeg", "image/png", "image/webp", GIF), 4, max_bytes=5_000_000)
VIDEO = MediaLimits(
    ("video/mp4", "video/quicktime"), 1, max_bytes=512 * 2**20, max_side=1280, max_seconds=20 * 60,
    max_frame_rate=60, min_seconds=0.5, min_ratio=1 / 3, max_ratio=3,
)  # fmt: skip
FREE = Limits(280, "x", IMAGE, VIDEO, url_cost=23, max_alt=1000)
PAID = replace(FREE, max_text=25_000, video=replace(VIDEO, max_side=1920, max_seconds=125 * 60))
PAYING = ("Basic", "Premium", "PremiumPlus")  # X docs, data-dictionary: subscription_type
MARGIN = timedelta(hours=1)
CLOCK_SKEW = timedelta(minutes=2)
REPLIES = Words("Who may reply", "誰可以回覆", "谁可以回复")
ALL = Words("Everyone", "所有人", "所有人")
FOLLOWED = Words("Accounts you follow", "你關注的帳號", "你关注的账号")
MENTIONED = Words("Only accounts you mention", "只有你提及的帳號", "仅你提到的账号")
SUBSCRIBERS = Words("Your subscribers", "你的訂閱者", "你的订阅者")
VERIFIED = Words("Verified accounts", "已認證的帳號", "已认证的账号")
GIF_ALONE = Words(
    "On X an animated GIF goes alone.", "在 X 上，GIF 動圖只能單獨一張。", "在 X 上，GIF 动图只能单独一张。"
)
NO_EDIT = Words(
    "X lets only accounts with a Premium subscription edit a post.",
    "X 只讓訂閱 Premium 的帳號編輯貼文。",
    "X 只允许订阅 Premium 的账号编辑帖子。",
)


class X(Publisher):
    """One account; ``patience`` bounds the wait for a video's processing, asked for every ``pause``."""

    name = "x"
    label = "X"
    mark = "X"
    home = HOME
    uses_oauth = True
    follows = "thread"
    app_fields = oauth.APP_FIELDS
    connect_fields = (oauth.server_field(HOME),)
    carries = frozenset({"ai", "ad"})
    options = (
        Option(
            "reply_settings",
            REPLIES,
            (
                ("", ALL), ("following", FOLLOWED), ("mentionedUsers", MENTIONED), ("subscribers", SUBSCRIBERS),
                ("verified", VERIFIED),
            ),
        ),
        THREAD,
    )  # fmt: skip
    metrics = frozenset({"likes", "reposts", "replies", "quotes", "saves", "impressions", "clicks"})
    metrics_batch = 100
    finds_alike = True
    default_limits = FREE
    pace = Pace(quotas=(Quota(100, timedelta(minutes=15)),))  # X docs, fundamentals/rate-limits

    def __init__(
        self, patience: timedelta = timedelta(minutes=4), pause: timedelta = timedelta(seconds=2)
    ) -> None:
        self._upload = Uploads(patience, pause)

    def check(self, content: Content, limits: Limits) -> list[Problem]:
        found = shared.problems(content, limits, declarations.text(content, self.carries))
        found += shared.option_problems(self.options, content)
        if len(content.media) > 1 and any(media.mime == GIF for media in content.media):
            found.append(Problem("gif_alone", "error", words=GIF_ALONE))
        return found

    def preview(self, content: Content, limits: Limits) -> Preview:
        return shared.preview(content, limits, declarations.text(content, self.carries))

    def authorize(
        self, fields: Mapping[str, str], redirect_uri: str, state: str, app: Mapping[str, str] | None
    ) -> Authorization:
        base_url = self.server_of(fields)
        endpoint = f"{HOSTS.at(base_url, 'web')}/i/oauth2/authorize"
        known = oauth.app_of(fields, app)
        return oauth.start(base_url, endpoint, known, redirect_uri=redirect_uri, scope=SCOPE, state=state)

    def exchange(self, memory: Mapping[str, str], code: str, redirect_uri: str) -> Connected:
        base_url = memory["base_url"]
        return _connected(base_url, renewed(base_url, memory, oauth.token_form(memory, code, redirect_uri)))

    def discover(self, destination: Destination) -> Connected:
        return _connected(destination.base_url, destination.credentials)

    def refresh(self, destination: Destination) -> Mapping[str, str]:
        known = destination.credentials
        try:
            return renewed(destination.base_url, known, oauth.refresh_form(known))
        except (Rejected, Unauthorized) as error:
            raise Unauthorized(error.message, error.evidence) from None

    def prepare(self, destination: Destination, content: Content, ticket: Ticket, now: datetime) -> Ticket:
        shared.refuse(self.check(content, destination.limits))
        with api(destination) as http:
            files = [self._upload(http, media) for media in content.media]
        end = min((now + file.lives - MARGIN for file in files), default=None)
        return replace(ticket, handles={"media_ids": [file.id for file in files]}, expires_at=end)

    def publish(self, destination: Destination, content: Content, ticket: Ticket) -> Receipt:
        shared.refuse(self.check(content, destination.limits))
        ids = ticket.handles.get("media_ids", ())
        if len(ids) != len(content.media):
            raise not_prepared()
        try:
            with api(destination) as http:
                return http.publish("/2/tweets", partial(_made, destination), json=self._body(content, ids))
        except Rejected as error:
            if is_duplicate(error) and self._may_be_ours(destination, content, ticket):
                raise Unconfirmed(error.message, error.evidence) from None
            raise

    def find(
        self, destination: Destination, content: Content, ticket: Ticket, since: datetime
    ) -> Receipt | None:
        with api(destination) as http:
            listed = x_posts.made_since(http, destination.remote_id, since - CLOCK_SKEW)
        maybe = [post for post in listed if post["id"] not in ticket.others]
        said = declarations.text(content, self.carries)
        found = x_posts.likest(maybe, said, len(content.media))
        return _receipt(destination, found) if found else None

    def edit(self, destination: Destination, remote_id: str, content: Content) -> Receipt:
        """Within half an hour and five times at most (X docs, fundamentals/edit-posts); the id changes."""
        if destination.traits.get("subscription") not in PAYING:
            raise Rejected(NO_EDIT, Evidence(code="premium_only"))
        shared.refuse(self.check(content, destination.limits))
        with api(destination) as http:
            ids = [self._upload(http, media).id for media in content.media]
            body = {**self._body(content, ids), "edit_options": {"previous_post_id": remote_id}}
            return http.publish("/2/tweets", partial(_made, destination), json=body)

    def delete(self, destination: Destination, remote_id: str) -> None:
        try:
            with api(destination) as http:
                http.delete(f"/2/tweets/{remote_id}", lambda reply: bool(reply.body["data"]["deleted"]))
        except Rejected as error:
            if error.evidence.http_status != 404:
                raise

    def comments(self, destination: Destination, remote_id: str) -> Sequence[Comment]:
        """Those of the last seven days (X docs, posts/search)."""
        asked = {
            "query": f"conversation_id:{remote_id}", "max_results": "100", "expansions": "author_id",
            "tweet.fields": "created_at,conversation_id,referenced_tweets",
        }  # fmt: skip
        with api(destination) as http:
            return http.get("/2/tweets/search/recent", x_posts.comments, params=asked)

    def answer(self, destination: Destination, remote_id: str, comment_id: str, text: str) -> str:
        """X takes an app's reply only to somebody who mentioned the account; ``Rejected`` says so otherwise."""
        return self.follow(destination, comment_id or remote_id, text, "").remote_id

    def follow(self, destination: Destination, remote_id: str, text: str, key: str) -> Receipt:
        body = {"text": text, "reply": {"in_reply_to_tweet_id": remote_id}}
        with api(destination) as http:
            return http.publish("/2/tweets", partial(_made, destination), json=body)

    def measure(self, destination: Destination, remote_ids: Sequence[str]) -> Mapping[str, Metrics]:
        asked = {"ids": ",".join(remote_ids), "tweet.fields": x_posts.fields(remote_ids, present.now())}
        with api(destination) as http:
            told, is_spoilt = http.get("/2/tweets", x_posts.numbers, params=asked)
            if is_spoilt:
                asked["tweet.fields"] = "public_metrics"
                told, _ = http.get("/2/tweets", x_posts.numbers, params=asked)
        return told

    def audience(self, destination: Destination) -> Audience:
        with api(destination) as http:
            return http.get("/2/users/me", x_posts.audience, params={"user.fields": "public_metrics"})

    def _body(self, content: Content, ids: Sequence[str]) -> dict[str, Any]:
        body = {
            "text": declarations.text(content, self.carries),
            "media": {"media_ids": list(ids)} if ids else None,
            "reply_settings": content.options.get("reply_settings"),
            "made_with_ai": "ai" in content.declares,
            "paid_partnership": "ad" in content.declares,
        }
        return {name: value for name, value in body.items() if value}

    def _may_be_ours(self, destination: Destination, content: Content, ticket: Ticket) -> bool:
        """Whether what was refused as said before may be this very post, whose answer was lost earlier."""
        try:
            return self.find(destination, content, ticket, ticket.at) is not None
        except PublisherError:
            return True


def _connected(base_url: str, credentials: Mapping[str, str]) -> Connected:
    known = Destination(base_url, "", "", FREE, credentials)
    asked = {"user.fields": "profile_image_url,subscription_type"}
    with api(known) as http:
        person = http.get("/2/users/me", lambda reply: dict(reply.body["data"]), params=asked)
    subscription = str(person.get("subscription_type") or "None")
    return Connected(
        base_url=base_url,
        remote_id=str(person["id"]),
        handle=f"@{person['username']}",
        name=str(person["name"]),
        avatar_url=str(person.get("profile_image_url", "")),
        profile_url=f"{HOSTS.at(base_url, 'web')}/{person['username']}",
        limits=PAID if subscription in PAYING else FREE,
        credentials=dict(credentials),
        traits={"subscription": subscription},
    )


def _made(destination: Destination, reply: Reply) -> Receipt:
    return _receipt(destination, str(reply.body["data"]["id"]))


def _receipt(destination: Destination, id: str) -> Receipt:
    web, username = HOSTS.at(destination.base_url, "web"), destination.handle.lstrip("@")
    return Receipt(id, f"{web}/{username}/status/{id}")
