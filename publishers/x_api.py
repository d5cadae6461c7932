"""Talking to X: its hosts, its errors (X docs, response-codes-and-errors), and how an app proves itself."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

from publishers import oauth
from publishers.errors import PublisherError, Stale, Unauthorized
from publishers.http import Dialect, Http, Rule, rests
from publishers.rests import after, next_day
from publishers.values import Destination

HOME = "https://api.x.com"
HOSTS = oauth.Hosts(HOME, {"web": "https://x.com"})
SCOPE = "tweet.read tweet.write users.read media.write offline.access"
TOKEN = "/2/oauth2/token"
DUPLICATE = "duplicate content"
_DAILY = ("x-app-limit-24hour", "x-user-limit-24hour")


def _explain(body: Mapping[str, Any]) -> tuple[str, str]:
    if "error" in body:
        return str(body["error"]), str(body.get("error_description", ""))
    kind = str(body.get("type", "")).rpartition("/")[2]
    more = [str(each.get("message") or each.get("detail") or "") for each in body.get("errors", ())]
    return kind, next(filter(None, more), "") or str(body.get("detail") or body.get("title") or "")


def _reset(headers: Mapping[str, str], _body: object) -> datetime:
    """Epoch seconds, of the window that is spent; each answer names the others too (X docs, rate-limits)."""
    spent = [name for name in _DAILY if headers.get(f"{name}-remaining") == "0"]
    if not spent and headers.get("x-rate-limit-remaining", "0") != "0":
        raise LookupError("no window is spent")
    return datetime.fromtimestamp(int(headers[f"{spent[0] if spent else 'x-rate-limit'}-reset"]), UTC)


DIALECT = Dialect(
    explain=_explain,
    reset=_reset,
    rules=(
        Rule(partial(Unauthorized, refreshable=True), 401),
        rests(next_day("UTC"), code="usage-capped"),
        rests(after(timedelta(hours=1)), 402),  # no credits: somebody has to buy some
        Rule(Unauthorized, 403, code="client-forbidden"),
        Rule(Unauthorized, 403, code="oauth1-permissions"),
        Rule(Unauthorized, 403, code="unsupported-authentication"),
        Rule(Unauthorized, 403, text="suspended"),
        Rule(Unauthorized, 403, text="temporarily locked"),
        Rule(Unauthorized, 403, text="not permitted to access this feature"),
        Rule(Stale, 400, text="media ids are invalid"),
    ),
)


def api(destination: Destination) -> Http:
    """The API, as the account that ``destination`` speaks for."""
    credentials = destination.credentials
    secrets = oauth.secrets_of(credentials)
    return Http(destination.base_url, DIALECT, token=credentials["access_token"], secrets=secrets)


def renewed(base_url: str, app: Mapping[str, str], form: Mapping[str, str]) -> dict[str, str]:
    """What the token endpoint gives for ``form``; an app proves itself in a header (X docs, oauth-2-0)."""
    told = {name: value for name, value in form.items() if name not in ("client_secret", "scope")}
    pair = f"{quote(app['client_id'])}:{quote(app['client_secret'])}".encode()
    headers = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    secret = [form[name] for name in ("code", "code_verifier", "refresh_token") if name in form]
    with Http(base_url, DIALECT, headers=headers, secrets=(app["client_secret"], *secret)) as http:
        return http.post(TOKEN, lambda reply: oauth.credentials(reply.body, app), data=told)


def is_duplicate(error: PublisherError) -> bool:
    """Whether X refused to say the same again."""
    return DUPLICATE in error.message.lower()
