"""Uploads to LinkedIn: a picture in one piece, a video in parts (LinkedIn docs, images-api and videos-api)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from publishers import linkedin_api as api
from publishers.errors import Evidence, Rejected, Temporary
from publishers.http import UPLOAD_TIMEOUT, Http, Reply, opened
from publishers.values import Destination, Media

OCTETS = {"Content-Type": "application/octet-stream"}


@dataclass(frozen=True)
class Uploads:
    """Uploads for one channel; ``patience`` bounds the wait for each to be processed, polled every ``pause``."""

    destination: Destination
    http: Http
    patience: timedelta
    pause: timedelta

    def take(self, media: Media) -> str:
        """The URN of ``media``, uploaded and ready to be posted."""
        urn = self._image(media) if media.kind == "image" else self._video(media)
        self._await_ready(f"/rest/{media.kind}s/{api.encoded(urn)}")
        return urn

    def _image(self, media: Media) -> str:
        started = self._start("images", {"owner": self.destination.remote_id})
        with opened(media) as stream:
            self._put(started["uploadUrl"], stream, {"Content-Type": media.mime})
        return str(started["image"])

    def _video(self, media: Media) -> str:
        asked = {"owner": self.destination.remote_id, "fileSizeBytes": media.size}
        started = self._start("videos", {**asked, "uploadCaptions": False, "uploadThumbnail": False})
        with opened(media) as stream:
            parts = [self._part(stream, each) for each in started["uploadInstructions"]]
        finished = {"video": started["video"], "uploadToken": started.get("uploadToken", "")}
        ended = {"finalizeUploadRequest": {**finished, "uploadedPartIds": parts}}
        self.http.post("/rest/videos?action=finalizeUpload", lambda _reply: None, json=ended)
        return str(started["video"])

    def _start(self, kind: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        path, wanted = f"/rest/{kind}?action=initializeUpload", {"initializeUploadRequest": asked}
        return self.http.post(path, lambda reply: dict(reply.body["value"]), json=wanted)

    def _part(self, stream: BinaryIO, told: Mapping[str, Any]) -> str:
        first, last = int(told["firstByte"]), int(told["lastByte"])
        stream.seek(first)
        return self._put(str(told["uploadUrl"]), stream.read(last - first + 1), OCTETS)

    def _put(self, url: str, body: BinaryIO | bytes, headers: Mapping[str, str]) -> str:
        """The tag of what was put; the address lies on a host of its own, or behind the channel's relay."""
        parts = urlsplit(url)
        base_url = self.destination.base_url
        if base_url == api.HOME:
            base_url = f"{parts.scheme}://{parts.netloc}"
            if parts.scheme != "https" or not f".{parts.hostname}".endswith(".linkedin.com"):
                raise Temporary("LinkedIn named another host for the upload.", Evidence(code="upload_host"))
        token = self.destination.credentials["access_token"]
        with Http(base_url, api.DIALECT, token=token) as http:
            path = f"{parts.path}?{parts.query}" if parts.query else parts.path
            return http.put(path, _tag, content=body, headers=headers, timeout=UPLOAD_TIMEOUT)

    def _await_ready(self, path: str) -> None:
        give_up = time.monotonic() + self.patience.total_seconds()
        while (state := self.http.get(path, lambda reply: str(reply.body["status"]))) != "AVAILABLE":
            if state == "PROCESSING_FAILED":
                raise Rejected("LinkedIn could not process the file.", Evidence(code=state))
            if time.monotonic() > give_up:
                raise Temporary("LinkedIn is still processing the file.", Evidence(code="media_processing"))
            time.sleep(self.pause.total_seconds())


def _tag(reply: Reply) -> str:
    return reply.headers.get("etag", "")
