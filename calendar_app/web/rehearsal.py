"""The rehearsal of the coming week: started by a button, told in the reader's language, kept nowhere."""

from __future__ import annotations

import threading
from datetime import datetime

from flask import flash, g, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from calendar_app import channels, rehearsal
from calendar_app.extensions import db
from calendar_app.models import Role
from calendar_app.rehearsal import Report
from calendar_app.web import edge, loading
from calendar_app.web.rehearsal_words import line

blueprint = loading.workspace_blueprint("rehearsal", __name__)
# A request may take 120 s. A rehearsal that is not done by then says how far it came.
SECONDS = 60.0
_at_it = threading.Lock()


@blueprint.get("/rehearsal")
@loading.needs(Role.APPROVER)
def index() -> str:
    """What a rehearsal is, and the button."""
    return render_template("rehearsal/index.html", report=None)


@blueprint.post("/rehearsal")
@loading.needs(Role.APPROVER)
def run() -> Response:
    """Play the week through; one at a time in each process, since it takes a processor for itself."""
    if not _at_it.acquire(blocking=False):
        return _busy()
    try:
        report = _rehearsed(edge.now())
    finally:
        _at_it.release()
    template = "rehearsal/_report.html" if edge.is_htmx() else "rehearsal/index.html"
    shown = {each.id: each for each in channels.of(g.workspace)}
    lines = [line(finding) for finding in report.findings]
    return make_response(render_template(template, report=report, lines=lines, channels=shown))


def _rehearsed(now: datetime) -> Report:
    """The database is let go before it begins: the week is a copy."""
    week = rehearsal.gather(g.workspace, now)
    db.session.commit()
    return rehearsal.rehearse(week, SECONDS)


def _busy() -> Response:
    said = _("A rehearsal is under way already. Try again in a moment.")
    if edge.is_htmx():
        answer = edge.toast(make_response("", 409), said, "info")
        answer.headers["HX-Reswap"] = "none"
        return answer
    flash(said, "info")
    return redirect(url_for("rehearsal.index"))
