"""Where platforms call: no session, no form token; the address is secret and the platform's own signature is checked."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from calendar_app import hooks
from calendar_app.extensions import csrf, db
from calendar_app.web import edge
from publishers.errors import PublisherError
from publishers.values import Knock

blueprint = Blueprint("hooks", __name__)
LARGEST_CALL = 2**20


@blueprint.route("/hooks/<hook>", methods=["GET", "POST"])
@csrf.exempt
def hear(hook: str) -> Response:
    """One call of a platform."""
    request.max_content_length = LARGEST_CALL
    headers = {name.lower(): value for name, value in request.headers.items()}
    knock = Knock(request.method, headers, request.args.to_dict(), request.get_data())
    try:
        heard = hooks.knocked(hook, knock, edge.now())
    except PublisherError:
        abort(403)
    if heard is None:
        abort(404)
    db.session.commit()
    return Response(heard.body, heard.status, content_type=heard.mime)
