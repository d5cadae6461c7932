"""The AppView's side of a simulated Bluesky host: app.bsky.feed and app.bsky.actor, lagging if told to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from werkzeug import Response

from publishers.simulators.bluesky_server import argument
from publishers.simulators.bluesky_state import POST, Account, Record, State
from publishers.simulators.bluesky_tokens import bad_request, xrpc_error
from publishers.simulators.clock import iso
from publishers.simulators.engagement import Counts
from publishers.simulators.simulator import Route, Simulator
from publishers.simulators.wire import Call, answer

BATCH = 25
DEPTH = 1000


def place(record: Record) -> str:
    """Where a record stands in a feed: by its instant, since a key is the client's choice."""
    return f"{record.created_at:017.6f}:{record.rkey}"


def newest_first(records: Iterable[Record], before: str = "") -> list[Record]:
    """The records of a feed, from the one after the place ``before`` on."""
    return sorted((r for r in records if not before or place(r) < before), key=place, reverse=True)


class FeedApi:
    """Posts and profiles with their counts; what was taken down, or is not indexed yet, is absent."""

    def __init__(self, sim: Simulator, state: State) -> None:
        self._sim, self._state = sim, state

    def routes(self) -> list[Route]:
        """The endpoints; none asks for a session."""
        return [
            ("GET", "/xrpc/app.bsky.feed.getPosts", self.get_posts),
            ("GET", "/xrpc/app.bsky.feed.getAuthorFeed", self.author_feed),
            ("GET", "/xrpc/app.bsky.feed.getPostThread", self.thread),
            ("GET", "/xrpc/app.bsky.actor.getProfile", self.get_profile),
            ("GET", "/xrpc/app.bsky.actor.getProfiles", self.get_profiles),
        ]

    def get_posts(self, call: Call) -> Response:
        """app.bsky.feed.getPosts: up to 25; those unknown are left out."""
        uris = call.args.getlist("uris")
        if len(uris) > BATCH:
            raise bad_request(f"Error: uris must not have more than {BATCH} elements")
        with self._sim.lock:
            found = [self._state.records.get(uri) for uri in dict.fromkeys(uris)]
            return answer({"posts": [self.post(r) for r in found if r is not None and self.indexed(r)]})

    def author_feed(self, call: Call) -> Response:
        """app.bsky.feed.getAuthorFeed, newest first."""
        account = self._actor(argument(call, "actor"))
        limit, cursor = min(call.args.get("limit", 50, type=int), 100), call.args.get("cursor", "")
        with self._sim.lock:
            rows = [r for r in self._state.of_collection(account.did, POST) if self.indexed(r)]
            rows = newest_first(rows, cursor)
            more = {"cursor": place(rows[limit - 1])} if len(rows) > limit else {}
            return answer({"feed": [{"post": self.post(r)} for r in rows[:limit]], **more})

    def thread(self, call: Call) -> Response:
        """app.bsky.feed.getPostThread, downwards only."""
        record = self._state.records.get(argument(call, "uri"))
        if record is None or not self.indexed(record):
            raise xrpc_error(400, "NotFound", f"Post not found: {call.args['uri']}")
        with self._sim.lock:
            return answer({"thread": self._branch(record, min(call.args.get("depth", 6, type=int), DEPTH))})

    def get_profile(self, call: Call) -> Response:
        """app.bsky.actor.getProfile."""
        account = self._actor(argument(call, "actor"))
        with self._sim.lock:
            return answer(self.profile(account))

    def get_profiles(self, call: Call) -> Response:
        """app.bsky.actor.getProfiles: up to 25; those unknown are left out."""
        actors = call.args.getlist("actors")
        if len(actors) > BATCH:
            raise bad_request(f"Error: actors must not have more than {BATCH} elements")
        with self._sim.lock:
            found = [self._state.find(actor) for actor in actors]
            return answer({"profiles": [self.profile(account) for account in found if account is not None]})

    def indexed(self, record: Record) -> bool:
        """Whether the AppView shows it by now."""
        seen = self._sim.clock.now() - record.created_at >= self._sim.settings.appview_lag
        return seen and not record.taken_down and record.collection == POST

    def counts(self, record: Record) -> Counts:
        """Reactions by now: the public's, and those added on purpose."""
        public = self._sim.public_counts(record.rkey, record.created_at)
        return Counts(
            likes=public.likes + record.likes, reposts=public.reposts, quotes=public.quotes,
            replies=public.replies + len(self.replies(record)), bookmarks=public.bookmarks,
        )  # fmt: skip

    def replies(self, record: Record) -> list[Record]:
        """Direct replies that the AppView shows."""
        found = (self._state.records.get(uri) for uri in self._state.replies_to.get(record.uri, ()))
        return [reply for reply in found if reply is not None and self.indexed(reply)]

    def post(self, record: Record) -> dict[str, Any]:
        """A postView."""
        counts = self.counts(record)
        embed = {"embed": view} if (view := self._embed(record)) else {}
        return {
            "uri": record.uri, "cid": record.cid, "author": self._author(self._state.accounts[record.did]),
            "record": record.value, **embed, "replyCount": counts.replies, "repostCount": counts.reposts,
            "likeCount": counts.likes, "quoteCount": counts.quotes, "bookmarkCount": counts.bookmarks,
            "indexedAt": iso(record.created_at + self._sim.settings.appview_lag), "labels": [],
        }  # fmt: skip

    def profile(self, account: Account) -> dict[str, Any]:
        """A profileViewDetailed."""
        posts = self._state.posts_of.get(account.did, 0)
        return {
            **self._author(account), "followersCount": self.followers(account), "followsCount": 12,
            "postsCount": posts, "indexedAt": iso(account.created_at),
        }  # fmt: skip

    def followers(self, account: Account) -> int:
        """Followers by now."""
        posts = self._state.posts_of.get(account.did, 0)
        return self._sim.public_followers(account.seed, account.created_at, posts)

    def _actor(self, identifier: str) -> Account:
        account = self._state.find(identifier)
        if account is None:
            raise bad_request("Profile not found")
        return account

    def _author(self, account: Account) -> dict[str, Any]:
        return {
            "did": account.did, "handle": account.handle, "displayName": account.name,
            "avatar": f"{self._sim.url}/avatars/{account.seed}.png", "labels": [],
            "createdAt": iso(account.created_at),
        }  # fmt: skip

    def _branch(self, record: Record, depth: int) -> dict[str, Any]:
        replies = [self._branch(reply, depth - 1) for reply in self.replies(record)] if depth else []
        return {"$type": "app.bsky.feed.defs#threadViewPost", "post": self.post(record), "replies": replies}

    def _blob_url(self, record: Record, blob: dict[str, Any]) -> str:
        return f"{self._sim.url}/xrpc/com.atproto.sync.getBlob?did={record.did}&cid={blob['ref']['$link']}"

    def _embed(self, record: Record) -> dict[str, Any] | None:
        embed = record.value.get("embed") or {}
        media = embed.get("media") or embed
        if media.get("$type") == "app.bsky.embed.images":
            images = [
                {"thumb": (url := self._blob_url(record, i["image"])), "fullsize": url, "alt": i["alt"]}
                for i in media["images"]
            ]
            return {"$type": "app.bsky.embed.images#view", "images": images}
        if media.get("$type") == "app.bsky.embed.video":
            cid, url = media["video"]["ref"]["$link"], self._blob_url(record, media["video"])
            return {
                "$type": "app.bsky.embed.video#view",
                "cid": cid,
                "playlist": url,
                "alt": media.get("alt", ""),
            }
        if media.get("$type") == "app.bsky.embed.external":
            card = {name: media["external"][name] for name in ("uri", "title", "description")}
            return {"$type": "app.bsky.embed.external#view", "external": card}
        return None
