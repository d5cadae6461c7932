"""Steering a simulated WeChat."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from publishers.simulators.control import Body
from publishers.simulators.social_control import SocialControl
from publishers.simulators.social_state import Account, Post

if TYPE_CHECKING:
    from collections.abc import Callable

    from publishers.simulators.wechat import Wechat


class WechatControl(SocialControl):
    """An account is named by its handle, a draft by its media id, a post as ``public_id`` says."""

    def __init__(self, simulator: Wechat) -> None:
        self._wechat = simulator
        super().__init__(simulator)

    def _verbs(self) -> dict[str, Callable[..., object]]:
        return super()._verbs() | {
            "callback": self.callback,
            "drafts": self.drafts,
            "drop_draft": self.drop_draft,
            "publish_draft": self.publish_draft,
        }

    def callback(self, account: str, url: str, token: str, aes_key: str = "") -> Body:
        """Set where events go, as in the console; raises ValueError where nobody echoes there."""
        owner = self._account(account)
        owner.extra["callback"] = {"url": url, "token": token, "aes_key": aes_key}
        self._sim.changed.set()
        if not self._wechat.events.verify(owner):
            del owner.extra["callback"]
            raise ValueError("the token could not be verified")
        return {}

    def drafts(self, account: str) -> Body:
        """The draft box: articles by media id."""
        box = self._wechat.drafts.of(self._account(account))
        return {id: draft["articles"] for id, draft in box.items()}

    def drop_draft(self, account: str, media_id: str) -> Body:
        """A person throws a draft away."""
        with self._sim.lock:
            self._wechat.drafts.take(self._account(account), media_id)
        return {}

    def publish_draft(self, account: str, media_id: str, title: str = "") -> Body:
        """A person publishes a draft on mp.weixin.qq.com, under another title if one is given."""
        owner, wechat = self._account(account), self._wechat
        with wechat.lock:
            article = wechat.drafts.take(owner, media_id)
            html = str(article.get("content", ""))
            extra = {**self._numbers(), "title": title or article["title"], "html": html, "article": article}
            now = wechat.clock.now()
            post = Post(wechat.new_id(), owner.id, html, now, now, extra=extra)
            wechat.add(post)
        return {"id": self.public_id(post)}

    def post(self, account: str, text: str, at: str = "", **details: Any) -> Body:
        """History: an article that was published."""
        made = {**self._numbers(), "title": text, "html": text}
        return super().post(account, text, at, **{**made, **details})

    def revoke_tokens(self, account: str = "") -> Body:
        """The token is void and the secret is another one."""
        for owner in self._wechat.state.accounts.values():
            if account in ("", owner.handle):
                owner.extra["secret"] = secrets.token_hex(16)
        return super().revoke_tokens(account)

    def clock(self, advance_seconds: float = 0.0) -> Body:
        """Let time pass; jobs go on."""
        told = super().clock(advance_seconds)
        self._wechat.jobs.ripen()
        return told

    def records(self, since: int = 0) -> list[Body]:
        """What is out by now."""
        self._wechat.jobs.ripen()
        return super().records(since)

    def public_id(self, post: Post) -> str:
        """All by which the protocol knows a post: its article or broadcast, msg_data_id, index and day in Beijing."""
        extra, day = post.extra, self._wechat.beijing(post.created_at).date()
        name = f"mass:{extra['msg_id']}" if "msg_id" in extra else extra["article_id"]
        return f"{name} {extra['msg_data_id']} 1 {day}"

    def _numbers(self) -> dict[str, Any]:
        number = self._wechat.new_id()
        return {"article_id": f"A{number}", "msg_data_id": f"26{number}", "status": 0, "comments": True}

    def _account(self, handle: str) -> Account:
        found = self._wechat.state.account_named(handle)
        if found is None:
            raise KeyError(handle)
        return found
