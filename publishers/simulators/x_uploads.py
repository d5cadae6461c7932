"""The media upload of a simulated X: initialize, append, finalize, status, and alt texts (X docs, media)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from werkzeug import Response

from publishers.simulators.simulator import Route
from publishers.simulators.social_state import Account, File
from publishers.simulators.wire import Call, answer
from publishers.simulators.x_rules import problem

if TYPE_CHECKING:
    from publishers.simulators.x import X

PART_BYTES, ALT_LETTERS, PHOTOS = 5 * 2**20, 1000, 4
LARGEST = {"tweet_image": 5 * 2**20, "tweet_gif": 15 * 2**20, "tweet_video": 512 * 2**20}
KINDS = {"tweet_image": "image", "tweet_gif": "image", "tweet_video": "video"}


class Uploads:
    """Parts are kept in memory until their file is whole; ``state.extra`` remembers which file a media id is."""

    def __init__(self, sim: X) -> None:
        self._sim = sim
        self._begun: dict[str, dict[str, Any]] = {}

    def routes(self) -> list[Route]:
        """The endpoints."""
        return [
            ("POST", "/2/media/upload/initialize", self.initialize),
            ("POST", "/2/media/upload/<id>/append", self.append),
            ("POST", "/2/media/upload/<id>/finalize", self.finalize),
            ("GET", "/2/media/upload", self.status),
            ("POST", "/2/media/metadata", self.metadata),
        ]

    def initialize(self, call: Call) -> Response:
        """Begin an upload."""
        account = self._sim.caller(call)
        asked = call.get_json(silent=True) or {}
        category, size = str(asked.get("media_category", "")), int(asked.get("total_bytes", 0))
        if category not in LARGEST or not str(asked.get("media_type", "")).startswith(KINDS[category]):
            raise problem(400, "media_category does not fit media_type.", kind="invalid-request")
        if not 0 < size <= LARGEST[category]:
            raise problem(400, "File size exceeds the limit of this category.", kind="invalid-request")
        with self._sim.lock:
            id = self._sim.new_id()
            self._begun[id] = {"account": account.id, "size": size, "category": category, "parts": {}}
        return answer({"data": {"id": id, "media_key": f"3_{id}", "expires_after_secs": 86_400}})

    def append(self, call: Call, id: str) -> Response:
        """One part more."""
        upload, part = self._own(call, id), call.files.get("media")
        data = part.read() if part else b""
        number = call.form.get("segment_index", "")
        if not number.isdecimal() or not 0 < len(data) <= PART_BYTES:
            raise problem(400, "segment_index or media is missing or out of bounds.", kind="invalid-request")
        upload["parts"][int(number)] = data
        return answer({"data": {"expires_at": int(self._sim.clock.now()) + 86_400}})

    def finalize(self, call: Call, id: str) -> Response:
        """All parts are there."""
        account, upload = self._sim.caller(call), self._own(call, id)
        parts = upload["parts"]
        whole = b"".join(parts[number] for number in sorted(parts))
        if sorted(parts) != list(range(len(parts))) or len(whole) != upload["size"]:
            raise problem(400, "Segments do not add up to provided total file size.", kind="invalid-request")
        file = self._sim.take_file(io.BytesIO(whole), account, category=upload["category"])
        with self._sim.lock:
            self._files()[id] = file.id
            self._begun.pop(id, None)
        lives = {"size": file.size, "expires_after_secs": int(self._sim.settings.media_ttl)}
        return answer({"data": {"id": id, "media_key": f"3_{id}", **lives, **self._progress(file)}})

    def status(self, call: Call) -> Response:
        """How far processing is."""
        account = self._sim.caller(call)
        id = call.args.get("media_id", "")
        file = self._file(account, id)
        if call.args.get("command") != "STATUS" or file is None:
            raise problem(400, "command or media_id is wrong.", kind="invalid-request")
        return answer({"data": {"id": id, "media_key": f"3_{id}", "size": file.size, **self._progress(file)}})

    def metadata(self, call: Call) -> Response:
        """An alt text."""
        account = self._sim.caller(call)
        asked = call.get_json(silent=True) or {}
        file = self._file(account, str(asked.get("id", "")))
        text = str(asked.get("metadata", {}).get("alt_text", {}).get("text", ""))
        if file is None or file.kind != "image" or not 0 < len(text) <= ALT_LETTERS:
            raise problem(400, "The alt text or its media id is invalid.", kind="invalid-request")
        file.alt = text
        return answer({"data": {"id": asked["id"], "associated_metadata": asked["metadata"]}})

    def used(self, account: Account, ids: list[str]) -> list[str]:
        """The files of media ids, for a post; raises where it cannot have them."""
        now = self._sim.clock.now()
        files = [self._file(account, id) for id in ids]
        known = [file for file in files if file and file.created_at + self._sim.settings.media_ttl > now]
        ready = [file for file in known if file.ready_at <= now and not self._failed(file)]
        alone = any(file.kind == "video" or file.mime == "image/gif" for file in ready) and len(ready) > 1
        if len(ready) < len(ids) or len(ready) > PHOTOS or alone:
            errors = [{"parameters": {"media.media_ids": ids}, "message": "Your media IDs are invalid."}]
            said = "One or more parameters to your request was invalid."
            raise problem(400, said, kind="invalid-request", title="Invalid Request", errors=errors)
        return [file.id for file in ready]

    def _own(self, call: Call, id: str) -> dict[str, Any]:
        account, upload = self._sim.caller(call), self._begun.get(id)
        if upload is None or upload["account"] != account.id:
            raise problem(404, "There is no such upload.", kind="resource-not-found")
        return upload

    def _files(self) -> dict[str, str]:
        kept: dict[str, str] = self._sim.state.extra.setdefault("media", {})
        return kept

    def _file(self, account: Account, id: str) -> File | None:
        file = self._sim.state.files.get(self._files().get(id, ""))
        return file if file and file.account_id == account.id else None

    def _failed(self, file: File) -> bool:
        return file.kind == "video" and self._sim.settings.media_fails

    def _progress(self, file: File) -> dict[str, Any]:
        if file.kind != "video":
            return {}
        if file.ready_at > self._sim.clock.now():
            return {"processing_info": {"state": "pending", "check_after_secs": 1, "progress_percent": 8}}
        if self._failed(file):
            error = {"code": 1, "name": "InvalidMedia", "message": "Unsupported video codec"}
            return {"processing_info": {"state": "failed", "error": error}}
        return {"processing_info": {"state": "succeeded", "progress_percent": 100}}
