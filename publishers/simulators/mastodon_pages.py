"""The pages of a simulated Mastodon server."""

from __future__ import annotations

import re
from typing import Any

from markupsafe import Markup
from werkzeug import Response

from publishers.simulators.engagement import Counts
from publishers.simulators.mastodon_entities import Entities
from publishers.simulators.mastodon_state import Account, State, Status, attached
from publishers.simulators.mastodon_statuses import StatusApi
from publishers.simulators.mastodon_text import html
from publishers.simulators.pages import PER_PAGE, Attachment, Author, Pages, Shown
from publishers.simulators.simulator import Route, Simulator
from publishers.simulators.wire import Call

PUBLIC = ("public", "unlisted")


class MastodonPages:
    """Timeline, profile, single post and media files."""

    def __init__(
        self, sim: Simulator, state: State, entities: Entities, statuses: StatusApi, pages: Pages
    ) -> None:
        self._sim, self._state, self._entities, self._pages = sim, state, entities, pages
        self._statuses = statuses

    def routes(self) -> list[Route]:
        """The pages."""
        return [
            ("GET", "/", self.home),
            ("GET", "/@<name>", self.profile),
            ("GET", "/@<name>/<id>", self.single),
            ("GET", "/users/<name>/statuses/<id>", self.single),
            ("GET", "/tags/<tag>", self.tag),
            ("GET", "/media/<id>", self.media),
        ]

    def home(self, call: Call) -> Response:
        """Everything, newest first."""
        return self._timeline(call, self._state.order)

    def tag(self, call: Call, tag: str) -> Response:
        """What carries a hashtag."""
        pattern = re.compile(rf"#{re.escape(tag)}(?!\w)", re.IGNORECASE)
        with self._sim.lock:
            ids = [id for id in self._state.order if pattern.search(self._state.statuses[str(id)].text)]
        return self._timeline(call, ids)

    def profile(self, call: Call, name: str) -> Response:
        """One account."""
        account = self._state.account_named(name)
        if account is None:
            return self._pages.render(call, "missing.html", 404)
        with self._sim.lock:
            body = self._entities.account(account)
            ids = self._state.order_of.get(account.id, [])
        shown: dict[str, Any] = {"author": self._author(account)}
        shown |= {"followers": body["followers_count"], "posts": body["statuses_count"]}
        return self._timeline(call, ids, profile=shown)

    def single(self, call: Call, name: str, id: str) -> Response:
        """One post and its replies."""
        with self._sim.lock:
            status = self._state.living(id)
            if status is None or status.visibility not in PUBLIC:
                return self._pages.render(call, "missing.html", 404)
            replies = [self._shown(reply) for reply in self._statuses.descendants(status)]
            return self._pages.render(call, "single.html", item=self._shown(status), replies=replies)

    def media(self, call: Call, id: str) -> Response:
        """An uploaded file."""
        media = self._state.media.get(id)
        if media is None:
            return self._pages.render(call, "missing.html", 404)
        return self._pages.file(call, self._sim.storage.path(media.sha256), media.mime)

    def _timeline(self, call: Call, ids: list[int], **values: Any) -> Response:
        with self._sim.lock:
            rows = self._state.newest(ids, PER_PAGE, call.args.get("before", 0, type=int))
            posts = [self._shown(row) for row in rows if row.visibility in PUBLIC]
        older = rows[-1].id if len(rows) == PER_PAGE else ""
        return self._pages.render(call, "timeline.html", posts=posts, older=older, **values)

    def _author(self, account: Account) -> Author:
        return Author(account.name, f"@{account.username}", account.seed, f"/@{account.username}")

    def _shown(self, status: Status) -> Shown:
        account, body = self._state.accounts[status.account_id], self._entities.status(status)
        return Shown(
            id=status.id, url=f"/@{account.username}/{status.id}", author=self._author(account),
            at=status.created_at, html=Markup(html(status.text, "")), language=status.language,
            counts=Counts(body["favourites_count"], body["reblogs_count"], body["replies_count"], body["quotes_count"]),
            attachments=[
                Attachment("video" if m.type == "gifv" else m.type, f"/media/{m.id}", m.description or "", m.mime)
                for m in attached(self._state, status.media_ids)
            ],
            warning=status.spoiler, edited=bool(status.edited_at), is_reply=bool(status.in_reply_to_id),
        )  # fmt: skip
