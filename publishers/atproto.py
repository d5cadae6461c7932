"""The AT Protocol below Bluesky: keys, sessions, identities and how a server talks of trouble.

Sources: atproto.com/specs (tid, did, xrpc), the lexicons com.atproto.server.* and com.atproto.identity.*.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from publishers.errors import Rejected, Stale, Temporary, Unauthorized
from publishers.http import Dialect, Http, Reply, Rule
from publishers.values import Destination

_SORTABLE = "234567abcdefghijklmnopqrstuvwxyz"
_KEY_SPREAD = timedelta(hours=1)
_CLOCK_ID_BITS = 10
_HOSTS_OF_BLUESKY = ("bsky.social", "bsky.network", "bsky.app")


def _explain(body: Mapping[str, Any]) -> tuple[str, str]:
    return str(body["error"]), str(body.get("message") or body["error"])


def _reset(headers: Mapping[str, str], _body: object) -> datetime:
    """Epoch seconds (Bluesky docs, advanced-guides/rate-limits)."""
    return datetime.fromtimestamp(int(headers["ratelimit-reset"]), UTC)


DIALECT = Dialect(
    explain=_explain,
    reset=_reset,
    rules=(
        Rule(partial(Unauthorized, refreshable=True), code="ExpiredToken"),
        Rule(Unauthorized, code="InvalidToken"),
        Rule(Unauthorized, code="AuthMissing"),
        Rule(Unauthorized, code="AuthenticationRequired"),
        Rule(Unauthorized, code="AuthFactorTokenRequired"),
        Rule(Unauthorized, code="AccountTakedown"),
        Rule(Unauthorized, code="AccountDeactivated"),
        Rule(Unauthorized, code="RepoTakendown"),
        Rule(Unauthorized, code="RepoDeactivated"),
        Rule(Unauthorized, 401),
        Rule(Stale, code="BlobNotFound"),
        Rule(Stale, text="could not find blob"),
        Rule(Temporary, 408),
    ),
)


@dataclass(frozen=True)
class Session:
    """Who is logged in and where the account lives; ``pds`` is empty where the server does not tell."""

    did: str
    handle: str
    pds: str


def connection(destination: Destination, token: str = "access") -> Http:
    """A connection to the account's own server under its ``access`` or ``refresh`` token."""
    credentials = destination.credentials
    return Http(
        destination.base_url, DIALECT, token=credentials.get(token, ""), secrets=tuple(credentials.values())
    )


def session(reply: Reply) -> Session:
    """Read what createSession, refreshSession and getSession have in common."""
    body = reply.body
    return Session(str(body["did"]), str(body["handle"]), _pds(body.get("didDoc")))


def tokens(reply: Reply) -> dict[str, str]:
    """Read the credentials that createSession and refreshSession give."""
    return {"access": str(reply.body["accessJwt"]), "refresh": str(reply.body["refreshJwt"])}


def token_end(token: str) -> datetime | None:
    """The instant that a session token names as its end (RFC 7519, ``exp``); None where it can't be read."""
    try:
        claims = token.split(".")[1]
        told = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        return datetime.fromtimestamp(told["exp"], UTC)
    except (ValueError, LookupError, TypeError, OverflowError, OSError):
        return None


def resolve(http: Http, handle: str) -> str:
    """The DID of ``handle``; empty when nobody has it."""
    path = "/xrpc/com.atproto.identity.resolveHandle"
    try:
        return http.get(path, lambda reply: str(reply.body["did"]), params={"handle": handle})
    except Rejected:
        return ""


def tid(now: datetime) -> str:
    """A record key of 13 letters that sorts by time (atproto.com/specs/tid), from the hour before ``now``.

    The spread keeps keys apart that are made for many posts at one instant: 42 random bits in all.
    """
    spread = secrets.randbelow(_KEY_SPREAD // timedelta(microseconds=1))
    moment = (now - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1) - spread
    number = moment << _CLOCK_ID_BITS | secrets.randbits(_CLOCK_ID_BITS)
    return "".join(_SORTABLE[number >> shift & 31] for shift in range(60, -1, -5))


def timestamp(moment: datetime) -> str:
    """The one form in which records carry an instant: RFC 3339 in UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def hosted_by_bluesky(base_url: str) -> bool:
    """Whether the servers of the company Bluesky answer under ``base_url``."""
    host = urlsplit(base_url).hostname or ""
    return any(host == own or host.endswith(f".{own}") for own in _HOSTS_OF_BLUESKY)


def web_address(base_url: str) -> str:
    """Where people read what ``base_url`` hosts: the public app; on a private network the server itself."""
    host = urlsplit(base_url).hostname or ""
    private = "." not in host or host.replace(".", "").isdigit() or host.endswith((".test", ".localhost"))
    return base_url if private else "https://bsky.app"


def _pds(document: Any) -> str:
    services = document.get("service", ()) if isinstance(document, Mapping) else ()
    places = [each["serviceEndpoint"] for each in services if each["id"].endswith("#atproto_pds")]
    return str(places[0]).rstrip("/") if places else ""
