"""One official account's server: the token in the query, JSON as raw UTF-8 (escapes would be shown to readers)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from publishers import wechat_errors
from publishers.http import UPLOAD_TIMEOUT, Dialect, Http, Reply, opened
from publishers.values import Destination, Media

T = TypeVar("T")
_JSON = {"Content-Type": "application/json; charset=utf-8"}
_SECRETS = ("access_token", "secret", "token", "aes_key")
_ENDINGS = {"image/jpeg": "jpg", "image/png": "png"}


class Api:
    """The calls of one channel; for those of ``reading`` a right that is missing is no fault of the channel."""

    def __init__(self, destination: Destination, *, reading: bool = False) -> None:
        kind = destination.traits.get("account", "")
        dialect = wechat_errors.reading(kind) if reading else wechat_errors.dialect(kind)
        self._http = _http(destination.base_url, destination.credentials, dialect)
        self._token = {"access_token": destination.credentials["access_token"]}

    def ask(self, path: str, body: Mapping[str, Any], read: Callable[[Reply], T]) -> T:
        """Ask, or do what no reader sees."""
        return self._http.post(path, read, params=self._token, content=_raw(body), headers=_JSON)

    def commit(self, path: str, body: Mapping[str, Any], read: Callable[[Reply], T]) -> T:
        """Make a visible call."""
        return self._http.publish(path, read, params=self._token, content=_raw(body), headers=_JSON)

    def get(self, path: str, read: Callable[[Reply], T]) -> T:
        """Ask by GET."""
        return self._http.get(path, read, params=self._token)

    def upload(self, path: str, media: Media, read: Callable[[Reply], T], **query: str) -> T:
        """Send a file; its own name is left out, since only plain letters arrive."""
        name = f"{media.sha256[:16]}.{_ENDINGS.get(media.mime, 'bin')}"
        with opened(media) as stream:
            return self._http.post(
                path,
                read,
                params=self._token | query,
                files={"media": (name, stream, media.mime)},
                timeout=UPLOAD_TIMEOUT,
            )


def token(base_url: str, app_id: str, secret: str) -> str:
    """The account's one token, while it is valid the same for all who ask (WeChat docs, getStableAccessToken)."""
    body = {"grant_type": "client_credential", "appid": app_id, "secret": secret, "force_refresh": False}
    with _http(base_url, {"secret": secret}, wechat_errors.dialect("")) as http:
        return http.post(
            "/cgi-bin/stable_token",
            lambda reply: str(reply.body["access_token"]),
            content=_raw(body),
            headers=_JSON,
        )


def done(reply: Reply) -> None:
    """Reads an answer that says no more than that it went well."""
    if not isinstance(reply.body, Mapping):
        raise TypeError("no JSON object")


def _http(base_url: str, credentials: Mapping[str, str], dialect: Dialect) -> Http:
    secrets = tuple(credentials[name] for name in _SECRETS if credentials.get(name))
    return Http(base_url, dialect, secrets=secrets)


def _raw(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()
