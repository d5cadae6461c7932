"""Who is asking, and may they: bearer tokens, scopes and the error bodies of Mastodon's ErrorHandling."""

from __future__ import annotations

from publishers.simulators.mastodon_state import Account, State, Token
from publishers.simulators.wire import Call, Refusal

SENTENCES = {
    "valid": "",
    "revoked": "The access token was revoked",
    "expired": "The access token expired",
}
INVALID = "The access token is invalid"


def refusal(status: int, sentence: str) -> Refusal:
    """An error as Mastodon words it."""
    return Refusal(status, {"error": sentence})


def not_found() -> Refusal:
    """What is absent, deleted or not yours."""
    return refusal(404, "Record not found")


def invalid(reason: str) -> Refusal:
    """A failed validation."""
    return refusal(422, f"Validation failed: {reason}")


def bearer(call: Call) -> str:
    """The token a request carries, or an empty string."""
    kind, _, value = call.headers.get("Authorization", "").partition(" ")
    return value.strip() if kind.lower() == "bearer" else call.args.get("access_token", "")


def token_of(state: State, call: Call) -> Token | None:
    """The token a request carries, if it is known and good."""
    token = state.tokens.get(bearer(call))
    return token if token is not None and token.state == "valid" else None


def require(state: State, call: Call, *scopes: str) -> tuple[Account, Token]:
    """The account and token behind a request; one of ``scopes``, or the family of one, must have been granted."""
    token = state.tokens.get(bearer(call))
    if token is None:
        raise _unauthorized(INVALID)
    if token.state != "valid":
        raise _unauthorized(SENTENCES[token.state])
    if not any(scope in token.scopes or scope.split(":")[0] in token.scopes for scope in scopes):
        raise refusal(403, "This action is outside the authorized scopes")
    return state.accounts[token.account_id], token


def _unauthorized(sentence: str) -> Refusal:
    challenge = f'Bearer realm="Doorkeeper", error="invalid_token", error_description="{sentence}"'
    return Refusal(401, {"error": sentence}, {"WWW-Authenticate": challenge})
