"""Resumable uploads of the simulated YouTube: sessions that remember what arrived, and the videos that they become."""

from __future__ import annotations

import io
import re
import secrets
from typing import TYPE_CHECKING, Any

from werkzeug import Response

from publishers.simulators.social_state import Account
from publishers.simulators.wire import Call, answer

if TYPE_CHECKING:
    from publishers.simulators.youtube import YouTube

WEEK = 7 * 86_400.0
SPAN = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+)")


class Uploads:
    """A session is opened with what is said of the video; its bytes come in as many requests as they like."""

    def __init__(self, youtube: YouTube) -> None:
        self._tube = youtube
        self._sessions: dict[str, dict[str, Any]] = {}

    def start(self, call: Call) -> Response:
        """Open a session; its address is in ``Location``."""
        account = self._tube.holder(call)
        if call.args.get("uploadType") != "resumable" or "X-Upload-Content-Length" not in call.headers:
            raise self._tube.trouble(400, "badRequest", "This is not a resumable upload.")
        said = call.get_json(silent=True) or {}
        self._tube.check(said, call.args.get("part", "").split(","))
        self._tube.spend(account, inserts=1)
        name = secrets.token_urlsafe(16)
        total = int(call.headers["X-Upload-Content-Length"])
        session = {"account": account.id, "said": said, "total": total, "data": b"", "video": ""}
        self._sessions[name] = session | {"ends": self._tube.clock.now() + WEEK}
        address = f"{self._tube.url}{call.path}?uploadType=resumable&upload_id={name}"
        return Response(b"", 200, {"Location": address, "X-GUploader-UploadID": name})

    def put(self, call: Call) -> Response:
        """Bytes of a file, or the question how many arrived (``bytes */TOTAL``)."""
        session = self._sessions.get(call.args.get("upload_id", ""))
        if session is None or session["ends"] <= self._tube.clock.now():
            raise self._tube.trouble(404, "notFound", "This upload session is unknown.")
        account = self._tube.holder(call)
        begin, end, total = self._span(call, session)
        if session["video"]:
            return answer(
                self._tube.resource(self._tube.state.posts[session["video"]], ["snippet", "status"])
            )
        if begin is not None:
            self._take(session, begin, end, call.get_data())
        if len(session["data"]) < total:
            kept = len(session["data"])
            return Response(b"", 308, {"Range": f"bytes=0-{kept - 1}"} if kept else {})
        return self._finish(call, account, session)

    def _span(self, call: Call, session: dict[str, Any]) -> tuple[int | None, int, int]:
        match = SPAN.fullmatch(
            call.headers.get("Content-Range", f"bytes 0-{session['total'] - 1}/{session['total']}")
        )
        if match is None or int(match[3]) != session["total"]:
            raise self._tube.trouble(400, "badContent", "The Content-Range does not fit.")
        return (int(match[1]) if match[1] else None), int(match[2] or 0), int(match[3])

    def _take(self, session: dict[str, Any], begin: int, end: int, data: bytes) -> None:
        kept = len(session["data"])
        if begin != kept or len(data) != end - begin + 1:
            raise self._tube.trouble(400, "badContent", f"Byte {kept} was expected, byte {begin} came.")
        most = self._tube.settings.keeps_bytes
        session["data"] += data[:most] if most else data

    def _finish(self, call: Call, account: Account, session: dict[str, Any]) -> Response:
        file = self._tube.take_file(io.BytesIO(session["data"]), account)
        post = self._tube.publish(
            call, account, "", [file.id], id=secrets.token_urlsafe(8)[:11], state="private", extra={}
        )
        self._tube.write(post, session["said"])
        session["video"], session["data"] = post.id, b""
        return answer(self._tube.resource(post, ["snippet", "status"]))
