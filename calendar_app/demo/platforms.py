"""The two simulated platforms of the demo: accounts, and posts of the past, ordered from outside over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
from flask_babel import lazy_gettext as _l

from calendar_app import channels
from calendar_app.demo.script import BLUESKY, MASTODON, Reply
from calendar_app.models import Channel, Workspace
from calendar_app.refusals import Refusal
from publishers import bluesky_record, get
from publishers.values import Connected, Content, Destination, Receipt

NAME = "山嵐茶 Shanlan Tea"
ACCOUNTS = {MASTODON: "shanlan", BLUESKY: "shanlan.example"}
VISITORS = {"wing": "Wing 🍃", "achang": "阿昌", "kafai": "家輝", "mei": "小美"}
TIMEOUT = 10.0


class NoStage(Refusal):
    """A simulated platform does not answer, or not as one."""


@dataclass(frozen=True)
class Posted:
    """A post that is on a simulated platform now; ``key`` is its native key where the platform has one."""

    receipt: Receipt
    key: str | None


@dataclass(frozen=True)
class Stage:
    """One simulated platform at ``url``. Every call raises ``NoStage`` when it fails."""

    platform: str
    url: str

    def order(self, verb: str, **details: Any) -> dict[str, Any]:
        """One request to its control, beside the platform's own protocol."""
        return dict(self._ask("POST", verb, details))

    def check(self) -> None:
        """Whether a simulated platform is there at all."""
        self._ask("GET", "stats")

    def clear(self) -> None:
        """Take away what an earlier demo left there, so that a second one does not say everything twice."""
        ours = {ACCOUNTS[self.platform], *(self._visitor(name) for name in VISITORS)}
        for record in self._ask("GET", "records"):
            gone = record["deleted"] or record.get("taken_down")
            if record["account"] in ours and not gone:
                self.order("remove", id=record["id"])

    def connect(self, workspace: Workspace, now: datetime) -> Channel:
        """The brand's account there, connected the way everybody connects. Raises ``publishers.errors``."""
        account = self.order("accounts", handle=ACCOUNTS[self.platform], name=NAME, avatar_seed="shanlan")
        found = _with_token(account) if self.platform == MASTODON else _with_app_password(account)
        return channels.keep(workspace, self.platform, found, now)

    def post(self, content: Content, handles: Mapping[str, Any], at: datetime) -> Posted:
        """Let the brand have said this at ``at``; ``handles`` are those of the publisher's ``prepare``."""
        details = _toot(content, handles) if self.platform == MASTODON else _record(content, handles)
        made = self.order("posts", account=ACCOUNTS[self.platform], at=at.isoformat(), **details)
        return Posted(Receipt(made["id"], made["url"], made), made.get("rkey"))

    def answer(self, posted: Posted, reply: Reply, at: datetime) -> None:
        """Let a visitor have answered at ``at``."""
        account = self._visitor(reply.by)
        self.order("accounts", handle=account, name=VISITORS[reply.by], avatar_seed=reply.by)
        above: dict[str, Any] = {"in_reply_to_id": posted.receipt.remote_id}
        if self.platform == BLUESKY:
            reference = {name: posted.receipt.raw[name] for name in ("uri", "cid")}
            above = {"reply": {"root": reference, "parent": reference}}
        self.order("posts", account=account, text=reply.text, at=at.isoformat(), **above)

    def _visitor(self, name: str) -> str:
        return f"{name}.example" if self.platform == BLUESKY else name

    def _ask(self, method: str, verb: str, details: Mapping[str, Any] | None = None) -> Any:
        try:
            answer = httpx.request(
                method, f"{self.url}/_control/{verb}", json=details, timeout=TIMEOUT, trust_env=False
            )
            return answer.raise_for_status().json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise NoStage(
                _l(
                    "The demo needs a simulated %(platform)s at %(url)s, and there is none. Start it first: "
                    "python -m publishers.simulators all",
                    platform=get(self.platform).label,
                    url=self.url,
                )
            ) from error


def _with_token(account: Mapping[str, Any]) -> Connected:
    publisher = get(MASTODON)
    token = {"access_token": account["access_token"]}
    return publisher.discover(Destination(account["base_url"], "", "", publisher.default_limits, token))


def _with_app_password(account: Mapping[str, Any]) -> Connected:
    return get(BLUESKY).connect({name: account[name] for name in ("service", "handle", "app_password")})


def _toot(content: Content, handles: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "text": content.text,
        "language": content.language.partition("-")[0],
        "media_ids": list(handles.get("media_ids", ())),
    }


def _record(content: Content, handles: Mapping[str, Any]) -> dict[str, Any]:
    record = bluesky_record.post(content, handles)
    return {name: value for name, value in record.items() if name != "$type"}
