"""Uploading to X in parts, and waiting until it can be used (X docs, media/quickstart/media-upload-chunked)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from publishers.errors import Evidence, Rejected, Temporary
from publishers.http import UPLOAD_TIMEOUT, Http, Reply, opened
from publishers.values import Media

PART = 4 * 2**20
LIVES = timedelta(days=1)  # where an answer does not tell
CATEGORIES = {"image/gif": "tweet_gif", "image": "tweet_image", "video": "tweet_video"}


@dataclass(frozen=True)
class Uploaded:
    """A file that can be used in a post, for as long as it ``lives``."""

    id: str
    lives: timedelta


@dataclass(frozen=True)
class Uploads:
    """Uploads one file at a time; ``patience`` bounds the wait for its processing, asked for every ``pause``."""

    patience: timedelta
    pause: timedelta

    def __call__(self, http: Http, media: Media) -> Uploaded:
        """Raises ``Rejected`` where X can make nothing of the file."""
        asked = {"media_type": media.mime, "total_bytes": media.size, "media_category": category(media)}
        id = http.post("/2/media/upload/initialize", lambda reply: str(reply.body["data"]["id"]), json=asked)
        _send_parts(http, id, media)
        told = http.post(f"/2/media/upload/{id}/finalize", _data)
        lives = timedelta(seconds=float(told.get("expires_after_secs") or LIVES.total_seconds()))
        self._wait(http, id, told)
        if media.kind == "image" and media.alt.strip():
            said = {"id": id, "metadata": {"alt_text": {"text": media.alt}}}
            http.post("/2/media/metadata", lambda reply: None, json=said)
        return Uploaded(id, lives)

    def _wait(self, http: Http, id: str, told: Mapping[str, Any]) -> None:
        give_up = time.monotonic() + self.patience.total_seconds()
        while not _is_ready(told):
            if time.monotonic() > give_up:
                raise Temporary("X is still processing the media.", Evidence(code="media_processing"))
            time.sleep(self.pause.total_seconds())
            asked = {"command": "STATUS", "media_id": id}
            told = http.get("/2/media/upload", _data, params=asked)


def category(media: Media) -> str:
    """What X is to take a file for."""
    return CATEGORIES.get(media.mime) or CATEGORIES[media.kind]


def _send_parts(http: Http, id: str, media: Media) -> None:
    with opened(media) as stream:
        for number, part in enumerate(iter(lambda: stream.read(PART), b"")):
            http.post(
                f"/2/media/upload/{id}/append",
                lambda reply: None,
                data={"segment_index": str(number)},
                files={"media": (media.path.name, part, "application/octet-stream")},
                timeout=UPLOAD_TIMEOUT,
            )


def _data(reply: Reply) -> dict[str, Any]:
    return dict(reply.body["data"])


def _is_ready(told: Mapping[str, Any]) -> bool:
    info = told.get("processing_info") or {"state": "succeeded"}
    if info["state"] == "failed":
        error = info.get("error") or {}
        said = str(error.get("message") or "X could not process the media.")
        raise Rejected(said, Evidence(code=str(error.get("name") or "media_failed")))
    return bool(info["state"] == "succeeded")
