"""The operations page in words: causes of lateness, ages in a queue, and what a process tells of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import format_decimal, format_timedelta
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from calendar_app.models import Delivery, Hold, State
from calendar_app.operations import Cause, Late
from calendar_app.vitals import Process
from calendar_app.web import story, wording

CAUSES: Mapping[Cause, Any] = {
    Cause.PAUSED: _l("Publishing is paused there; it is being held."),
    Cause.RECONNECT: _l("The channel needs reconnecting; it is being held."),
    Cause.RESTS: _l("%(platform)s asked for a pause."),
    Cause.PACE: _l("It waits for its turn: the channel posts no faster."),
    Cause.BACK_OFF: _l("%(platform)s was in trouble; it is tried again."),
    Cause.REFRESHING: _l("The channel's credentials are being renewed."),
    Cause.POSTPONED: _l("It was put off and is due again."),
    Cause.UNPREPARED: _l("Its files are not uploaded yet."),
    Cause.CLOCK_SILENT: _l("No clock gives a sign of life, so nobody rings for it."),
    Cause.NO_WORKER: _l("No publishing worker gives a sign of life."),
    Cause.NOT_RUNG: _l("The clock has not rung for it yet."),
    Cause.NOT_TAKEN: _l("The bell was rung; no worker has taken it up yet."),
    Cause.SENDING: _l("A worker is sending it right now."),
    Cause.LAPSED: _l("The worker that had it fell silent; the clock frees it."),
    Cause.PROCESSING: _l("%(platform)s took it and is still processing it."),
}
AGES = (_l("up to 5 seconds"), _l("up to a minute"), _l("up to 5 minutes"), _l("more than 5 minutes"))
KINDS: Mapping[str, Any] = {
    "clock": _l("Clock"),
    "publish": _l("Publisher"),
    "background": _l("Background"),
    "render": _l("Renderer"),
}
WAYS_OUT: Mapping[Hold, str] = {
    Hold.PAUSED: "channel",
    Hold.RECONNECT: "channel",
    Hold.UNAPPROVED: "post",
    Hold.HANDOVER: "handoff",
}


@dataclass(frozen=True)
class LateLine:
    """A late delivery: how late it is by now, why, and until when."""

    delivery: Delivery
    by_now: str
    why: str
    until: datetime | None


@dataclass(frozen=True)
class WaitingLine:
    """A delivery that waits for a person: why, in our words, and what the platform said.

    ``ways`` are what can be done about it: decisions by name, or ``channel``, ``post`` and ``handoff`` where the
    way out is there.
    """

    delivery: Delivery
    why: str
    quote: str
    ways: tuple[str, ...]


@dataclass(frozen=True)
class Vital:
    """A process with its last sign and what it told of its work."""

    process: Process
    kind: str
    sign: str
    facts: tuple[str, ...]


def late_line(late: Late, now: datetime) -> LateLine:
    delivery = late.delivery
    why = wording.said(CAUSES[late.cause], delivery)
    return LateLine(delivery, span(now - delivery.promised_at), why, late.until)


def waiting_line(delivery: Delivery, now: datetime) -> WaitingLine:
    words = wording.situation(delivery, now), story.last_words(delivery)
    return WaitingLine(delivery, *words, _ways(delivery))


def _ways(delivery: Delivery) -> tuple[str, ...]:
    if delivery.state == State.UNCONFIRMED:
        return ("appeared", "absent")
    return (WAYS_OUT.get(delivery.held_reason, "retry") if delivery.held_reason else "retry", "cancel")


def vital(process: Process, now: datetime) -> Vital:
    since = min(process.beat_at - now, timedelta())
    sign = str(format_timedelta(since, granularity="second", threshold=1.2, add_direction=True))
    return Vital(process, str(KINDS.get(process.kind, process.kind)), sign, tuple(_facts(process.facts)))


def span(duration: timedelta) -> str:
    """A duration in its largest unit, such as 40 seconds or 3 hours."""
    return str(format_timedelta(duration, granularity="second", threshold=1.2))


def seconds(value: float) -> str:
    """A lateness as people compare it: 41 ms, 1.2 s, or a longer span in words."""
    if value < 1:
        return _("%(number)s ms", number=format_decimal(round(value * 1000)))
    return (
        _("%(number)s s", number=format_decimal(round(value, 1)))
        if value < 60
        else span(timedelta(seconds=value))
    )


def _facts(facts: Mapping[str, Any]) -> list[str]:
    told: Mapping[str, Callable[[Any], str]] = {
        "under_way": lambda number: _("%(number)s at work", number=number),
        "waiting": lambda number: _("%(number)s waiting", number=number),
        "threads": lambda number: _("%(number)s threads", number=number),
        "offset": lambda offset: _("clock off by %(number)s ms", number=format_decimal(round(offset * 1000))),
    }
    given = {name: facts.get(name) for name in told}
    return [told[name](value) for name, value in given.items() if value and isinstance(value, int | float)]
