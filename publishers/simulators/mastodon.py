"""A simulated server of the Mastodon family: ``serve()`` it, or steer it through its ``control``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from werkzeug import Response

from publishers.simulators.clock import epoch, iso
from publishers.simulators.control import Body, Control
from publishers.simulators.limiter import Quota, Reading
from publishers.simulators.mastodon_access import bearer, refusal, token_of
from publishers.simulators.mastodon_entities import Entities
from publishers.simulators.mastodon_instance import InstanceApi
from publishers.simulators.mastodon_media import MediaApi
from publishers.simulators.mastodon_oauth import OAuthApi
from publishers.simulators.mastodon_pages import MastodonPages
from publishers.simulators.mastodon_people import WANTED, People
from publishers.simulators.mastodon_software import SOFTWARE
from publishers.simulators.mastodon_state import Account, State, Status, attached
from publishers.simulators.mastodon_statuses import StatusApi
from publishers.simulators.pages import Pages
from publishers.simulators.server import Server
from publishers.simulators.settings import Settings
from publishers.simulators.simulator import Simulator
from publishers.simulators.wire import Call, Refusal

API = Quota("api", 300, 300)
POSTING = Quota("statuses", 300, 3 * 3600)
UPLOADING = Quota("media", 30, 30 * 60)
DELETING = Quota("deletes", 30, 30 * 60)
REGISTERING = Quota("apps", 5, 10 * 60)
SENTENCES = {
    429: "Too many requests",
    500: "Something went wrong on our end",
    503: "There was a temporary problem serving your request, please try again",
    401: "The access token is invalid",
    403: "This action is not allowed",
    404: "Record not found",
    405: "Method Not Allowed",
}


def serve(port: int = 0, data: str | Path | None = None, host: str = "127.0.0.1", **settings: Any) -> Server:
    """Start a server on ``port`` (0: any free one). ``settings`` are those of ``settings.Settings``.

    ``data`` is a folder that keeps its state between runs. Raises OSError when the port is taken.
    """
    simulator = Mastodon(Path(data) if data else None, Settings(**settings))
    return Server(simulator, simulator.control, host, port)


class Mastodon(Simulator):
    """The server without its socket."""

    platform = "mastodon"

    def __init__(self, data: Path | None, settings: Settings) -> None:
        super().__init__(data, settings)
        self.state = State()
        self.software = SOFTWARE[settings.software]
        self.people = People(self, self.state)
        self.entities = Entities(self, self.state)
        self.statuses = StatusApi(self, self.state, self.entities, self.software)
        pages = Pages(self, "Mastodon simulator")
        for part in (
            self.statuses,
            MediaApi(self, self.state, self.entities, self.software),
            InstanceApi(self, self.state, self.entities, self.software),
            OAuthApi(self, self.state, self.entities, self.people, pages),
            MastodonPages(self, self.state, self.entities, self.statuses, pages),
        ):
            self.add_routes(part.routes())
        self.control = MastodonControl(self)
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
        """An error in Mastodon's form."""
        return refusal(status, sentence or SENTENCES.get(status, "Something went wrong on our end"))

    def too_many(self, seconds: float) -> Refusal:
        """A 429 that lifts after ``seconds``."""
        reset = self.clock.now() + seconds
        return Refusal(429, {"error": SENTENCES[429]}, self._limit_headers(API.limit, 0, reset))

    def _route(self, call: Call) -> Response:
        if not self.settings.rate_limits or not call.path.startswith("/api/"):
            return super()._route(call)
        reading = self._nearest_limit(call)
        headers = self._limit_headers(reading.quota.limit, reading.remaining, reading.reset)
        if reading.exceeded:
            return self._refused(Refusal(429, {"error": SENTENCES[429]}, headers))
        response = super()._route(call)
        response.headers.update(headers)
        return response

    def _limit_headers(self, limit: int, remaining: int, reset: float) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(remaining),
            "X-RateLimit-Reset": iso(reset, "microseconds"),
        }

    def _nearest_limit(self, call: Call) -> Reading:
        token = token_of(self.state, call)
        by_address = self.software.name == "gotosocial" or token is None
        holder = call.remote_addr or "" if by_address else bearer(call)
        quotas = [API, *self._family(call)] if self.software.families else [API]
        readings = [self.limiter.hit(quota, holder, self.clock.now()) for quota in quotas]
        return min(readings, key=lambda reading: (not reading.exceeded, reading.remaining))

    def _family(self, call: Call) -> list[Quota]:
        writes = {
            ("POST", "statuses"): POSTING,
            ("PUT", "statuses"): POSTING,
            ("DELETE", "statuses"): DELETING,
        }
        writes |= {("POST", "media"): UPLOADING, ("POST", "apps"): REGISTERING}
        quota = writes.get((call.method, call.path.split("/")[3] if call.path.count("/") >= 3 else ""))
        return [quota] if quota else []


class MastodonControl(Control):
    """Steers a simulated Mastodon server; an account is named by user name, a post by its id."""

    def __init__(self, simulator: Mastodon) -> None:
        self._mastodon = simulator
        self._state = simulator.state
        super().__init__(simulator)

    def account(self, handle: str, name: str = "", avatar_seed: str = "") -> Body:
        """Make an account and give out an access token with the scopes read, write and profile."""
        with self._sim.lock:
            account = self._mastodon.people.get_or_make(handle, name, avatar_seed)
            app = self._mastodon.people.own_app()
            token = self._mastodon.people.issue(account.id, app.id, list(WANTED))
        return {
            "id": account.id, "username": account.username, "handle": f"@{account.username}", "name": account.name,
            "access_token": token.value, "url": f"{self._sim.url}/@{account.username}", "base_url": self._sim.url,
            "credentials": {"access_token": token.value},
        }  # fmt: skip

    def post(self, account: str, text: str, at: str = "", **details: Any) -> Body:
        """Publish as ``account``; ``details`` may hold language, spoiler and in_reply_to_id."""
        instant = epoch(at) if at else self._sim.clock.now()
        with self._sim.lock:
            author = self._mastodon.people.get_or_make(account)
            status = Status(
                id=self._state.new_id(instant), account_id=author.id, app_id=self._mastodon.people.own_app().id,
                text=text, spoiler="", visibility="public", language="", sensitive=False, media_ids=[],
                in_reply_to_id="", created_at=instant, arrived=instant,
            )  # fmt: skip
            for field, value in details.items():
                setattr(status, field, value)
            self._mastodon.statuses.publish(status)
            return {"id": status.id, "url": f"{self._sim.url}/@{author.username}/{status.id}"}

    def like(self, id: str, count: int = 1) -> Body:
        """Add favourites."""
        self._state.statuses[id].likes += count
        self._sim.changed.set()
        return {}

    def reply(self, id: str, text: str, by: str = "visitor") -> Body:
        """A reply by a visitor; shows in the context and in ``replies_count``."""
        return self.post(by, text, in_reply_to_id=self._state.statuses[id].id)

    def remove(self, id: str) -> Body:
        """Delete a status, as moderators do."""
        with self._sim.lock:
            self._state.remove(self._state.statuses[id])
            self._sim.changed.set()
        return {}

    def expire_tokens(self, account: str = "") -> Body:
        """Answer 401 "The access token expired" from now on."""
        return self._end_tokens(account, "expired")

    def revoke_tokens(self, account: str = "") -> Body:
        """Answer 401 "The access token was revoked" from now on."""
        return self._end_tokens(account, "revoked")

    def _end_tokens(self, account: str, state: str) -> Body:
        owner = self._state.account_named(account) if account else None
        for token in self._state.tokens.values():
            if not account or (owner is not None and token.account_id == owner.id):
                token.state = state
        self._sim.changed.set()
        return {}

    def records(self, since: int = 0) -> list[Body]:
        """Every status ever published, in order of arrival."""
        with self._sim.lock:
            return [self._record(self._state.statuses[id]) for id in self._state.by_number[since:]]

    def stats(self) -> Body:
        """Cheap totals."""
        return {**super().stats(), "records": len(self._state.by_number), "living": len(self._state.order)}

    def _record(self, status: Status) -> Body:
        account: Account = self._state.accounts[status.account_id]
        media = attached(self._state, status.media_ids)
        return {
            "n": status.number, "id": status.id, "account": account.username, "text": status.text,
            "spoiler": status.spoiler, "language": status.language, "visibility": status.visibility,
            "key": status.key, "in_reply_to": status.in_reply_to_id,
            "media": [{"sha256": m.sha256, "mime": m.mime, "size": m.size, "alt": m.description or ""} for m in media],
            "media_count": len(status.media_ids), "at": status.arrived, "created_at": iso(status.created_at),
            "requests": status.requests, "deleted": status.deleted, "edited": bool(status.edited_at),
            "url": f"{self._sim.url}/@{account.username}/{status.id}",
        }  # fmt: skip
