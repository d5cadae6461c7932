"""Session tokens of a simulated Bluesky host: signed JWTs, 2 hours and 90 days, refreshed by rotation."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any

from publishers.simulators.bluesky_state import Account, Refresh, State
from publishers.simulators.simulator import Simulator
from publishers.simulators.wire import Call, Refusal

ACCESS_LIFETIME = 2 * 3600
REFRESH_LIFETIME = 90 * 86_400
GRACE = 2 * 3600
ACCESS, REFRESH = "com.atproto.appPass", "com.atproto.refresh"


def xrpc_error(status: int, name: str, message: str, headers: dict[str, str] | None = None) -> Refusal:
    """An error as XRPC words it."""
    return Refusal(status, {"error": name, "message": message}, headers)


def bad_request(message: str) -> Refusal:
    """The commonest refusal."""
    return xrpc_error(400, "InvalidRequest", message)


def _packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Tokens:
    """Issues, checks and rotates tokens."""

    def __init__(self, sim: Simulator, state: State) -> None:
        self._sim, self._state = sim, state

    def session(self, account: Account, refresh_id: str = "") -> dict[str, str]:
        """A new pair; the refresh token is stored under ``refresh_id`` or a fresh id."""
        now = self._sim.clock.now()
        refresh = Refresh(refresh_id or secrets.token_urlsafe(32), account.did, now + REFRESH_LIFETIME)
        self._state.refreshes.setdefault(refresh.id, refresh)
        self._sim.changed.set()
        return {
            "accessJwt": self._signed(account.did, ACCESS, now, now + ACCESS_LIFETIME, secrets.token_hex(8)),
            "refreshJwt": self._signed(account.did, REFRESH, now, refresh.expires_at, refresh.id),
        }

    def rotate(self, call: Call) -> tuple[Account, dict[str, str]]:
        """Use a refresh token: it lives on for the grace, and using it again gives the same successor."""
        claims = self._claims(call, REFRESH)
        now = self._sim.clock.now()
        with self._sim.lock:
            used = self._state.refreshes.get(claims["jti"])
            if used is None or used.expires_at <= now:
                raise xrpc_error(400, "ExpiredToken", "Token has been revoked")
            used.expires_at = min(used.expires_at, now + GRACE)
            used.next_id = used.next_id or secrets.token_urlsafe(32)
            account = self._account(used.did)
            return account, self.session(account, used.next_id)

    def end(self, call: Call) -> None:
        """Forget a refresh token."""
        claims = self._claims(call, REFRESH, expired_is_fine=True)
        self._state.refreshes.pop(claims["jti"], None)
        self._sim.changed.set()

    def require(self, call: Call) -> Account:
        """The account behind an access token."""
        claims = self._claims(call, ACCESS)
        if claims["iat"] <= self._state.expired_before.get(claims["sub"], 0.0):
            raise xrpc_error(400, "ExpiredToken", "Token has expired")
        return self._account(claims["sub"])

    def service_token(self, account: Account, audience: str, method: str, expires_at: float) -> str:
        """A token for another service (com.atproto.server.getServiceAuth)."""
        now = self._sim.clock.now()
        return self._signed(account.did, f"{audience} {method}", now, expires_at, secrets.token_hex(8))

    def require_service(self, call: Call) -> Account:
        """The account behind a service token, or behind an access token."""
        claims = self._claims(call, "")
        return self._account(claims["sub"])

    def _account(self, did: str) -> Account:
        account = self._state.accounts.get(did)
        if account is None:
            raise xrpc_error(400, "InvalidToken", "Token could not be verified")
        if not account.active:
            raise xrpc_error(401, "AccountTakedown", "Account has been taken down")
        return account

    def _signed(self, did: str, scope: str, issued: float, expires: float, id: str) -> str:
        head = _packed(b'{"typ":"at+jwt","alg":"HS256"}')
        claims = {
            "scope": scope,
            "sub": did,
            "aud": "did:web:localhost",
            "iat": issued,
            "exp": int(expires),
            "jti": id,
        }
        body = _packed(json.dumps(claims).encode())
        return f"{head}.{body}.{self._signature(f'{head}.{body}')}"

    def _signature(self, text: str) -> str:
        return _packed(hmac.digest(self._state.secret.encode(), text.encode(), hashlib.sha256))

    def _claims(self, call: Call, scope: str, expired_is_fine: bool = False) -> dict[str, Any]:
        kind, _, token = call.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or not token:
            raise xrpc_error(401, "AuthMissing", "Authentication Required")
        text, _, signature = token.strip().rpartition(".")
        if not hmac.compare_digest(self._signature(text).encode(), signature.encode()):
            raise xrpc_error(400, "InvalidToken", "Token could not be verified")
        claims: dict[str, Any] = json.loads(_unpacked(text.split(".")[1]))
        if scope and claims["scope"] != scope:
            raise xrpc_error(400, "InvalidToken", "Bad token scope")
        if claims["exp"] <= self._sim.clock.now() and not expired_is_fine:
            raise xrpc_error(400, "ExpiredToken", "Token has expired")
        return claims
