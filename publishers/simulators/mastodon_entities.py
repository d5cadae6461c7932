"""Mastodon's JSON entities (documentation, entities/Account, entities/Status and entities/MediaAttachment)."""

from __future__ import annotations

from typing import Any

from publishers.simulators.clock import iso
from publishers.simulators.mastodon_state import Account, App, Media, State, Status, attached
from publishers.simulators.mastodon_text import html, tags
from publishers.simulators.simulator import Simulator


class Entities:
    """Builds entities from the state; the caller holds the lock."""

    def __init__(self, sim: Simulator, state: State) -> None:
        self._sim = sim
        self._state = state

    def account(self, account: Account) -> dict[str, Any]:
        """A public account."""
        posts = self._state.order_of.get(account.id, [])
        url = f"{self._sim.url}/@{account.username}"
        face = f"{self._sim.url}/avatars/{account.seed}.png"
        return {
            "id": account.id, "username": account.username, "acct": account.username, "display_name": account.name,
            "locked": False, "bot": False, "discoverable": True, "group": False, "indexable": True,
            "created_at": iso(account.created_at), "note": "", "url": url, "uri": url,
            "avatar": face, "avatar_static": face, "header": face, "header_static": face,
            "followers_count": self._sim.public_followers(account.seed, account.created_at, len(posts)),
            "following_count": 12, "statuses_count": len(posts),
            "last_status_at": iso((posts[-1] >> 16) / 1000)[:10] if posts else None,
            "emojis": [], "fields": [],
        }  # fmt: skip

    def own_account(self, account: Account) -> dict[str, Any]:
        """A CredentialAccount."""
        source = {
            "note": "", "fields": [], "privacy": "public", "sensitive": False, "language": None,
            "follow_requests_count": 0,
        }  # fmt: skip
        return {
            **self.account(account),
            "source": source,
            "role": {"id": "-99", "name": "", "permissions": "65536"},
        }

    def media(self, media: Media) -> dict[str, Any]:
        """A MediaAttachment; ``url`` is null until it is processed."""
        ready = media.ready_at <= self._sim.clock.now() and not media.failed
        url = f"{self._sim.url}/media/{media.id}" if ready else None
        meta = {"original": {
            "width": media.width, "height": media.height, "size": f"{media.width}x{media.height}",
            "aspect": media.width / media.height,
        }} if media.height else {}  # fmt: skip
        return {
            "id": media.id, "type": media.type, "url": url, "preview_url": url, "remote_url": None,
            "preview_remote_url": None, "text_url": None, "meta": meta, "description": media.description,
            "blurhash": None,
        }  # fmt: skip

    def status(self, status: Status) -> dict[str, Any]:
        """A Status."""
        account = self._state.accounts[status.account_id]
        url = f"{self._sim.url}/@{account.username}/{status.id}"
        public = self._sim.public_counts(status.id, status.created_at)
        replies = [id for id in self._state.replies_to.get(status.id, ()) if self._state.living(id)]
        parent = self._state.statuses.get(status.in_reply_to_id)
        return {
            "id": status.id, "uri": f"{self._sim.url}/users/{account.username}/statuses/{status.id}", "url": url,
            "created_at": iso(status.created_at), "edited_at": iso(status.edited_at) if status.edited_at else None,
            "in_reply_to_id": status.in_reply_to_id or None,
            "in_reply_to_account_id": parent.account_id if parent else None,
            "sensitive": status.sensitive, "spoiler_text": status.spoiler, "visibility": status.visibility,
            "language": status.language or None,
            "replies_count": public.replies + len(replies), "reblogs_count": public.reposts,
            "favourites_count": public.likes + status.likes, "quotes_count": public.quotes,
            "favourited": False, "reblogged": False, "muted": False, "bookmarked": False, "pinned": False,
            "content": html(status.text, self._sim.url), "filtered": [], "reblog": None,
            "application": self._application(status), "account": self.account(account),
            "media_attachments": [self.media(media) for media in attached(self._state, status.media_ids)],
            "mentions": [], "emojis": [], "card": None, "poll": None, "quote": None,
            "tags": [{"name": tag.lower(), "url": f"{self._sim.url}/tags/{tag}"} for tag in tags(status.text)],
        }  # fmt: skip

    def source(self, status: Status) -> dict[str, Any]:
        """A StatusSource: the text as it was typed."""
        return {"id": status.id, "text": status.text, "spoiler_text": status.spoiler}

    def revision(self, status: Status, past: dict[str, Any]) -> dict[str, Any]:
        """A StatusEdit."""
        return {
            "content": html(past["text"], self._sim.url), "spoiler_text": past["spoiler"],
            "sensitive": past["sensitive"], "created_at": iso(past["at"]), "emojis": [],
            "account": self.account(self._state.accounts[status.account_id]),
            "media_attachments": [self.media(media) for media in attached(self._state, past["media_ids"])],
        }  # fmt: skip

    def app(self, app: App) -> dict[str, Any]:
        """A CredentialApplication."""
        return {
            "id": app.id, "name": app.name, "website": app.website or None, "scopes": app.scopes,
            "redirect_uri": "\n".join(app.redirect_uris), "redirect_uris": app.redirect_uris,
            "client_id": app.client_id, "client_secret": app.client_secret, "client_secret_expires_at": 0,
            "vapid_key": "",
        }  # fmt: skip

    def _application(self, status: Status) -> dict[str, Any] | None:
        app = self._state.apps.get(status.app_id)
        return {"name": app.name, "website": app.website or None} if app else None
