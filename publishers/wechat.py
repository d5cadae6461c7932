"""A WeChat official account (微信公众号; WeChat docs, developers.weixin.qq.com/doc/offiaccount and /doc/service).

A post is a draft first. The draft is published, which nobody is notified of and which takes it away; or broadcast to
the followers, under a key that WeChat remembers for a day; or left to a person, where the account may do neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from publishers import limits as shared
from publishers import present, wechat_article, wechat_callbacks, wechat_posts, wechat_sending
from publishers.base import Option, Publisher
from publishers.errors import Evidence, Rejected, Stale, Temporary, not_prepared
from publishers.http import address
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
    Metrics,
    Pace,
    Preview,
    Problem,
    Receipt,
    Ticket,
)
from publishers.wechat_api import Api, done, token
from publishers.wechat_crypto import key_of
from publishers.wechat_errors import GONE, NO_SUCH_MESSAGE, NOT_ALLOWED
from publishers.wechat_fields import (
    BROADCASTS,
    CONNECT,
    DRAFT,
    HOME,
    LIMITS,
    MASS,
    MOST_PICTURES,
    OPTIONS,
    PACE,
    PUBLISH,
    SUBSCRIPTION,
)
from publishers.wechat_posts import Post
from publishers.words import Words

BAD_KEY = Words(
    "An EncodingAESKey has 43 letters.", "EncodingAESKey 應為 43 個字元。", "EncodingAESKey 应为 43 位字符。"
)


class Wechat(Publisher):
    """One official account: a subscription account (订阅号) or a service account (服务号)."""

    name = "wechat"
    label = Words("WeChat Official Account", "微信公眾號", "微信公众号")
    mark = "公"
    home = HOME
    connect_fields = CONNECT
    options = OPTIONS
    hears = True
    metrics = frozenset({"views", "likes", "shares", "saves", "replies"})
    metrics_batch = 20
    visibility_lag = timedelta(minutes=5)
    key_lives = timedelta(hours=24)  # of a broadcast's clientmsgid
    finds_alike = True
    default_limits = LIMITS
    pace = PACE

    def pace_of(self, traits: Mapping[str, str]) -> Pace:
        usual = super().pace_of(traits)
        if usual is not PACE or traits.get("mode") != MASS:
            return usual
        return BROADCASTS[traits.get("account", SUBSCRIPTION)]

    def options_of(self, traits: Mapping[str, str]) -> tuple[Option, ...]:
        is_broadcast = traits.get("mode") == MASS
        return tuple(option for option in self.options if is_broadcast or option.name != "tag")

    def materials(self, content: Content) -> tuple[str, ...]:
        options = (f"{name}={value}" for name, value in sorted(content.options.items()))
        return (
            *super().materials(content),
            *options,
            *sorted(content.declares),
            content.language,
            content.text,
        )

    def honours_key(self, destination: Destination) -> bool:
        return _mode(destination) == MASS

    def repeats_safely(
        self, destination: Destination, ticket: Ticket, first_sent_at: datetime, now: datetime
    ) -> bool:
        """Publishing takes its draft away, so the same one can't be published twice; another one can."""
        if _mode(destination) == PUBLISH:
            return self._is_the_draft_sent(ticket, first_sent_at)
        return super().repeats_safely(destination, ticket, first_sent_at, now)

    def check(self, content: Content, limits: Limits) -> list[Problem]:
        found = shared.problems(content, _limits_for(content, limits), wechat_article.words(content))
        return found + shared.option_problems(self.options, content) + wechat_article.problems(content)

    def preview(self, content: Content, limits: Limits) -> Preview:
        bounds = _limits_for(content, limits)
        shown = shared.preview(content, bounds, wechat_article.plain(content))
        return replace(shown, count=len(wechat_article.words(content)))

    def connect(self, fields: Mapping[str, str]) -> Connected:
        typed = {name: value.strip() for name, value in fields.items()}
        base_url = address(typed.get("server") or HOME)
        credentials = {
            name: typed[name] for name in ("app_id", "secret", "token", "aes_key") if typed.get(name)
        }
        _refuse_bad_key(credentials.get("aes_key", ""))
        app_id, secret = credentials.get("app_id", ""), credentials.get("secret", "")
        credentials["access_token"] = token(base_url, app_id, secret)
        traits = {
            "wanted": typed.get("mode") or PUBLISH,
            "account": typed.get("account") or SUBSCRIPTION,
            "name": typed.get("name") or app_id,
        }
        return self.discover(Destination(base_url, app_id, app_id, LIMITS, credentials, traits))

    def discover(self, destination: Destination) -> Connected:
        traits = dict(destination.traits)
        wanted = traits.get("wanted", PUBLISH)
        traits["mode"] = wanted if _may_publish(destination) else DRAFT
        return Connected(
            base_url=destination.base_url,
            remote_id=destination.remote_id,
            handle=traits.get("name", destination.handle),
            name=traits.get("name", destination.handle),
            avatar_url="",
            profile_url="",
            limits=LIMITS,
            credentials=dict(destination.credentials),
            traits=traits,
        )

    def refresh(self, destination: Destination) -> Mapping[str, str]:
        known = destination.credentials
        return {**known, "access_token": token(destination.base_url, known["app_id"], known["secret"])}

    def prepare(self, destination: Destination, content: Content, ticket: Ticket, now: datetime) -> Ticket:
        shared.refuse(self.check(content, destination.limits))
        handles = wechat_sending.stage(Api(destination), content, broadcast=_mode(destination) == MASS)
        return replace(ticket, handles={**handles, "made": now.isoformat()}, expires_at=None)

    def publish(self, destination: Destination, content: Content, ticket: Ticket) -> Receipt | Accepted:
        shared.refuse(self.check(content, destination.limits))
        mode, now = _mode(destination), present.now()
        if "media_id" not in ticket.handles and not (mode == MASS and "pictures" in ticket.handles):
            raise not_prepared()
        if mode == DRAFT:
            return wechat_sending.hand_over(content, ticket, now)
        if mode == MASS:
            return wechat_sending.broadcast(Api(destination), content, ticket, now)
        return self._published(Api(destination), content, ticket, now)

    def confirm(self, destination: Destination, handle: Mapping[str, object]) -> Receipt | Accepted:
        if "draft" in handle:
            return wechat_sending.hand_outcome(Api(destination, reading=True), handle, present.now())
        if "msg_id" in handle:
            return wechat_sending.mass_outcome(Api(destination), handle)
        return wechat_sending.outcome(Api(destination), handle)

    def find(
        self, destination: Destination, content: Content, ticket: Ticket, since: datetime
    ) -> Receipt | None:
        if _mode(destination) == MASS:
            self._refuse_what_is_forgotten(destination, ticket, since)
            return None
        api = Api(destination, reading=True)
        if self._is_the_draft_sent(ticket, since) and wechat_sending.is_draft(
            api, ticket.handles["media_id"]
        ):
            return None
        found = wechat_posts.look(api, content, since, ticket.others)
        if found is None:
            raise Temporary("The draft is gone, and no article shows yet.", Evidence(code="not_listed"))
        return found

    def delete(self, destination: Destination, remote_id: str) -> None:
        post, api = Post.named(remote_id), Api(destination, reading=True)
        try:
            if post.msg_id:
                api.ask("/cgi-bin/message/mass/delete", {"msg_id": int(post.msg_id), "article_idx": 0}, done)
            else:
                api.ask("/cgi-bin/freepublish/delete", {"article_id": post.article_id, "index": 0}, done)
        except Rejected as error:
            if error.evidence.code not in (GONE, NO_SUCH_MESSAGE):
                raise

    def comments(self, destination: Destination, remote_id: str) -> Sequence[Comment]:
        name = destination.traits.get("name", destination.handle)
        return wechat_posts.comments(Api(destination, reading=True), Post.named(remote_id), name)

    def answer(self, destination: Destination, remote_id: str, comment_id: str, text: str) -> str:
        said = {**Post.named(remote_id).talk, "user_comment_id": int(comment_id), "content": text}
        Api(destination, reading=True).commit("/cgi-bin/comment/reply/add", said, done)
        return wechat_posts.answer_of(comment_id)

    def hear(self, credentials: Mapping[str, str], knock: Knock) -> Heard:
        return wechat_callbacks.heard(credentials, knock)

    def measure(self, destination: Destination, remote_ids: Sequence[str]) -> Mapping[str, Metrics]:
        posts = [Post.named(remote_id) for remote_id in remote_ids]
        return wechat_posts.numbers(Api(destination, reading=True), posts)

    def audience(self, destination: Destination) -> Audience:
        api = Api(destination, reading=True)
        try:
            return Audience(followers=api.get("/cgi-bin/user/get", lambda reply: int(reply.body["total"])))
        except Rejected as error:
            if error.evidence.code != NOT_ALLOWED:
                raise
            return Audience()

    def _published(self, api: Api, content: Content, ticket: Ticket, now: datetime) -> Receipt | Accepted:
        """A draft that is gone may have been published by a person meanwhile: then that is the post."""
        try:
            return wechat_sending.submit(api, ticket, now)
        except Stale:
            found = wechat_posts.look(api, content, _made_at(ticket), ticket.others)
            if found is None:
                raise
            return found

    def _refuse_what_is_forgotten(self, destination: Destination, ticket: Ticket, since: datetime) -> None:
        """Only a repeat under the key tells what became of a broadcast: its answer names the message there is."""
        if not self.repeats_safely(destination, ticket, since, present.now()):
            raise Temporary("WeChat has forgotten the key of this broadcast.", Evidence(code="key_lapsed"))

    def _is_the_draft_sent(self, ticket: Ticket, first_sent_at: datetime) -> bool:
        """Whether the draft is the one of the first try: a later one is made long after a look, if at all."""
        return "media_id" in ticket.handles and _made_at(ticket) < first_sent_at + self.visibility_lag


def _mode(destination: Destination) -> str:
    return destination.traits.get("mode", PUBLISH)


def _made_at(ticket: Ticket) -> datetime:
    made = ticket.handles.get("made")
    return datetime.fromisoformat(made) if made else datetime.max.replace(tzinfo=UTC)


def _limits_for(content: Content, limits: Limits) -> Limits:
    """What counts for this kind of post: a picture post says less, and shows fewer files."""
    if not wechat_article.is_pictures(content):
        return replace(limits, max_caption=None)
    image = replace(limits.image, max_count=min(limits.image.max_count, MOST_PICTURES))
    return replace(limits, max_text=limits.max_caption or limits.max_text, max_caption=None, image=image)


def _may_publish(destination: Destination) -> bool:
    """Whether the account may publish by API: those that are not verified may only make drafts."""
    asked = {"offset": 0, "count": 1, "no_content": 1}
    try:
        Api(destination, reading=True).ask("/cgi-bin/freepublish/batchget", asked, done)
    except Rejected as error:
        if error.evidence.code != NOT_ALLOWED:
            raise
        return False
    return True


def _refuse_bad_key(aes_key: str) -> None:
    try:
        if aes_key:
            key_of(aes_key)
    except ValueError:
        raise Rejected(BAD_KEY, Evidence(code="bad_aes_key")) from None
