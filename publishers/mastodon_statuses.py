"""Looking for the statuses of a Mastodon account (Mastodon docs, methods/statuses, methods/accounts)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from publishers import mastodon_entities as entities
from publishers import text
from publishers.errors import Evidence, PublisherError, Temporary, Unconfirmed
from publishers.http import Http
from publishers.matching import Likeness, likeness
from publishers.values import Metrics, Receipt

PAGE = 40
MOST_PAGES = 10
# Mastodon source, Antispam: accounts older than a week are spared. A server that is stricter has room here.
SPARED = timedelta(days=30)


def kept(http: Http, receipt: Receipt, *, is_mastodon: bool) -> Receipt:
    """``receipt``, unless the server answered with a post that it never stored.

    A server's spam filter may drop a post silently (Mastodon source, PostStatusService), unless its account has been
    there for long; any other trouble in asking takes nothing from the receipt.
    """
    if is_mastodon and _is_spared(receipt.raw):
        return receipt
    try:
        kept = http.get_or_none(f"/api/v1/statuses/{receipt.remote_id}", entities.receipt_of)
    except PublisherError:
        return receipt
    if kept is None:
        raise Unconfirmed("The server took this post but does not show it.", Evidence(code="not_kept"))
    return receipt


def _is_spared(status: Mapping[str, Any]) -> bool:
    """By the server's own dates; an answer that does not tell them leaves a doubt."""
    try:
        return entities.created_at(status) - entities.created_at(status["account"]) > SPARED
    except (LookupError, TypeError, ValueError):
        return False


def made_since(http: Http, account_id: str, since: datetime) -> Iterator[entities.Posted]:
    """The account's statuses made after ``since``, newest first; ``Temporary`` if they are too many."""
    params: dict[str, Any] = {"limit": PAGE, "exclude_reblogs": "true"}
    for _ in range(MOST_PAGES):
        page = http.get(
            f"/api/v1/accounts/{account_id}/statuses", entities.each(entities.posted), params=params
        )
        yield from (status for status in page if status.made_at >= since)
        if not page or page[-1].made_at < since:
            return
        params["max_id"] = page[-1].remote_id
    raise Temporary("There are too many newer posts to look through.", Evidence(code="too_many_posts"))


def likest(http: Http, listed: Iterable[entities.Posted], wanted: str) -> Receipt | None:
    """The status that says ``wanted``, exactly or else most alike; None where none is alike."""
    best, found = Likeness.OTHER, None
    for status in listed:
        alike = _likeness(http, status, wanted)
        if alike is Likeness.EXACT:
            return status.receipt
        if alike > best:
            best, found = alike, status.receipt
    return found


def _likeness(http: Http, status: entities.Posted, wanted: str) -> Likeness:
    """By its source, or where the server keeps none by what it shows."""
    source = http.get_or_none(
        f"/api/v1/statuses/{status.remote_id}/source", lambda reply: str(reply.body["text"])
    )
    if source is not None:
        return likeness(source, wanted)
    return likeness(text.local_mentions(status.content), text.local_mentions(wanted))


def one_by_one(http: Http, remote_ids: Sequence[str]) -> Iterator[tuple[str, Metrics]]:
    """The numbers of each status, for servers that cannot read many at once; what is gone is left out."""
    for remote_id in remote_ids:
        found = http.get_or_none(f"/api/v1/statuses/{remote_id}", lambda reply: entities.numbers(reply.body))
        if found is not None:
            yield found
