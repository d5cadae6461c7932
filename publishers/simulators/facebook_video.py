"""A simulated Page's videos (Meta docs, graph-api/reference/page/videos): start, transfer, finish, and then a while of work."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from werkzeug import Response

from publishers.simulators.rack import params
from publishers.simulators.social_state import Account, Post
from publishers.simulators.wire import Call, answer

if TYPE_CHECKING:
    from publishers.simulators.facebook import Facebook

CHUNK = 1500  # so small that any file takes several
SESSION = 86_400.0


class Videos:
    """Upload sessions and what became of them; ``pieces`` are kept in memory alone, as long as an upload lasts."""

    def __init__(self, sim: Facebook) -> None:
        self._sim = sim
        self._pieces: dict[str, bytearray] = {}

    @property
    def _rows(self) -> dict[str, dict[str, Any]]:
        rows: dict[str, dict[str, Any]] = self._sim.state.extra.setdefault("videos", {})
        return rows

    def take(self, call: Call, id: str) -> Response:
        """One of the three steps."""
        sim, page, given = self._sim, self._sim.page_of(call, id), params(call)
        steps: dict[str, Callable[[Call, Account, dict[str, Any]], dict[str, Any]]] = {
            "start": self._start,
            "transfer": self._transfer,
            "finish": self._finish,
        }
        step = steps.get(str(given.get("upload_phase")))
        if step is None:
            raise sim.error("(#100) The parameter upload_phase is required.", 100)
        return answer(step(call, page, given))

    def row(self, id: str) -> dict[str, Any] | None:
        """The video of this id as the protocol shows it."""
        video = self._rows.get(id)
        if video is None:
            return None
        names = ("uploading", "processing", "publishing")
        phases = {f"{name}_phase": {"status": video[name]} for name in names}
        if video["processing"] == "error":
            phases["processing_phase"]["errors"] = [
                {"code": 1363030, "message": "The video could not be decoded."}
            ]
        status = {"video_status": video["status"], **phases}
        return {
            "id": id,
            "post_id": video.get("post"),
            "status": status,
            "published": video["status"] == "ready",
        }

    def settle(self) -> None:
        """What was worked on for long enough is shown."""
        sim = self._sim
        with sim.lock:
            for video in self._rows.values():
                if video["processing"] != "in_progress" or video["ready_at"] > sim.clock.now():
                    continue
                failed = sim.settings.media_fails
                video |= {"processing": "error", "status": "error"} if failed else self._shown(video)
                sim.changed.set()

    def _shown(self, video: dict[str, Any]) -> dict[str, Any]:
        post = self._sim.state.posts.get(video["row"])
        if post:
            post.state, post.created_at = "public", self._sim.clock.now()
        return {"processing": "complete", "publishing": "complete", "status": "ready", "post": video["row"]}

    def _start(self, call: Call, page: Account, given: dict[str, Any]) -> dict[str, Any]:
        sim, size = self._sim, int(given.get("file_size", 0))
        with sim.lock:
            video, session = sim.new_id(), secrets.token_hex(8)
            self._rows[video] = {
                "session": session, "size": size, "page": page.id, "until": sim.clock.now() + SESSION, "status": "uploading",
                "uploading": "in_progress", "processing": "not_started", "publishing": "not_started",
            }  # fmt: skip
            self._pieces[session] = bytearray()
        return {"video_id": video, "upload_session_id": session, **self._offsets(0, size)}

    def _transfer(self, call: Call, page: Account, given: dict[str, Any]) -> dict[str, Any]:
        sim, (_, video) = self._sim, self._session(page, given)
        kept, piece = self._pieces[video["session"]], call.files.get("video_file_chunk")
        if piece is None or int(given.get("start_offset", -1)) != len(kept):
            raise sim.error("There was a problem uploading your video file.", 6001, 1363037)
        kept.extend(piece.stream.read())
        return self._offsets(len(kept), video["size"])

    def _finish(self, call: Call, page: Account, given: dict[str, Any]) -> dict[str, Any]:
        sim, (id, video) = self._sim, self._session(page, given)
        data = self._pieces.get(video["session"], b"")
        if len(data) != video["size"] or video["processing"] != "not_started":
            raise sim.error("The upload session is not complete.", 6000, 1363026)
        sim.check_text(str(given.get("description", "")))
        file = sim.take_file(io.BytesIO(bytes(data)), page, video=id)
        if file.kind != "video":
            raise sim.error("The video file you selected is in a format that we don't support.", 352, 1363024)
        post = self._hidden(call, page, given, file.id)
        with sim.lock:
            video |= {"uploading": "complete", "processing": "in_progress", "status": "processing"}
            video |= {"row": post.id, "ready_at": sim.clock.now() + sim.settings.video_seconds}
            del self._pieces[video["session"]]
        self.settle()
        return {"success": True}

    def _hidden(self, call: Call, page: Account, given: dict[str, Any], file: str) -> Post:
        title = {"title": str(given.get("title", ""))}
        text = str(given.get("description", ""))
        return self._sim.publish(call, page, text, [file], state="processing", extra=title)

    def _session(self, page: Account, given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        sim, wanted = self._sim, str(given.get("upload_session_id"))
        for id, video in self._rows.items():
            if (video["session"], video["page"]) == (wanted, page.id) and video["until"] > sim.clock.now():
                return id, video
        raise sim.missing(wanted)

    def _offsets(self, start: int, size: int) -> dict[str, str]:
        return {"start_offset": str(start), "end_offset": str(min(start + CHUNK, size))}
