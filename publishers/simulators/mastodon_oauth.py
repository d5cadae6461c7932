"""Mastodon's OAuth 2 (documentation, methods/apps and methods/oauth): a code flow with optional PKCE S256."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Any
from urllib.parse import urlencode

from werkzeug import Response
from werkzeug.utils import redirect

from publishers.simulators.mastodon_access import invalid, require
from publishers.simulators.mastodon_entities import Entities
from publishers.simulators.mastodon_people import People
from publishers.simulators.mastodon_state import App, Grant, State, Token
from publishers.simulators.pages import Pages
from publishers.simulators.rack import params, strings
from publishers.simulators.simulator import Route, Simulator
from publishers.simulators.wire import Call, Refusal, answer

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
CODE_LIFETIME = 600
SCOPES = [
    "read",
    "profile",
    "write",
    "write:accounts",
    "write:favourites",
    "write:media",
    "write:statuses",
    "read:accounts",
    "read:favourites",
    "read:me",
    "read:notifications",
    "read:search",
    "read:statuses",
    "follow",
    "push",
]
BAD_CLIENT = "Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method."
BAD_GRANT = "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client."
BAD_REDIRECT = "The requested redirect uri is malformed or doesn't match client redirect URI."
BAD_SCOPE = "The requested scope is invalid, unknown, or malformed."
ASKED = (
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "response_type",
)


def oauth_error(status: int, name: str, description: str) -> Refusal:
    """An error of RFC 6749."""
    return Refusal(status, {"error": name, "error_description": description})


class OAuthApi:
    """Apps, the consent page, tokens and their revocation."""

    def __init__(
        self, sim: Simulator, state: State, entities: Entities, people: People, pages: Pages
    ) -> None:
        self._sim, self._state, self._entities, self._people, self._pages = (
            sim,
            state,
            entities,
            people,
            pages,
        )

    def routes(self) -> list[Route]:
        """The endpoints."""
        return [
            ("POST", "/api/v1/apps", self.register),
            ("GET", "/api/v1/apps/verify_credentials", self.verify_app),
            ("GET", "/oauth/authorize", self.ask),
            ("POST", "/oauth/authorize", self.consent),
            ("POST", "/oauth/token", self.token),
            ("POST", "/oauth/revoke", self.revoke),
            ("GET", "/.well-known/oauth-authorization-server", self.metadata),
        ]

    def register(self, call: Call) -> Response:
        """A new client."""
        given = params(call)
        uris = given.get("redirect_uris") or []
        uris = uris.split() if isinstance(uris, str) else strings(uris)
        scopes = str(given.get("scopes") or "read").split()
        if not given.get("client_name") or not uris:
            raise invalid("Application name can't be blank" if uris else "Redirect URI can't be blank")
        if not set(scopes) <= set(SCOPES):
            raise invalid("Scopes doesn't match configured on the server.")
        with self._sim.lock:
            app = App(
                id=self._state.new_id(self._sim.clock.now()), name=str(given["client_name"]),
                website=str(given.get("website") or ""), client_id=secrets.token_urlsafe(32),
                client_secret=secrets.token_urlsafe(32), redirect_uris=uris, scopes=scopes,
            )  # fmt: skip
            self._state.apps[app.id] = app
            self._sim.changed.set()
        return answer(self._entities.app(app))

    def verify_app(self, call: Call) -> Response:
        """The client behind a token."""
        _, token = require(self._state, call, *SCOPES)
        body = self._entities.app(self._state.apps[token.app_id])
        return answer({key: value for key, value in body.items() if not key.startswith("client_")})

    def ask(self, call: Call) -> Response:
        """The page that asks a person for consent and lets them choose an account."""
        app, scopes = self._checked(call.args.to_dict())
        asked = {name: call.args.get(name, "") for name in ASKED}
        return self._pages.render(
            call,
            "authorize.html",
            app=app,
            scopes=scopes,
            asked=asked,
            accounts=list(self._state.accounts.values()),
        )

    def consent(self, call: Call) -> Response:
        """The person's answer: back to the client with a code or with ``access_denied``."""
        app, scopes = self._checked(call.form.to_dict())
        uri, state = call.form["redirect_uri"], call.form.get("state", "")
        if call.form.get("decision") != "authorize":
            denied = "The resource owner or authorization server denied the request."
            return self._back(uri, {"error": "access_denied", "error_description": denied, "state": state})
        username = call.form.get("new_account", "").strip() or call.form.get("account", "")
        if not username:
            return redirect(f"/oauth/authorize?{urlencode({n: call.form.get(n, '') for n in ASKED})}")
        with self._sim.lock:
            account = self._people.get_or_make(username)
            grant = Grant(
                code=secrets.token_urlsafe(32), app_id=app.id, account_id=account.id, redirect_uri=uri,
                scopes=scopes, challenge=call.form.get("code_challenge", ""),
                expires_at=self._sim.clock.now() + CODE_LIFETIME,
            )  # fmt: skip
            self._state.grants[grant.code] = grant
            self._sim.changed.set()
        if uri == OUT_OF_BAND:
            return self._pages.render(call, "code.html", code=grant.code)
        return self._back(uri, {"code": grant.code, "state": state})

    def token(self, call: Call) -> Response:
        """An authorization code, or a client's own credentials, for a token that never expires."""
        given = params(call)
        app = self._client(call, given)
        if given.get("grant_type") == "client_credentials":
            return answer(
                {"access_token": secrets.token_urlsafe(32), "token_type": "Bearer", "scope": "read"}
            )
        if given.get("grant_type") != "authorization_code":
            raise oauth_error(400, "unsupported_grant_type", "The authorization grant type is not supported.")
        with self._sim.lock:
            grant = self._state.grants.pop(str(given.get("code")), None)
            if grant is None or not self._redeems(grant, app, given):
                raise oauth_error(400, "invalid_grant", BAD_GRANT)
            token = self._people.issue(grant.account_id, app.id, grant.scopes)
        return answer(
            {"access_token": token.value, "token_type": "Bearer", "scope": " ".join(token.scopes),
             "created_at": int(token.created_at)}
        )  # fmt: skip

    def revoke(self, call: Call) -> Response:
        """End a token; an unknown one is no error, another client's is."""
        given = params(call)
        app = self._client(call, given)
        token = self._state.tokens.get(str(given.get("token")))
        if token is not None and token.app_id != app.id:
            raise oauth_error(403, "unauthorized_client", "You are not authorized to revoke this token")
        if isinstance(token, Token):
            token.state = "revoked"
            self._sim.changed.set()
        return answer({})

    def metadata(self, call: Call) -> Response:
        """RFC 8414, as 4.3 and newer answer it."""
        return answer(
            {
                "issuer": f"{self._sim.url}/",
                "service_documentation": "https://docs.joinmastodon.org/",
                "authorization_endpoint": f"{self._sim.url}/oauth/authorize",
                "token_endpoint": f"{self._sim.url}/oauth/token",
                "app_registration_endpoint": f"{self._sim.url}/api/v1/apps",
                "revocation_endpoint": f"{self._sim.url}/oauth/revoke",
                "scopes_supported": SCOPES,
                "response_types_supported": ["code"],
                "response_modes_supported": ["query", "fragment", "form_post"],
                "grant_types_supported": ["authorization_code", "client_credentials"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    def _checked(self, asked: dict[str, str]) -> tuple[App, list[str]]:
        app = self._app(asked.get("client_id", ""))
        if app is None:
            raise oauth_error(401, "invalid_client", BAD_CLIENT)
        if asked.get("redirect_uri") not in app.redirect_uris:
            raise oauth_error(400, "invalid_redirect_uri", BAD_REDIRECT)
        scopes = (asked.get("scope") or "read").split()
        if not set(scopes) <= {*app.scopes, *(s for s in SCOPES if s.split(":")[0] in app.scopes)}:
            raise oauth_error(400, "invalid_scope", BAD_SCOPE)
        return app, scopes

    def _app(self, client_id: str) -> App | None:
        return next((app for app in self._state.apps.values() if app.client_id == client_id), None)

    def _client(self, call: Call, given: dict[str, Any]) -> App:
        basic = call.authorization if call.authorization and call.authorization.type == "basic" else None
        client_id = (basic.username if basic else given.get("client_id")) or ""
        secret = (basic.password if basic else given.get("client_secret")) or ""
        app = self._app(str(client_id))
        if app is None or not hmac.compare_digest(app.client_secret, str(secret)):
            raise oauth_error(401, "invalid_client", BAD_CLIENT)
        return app

    def _redeems(self, grant: Grant, app: App, given: dict[str, Any]) -> bool:
        proof = hashlib.sha256(str(given.get("code_verifier") or "").encode()).digest()
        challenge = base64.urlsafe_b64encode(proof).decode().rstrip("=")
        return (
            grant.app_id == app.id
            and grant.redirect_uri == given.get("redirect_uri")
            and grant.expires_at > self._sim.clock.now()
            and (not grant.challenge or hmac.compare_digest(grant.challenge, challenge))
        )

    def _back(self, uri: str, query: dict[str, str]) -> Response:
        kept = {name: value for name, value in query.items() if value}
        return redirect(f"{uri}{'&' if '?' in uri else '?'}{urlencode(kept)}")
