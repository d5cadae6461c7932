"""What a rehearsal found, as people read it: how it would end, why, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from calendar_app.models import State
from calendar_app.rehearsal import Cause, Finding
from calendar_app.web import sentences
from calendar_app.web.locale import moment
from calendar_app.web.operations_words import span

ENDS: Mapping[State, Any] = {
    State.FAILED: _l("Would fail"),
    State.HELD: _l("Would be held"),
    State.UNCONFIRMED: _l("Would be unconfirmed"),
    State.PROCESSING: _l("Would not be shown within a day"),
}
OURS: Mapping[str, Any] = {
    "unapproved": _l("It is not what was approved."),
    "too_fast": _l("Other posts of this channel come too close before it."),
    "past_its_time": _l("Its time has passed already."),
    "not_reached": _l("The platform took it and would still be processing it a day after the week."),
}
REMEDIES: Mapping[str, Any] = {
    "unapproved": _l("Have it approved again."),
    "too_fast": _l("Move it, or those before it, further apart."),
    "past_its_time": _l("Publish it now, or cancel it."),
    "not_reached": _l("See whether the platform is slow with such posts."),
}


@dataclass(frozen=True)
class Line:
    """One finding in words; ``why`` has each cause with what can be done about it."""

    finding: Finding
    end: str
    why: tuple[tuple[str, str], ...]


def line(finding: Finding) -> Line:
    """A finding in the reader's language; without a known cause, the last thing that was said."""
    why = tuple((_said(cause), _advice(cause)) for cause in finding.causes)
    return Line(finding, _end(finding), why or ((finding.message, ""),))


def _end(finding: Finding) -> str:
    if finding.late is not None:
        return _("Would be late by %(time)s", time=span(finding.late))
    return str(ENDS.get(finding.state, _l("Would not go out")))


def _said(cause: Cause) -> str:
    if cause.code == "too_fast" and "until" in cause.params:
        until = moment(datetime.fromisoformat(cause.params["until"]))
        return _("Other posts of this channel come too close before it. Its turn comes %(time)s.", time=until)
    if cause.code in OURS:
        return str(OURS[cause.code])
    return sentences.warning({"code": cause.code, "params": cause.params})


def _advice(cause: Cause) -> str:
    found = REMEDIES.get(cause.code) or sentences.REMEDIES.get(cause.code, "")
    return str(found)
