"""One Weibo account (Weibo docs, open.weibo.com/wiki/API).

Without commercial rights there is one call to post with, ``2/statuses/share``, which wants a link under a domain that
is bound to the app. Access tokens end and cannot be renewed: a person signs in again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from publishers import declarations, oauth, present, text
from publishers import limits as shared
from publishers import weibo_account as account
from publishers import weibo_statuses as statuses
from publishers import weibo_words as words
from publishers.base import Authorization, Option, Publisher
from publishers.errors import PublisherError, Rejected, Unconfirmed, not_prepared
from publishers.follows import COMMENT
from publishers.http import UPLOAD_TIMEOUT, Http, Reply, opened
from publishers.values import (
    UNPACED,
    Accepted,
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
    Quota,
    Receipt,
    Ticket,
)
from publishers.weibo_errors import DELAYED, DIALECT, DUPLICATE, GONE
from publishers.words import FRIENDS, PRIVATE, PUBLIC, VISIBILITY, Words

SHORT = 140
SYNC = timedelta(minutes=2)  # Weibo docs, Error_code 20032
CLOCK_SKEW = timedelta(minutes=2)
TOPIC = re.compile(r"#[^#\n]+#")


class Weibo(Publisher):
    """One account, through an app of the operator's own."""

    name = "weibo"
    label = Words("Weibo", "微博", "微博")
    mark = "微"
    home = account.HOME
    uses_oauth = True
    app_fields = oauth.APP_FIELDS
    follows = "comment"
    connect_fields = account.FIELDS
    options = (
        Option(
            "visible", VISIBILITY, (("", PUBLIC), ("1", PRIVATE), ("2", FRIENDS)), hint=words.VISIBLE_HINT
        ),
        COMMENT,
    )
    metrics = frozenset({"likes", "reposts", "replies"})
    metrics_batch = 100
    finds_alike = True
    visibility_lag = SYNC
    default_limits = account.OPEN
    pace = Pace(quotas=(Quota(30, timedelta(hours=1)),))  # the lowest tier that was ever documented

    def pace_of(self, traits: Mapping[str, str]) -> Pace:
        return UNPACED if account.is_commercial(traits) else super().pace_of(traits)

    def options_of(self, traits: Mapping[str, str]) -> tuple[Option, ...]:
        return self.options if account.is_commercial(traits) else (COMMENT,)

    def check(self, content: Content, limits: Limits) -> list[Problem]:
        said = declarations.text(content)
        found = shared.problems(content, limits, said) + shared.option_problems(self.options, content)
        if content.media and not said.strip():
            found.append(Problem("text_required", "error"))
        if not limits.link_hosts:
            return found
        if not any(_is_under(link, limits.link_hosts) for link in statuses.links(said)):
            found.append(_no_link(limits.link_hosts))
        if TOPIC.search(said):
            found.append(Problem("topic_refused", "warning", words=words.TOPIC_REFUSED))
        if content.options.get("visible"):
            found.append(Problem("visible_is_commercial", "error", words=words.VISIBLE_HINT))
        return found

    def preview(self, content: Content, limits: Limits) -> Preview:
        return shared.preview(content, limits, declarations.text(content))

    def authorize(
        self, fields: Mapping[str, str], redirect_uri: str, state: str, app: Mapping[str, str] | None
    ) -> Authorization:
        base_url = self.server_of(fields)
        start = oauth.start(
            base_url, f"{base_url}/oauth2/authorize", oauth.app_of(fields, app),
            redirect_uri=redirect_uri, scope="all", state=state, pkce=False,
        )  # fmt: skip
        return replace(start, memory={**start.memory, **account.chosen(fields)})

    def exchange(self, memory: Mapping[str, str], code: str, redirect_uri: str) -> Connected:
        form = oauth.token_form(memory, code, redirect_uri)
        with Http(memory["base_url"], DIALECT, secrets=(code, memory["client_secret"])) as http:
            token = http.post(
                "/oauth2/access_token", lambda reply: oauth.credentials(reply.body, memory), data=form
            )
        return account.connected(memory["base_url"], token, account.chosen(memory))

    def discover(self, destination: Destination) -> Connected:
        return account.connected(
            destination.base_url, destination.credentials, account.chosen(destination.traits)
        )

    def prepare(self, destination: Destination, content: Content, ticket: Ticket, now: datetime) -> Ticket:
        shared.refuse(self.check(content, destination.limits))
        if not content.media or not account.is_commercial(destination.traits):
            return replace(ticket, handles={}, expires_at=None)
        with account.api(destination, "commercial") as http:
            ids = [_uploaded(http, destination, media) for media in content.media]
        return replace(
            ticket, handles={"pic_ids": ids}, expires_at=now + account.pictures_live(destination.traits)
        )

    def publish(self, destination: Destination, content: Content, ticket: Ticket) -> Receipt | Accepted:
        shared.refuse(self.check(content, destination.limits))
        say = _say_commercially if account.is_commercial(destination.traits) else _share
        try:
            return say(destination, content, ticket)
        except Rejected as error:
            if error.evidence.code == DELAYED:
                return _accepted(_wanted(content, ticket.at))
            if error.evidence.code in DUPLICATE and self._may_be_ours(destination, content, ticket):
                raise Unconfirmed(error.message, error.evidence) from None
            raise

    def confirm(self, destination: Destination, handle: Mapping[str, object]) -> Receipt | Accepted:
        return self._looked(destination, handle, frozenset()) or _accepted(handle)

    def find(
        self, destination: Destination, content: Content, ticket: Ticket, since: datetime
    ) -> Receipt | None:
        return self._looked(destination, _wanted(content, since), ticket.others)

    def delete(self, destination: Destination, remote_id: str) -> None:
        form = account.form(destination, id=remote_id)
        try:
            with account.api(destination) as http:
                http.post("/2/statuses/destroy.json", lambda reply: reply.body["id"], data=form)
        except Rejected as error:
            if error.evidence.code != GONE:
                raise

    def comments(self, destination: Destination, remote_id: str) -> Sequence[Comment]:
        asked = account.form(destination, id=remote_id, count=200)
        with account.api(destination) as http:
            return http.get("/2/comments/show.json", statuses.comments, params=asked)

    def answer(self, destination: Destination, remote_id: str, comment_id: str, text: str) -> str:
        """To no comment in particular, it is a comment on the post itself."""
        form = account.form(
            destination, id=remote_id, comment=text, **({"cid": comment_id} if comment_id else {})
        )
        path = f"/2/comments/{'reply' if comment_id else 'create'}.json"
        with account.api(destination) as http:
            return http.publish(path, lambda reply: str(reply.body["idstr"]), data=form)

    def follow(self, destination: Destination, remote_id: str, text: str, key: str) -> Receipt:
        return Receipt(self.answer(destination, remote_id, "", text), "")

    def measure(self, destination: Destination, remote_ids: Sequence[str]) -> Mapping[str, Metrics]:
        asked = account.form(destination, ids=",".join(remote_ids))
        with account.api(destination) as http:
            return http.get("/2/statuses/count.json", statuses.numbers, params=asked)

    def audience(self, destination: Destination) -> Audience:
        asked = account.form(destination, uid=destination.remote_id)
        with account.api(destination) as http:
            return http.get("/2/users/show.json", statuses.audience, params=asked)

    def _looked(
        self, destination: Destination, wanted: Mapping[str, object], others: frozenset[str]
    ) -> Receipt | None:
        since = datetime.fromisoformat(str(wanted["since"])) - CLOCK_SKEW
        asked = account.form(destination, uid=destination.remote_id)
        with account.api(destination) as http:
            listed, is_whole = statuses.made_since(http, asked, since)
        maybe = [each for each in listed if str(each["idstr"]) not in others]
        best = statuses.likest(maybe, str(wanted["said"]), int(str(wanted["files"])))
        if best is not None:
            return _receipt(destination, best)
        if not is_whole:
            raise statuses.untold()
        return None

    def _may_be_ours(self, destination: Destination, content: Content, ticket: Ticket) -> bool:
        """Whether what was refused as said before may be this very post, whose answer was lost earlier."""
        try:
            return self.find(destination, content, ticket, ticket.at) is not None
        except PublisherError:
            return True


def _no_link(hosts: Sequence[str]) -> Problem:
    if "*" in hosts:
        return Problem("link_required", "error", words=words.ANY_LINK_REQUIRED)
    return Problem("link_required", "error", {"hosts": ", ".join(hosts)}, words=words.LINK_REQUIRED)


def _is_under(link: str, hosts: Sequence[str]) -> bool:
    host = statuses.host_of(link)
    return any(bound in ("*", host) or host.endswith(f".{bound}") for bound in hosts)


def _uploaded(http: Http, destination: Destination, media: Media) -> str:
    with opened(media) as stream:
        return http.post(
            "/2/statuses/upload_pic/biz.json",
            lambda reply: str(reply.body["pic_id"]),
            data=account.form(destination),
            files={"pic": (media.path.name, stream, media.mime)},
            timeout=UPLOAD_TIMEOUT,
        )


def _share(destination: Destination, content: Content, ticket: Ticket) -> Receipt:
    form = account.form(destination, status=declarations.text(content))
    files: dict[str, Any] = {}
    with account.api(destination) as http, ExitStack() as streams:
        for media in content.media:
            files["pic"] = (media.path.name, streams.enter_context(opened(media)), media.mime)
        return http.publish(
            "/2/statuses/share.json", partial(_read, destination), data=form, files=files or None
        )


def _say_commercially(destination: Destination, content: Content, ticket: Ticket) -> Receipt:
    ids = ticket.handles.get("pic_ids", ())
    if len(ids) != len(content.media):
        raise not_prepared()
    said = declarations.text(content)
    is_long = text.count(said, "weibo", account.OPEN.url_cost) > SHORT
    form = account.form(
        destination, status=said, pic_id=",".join(ids), visible=content.options.get("visible", ""),
        is_longtext="1" if is_long else "",
    )  # fmt: skip
    path = f"/2/statuses/{'upload_url_text' if ids else 'update'}/biz.json"
    with account.api(destination, "commercial") as http:
        return http.publish(path, partial(_read, destination), data=form)


def _read(destination: Destination, reply: Reply) -> Receipt:
    return _receipt(destination, reply.body)


def _receipt(destination: Destination, status: Mapping[str, Any]) -> Receipt:
    web, short = account.HOSTS.at(destination.base_url, "web"), statuses.base62(str(status["mid"]))
    kept = {"mid": str(status["mid"]), "created_at": str(status["created_at"])}
    return Receipt(str(status["idstr"]), f"{web}/{destination.remote_id}/{short}", kept)


def _wanted(content: Content, since: datetime) -> dict[str, object]:
    """What to look for, as plain values that a handle can keep."""
    return {"said": declarations.text(content), "files": len(content.media), "since": since.isoformat()}


def _accepted(wanted: Mapping[str, object]) -> Accepted:
    return Accepted(wanted, present.now() + SYNC)
