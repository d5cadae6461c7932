"""The files of the simulated Reddit: a place is leased, the bytes go to a store on another host."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from werkzeug import Response

from publishers.simulators.social_state import File
from publishers.simulators.wire import Call, answer

if TYPE_CHECKING:
    from publishers.simulators.reddit import Reddit

STORE = "//reddit-uploaded-media.s3-accelerate.amazonaws.com"
IMAGE_BYTES = 20 * 2**20
KINDS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
}


class Media:
    """What was leased, by its key; ``file`` is empty until its bytes came."""

    def __init__(self, reddit: Reddit) -> None:
        self._reddit = reddit

    def lease(self, call: Call) -> Response:
        """A form for the store, as a list of its fields."""
        account = self._reddit.holder(call)
        mime = call.form.get("mimetype", "")
        if mime not in KINDS or not call.form.get("filepath"):
            raise self._reddit.refuse(400, "Bad Request")
        id = secrets.token_hex(7)[:13]
        key = f"rte_images/{id}" if mime.startswith("image/") else f"t5_video/{id}"
        with self._reddit.lock:
            self.leases()[key] = {"id": id, "account": account.id, "mime": mime, "file": ""}
        fields = {"acl": "private", "key": key, "Content-Type": mime, "policy": secrets.token_hex(20)}
        asset = {
            "asset_id": id,
            "processing_state": "incomplete",
            "payload": {"filepath": call.form["filepath"]},
        }
        listed = [{"name": name, "value": value} for name, value in fields.items()]
        return answer(
            {
                "args": {"action": STORE, "fields": listed},
                "asset": asset | {"websocket_url": f"wss://ws-sim.wss.redditmedia.com/{id}"},
            }
        )

    def store(self, call: Call) -> Response:
        """What the storage answers to a form: XML, good or bad."""
        lease, part = self.leases().get(call.form.get("key", "")), call.files.get("file")
        if lease is None or part is None or not call.form.get("policy"):
            xml = "<Error><Code>AccessDenied</Code><Message>Invalid according to Policy</Message></Error>"
            return Response(xml, 403, content_type="application/xml")
        file = self._reddit.take_file(part.stream, self._reddit.state.accounts[lease["account"]])
        with self._reddit.lock:
            lease["file"] = file.id
        xml = f"<PostResponse><Location>https:{STORE}/{call.form['key']}</Location></PostResponse>"
        return Response(xml, 201, content_type="application/xml")

    def by_url(self, url: str) -> File | None:
        """The file that a form names by its address in the store."""
        lease = self.leases().get(url.removeprefix(f"https:{STORE}/"))
        return self._reddit.state.files.get(lease["file"]) if lease else None

    def by_id(self, id: str) -> File | None:
        """The file that a gallery names."""
        lease = next((each for each in self.leases().values() if each["id"] == id), None)
        return self._reddit.state.files.get(lease["file"]) if lease else None

    def leases(self) -> dict[str, dict[str, Any]]:
        """Kept with all other state."""
        leases: dict[str, dict[str, Any]] = self._reddit.state.extra.setdefault("leases", {})
        return leases
