"""Mastodon's status endpoints (documentation, methods/statuses; server source, PostStatusService)."""

from __future__ import annotations

import time
from typing import Any

from werkzeug import Response

from publishers.simulators.mastodon_access import not_found, refusal, require, token_of
from publishers.simulators.mastodon_entities import Entities
from publishers.simulators.mastodon_keys import Keys
from publishers.simulators.mastodon_media import wants_media_gone
from publishers.simulators.mastodon_rules import Rules
from publishers.simulators.mastodon_software import Software
from publishers.simulators.mastodon_state import Account, State, Status, Token, attached
from publishers.simulators.rack import params, strings, truth
from publishers.simulators.simulator import Route, Simulator
from publishers.simulators.wire import Call, answer

BATCH = 20
PAGE = 40


class StatusApi:
    """Posting, reading, editing and deleting."""

    def __init__(self, sim: Simulator, state: State, entities: Entities, software: Software) -> None:
        self._sim, self._state, self._entities, self._software = sim, state, entities, software
        self._rules = Rules(sim, state, software)
        self._keys = Keys(sim, state, software)

    def routes(self) -> list[Route]:
        """The endpoints; reading many at once exists only where the software has it."""
        batch: list[Route] = [("GET", "/api/v1/statuses", self.batch)] if self._software.batch else []
        return [
            *batch,
            ("POST", "/api/v1/statuses", self.create),
            ("GET", "/api/v1/statuses/<id>", self.show),
            ("PUT", "/api/v1/statuses/<id>", self.edit),
            ("DELETE", "/api/v1/statuses/<id>", self.delete),
            ("GET", "/api/v1/statuses/<id>/source", self.source),
            ("GET", "/api/v1/statuses/<id>/history", self.history),
            ("GET", "/api/v1/statuses/<id>/context", self.context),
            ("GET", "/api/v1/accounts/<id>/statuses", self.of_account),
        ]

    def create(self, call: Call) -> Response:
        """Publish, at most once per Idempotency-Key where the software honours it."""
        account, token = require(self._state, call, "write:statuses")
        given = params(call)
        key = call.headers.get("Idempotency-Key", "")
        return self._keys.once(
            account.id, key, lambda: self._created(call, account, token, given, key), self._again
        )

    def _created(
        self, call: Call, account: Account, token: Token, given: dict[str, Any], key: str
    ) -> tuple[Response, str]:
        if call.fault is not None and call.fault.kind == "slow_effect":
            time.sleep(call.fault.seconds)
        with self._sim.lock:
            self._rules.check_new(account, given)
            status = self._status(call, account, token, given, key)
            if call.suffers("silent_drop"):
                return answer(self._entities.status(status)), ""
            self.publish(status)
            return answer(self._entities.status(status)), status.id

    def _again(self, status_id: str) -> Response:
        with self._sim.lock:
            status = self._state.living(status_id)
            if status is None:
                raise not_found()
            status.requests += 1
            self._sim.changed.set()
            return answer(self._entities.status(status))

    def publish(self, status: Status) -> None:
        """Store a status and attach its media; the caller holds the lock."""
        self._state.add(status)
        for media in attached(self._state, status.media_ids):
            media.status_id = status.id
        self._sim.changed.set()

    def _status(self, call: Call, account: Account, token: Token, given: dict[str, Any], key: str) -> Status:
        now = self._sim.clock.now()
        return Status(
            id=self._state.new_id(now), account_id=account.id, app_id=token.app_id,
            text=str(given.get("status") or ""), spoiler=str(given.get("spoiler_text") or ""),
            visibility=str(given.get("visibility") or "public"), language=str(given.get("language") or ""),
            sensitive=truth(given.get("sensitive")) or bool(given.get("spoiler_text")),
            media_ids=strings(given.get("media_ids")), in_reply_to_id=str(given.get("in_reply_to_id") or ""),
            created_at=now, arrived=call.arrived, key=key,
        )  # fmt: skip

    def show(self, call: Call, id: str) -> Response:
        """One status."""
        with self._sim.lock:
            return answer(self._entities.status(self._visible(call, id)))

    def batch(self, call: Call) -> Response:
        """Up to 20 at once; those that are gone are left out."""
        ids = strings(params(call).get(self._software.batch))
        if len(ids) > BATCH:
            raise refusal(422, f"Too many IDs requested. Maximum is {BATCH}.")
        with self._sim.lock:
            found = [self._state.living(id) for id in dict.fromkeys(ids)]
            return answer(
                [self._entities.status(s) for s in found if s is not None and self._may_see(call, s)]
            )

    def edit(self, call: Call, id: str) -> Response:
        """Replace text and media; media that are not named again are dropped."""
        account, _ = require(self._state, call, "write:statuses")
        given = params(call)
        with self._sim.lock:
            status = self._own(account, id)
            self._rules.check_edit(account, status, given)
            self._keep_revision(status)
            self._rewrite(status, given)
            status.edited_at = self._sim.clock.now()
            self._sim.changed.set()
            return answer(self._entities.status(status))

    def _keep_revision(self, status: Status) -> None:
        status.history.append(
            {
                "text": status.text,
                "spoiler": status.spoiler,
                "sensitive": status.sensitive,
                "media_ids": list(status.media_ids),
                "at": status.edited_at or status.created_at,
            }
        )

    def _rewrite(self, status: Status, given: dict[str, Any]) -> None:
        status.text = str(given.get("status") or "")
        status.spoiler = str(given.get("spoiler_text") or "")
        status.sensitive = truth(given.get("sensitive")) or bool(status.spoiler)
        status.language = str(given.get("language") or status.language)
        status.media_ids = strings(given.get("media_ids"))
        for media in attached(self._state, status.media_ids):
            media.status_id = status.id
        for change in given.get("media_attributes") or []:
            if change.get("id") in status.media_ids and "description" in change:
                self._state.media[change["id"]].description = change["description"] or None

    def delete(self, call: Call, id: str) -> Response:
        """Take it back; answers the source for a redraft."""
        account, _ = require(self._state, call, "write:statuses")
        with self._sim.lock:
            status = self._own(account, id)
            body = {**self._entities.status(status), "text": status.text, "spoiler_text": status.spoiler}
            self._state.remove(status)
            for media in attached(self._state, status.media_ids):
                media.status_id = ""
                media.created_at = 0.0 if wants_media_gone(call) else self._sim.clock.now()
            self._sim.changed.set()
            return answer(body)

    def source(self, call: Call, id: str) -> Response:
        """The text as typed, for its author."""
        account, _ = require(self._state, call, "read:statuses")
        with self._sim.lock:
            return answer(self._entities.source(self._own(account, id)))

    def history(self, call: Call, id: str) -> Response:
        """All revisions, oldest first."""
        with self._sim.lock:
            status = self._visible(call, id)
            now = {
                **self._entities.source(status),
                "sensitive": status.sensitive,
                "media_ids": status.media_ids,
            }
            now |= {"spoiler": status.spoiler, "at": status.edited_at or status.created_at}
            return answer([self._entities.revision(status, past) for past in [*status.history, now]])

    def context(self, call: Call, id: str) -> Response:
        """What it answers, and what answered it."""
        with self._sim.lock:
            status = self._visible(call, id)
            ancestors, parent = [], self._state.living(status.in_reply_to_id)
            while parent is not None:
                ancestors.append(parent)
                parent = self._state.living(parent.in_reply_to_id)
            return answer(
                {
                    "ancestors": [self._entities.status(s) for s in reversed(ancestors)],
                    "descendants": [self._entities.status(s) for s in self.descendants(status)],
                }
            )

    def descendants(self, status: Status) -> list[Status]:
        """Every living reply below, depth first; the caller holds the lock."""
        found: list[Status] = []
        for id in self._state.replies_to.get(status.id, ()):
            reply = self._state.living(id)
            if reply is not None:
                found += [reply, *self.descendants(reply)]
        return found

    def of_account(self, call: Call, id: str) -> Response:
        """An account's statuses, newest first, within ``max_id`` and ``since_id``."""
        with self._sim.lock:
            if id not in self._state.accounts:
                raise not_found()
            limit = min(call.args.get("limit", 20, type=int), PAGE)
            bounds = [int(call.args.get(name) or 0) for name in ("max_id", "since_id")]
            rows = self._state.newest(self._state.order_of.get(id, []), limit, *bounds)
            if truth(call.args.get("exclude_replies")):
                rows = [row for row in rows if not row.in_reply_to_id]
            if truth(call.args.get("only_media")):
                rows = [row for row in rows if row.media_ids]
            return answer([self._entities.status(row) for row in rows if self._may_see(call, row)])

    def _own(self, account: Account, id: str) -> Status:
        status = self._state.living(id)
        if status is None or status.account_id != account.id:
            raise not_found()
        return status

    def _visible(self, call: Call, id: str) -> Status:
        status = self._state.living(id)
        if status is None or not self._may_see(call, status):
            raise not_found()
        return status

    def _may_see(self, call: Call, status: Status) -> bool:
        if status.visibility in ("public", "unlisted"):
            return True
        token = token_of(self._state, call)
        return token is not None and token.account_id == status.account_id
