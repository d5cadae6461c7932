"""Mastodon's media endpoints (documentation, methods/media): upload, wait, describe, delete, purge."""

from __future__ import annotations

from werkzeug import Response

from publishers.simulators.mastodon_access import invalid, not_found, refusal, require
from publishers.simulators.mastodon_entities import Entities
from publishers.simulators.mastodon_software import Software
from publishers.simulators.mastodon_state import Media, State
from publishers.simulators.rack import params, truth
from publishers.simulators.simulator import Route, Simulator
from publishers.simulators.sniffing import Picture, mime_of_file, picture
from publishers.simulators.storage import Received
from publishers.simulators.wire import Call, answer

MAX_PIXELS = 33_177_600
UNPROCESSED = "Error processing thumbnail for uploaded media"


class MediaApi:
    """Uploads. Images are ready at once (200), other kinds after a while (202, then 206 until ready)."""

    def __init__(self, sim: Simulator, state: State, entities: Entities, software: Software) -> None:
        self._sim, self._state, self._entities, self._software = sim, state, entities, software

    def routes(self) -> list[Route]:
        """The endpoints."""
        return [
            ("POST", "/api/v2/media", self.upload),
            ("POST", "/api/v1/media", self.upload),
            ("GET", "/api/v1/media/<id>", self.show),
            ("PUT", "/api/v1/media/<id>", self.describe),
            ("DELETE", "/api/v1/media/<id>", self.delete),
        ]

    def upload(self, call: Call) -> Response:
        """Take a file: 200 when usable at once, 202 with a null ``url`` when not."""
        account, _ = require(self._state, call, "write:media")
        file = call.files.get("file")
        if file is None:
            raise invalid("File can't be blank")
        description = self._checked_description(call.form.get("description"))
        with self._sim.storage.receiving(file.stream) as received:
            media = self._inspected(received, account.id)
            media.description = description
            with self._sim.lock:
                self.purge()
                self._sim.storage.keep(received)
                self._state.media[media.id] = media
                self._sim.changed.set()
                ready = media.ready_at <= self._sim.clock.now()
                return answer(self._entities.media(media), 200 if ready else 202)

    def show(self, call: Call, id: str) -> Response:
        """Whether processing is done: 200, still going on: 206, or failed: 422."""
        account, _ = require(self._state, call, "write:media", "read:statuses")
        with self._sim.lock:
            media = self._unattached(id, account.id)
            if media.ready_at > self._sim.clock.now():
                return answer(self._entities.media(media), 206)
            if media.failed:
                raise refusal(422, UNPROCESSED)
            return answer(self._entities.media(media))

    def describe(self, call: Call, id: str) -> Response:
        """Change the alternative text before the file is attached."""
        account, _ = require(self._state, call, "write:media")
        with self._sim.lock:
            media = self._unattached(id, account.id)
            given = params(call)
            if "description" in given:
                media.description = self._checked_description(given["description"])
            self._sim.changed.set()
            return answer(self._entities.media(media))

    def delete(self, call: Call, id: str) -> Response:
        """Drop an unattached file."""
        account, _ = require(self._state, call, "write:media")
        with self._sim.lock:
            media = self._state.media.get(id)
            if media is None or media.account_id != account.id:
                raise not_found()
            if media.status_id:
                raise refusal(422, "Media attachment is currently used by a status")
            self._drop(media)
            return answer({})

    def purge(self) -> None:
        """Drop files that were not attached within a day; the caller holds the lock."""
        oldest = self._sim.clock.now() - self._sim.settings.media_ttl
        for media in [m for m in self._state.media.values() if not m.status_id and m.created_at < oldest]:
            self._drop(media)

    def _drop(self, media: Media) -> None:
        del self._state.media[media.id]
        if not any(other.sha256 == media.sha256 for other in self._state.media.values()):
            self._sim.storage.forget(media.sha256)
        self._sim.changed.set()

    def _unattached(self, id: str, account_id: str) -> Media:
        self.purge()
        media = self._state.media.get(id)
        if media is None or media.account_id != account_id or media.status_id:
            raise not_found()
        return media

    def _checked_description(self, text: str | None) -> str | None:
        if text and len(text) > self._software.description_limit:
            limit = self._software.description_limit
            raise invalid(f"Description is too long (maximum is {limit} characters)")
        return text or None

    def _inspected(self, received: Received, account_id: str) -> Media:
        mime = mime_of_file(received.path)
        if mime is None or mime not in self._software.mimes:
            raise refusal(422, "Validation failed: File content type is invalid, File is invalid")
        self._check_size(received.size, mime.startswith("image/"))
        still = mime.startswith("image/") and mime != "image/gif"
        shape = picture(received.path) if still else Picture(0, 0)
        if shape is None:
            raise refusal(422, "File type of uploaded media could not be verified")
        if shape.width * shape.height > MAX_PIXELS:
            raise invalid(f"File {shape.width}x{shape.height} images are not supported")
        return self._media(account_id, mime, received, shape)

    def _check_size(self, size: int, image: bool) -> None:
        limit = self._software.image_limit if image else self._software.video_limit
        if size > limit:
            raise invalid(f"File file size must be less than or equal to {limit // 1024**2} MB")

    def _media(self, account_id: str, mime: str, received: Received, shape: Picture) -> Media:
        now, settings = self._sim.clock.now(), self._sim.settings
        kind = "gifv" if mime == "image/gif" else mime.split("/")[0]
        wait = settings.image_seconds if kind == "image" else settings.video_seconds
        return Media(
            id=self._state.new_id(now), account_id=account_id, type=kind, mime=mime, sha256=received.sha256, size=received.size,
            width=shape.width, height=shape.height, description=None, created_at=now, ready_at=now + wait,
            failed=settings.media_fails,
        )  # fmt: skip


def wants_media_gone(call: Call) -> bool:
    """Whether deleting a status shall take its media along (4.4 and newer)."""
    return truth(params(call).get("delete_media"))
