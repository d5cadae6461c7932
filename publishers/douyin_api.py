"""How Douyin's open platform is spoken to: its errors, its tokens and its calls to us (developer.open-douyin.com)."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from publishers import oauth, present, rests
from publishers.base import end_of
from publishers.errors import PublisherError, Stale, Unauthorized
from publishers.http import Dialect, Http, Reply, Rule, uncertain
from publishers.http import rests as resting
from publishers.values import Destination, Heard, Knock

HOME = "https://open.douyin.com"
DAY = rests.next_day("Asia/Shanghai")
# Refreshing leaves the refresh token its age; renewed here, it lives 30 days more (Douyin docs, renew-refresh-token).
RENEWED_BEFORE = timedelta(days=16)
REFRESH_SECONDS = 25.0

_expired = partial(Unauthorized, refreshable=True)
# Codes of the present and of the older generation of the API (Douyin docs, error codes).
EXPIRED = ("2190002", "2190008", "28001003", "28001008")
NOT_ALLOWED = (
    "10008",  # these two: the refresh token has ended
    "10010",
    "2100007",  # no right to do this
    "2100009",  # the account is barred from it
    "2190003",  # the person has not granted this scope
    "2190004",  # the app has not been given this capability
    "2190015",  # the token is another account's
    "2190016",  # the app is banned or offline
    "28001016",
    "28001018",
)
BUSY = ("10001", "2100001", "2100004", "28001005")
USED_UP = ("2190001", "2114007")
TOO_FAST = "28001019"
NO_SUCH_UPLOAD = "2190007"


def _parts(body: Any) -> Iterator[Mapping[str, Any]]:
    """Where an answer may hold an error: trouble of the gateway stands in ``extra`` alone."""
    if isinstance(body, Mapping):
        yield from (part for part in (body.get("data"), body.get("extra"), body) if isinstance(part, Mapping))


def _code(part: Mapping[str, Any]) -> int:
    return int(part.get("error_code") or part.get("err_no") or 0)


def _is_trouble(body: Any) -> bool:
    return any(_code(part) for part in _parts(body))


def _explain(body: Any) -> tuple[str, str]:
    wrong = next(part for part in _parts(body) if _code(part))
    told = (wrong.get(name) for name in ("sub_description", "description", "err_msg"))
    return str(_code(wrong)), str(next((sentence for sentence in told if sentence), ""))


DIALECT = Dialect(
    explain=_explain,
    is_trouble=_is_trouble,
    rules=(
        *(Rule(_expired, code=code) for code in EXPIRED),
        *(Rule(Unauthorized, code=code) for code in NOT_ALLOWED),
        *(uncertain(code=code) for code in BUSY),
        *(resting(DAY, code=code) for code in USED_UP),
        resting(rests.after(timedelta(minutes=1)), code=TOO_FAST),
        Rule(Stale, code=NO_SUCH_UPLOAD),
        Rule(_expired, 401),
    ),
)


def connection(base_url: str, credentials: Mapping[str, str]) -> Http:
    """A connection on which the account's token goes along as the header that Douyin wants."""
    headers = {"access-token": credentials["access_token"]}
    return Http(base_url, DIALECT, headers=headers, secrets=oauth.secrets_of(credentials))


def data(reply: Reply) -> dict[str, Any]:
    """The part of an answer that says something."""
    return dict(reply.body["data"])


def tokens(known: Mapping[str, str]) -> Callable[[Reply], dict[str, str]]:
    """Reads a token answer; ``known`` are the app and the tokens of before."""

    def read(reply: Reply) -> dict[str, str]:
        told = data(reply)
        return oauth.credentials(told, known) | {"open_id": str(told.get("open_id") or known["open_id"])}

    return read


def refreshed(destination: Destination) -> dict[str, str]:
    """New tokens; where the refresh token would not outlive the new access token, it is renewed too, as often as
    Douyin lets it be (five times)."""
    known = destination.credentials
    secrets = oauth.secrets_of(known)
    with Http(destination.base_url, DIALECT, secrets=secrets, seconds=REFRESH_SECONDS) as http:
        form = oauth.refresh_form(known, "client_key")
        fresh = http.post("/oauth/refresh_token/", tokens(known), data=form)
        end = end_of(fresh)
        if end is None or end - present.now() > RENEWED_BEFORE:
            return fresh
        try:
            return http.post("/oauth/renew_refresh_token/", _renewed(fresh), data=_renewal_form(fresh))
        except PublisherError:
            return fresh  # the new access token is good all the same; its person signs in when it has ended


def _renewal_form(known: Mapping[str, str]) -> dict[str, str]:
    return {"client_key": known["client_id"], "refresh_token": known["refresh_token"]}


def _renewed(known: Mapping[str, str]) -> Callable[[Reply], dict[str, str]]:
    """Reads the answer to a renewal, whose ``expires_in`` is the refresh token's."""

    def read(reply: Reply) -> dict[str, str]:
        told = data(reply)
        end = present.now() + timedelta(seconds=float(told["expires_in"]))
        return {**known, "refresh_token": str(told["refresh_token"]), "ends_at": end.isoformat()}

    return read


def heard(credentials: Mapping[str, str], knock: Knock) -> Heard:
    """What a webhook call says; its signature is the SHA-1 of the app's secret and the body (Douyin docs, webhooks)."""
    secret = credentials.get("client_secret", "")
    proof = hashlib.sha1(secret.encode() + knock.body).hexdigest()
    if not secret or not hmac.compare_digest(proof, knock.headers.get("x-douyin-signature", "")):
        raise Unauthorized("This call does not come from Douyin.")
    event = json.loads(knock.body)
    told = event.get("content") or {}
    content = json.loads(told) if isinstance(told, str) else told
    if event.get("event") == "verify_webhook":
        echo = json.dumps({"challenge": content["challenge"]}).encode()
        return Heard(body=echo, mime="application/json")
    about = str(content.get("item_id") or "") if event.get("event") == "create_video" else ""
    return Heard(about=(about,) if about else ())
