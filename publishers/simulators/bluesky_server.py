"""com.atproto.server and com.atproto.identity of a simulated Bluesky host."""

from __future__ import annotations

import secrets
from typing import Any

from werkzeug import Response
from werkzeug.exceptions import NotFound

from publishers.simulators.bluesky_state import Account, State, did_of
from publishers.simulators.bluesky_tokens import Tokens, bad_request, xrpc_error
from publishers.simulators.limiter import Limiter, Quota
from publishers.simulators.simulator import Route, Simulator
from publishers.simulators.wire import Call, Refusal, answer

LOGINS = Quota("createSession", 30, 300)
LOGINS_A_DAY = Quota("createSession-day", 300, 86_400)


def json_body(call: Call) -> dict[str, Any]:
    """The JSON object a procedure was called with."""
    body = call.get_json(silent=True)
    if not isinstance(body, dict):
        raise bad_request("Request body must be a JSON object")
    return body


def argument(call: Call, name: str) -> str:
    """A parameter that a query must have."""
    value = call.args.get(name, "")
    if not value:
        raise bad_request(f'Error: Params must have the property "{name}"')
    return value


def app_password() -> str:
    """Four groups of four, as the service makes them."""
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


class ServerApi:
    """Accounts, sessions and the resolution of names."""

    def __init__(self, sim: Simulator, state: State, tokens: Tokens, limiter: Limiter) -> None:
        self._sim, self._state, self._tokens, self._limiter = sim, state, tokens, limiter

    def routes(self) -> list[Route]:
        """The endpoints."""
        server, identity = "/xrpc/com.atproto.server", "/xrpc/com.atproto.identity"
        return [
            ("GET", f"{server}.describeServer", self.describe),
            ("POST", f"{server}.createAccount", self.create_account),
            ("POST", f"{server}.createSession", self.create_session),
            ("POST", f"{server}.refreshSession", self.refresh_session),
            ("POST", f"{server}.deleteSession", self.delete_session),
            ("GET", f"{server}.getSession", self.get_session),
            ("POST", f"{server}.createAppPassword", self.create_app_password),
            ("GET", f"{server}.listAppPasswords", self.list_app_passwords),
            ("POST", f"{server}.revokeAppPassword", self.revoke_app_password),
            ("GET", f"{server}.getServiceAuth", self.service_auth),
            ("GET", f"{identity}.resolveHandle", self.resolve_handle),
            ("GET", f"{identity}.resolveDid", self.resolve_did),
            ("GET", "/xrpc/_health", lambda call: answer({"version": "0.4.simulator"})),
            ("GET", "/did:plc:<suffix>", self.plc_document),
            ("GET", "/.well-known/did.json", self.own_document),
        ]

    @property
    def own_did(self) -> str:
        """The did:web of this host."""
        return "did:web:" + self._sim.url.split("://", 1)[1].replace(":", "%3A")

    def make_account(self, handle: str, name: str = "", seed: str = "") -> Account:
        """The account of this handle, made if there is none; a bare name gets ``.test``."""
        handle = handle.lower().lstrip("@")
        handle = handle if "." in handle else f"{handle}.test"
        with self._sim.lock:
            known = self._state.find(handle)
            if known is not None:
                known.name, known.seed = name or known.name, seed or known.seed
                return known
            account = Account(
                did=did_of(handle), handle=handle, name=name or handle, seed=seed or handle.split(".")[0],
                password=secrets.token_urlsafe(12), created_at=self._sim.clock.now(),
            )  # fmt: skip
            self._state.accounts[account.did] = account
            self._sim.changed.set()
            return account

    def add_app_password(self, account: Account, name: str) -> str:
        """A new app password."""
        password = app_password()
        account.app_passwords[password] = name
        self._sim.changed.set()
        return password

    def did_document(self, account: Account) -> dict[str, Any]:
        """Names this very server as the account's host."""
        return {
            "@context": ["https://www.w3.org/ns/did/v1"], "id": account.did,
            "alsoKnownAs": [f"at://{account.handle}"], "verificationMethod": [],
            "service": [{"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": self._sim.url}],
        }  # fmt: skip

    def describe(self, call: Call) -> Response:
        """com.atproto.server.describeServer."""
        return answer(
            {"did": self.own_did, "availableUserDomains": [".test"], "inviteCodeRequired": False,
             "phoneVerificationRequired": False, "links": {}, "contact": {}}
        )  # fmt: skip

    def create_account(self, call: Call) -> Response:
        """com.atproto.server.createAccount: no invitation, no mail."""
        body = json_body(call)
        handle, password = str(body.get("handle") or "").lower(), str(body.get("password") or "")
        if not handle.endswith(".test") or not password:
            raise xrpc_error(400, "UnsupportedDomain", "Not a supported handle domain")
        if self._state.find(handle):
            raise xrpc_error(400, "HandleNotAvailable", f"Handle already taken: {handle}")
        account = self.make_account(handle)
        account.password = password
        return answer(self._session(account))

    def create_session(self, call: Call) -> Response:
        """com.atproto.server.createSession by handle or DID, with a password or an app password."""
        body = json_body(call)
        account = self._state.find(str(body.get("identifier") or ""))
        self._throttle_login(account.did if account else str(body.get("identifier")))
        if account is None or str(body.get("password")) not in {account.password, *account.app_passwords}:
            raise xrpc_error(401, "AuthenticationRequired", "Invalid identifier or password")
        if not account.active:
            raise xrpc_error(401, "AccountTakedown", "Account has been taken down")
        return answer(self._session(account))

    def _throttle_login(self, holder: str) -> None:
        if not self._sim.settings.rate_limits:
            return
        now = self._sim.clock.now()
        for quota in (LOGINS, LOGINS_A_DAY):
            reading = self._limiter.hit(quota, holder, now)
            if reading.exceeded:
                raise too_many(limit_headers(quota, 0, reading.reset, now))

    def refresh_session(self, call: Call) -> Response:
        """com.atproto.server.refreshSession."""
        account, pair = self._tokens.rotate(call)
        return answer({**pair, **self._about(account)})

    def delete_session(self, call: Call) -> Response:
        """com.atproto.server.deleteSession."""
        self._tokens.end(call)
        return Response(status=200)

    def get_session(self, call: Call) -> Response:
        """com.atproto.server.getSession."""
        return answer(self._about(self._tokens.require(call)))

    def create_app_password(self, call: Call) -> Response:
        """com.atproto.server.createAppPassword."""
        account, name = self._tokens.require(call), str(json_body(call).get("name") or "")
        if name in account.app_passwords.values():
            raise bad_request("could not create app-specific password")
        return answer({"name": name, "password": self.add_app_password(account, name), "privileged": False})

    def list_app_passwords(self, call: Call) -> Response:
        """com.atproto.server.listAppPasswords."""
        names = self._tokens.require(call).app_passwords.values()
        return answer({"passwords": [{"name": name, "privileged": False} for name in names]})

    def revoke_app_password(self, call: Call) -> Response:
        """com.atproto.server.revokeAppPassword."""
        account, name = self._tokens.require(call), json_body(call).get("name")
        account.app_passwords = {secret: n for secret, n in account.app_passwords.items() if n != name}
        self._sim.changed.set()
        return Response(status=200)

    def service_auth(self, call: Call) -> Response:
        """com.atproto.server.getServiceAuth: at most an hour, a minute unless told."""
        account, now = self._tokens.require(call), self._sim.clock.now()
        expires_at = float(call.args.get("exp") or now + 60)
        if not now < expires_at <= now + 3600:
            raise xrpc_error(400, "BadExpiration", "expiration is too far in the future or in the past")
        token = self._tokens.service_token(
            account, argument(call, "aud"), call.args.get("lxm", ""), expires_at
        )
        return answer({"token": token})

    def resolve_handle(self, call: Call) -> Response:
        """com.atproto.identity.resolveHandle."""
        account = self._state.find(argument(call, "handle"))
        if account is None:
            raise bad_request("Unable to resolve handle")
        return answer({"did": account.did})

    def resolve_did(self, call: Call) -> Response:
        """com.atproto.identity.resolveDid."""
        account = self._state.accounts.get(argument(call, "did"))
        if account is None:
            raise xrpc_error(400, "DidNotFound", "DID not found")
        return answer({"didDoc": self.did_document(account)})

    def plc_document(self, call: Call, suffix: str) -> Response:
        """What the PLC directory would answer for a DID of this host."""
        account = self._state.accounts.get(f"did:plc:{suffix}")
        if account is None:
            raise NotFound
        return answer(self.did_document(account))

    def own_document(self, call: Call) -> Response:
        """The did:web document of this host."""
        return answer({"id": self.own_did, "service": []})

    def _session(self, account: Account) -> dict[str, Any]:
        return {**self._tokens.session(account), **self._about(account)}

    def _about(self, account: Account) -> dict[str, Any]:
        return {
            "handle": account.handle, "did": account.did, "didDoc": self.did_document(account),
            "email": f"{account.handle}@example.test", "emailConfirmed": True, "active": account.active,
        }  # fmt: skip


def too_many(headers: dict[str, str]) -> Refusal:
    """A 429."""
    return xrpc_error(429, "RateLimitExceeded", "Rate Limit Exceeded", headers)


def limit_headers(quota: Quota, remaining: int, reset: float, now: float) -> dict[str, str]:
    """RateLimit headers; the reset is in epoch seconds."""
    headers = {
        "RateLimit-Limit": str(quota.limit),
        "RateLimit-Remaining": str(remaining),
        "RateLimit-Reset": str(int(reset)),
        "RateLimit-Policy": f"{quota.limit};w={quota.period}",
    }
    return headers if remaining else {**headers, "Retry-After": str(max(int(reset - now), 1))}
