"""Pinterest: pins on the boards of one account (Pinterest docs, api/v5)."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from publishers import limits as shared
from publishers import oauth, present
from publishers import pinterest_api as api
from publishers import pinterest_pins as pins
from publishers.base import Authorization, Field, Option, Publisher
from publishers.errors import Evidence, PublisherError, Rejected, Stale, Temporary
from publishers.http import Http, Reply
from publishers.values import (
    Audience,
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

CLOCK_SKEW = timedelta(minutes=2)
LIMITS = Limits(
    max_text=800,
    max_alt=500,
    counter="codepoints",
    needs_media=True,
    mixes_kinds=True,
    max_files=5,
    image=MediaLimits(("image/jpeg", "image/png"), 5, max_bytes=20 * 2**20),
    video=MediaLimits(
        ("video/mp4", "video/quicktime", "video/x-m4v"),
        1,
        max_bytes=2 * 2**30,
        min_seconds=4,
        max_seconds=900,
    ),
)
TRIAL = Pace(quotas=(Quota(300, timedelta(days=1)),))
ACCESS = Field(
    "access",
    "choice",
    Words("Access of the app", "應用程式的存取等級", "应用的访问级别"),
    Words(
        "On trial, nobody but you sees what is pinned.",
        "試用期間，只有你自己看得到釘圖。",
        "试用期间，只有你自己能看到图钉。",
    ),
    default="standard",
    required=False,
    choices=(("standard", Words("Standard", "標準", "标准")), ("trial", Words("Trial", "試用", "试用"))),
)


class Pinterest(Publisher):
    """One account; ``patience`` bounds the wait for a video, polled every ``pause``."""

    name = "pinterest"
    label = "Pinterest"
    mark = "P"
    home = api.HOME
    uses_oauth = True
    connect_fields = (ACCESS, oauth.server_field(api.HOME))
    app_fields = oauth.APP_FIELDS
    options = pins.OPTIONS
    metrics = frozenset(api.WANTED)
    metrics_batch = 100
    finds_alike = True
    visibility_lag = timedelta(minutes=1)
    default_limits = LIMITS
    pace = Pace(timedelta(seconds=1), (Quota(100, timedelta(minutes=1)),))

    def __init__(
        self, patience: timedelta = timedelta(seconds=180), pause: timedelta = timedelta(seconds=3)
    ) -> None:
        self._patience, self._pause = patience, pause

    def pace_of(self, traits: Mapping[str, str]) -> Pace:
        return TRIAL if traits.get("access") == "trial" else super().pace_of(traits)

    def options_of(self, traits: Mapping[str, str]) -> tuple[Option, ...]:
        return pins.options_of(traits)

    def materials(self, content: Content) -> tuple[str, ...]:
        """The video alone: pictures go along with the pin."""
        film = pins.film_of(content)
        return (f"video {film.sha256}",) if film else ()

    def check(self, content: Content, limits: Limits) -> list[Problem]:
        found = shared.problems(content, limits, pins.description(content))
        return [*found, *shared.option_problems(self.options, content), *pins.problems(content)]

    def preview(self, content: Content, limits: Limits) -> Preview:
        return shared.preview(content, limits, pins.words(content)["description"])

    def authorize(
        self, fields: Mapping[str, str], redirect_uri: str, state: str, app: Mapping[str, str] | None
    ) -> Authorization:
        base_url = self.server_of(fields)
        endpoint = f"{api.HOSTS.at(base_url, 'web')}/oauth/"
        known = oauth.app_of(fields, app)
        start = oauth.start(
            base_url, endpoint, known, redirect_uri=redirect_uri, scope=api.SCOPE, state=state, pkce=False
        )
        return replace(start, memory={**start.memory, "access": fields.get("access") or "standard"})

    def exchange(self, memory: Mapping[str, str], code: str, redirect_uri: str) -> Connected:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        credentials = api.tokens(memory["base_url"], form | {"continuous_refresh": "true"}, memory)
        return _connected(memory["base_url"], credentials, memory.get("access", "standard"))

    def discover(self, destination: Destination) -> Connected:
        access = destination.traits.get("access", "standard")
        return _connected(destination.base_url, destination.credentials, access)

    def refresh(self, destination: Destination) -> Mapping[str, str]:
        known = destination.credentials
        return api.tokens(destination.base_url, oauth.refresh_form(known), known)

    def prepare(self, destination: Destination, content: Content, ticket: Ticket, now: datetime) -> Ticket:
        self._refuse(destination, content)
        film = pins.film_of(content)
        if film is None:
            return ticket
        with api.connection(destination) as http:
            media_id = api.upload(http, destination.base_url, film)
            self._await(http, media_id)
        return replace(ticket, handles={"media_id": media_id}, expires_at=None)

    def publish(self, destination: Destination, content: Content, ticket: Ticket) -> Receipt:
        board_id = self._refuse(destination, content)
        media_id = str(ticket.handles.get("media_id", ""))
        if pins.film_of(content) and not media_id:
            raise Stale("This video is not uploaded yet.", Evidence(code="not_prepared"))
        body = pins.pin(content, board_id, media_id)
        with api.connection(destination) as http:
            remote_id = http.publish("/v5/pins", lambda reply: str(reply.body["id"]), json=body)
        return Receipt(remote_id, _address(destination, remote_id))

    def find(
        self, destination: Destination, content: Content, ticket: Ticket, since: datetime
    ) -> Receipt | None:
        board_id = pins.board_of(content, destination.traits)
        with api.connection(destination) as http:
            listed = pins.made_since(http, board_id, since - CLOCK_SKEW)
            found = pins.likest((pin for pin in listed if pin.remote_id not in ticket.others), content)
        return Receipt(found.remote_id, _address(destination, found.remote_id)) if found else None

    def edit(self, destination: Destination, remote_id: str, content: Content) -> Receipt:
        board_id = self._refuse(destination, content)
        said = {name: value or None for name, value in pins.words(content).items()} | {"board_id": board_id}
        with api.connection(destination) as http:
            http.publish(f"/v5/pins/{remote_id}", lambda reply: reply.body["id"], method="PATCH", json=said)
        return Receipt(remote_id, _address(destination, remote_id))

    def delete(self, destination: Destination, remote_id: str) -> None:
        try:
            with api.connection(destination) as http:
                http.delete(f"/v5/pins/{remote_id}", lambda reply: None)
        except Rejected as error:
            if error.evidence.http_status != 404:
                raise

    def measure(self, destination: Destination, remote_ids: Sequence[str]) -> Mapping[str, Metrics]:
        asked = api.span(present.now())
        with api.connection(destination) as http:
            try:
                wanted = {"pin_ids": ",".join(remote_ids), **asked}
                return http.get("/v5/pins/analytics", api.numbers_of_all, params=wanted)
            except PublisherError as error:
                if error.evidence.http_status not in (403, 404):
                    raise
            # Reading many at once is not open to every app.
            return dict(_one_by_one(http, remote_ids, asked))

    def audience(self, destination: Destination) -> Audience:
        with api.connection(destination) as http:
            return http.get("/v5/user_account", api.audience)

    def _refuse(self, destination: Destination, content: Content) -> str:
        """The board's id, where nothing stands in the way."""
        shared.refuse(self.check(content, destination.limits))
        return pins.board_of(content, destination.traits)

    def _await(self, http: Http, media_id: str) -> None:
        give_up = time.monotonic() + self._patience.total_seconds()
        while not api.is_ready(http, media_id):
            if time.monotonic() > give_up:
                raise Temporary("Pinterest still processes the video.", Evidence(code="media_processing"))
            time.sleep(self._pause.total_seconds())


def _one_by_one(http: Http, remote_ids: Sequence[str], asked: Mapping[str, str]) -> list[tuple[str, Metrics]]:
    def read(reply: Reply) -> Metrics:
        return api.numbers(reply.body)

    found = [
        (id, http.get_or_none(f"/v5/pins/{id}/analytics", read, params=dict(asked))) for id in remote_ids
    ]
    return [(id, numbers) for id, numbers in found if numbers is not None]


def _connected(base_url: str, credentials: Mapping[str, str], access: str) -> Connected:
    with api.connection(Destination(base_url, "", "", LIMITS, credentials)) as http:
        account = http.get("/v5/user_account", api.account)
        boards = http.get("/v5/boards", api.boards, params={"page_size": str(api.BOARDS_READ)})
    name = account["business_name"] or account["username"]
    return Connected(
        base_url=base_url,
        remote_id=account["id"] or account["username"],
        handle=account["username"],
        name=name,
        avatar_url=account["profile_image"],
        profile_url=f"{api.HOSTS.at(base_url, 'web')}/{account['username']}/",
        limits=LIMITS,
        credentials=dict(credentials),
        traits={"access": access, **boards},
    )


def _address(destination: Destination, remote_id: str) -> str:
    return f"{api.HOSTS.at(destination.base_url, 'web')}/pin/{remote_id}/"
