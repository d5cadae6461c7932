"""The people and apps of a simulated Douyin open platform: sign-in, tokens, fans, and its form of trouble."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from werkzeug import Response

from publishers.simulators.clock import iso
from publishers.simulators.rack import params
from publishers.simulators.settings import Settings
from publishers.simulators.social import Social
from publishers.simulators.social_oauth import Dialect, OAuth
from publishers.simulators.social_state import Account, Token
from publishers.simulators.wire import Call, Refusal, answer

DAY = 86_400.0
RENEWALS = 5
WORDS = {
    2100004: "系统繁忙，此时请开发者稍候再试",
    2100005: "参数不合法",
    2190001: "quota已用完",
    2190002: "access_token无效",
    2190005: "视频文件太大了",
    2190007: "无效的视频ID",
    2190008: "access_token过期，请刷新或重新授权",
    2190015: "请求参数access_token与open_id不匹配",
    10003: "client_key错误",
    10007: "授权码过期",
    10010: "refresh_token过期",
    10020: "refresh_token续期次数超过上限",
    28001019: "接口调用过于频繁",
}


@dataclass(frozen=True)
class DouyinSettings(Settings):
    """``review_seconds`` is how long a work is reviewed; a text with the word ``refuses`` in it is turned down; an account
    may make ``daily`` works a day."""

    review_seconds: float = 0.0
    daily: int = 75
    refuses: str = ""


class DouyinPeople(Social):
    """Every answer has the status 200; what went wrong stands in ``data``, in ``extra``, or in both."""

    platform = "douyin"
    brand = "抖音"
    settings_kind = DouyinSettings
    settings: DouyinSettings
    access_lives = 15 * DAY
    refresh_lives = 30 * DAY
    rotates = False

    def __init__(self, data: Path | None, settings: Any) -> None:
        super().__init__(data, settings)
        flow = Dialect(
            "/platform/oauth/connect",
            "/oauth/access_token/",
            "/oauth/refresh_token/",
            client="client_key",
            trouble=self._oauth_trouble,
            wrap=lambda body: {"data": {**body, "error_code": 0, "description": ""}, "message": "success"},
        )
        self.add_routes(
            [
                *OAuth(self, flow).routes(),
                ("POST", "/oauth/renew_refresh_token/", self._renew),
                ("POST", "/oauth/userinfo/", self._userinfo),
                ("GET", "/data/external/user/fans/", self._fans),
            ]
        )

    def refuse(self, status: int, sentence: str = "") -> Refusal:
        """Trouble of the gateway, in its form."""
        return Refusal(status, self._trouble(2100004, sentence, ("data", "extra")))

    def too_many(self, seconds: float) -> Refusal:
        """Too fast: told in ``extra`` alone, and without saying until when."""
        return Refusal(200, self._trouble(28001019, "", ("extra",)))

    def denied(self, state: str) -> Refusal:
        """A token that is no good."""
        return self.fault(2190008 if state == "expired" else 2190002)

    def credentials(self, account: Account, token: Token) -> dict[str, Any]:
        """As after signing in."""
        given = super().credentials(account, token)["credentials"]
        return {"credentials": given | {"open_id": account.id, "ends_at": iso(token.refresh_expires_at)}}

    # -- forms

    def _trouble(self, code: int, sentence: str, places: tuple[str, ...]) -> dict[str, Any]:
        wrong = {"error_code": code, "description": sentence or WORDS.get(code, "")}
        good = {"error_code": 0, "description": ""}
        logged = {"sub_error_code": 0, "sub_description": "", "logid": f"2026{secrets.token_hex(14).upper()}"}
        body = {place: wrong if place in places else good for place in ("data", "extra")}
        return {
            "data": body["data"],
            "extra": {**body["extra"], **logged, "now": int(self.clock.now() * 1000)},
        }

    def fault(self, code: int) -> Refusal:
        """An error by its code."""
        places = ("data",) if code == 2100005 else ("data", "extra")
        return Refusal(200, self._trouble(code, "", places))

    def _oauth_trouble(self, status: int, name: str, description: str) -> Refusal:
        if name == "invalid_client":
            return self.fault(10003)
        return self.fault(10007 if "code" in description or "redirect" in description else 10010)

    def good(self, **data: Any) -> Response:
        """An answer without trouble."""
        body = self._trouble(0, "", ())
        return answer({"data": {**body["data"], **data}, "extra": body["extra"]})

    def person(self, call: Call) -> Account:
        """Whose token and open_id came with a call; raises ``denied``, or 2190015 where they are not the same person's."""
        account = self.holder(call, call.headers.get("access-token", ""))
        if call.args.get("open_id") != account.id:
            raise self.fault(2190015)
        return account

    # -- who it is

    def _renew(self, call: Call) -> Response:
        given = params(call)
        with self.lock:
            token = self._by_refresh(str(given.get("refresh_token")))
            renewals = self.state.extra.setdefault("renewals", {})
            done = renewals.pop(token.refresh, 0)
            if done >= RENEWALS:
                renewals[token.refresh] = done
                raise self.fault(10020)
            token.refresh, token.refresh_expires_at = (
                secrets.token_urlsafe(24), self.clock.now() + self.refresh_lives,
            )  # fmt: skip
            renewals[token.refresh] = done + 1
            self.changed.set()
        return self.good(refresh_token=token.refresh, expires_in=int(self.refresh_lives))

    def _by_refresh(self, refresh: str) -> Token:
        now = self.clock.now()
        for token in self.state.tokens.values():
            if token.refresh == refresh and token.state != "revoked" and token.refresh_expires_at > now:
                return token
        raise self.fault(10010)

    def _userinfo(self, call: Call) -> Response:
        given = params(call)
        account = self.holder(call, str(given.get("access_token", "")))
        if given.get("open_id") != account.id:
            raise self.fault(2190015)
        avatar = f"{self.url}/avatars/{account.seed}.svg"
        return self.good(open_id=account.id, nickname=account.name, avatar=avatar, union_id=f"u{account.id}")

    def _fans(self, call: Call) -> Response:
        account = self.person(call)
        if call.args.get("date_type") not in ("7", "15", "30"):
            raise self.fault(2100005)
        today = datetime.fromtimestamp(self.clock.now(), UTC).date().isoformat()
        return self.good(result_list=[{"date": today, "total_fans": self.followers(account), "new_fans": 0}])
