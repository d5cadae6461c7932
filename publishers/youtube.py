"""YouTube: a video is uploaded ahead as private, which nobody sees, and shown at its second (YouTube docs, v3/docs).

Showing it says what it shall be, so that a repeat changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from publishers import limits as shared
from publishers import oauth, present
from publishers import youtube_api as api
from publishers import youtube_upload as upload
from publishers import youtube_video as video
from publishers.base import Authorization, Publisher
from publishers.errors import Evidence, PublisherError, Rejected, Stale
from publishers.follows import COMMENT
from publishers.http import Dialect, Http
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
    Quota,
    Receipt,
    Ticket,
)
from publishers.words import Words

UNVERIFIED_SECONDS = 15 * 60  # for channels without a verified phone
LIMITS = Limits(
    max_text=5000,
    max_text_bytes=5000,
    max_comment=10_000,
    counter="codepoints",
    needs_media=True,
    mixes_kinds=True,
    image=MediaLimits(("image/jpeg", "image/png"), 1, max_bytes=2 * 2**20),
    video=MediaLimits(
        ("video/mp4", "video/quicktime", "video/webm", "video/x-msvideo", "video/mpeg", "video/3gpp"),
        1,
        max_bytes=256 * 2**30,
        max_seconds=12 * 3600,
    ),
)
NO_CHANNEL = Words(
    "This Google account has no YouTube channel.",
    "這個 Google 帳戶沒有 YouTube 頻道。",
    "这个 Google 帐号没有 YouTube 频道。",
)


class YouTube(Publisher):
    """One channel; ``patience`` bounds the wait for a video's processing, polled every ``pause``."""

    name = "youtube"
    label = "YouTube"
    mark = "YT"
    home = api.HOME
    uses_oauth = True
    connect_fields = (oauth.server_field(api.HOME),)
    app_fields = oauth.APP_FIELDS
    carries = video.CARRIED
    follows = "comment"
    options = (*video.OPTIONS, COMMENT)
    metrics = frozenset({"views", "likes", "replies"})
    metrics_batch = 50
    prepare_lead = timedelta(hours=2)  # what is shown before it is processed plays badly, or not at all
    key_lives = timedelta.max  # the visible call names one video and what it shall be
    default_limits = LIMITS
    # YouTube docs, determine_quota_cost: what one project may upload.
    pace = Pace(quotas=(Quota(100, "day", api.PACIFIC),))

    def __init__(
        self, patience: timedelta = timedelta(seconds=60), pause: timedelta = timedelta(seconds=5)
    ) -> None:
        self._patience, self._pause = patience, pause

    def materials(self, content: Content) -> tuple[str, ...]:
        """The files; title and description are said anew by the visible call."""
        files = super().materials(content)
        return (*files, f"notify {video.chosen(content, 'notify')}") if files else ()

    def check(self, content: Content, limits: Limits) -> list[Problem]:
        found = shared.problems(content, limits, video.description(content))
        return [*found, *shared.option_problems(self.options, content), *video.problems(content)]

    def preview(self, content: Content, limits: Limits) -> Preview:
        return shared.preview(
            content, limits, video.body(content, "public")["snippet"].get("description", "")
        )

    def authorize(
        self, fields: Mapping[str, str], redirect_uri: str, state: str, app: Mapping[str, str] | None
    ) -> Authorization:
        base_url = self.server_of(fields)
        endpoint = f"{api.HOSTS.at(base_url, 'login')}/o/oauth2/v2/auth"
        return oauth.start(
            base_url,
            endpoint,
            oauth.app_of(fields, app),
            redirect_uri=redirect_uri,
            scope=api.SCOPE,
            state=state,
            access_type="offline",  # without these two a second consent gives no refresh token
            prompt="consent",
        )

    def exchange(self, memory: Mapping[str, str], code: str, redirect_uri: str) -> Connected:
        form = oauth.token_form(memory, code, redirect_uri)
        return _connected(memory["base_url"], api.tokens(memory["base_url"], form, memory))

    def discover(self, destination: Destination) -> Connected:
        return _connected(destination.base_url, destination.credentials)

    def refresh(self, destination: Destination) -> Mapping[str, str]:
        known = destination.credentials
        return api.tokens(destination.base_url, oauth.refresh_form(known), known)

    def prepare(self, destination: Destination, content: Content, ticket: Ticket, now: datetime) -> Ticket:
        shared.refuse(self.check(content, destination.limits))
        film, thumbnail = video.video_of(content), video.thumbnail_of(content)
        assert film is not None
        notify = video.chosen(content, "notify") == "yes"
        with api.connection(destination) as http:
            video_id = upload.send(http, destination, video.body(content, "private"), film, notify=notify)
            with _taken_back_on_trouble(http, video_id):
                if thumbnail:
                    upload.set_thumbnail(http, video_id, thumbnail)
                self._await_processing(http, video_id)
        return replace(ticket, handles={"video_id": video_id}, expires_at=None)

    def publish(self, destination: Destination, content: Content, ticket: Ticket) -> Receipt | Accepted:
        shared.refuse(self.check(content, destination.limits))
        if not ticket.handles.get("video_id"):
            raise Stale("This video is not uploaded yet.", Evidence(code="not_prepared"))
        return _shown(destination, content, str(ticket.handles["video_id"]), api.PREPARED)

    def confirm(self, destination: Destination, handle: Mapping[str, object]) -> Receipt | Accepted:
        video_id, wanted = str(handle["video_id"]), str(handle["privacy"])
        with api.connection(destination) as http:
            status = api.status_of(http, video_id)
        if status is None:
            raise Rejected("This video was deleted.", Evidence(code="videoNotFound"))
        return _answer(destination, video_id, wanted, status)

    def find(
        self, destination: Destination, content: Content, ticket: Ticket, since: datetime
    ) -> Receipt | None:
        video_id, wanted = str(ticket.handles.get("video_id", "")), video.chosen(content, "visibility")
        with api.connection(destination) as http:
            status = api.status_of(http, video_id) if video_id else None
        if status is None or status["privacyStatus"] != wanted:
            return None
        video.judge(status, wanted)
        return Receipt(video_id, _address(destination, video_id))

    def delete(self, destination: Destination, remote_id: str) -> None:
        with api.connection(destination) as http:
            _delete(http, remote_id)

    def edit(self, destination: Destination, remote_id: str, content: Content) -> Receipt:
        shared.refuse(self.check(content, destination.limits))
        _shown(destination, content, remote_id, api.DIALECT)
        return Receipt(remote_id, _address(destination, remote_id))

    def comments(self, destination: Destination, remote_id: str) -> Sequence[Comment]:
        asked = {"part": "snippet,replies", "videoId": remote_id, "order": "time", "maxResults": "100"}
        try:
            with api.connection(destination) as http:
                return http.get(
                    f"{api.API}/commentThreads", api.comments, params=asked | {"textFormat": "plainText"}
                )
        except Rejected as error:
            if error.evidence.code == "commentsDisabled":
                return ()
            raise

    def answer(self, destination: Destination, remote_id: str, comment_id: str, text: str) -> str:
        # Below an answer one answers its thread: the part of its id before the dot.
        said = {"parentId": comment_id.partition(".")[0], "textOriginal": text}
        with api.connection(destination) as http:
            return api.said(http, "comments", said)

    def follow(self, destination: Destination, remote_id: str, text: str, key: str) -> Receipt:
        said = {"videoId": remote_id, "topLevelComment": {"snippet": {"textOriginal": text}}}
        with api.connection(destination) as http:
            made = api.said(http, "commentThreads", said)
        return Receipt(made, f"{_address(destination, remote_id)}&lc={made}")

    def measure(self, destination: Destination, remote_ids: Sequence[str]) -> Mapping[str, Metrics]:
        asked = {"part": "statistics", "id": ",".join(remote_ids), "maxResults": str(self.metrics_batch)}
        with api.connection(destination) as http:
            return http.get(f"{api.API}/videos", api.numbers, params=asked)

    def audience(self, destination: Destination) -> Audience:
        asked = {"part": "statistics", "mine": "true"}
        with api.connection(destination) as http:
            return http.get(f"{api.API}/channels", api.audience, params=asked)

    def _await_processing(self, http: Http, video_id: str) -> None:
        """Learn early of a film that YouTube can't play or won't have; a slow one goes on without us."""
        give_up = time.monotonic() + self._patience.total_seconds()
        while (status := api.status_of(http, video_id)) and not video.judge(status, "private"):
            if time.monotonic() > give_up:
                return
            time.sleep(self._pause.total_seconds())


def _connected(base_url: str, credentials: Mapping[str, str]) -> Connected:
    asked = {"part": "snippet,status", "mine": "true"}
    with api.connection(Destination(base_url, "", "", LIMITS, credentials)) as http:
        channel = http.get(f"{api.API}/channels", api.channel, params=asked)
    if channel is None:
        raise Rejected(NO_CHANNEL, Evidence(code="no_channel"))
    web = api.HOSTS.at(base_url, "web")
    return Connected(
        base_url=base_url,
        remote_id=channel["id"],
        handle=channel["handle"] or channel["id"],
        name=channel["name"],
        avatar_url=channel["avatar"],
        profile_url=f"{web}/{channel['handle'] or 'channel/' + channel['id']}",
        limits=_limits(channel["long_uploads"]),
        credentials=dict(credentials),
    )


def _limits(long_uploads: str) -> Limits:
    """Long videos are for channels whose owner verified a phone (YouTube docs, channels, longUploadsStatus)."""
    if long_uploads in ("", "allowed"):
        return LIMITS
    return replace(LIMITS, video=replace(LIMITS.video, max_seconds=UNVERIFIED_SECONDS))


@contextmanager
def _taken_back_on_trouble(http: Http, video_id: str) -> Iterator[None]:
    """A video that nobody saw and nobody will use is not left behind, as far as we can help it."""
    try:
        yield
    except PublisherError:
        with suppress(PublisherError):
            _delete(http, video_id)
        raise


def _delete(http: Http, video_id: str) -> None:
    try:
        http.delete(f"{api.API}/videos", lambda reply: None, params={"id": video_id})
    except Rejected as error:
        if error.evidence.http_status != 404:
            raise


def _shown(destination: Destination, content: Content, video_id: str, dialect: Dialect) -> Receipt | Accepted:
    wanted = video.chosen(content, "visibility")
    said = video.body(content, wanted)
    with api.connection(destination, dialect) as http:
        status = http.publish(
            f"{api.API}/videos",
            lambda reply: api.whole(reply.body["status"]),
            method="PUT",
            params={"part": ",".join(said)},
            json={"id": video_id, **said},
        )
    return _answer(destination, video_id, wanted, status)


def _answer(
    destination: Destination, video_id: str, wanted: str, status: Mapping[str, Any]
) -> Receipt | Accepted:
    if video.judge(status, wanted):
        return Receipt(video_id, _address(destination, video_id))
    handle = {"video_id": video_id, "privacy": wanted}
    return Accepted(handle, present.now() + timedelta(minutes=1))


def _address(destination: Destination, video_id: str) -> str:
    return f"{api.HOSTS.at(destination.base_url, 'web')}/watch?v={video_id}"
