"""How TikTok is spoken to: its errors, its two hosts, the way of a video's bytes, and its calls to us.

Sources: TikTok docs, content-posting-api (direct post, media transfer guide, get post status), oauth and webhooks.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from publishers import chunks, oauth, relays, rests
from publishers.errors import Stale, Temporary, Unauthorized
from publishers.http import UPLOAD_TIMEOUT, Dialect, Http, Reply, Rule, uncertain
from publishers.http import rests as resting
from publishers.values import Heard, Knock, Media

HOME = "https://open.tiktokapis.com"
HOSTS = oauth.Hosts(HOME, {"www": "https://www.tiktok.com"})
# Chunks are 5 to 64 MB, and the last one holds the rest besides: so the visible call carries less than 20 MB.
CHUNK = 10_000_000
UPLOAD_LIVES = timedelta(minutes=55)  # an upload address is good for an hour
_expired = partial(Unauthorized, refreshable=True)
NOT_ALLOWED = (
    "scope_not_authorized",
    "scope_permission_missed",
    "spam_risk_user_banned_from_posting",
    "invalid_client",
    "invalid_grant",
)
USED_UP = ("spam_risk_too_many_posts", "spam_risk_too_many_pending_share", "reached_active_user_cap")


def _explain(body: Any) -> tuple[str, str]:
    """The API wraps its errors; the OAuth endpoints have them as RFC 6749 does."""
    error = body.get("error") or ""
    if isinstance(error, Mapping):
        return str(error.get("code") or ""), str(error.get("message") or "")
    return str(error), str(body.get("error_description") or "")


def _is_trouble(body: Any) -> bool:
    return isinstance(body, Mapping) and _explain(body)[0] not in ("", "ok")


DIALECT = Dialect(
    explain=_explain,
    is_trouble=_is_trouble,
    rules=(
        Rule(_expired, code="access_token_invalid"),
        *(Rule(Unauthorized, code=code) for code in NOT_ALLOWED),
        *(resting(rests.next_day("UTC"), code=code) for code in USED_UP),
        resting(rests.after(timedelta(minutes=1)), code="rate_limit_exceeded"),
        uncertain(code="internal_error"),
        Rule(_expired, 401),
    ),
)
_AHEAD = Dialect(explain=_explain, rules=(Rule(Temporary),))
# 403: the address has lapsed, 404: there is no such upload, 416: other bytes were there already.
_AT_LAST = Dialect(explain=_explain, rules=tuple(Rule(Stale, status) for status in (403, 404, 416)))


def connection(base_url: str, credentials: Mapping[str, str]) -> Http:
    """A connection for an account."""
    secrets = oauth.secrets_of(credentials)
    return Http(base_url, DIALECT, token=credentials["access_token"], secrets=secrets)


def data(reply: Reply) -> dict[str, Any]:
    """The part of an answer that says something."""
    return dict(reply.body["data"])


@dataclass(frozen=True)
class Upload:
    """Where the bytes of a video go; ``start`` is where its last chunk begins."""

    url: str
    size: int
    start: int

    @classmethod
    def of(cls, handles: Mapping[str, Any]) -> Upload:
        """The upload that was kept in the handles of a ticket."""
        return cls(str(handles["upload_url"]), int(handles["size"]), int(handles["start"]))

    def send_ahead(self, base_url: str, media: Media) -> None:
        """All chunks but the last: as long as that one is missing, nothing is posted."""
        pieces = cut(media)[:-1]
        http, path = self._way(base_url, _AHEAD)
        for piece, part in chunks.read(media, pieces):
            headers = self._headers(media, piece)
            http.put(path, _nothing, content=part, headers=headers, timeout=UPLOAD_TIMEOUT)

    def finish(self, base_url: str, media: Media) -> None:
        """The last chunk, with whose arrival TikTok begins to publish."""
        last = chunks.Chunk(0, self.start, self.size)
        [(piece, part)] = chunks.read(media, [last])
        http, path = self._way(base_url, _AT_LAST)
        http.publish(path, _all_there, method="PUT", content=part, headers=self._headers(media, piece))

    def _way(self, base_url: str, dialect: Dialect) -> tuple[Http, str]:
        host, path = relays.through(base_url, HOME, self.url)
        return Http(host, dialect, secrets=(path.partition("?")[2],)), path

    def _headers(self, media: Media, piece: chunks.Chunk) -> dict[str, str]:
        return {
            "Content-Type": media.mime,
            "Content-Range": f"bytes {piece.start}-{piece.stop - 1}/{self.size}",
        }


def cut(media: Media) -> list[chunks.Chunk]:
    """The chunks of a video."""
    return chunks.with_long_end(media.size, CHUNK)


def source_of(media: Media) -> dict[str, Any]:
    """What is told of a video before its bytes come."""
    pieces = cut(media)
    length = CHUNK if len(pieces) > 1 else media.size
    source = {"source": "FILE_UPLOAD", "video_size": media.size, "chunk_size": length}
    return {**source, "total_chunk_count": len(pieces)}


def heard(credentials: Mapping[str, str], knock: Knock) -> Heard:
    """Which post a webhook call is about. It may come again for three days, so its time is no reason to refuse it."""
    secret = credentials.get("client_secret", "")
    told = dict(_pairs(knock.headers.get("tiktok-signature", "").split(",")))
    signed = f"{told.get('t', '')}.".encode() + knock.body
    proof = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    if not secret or not hmac.compare_digest(proof, told.get("s", "")):
        raise Unauthorized("This call does not come from TikTok.")
    event = json.loads(knock.body)
    content = json.loads(event.get("content") or "{}")
    return Heard(about=tuple(str(content[name]) for name in ("publish_id", "post_id") if content.get(name)))


def _pairs(parts: Iterable[str]) -> Iterable[tuple[str, str]]:
    for part in parts:
        name, _, value = part.strip().partition("=")
        yield name, value


def _nothing(_reply: Reply) -> None:
    """The answer to a chunk says nothing but that it came."""


def _all_there(reply: Reply) -> None:
    if reply.status != 201:
        raise ValueError("TikTok still waits for bytes")
