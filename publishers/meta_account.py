"""What Instagram's and Threads' accounts share: a login that renews itself, and a container for each post."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from publishers import declarations, meta, meta_containers, oauth
from publishers import limits as shared
from publishers.base import Authorization, Publisher
from publishers.errors import Evidence, PublisherError, Unconfirmed
from publishers.meta import Graph
from publishers.meta_containers import Containers, Shape
from publishers.meta_login import Login
from publishers.values import (
    UNPACED,
    Connected,
    Content,
    Destination,
    Limits,
    Pace,
    Preview,
    Quota,
    Receipt,
    Ticket,
)


class MetaAccount(Publisher):
    """One account; ``patience`` bounds the wait until the platform has fetched all files, asked for every ``pause``.

    ``days_posts`` is how many posts in 24 hours are taken where the account's own number is not told.
    """

    shape: ClassVar[Shape]
    login: ClassVar[Login]
    days_posts: ClassVar[int]
    uses_oauth = True
    app_fields = oauth.APP_FIELDS
    metrics_batch = 20
    prepare_lead = timedelta(minutes=20)

    def __init__(
        self, patience: timedelta = timedelta(minutes=5), pause: timedelta = timedelta(seconds=3)
    ) -> None:
        self._patience, self._pause = patience, pause

    @abstractmethod
    def parts(self, content: Content) -> list[dict[str, str]]:
        """What a container is made of, one form a file; ``Rejected`` where a file has no public address."""

    @abstractmethod
    def whole(self, content: Content) -> dict[str, str]:
        """What is said of the post as a whole: its words and options, as the request has them."""

    @abstractmethod
    def profile(self, base_url: str, handle: str) -> str:
        """Where readers see the account."""

    @abstractmethod
    def person(self, graph: Graph) -> Mapping[str, str]:
        """The account that a token is for: id, username, name and picture."""

    def pace_of(self, traits: Mapping[str, str]) -> Pace:
        if traits.get("pace") == "none":
            return UNPACED
        total = int(traits.get("quota_total") or self.days_posts)
        return Pace(quotas=(Quota(max(total, 1), timedelta(days=1)),))

    def materials(self, content: Content) -> tuple[str, ...]:
        """All of a post is in its container."""
        return (*super().materials(content), json.dumps(self.whole(content)))

    def repeats_safely(
        self, destination: Destination, ticket: Ticket, first_sent_at: datetime, now: datetime
    ) -> bool:
        return meta_containers.repeats_safely(ticket, first_sent_at, now)

    def preview(self, content: Content, limits: Limits) -> Preview:
        return shared.preview(content, limits, declarations.text(content))

    def authorize(
        self, fields: Mapping[str, str], redirect_uri: str, state: str, app: Mapping[str, str] | None
    ) -> Authorization:
        return self.login.start(fields, redirect_uri, state, app)

    def exchange(self, memory: Mapping[str, str], code: str, redirect_uri: str) -> Connected:
        kept = self.login.finish(memory, code, redirect_uri)
        return self._connected(memory["base_url"], memory, kept)

    def discover(self, destination: Destination) -> Connected:
        return self._connected(destination.base_url, destination.traits, destination.credentials)

    def refresh(self, destination: Destination) -> Mapping[str, str]:
        return self.login.renewed(destination.base_url, destination.credentials)

    def prepare(self, destination: Destination, content: Content, ticket: Ticket, now: datetime) -> Ticket:
        shared.refuse(self.check(content, destination.limits))
        container = self._containers(destination).made(self.parts(content), self.whole(content))
        return replace(ticket, handles={"container": container}, expires_at=now + meta_containers.LIVES)

    def publish(self, destination: Destination, content: Content, ticket: Ticket) -> Receipt:
        shared.refuse(self.check(content, destination.limits))
        media = self._containers(destination).published(meta_containers.of(ticket))
        if media is None:
            return self._posted_before(destination, content, ticket)
        otherwise = self.profile(destination.base_url, destination.handle)
        return Receipt(media, meta_containers.permalink(self.graph(destination), media, otherwise))

    def find(
        self, destination: Destination, content: Content, ticket: Ticket, since: datetime
    ) -> Receipt | None:
        if "container" not in ticket.handles:
            return None  # it was never sent: there was nothing to send
        container, wanted = meta_containers.of(ticket), declarations.text(content)
        post = self._containers(destination).found(container, wanted, since, ticket.others)
        return Receipt(post.remote_id, str(post.facts["permalink"])) if post else None

    def graph(self, destination: Destination) -> Graph:
        """The API, spoken to as the channel."""
        version = meta.version_of(destination.traits, self.login.version)
        return Graph(destination.base_url, version, destination.credentials)

    def _containers(self, destination: Destination) -> Containers:
        graph = self.graph(destination)
        return Containers(graph, destination.remote_id, self.shape, self._patience, self._pause)

    def _posted_before(self, destination: Destination, content: Content, ticket: Ticket) -> Receipt:
        """The container is this post's alone, so it is out; only its address is still to be found."""
        try:
            found = self.find(destination, content, ticket, ticket.at)
        except PublisherError as error:
            raise Unconfirmed(error.message, error.evidence) from None
        if found is None:
            raise Unconfirmed("It was published before, and now is not.", Evidence(code="PUBLISHED"))
        return found

    def _connected(
        self, base_url: str, typed: Mapping[str, str], credentials: Mapping[str, str]
    ) -> Connected:
        version = meta.version_of(typed, self.login.version)
        graph = Graph(base_url, version, credentials)
        person = self.person(graph)
        return Connected(
            base_url=base_url,
            remote_id=person["id"],
            handle=person["username"],
            name=person["name"] or person["username"],
            avatar_url=person["picture"],
            profile_url=self.profile(base_url, person["username"]),
            limits=self.default_limits,
            credentials=dict(credentials),
            traits={"version": version} | Containers(graph, person["id"], self.shape).quota(),
        )
