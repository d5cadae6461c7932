"""What a Mastodon server tells about itself, its limits and its accounts (documentation, entities/Instance)."""

from __future__ import annotations

from typing import Any

from werkzeug import Response

from publishers.simulators.mastodon_access import not_found, require
from publishers.simulators.mastodon_entities import Entities
from publishers.simulators.mastodon_rules import Rules
from publishers.simulators.mastodon_software import Software
from publishers.simulators.mastodon_state import State
from publishers.simulators.mastodon_text import URL_LENGTH
from publishers.simulators.simulator import Route, Simulator
from publishers.simulators.wire import Call, answer


class InstanceApi:
    """Instance documents, NodeInfo and accounts."""

    def __init__(self, sim: Simulator, state: State, entities: Entities, software: Software) -> None:
        self._sim, self._state, self._entities, self._software = sim, state, entities, software
        self._rules = Rules(sim, state, software)

    def routes(self) -> list[Route]:
        """The endpoints."""
        return [
            ("GET", "/api/v2/instance", self.v2),
            ("GET", "/api/v1/instance", self.v1),
            ("GET", "/.well-known/nodeinfo", self.nodeinfo_links),
            ("GET", "/nodeinfo/2.0", self.nodeinfo),
            ("GET", "/api/v1/accounts/verify_credentials", self.verify),
            ("GET", "/api/v1/accounts/lookup", self.lookup),
            ("GET", "/api/v1/accounts/<id>", self.account),
        ]

    def _configuration(self) -> dict[str, Any]:
        software = self._software
        return {
            "urls": {"streaming": self._sim.url.replace("http", "ws", 1)},
            "accounts": {"max_featured_tags": 10, "max_pinned_statuses": 5},
            "statuses": {
                "max_characters": self._rules.max_characters, "max_media_attachments": software.max_media,
                "characters_reserved_per_url": URL_LENGTH,
            },
            "media_attachments": {
                "supported_mime_types": list(software.mimes), "description_limit": software.description_limit,
                "image_size_limit": software.image_limit, "image_matrix_limit": 33_177_600,
                "video_size_limit": software.video_limit, "video_frame_rate_limit": 120,
                "video_matrix_limit": 8_294_400,
            },
            "polls": {
                "max_options": 4, "max_characters_per_option": 50, "min_expiration": 300, "max_expiration": 2_629_746,
            },
            "translation": {"enabled": False},
        }  # fmt: skip

    def _title(self) -> str:
        return self._sim.settings.title or "Local simulator"

    def _domain(self) -> str:
        return self._sim.url.split("://", 1)[1]

    def v2(self, call: Call) -> Response:
        """Instance, since 4.0."""
        versions = {"api_versions": {"mastodon": 10}} if self._software.name == "mastodon" else {}
        return answer(
            {
                "domain": self._domain(), "title": self._title(), "version": self._software.version,
                "source_url": "", "description": "A simulated server on this machine.",
                "usage": {"users": {"active_month": len(self._state.accounts)}},
                "thumbnail": {"url": f"{self._sim.url}/avatars/instance.png"}, "languages": ["en"],
                "configuration": self._configuration(), "registrations": {"enabled": False}, **versions,
                "contact": {"email": "", "account": None}, "rules": [],
            }
        )  # fmt: skip

    def v1(self, call: Call) -> Response:
        """V1::Instance; Pleroma tells its length limit only in a field of its own."""
        own = {"max_toot_chars": self._rules.max_characters} if self._software.name == "pleroma" else {}
        return answer(
            {
                "uri": self._domain(), "title": self._title(), "version": self._software.version,
                "short_description": "", "description": "A simulated server on this machine.", "email": "",
                "urls": {"streaming_api": self._sim.url.replace("http", "ws", 1)}, "languages": ["en"],
                "stats": {"user_count": len(self._state.accounts), "status_count": len(self._state.order)},
                "thumbnail": None, "registrations": False, "approval_required": False, "invites_enabled": False,
                "configuration": self._configuration(), "contact_account": None, "rules": [], **own,
            }
        )  # fmt: skip

    def nodeinfo_links(self, call: Call) -> Response:
        """Where NodeInfo is."""
        schema = "http://nodeinfo.diaspora.software/ns/schema/2.0"
        return answer({"links": [{"rel": schema, "href": f"{self._sim.url}/nodeinfo/2.0"}]})

    def nodeinfo(self, call: Call) -> Response:
        """Which software this is."""
        return answer(
            {
                "version": "2.0", "software": {"name": self._software.name, "version": self._software.version},
                "protocols": ["activitypub"], "services": {"outbound": [], "inbound": []},
                "usage": {"users": {"total": len(self._state.accounts)}, "localPosts": len(self._state.order)},
                "openRegistrations": False, "metadata": {"nodeName": self._title()},
            }
        )  # fmt: skip

    def verify(self, call: Call) -> Response:
        """The account of the token."""
        account, _ = require(self._state, call, "profile", "read:accounts", "read:me")
        with self._sim.lock:
            return answer(self._entities.own_account(account))

    def lookup(self, call: Call) -> Response:
        """An account by name."""
        account = self._state.account_named(call.args.get("acct", ""))
        if account is None:
            raise not_found()
        with self._sim.lock:
            return answer(self._entities.account(account))

    def account(self, call: Call, id: str) -> Response:
        """An account by id."""
        if id not in self._state.accounts:
            raise not_found()
        with self._sim.lock:
            return answer(self._entities.account(self._state.accounts[id]))
