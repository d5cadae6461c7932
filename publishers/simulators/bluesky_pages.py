"""The pages of a simulated Bluesky host."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup, escape
from werkzeug import Response

from publishers.simulators.bluesky_feed import FeedApi, newest_first, place
from publishers.simulators.bluesky_state import POST, Account, Record, State
from publishers.simulators.pages import PER_PAGE, Attachment, Author, Pages, Shown
from publishers.simulators.simulator import Route, Simulator
from publishers.simulators.wire import Call


class BlueskyPages:
    """Timeline, profile and single post."""

    def __init__(self, sim: Simulator, state: State, feed: FeedApi, pages: Pages) -> None:
        self._sim, self._state, self._feed, self._pages = sim, state, feed, pages

    def routes(self) -> list[Route]:
        """The pages."""
        return [
            ("GET", "/", self.home),
            ("GET", "/profile/<actor>", self.profile),
            ("GET", "/profile/<actor>/post/<rkey>", self.single),
            ("GET", "/hashtag/<tag>", self.tag),
        ]

    def home(self, call: Call) -> Response:
        """Everything, newest first."""
        return self._timeline(call, lambda record: True)

    def tag(self, call: Call, tag: str) -> Response:
        """What carries a hashtag."""
        sign = f"#{tag}".lower()
        return self._timeline(call, lambda record: sign in record.value.get("text", "").lower())

    def profile(self, call: Call, actor: str) -> Response:
        """One account."""
        account = self._state.find(actor)
        if account is None:
            return self._pages.render(call, "missing.html", 404)
        shown = {"author": self._author(account), "followers": self._feed.followers(account)}
        shown["posts"] = self._state.posts_of.get(account.did, 0)
        return self._timeline(call, lambda record: record.did == account.did, profile=shown)

    def single(self, call: Call, actor: str, rkey: str) -> Response:
        """One post and its replies."""
        with self._sim.lock:
            account = self._state.find(actor)
            record = self._state.records.get(f"at://{account.did}/{POST}/{rkey}") if account else None
            if record is None or not self._feed.indexed(record):
                return self._pages.render(call, "missing.html", 404)
            replies = [self._shown(reply) for reply in self._feed.replies(record)]
            return self._pages.render(call, "single.html", item=self._shown(record), replies=replies)

    def _timeline(self, call: Call, wanted: Any, **values: Any) -> Response:
        before = call.args.get("before", "")
        with self._sim.lock:
            rows = [r for r in self._state.records.values() if self._feed.indexed(r) and wanted(r)]
            rows = newest_first(rows, before)
            posts = [self._shown(record) for record in rows[:PER_PAGE]]
        older = place(rows[PER_PAGE - 1]) if len(rows) > PER_PAGE else ""
        return self._pages.render(call, "timeline.html", posts=posts, older=older, **values)

    def _author(self, account: Account) -> Author:
        return Author(account.name, f"@{account.handle}", account.seed, f"/profile/{account.handle}")

    def _shown(self, record: Record) -> Shown:
        account, value = self._state.accounts[record.did], record.value
        embed = value.get("embed") or {}
        media = embed.get("media") or embed
        return Shown(
            id=record.rkey, url=f"/profile/{account.handle}/post/{record.rkey}", author=self._author(account),
            at=record.created_at, html=html(value["text"], value.get("facets") or []),
            language=(value.get("langs") or [""])[0], counts=self._feed.counts(record),
            attachments=self._attachments(record.did, media), is_reply="reply" in value,
            card=media.get("external") or {},
        )  # fmt: skip

    def _attachments(self, did: str, media: dict[str, Any]) -> list[Attachment]:
        found = [(image["image"], image["alt"], "image") for image in media.get("images") or []]
        if "video" in media:
            found.append((media["video"], media.get("alt", ""), "video"))
        blob_url = f"/xrpc/com.atproto.sync.getBlob?did={did}&cid="
        return [Attachment(kind, blob_url + b["ref"]["$link"], alt, b["mimeType"]) for b, alt, kind in found]


def html(text: str, facets: list[dict[str, Any]]) -> Markup:
    """The text with its facets as links, cut at their byte offsets; nothing else becomes a link."""
    data, at = text.encode(), 0
    parts: list[Markup] = []
    for facet in sorted(facets, key=lambda facet: int(facet["index"]["byteStart"])):
        start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
        if start < at or not facet.get("features"):
            continue
        parts += [escape(data[at:start].decode()), _link(facet["features"][0], data[start:end].decode())]
        at = end
    parts.append(escape(data[at:].decode()))
    return Markup("<br>").join(Markup("").join(parts).split("\n"))


def _link(feature: dict[str, Any], shown: str) -> Markup:
    if "tag" in feature:
        return Markup('<a class="hashtag" href="/hashtag/{}">{}</a>').format(feature["tag"], shown)
    target = feature["uri"] if "uri" in feature else f"/profile/{feature.get('did', '')}"
    return Markup('<a href="{}" rel="nofollow noopener">{}</a>').format(target, shown)
