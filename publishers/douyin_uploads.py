"""Files on their way to Douyin, seen by nobody (Douyin docs, upload-image, upload-video and the upload in parts)."""

from __future__ import annotations

from typing import Any

from publishers import chunks
from publishers.douyin_api import data
from publishers.douyin_works import API
from publishers.http import UPLOAD_TIMEOUT, Http, opened
from publishers.values import Media

WHOLE, PART = 50 * 2**20, 20 * 2**20  # longer videos go in parts of 5 to 20 MB (Douyin docs, upload-video)


def upload(http: Http, open_id: str, media: Media) -> str:
    """Send one file; the id under which it waits for its work."""
    return (_video if media.kind == "video" else _image)(http, open_id, media)


def _image(http: Http, open_id: str, media: Media) -> str:
    with opened(media) as stream:
        return http.post(
            f"{API}/upload_image/",
            lambda reply: str(data(reply)["image"]["image_id"]),
            params={"open_id": open_id},
            files={"image": (media.path.name, stream, media.mime)},
            timeout=UPLOAD_TIMEOUT,
        )


def _video(http: Http, open_id: str, media: Media) -> str:
    if media.size > WHOLE:
        return _in_parts(http, open_id, media)
    with opened(media) as stream:
        return http.post(
            f"{API}/upload_video/",
            lambda reply: str(data(reply)["video"]["video_id"]),
            params={"open_id": open_id},
            files={"video": (media.path.name, stream, media.mime)},
            timeout=UPLOAD_TIMEOUT,
        )


def _in_parts(http: Http, open_id: str, media: Media) -> str:
    asked: dict[str, Any] = {"open_id": open_id}
    path, whole = f"{API}/init_video_part_upload/", f"{API}/complete_video_part_upload/"
    asked["upload_id"] = http.post(path, lambda reply: str(data(reply)["upload_id"]), params=asked)
    for piece, part in chunks.read(media, chunks.even(media.size, PART)):
        http.post(
            f"{API}/upload_video_part/",
            data,
            params={**asked, "part_number": piece.number},
            files={"video": (media.path.name, part, media.mime)},
            timeout=UPLOAD_TIMEOUT,
        )
    return http.post(whole, lambda reply: str(data(reply)["video"]["video_id"]), params=asked)
