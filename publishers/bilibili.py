"""A Bilibili (哔哩哔哩) account: videos, each reviewed by Bilibili before it is seen (openhome.bilibili.com).

A video has a title, tags and a zone beside its text; a picture among the files is its cover.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from publishers import bilibili_archives as archives
from publishers import bilibili_video as about
from publishers import limits as shared
from publishers import oauth
from publishers.base import Authorization, Publisher
from publishers.bilibili_api import ARCHIVE, HOME, HOSTS, Api, api, data, nothing, tokens
from publishers.errors import Evidence, PublisherError, Rejected, Stale, Temporary, Unconfirmed, not_prepared
from publishers.http import Reply
from publishers.matching import Likeness
from publishers.values import (
    Accepted,
    Audience,
    Connected,
    Content,
    Destination,
    Limits,
    Metrics,
    Pace,
    Preview,
    Problem,
    Receipt,
    Ticket,
)
from publishers.words import Words

UPLOADS_LIVE = timedelta(hours=6)  # nothing is promised of them
CLOCK_SKEW = timedelta(minutes=2)
NO_SUCH = ("-404", "10003")  # what is said of a video that is gone


class Bilibili(Publisher):
    """One account, on behalf of which an app of the operator's submits videos."""

    name = "bilibili"
    label = Words("Bilibili", "嗶哩嗶哩", "哔哩哔哩")
    mark = "B"
    home = HOME
    uses_oauth = True
    app_fields = oauth.APP_FIELDS
    connect_fields = (oauth.server_field(HOME),)
    options = about.OPTIONS
    carries = about.CARRIES
    metrics = frozenset({"views", "likes", "replies", "shares", "saves"})
    metrics_batch = 20
    finds_alike = True
    prepare_lead = timedelta(minutes=20)
    visibility_lag = timedelta(minutes=2)
    default_limits = about.LIMITS
    pace = Pace(timedelta(seconds=30))

    def check(self, content: Content, limits: Limits) -> list[Problem]:
        found = shared.problems(content, limits, about.text(content))
        return [*found, *shared.option_problems(self.options, content), *about.problems(content)]

    def preview(self, content: Content, limits: Limits) -> Preview:
        return shared.preview(content, limits, about.text(content))

    def authorize(
        self, fields: Mapping[str, str], redirect_uri: str, state: str, app: Mapping[str, str] | None
    ) -> Authorization:
        base_url, known = self.server_of(fields), oauth.app_of(fields, app)
        endpoint = f"{HOSTS.at(base_url, 'account')}/pc/account-pc/auth/oauth"
        # Bilibili has a name of its own for the address to come back to; what it may do was granted to the app.
        asked = {"redirect_uri": redirect_uri, "gourl": redirect_uri, "scope": "", "state": state}
        return oauth.start(base_url, endpoint, known, pkce=False, **asked)

    def exchange(self, memory: Mapping[str, str], code: str, redirect_uri: str) -> Connected:
        form = oauth.token_form(memory, code, redirect_uri)
        base_url = memory["base_url"]
        return _connected(base_url, tokens(base_url, "token", form, memory))

    def discover(self, destination: Destination) -> Connected:
        return _connected(destination.base_url, destination.credentials)

    def refresh(self, destination: Destination) -> Mapping[str, str]:
        known = destination.credentials
        return tokens(destination.base_url, "refresh_token", oauth.refresh_form(known), known)

    def prepare(self, destination: Destination, content: Content, ticket: Ticket, now: datetime) -> Ticket:
        shared.refuse(self.check(content, destination.limits))
        calls = api(destination)
        covers = [calls.upload_cover(media) for media in content.media if media.kind == "image"]
        video = next(media for media in content.media if media.kind == "video")
        handles = {"upload_token": calls.upload_video(video), "cover": "".join(covers)}
        return replace(ticket, handles=handles, expires_at=now + UPLOADS_LIVE)

    def publish(self, destination: Destination, content: Content, ticket: Ticket) -> Accepted:
        shared.refuse(self.check(content, destination.limits))
        if "upload_token" not in ticket.handles:
            raise not_prepared()
        said = about.said(content, ticket.handles.get("cover", ""))
        path, token = f"{ARCHIVE}/add-by-utoken", ticket.handles["upload_token"]
        try:
            resource_id = api(destination).publish(path, _resource_id, said, upload_token=token)
        except Stale as error:
            raise _used_up(destination, content, ticket, error) from None
        return Accepted({"resource_id": resource_id})

    def confirm(self, destination: Destination, handle: Mapping[str, object]) -> Receipt | Accepted:
        archive = archives.view(api(destination), str(handle["resource_id"]))
        return archive.receipt(HOSTS.at(destination.base_url, "www")) or Accepted(handle)

    def find(
        self, destination: Destination, content: Content, ticket: Ticket, since: datetime
    ) -> Receipt | None:
        archive = _same_archive(destination, content, ticket, since)
        if archive is None:
            return None
        receipt = archive.receipt(HOSTS.at(destination.base_url, "www"))
        if receipt is None:
            raise Temporary(archives.REVIEWING, Evidence(code="in_review"))
        return receipt

    def delete(self, destination: Destination, remote_id: str) -> None:
        with _unless_gone():
            api(destination).post(f"{ARCHIVE}/delete", nothing, {"resource_id": remote_id})

    def edit(self, destination: Destination, remote_id: str, content: Content) -> Receipt:
        """Bilibili reviews it anew; until then people see what it was."""
        shared.refuse(self.check(content, destination.limits))
        calls = api(destination)
        before = archives.view(calls, remote_id)
        said: dict[str, Any] = {"resource_id": remote_id, "cover": str(before.raw.get("cover") or "")}
        said |= about.changeable(content)
        calls.publish(f"{ARCHIVE}/edit", nothing, said)
        web = HOSTS.at(destination.base_url, "www")
        return Receipt(remote_id, f"{web}/video/{remote_id}")

    def measure(self, destination: Destination, remote_ids: Sequence[str]) -> Mapping[str, Metrics]:
        calls, found = api(destination), dict[str, Metrics]()
        for remote_id in remote_ids:
            with _unless_gone():
                found[remote_id] = calls.get("/arcopen/fn/data/arc/stat", _numbers, resource_id=remote_id)
        return found

    def audience(self, destination: Destination) -> Audience:
        told = api(destination).get("/arcopen/fn/data/user/stat", data)
        return Audience(told.get("follower"), told.get("following"), told.get("arc_passed_total"))


def _connected(base_url: str, credentials: Mapping[str, str]) -> Connected:
    person = Api(base_url, credentials).get("/arcopen/fn/user/account/info", data)
    return Connected(
        base_url=base_url,
        remote_id=str(person["openid"]),
        handle=str(person["name"]),
        name=str(person["name"]),
        avatar_url=str(person.get("face") or ""),
        profile_url="",
        limits=about.LIMITS,
        credentials=dict(credentials),
    )


@contextmanager
def _unless_gone() -> Iterator[None]:
    """Of a video that is gone already nothing is wanted."""
    try:
        yield
    except Rejected as error:
        if error.evidence.code not in NO_SUCH:
            raise


def _resource_id(reply: Reply) -> str:
    return str(data(reply)["resource_id"])


def _numbers(reply: Reply) -> Metrics:
    told = data(reply)
    return Metrics(
        views=told.get("view"),
        likes=told.get("like"),
        replies=told.get("reply"),
        shares=told.get("share"),
        saves=told.get("favorite"),
    )


def _used_up(destination: Destination, content: Content, ticket: Ticket, error: Stale) -> PublisherError:
    """Where an upload is refused, a video may be made of it already, which is to be looked for. ``error`` itself where
    there surely is none."""
    try:
        archive = _same_archive(destination, content, ticket, ticket.at)
    except PublisherError as trouble:
        return Unconfirmed(trouble.message, trouble.evidence)
    return error if archive is None else Unconfirmed(error.message, error.evidence)


def _same_archive(
    destination: Destination, content: Content, ticket: Ticket, since: datetime
) -> archives.Archive | None:
    """The video that is most alike, of those that are not known yet."""
    title, said = content.options["title"].strip(), about.text(content)
    alike = [
        (archive.likeness(title, said), archive)
        for archive in archives.made_since(api(destination), since - CLOCK_SKEW)
        if archive.resource_id not in ticket.others
    ]
    best, archive = max(alike, key=lambda pair: pair[0], default=(Likeness.OTHER, None))
    return archive if best > Likeness.OTHER else None
