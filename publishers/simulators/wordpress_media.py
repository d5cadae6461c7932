"""The library of files of a simulated WordPress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkzeug import Response

from publishers.simulators.social_state import File
from publishers.simulators.wire import Call, answer

if TYPE_CHECKING:
    from publishers.simulators.wordpress import WordPress


class Media:
    """``/media``."""

    def __init__(self, site: WordPress) -> None:
        self._site = site

    def take(self, call: Call) -> Response:
        """Keep an upload."""
        author = self._site.author(call)
        upload = call.files.get("file")
        if upload is None:
            raise self._site.refuse(400, "No data supplied.", "rest_upload_no_data")
        alt = call.form.get("alt_text", "")
        file = self._site.take_file(upload.stream, author, alt, name=upload.filename)
        if file.kind == "other":
            said = "Sorry, you are not allowed to upload this file type."
            raise self._site.refuse(500, said, "rest_upload_unknown_error")
        return answer(self._told(file), 201)

    def _told(self, file: File) -> dict[str, Any]:
        source = f"{self._site.url}/files/{file.id}"
        told = {"id": int(file.id), "source_url": source, "alt_text": file.alt, "mime_type": file.mime}
        return {**told, "media_type": "image" if file.kind == "image" else "file", "status": "inherit"}
