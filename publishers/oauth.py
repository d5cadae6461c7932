"""The OAuth 2 code flow, with PKCE where a platform takes it (RFC 6749, RFC 7636), as far as the platforms share it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from authlib.common.security import generate_token
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from publishers import present
from publishers.base import Authorization, Field
from publishers.errors import Evidence, Rejected, Unauthorized
from publishers.words import ADVANCED_SERVER, APP_ID, APP_SECRET, SERVER

_VERIFIER_LENGTH = 64
APP_FIELDS = (
    Field("client_id", "text", APP_ID),
    Field("client_secret", "password", APP_SECRET),
)


def server_field(home: str) -> Field:
    """Where a platform with one address of its own is spoken to: its ``home``, or a relay that leads there."""
    return Field("server", "url", SERVER, ADVANCED_SERVER, default=home, required=False, advanced=True)


@dataclass(frozen=True)
class Hosts:
    """The hosts of one platform; ``more`` names the others beside the one that the API is on.

    Behind any other address than ``home`` one server stands for all of them, with the same paths: a relay, or a
    simulator.
    """

    home: str
    more: Mapping[str, str]

    def at(self, base_url: str, name: str) -> str:
        """The host called ``name``, as seen from ``base_url``."""
        return self.more[name] if base_url == self.home else base_url


def app_of(fields: Mapping[str, str], kept: Mapping[str, str] | None) -> dict[str, str]:
    """The registration that was typed, or else the one kept from an earlier connection; ``Rejected`` without any."""
    typed = {name: fields.get(name, "").strip() for name in ("client_id", "client_secret")}
    if typed["client_id"] and typed["client_secret"]:
        return typed
    if kept is None:
        raise Rejected("Almanac needs the ID and secret of an app there.", Evidence(code="app_required"))
    return {name: kept[name] for name in ("client_id", "client_secret")}


def start(
    base_url: str,
    endpoint: str,
    app: Mapping[str, str],
    *,
    redirect_uri: str,
    scope: str,
    state: str,
    pkce: bool = True,
    client: str = "client_id",
    **more: str,
) -> Authorization:
    """Where to send the person; ``app`` holds ``client_id`` and ``client_secret``, ``client`` is the platform's name
    for the former, ``more`` are parameters of its own."""
    verifier = generate_token(_VERIFIER_LENGTH)
    if pkce:
        more |= {"code_challenge": create_s256_code_challenge(verifier), "code_challenge_method": "S256"}
    asked = {"redirect_uri": redirect_uri, "scope": scope, "state": state} | more
    url = prepare_grant_uri(endpoint, app["client_id"], "code", **asked)
    if client != "client_id":
        url = url.replace("client_id=", f"{client}=", 1)
    memory = {"base_url": base_url, "scope": scope, "verifier": verifier if pkce else "", **app}
    return Authorization(url=url, base_url=base_url, memory=memory, app=dict(app))


def token_form(
    memory: Mapping[str, str], code: str, redirect_uri: str, client: str = "client_id"
) -> dict[str, str]:
    """The form that trades ``code`` for a token."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        client: memory["client_id"],
        "client_secret": memory["client_secret"],
        "redirect_uri": redirect_uri,
        "code_verifier": memory["verifier"],
        "scope": memory["scope"],
    }
    return {name: value for name, value in form.items() if value}


def refresh_form(credentials: Mapping[str, str], client: str = "client_id") -> dict[str, str]:
    """The form that trades a refresh token for a new pair; ``Unauthorized`` where there is none."""
    if not credentials.get("refresh_token"):
        raise Unauthorized("These credentials cannot be refreshed.", Evidence(code="no_refresh_token"))
    return {
        "grant_type": "refresh_token",
        "refresh_token": credentials["refresh_token"],
        client: credentials["client_id"],
        "client_secret": credentials["client_secret"],
    }


def credentials(
    body: Mapping[str, Any], known: Mapping[str, str], *, person_at: str = "refresh_expires_in"
) -> dict[str, str]:
    """What to keep of a token answer: both tokens, the app that they belong to (out of ``known``), and their ends.

    A platform that does not rotate its refresh token leaves it out of the answer: the ``known`` one stays. ``person_at``
    names the seconds after which a person has to sign in again.
    """
    now = present.now()
    kept = {
        "access_token": str(body["access_token"]),
        "refresh_token": str(body.get("refresh_token") or known.get("refresh_token", "")),
        "client_id": known.get("client_id", ""),
        "client_secret": known.get("client_secret", ""),
        "ends_at": _end(body.get(person_at), now) or known.get("ends_at", ""),
    }
    return {name: value for name, value in kept.items() if value}


def secrets_of(kept: Mapping[str, str]) -> tuple[str, ...]:
    """What of the credentials must appear in no error."""
    return tuple(kept[name] for name in ("access_token", "refresh_token", "client_secret") if kept.get(name))


def _end(seconds: object, now: datetime) -> str:
    if not isinstance(seconds, int | float | str) or not str(seconds).strip():
        return ""
    return (now + timedelta(seconds=float(seconds))).isoformat()
