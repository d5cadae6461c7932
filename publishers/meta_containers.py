"""Containers: Instagram and Threads fetch a post's files ahead of time, and show it by one call that can't show it twice.

Sources: Meta docs, instagram-platform/content-publishing, instagram-platform/instagram-graph-api/reference/ig-container,
threads/posts and threads/troubleshooting. That a published container is not published again is what senders observe.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from publishers import meta
from publishers.errors import Evidence, PublisherError, Rejected, Stale, Temporary, Unconfirmed, not_prepared
from publishers.http import Reply
from publishers.meta import Graph, Listed
from publishers.values import Media, Ticket

LIVES = timedelta(hours=23)  # a container expires after 24 hours
FINISHED, PUBLISHED, UNSEEN = "FINISHED", "PUBLISHED", "UNSEEN"
FAILED = ("ERROR", "EXPIRED")
# Reasons that another try may mend: the file could not be fetched, or nobody knows.
PASSING = (*meta.NOT_FETCHED, "2207053", "2207082", "DOWNLOAD", "UNKNOWN")


@dataclass(frozen=True)
class Shape:
    """Where the two platforms differ: edges, fields, and ``bare``, which takes off what the platform takes off a text."""

    make: str
    publish: str
    status: str
    why: str
    text: str
    quota: str
    bare: Callable[[str], str] = lambda text: text


@dataclass(frozen=True)
class Containers:
    """Those of one account; ``patience`` bounds the wait for all that one post needs, asked for every ``pause``."""

    graph: Graph
    user: str
    shape: Shape
    patience: timedelta = timedelta()
    pause: timedelta = timedelta()

    def made(self, parts: Sequence[Mapping[str, str]], whole: Mapping[str, str]) -> str:
        """A container that can be published: of its one part, or a carousel of several; ``whole`` is said of the post."""
        give_up = time.monotonic() + self.patience.total_seconds()
        if len(parts) == 1:
            made = self._make({**parts[0], **whole})
        else:
            children = [self._make({**part, "is_carousel_item": "true"}) for part in parts]
            for child in children:
                self._await(child, give_up)
            made = self._make({"media_type": "CAROUSEL", "children": ",".join(children), **whole})
        self._await(made, give_up)
        return made

    def published(self, container: str) -> str | None:
        """Show it: the id of the post, or None where an earlier call did so already."""
        path = f"/{self.user}/{self.shape.publish}"
        try:
            return self.graph.publish(path, meta.id_of, creation_id=container)
        except (Rejected, Stale, Temporary) as error:
            if error.evidence.http_status is None:
                raise
            self._refused(container, error)
            return None

    def found(self, container: str, wanted: str, since: datetime, others: frozenset[str]) -> Listed | None:
        """The post that a container became; None where it surely was not published."""
        status, _ = self.status(container)
        if status in (FINISHED, *FAILED):
            return None
        post = self._listed(wanted, since, others) if status == PUBLISHED else None
        if post is None:
            said = "It is published, and not shown yet." if status == PUBLISHED else "It is not known yet."
            raise Temporary(said, Evidence(code=status))
        return post

    def status(self, container: str) -> tuple[str, str]:
        """What became of a container, and why. One that can't be seen may be there: reading lags behind making."""

        def read(reply: Reply) -> tuple[str, str]:
            return str(reply.body[self.shape.status]), str(reply.body.get(self.shape.why) or "")

        try:
            return self.graph.get(f"/{container}", read, fields=f"{self.shape.status},{self.shape.why}")
        except Rejected as error:
            if not meta.is_gone(error):
                raise
            return UNSEEN, error.message

    def quota(self) -> dict[str, str]:
        """How many posts the account may make in 24 hours, as a trait; nothing where that is not told."""

        def read(reply: Reply) -> str:
            return str(int(reply.body["data"][0]["config"]["quota_total"]))

        try:
            return {"quota_total": self.graph.get(f"/{self.user}/{self.shape.quota}", read, fields="config")}
        except Rejected:
            return {}

    def _make(self, form: Mapping[str, str]) -> str:
        return self.graph.post(f"/{self.user}/{self.shape.make}", meta.id_of, **form)

    def _await(self, container: str, give_up: float) -> None:
        status, why = self.status(container)
        while status not in (FINISHED, PUBLISHED):
            if status in FAILED:
                passing = any(each in why.upper() for each in PASSING)
                raise (Temporary if passing else Rejected)(why or status, Evidence(code=status, body=why))
            if time.monotonic() >= give_up:
                raise Temporary("The platform is still fetching the files.", Evidence(code=status))
            time.sleep(self.pause.total_seconds())
            status, why = self.status(container)

    def _refused(self, container: str, error: PublisherError) -> None:
        """Raise what a refusal means, unless that it is out already: the container knows better than any code."""
        try:
            status, why = self.status(container)
        except PublisherError:
            status, why = UNSEEN, ""
        if status == PUBLISHED:
            return
        if status in FAILED:
            raise Stale(why or error.message, error.evidence) from None
        if status == UNSEEN:
            raise Unconfirmed(error.message, error.evidence) from None
        raise error

    def _listed(self, wanted: str, since: datetime, others: frozenset[str]) -> Listed | None:
        fields = f"id,{self.shape.text},timestamp,permalink"
        posts = meta.listed(
            self.graph, f"/{self.user}/{self.shape.make}", fields, text=self.shape.text, at="timestamp",
            since=since - meta.CLOCK_SKEW,
        )  # fmt: skip
        bare = self.shape.bare
        return meta.likest((replace(post, text=bare(post.text)) for post in posts), bare(wanted), others)


def of(ticket: Ticket) -> str:
    """The container of a prepared post; ``Stale`` where there is none."""
    if "container" not in ticket.handles:
        raise not_prepared()
    return str(ticket.handles["container"])


def repeats_safely(ticket: Ticket, first_sent_at: datetime, now: datetime) -> bool:
    """A container is published once at most, for as long as it lives."""
    return "container" in ticket.handles and now - first_sent_at < LIVES


def address_of(media: Media) -> str:
    """Where the platform fetches a file; ``Rejected`` where nobody serves it."""
    if not media.url:
        said = "This platform fetches files by itself: Almanac needs an address that the public can reach."
        raise Rejected(said, Evidence(code="no_public_address"))
    return media.url


def permalink(graph: Graph, media: str, otherwise: str) -> str:
    """Where readers see a post that is out; trouble in asking takes nothing from it."""
    try:
        return graph.get(f"/{media}", lambda reply: str(reply.body["permalink"]), fields="permalink")
    except PublisherError:
        return otherwise
