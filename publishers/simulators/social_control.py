"""Steering a simulated platform that is built on ``publishers.simulators.social``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from publishers.simulators.clock import epoch, iso
from publishers.simulators.control import Body, Control
from publishers.simulators.social_state import Post

if TYPE_CHECKING:
    from collections.abc import Callable

    from publishers.simulators.social import Social


class SocialControl(Control):
    """An account is named by its handle, a post by its id."""

    def __init__(self, simulator: Social) -> None:
        self._social = simulator
        super().__init__(simulator)

    def _verbs(self) -> dict[str, Callable[..., object]]:
        return super()._verbs() | {"apps": self.app}

    def app(self) -> Body:
        """Register an OAuth client, as an operator does on the platform's developer pages."""
        made = self._social.register()
        return {"client_id": made.client_id, "client_secret": made.client_secret}

    def account(self, handle: str, name: str = "", avatar_seed: str = "", **extra: Any) -> Body:
        """Make an account and give out what a connection needs (``Social.credentials``); ``extra`` becomes the row's."""
        social = self._social
        with social.lock:
            account = social.join(handle, name, avatar_seed)
            account.extra |= extra
            token = social.issue(account.id, social.app_of().client_id)
            given = social.credentials(account, token)
        return {
            "id": account.id,
            "handle": account.handle,
            "name": account.name,
            "base_url": social.url,
            **given,
        }

    def post(self, account: str, text: str, at: str = "", **details: Any) -> Body:
        """Publish as ``account``; ``details`` become the row's ``extra``."""
        social = self._social
        with social.lock:
            author = social.join(account)
            instant = epoch(at) if at else social.clock.now()
            post = Post(social.new_id(), author.id, text, instant, instant, extra=details)
            social.add(post)
        return {"id": self.public_id(post), "url": social.address(post)}

    def like(self, id: str, count: int = 1) -> Body:
        """Add likes."""
        self.found(id).likes += count
        self._sim.changed.set()
        return {}

    def reply(self, id: str, text: str, by: str = "visitor") -> Body:
        """A comment by a visitor."""
        made = self._social.remark(self.found(id), by, text)
        return {"id": made.id}

    def remove(self, id: str) -> Body:
        """Take a post down, as moderators do."""
        with self._sim.lock:
            self.found(id).deleted = True
            self._sim.changed.set()
        return {}

    def expire_tokens(self, account: str = "") -> Body:
        """Let access tokens expire now; their refresh tokens live on."""
        return self._end_tokens(account, "expired")

    def revoke_tokens(self, account: str = "") -> Body:
        """Revoke every token, the refresh tokens too."""
        return self._end_tokens(account, "revoked")

    def records(self, since: int = 0) -> list[Body]:
        """Every post ever published, in order of arrival; what nobody sees (yet) is left out."""
        with self._sim.lock:
            rows = [post for post in self._social.state.posts.values() if post.state == "public"]
            return [self._record(post) for post in rows[since:]]

    def stats(self) -> Body:
        """Cheap totals."""
        posts = list(self._social.state.posts.values())
        return {**super().stats(), "records": len(posts), "living": sum(not post.deleted for post in posts)}

    # -- where a platform shows other ids than ours

    def public_id(self, post: Post) -> str:
        """The id under which the platform's protocol knows a post."""
        return post.id

    def found(self, id: str) -> Post:
        """The post of a public id; raises KeyError."""
        return next(p for p in self._social.state.posts.values() if id in (p.id, self.public_id(p)))

    def _end_tokens(self, account: str, state: str) -> Body:
        owner = self._social.state.account_named(account) if account else None
        for token in self._social.state.tokens.values():
            if not account or (owner is not None and token.account_id == owner.id):
                token.state = state
        self._sim.changed.set()
        return {}

    def _record(self, post: Post) -> Body:
        account, files = self._social.state.accounts[post.account_id], self._social.files_of(post.file_ids)
        return {
            "n": post.number, "id": self.public_id(post), "account": account.handle, "text": post.text, "key": post.key,
            "in_reply_to": post.reply_to, "at": post.arrived, "created_at": iso(post.created_at), "state": post.state,
            "media": [{"sha256": f.sha256, "mime": f.mime, "size": f.size, "alt": f.alt} for f in files],
            "media_count": len(post.file_ids), "requests": post.requests, "deleted": post.deleted,
            "edited": bool(post.edited_at), "url": self._social.address(post), "extra": post.extra,
        }  # fmt: skip
