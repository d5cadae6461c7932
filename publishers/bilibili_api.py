"""How Bilibili's open platform is spoken to: signed calls, its errors, and the ways of its files (openhome.bilibili.com)."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from publishers import chunks, oauth, present, rests
from publishers.errors import Rejected, Stale, Temporary, Unauthorized
from publishers.http import UPLOAD_TIMEOUT, Dialect, Http, Reply, Rule, opened, uncertain
from publishers.http import rests as resting
from publishers.values import Destination, Media

T = TypeVar("T")

HOME = "https://member.bilibili.com"
HOSTS = oauth.Hosts(
    HOME,
    {
        "account": "https://account.bilibili.com",
        "api": "https://api.bilibili.com",
        "upload": "https://openupos.bilivideo.com",
        "www": "https://www.bilibili.com",
    },
)
ARCHIVE = "/arcopen/fn/archive"
PART = 8 * 2**20  # every part but the last has this length (Bilibili docs, upload of parts)
_expired = partial(Unauthorized, refreshable=True)
# Codes that the whole house of Bilibili shares, then those of the open platform's gate and of its submissions.
EXPIRED = ("-101", "-658")
NOT_ALLOWED = ("-1", "-2", "-3", "-4", "-102", "-403", "4001", "4002", "4007", "4008")
NOT_NOW = (
    "4003",
    "4004",
)  # the gate found our clock wrong, or knows the call already: it let nothing through
NOT_PROVEN = ("-500", "-503", "-504", "4014")
TOO_FAST = ("-509", "-702", "-799", "4009", "21070")
TOO_OFTEN = "21566"


def _explain(body: Any) -> tuple[str, str]:
    return str(body["code"]), str(body.get("message") or "")


DIALECT = Dialect(
    explain=_explain,
    is_trouble=lambda body: isinstance(body, Mapping) and body.get("code") != 0,
    rules=(
        *(Rule(_expired, code=code) for code in EXPIRED),
        *(Rule(Unauthorized, code=code) for code in NOT_ALLOWED),
        *(Rule(Temporary, code=code) for code in NOT_NOW),
        *(uncertain(code=code) for code in NOT_PROVEN),
        *(resting(rests.after(timedelta(minutes=1)), code=code) for code in TOO_FAST),
        resting(rests.after(timedelta(minutes=30)), code=TOO_OFTEN),
        Rule(Stale, text="upload_token"),
        Rule(_expired, 401),
    ),
)


def data(reply: Reply) -> dict[str, Any]:
    """The part of an answer that says something."""
    return dict(reply.body["data"])


def nothing(reply: Reply) -> None:
    """An answer that says only that all is well."""


class Api:
    """Signed calls for one account. The signature covers the JSON body, and neither files nor the query (Bilibili docs,
    接口签名)."""

    def __init__(self, base_url: str, credentials: Mapping[str, str]) -> None:
        self._credentials = credentials
        self._http = Http(base_url, DIALECT, secrets=oauth.secrets_of(credentials))
        self._uploads = Http(HOSTS.at(base_url, "upload"), DIALECT, secrets=oauth.secrets_of(credentials))

    def get(self, path: str, read: Callable[[Reply], T], **asked: object) -> T:
        """Ask for something."""
        return self._http.get(path, read, params=asked, headers=self._signed(b""))

    def post(
        self, path: str, read: Callable[[Reply], T], said: Mapping[str, Any] | None = None, **asked: object
    ) -> T:
        """Do something that no reader sees."""
        body = _json(said)
        return self._http.post(path, read, params=asked, content=body, headers=self._signed(body))

    def publish(self, path: str, read: Callable[[Reply], T], said: Mapping[str, Any], **asked: object) -> T:
        """Make a visible call."""
        body = _json(said)
        return self._http.publish(path, read, params=asked, content=body, headers=self._signed(body))

    def upload_cover(self, media: Media) -> str:
        """The address under which Bilibili keeps a cover."""
        with opened(media) as stream:
            return self._http.post(
                f"{ARCHIVE}/cover/upload",
                lambda reply: str(data(reply)["url"]),
                files={"file": (media.path.name, stream, media.mime)},
                headers={name: value for name, value in self._signed(b"").items() if name != "Content-Type"},
                timeout=UPLOAD_TIMEOUT,
            )

    def upload_video(self, media: Media) -> str:
        """The ``upload_token`` of a video that is all there, seen by nobody."""
        begun = {"name": media.path.name, "utype": "0"}
        token = self.post(f"{ARCHIVE}/video/init", lambda reply: str(data(reply)["upload_token"]), begun)
        for piece, part in chunks.read(media, chunks.even(media.size, PART)):
            self._uploads.post(
                "/video/v2/part/upload",
                nothing,
                params={"upload_token": token, "part_number": piece.number},
                content=part,
                headers={**self._signed(b""), "Content-Type": "application/octet-stream"},
                timeout=UPLOAD_TIMEOUT,
            )
        self.post(f"{ARCHIVE}/video/complete", nothing, upload_token=token)
        return token

    def _signed(self, body: bytes) -> dict[str, str]:
        known = self._credentials
        told = {
            "x-bili-accesskeyid": known["client_id"],
            "x-bili-content-md5": hashlib.md5(body).hexdigest(),
            "x-bili-signature-method": "HMAC-SHA256",
            "x-bili-signature-nonce": secrets.token_hex(16),
            "x-bili-signature-version": "2.0",
            "x-bili-timestamp": str(int(present.now().timestamp())),
        }
        signed = "\n".join(f"{name}:{value}" for name, value in told.items())
        proof = hmac.new(known["client_secret"].encode(), signed.encode(), hashlib.sha256).hexdigest()
        own = {"Access-Token": known["access_token"], "Authorization": proof}
        return {**told, **own, "Content-Type": "application/json"}


def api(destination: Destination) -> Api:
    """Signed calls for a channel."""
    return Api(destination.base_url, destination.credentials)


def tokens(base_url: str, path: str, form: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """The tokens for a code, or for a refresh token; ``known`` are the app and the tokens of before. What is refused
    here needs a person."""
    hidden = (form.get("code", ""), *oauth.secrets_of(known))
    try:
        with Http(HOSTS.at(base_url, "api"), DIALECT, secrets=hidden) as http:
            return http.post(
                f"/x/account-oauth2/v1/{path}",
                lambda reply: oauth.credentials(data(reply), known),
                params=form,
            )
    except (Rejected, Unauthorized) as error:
        raise Unauthorized(error.message, error.evidence) from None


def _json(said: Mapping[str, Any] | None) -> bytes:
    return b"" if said is None else json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
