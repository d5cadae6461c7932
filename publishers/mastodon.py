"""Mastodon and the servers that speak its API (Mastodon docs, methods/statuses, media and oauth)."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from publishers import declarations, fediverse, oauth, text
from publishers import limits as shared
from publishers import mastodon_entities as entities
from publishers import mastodon_statuses as statuses
from publishers import mastodon_talk as talk
from publishers.base import Authorization, Field, Option, Publisher
from publishers.errors import Evidence, Rejected, Stale, Temporary, Unauthorized, not_prepared
from publishers.follows import THREAD
from publishers.http import UPLOAD_TIMEOUT, Dialect, Http, Rule, address, opened
from publishers.values import (
    UNPACED,
    Audience,
    Comment,
    Connected,
    Content,
    Destination,
    Limits,
    Media,
    Metrics,
    Pace,
    Preview,
    Problem,
    Receipt,
    Ticket,
)

MEDIA_LIVES = timedelta(hours=23)  # unattached media are removed after a day: Mastodon source, media vacuum
CLOCK_SKEW = timedelta(minutes=2)
VISIBILITIES = ("public", "unlisted", "private")


def _explain(body: Mapping[str, Any]) -> tuple[str, str]:
    return str(body["error"]), str(body.get("error_description") or body["error"])


def _reset(headers: Mapping[str, str], _body: object) -> datetime:
    """ISO 8601, not an epoch (Mastodon docs, api/rate-limits)."""
    return datetime.fromisoformat(headers["x-ratelimit-reset"]).astimezone(UTC)


DIALECT = Dialect(
    explain=_explain,
    reset=_reset,
    rules=(
        Rule(Unauthorized, 401),
        Rule(Unauthorized, 400, code="invalid_grant"),
        Rule(Rejected, 403, text="empty statuses"),
        Rule(Unauthorized, 403),
        Rule(Temporary, 408),
        Rule(Temporary, 422, text="have not finished processing"),
        Rule(Stale, 422, text="not found or already attached"),
    ),
)


class Mastodon(Publisher):
    """One account on one server; ``patience`` bounds the wait for an upload, polled every ``pause``."""

    name = "mastodon"
    label = "Mastodon"
    uses_oauth = True
    follows = "thread"
    connect_fields = (Field("server", "text", "Server", "mastodon.social"),)
    options = (
        Option(
            "visibility", "Visibility", tuple((each, each.capitalize()) for each in VISIBILITIES), "public"
        ),
        Option("spoiler_text", "Content warning"),
        THREAD,
    )
    metrics = frozenset({"likes", "reposts", "replies", "quotes"})
    metrics_batch = 20
    key_lives = timedelta(hours=1)  # after success: Mastodon source, PostStatusService
    finds_alike = True
    default_limits = fediverse.DEFAULT_LIMITS

    def __init__(
        self, patience: timedelta = timedelta(seconds=60), pause: timedelta = timedelta(seconds=1)
    ) -> None:
        self._patience, self._pause = patience, pause

    def pace_of(self, traits: Mapping[str, str]) -> Pace:
        return UNPACED if traits.get("pace") == "none" else fediverse.software_of(traits).pace

    def honours_key(self, destination: Destination) -> bool:
        return fediverse.software_of(destination.traits).idempotency in ("replay-original", "replay-response")

    def check(self, content: Content, limits: Limits) -> list[Problem]:
        body = _body(content, ())
        found = shared.problems(content, limits, _counted(body))
        if body["visibility"] not in VISIBILITIES:
            unknown = {"name": "visibility", "value": body["visibility"]}
            found.append(Problem("option_unknown", "error", unknown))
        return found

    def preview(self, content: Content, limits: Limits) -> Preview:
        body = _body(content, ())
        length = text.count(_counted(body), limits.counter, limits.url_cost)
        return Preview(text.spans(body["status"]), length, limits.max_text, content.media)

    def server_of(self, fields: Mapping[str, str]) -> str:
        typed = fields.get("server", "")
        return address(
            typed if "://" in typed else typed.rpartition("@")[2]
        )  # a full handle names its server

    def authorize(
        self, fields: Mapping[str, str], redirect_uri: str, state: str, app: Mapping[str, str] | None
    ) -> Authorization:
        base_url = self.server_of(fields)
        with Http(base_url, DIALECT) as http:
            scope = fediverse.software_of(fediverse.traits(http)).scopes
            if app is None or app.get("redirect_uri", redirect_uri) != redirect_uri:
                app = _register(http, redirect_uri, scope)
        endpoint = f"{base_url}/oauth/authorize"
        return oauth.start(base_url, endpoint, app, redirect_uri=redirect_uri, scope=scope, state=state)

    def exchange(self, memory: Mapping[str, str], code: str, redirect_uri: str) -> Connected:
        secrets = (code, memory["client_secret"], memory["verifier"])
        with Http(memory["base_url"], DIALECT, secrets=secrets) as http:
            form = oauth.token_form(memory, code, redirect_uri)
            token = http.post("/oauth/token", lambda reply: str(reply.body["access_token"]), data=form)
        return _connected(memory["base_url"], {"access_token": token})

    def discover(self, destination: Destination) -> Connected:
        return _connected(destination.base_url, destination.credentials)

    def prepare(self, destination: Destination, content: Content, ticket: Ticket, now: datetime) -> Ticket:
        shared.refuse(self.check(content, destination.limits))
        with _connection(destination.base_url, destination.credentials) as http:
            ids = [self._upload(http, media) for media in content.media]
        return replace(ticket, handles={"media_ids": ids}, expires_at=now + MEDIA_LIVES if ids else None)

    def publish(self, destination: Destination, content: Content, ticket: Ticket) -> Receipt:
        shared.refuse(self.check(content, destination.limits))
        ids = ticket.handles.get("media_ids", ())
        if len(ids) != len(content.media):
            raise not_prepared()
        with _connection(destination.base_url, destination.credentials) as http:
            return self._said(http, destination, _body(content, ids), ticket.key)

    def find(
        self, destination: Destination, content: Content, ticket: Ticket, since: datetime
    ) -> Receipt | None:
        with _connection(destination.base_url, destination.credentials) as http:
            listed = statuses.made_since(http, destination.remote_id, since - CLOCK_SKEW)
            maybe = (
                status
                for status in listed
                if status.media_count == len(content.media) and status.remote_id not in ticket.others
            )
            return statuses.likest(http, maybe, declarations.text(content))

    def delete(self, destination: Destination, remote_id: str) -> None:
        with _connection(destination.base_url, destination.credentials) as http:
            talk.delete(http, remote_id)

    def edit(self, destination: Destination, remote_id: str, content: Content) -> Receipt:
        shared.refuse(self.check(content, destination.limits))
        with _connection(destination.base_url, destination.credentials) as http:
            return talk.edit(http, remote_id, content, _body(content, ()))

    def comments(self, destination: Destination, remote_id: str) -> Sequence[Comment]:
        with _connection(destination.base_url, destination.credentials) as http:
            return talk.comments(http, remote_id)

    def answer(self, destination: Destination, remote_id: str, comment_id: str, text: str) -> str:
        with _connection(destination.base_url, destination.credentials) as http:
            body = talk.reply_to(http, comment_id, text, destination.remote_id)
            return self._said(http, destination, body, talk.key_of(comment_id, text)).remote_id

    def follow(self, destination: Destination, remote_id: str, text: str, key: str) -> Receipt:
        with _connection(destination.base_url, destination.credentials) as http:
            return self._said(http, destination, talk.continuing(http, remote_id, text), key)

    def measure(self, destination: Destination, remote_ids: Sequence[str]) -> Mapping[str, Metrics]:
        with _connection(destination.base_url, destination.credentials) as http:
            if fediverse.software_of(destination.traits).batch:
                wanted = [("id[]", remote_id) for remote_id in remote_ids]
                batch = http.get_or_none("/api/v1/statuses", entities.each(entities.numbers), params=wanted)
                if batch is not None:
                    return dict(batch)
            return dict(statuses.one_by_one(http, remote_ids))

    def audience(self, destination: Destination) -> Audience:
        with _connection(destination.base_url, destination.credentials) as http:
            return http.get("/api/v1/accounts/verify_credentials", entities.audience)

    def _said(self, http: Http, destination: Destination, body: Mapping[str, Any], key: str) -> Receipt:
        # Pixelfed burns a key before it makes the post: a refused try would bar the next with the same key.
        headers = {"Idempotency-Key": key} if self.honours_key(destination) else {}
        receipt = http.publish("/api/v1/statuses", entities.receipt_of, json=body, headers=headers)
        is_mastodon = fediverse.software_of(destination.traits) is fediverse.MASTODON
        return statuses.kept(http, receipt, is_mastodon=is_mastodon)

    def _upload(self, http: Http, media: Media) -> str:
        with opened(media) as stream:
            remote_id, ready = http.post(
                "/api/v2/media",
                entities.media_state,
                files={"file": (media.path.name, stream, media.mime)},
                data={"description": media.alt},
                timeout=UPLOAD_TIMEOUT,
            )
        give_up = time.monotonic() + self._patience.total_seconds()
        while not ready:
            if time.monotonic() > give_up:
                raise Temporary(
                    "The server is still processing the media.", Evidence(code="media_processing")
                )
            time.sleep(self._pause.total_seconds())
            remote_id, ready = http.get(f"/api/v1/media/{remote_id}", entities.media_state)
        return remote_id


def _connection(base_url: str, credentials: Mapping[str, str]) -> Http:
    return Http(base_url, DIALECT, token=credentials.get("access_token", ""))


def _register(http: Http, redirect_uri: str, scope: str) -> dict[str, str]:
    form = {"client_name": "Almanac", "redirect_uris": redirect_uri, "scopes": scope}
    wanted = ("client_id", "client_secret")
    app = http.post("/api/v1/apps", lambda reply: {key: str(reply.body[key]) for key in wanted}, data=form)
    return {**app, "redirect_uri": redirect_uri}


def _connected(base_url: str, credentials: Mapping[str, str]) -> Connected:
    with _connection(base_url, credentials) as http:
        account = http.get("/api/v1/accounts/verify_credentials", entities.account)
        limits, traits = fediverse.limits_and_traits(http)
    return Connected(
        base_url=base_url,
        remote_id=account["remote_id"],
        handle=f"{account['handle']}@{urlsplit(base_url).netloc}",
        name=account["name"],
        avatar_url=account["avatar_url"],
        profile_url=account["profile_url"],
        limits=limits,
        credentials=dict(credentials),
        traits=traits,
    )


def _body(content: Content, media_ids: Sequence[str]) -> dict[str, Any]:
    body: dict[str, Any] = {
        "status": declarations.text(content),
        "visibility": content.options.get("visibility") or VISIBILITIES[0],
        "spoiler_text": content.options.get("spoiler_text", ""),
        "media_ids": list(media_ids),
        "language": content.language.partition("-")[0],
    }
    return {name: value for name, value in body.items() if value or name == "status"}


def _counted(body: Mapping[str, Any]) -> str:
    """Mastodon counts the warning and the text together (Mastodon source, StatusLengthValidator)."""
    return str(body.get("spoiler_text", "")) + str(body["status"])
