"""Resumable uploads: the session that is opened first knows how much of a file arrived, and which video it became.

Source: YouTube docs, guides/using_resumable_upload_protocol.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, BinaryIO
from urllib.parse import parse_qs, urlsplit

from publishers.errors import Evidence, Rejected, Temporary, Unauthorized
from publishers.http import UPLOAD_TIMEOUT, Http, Reply, opened
from publishers.relays import through
from publishers.values import Destination, Media
from publishers.youtube_api import ARRIVING, HOME, UPLOADING

PATH, THUMBNAILS = "/upload/youtube/v3/videos", "/upload/youtube/v3/thumbnails/set"
TRIES = 4


def send(http: Http, destination: Destination, said: Mapping[str, Any], film: Media, *, notify: bool) -> str:
    """Upload ``film`` as the video that ``said`` tells of; its id."""
    token = destination.credentials.get("access_token", "")
    with opened(film) as stream:
        address = _start(http, said, film, notify=notify)
        return _Session(destination.base_url, address, token).send(stream, film)


def set_thumbnail(http: Http, video_id: str, picture: Media) -> None:
    """Choose the picture of a video."""
    asked, headers = {"videoId": video_id, "uploadType": "media"}, {"Content-Type": picture.mime}
    try:
        with opened(picture) as stream:
            http.post(
                THUMBNAILS,
                lambda reply: None,
                params=asked,
                content=stream,
                headers=headers,
                timeout=UPLOAD_TIMEOUT,
            )
    except Unauthorized as error:
        if error.evidence.code != "forbidden":
            raise
        # Only a verified channel may choose its thumbnails: the channel is well, this picture is not wanted.
        raise Rejected(error.message, error.evidence) from None


def _start(http: Http, said: Mapping[str, Any], film: Media, *, notify: bool) -> str:
    """Open a session for one file; its address. Nothing exists on the channel before the last byte arrived."""
    wanted = {"uploadType": "resumable", "part": ",".join(said), "notifySubscribers": str(notify).lower()}
    told = {"X-Upload-Content-Type": film.mime, "X-Upload-Content-Length": str(film.size)}
    return http.post(PATH, lambda reply: reply.headers["location"], params=wanted, json=said, headers=told)


class _Session:
    """One upload. A lost answer is no lost video: the session is asked what it has."""

    def __init__(self, base_url: str, address: str, token: str) -> None:
        host, self._path = through(base_url, HOME, address)
        self._http = Http(host, UPLOADING, token=token, secrets=_secrets(address))

    def send(self, stream: BinaryIO, media: Media) -> str:
        """The id of the video that ``stream`` became."""
        done: int | str = 0
        for _ in range(TRIES):
            try:
                done = self._put(stream, media, int(done))
            except Temporary:
                done = self._ask(media)
            if isinstance(done, str):
                return done
        raise Temporary("YouTube took only a part of the video.", Evidence(code="upload_incomplete"))

    def _put(self, stream: BinaryIO, media: Media, begin: int) -> int | str:
        stream.seek(begin)
        length = {"Content-Length": str(media.size - begin), "Content-Type": media.mime}
        span = {"Content-Range": f"bytes {begin}-{media.size - 1}/{media.size}"}
        return self._http.put(
            self._path, _progress, content=stream, headers=length | span, timeout=UPLOAD_TIMEOUT
        )

    def _ask(self, media: Media) -> int | str:
        asked = {"Content-Range": f"bytes */{media.size}"}
        return self._http.put(self._path, _progress, headers=asked)


def _progress(reply: Reply) -> int | str:
    """The first byte that is missing, or the video's id once all are there."""
    if reply.status != ARRIVING:
        return str(reply.body["id"])
    kept = reply.headers.get("range", "")  # "bytes=0-1023"; none where nothing arrived
    return int(kept.rpartition("-")[2]) + 1 if kept else 0


def _secrets(address: str) -> tuple[str, ...]:
    """Whoever knows the session may write to it."""
    return tuple(parse_qs(urlsplit(address).query).get("upload_id", ()))
