"""Bluesky: posts are records under a key that we choose, so a repeat can never make a second one.

Sources: the lexicons com.atproto.repo.* and app.bsky.*; for a repeated putRecord the reference server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from publishers import atproto, present, text
from publishers import bluesky_record as record
from publishers import bluesky_talk as talk
from publishers import limits as shared
from publishers.base import Field, Publisher
from publishers.errors import Evidence, PublisherError, Rejected, Unauthorized, Unconfirmed, not_prepared
from publishers.follows import THREAD
from publishers.http import UPLOAD_TIMEOUT, Http, Reply, address, opened
from publishers.values import (
    Audience,
    Comment,
    Connected,
    Content,
    Destination,
    Limits,
    Media,
    MediaLimits,
    Metrics,
    Pace,
    Preview,
    Problem,
    Quota,
    Receipt,
    Ticket,
)

# Points an account has, and what making a record costs (Bluesky docs, advanced-guides/rate-limits).
POINTS_AN_HOUR, POINTS_A_DAY, COST = 5000, 35_000, 3
BLOBS_LIVE = timedelta(minutes=50)  # the reference server drops unreferenced blobs after about an hour
IMAGES = ("image/jpeg", "image/png", "image/webp")


def limits_of(base_url: str) -> Limits:
    """What the servers of Bluesky accept, or the reference server's defaults for anybody else's."""
    own = atproto.hosted_by_bluesky(base_url)
    return Limits(
        max_text=300,
        counter="graphemes",
        max_text_bytes=3000,
        max_alt=2000,
        image=MediaLimits(IMAGES, 4, max_bytes=2_000_000 if own else 1_000_000),
        video=MediaLimits(("video/mp4",), 1, max_bytes=(50 if own else 5) * 2**20, max_seconds=180),
    )


class Bluesky(Publisher):
    """One account, wherever its personal data server (PDS) is."""

    name = "bluesky"
    label = "Bluesky"
    follows = "thread"
    connect_fields = (
        Field("service", "url", "Service", default="https://bsky.social"),
        Field("handle", "text", "Handle", "name.bsky.social"),
        Field("app_password", "password", "App password", "xxxx-xxxx-xxxx-xxxx"),
    )
    options = (THREAD,)
    metrics = frozenset({"likes", "reposts", "replies", "quotes", "saves"})
    metrics_batch = 25
    key_lives = timedelta.max  # the key is the record's own name
    visibility_lag = timedelta(
        seconds=5
    )  # getRecord reads what putRecord wrote: nothing is indexed in between
    default_limits = limits_of("https://bsky.social")
    pace = Pace(
        quotas=(
            Quota(POINTS_AN_HOUR // COST, timedelta(hours=1)),
            Quota(POINTS_A_DAY // COST, timedelta(days=1)),
        )
    )

    def new_key(self, now: datetime) -> str:
        return atproto.tid(now)

    def materials(self, content: Content) -> tuple[str, ...]:
        return (*super().materials(content), *(f"@{handle}" for handle in record.mentioned(content)))

    def check(self, content: Content, limits: Limits) -> list[Problem]:
        return shared.problems(content, limits, record.post(content, {})["text"])

    def preview(self, content: Content, limits: Limits) -> Preview:
        said = record.post(content, {})["text"]
        length = text.count(said, limits.counter, limits.url_cost)
        return Preview(record.runs(said), length, limits.max_text, content.media)

    def connect(self, fields: Mapping[str, str]) -> Connected:
        service = address(fields.get("service") or "https://bsky.social")
        password = fields.get("app_password", "").strip()
        login = {"identifier": fields.get("handle", "").strip().lstrip("@"), "password": password}
        with Http(service, atproto.DIALECT, secrets=(password,)) as http:
            session, credentials, limited = http.post(
                "/xrpc/com.atproto.server.createSession",
                lambda reply: (atproto.session(reply), atproto.tokens(reply), reply.is_limited),
                json=login,
            )
        return self._connected(session, session.pds or service, credentials, limited)

    def discover(self, destination: Destination) -> Connected:
        with atproto.connection(destination) as http:
            session, limited = http.get(
                "/xrpc/com.atproto.server.getSession",
                lambda reply: (atproto.session(reply), reply.is_limited),
            )
        return self._connected(session, destination.base_url, destination.credentials, limited)

    def refresh(self, destination: Destination) -> Mapping[str, str]:
        try:
            with atproto.connection(destination, "refresh") as http:
                return http.post("/xrpc/com.atproto.server.refreshSession", atproto.tokens)
        except Unauthorized as error:
            raise Unauthorized(error.message, error.evidence) from None

    def credentials_end(self, credentials: Mapping[str, str]) -> datetime | None:
        return atproto.token_end(credentials.get("refresh", ""))

    def prepare(self, destination: Destination, content: Content, ticket: Ticket, now: datetime) -> Ticket:
        shared.refuse(self.check(content, destination.limits))
        with atproto.connection(destination) as http:
            dids = {handle: atproto.resolve(http, handle) for handle in record.mentioned(content)}
            blobs = [_upload(http, media) for media in content.media]
        return replace(
            ticket, handles={"dids": dids, "blobs": blobs}, expires_at=now + BLOBS_LIVE if blobs else None
        )

    def publish(self, destination: Destination, content: Content, ticket: Ticket) -> Receipt:
        shared.refuse(self.check(content, destination.limits))
        if self.needs_prepare(content) and not _is_prepared(content, ticket):
            raise not_prepared()
        said = {**record.post(content, ticket.handles), "createdAt": atproto.timestamp(ticket.at)}
        with atproto.connection(destination) as http:
            return self._put(http, destination, said, ticket)

    def find(
        self, destination: Destination, content: Content, ticket: Ticket, since: datetime
    ) -> Receipt | None:
        wanted = {"repo": destination.remote_id, "collection": record.COLLECTION, "rkey": ticket.key}
        try:
            with atproto.connection(destination) as http:
                return _receipt(
                    destination, ticket, http.get("/xrpc/com.atproto.repo.getRecord", _created, params=wanted)
                )
        except Rejected as error:
            if error.evidence.code != "RecordNotFound":
                raise
            return None

    def delete(self, destination: Destination, remote_id: str) -> None:
        with atproto.connection(destination) as http:
            talk.delete(http, remote_id)

    def comments(self, destination: Destination, remote_id: str) -> Sequence[Comment]:
        with atproto.connection(destination) as http:
            return talk.comments(http, remote_id, _web(destination))

    def answer(self, destination: Destination, remote_id: str, comment_id: str, text: str) -> str:
        now = present.now()
        with atproto.connection(destination) as http:
            said = talk.reply_to(http, comment_id, text, now)
            return self._put(http, destination, said, Ticket(self.new_key(now), now)).remote_id

    def follow(self, destination: Destination, remote_id: str, text: str, key: str) -> Receipt:
        now = present.now()
        with atproto.connection(destination) as http:
            return self._put(http, destination, talk.continuing(http, remote_id, text, now), Ticket(key, now))

    def measure(self, destination: Destination, remote_ids: Sequence[str]) -> Mapping[str, Metrics]:
        with atproto.connection(destination) as http:
            return http.get("/xrpc/app.bsky.feed.getPosts", _numbers, params={"uris": list(remote_ids)})

    def audience(self, destination: Destination) -> Audience:
        with atproto.connection(destination) as http:
            return http.get(
                "/xrpc/app.bsky.actor.getProfile", _audience, params={"actor": destination.remote_id}
            )

    def _connected(
        self, session: atproto.Session, base_url: str, credentials: Mapping[str, str], limited: bool
    ) -> Connected:
        limits = limits_of(base_url)
        web = atproto.web_address(base_url)
        destination = Destination(base_url, session.did, session.handle, limits, credentials)
        profile = _profile(destination)
        return Connected(
            base_url=base_url,
            remote_id=session.did,
            handle=session.handle,
            name=profile.get("displayName") or session.handle,
            avatar_url=profile.get("avatar", ""),
            profile_url=f"{web}/profile/{session.handle}",
            limits=limits,
            credentials=dict(credentials),
            traits={"web": web} | ({} if limited else {"pace": "none"}),
        )

    def _put(self, http: Http, destination: Destination, said: Mapping[str, Any], ticket: Ticket) -> Receipt:
        put = {
            "repo": destination.remote_id,
            "collection": record.COLLECTION,
            "rkey": ticket.key,
            "record": said,
            "swapRecord": None,  # none may be there yet: an identical one is left alone, another is refused
        }
        try:
            created = http.publish("/xrpc/com.atproto.repo.putRecord", _created, json=put)
        except Rejected as error:
            if error.evidence.code != "InvalidSwap":
                raise
            return self._posted_before(destination, ticket)
        return _receipt(destination, ticket, created)

    def _posted_before(self, destination: Destination, ticket: Ticket) -> Receipt:
        """The key is ours alone, so a record under it is this post; only its address is still unknown."""
        try:
            found = self.find(destination, Content(""), ticket, ticket.at)
        except PublisherError as error:
            raise Unconfirmed(error.message, error.evidence) from None
        if found is None:
            raise Unconfirmed("The server had this post and now has not.", Evidence(code="InvalidSwap"))
        return found


def _upload(http: Http, media: Media) -> dict[str, Any]:
    with opened(media) as stream:
        return http.post(
            "/xrpc/com.atproto.repo.uploadBlob",
            lambda reply: dict(reply.body["blob"]),
            content=stream,
            headers={"Content-Type": media.mime},
            timeout=UPLOAD_TIMEOUT,
        )


def _is_prepared(content: Content, ticket: Ticket) -> bool:
    return "dids" in ticket.handles and len(ticket.handles["blobs"]) == len(content.media)


def _created(reply: Reply) -> dict[str, str]:
    return {"uri": str(reply.body["uri"]), "cid": str(reply.body["cid"])}


def _receipt(destination: Destination, ticket: Ticket, created: Mapping[str, str]) -> Receipt:
    address = f"{_web(destination)}/profile/{destination.handle}/post/{ticket.key}"
    return Receipt(created["uri"], address, created)


def _web(destination: Destination) -> str:
    return destination.traits.get("web") or atproto.web_address(destination.base_url)


def _numbers(reply: Reply) -> dict[str, Metrics]:
    return {
        str(post["uri"]): Metrics(
            likes=post.get("likeCount"),
            reposts=post.get("repostCount"),
            replies=post.get("replyCount"),
            quotes=post.get("quoteCount"),
            saves=post.get("bookmarkCount"),
        )
        for post in reply.body["posts"]
    }


def _audience(reply: Reply) -> Audience:
    body = reply.body
    return Audience(body.get("followersCount"), body.get("followsCount"), body.get("postsCount"))


def _profile(destination: Destination) -> dict[str, Any]:
    """The public profile; a new account that the network has not indexed yet has none."""
    with atproto.connection(destination) as http:
        try:
            asked = {"actor": destination.remote_id}
            return http.get("/xrpc/app.bsky.actor.getProfile", lambda reply: dict(reply.body), params=asked)
        except Rejected:
            return {}
