"""The files of the simulated Pinterest: fetched from where they are, sent inside a request, or laid in its store."""

from __future__ import annotations

import base64
import binascii
import io
import secrets
import urllib.request
from typing import TYPE_CHECKING, Any

from werkzeug import Response

from publishers.simulators.social_state import Account, File
from publishers.simulators.wire import Call, answer

if TYPE_CHECKING:
    from publishers.simulators.pinterest import Pinterest

SENT_KINDS = ("image/jpeg", "image/png")
STORE = "https://pinterest-media-upload.s3-accelerate.amazonaws.com/"
IMAGE_BYTES = 20 * 2**20
FETCH_SECONDS = 5


class Media:
    """Videos are registered first, then laid in a store on another host, then processed."""

    def __init__(self, pinterest: Pinterest) -> None:
        self._pin = pinterest

    def register(self, call: Call) -> Response:
        """Announce a video; the answer says where its bytes go."""
        account = self._pin.holder(call)
        if (call.get_json(silent=True) or {}).get("media_type") != "video":
            raise self._pin.trouble(400, 1, "media_type must be video.")
        with self._pin.lock:
            id, key = self._pin.new_id(), f"uploads/{secrets.token_hex(12)}"
            self._uploads()[key] = {"id": id, "account": account.id, "file": ""}
        form = {"x-amz-algorithm": "AWS4-HMAC-SHA256", "key": key, "policy": secrets.token_hex(20)}
        told = {"media_id": id, "media_type": "video", "upload_url": STORE, "upload_parameters": form}
        return answer(told, 201)

    def store(self, call: Call) -> Response:
        """What the storage answers to a form: nothing, or XML."""
        upload, part = self._uploads().get(call.form.get("key", "")), call.files.get("file")
        if upload is None or part is None or not call.form.get("policy"):
            xml = "<Error><Code>AccessDenied</Code><Message>Invalid according to Policy</Message></Error>"
            return Response(xml, 403, content_type="application/xml")
        account = self._pin.state.accounts[upload["account"]]
        file = self._pin.take_file(part.stream, account)
        with self._pin.lock:
            upload["file"] = file.id
        return Response(b"", 204)

    def status(self, call: Call, id: str) -> Response:
        """How far a video is."""
        self._pin.holder(call)
        upload = next((each for each in self._uploads().values() if each["id"] == id), None)
        if upload is None:
            raise self._pin.trouble(404, 40, "Media not found.")
        return answer({"media_id": id, "media_type": "video", "status": self._how(upload)})

    def video(self, id: str) -> File:
        """The video of a pin to be made."""
        upload = next((each for each in self._uploads().values() if each["id"] == id), None)
        if upload is None or self._how(upload) != "succeeded":
            raise self._pin.trouble(400, 1, "The media is not ready.")
        return self._pin.state.files[upload["file"]]

    def picture(self, account: Account, source: dict[str, Any], alt: str = "") -> File:
        """A picture, by its address or as base64."""
        data = self._fetched(str(source["url"])) if "url" in source else self._sent(source)
        file = self._pin.take_file(io.BytesIO(data), account, alt)
        if file.kind != "image" or file.size > IMAGE_BYTES:
            raise self._pin.trouble(400, 1, "Sorry! This image can not be used.")
        if "content_type" in source and file.mime != source["content_type"]:
            raise self._pin.trouble(400, 1, "The content_type does not fit the image.")
        return file

    def _how(self, upload: dict[str, Any]) -> str:
        if not upload["file"]:
            return "registered"
        file = self._pin.state.files[upload["file"]]
        if file.kind != "video":
            return "failed"
        return "succeeded" if file.ready_at <= self._pin.clock.now() else "processing"

    def _fetched(self, url: str) -> bytes:
        try:
            with urllib.request.urlopen(url, timeout=FETCH_SECONDS) as reply:
                return bytes(reply.read())
        except (OSError, ValueError):
            raise self._pin.trouble(400, 1, "Sorry! We could not fetch the image.") from None

    def _sent(self, source: dict[str, Any]) -> bytes:
        if source.get("content_type") not in SENT_KINDS:
            raise self._pin.trouble(400, 1, "content_type must be image/jpeg or image/png.")
        try:
            return base64.b64decode(str(source.get("data", "")), validate=True)
        except binascii.Error:
            raise self._pin.trouble(400, 1, "data is no base64.") from None

    def _uploads(self) -> dict[str, dict[str, Any]]:
        uploads: dict[str, dict[str, Any]] = self._pin.state.extra.setdefault("uploads", {})
        return uploads
