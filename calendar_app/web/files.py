"""The bytes of pictures and videos, to members of their workspace only.

Addresses: ``files.show`` with ``form`` = ``thumb`` or ``original`` and ``files.rendition``. An asset's bytes never
change, so a browser may keep them; ``?download`` saves instead of showing.
"""

from __future__ import annotations

from pathlib import PurePath

from flask import Response, abort, request, send_file

from calendar_app import store
from calendar_app.models import Asset, RenditionState
from calendar_app.web import loading

blueprint = loading.workspace_blueprint("files", __name__)

KEPT_SECONDS = 24 * 3600
THUMBNAIL = "image/webp"
ENDINGS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/webm": ".webm",
}


@blueprint.get("/files/<int:asset_id>/<any(thumb, original):form>")
def show(asset_id: int, form: str) -> Response:
    """An asset's small picture, or the asset itself; ranges are answered, so that a video can be sought in."""
    asset = loading.asset(asset_id)
    if form == "thumb":
        return _answer(asset.thumbnail_sha256, THUMBNAIL, asset)
    return _answer(asset.sha256, asset.mime, asset)


@blueprint.get("/files/<int:asset_id>/renditions/<int:rendition_id>")
def rendition(asset_id: int, rendition_id: int) -> Response:
    """What was made of an asset for a platform."""
    asset = loading.asset(asset_id)
    made = next((each for each in asset.renditions if each.id == rendition_id), None)
    if made is None or made.state != RenditionState.READY or made.mime is None:
        abort(404)
    return _answer(made.sha256, made.mime, asset)


def _answer(sha256: str | None, mime: str, asset: Asset) -> Response:
    path = store.path_of(sha256) if sha256 else None
    if path is None or not path.is_file():
        abort(404)
    response = send_file(
        path,
        mimetype=mime,
        as_attachment="download" in request.args,
        download_name=_name(asset, mime),
        conditional=True,
        etag=sha256 or True,
        last_modified=asset.uploaded_at,
        max_age=KEPT_SECONDS,
    )
    response.cache_control.public = False
    response.cache_control.private = True
    response.headers["Accept-Ranges"] = "bytes"
    return response


def _name(asset: Asset, mime: str) -> str:
    """The uploaded name with the ending of what it is now: a HEIC picture was kept as JPEG."""
    stem = PurePath(asset.name).stem or "file"
    return stem + ENDINGS.get(mime, "")
