"""What the simulated Graph APIs share: their errors, tokens and proofs, fields, lists, and fetching files by address.

Sources: Meta docs, graph-api/guides/error-handling, graph-api/overview/rate-limiting, graph-api/guides/secure-requests.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import math
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from werkzeug import Response

from publishers.simulators.rack import params
from publishers.simulators.settings import Settings
from publishers.simulators.social import Social
from publishers.simulators.social_state import Account, File, Token
from publishers.simulators.wire import Call, Refusal, answer

FETCH_SECONDS = 10
LARGEST_PAGE = 100
_straight = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class MetaSettings(Settings):
    """``quota_total`` posts in 24 hours; ``requires_proof``: the app's calls have to prove whose they are."""

    quota_total: int = 50
    requires_proof: bool = False


class Meta(Social):
    """One Graph API. ``throttle`` is the code of its business use case limit and that use case's name.

    An account whose ``extra`` has a ``trouble`` gets that error, whatever is asked: what ``error`` takes, as a mapping.
    """

    settings: MetaSettings
    settings_kind = MetaSettings
    version: ClassVar[str]
    throttle: ClassVar[tuple[int, str]]

    def error(self, message: str, code: int, subcode: int = 0, status: int = 400, **more: Any) -> Refusal:
        """An error in the Graph API's form."""
        told: dict[str, Any] = {"message": message, "type": "OAuthException", "code": code}
        told |= {"error_subcode": subcode} if subcode else {}
        return Refusal(status, {"error": {**told, **more, "fbtrace_id": "A5gXvTDQ8r1nYqEwBmZ0Kp2"}})

    def refuse(self, status: int, sentence: str = "") -> Refusal:
        """Trouble of the server's own, or a path that there is not."""
        if status >= 500:
            said = sentence or "An unexpected error has occurred. Please retry your request later."
            return self.error(said, 2, status=status, is_transient=True)
        return self.error(sentence or "Unknown path components", 2500, status=400)

    def too_many(self, seconds: float) -> Refusal:
        """A business use case limit: the rest is told in minutes, in a header."""
        code, case = self.throttle
        refusal = self.error(f"({code}) There have been too many calls to this account.", code, 2446079)
        used = {"type": case, "call_count": 100, "total_cputime": 25, "total_time": 25}
        wait = {"estimated_time_to_regain_access": math.ceil(seconds / 60)}
        refusal.headers["X-Business-Use-Case-Usage"] = json.dumps({"102030": [used | wait]})
        refusal.headers["X-App-Usage"] = json.dumps({"call_count": 28, "total_time": 25, "total_cputime": 25})
        return refusal

    def denied(self, state: str) -> Refusal:
        """A token that is no good."""
        if state == "missing":
            return self.error("An access token is required to request this resource.", 104)
        if state == "expired":
            return self.error("Error validating access token: Session has expired.", 190, 463)
        said = "Error validating access token: The user has not authorized application."
        return self.error(said, 190, 458)

    def missing(self, id: str) -> Refusal:
        """An object that is not there, or not for the caller: the API does not tell which."""
        said = f"Unsupported get request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions"
        return self.error(said, 100, 33, type="GraphMethodException")

    def token_of(self, call: Call, token: str | None = None) -> Token:
        """The valid token of a call, from its header or its parameters; where a proof came, it has to fit."""
        given = params(call)
        bearer = call.headers.get("Authorization", "").partition(" ")[2]
        known = super().token_of(call, token or bearer or str(given.get("access_token", "")))
        if trouble := self.state.accounts[known.account_id].extra.get("trouble"):
            raise self.error(**trouble)
        proof = str(given.get("appsecret_proof", ""))
        if proof or self.settings.requires_proof:
            secret = self.state.apps[known.client_id].client_secret
            right = hmac.new(secret.encode(), known.access.encode(), hashlib.sha256).hexdigest()
            if not hmac.compare_digest(right, proof):
                raise self.error("Invalid appsecret_proof provided in the API argument", 100)
        return known

    def fetched(self, url: str, account: Account, alt: str = "") -> File | None:
        """The file at a public address; None where it can't be had."""
        if not url.startswith(("http://", "https://")):
            return None
        try:
            with _straight.open(url, timeout=FETCH_SECONDS) as stream:
                return self.take_file(stream, account, alt)
        except (OSError, ValueError, http.client.HTTPException):
            return None

    def picked(self, row: dict[str, Any], fields: str) -> dict[str, Any]:
        """The fields that were asked for, and the id; one that there is not fails the call, an empty one is left out."""
        names = [name for name, _ in asked(fields)]
        for name in names:
            if name not in row:
                raise self.error(f"(#100) Tried accessing nonexisting field ({name})", 100)
        return {name: row[name] for name in ("id", *names) if row[name] is not None}

    def edge(self, call: Call, rows: Sequence[dict[str, Any]], fields: str) -> Response:
        """A page of a list, with a cursor to the next."""
        limit = min(call.args.get("limit", 25, type=int), LARGEST_PAGE)
        start = call.args.get("after", 0, type=int)
        shown = [self.picked(row, fields) for row in rows[start : start + limit]]
        paging: dict[str, Any] = {"cursors": {"before": str(start), "after": str(start + len(shown))}}
        if start + limit < len(rows):
            paging["next"] = f"{call.base_url}?after={start + limit}"
        return answer({"data": shown, **({"paging": paging} if shown else {})})

    def insights(self, id: str, known: dict[str, int], wanted: Iterable[str], form: str) -> dict[str, Any]:
        """Numbers by name; one name that there is not fails the whole call. ``form`` is values or total_value."""
        rows = []
        for name in wanted:
            if name not in known:
                raise self.error("(#100) The value must be a valid insights metric", 100)
            value: Any = {"value": known[name]}
            told = {form: [value] if form == "values" else value}
            rows.append({"name": name, "period": "lifetime", **told, "id": f"{id}/insights/{name}/lifetime"})
        return {"data": rows}


def asked(fields: str) -> Iterator[tuple[str, str]]:
    """The names in a list of fields and what each asks of its own: ``a,b{c,d},e.limit(3)``."""
    depth, start = 0, 0
    for place, letter in enumerate(fields + ","):
        depth += {"{": 1, "(": 1, "}": -1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            whole = fields[start:place].strip()
            end = min((n for n in (whole.find("{"), whole.find(".")) if n >= 0), default=len(whole))
            if whole:
                yield whole[:end], whole[end:]
            start = place + 1


def told(instant: float) -> str:
    """A time as the Graph API writes it."""
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
