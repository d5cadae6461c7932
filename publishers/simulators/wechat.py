"""A simulated WeChat server (api.weixin.qq.com) with the articles of its official accounts at ``/s``.

HTTP is 200 even for errors. ``control.account`` takes ``verified``, ``kind`` (subscription or service) and ``ips``, the
list of addresses that may call (none: all).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug import Response

from publishers.simulators import social
from publishers.simulators.limiter import Quota
from publishers.simulators.server import Server
from publishers.simulators.settings import Settings
from publishers.simulators.social import Social
from publishers.simulators.social_control import SocialControl
from publishers.simulators.social_state import Account, Post, Token
from publishers.simulators.wechat_words import TROUBLE
from publishers.simulators.wire import Call, Refusal, answer

BEIJING = ZoneInfo("Asia/Shanghai")
AHEAD = 8 * 3600  # of UTC, so that windows of a day end at midnight in Beijing
FORCED = Quota("forced tokens", 20, 86_400)
PER_MINUTE = Quota("broadcasts a minute", 60, 60)
FORCED_APART, LEGACY_GRACE = 30.0, 300.0
View = Callable[[Call, Account], Mapping[str, Any]]


@dataclass(frozen=True)
class WechatSettings(Settings):
    """``mode`` and ``account`` are what the connect form of a new account says; ``publish_seconds`` is how long a job
    takes, ``publish_status`` what jobs come to; ``retry_wait`` how soon a broadcast may be repeated; ``daily_calls``
    are those of each interface; ``burns_keys`` lets a refused broadcast use up its key."""

    mode: str = "publish"
    account: str = "subscription"
    publish_seconds: float = 0.0
    publish_status: int = 0
    retry_wait: float = 60.0
    daily_calls: int = 1000
    burns_keys: bool = False


def serve(port: int = 0, data: str | Path | None = None, host: str = "127.0.0.1", **settings: Any) -> Server:
    """Start a server on ``port`` (0: any free one); ``settings`` are those of ``WechatSettings``."""
    return social.serve(Wechat, port, data, host, **settings)


class Wechat(Social):
    """Each account is an official account with an app ID, a secret and one token."""

    platform = "wechat"
    brand = "WeChat"
    settings_kind = WechatSettings
    settings: WechatSettings
    access_lives = 7200.0

    def __init__(self, data: Path | None, settings: WechatSettings) -> None:
        from publishers.simulators.wechat_data import Data
        from publishers.simulators.wechat_drafts import Drafts
        from publishers.simulators.wechat_events import Events
        from publishers.simulators.wechat_jobs import Jobs

        super().__init__(data, settings)
        self.events = Events(self)
        self.drafts = Drafts(self)
        self.jobs = Jobs(self)
        self.add_routes(
            [
                ("POST", "/cgi-bin/stable_token", self._stable_token),
                ("GET", "/cgi-bin/token", self._legacy_token),
                ("GET", "/mmbiz/<id>/0", self._picture),
                ("GET", "/s", self._article),
                *self.drafts.routes(),
                *self.jobs.routes(),
                *Data(self).routes(),
            ]
        )

    def make_control(self) -> SocialControl:
        """Its own verbs: callbacks, drafts, and a person at mp.weixin.qq.com."""
        from publishers.simulators.wechat_control import WechatControl

        return WechatControl(self)

    # -- what it says

    def trouble(self, code: int, **values: Any) -> Refusal:
        """An error code with its sentence, under HTTP status 200; ``more`` are further fields."""
        more = values.pop("more", {})
        said = f"{TROUBLE[code].format(**values)} rid: {secrets.token_hex(4)}-{secrets.token_hex(4)}"
        return Refusal(200, {"errcode": code, "errmsg": said, **more})

    def refuse(self, status: int, sentence: str = "") -> Refusal:
        """Trouble on the way has a status of its own; with 200 it is the system's word for its own trouble."""
        if status == 200:
            return self.trouble(-1)
        code = -1 if status >= 500 else 40066
        return Refusal(status, {"errcode": code, "errmsg": sentence or TROUBLE[code]})

    def too_many(self, seconds: float) -> Refusal:
        """Too many calls in a minute; it does not say for how long."""
        return self.trouble(45011)

    def denied(self, state: str) -> Refusal:
        """A token that is no good."""
        return self.trouble({"missing": 41001, "expired": 42001}.get(state, 40001))

    # -- accounts and their tokens

    def join(self, handle: str, name: str = "", seed: str = "") -> Account:
        """An account with its app."""
        account = super().join(handle, name, seed)
        app_id = f"wx{hashlib.sha256(account.handle.encode()).hexdigest()[:16]}"
        account.extra = {"app_id": app_id, "secret": secrets.token_hex(16), **account.extra}
        account.extra.setdefault("kind", self.settings.account)
        return account

    def credentials(self, account: Account, token: Token) -> dict[str, Any]:
        """What is typed into the connect form."""
        fields = {name: str(account.extra[name]) for name in ("app_id", "secret")}
        fields |= {"mode": self.settings.mode, "account": str(account.extra["kind"]), "name": account.name}
        hook = account.extra.get("callback", {})
        fields |= {name: hook[name] for name in ("token", "aes_key") if hook.get(name)}
        return {"fields": {**fields, "server": self.url}}

    def issue(self, account_id: str, client_id: str, scope: str = "") -> Token:
        """The stable token while it is valid; a legacy one (``scope`` legacy) is always new."""
        now = self.clock.now()
        known = [t for t in self.state.tokens.values() if (t.account_id, t.scope) == (account_id, scope)]
        valid = [token for token in known if token.state == "valid" and token.expires_at > now]
        if scope != "legacy" and valid:
            return valid[-1]
        for token in valid:
            token.expires_at = min(token.expires_at, now + LEGACY_GRACE)
        return super().issue(account_id, client_id, scope)

    def _stable_token(self, call: Call) -> Response:
        body = self.body(call)
        account = self._app_account(call, body, str(body.get("secret", "")))
        with self.lock:
            token = self.issue(account.id, "")
            if body.get("force_refresh"):
                token = self._forced(account, token)
        return self._token_told(token)

    def _forced(self, account: Account, token: Token) -> Token:
        now = self.clock.now()
        if now - float(account.extra.get("forced_at", 0)) < FORCED_APART:
            raise self.trouble(45011)
        if self.limiter.hit(FORCED, account.id, now + AHEAD).exceeded:
            raise self.trouble(45009)
        account.extra["forced_at"], token.state = now, "revoked"
        return self.issue(account.id, "")

    def _legacy_token(self, call: Call) -> Response:
        account = self._app_account(call, call.args, call.args.get("secret", ""))
        with self.lock:
            return self._token_told(self.issue(account.id, "", "legacy"))

    def _token_told(self, token: Token) -> Response:
        lasts = int(token.expires_at - self.clock.now())
        return answer({"access_token": token.access, "expires_in": lasts})

    def _app_account(self, call: Call, asked: Mapping[str, Any], secret: str) -> Account:
        if asked.get("grant_type") != "client_credential":
            raise self.trouble(40002)
        accounts = self.state.accounts.values()
        account = next((a for a in accounts if a.extra["app_id"] == asked.get("appid")), None)
        if account is None:
            raise self.trouble(40013)
        if account.extra["secret"] != secret:
            raise self.trouble(40125)
        self._check_address(call, account)
        return account

    def _check_address(self, call: Call, account: Account) -> None:
        allowed, ip = account.extra.get("ips"), call.remote_addr
        if allowed and ip not in allowed:
            raise self.trouble(40164, ip=ip)

    # -- what every interface does first

    def guarded(self, view: View, *, verified: bool = False) -> Callable[..., Response]:
        """A view for the holder of a token; ``verified`` ones are for verified accounts alone."""

        def answered(call: Call) -> Response:
            account = self.holder(call, call.args.get("access_token", ""))
            self._check_address(call, account)
            if verified and not account.extra.get("verified", True):
                raise self.trouble(48001)
            self._count(account, call.path)
            self.jobs.ripen()
            return answer(dict(view(call, account)))

        return answered

    def body(self, call: Call) -> dict[str, Any]:
        r"""The JSON of a call. WeChat does not read ``\u`` escapes: readers see them as they stand."""
        try:
            body = json.loads(call.get_data().replace(rb"\u", rb"\\u"))
        except ValueError:
            raise self.trouble(47001) from None
        if not isinstance(body, dict):
            raise self.trouble(47001)
        return body

    def _count(self, account: Account, path: str) -> None:
        if self.settings.rate_limits:
            quota = Quota(path, self.settings.daily_calls, 86_400)
            if self.limiter.hit(quota, account.id, self.clock.now() + AHEAD).exceeded:
                raise self.trouble(45009)

    def beijing(self, instant: float | None = None) -> datetime:
        """An instant (now, if none is given) as Beijing's clocks show it."""
        return datetime.fromtimestamp(self.clock.now() if instant is None else instant, BEIJING)

    # -- pages

    def address(self, post: Post) -> str:
        """The permalink of an article, here at our own address instead of mp.weixin.qq.com."""
        biz = self.state.accounts[post.account_id].extra["app_id"]
        return f"{self.url}/s?__biz={biz}&mid={post.extra.get('msg_data_id', post.id)}&idx=1&sn={post.id}"

    def _article(self, call: Call) -> Response:
        self.jobs.ripen()
        return self.show(call, call.args.get("sn", ""))

    def _picture(self, call: Call, id: str) -> Response:
        file = self.state.files.get(id)
        if file is None:
            return self.pages.render(call, "missing.html", 404)
        return self.pages.file(call, self.storage.path(file.sha256), file.mime)
