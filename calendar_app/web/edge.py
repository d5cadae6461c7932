"""Small things that views share: the clock, toasts, and how a refusal is told."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import urlsplit

from flask import Response, flash, make_response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from calendar_app.refusals import Refusal


def now() -> datetime:
    """This instant, aware UTC; only the edge asks for it, verbs are told."""
    return datetime.now(UTC)


def is_htmx() -> bool:
    """Whether htmx asks, and wants a fragment."""
    return request.headers.get("HX-Request") == "true"


def toast(response: Response, text: object, kind: str = "ok") -> Response:
    """Let the page that receives ``response`` show a message; ``kind`` is ok, info, warn or danger."""
    response.headers["HX-Trigger"] = json.dumps({"toast": {"text": str(text), "kind": kind}})
    return response


def tell_refusal(refusal: Refusal) -> BaseResponse:
    """Answer for a refusal that no view caught: a toast for htmx, else back to where the person was."""
    if is_htmx():
        response = toast(make_response("", 409), refusal, "danger")
        response.headers["HX-Reswap"] = "none"
        return response
    flash(str(refusal), "danger")
    return redirect(safe_path(request.referrer, "/"))


def safe_path(address: str | None, otherwise: str) -> str:
    """The path of ``address`` if it lies on this site, so that no link can lead away from it."""
    if not address or "\\" in address or not address.isprintable():
        return otherwise
    parts = urlsplit(address)
    if (
        parts.netloc not in ("", request.host)
        or not parts.path.startswith("/")
        or parts.path.startswith("//")
    ):
        return otherwise
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def web_link(address: str | None) -> str:
    """The address if a browser may be sent there, else nothing: it comes from a server that we do not run."""
    return address if address and address.startswith(("https://", "http://")) else ""
