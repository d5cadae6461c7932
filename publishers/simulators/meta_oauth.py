"""How people let an app in at Meta: a code for a token that lives an hour, and that one for a lasting one.

Sources: Meta docs, facebook-login/guides/access-tokens/get-long-lived, instagram-platform and threads, long-lived tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug import Response

from publishers.simulators.meta_graph import Meta
from publishers.simulators.rack import params
from publishers.simulators.simulator import Route
from publishers.simulators.social_oauth import Dialect, OAuth
from publishers.simulators.social_state import App, Token
from publishers.simulators.wire import Call, Refusal, answer

HOUR, DAY = 3600.0, 86_400.0
LASTING = 60 * DAY


def _trouble(social: Meta) -> Callable[[int, str, str], Refusal]:
    codes = {"invalid_client": (101, 0), "invalid_grant": (100, 36009)}

    def refuse(status: int, name: str, description: str) -> Refusal:
        if name == "invalid_client" and "secret" in description:
            return social.error("Error validating client secret.", 1)
        return social.error(description, *codes.get(name, (100, 0)))

    return refuse


class FacebookLogin(OAuth):
    """One endpoint answers with tokens of people: short ones for a code, lasting ones for a short one."""

    def __init__(self, social: Meta, version: str) -> None:
        self._meta = social
        self._path = f"/{version}/oauth/access_token"
        super().__init__(social, Dialect(f"/{version}/dialog/oauth", self._path, trouble=_trouble(social)))

    def routes(self) -> list[Route]:
        """The consent page, its answer, and the tokens."""
        asks = [route for route in super().routes() if route[1] != self._path]
        return [*asks, ("GET", self._path, self._tokens)]

    def _tokens(self, call: Call) -> Response:
        given, social = params(call), self._meta
        app = self._client(call, given)
        with social.lock:
            if given.get("grant_type") == "fb_exchange_token":
                short = social.state.tokens.get(str(given.get("fb_exchange_token")))
                if short is None or short.client_id != app.client_id or short.state != "valid":
                    raise social.denied("revoked")
                lasting = social.issue(short.account_id, app.client_id, "lasting")
                return _answered(social, _lives(social, lasting, LASTING))
            return _answered(social, self._short(app, given))

    def _short(self, app: App, given: dict[str, Any]) -> Token:
        token = self._redeemed(app, given)
        token.scope = "short"
        return _lives(self._meta, token, HOUR)


class OwnLogin(OAuth):
    """Instagram's and Threads' own login: ``prefix`` is that of their grant types, ig or th."""

    def __init__(self, social: Meta, prefix: str) -> None:
        self._meta, self._prefix = social, prefix
        trouble = _flat if prefix == "ig" else _trouble(social)
        super().__init__(social, Dialect("/oauth/authorize", "/oauth/access_token", trouble=trouble))

    def routes(self) -> list[Route]:
        """The consent page, its answer, and the three token endpoints."""
        return [
            *super().routes(),
            ("GET", "/access_token", self._exchanged),
            ("GET", "/refresh_access_token", self._renewed),
        ]

    def token(self, call: Call) -> Response:
        """A code for a token that lives an hour."""
        given, social = params(call), self._meta
        app = self._client(call, given)
        with social.lock:
            short = _lives(social, self._redeemed(app, given), HOUR)
            short.scope = "short"
        return answer({"access_token": short.access, "user_id": int(short.account_id)})

    def _exchanged(self, call: Call) -> Response:
        social, short = self._meta, self._meta.token_of(call)
        given = params(call)
        if given.get("grant_type") != f"{self._prefix}_exchange_token" or short.scope != "short":
            raise social.error("Unsupported request - method type: get", 100)
        if given.get("client_secret") != social.state.apps[short.client_id].client_secret:
            raise social.error("Error validating client secret.", 1)
        with social.lock:
            return _answered(social, social.issue(short.account_id, short.client_id))

    def _renewed(self, call: Call) -> Response:
        social, old = self._meta, self._meta.token_of(call)
        if params(call).get("grant_type") != f"{self._prefix}_refresh_token" or old.scope == "short":
            raise social.error("Unsupported request - method type: get", 100)
        if social.clock.now() < old.expires_at - social.access_lives + DAY:
            raise social.error("The access token must be at least 24 hours old to be refreshed.", 100)
        with social.lock:
            return _answered(social, social.issue(old.account_id, old.client_id))


def _flat(status: int, name: str, description: str) -> Refusal:
    return Refusal(400, {"error_type": "OAuthException", "code": 400, "error_message": description})


def _lives(social: Meta, token: Token, seconds: float) -> Token:
    token.expires_at = social.clock.now() + seconds
    return token


def _answered(social: Meta, token: Token) -> Response:
    lasts = int(token.expires_at - social.clock.now())
    told: dict[str, Any] = {"access_token": token.access, "token_type": "bearer", "expires_in": lasts}
    return answer(told)
