"""A hand-off for who scanned its code: no log-in, no other page, and gone as soon as the approval is."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, g, render_template, url_for
from flask_babel import refresh

from calendar_app import handing
from calendar_app.extensions import limiter
from calendar_app.web import edge, handoff_answers, handoff_links, locale
from calendar_app.web.handoff_page import Visit

PREFIX = "/h"
blueprint = Blueprint("handoff_link", __name__, url_prefix=PREFIX)
# A post has at most some dozens of files, each with its small picture; a page that is open asks again now and then.
limiter.limit("240 per minute")(blueprint)
_WRONG = limiter.limit("20 per minute", deduct_when=lambda response: response.status_code == 410)


@blueprint.get("/<token>")
@_WRONG
def show(token: str) -> Any:
    """The page."""
    visit = _visit(token)
    return handoff_answers.show(visit) if visit else _over()


@blueprint.get("/<token>/state")
@_WRONG
def state(token: str) -> Any:
    """What an open page compares itself with."""
    visit = _visit(token)
    return handoff_answers.state(visit) if visit else ({"phase": "over"}, 410)


@blueprint.get("/<token>/files/<int:number>")
@_WRONG
def file(token: str, number: int) -> Any:
    """One of its files."""
    return handoff_answers.file(_visit(token) or abort(404), number)


@blueprint.post("/<token>/done")
@_WRONG
def done(token: str) -> Any:
    """It is out."""
    visit = _visit(token)
    return handoff_answers.done(visit) if visit else _over()


@blueprint.post("/<token>/pass-on")
@_WRONG
def pass_on(token: str) -> Any:
    """It needs somebody else."""
    visit = _visit(token)
    return handoff_answers.pass_on(visit) if visit else _over()


@blueprint.after_request
def _tell_nobody(response: Response) -> Response:
    """The address is a key: it is kept nowhere and told to no other site."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@blueprint.after_request
def _keep_the_language(response: Response) -> Response:
    """That the link has ended is said in the language in which its page was read."""
    if reader := g.get("reader"):
        locale.remember(response, locale.LOCALE_COOKIE, str(reader.locale), path=PREFIX)
    return response


def _visit(token: str) -> Visit | None:
    """Whom the link stands for becomes the reader, in their language and on their clock."""
    opened = handoff_links.opened(token, edge.now())
    if opened is None:
        return None
    g.reader = opened.member.user
    refresh()
    delivery = handing.load(opened.delivery.id) or abort(404)

    def address(view: str, **values: Any) -> str:
        return url_for(f"handoff_link.{view}", token=token, **values)

    return Visit(delivery, opened.member, address)


def _over() -> tuple[str, int]:
    return render_template("handoff/over.html"), 410
