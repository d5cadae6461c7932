"""Uploads to a simulated LinkedIn: started, put in parts, finished, and processed for a while."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from werkzeug import Response

from publishers.simulators.simulator import Route
from publishers.simulators.social_state import Account, File
from publishers.simulators.wire import Call, answer

if TYPE_CHECKING:
    from publishers.simulators.linkedin import LinkedIn

PART = 4 * 2**20


@dataclass
class Upload:
    """One that was started: ``size`` is what a video announced, ``parts`` what was put so far."""

    owner: Account
    size: int = 0
    parts: dict[int, bytes] = field(default_factory=dict)
    file: str = ""


class Uploads:
    """The assets by their URN."""

    def __init__(self, platform: LinkedIn) -> None:
        self._platform = platform
        self._started: dict[str, Upload] = {}

    def routes(self) -> list[Route]:
        """Pictures, videos, and where their bytes are put."""
        return [
            ("POST", "/rest/images", self._acts_on_images),
            ("POST", "/rest/videos", self._acts_on_videos),
            ("GET", "/rest/images/<urn>", self._asset),
            ("GET", "/rest/videos/<urn>", self._asset),
            ("PUT", "/dms-uploads/<urn>/<int:part>", self._put),
        ]

    def ready(self, urn: str, owner: Account) -> File | None:
        """The file of an asset that can be posted by its owner."""
        upload = self._started.get(urn)
        if upload is None or upload.owner.id != owner.id or not upload.file:
            return None
        file = self._platform.state.files[upload.file]
        return file if file.ready_at <= self._platform.clock.now() else None

    def _acts_on_images(self, call: Call) -> Response:
        urn, _ = self._start(call, "image")
        return answer(
            {"value": {"image": urn, "uploadUrl": self._place(urn, 0), "uploadUrlExpiresAt": self._end()}}
        )

    def _acts_on_videos(self, call: Call) -> Response:
        acts: dict[str, Callable[[Call], Response]] = {
            "initializeUpload": self._start_video,
            "finalizeUpload": self._finish,
        }
        return acts[call.args["action"]](call)

    def _start_video(self, call: Call) -> Response:
        urn, upload = self._start(call, "video")
        starts = range(0, upload.size, PART)
        places = [
            {
                "uploadUrl": self._place(urn, n),
                "firstByte": first,
                "lastByte": min(first + PART, upload.size) - 1,
            }
            for n, first in enumerate(starts)
        ]
        told = {
            "video": urn,
            "uploadInstructions": places,
            "uploadToken": "",
            "uploadUrlsExpireAt": self._end(),
        }
        return answer({"value": told})

    def _start(self, call: Call, kind: str) -> tuple[str, Upload]:
        member = self._platform.member(call)
        asked = call.get_json()["initializeUploadRequest"]
        owner = self._platform.managed(member, asked["owner"])
        with self._platform.lock:
            urn = f"urn:li:{kind}:C4E{self._platform.new_id()}"
            self._started[urn] = Upload(owner, int(asked.get("fileSizeBytes", 0)))
        return urn, self._started[urn]

    def _put(self, call: Call, urn: str, part: int) -> Response:
        upload, data = self._started[urn], call.get_data()
        upload.parts[part] = data
        if ":image:" in urn:
            upload.file = self._platform.take_file(io.BytesIO(data), upload.owner).id
            return Response(status=201)
        return Response(status=200, headers={"ETag": _tag(data)})

    def _finish(self, call: Call) -> Response:
        self._platform.member(call)
        asked = call.get_json()["finalizeUploadRequest"]
        upload = self._started[asked["video"]]
        parts = [upload.parts[n] for n in sorted(upload.parts)]
        whole = b"".join(parts)
        if asked["uploadedPartIds"] != [_tag(part) for part in parts] or len(whole) != upload.size:
            raise self._platform.refuse(400, "The uploaded parts are not those of this video")
        upload.file = self._platform.take_file(io.BytesIO(whole), upload.owner).id
        return Response(status=200)

    def _asset(self, call: Call, urn: str) -> Response:
        self._platform.member(call)
        upload = self._started.get(urn)
        if upload is None:
            raise self._platform.refuse(404, "Could not find entity")
        return answer(
            {"id": urn, "owner": self._platform.urn(upload.owner), "status": self._status(urn, upload)}
        )

    def _status(self, urn: str, upload: Upload) -> str:
        if not upload.file:
            return "WAITING_UPLOAD"
        if self._platform.settings.media_fails:
            return "PROCESSING_FAILED"
        return "AVAILABLE" if self.ready(urn, upload.owner) else "PROCESSING"

    def _place(self, urn: str, part: int) -> str:
        return f"{self._platform.url}/dms-uploads/{urn}/{part}?ca=vector_feedshare"

    def _end(self) -> int:
        return int((self._platform.clock.now() + 86_400) * 1000)


def _tag(data: bytes) -> str:
    return f"/ambry-video/signedId/{hashlib.sha256(data).hexdigest()[:32]}"
