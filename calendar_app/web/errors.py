"""Pages for what went wrong: plain words, a way on, nothing from the inside."""

from __future__ import annotations

from typing import Any

from flask import Flask, make_response, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError

from calendar_app.extensions import db
from calendar_app.refusals import Refusal
from calendar_app.web import edge


def init_app(app: Flask) -> None:
    """Answer every error in the reader's language."""
    app.register_error_handler(HTTPException, show)
    app.register_error_handler(CSRFError, expired)
    app.register_error_handler(Refusal, refused)


def show(error: HTTPException) -> Any:
    """The page of an HTTP error; a fragment's asker gets a toast instead."""
    code = error.code or 500
    if code < 400 or error.response is not None:
        return error.get_response()
    if isinstance(error, InternalServerError):
        db.session.rollback()
    if edge.is_htmx():
        return edge.toast(make_response("", code), _sentence(code), "danger")
    if request.accept_mimetypes.best == "application/json":
        return {"error": _sentence(code)}, code
    return render_template("errors/error.html", code=code, sentence=_sentence(code)), code


def expired(error: CSRFError) -> Any:
    """A form that was not ours, or older than the login."""
    if edge.is_htmx():
        return edge.toast(make_response("", 400), _sentence(400), "danger")
    return render_template("errors/error.html", code=400, sentence=_sentence(400)), 400


def refused(refusal: Refusal) -> Any:
    """Nothing was done: say why."""
    db.session.rollback()
    return edge.tell_refusal(refusal)


def _sentence(code: int) -> str:
    sentences = {
        400: _("This form has grown old. Go back, reload the page and send it again."),
        403: _("Your role in this workspace does not allow that. Ask an admin."),
        404: _("There is nothing here, or it is not yours to see."),
        405: _("This address can not be opened like that."),
        413: _("That is too large to send."),
        429: _("Too many tries. Wait a minute and try again."),
    }
    return sentences.get(code) or _(
        "Something broke on our side. Nothing you typed was published. Try again."
    )
