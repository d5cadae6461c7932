"""A delivery's story: its attempts line by line, the platform's own words, and how punctual it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import format_timedelta
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from calendar_app import handing
from calendar_app.models import Attempt, Delivery, Outcome, State, Step, User
from calendar_app.web.sentences import PROBLEMS
from calendar_app.web.wording import (
    ANSWERED,
    BEGUN,
    ENDED,
    ENDED_ANYHOW,
    HANDED_OVER,
    OURS,
    clock,
    name_of,
    said,
)

PUNCTUAL = timedelta(seconds=1)


@dataclass(frozen=True)
class Line:
    """One moment: ``quote`` is the platform's own sentence, ``detail`` ours; ``evidence`` its raw answer."""

    at: datetime
    text: str
    quote: str = ""
    detail: str = ""
    evidence: Mapping[str, Any] | None = None
    is_ahead: bool = False

    @property
    def clock(self) -> str:
        """Its time of day as the reader's clock shows it."""
        return clock(self.at)


def lateness(delivery: Delivery, now: datetime) -> str:
    """How punctual the visible call was, or how late it is by now; empty while there is nothing to say."""
    if delivery.state == State.PUBLISHED:
        return _as_late(sent_at(delivery), delivery) if sent_at(delivery) else ""
    under_way = delivery.state in (State.SCHEDULED, State.PUBLISHING) or handing.is_late(delivery, now)
    if not under_way or now - delivery.promised_at <= PUNCTUAL:
        return ""
    return _("%(duration)s late by now", duration=_duration(now - delivery.promised_at))


def sent_at(delivery: Delivery) -> datetime | None:
    """When the visible call that brought it out was made; None where only a person's word tells that it is out."""
    sent = [
        attempt.sent_at for attempt in delivery.attempts if attempt.step == Step.PUBLISH and attempt.sent_at
    ]
    return sent[-1] if sent else None


def story(delivery: Delivery, people: Mapping[int, User]) -> list[Line]:
    """Every attempt in order, and the next one where it is known."""
    lines = [line for attempt in delivery.attempts for line in _attempt_lines(attempt, delivery, people)]
    if delivery.state == State.SCHEDULED and delivery.attempts:
        lines.append(Line(delivery.due_at, _("Next try."), is_ahead=True))
    if delivery.look_at and delivery.state in (State.UNCONFIRMED, State.PROCESSING):
        lines.append(Line(delivery.look_at, _("Next look."), is_ahead=True))
    return lines


def last_words(delivery: Delivery) -> str:
    """The platform's own sentence at the last try that failed, for quoting; empty where it said nothing."""
    if delivery.state not in (State.FAILED, State.UNCONFIRMED, State.SCHEDULED, State.HELD):
        return ""
    troubled = [attempt for attempt in delivery.attempts if attempt.message and attempt.step != Step.ANSWER]
    return _quote(troubled[-1]) if troubled and delivery.error else ""


def _attempt_lines(attempt: Attempt, delivery: Delivery, people: Mapping[int, User]) -> list[Line]:
    if attempt.step == Step.ANSWER:
        return [answer_line(attempt, delivery, people)]
    lines = []
    if attempt.sent_at:
        lines.append(Line(attempt.sent_at, said(_l("Sent to %(platform)s."), delivery)))
    elif attempt.closed_at is None:
        lines.append(Line(attempt.opened_at, said(BEGUN[attempt.step], delivery)))
    if attempt.closed_at and attempt.outcome:
        lines.append(_end_line(attempt, attempt.closed_at, attempt.outcome, delivery))
    return lines


def _end_line(attempt: Attempt, at: datetime, outcome: Outcome, delivery: Delivery) -> Line:
    if (attempt.evidence or {}).get("code") == "handed_over":
        return Line(at, said(HANDED_OVER, delivery))
    sentence = ENDED.get((attempt.step, outcome), ENDED_ANYHOW[outcome])
    status = (attempt.evidence or {}).get("http_status")
    told = said(sentence, delivery)
    if status and outcome == Outcome.TEMPORARY and attempt.step == Step.PUBLISH:
        told = said(_l("%(platform)s answered %(status)s. Nothing was posted."), delivery, status=status)
    if status and outcome == Outcome.UNCONFIRMED and attempt.step == Step.PUBLISH:
        told = said(
            _l("%(platform)s answered %(status)s: it may or may not be out."), delivery, status=status
        )
    return Line(at, told, quote=_quote(attempt), detail=_detail(attempt), evidence=attempt.evidence)


def answer_line(attempt: Attempt, delivery: Delivery, people: Mapping[int, User]) -> Line:
    """What a person decided about it, or said of it."""
    name, reason = name_of(people.get(attempt.by_id or 0)), (attempt.evidence or {}).get("reason", "")
    return Line(attempt.opened_at, said(ANSWERED[attempt.message], delivery, name=name, reason=reason))


def _quote(attempt: Attempt) -> str:
    """The message, where it is the platform's and not ours."""
    evidence = attempt.evidence or {}
    is_theirs = evidence.get("http_status") is not None and evidence.get("code") not in OURS
    return attempt.message if is_theirs else ""


def _detail(attempt: Attempt) -> str:
    """Our own word for what went wrong before or without an answer."""
    code = str((attempt.evidence or {}).get("code", ""))
    if code in OURS:
        return str(OURS[code])
    if code in PROBLEMS:
        return _("It breaks a limit of this channel.")
    return "" if _quote(attempt) else attempt.message


def _as_late(instant: datetime | None, delivery: Delivery) -> str:
    late = instant - delivery.promised_at if instant else timedelta()
    return _("On time") if late < PUNCTUAL else _("%(duration)s late", duration=_duration(late))


def _duration(span: timedelta) -> str:
    return str(format_timedelta(span, granularity="second", threshold=1.2))
