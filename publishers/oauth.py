"""The OAuth 2 code flow with PKCE (RFC 6749, RFC 7636), as far as the platforms share it."""

from __future__ import annotations

from collections.abc import Mapping

from authlib.common.security import generate_token
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from publishers.base import Authorization

_VERIFIER_LENGTH = 64


def start(
    base_url: str, endpoint: str, app: Mapping[str, str], *, redirect_uri: str, scope: str, state: str
) -> Authorization:
    """Where to send the person; ``app`` holds ``client_id`` and ``client_secret``."""
    verifier = generate_token(_VERIFIER_LENGTH)
    url = prepare_grant_uri(
        endpoint,
        client_id=app["client_id"],
        response_type="code",
        redirect_uri=redirect_uri,
        scope=scope,
        state=state,
        code_challenge=create_s256_code_challenge(verifier),
        code_challenge_method="S256",
    )
    memory = {"base_url": base_url, "scope": scope, "verifier": verifier, **app}
    return Authorization(url=url, base_url=base_url, memory=memory, app=dict(app))


def token_form(memory: Mapping[str, str], code: str, redirect_uri: str) -> dict[str, str]:
    """The form that trades ``code`` for a token."""
    return {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": memory["client_id"],
        "client_secret": memory["client_secret"],
        "redirect_uri": redirect_uri,
        "code_verifier": memory["verifier"],
        "scope": memory["scope"],
    }
