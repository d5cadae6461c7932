"""Hand-offs for who is logged in: what is due soon and what waits to be posted by hand, and the page of each."""

from __future__ import annotations

from typing import Any

from flask import abort, g, render_template, url_for

from calendar_app import handing
from calendar_app.web import edge, handoff_answers, loading, nav, wording
from calendar_app.web.handoff_page import Visit

blueprint = loading.workspace_blueprint("handoff", __name__)
nav.counts["handoff"] = lambda: handing.count(g.membership)
nav.shown["handoff"] = lambda: handing.is_used(g.membership)


@blueprint.get("/handoffs")
def index() -> str:
    """What waits in people's hands, then what is handed over within a day."""
    now = edge.now()
    return render_template(
        "handoff/index.html",
        waiting=handing.waiting(g.membership),
        coming=handing.coming(g.membership, now),
        is_used=handing.is_used(g.membership),
        is_late=lambda delivery: handing.is_late(delivery, now),
        situation=lambda delivery: wording.situation(delivery, now),
        app_of=wording.platform,
        now=now,
    )


@blueprint.get("/handoffs/<int:delivery_id>")
def show(delivery_id: int) -> Any:
    """One hand-off, made for a phone."""
    return handoff_answers.show(_visit(delivery_id))


@blueprint.get("/handoffs/<int:delivery_id>/state")
def state(delivery_id: int) -> Any:
    """What an open page compares itself with."""
    return handoff_answers.state(_visit(delivery_id))


@blueprint.get("/handoffs/<int:delivery_id>/files/<int:number>")
def file(delivery_id: int, number: int) -> Any:
    """One of its files."""
    return handoff_answers.file(_visit(delivery_id), number)


@blueprint.post("/handoffs/<int:delivery_id>/done")
def done(delivery_id: int) -> Any:
    """It is out."""
    return handoff_answers.done(_visit(delivery_id))


@blueprint.post("/handoffs/<int:delivery_id>/pass-on")
def pass_on(delivery_id: int) -> Any:
    """It needs somebody else."""
    return handoff_answers.pass_on(_visit(delivery_id))


def _visit(delivery_id: int) -> Visit:
    own = loading.delivery(delivery_id)
    if not handing.is_assisted(own.channel):
        abort(404)
    if not handing.may_do(own, g.membership):
        abort(403)
    delivery = handing.load(own.id) or abort(404)

    def address(view: str, **values: Any) -> str:
        return url_for(f"handoff.{view}", delivery_id=delivery_id, **values)

    return Visit(delivery, g.membership, address)
