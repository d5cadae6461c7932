"""The OAuth 2 code flow of a simulated platform: consent page, code, tokens, and refresh tokens that are spent once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from werkzeug import Response
from werkzeug.utils import redirect

from publishers.simulators.rack import params
from publishers.simulators.simulator import Route
from publishers.simulators.social import Social
from publishers.simulators.social_state import App, Grant, Token
from publishers.simulators.wire import Call, Refusal, answer

CODE_LIFETIME = 600.0
Trouble = Callable[[int, str, str], Refusal]


def _rfc6749(status: int, name: str, description: str) -> Refusal:
    return Refusal(status, {"error": name, "error_description": description})


@dataclass(frozen=True)
class Dialect:
    """Where a platform's flow departs from the RFC: paths, the name of the client id, its errors and its answer."""

    authorize: str
    token: str
    refresh: str = ""
    client: str = "client_id"
    needs_pkce: bool = False
    basic: bool = False
    trouble: Trouble = _rfc6749
    wrap: Callable[[dict[str, Any]], dict[str, Any]] = lambda body: body


class OAuth:
    """The endpoints; ``refresh`` tokens are spent by use where the platform ``rotates``."""

    def __init__(self, social: Social, dialect: Dialect) -> None:
        self._social, self._dialect = social, dialect

    def routes(self) -> list[Route]:
        """Consent at ``authorize``, its answer at ``/oauth/authorize``, and the token endpoints."""
        paths = {self._dialect.token, self._dialect.refresh or self._dialect.token}
        return [
            ("GET", self._dialect.authorize, self.ask),
            ("POST", "/oauth/authorize", self.consent),
            *[("POST", path, self.token) for path in sorted(paths)],
        ]

    def ask(self, call: Call) -> Response:
        """The page that lets a person choose an account and agree."""
        asked = call.args.to_dict()
        self._app(asked.get(self._dialect.client, ""))
        if self._dialect.needs_pkce and not asked.get("code_challenge"):
            raise self._dialect.trouble(400, "invalid_request", "A code_challenge is required.")
        return self._social.pages.render(
            call, "authorize.html", app=self._app(asked[self._dialect.client]),
            scopes=asked.get("scope", "").replace(",", " ").split(), asked=asked,
            accounts=list(self._social.state.accounts.values()),
        )  # fmt: skip

    def consent(self, call: Call) -> Response:
        """The person's answer: back to the client with a code, or with ``access_denied``."""
        form = call.form
        app = self._app(form.get(self._dialect.client, ""))
        back, state = form["redirect_uri"], form.get("state", "")
        if form.get("decision") != "authorize":
            return redirect(_with(back, error="access_denied", state=state))
        handle = form.get("new_account", "").strip() or form.get("account", "")
        social = self._social
        with social.lock:
            account = social.join(handle)
            grant = Grant(
                secrets.token_urlsafe(24), app.client_id, account.id, back, form.get("scope", ""),
                form.get("code_challenge", ""), social.clock.now() + CODE_LIFETIME,
            )  # fmt: skip
            social.state.grants[grant.code] = grant
        return redirect(_with(back, code=grant.code, state=state))

    def token(self, call: Call) -> Response:
        """A code or a refresh token for a pair of tokens."""
        given = params(call)
        app = self._client(call, given)
        with self._social.lock:
            kind = given.get("grant_type")
            if kind == "authorization_code":
                token = self._redeemed(app, given)
            elif kind == "refresh_token" and self._social.refresh_lives:
                token = self._refreshed(app, given)
            else:
                raise self._dialect.trouble(
                    400, "unsupported_grant_type", "This grant type is not supported."
                )
            return answer(self._dialect.wrap(self.body(token)))

    def body(self, token: Token) -> dict[str, Any]:
        """The answer that holds a pair of tokens."""
        social, now = self._social, self._social.clock.now()
        told: dict[str, Any] = {
            "access_token": token.access, "token_type": "bearer", "expires_in": int(token.expires_at - now),
            "scope": token.scope,
        }  # fmt: skip
        if token.refresh:
            lasts = int(token.refresh_expires_at - now)
            told |= {"refresh_token": token.refresh, "refresh_expires_in": lasts}
        return told | {"open_id": token.account_id, "uid": token.account_id} | self._more(social, token)

    def _more(self, social: Social, token: Token) -> dict[str, Any]:
        """What a platform adds of its own."""
        return {}

    def _redeemed(self, app: App, given: dict[str, Any]) -> Token:
        grant = self._social.state.grants.pop(str(given.get("code")), None)
        if grant is None or grant.client_id != app.client_id or grant.expires_at <= self._social.clock.now():
            raise self._dialect.trouble(400, "invalid_grant", "This code is unknown, used or expired.")
        if given.get("redirect_uri", grant.redirect_uri) != grant.redirect_uri:
            raise self._dialect.trouble(400, "invalid_grant", "The redirect URI is another one.")
        if grant.challenge and not _proves(grant.challenge, str(given.get("code_verifier") or "")):
            raise self._dialect.trouble(400, "invalid_grant", "The code verifier does not fit.")
        return self._social.issue(grant.account_id, app.client_id, grant.scope)

    def _refreshed(self, app: App, given: dict[str, Any]) -> Token:
        wanted, now = str(given.get("refresh_token")), self._social.clock.now()
        old = next((t for t in self._social.state.tokens.values() if t.refresh == wanted and t.refresh), None)
        if (
            old is None
            or old.client_id != app.client_id
            or old.state == "revoked"
            or old.refresh_expires_at <= now
        ):
            raise self._dialect.trouble(400, "invalid_grant", "This refresh token is unknown or expired.")
        if old.spent and self._social.rotates:
            raise self._dialect.trouble(400, "invalid_grant", "This refresh token was used before.")
        old.spent = True
        if self._social.rotates:
            old.state = "expired"
        fresh = self._social.issue(old.account_id, app.client_id, old.scope)
        if not self._social.rotates:
            fresh.refresh, fresh.refresh_expires_at = old.refresh, old.refresh_expires_at
            old.refresh = ""
        return fresh

    def _app(self, client_id: str) -> App:
        known = self._social.state.apps.get(client_id)
        if known is None:
            raise self._dialect.trouble(400, "invalid_client", "There is no such app.")
        return known

    def _client(self, call: Call, given: dict[str, Any]) -> App:
        basic = call.authorization if call.authorization and call.authorization.type == "basic" else None
        if self._dialect.basic and basic is None:
            raise self._dialect.trouble(401, "invalid_client", "Client authentication has to come as Basic.")
        client_id = (basic.username if basic else given.get(self._dialect.client)) or ""
        secret = (basic.password if basic else given.get("client_secret")) or ""
        app = self._app(str(client_id))
        if not hmac.compare_digest(app.client_secret, str(secret)):
            raise self._dialect.trouble(401, "invalid_client", "The secret of this app is another one.")
        return app


def _proves(challenge: str, verifier: str) -> bool:
    proof = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    return hmac.compare_digest(challenge, proof)


def _with(uri: str, **query: str) -> str:
    kept = {name: value for name, value in query.items() if value}
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode(kept)}"
