"""Instagram's and Threads' own login: a code, a token for an hour, one for sixty days that renews itself.

Sources: Meta docs, instagram-platform/instagram-api-with-instagram-login/business-login and threads/get-started/
long-lived-tokens. A token can be renewed from its second day until it ends; once it ended, a person has to sign in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from publishers import meta, oauth
from publishers.base import Authorization
from publishers.errors import Rejected, Temporary
from publishers.http import address
from publishers.oauth import Hosts


@dataclass(frozen=True)
class Login:
    """``prefix`` begins the platform's names of grant types; ``consent`` and ``code`` are hosts of ``hosts``."""

    hosts: Hosts
    prefix: str
    scope: str
    version: str
    consent: str
    code: str = ""

    def start(
        self, fields: Mapping[str, str], redirect_uri: str, state: str, app: Mapping[str, str] | None
    ) -> Authorization:
        """Send a person to the consent page."""
        base_url = address(fields.get("server") or self.hosts.home)
        begun = oauth.start(
            base_url, f"{self.hosts.at(base_url, self.consent)}/oauth/authorize", oauth.app_of(fields, app),
            redirect_uri=redirect_uri, scope=self.scope, state=state, pkce=False,
        )  # fmt: skip
        return replace(begun, memory={**begun.memory, "version": meta.version_of(fields, self.version)})

    def finish(self, memory: Mapping[str, str], code: str, redirect_uri: str) -> dict[str, str]:
        """The credentials that a code is good for, already the lasting ones."""
        base_url = memory["base_url"]
        app = {name: memory[name] for name in ("client_id", "client_secret")}
        host = self.hosts.at(base_url, self.code) if self.code else base_url
        asked = {**app, "grant_type": "authorization_code", "redirect_uri": redirect_uri, "code": code}
        short = meta.token_answer(host, "/oauth/access_token", app, "POST", **asked)
        lasting = meta.token_answer(
            base_url, "/access_token", app, grant_type=f"{self.prefix}_exchange_token",
            client_secret=app["client_secret"], access_token=short["access_token"],
        )  # fmt: skip
        return oauth.credentials(lasting, app, person_at="expires_in")

    def renewed(self, base_url: str, kept: Mapping[str, str]) -> dict[str, str]:
        """Another sixty days. ``Temporary`` where the token is good, and too young to be renewed."""
        asked = {"grant_type": f"{self.prefix}_refresh_token", "access_token": kept["access_token"]}
        try:
            body = meta.token_answer(base_url, "/refresh_access_token", kept, **asked)
        except Rejected as error:
            raise Temporary(error.message, error.evidence) from None
        return oauth.credentials(body, kept, person_at="expires_in")
