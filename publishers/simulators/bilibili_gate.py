"""The gate of a simulated Bilibili open platform: signatures, sign-in, people, and its form of trouble."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from werkzeug import Response

from publishers.simulators.settings import Settings
from publishers.simulators.social import Social
from publishers.simulators.social_oauth import Dialect, OAuth
from publishers.simulators.social_state import Account
from publishers.simulators.wire import Call, Refusal, answer

MONTH = 30 * 86_400.0
SIGNED_LIVES = 600.0
SIGNED = (
    "x-bili-accesskeyid",
    "x-bili-content-md5",
    "x-bili-signature-method",
    "x-bili-signature-nonce",
    "x-bili-signature-version",
    "x-bili-timestamp",
)
WORDS = {
    -101: "账号未登录",
    -400: "请求错误",
    -404: "啥都木有",
    -500: "服务器错误",
    -509: "请求过于频繁，请稍后再试",
    -658: "Token 过期",
    4001: "应用无效",
    4002: "签名异常",
    4003: "请求过期",
    4004: "重复请求",
}


@dataclass(frozen=True)
class BilibiliSettings(Settings):
    """``review_seconds`` is how long a video is reviewed; one with the word ``refuses`` in its text is turned down."""

    review_seconds: float = 0.0
    refuses: str = ""


class BilibiliGate(Social):
    """Every answer has the status 200 and a code, which is 0 where all is well."""

    platform = "bilibili"
    brand = "哔哩哔哩"
    settings_kind = BilibiliSettings
    settings: BilibiliSettings
    access_lives = MONTH
    refresh_lives = 6 * MONTH

    def __init__(self, data: Path | None, settings: Any) -> None:
        super().__init__(data, settings)
        self._nonces: deque[str] = deque(maxlen=10_000)
        flow = Dialect(
            "/pc/account-pc/auth/oauth",
            "/x/account-oauth2/v1/token",
            "/x/account-oauth2/v1/refresh_token",
            trouble=lambda _status, _name, description: self.fault(-400, description),
            wrap=self._tokens,
        )
        self.add_routes(
            [
                *_Flow(self, flow).routes(),
                ("GET", "/arcopen/fn/user/account/info", self._account_info),
                ("GET", "/arcopen/fn/data/user/stat", self._user_stat),
            ]
        )

    # -- forms

    def fault(self, code: int, sentence: str = "") -> Refusal:
        """An error by its code."""
        told = {
            "code": code,
            "message": sentence or WORDS[code],
            "ttl": 1,
            "request_id": secrets.token_hex(16),
        }
        return Refusal(200, told)

    def good(self, data: dict[str, Any] | None = None) -> Response:
        """An answer without trouble."""
        told = {"code": 0, "message": "0", "ttl": 1, "request_id": secrets.token_hex(16)}
        return answer(told if data is None else {**told, "data": data})

    def refuse(self, status: int, sentence: str = "") -> Refusal:
        """Trouble of the gateway."""
        return Refusal(status, dict(self.fault(-500, sentence).body))

    def too_many(self, seconds: float) -> Refusal:
        """Too fast, without saying until when."""
        return self.fault(-509)

    def denied(self, state: str) -> Refusal:
        """A token that is no good."""
        return self.fault(-658 if state == "expired" else -101)

    # -- who calls

    def person(self, call: Call, *, has_file: bool = False) -> Account:
        """Whose token came with a call that an app signed; the body counts unless it is a file."""
        account = self.holder(call, call.headers.get("Access-Token", ""))
        self._check_signature(call, b"" if has_file else call.get_data())
        return account

    def _check_signature(self, call: Call, body: bytes) -> None:
        told = {name: call.headers.get(name, "") for name in SIGNED}
        app = self.state.apps.get(told["x-bili-accesskeyid"])
        if app is None:
            raise self.fault(4001)
        text = "\n".join(f"{name}:{told[name]}" for name in sorted(told))
        proof = hmac.new(app.client_secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        is_whole = told["x-bili-content-md5"] == hashlib.md5(body).hexdigest()
        if not is_whole or not hmac.compare_digest(proof, call.headers.get("Authorization", "")):
            raise self.fault(4002)
        self._check_freshness(told)

    def _check_freshness(self, told: dict[str, str]) -> None:
        at, nonce = float(told["x-bili-timestamp"] or 0), told["x-bili-signature-nonce"]
        if min(abs(now - at) for now in (time.time(), self.clock.now())) > SIGNED_LIVES:
            raise self.fault(4003)
        with self.lock:
            if nonce in self._nonces:
                raise self.fault(4004)
            self._nonces.append(nonce)

    def _tokens(self, body: dict[str, Any]) -> dict[str, Any]:
        """A token answer: its end is an instant, and nothing is said of the refresh token's."""
        end = int(self.clock.now() + body["expires_in"])
        told = {name: body[name] for name in ("access_token", "refresh_token")}
        return {
            "code": 0,
            "message": "0",
            "ttl": 1,
            "data": {**told, "expires_in": end, "scopes": ["ARC_BASE"]},
        }

    # -- people

    def _account_info(self, call: Call) -> Response:
        account = self.person(call)
        face = f"{self.url}/avatars/{account.seed}.svg"
        return self.good({"name": account.name, "face": face, "openid": f"open{account.id}"})

    def _user_stat(self, call: Call) -> Response:
        account = self.person(call)
        passed = sum(1 for _ in self.state.posts_of(account.id))
        return self.good({"following": 3, "follower": self.followers(account), "arc_passed_total": passed})


class _Flow(OAuth):
    """A person comes back to ``gourl``."""

    def ask(self, call: Call) -> Response:
        if not call.args.get("gourl"):
            raise self._dialect.trouble(400, "invalid_request", "gourl")
        return super().ask(call)
