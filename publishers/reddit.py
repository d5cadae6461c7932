"""Reddit: posts of one account in any subreddit (Reddit docs, dev/api).

Pictures and videos are shown a while after they were taken, and their address is told to listeners alone: we look it up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from publishers import limits as shared
from publishers import oauth, present
from publishers import reddit_api as api
from publishers import reddit_posts as posts
from publishers.base import Authorization, Publisher
from publishers.errors import Evidence, PublisherError, Rejected, Stale, Unconfirmed
from publishers.follows import COMMENT
from publishers.http import Http, Reply
from publishers.values import (
    Accepted,
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
    Receipt,
    Ticket,
)

CLOCK_SKEW = timedelta(minutes=2)
SHOWN_AFTER, REVIEWED_AFTER = timedelta(seconds=10), timedelta(minutes=5)
WAITS = ("automod_filtered", "reddit")  # kept back until a moderator looks at it
LIMITS = Limits(
    max_text=40_000,
    max_comment=10_000,
    counter="codepoints",
    mixes_kinds=True,
    max_files=20,
    image=MediaLimits(("image/jpeg", "image/png", "image/gif"), 20, max_bytes=20 * 2**20),
    video=MediaLimits(("video/mp4", "video/quicktime"), 1, max_bytes=2**30, max_seconds=900),
)


class Reddit(Publisher):
    """One account."""

    name = "reddit"
    label = "Reddit"
    mark = "R"
    home = api.HOME
    uses_oauth = True
    connect_fields = (oauth.server_field(api.HOME),)
    app_fields = oauth.APP_FIELDS
    follows = "comment"
    options = (*posts.OPTIONS, COMMENT)
    metrics = frozenset({"likes", "replies", "reposts", "views"})
    metrics_batch = 100
    finds_alike = True
    visibility_lag = timedelta(minutes=1)
    default_limits = LIMITS
    pace = Pace(timedelta(seconds=2))

    def check(self, content: Content, limits: Limits) -> list[Problem]:
        found = shared.problems(content, limits, posts.text(content))
        if posts.kind(content) == "link":
            found = [problem for problem in found if problem.code != "text_required"]
        return [*found, *shared.option_problems(self.options, content), *posts.problems(content)]

    def preview(self, content: Content, limits: Limits) -> Preview:
        return shared.preview(content, limits, posts.text(content))

    def authorize(
        self, fields: Mapping[str, str], redirect_uri: str, state: str, app: Mapping[str, str] | None
    ) -> Authorization:
        base_url = self.server_of(fields)
        return oauth.start(
            base_url,
            f"{api.HOSTS.at(base_url, 'web')}/api/v1/authorize",
            oauth.app_of(fields, app),
            redirect_uri=redirect_uri,
            scope=api.SCOPE,
            state=state,
            pkce=False,
            duration="permanent",  # else there is no refresh token
        )

    def exchange(self, memory: Mapping[str, str], code: str, redirect_uri: str) -> Connected:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        return _connected(memory["base_url"], api.tokens(memory["base_url"], form, memory))

    def discover(self, destination: Destination) -> Connected:
        return _connected(destination.base_url, destination.credentials)

    def refresh(self, destination: Destination) -> Mapping[str, str]:
        known = destination.credentials
        return api.tokens(destination.base_url, oauth.refresh_form(known), known)

    def prepare(self, destination: Destination, content: Content, ticket: Ticket, now: datetime) -> Ticket:
        shared.refuse(self.check(content, destination.limits))
        with api.connection(destination) as http:
            files = [api.upload(http, destination.base_url, media) for media in content.media]
        return replace(ticket, handles={"files": files}, expires_at=None)

    def publish(self, destination: Destination, content: Content, ticket: Ticket) -> Receipt | Accepted:
        shared.refuse(self.check(content, destination.limits))
        files = ticket.handles.get("files", [])
        if len(files) != len(content.media):
            raise Stale("The files are not uploaded yet.", Evidence(code="not_prepared"))
        began = present.now()
        try:
            with api.connection(destination) as http:
                remote_id, path = _submit(http, content, files)
                if remote_id:
                    return _kept(http, destination, remote_id, path)
        except Rejected as error:
            if error.evidence.code != "ALREADY_SUB":
                raise
            raise self._doubt(destination, content, ticket, error) from None
        handle = {**posts.wanted(content).as_dict(), "since": began.isoformat()}
        return Accepted(handle, began + SHOWN_AFTER)

    def confirm(self, destination: Destination, handle: Mapping[str, object]) -> Receipt | Accepted:
        with api.connection(destination) as http:
            found = _again(http, destination, handle)
        if found is None:
            return Accepted(handle, present.now() + SHOWN_AFTER)
        return _judged(destination, found)

    def find(
        self, destination: Destination, content: Content, ticket: Ticket, since: datetime
    ) -> Receipt | None:
        with api.connection(destination) as http:
            listed = posts.made_since(http, destination.handle, since - CLOCK_SKEW)
            others = (post for post in listed if post.remote_id not in ticket.others)
            found = posts.likest(others, posts.wanted(content))
        return _receipt(destination, found.remote_id, found.path) if found else None

    def edit(self, destination: Destination, remote_id: str, content: Content) -> Receipt:
        shared.refuse(self.check(content, destination.limits))
        said = {"api_type": "json", "thing_id": remote_id, "text": posts.text(content)}
        with api.connection(destination) as http:
            path = http.publish("/api/editusertext", _edited, data=said)
        return _receipt(destination, remote_id, path)

    def delete(self, destination: Destination, remote_id: str) -> None:
        with api.connection(destination) as http:
            http.post("/api/del", lambda reply: None, data={"id": remote_id})

    def comments(self, destination: Destination, remote_id: str) -> Sequence[Comment]:
        asked, web = {"sort": "new", "limit": "100", **api.RAW}, api.HOSTS.at(destination.base_url, "web")
        path = f"/comments/{remote_id.removeprefix('t3_')}"
        with api.connection(destination) as http:
            return http.get(path, lambda reply: posts.comments(reply, web), params=asked)

    def answer(self, destination: Destination, remote_id: str, comment_id: str, text: str) -> str:
        said = {"api_type": "json", "thing_id": comment_id, "text": text}
        with api.connection(destination) as http:
            return http.publish("/api/comment", _thing, data=said)

    def follow(self, destination: Destination, remote_id: str, text: str, key: str) -> Receipt:
        return Receipt(self.answer(destination, remote_id, remote_id, text), "")

    def measure(self, destination: Destination, remote_ids: Sequence[str]) -> Mapping[str, Metrics]:
        with api.connection(destination) as http:
            return http.get("/api/info", posts.numbers, params={"id": ",".join(remote_ids), **api.RAW})

    def audience(self, destination: Destination) -> Audience:
        with api.connection(destination) as http:
            return http.get("/api/v1/me", api.audience)

    def _doubt(
        self, destination: Destination, content: Content, ticket: Ticket, refused: Rejected
    ) -> PublisherError:
        """The link is there already: by an earlier try of ours whose answer was lost, or else by somebody."""
        try:
            found = self.find(destination, content, ticket, ticket.at)
        except PublisherError as error:
            return Unconfirmed(error.message, error.evidence)
        return Unconfirmed(refused.message, refused.evidence) if found else refused


def _submit(http: Http, content: Content, files: Sequence[Mapping[str, str]]) -> tuple[str, str]:
    if posts.kind(content) == "gallery":
        said = posts.gallery(content, files)
        return http.publish("/api/submit_gallery_post.json", posts.submitted, json=said)
    return http.publish("/api/submit", posts.submitted, data=posts.form(content, files))


def _kept(http: Http, destination: Destination, remote_id: str, path: str) -> Receipt | Accepted:
    """A filter may hold a post back silently; trouble in asking takes nothing from the receipt."""
    receipt = _receipt(destination, remote_id, path)
    try:
        [told] = http.get("/api/info", posts.listed, params={"id": remote_id, **api.RAW})
    except (PublisherError, ValueError):
        return receipt
    return _judged(destination, told) if told.removed in WAITS else receipt


def _judged(destination: Destination, post: posts.Posted) -> Receipt | Accepted:
    if not post.removed:
        return _receipt(destination, post.remote_id, post.path)
    if post.removed in WAITS:
        return Accepted({"remote_id": post.remote_id}, present.now() + REVIEWED_AFTER)
    message = f"r/{post.subreddit} does not show this post: {post.removed}."
    raise Rejected(message, Evidence(code=post.removed))


def _again(http: Http, destination: Destination, handle: Mapping[str, object]) -> posts.Posted | None:
    if "remote_id" in handle:
        asked = {"id": str(handle["remote_id"]), **api.RAW}
        return next(iter(http.get("/api/info", posts.listed, params=asked)), None)
    since = datetime.fromisoformat(str(handle["since"])) - CLOCK_SKEW
    return posts.likest(posts.made_since(http, destination.handle, since), posts.Wanted.from_dict(handle))


def _edited(reply: Reply) -> str:
    return str(reply.body["json"]["data"]["things"][0]["data"]["permalink"])


def _thing(reply: Reply) -> str:
    return str(reply.body["json"]["data"]["things"][0]["data"]["name"])


def _connected(base_url: str, credentials: Mapping[str, str]) -> Connected:
    with api.connection(Destination(base_url, "", "", LIMITS, credentials)) as http:
        account = http.get("/api/v1/me", api.account, params=dict(api.RAW))
    return Connected(
        base_url=base_url,
        remote_id=account["id"],
        handle=account["name"],
        name=account["title"],
        avatar_url=account["icon"],
        profile_url=f"{api.HOSTS.at(base_url, 'web')}/user/{account['name']}",
        limits=LIMITS,
        credentials=dict(credentials),
    )


def _receipt(destination: Destination, remote_id: str, path: str) -> Receipt:
    return Receipt(remote_id, f"{api.HOSTS.at(destination.base_url, 'web')}{path}")
