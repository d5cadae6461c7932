"""Files for platforms that fetch them by themselves; nobody logs in here, the signed address is the key."""

from __future__ import annotations

from flask import Blueprint, Response, abort, send_file

from calendar_app import public_files, store
from calendar_app.web.files import ENDINGS

blueprint = Blueprint("public_files", __name__)


@blueprint.get("/m/<token>")
def show(token: str) -> Response:
    """The bytes that the address was signed for."""
    found = public_files.opened(
        token.removesuffix("." + token.rpartition(".")[2]) if _has_ending(token) else token
    )
    if found is None or not store.path_of(found[0]).is_file():
        abort(404)
    sha256, mime = found
    return send_file(store.path_of(sha256), mimetype=mime, conditional=True, etag=sha256, max_age=3600)


def _has_ending(token: str) -> bool:
    return f".{token.rpartition('.')[2]}" in ENDINGS.values()
