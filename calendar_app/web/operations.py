"""The operations page: what is late and why, what waits for a person, which processes live, how the channels do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import abort, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response

from calendar_app import channels as channel_verbs
from calendar_app import operations, punctuality, triage, vitals
from calendar_app.extensions import db
from calendar_app.models import Delivery, Role, State
from calendar_app.refusals import Refusal
from calendar_app.web import edge, loading
from calendar_app.web.operations_words import AGES, late_line, seconds, vital, waiting_line

blueprint = loading.workspace_blueprint("operations", __name__)
EXPIRES_SOON = timedelta(days=3)
Verb = Callable[[Delivery, Any, datetime], None]


def _seen(delivery: Delivery, by: Any, now: datetime) -> None:
    triage.appeared(delivery, "", by, now)


DECISIONS: Mapping[str, tuple[Verb, frozenset[State]]] = {
    "retry": (triage.retry, frozenset({State.FAILED, State.HELD})),
    "cancel": (triage.cancel, frozenset({State.FAILED, State.HELD})),
    "appeared": (_seen, frozenset({State.UNCONFIRMED})),
    "absent": (triage.did_not_appear, frozenset({State.UNCONFIRMED})),
}
TITLES = {
    "retry": _l("Publish these now?"),
    "cancel": _l("Cancel these?"),
    "appeared": _l("Are these on their platforms?"),
    "absent": _l("Are these not on their platforms?"),
}


@blueprint.get("/operations")
@loading.needs(Role.APPROVER)
def index() -> str:
    """How things stand now; only the changing part when htmx asks again."""
    template = "operations/_now.html" if edge.is_htmx() else "operations/index.html"
    return render_template(template, **_now())


@blueprint.get("/operations/channels")
@loading.needs(Role.APPROVER)
def channels() -> str:
    """Each channel's health, punctuality and error budget: a fragment, or a page of its own without scripts."""
    now, shown = edge.now(), channel_verbs.of(g.workspace)
    template = "operations/_channels.html" if edge.is_htmx() else "operations/channels.html"
    return render_template(
        template,
        now=now,
        channels=shown,
        health=operations.health(shown, now),
        soon=now + EXPIRES_SOON,
        lateness=seconds,
        records=punctuality.records(g.workspace, now),
        within=punctuality.WITHIN,
        objective=punctuality.OBJECTIVE,
        window=punctuality.DAYS,
    )


@blueprint.post("/operations/ask")
@loading.needs(Role.APPROVER)
def ask() -> Response:
    """Say what a decision would do to the chosen deliveries, before it is done."""
    decision, picked = _decision(), _picked()
    if not picked:
        return _told(_("Choose at least one first."), "warn", 422)
    reach = [each for each in picked if each.state in DECISIONS[decision][1]]
    template = "operations/_question.html" if edge.is_htmx() else "operations/question.html"
    return make_response(
        render_template(
            template,
            decision=decision,
            title=TITLES[decision],
            reach=reach,
            spared=len(picked) - len(reach),
            by_channel=_by_channel(reach),
            state=_state(),
        )
    )


@blueprint.post("/operations/decide")
@loading.needs(Role.APPROVER)
def decide() -> Response:
    """One decision about each chosen delivery on its own: what refuses keeps none of the others."""
    decision, done, refusals = _decision(), 0, []
    for delivery in _picked():
        try:
            DECISIONS[decision][0](delivery, current_user, edge.now())
            db.session.commit()
            done += 1
        except Refusal as refusal:
            db.session.rollback()
            refusals.append(str(refusal))
    return _told(_outcome(decision, done, refusals), "danger" if refusals else "ok", 409 if refusals else 200)


def _now() -> dict[str, Any]:
    now, house = edge.now(), vitals.processes(edge.now())
    late, state = operations.late(g.workspace, house, now), _state()
    waiting = operations.waiting(g.workspace, state)
    return {
        "now": now,
        "late": late,
        "late_lines": [late_line(each, now) for each in late.shown],
        "queue": operations.queue(g.workspace, now),
        "ages": AGES,
        "lengths": vitals.queue_lengths(house),
        "house": [vital(process, now) for process in house],
        "has_clock": vitals.lives(vitals.CLOCK, house),
        "has_worker": vitals.lives(vitals.PUBLISH, house),
        "counts": operations.counts(g.workspace),
        "state": state,
        "waiting": [waiting_line(delivery, now) for delivery in waiting],
        "cut_short": operations.cut_short(g.workspace),
        "most": operations.MOST,
    }


def _state() -> State | None:
    """The one state that the list is narrowed to."""
    return next((s for s in operations.FOR_A_PERSON if s.value == request.values.get("state")), None)


def _decision() -> str:
    decision = request.form.get("decision", "")
    return decision if decision in DECISIONS else abort(400)


def _picked() -> list[Delivery]:
    ids = [int(id) for id in request.form.getlist("ids") if id.isdecimal() and len(id) < 10]
    return operations.chosen(g.workspace, ids)


def _by_channel(picked: list[Delivery]) -> list[tuple[Any, int]]:
    counts: dict[int, int] = {}
    for delivery in picked:
        counts[delivery.channel_id] = counts.get(delivery.channel_id, 0) + 1
    channels = {delivery.channel_id: delivery.channel for delivery in picked}
    return [(channels[id], count) for id, count in counts.items()]


def _outcome(decision: str, done: int, refusals: list[str]) -> str:
    """What was done, and why the rest was not: each reason once."""
    said = {
        "retry": lambda: ngettext("%(num)s is sent now.", "%(num)s are sent now.", done),
        "cancel": lambda: ngettext("%(num)s was canceled.", "%(num)s were canceled.", done),
        "appeared": lambda: ngettext("Noted: %(num)s is out.", "Noted: %(num)s are out.", done),
        "absent": lambda: ngettext("Noted: %(num)s is not out.", "Noted: %(num)s are not out.", done),
    }
    told = [said[decision]()] if done else []
    if refusals:
        left = ngettext("%(num)s was left as it is:", "%(num)s were left as they are:", len(refusals))
        told += [left, *dict.fromkeys(refusals)]
    return " ".join(told) or _("Choose at least one first.")


def _told(text: str, kind: str, code: int) -> Response:
    """The list as it stands now and a toast; without scripts, back to the page."""
    if not edge.is_htmx():
        flash(text, kind)
        return redirect(url_for("operations.index", state=_state()))
    return edge.toast(make_response(render_template("operations/_now.html", **_now()), code), text, kind)
