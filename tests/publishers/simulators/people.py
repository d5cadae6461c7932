"""Clients as an adapter would make them: an account, its credentials and a kept-alive connection."""

import io
import itertools
import struct
from typing import Any

import httpx
from PIL import Image

from publishers.simulators.bluesky_state import tid
from publishers.simulators.server import Server

POST = "app.bsky.feed.post"
MP4 = struct.pack(">I4s4sI4s4s", 24, b"ftyp", b"isom", 512, b"isom", b"mp42") + bytes(2000)
_numbers = itertools.count(1)


def jpeg(width: int = 64, height: int = 48, colour: str = "teal") -> bytes:
    """A small picture."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "JPEG")
    return out.getvalue()


class Tooter:
    """An account on a simulated Mastodon server."""

    def __init__(self, server: Server, username: str = "ana") -> None:
        self.username = username
        self.made = server.control.account(username)
        headers = {"Authorization": f"Bearer {self.made['access_token']}"}
        self.http = httpx.Client(base_url=server.url, headers=headers)

    def post(self, text: str, key: str = "", **fields: Any) -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}
        return self.http.post("/api/v1/statuses", json={"status": text, **fields}, headers=headers)

    def upload(self, data: bytes | None = None, name: str = "a.jpg", **fields: str) -> httpx.Response:
        return self.http.post("/api/v2/media", files={"file": (name, data or jpeg())}, data=fields)


class Skeeter:
    """An account on a simulated Bluesky host, with a session."""

    def __init__(self, server: Server, handle: str = "ana") -> None:
        self.made = server.control.account(handle)
        self.did: str = self.made["did"]
        self.http = httpx.Client(base_url=f"{server.url}/xrpc/")
        self._server = server
        self.session = self.log_in().json()

    def log_in(self, password: str = "") -> httpx.Response:
        body = {"identifier": self.made["handle"], "password": password or self.made["app_password"]}
        return self.http.post("com.atproto.server.createSession", json=body)

    def refresh(self, token: str = "") -> httpx.Response:
        headers = {"Authorization": f"Bearer {token or self.session['refreshJwt']}"}
        return self.http.post("com.atproto.server.refreshSession", headers=headers)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.session['accessJwt']}"}

    def new_key(self) -> str:
        return tid(self._server.control.clock()["now"], next(_numbers) % 1024)

    def record(self, text: str, **members: Any) -> dict[str, Any]:
        return {"$type": POST, "text": text, "createdAt": "2026-11-23T20:00:00.000Z", **members}

    def put(self, rkey: str, record: dict[str, Any], **members: Any) -> httpx.Response:
        return self.write("putRecord", rkey=rkey, record=record, **members)

    def write(self, method: str, **members: Any) -> httpx.Response:
        body = {"repo": self.did, "collection": POST, **members}
        return self.http.post(f"com.atproto.repo.{method}", json=body, headers=self.headers)

    def get(self, method: str, **query: Any) -> httpx.Response:
        return self.http.get(method, params=query, headers=self.headers)

    def upload(self, data: bytes, mime: str = "image/jpeg") -> dict[str, Any]:
        headers = {**self.headers, "Content-Type": mime}
        answer = self.http.post("com.atproto.repo.uploadBlob", content=data, headers=headers)
        blob: dict[str, Any] = answer.json()["blob"]
        return blob

    def uri(self, rkey: str) -> str:
        return f"at://{self.did}/{POST}/{rkey}"
