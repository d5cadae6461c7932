"""A webhook of Discord: the address that is its secret too, and how it complains.

The codes are those of the Discord docs, topics/opcodes-and-status-codes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from publishers import oauth, present
from publishers.errors import Evidence, Rejected, Temporary, Unauthorized
from publishers.http import Dialect, Http, Rule, address, rests
from publishers.rests import after
from publishers.words import Words

HOME = "https://discord.com"
HOSTS = oauth.Hosts(HOME, {"cdn": "https://cdn.discordapp.com"})
OTHER_NAMES = ("discordapp.com", "www.discord.com", "ptb.discord.com", "canary.discord.com")
NO_WEBHOOK = Words(
    "This is not the address of a Discord webhook.",
    "這不是 Discord Webhook 的網址。",
    "这不是 Discord Webhook 的网址。",
)
_PATH = re.compile(r"/api(?:/v\d+)?/webhooks/(\d+/[\w-]+)/?")


def _explain(body: Mapping[str, Any]) -> tuple[str, str]:
    said = [str(body["message"]), *_details(body.get("errors"))]
    return str(body.get("code", "")), ": ".join(said)


def _details(errors: object) -> Iterator[str]:
    """The sentences of a nest of fields, each with its ``_errors``."""
    if isinstance(errors, Mapping):
        yield from (str(each["message"]) for each in errors.get("_errors", ()))
        for inner in errors.values():
            yield from _details(inner)


def _reset(_headers: Mapping[str, str], body: Any) -> datetime:
    return present.now() + timedelta(seconds=float(body["retry_after"]))


DIALECT = Dialect(
    explain=_explain,
    reset=_reset,
    rules=(
        Rule(Unauthorized, code="10015"),  # the webhook was deleted
        Rule(Unauthorized, code="50027"),
        Rule(Unauthorized, code="50001"),
        Rule(Unauthorized, code="50013"),
        Rule(Unauthorized, 401),
        *(rests(after(timedelta(minutes=1)), code=code) for code in ("20016", "20028", "20029", "40062")),
        Rule(Rejected, code="160005"),  # the thread is locked
        Rule(Temporary, 403),  # what guards Discord against floods answers so, in HTML
    ),
)


def read(typed: str) -> tuple[str, str, str]:
    """The server, the webhook (its id and token) and the thread that an address names."""
    try:
        parts = urlsplit(typed.strip())
    except ValueError:
        raise Rejected(NO_WEBHOOK, Evidence(code="no_webhook")) from None
    named = _PATH.fullmatch(parts.path)
    if not named:
        raise Rejected(NO_WEBHOOK, Evidence(code="no_webhook"))
    base_url = HOME if parts.hostname in OTHER_NAMES else address(f"{parts.scheme}://{parts.netloc}")
    return base_url, named[1], parse_qs(parts.query).get("thread_id", [""])[0]


def connection(base_url: str, credentials: Mapping[str, str]) -> Http:
    """The webhook itself; the path of its messages follows."""
    webhook = credentials["webhook"]
    secrets = (webhook, webhook.partition("/")[2])
    return Http(f"{base_url}/api/v10/webhooks/{webhook}", DIALECT, secrets=secrets)
