"""A simulated Bluesky host, PDS and AppView in one: ``serve()`` it, or steer it through its ``control``."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from werkzeug import Response

from publishers.simulators.bluesky_feed import FeedApi
from publishers.simulators.bluesky_pages import BlueskyPages
from publishers.simulators.bluesky_repo import RepoApi
from publishers.simulators.bluesky_server import ServerApi, limit_headers, too_many
from publishers.simulators.bluesky_state import POST, Record, State, record_cid, tid
from publishers.simulators.bluesky_tokens import Tokens, xrpc_error
from publishers.simulators.bluesky_video import VideoApi
from publishers.simulators.clock import epoch, iso
from publishers.simulators.control import Body, Control
from publishers.simulators.limiter import Quota, Reading
from publishers.simulators.pages import Pages
from publishers.simulators.server import Server
from publishers.simulators.settings import Settings
from publishers.simulators.simulator import Simulator
from publishers.simulators.wire import Call, Refusal

REQUESTS = Quota("requests", 3000, 300)
POINTS_AN_HOUR = Quota("points-hour", 5000, 3600)
POINTS_A_DAY = Quota("points-day", 35_000, 86_400)
POINTS = {"createRecord": 3, "putRecord": 2, "deleteRecord": 1}
ERRORS = {
    401: ("AuthenticationRequired", "Authentication Required"),
    403: ("Forbidden", "Forbidden"),
    404: ("NotFound", "Not Found"),
    405: ("InvalidRequest", "Incorrect HTTP method"),
    413: ("PayloadTooLarge", "request entity too large"),
    500: ("InternalServerError", "Internal Server Error"),
    501: ("MethodNotImplemented", "Method Not Implemented"),
    502: ("UpstreamFailure", "Upstream service unreachable"),
    503: ("NotEnoughResources", "Not Enough Resources"),
    504: ("UpstreamTimeout", "Upstream timeout"),
}


def serve(port: int = 0, data: str | Path | None = None, host: str = "127.0.0.1", **settings: Any) -> Server:
    """Start a host on ``port`` (0: any free one). ``settings`` are those of ``settings.Settings``.

    ``data`` is a folder that keeps its state between runs. Raises OSError when the port is taken.
    """
    simulator = Bluesky(Path(data) if data else None, Settings(**settings))
    return Server(simulator, simulator.control, host, port)


class Bluesky(Simulator):
    """The host without its socket."""

    platform = "bluesky"

    def __init__(self, data: Path | None, settings: Settings) -> None:
        super().__init__(data, settings)
        self.state = State()
        self.tokens = Tokens(self, self.state)
        self.server = ServerApi(self, self.state, self.tokens, self.limiter)
        pages = Pages(self, "Bluesky simulator")
        self.feed = FeedApi(self, self.state)
        self.repo = RepoApi(self, self.state, self.tokens, pages)
        for part in (
            self.server,
            self.repo,
            self.feed,
            VideoApi(self, self.state, self.tokens, self.repo),
            BlueskyPages(self, self.state, self.feed, pages),
        ):
            self.add_routes(part.routes())
        self.control = BlueskyControl(self)
        self._load()

    def _load(self) -> None:
        saved = self.storage.load()
        if saved is not None:
            self.clock.offset = saved.pop("offset")
            self.state.load(saved)

    def dump(self) -> dict[str, Any]:
        """All state as plain values."""
        return self.state.dump()

    def refuse(self, status: int, sentence: str = "") -> Refusal:
        """An error in XRPC's form."""
        name, message = ERRORS.get(status, ("InvalidRequest", "Invalid Request"))
        return xrpc_error(status, name, sentence or message)

    def too_many(self, seconds: float) -> Refusal:
        """A 429 that lifts after ``seconds``."""
        now = self.clock.now()
        return too_many(limit_headers(REQUESTS, 0, now + seconds, now))

    def _route(self, call: Call) -> Response:
        if not call.path.startswith("/xrpc/"):
            return super()._route(call)
        if not self.settings.rate_limits:
            return self._method(call)
        now, reading = self.clock.now(), self._nearest_limit(call)
        headers = limit_headers(reading.quota, reading.remaining, reading.reset, now)
        if reading.exceeded:
            return self._refused(too_many(headers))
        response = self._method(call)
        if "RateLimit-Limit" not in response.headers:
            response.headers.update(headers)
        return response

    def _method(self, call: Call) -> Response:
        response = super()._route(call)
        if response.status_code == 404 and call.path.startswith("/xrpc/"):
            return self._refused(self.refuse(501))
        return response

    def _nearest_limit(self, call: Call) -> Reading:
        now = self.clock.now()
        readings = [self.limiter.hit(REQUESTS, call.remote_addr or "", now)]
        cost = POINTS.get(call.path.rpartition(".")[2])
        if cost:
            holder = str((call.get_json(silent=True) or {}).get("repo"))
            readings += [
                self.limiter.hit(quota, holder, now, cost) for quota in (POINTS_AN_HOUR, POINTS_A_DAY)
            ]
        return min(readings, key=lambda reading: (not reading.exceeded, reading.remaining))


class BlueskyControl(Control):
    """Steers a simulated Bluesky host; an account is named by handle or DID, a post by at-uri or record key."""

    def __init__(self, simulator: Bluesky) -> None:
        self._bluesky = simulator
        self._state = simulator.state
        super().__init__(simulator)

    def account(self, handle: str, name: str = "", avatar_seed: str = "") -> Body:
        """Make an account and give out an app password."""
        server = self._bluesky.server
        account = server.make_account(handle, name, avatar_seed)
        password = server.add_app_password(account, f"almanac-{len(account.app_passwords) + 1}")
        return {
            "did": account.did, "handle": account.handle, "name": account.name, "app_password": password,
            "password": account.password, "url": f"{self._sim.url}/profile/{account.handle}",
            "base_url": self._sim.url, "service": self._sim.url,
            "fields": {"service": self._sim.url, "handle": account.handle, "app_password": password},
        }  # fmt: skip

    def post(self, account: str, text: str, at: str = "", **details: Any) -> Body:
        """Publish as ``account``; ``details`` are further members of the record."""
        instant = epoch(at) if at else self._sim.clock.now()
        with self._sim.lock:
            author = self._bluesky.server.make_account(account)
            value = {"$type": POST, "text": text, "createdAt": iso(instant), **details}
            record = Record(
                author.did, POST, self._key(author.did, instant), record_cid(value), value, instant, instant
            )
            self._state.add(record)
            self._sim.changed.set()
            url = f"{self._sim.url}/profile/{author.handle}/post/{record.rkey}"
            return {"id": record.uri, "uri": record.uri, "cid": record.cid, "rkey": record.rkey, "url": url}

    def _key(self, did: str, instant: float) -> str:
        keys = (tid(instant + n / 1_000_000) for n in itertools.count())
        return next(key for key in keys if f"at://{did}/{POST}/{key}" not in self._state.records)

    def _record_of(self, id: str) -> Record:
        uris = (
            [id] if id.startswith("at://") else [uri for uri in self._state.records if uri.endswith(f"/{id}")]
        )
        return self._state.records[uris[0] if uris else id]

    def like(self, id: str, count: int = 1) -> Body:
        """Add likes."""
        self._record_of(id).likes += count
        self._sim.changed.set()
        return {}

    def reply(self, id: str, text: str, by: str = "visitor") -> Body:
        """A reply by a visitor; shows in the thread and in ``replyCount``."""
        parent = self._record_of(id)
        reference = {"uri": parent.uri, "cid": parent.cid}
        root = (parent.value.get("reply") or {}).get("root") or reference
        return self.post(by, text, reply={"root": root, "parent": reference})

    def remove(self, id: str) -> Body:
        """Take a post down: gone from the AppView, still in the repository."""
        self._record_of(id).taken_down = True
        self._sim.changed.set()
        return {}

    def expire_tokens(self, account: str = "") -> Body:
        """Let access tokens given out so far answer 400 ExpiredToken; refresh tokens stay good."""
        now = self._sim.clock.now()
        for owner in self._chosen(account):
            self._state.expired_before[owner] = now
        self._sim.changed.set()
        return {}

    def revoke_tokens(self, account: str = "") -> Body:
        """End sessions, refresh tokens and app passwords."""
        self.expire_tokens(account)
        for owner in self._chosen(account):
            self._state.accounts[owner].app_passwords = {}
        chosen = set(self._chosen(account))
        with self._sim.lock:
            self._state.refreshes = {
                id: row for id, row in self._state.refreshes.items() if row.did not in chosen
            }
        return {}

    def _chosen(self, account: str) -> list[str]:
        if not account:
            return list(self._state.accounts)
        owner = self._state.find(account) or self._state.find(f"{account}.test")
        return [owner.did] if owner else []

    def records(self, since: int = 0) -> list[Body]:
        """Every post ever published, in order of arrival."""
        with self._sim.lock:
            return [self._entry(record) for record in self._state.log[since:] if record.collection == POST]

    def stats(self) -> Body:
        """Cheap totals."""
        return {**super().stats(), "records": len(self._state.log), "living": len(self._state.records)}

    def _entry(self, record: Record) -> Body:
        account, embed = self._state.accounts[record.did], record.value.get("embed") or {}
        media = embed.get("media") or embed
        files = [(image["image"], image["alt"]) for image in media.get("images") or []]
        files += [(media["video"], media.get("alt", ""))] if "video" in media else []
        return {
            "n": record.number, "id": record.uri, "rkey": record.rkey, "cid": record.cid, "account": account.handle,
            "text": record.value["text"], "key": record.rkey, "record": record.value,
            "media": [self._file(record.did, blob, alt) for blob, alt in files], "media_count": len(files),
            "at": record.arrived, "created_at": iso(record.created_at), "requests": record.requests,
            "deleted": record.deleted, "taken_down": record.taken_down,
            "url": f"{self._sim.url}/profile/{account.handle}/post/{record.rkey}",
        }  # fmt: skip

    def _file(self, did: str, blob: Body, alt: str) -> Body:
        stored = self._state.blobs.get((did, blob["ref"]["$link"]))
        sha256 = stored.sha256 if stored else ""
        return {"sha256": sha256, "mime": blob["mimeType"], "size": blob["size"], "alt": alt}
