"""A report in plain English, as lines of a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from calendar_app.models import State
from calendar_app.rehearsal.report import Cause, Finding, Report

COLUMNS = ("Planned", "Channel", "Post", "Would", "Why")
LONGEST = 32
Say = Callable[[Mapping[str, Any], ZoneInfo], str]


def lines(report: Report) -> Iterator[str]:
    """What would go wrong as a table, and what would go well as a count."""
    zone = ZoneInfo(report.zone)
    if report.findings:
        yield from _table([_row(finding, zone) for finding in report.findings])
        yield ""
    yield from _sums(report, zone)


def _sums(report: Report, zone: ZoneInfo) -> Iterator[str]:
    days = f"{_at(report.begins, zone)} to {_at(report.ends, zone)} ({report.zone})"
    yield f"{days}: {report.well} would go well, {len(report.findings)} would not."
    if report.by_hand:
        yield f"{report.by_hand} are handed to a person, as planned."
    if report.skipped:
        yield f"{report.skipped} could not be rehearsed: their channels can not be simulated; the log says why."
    if report.waiting:
        yield f"{report.waiting} posts of the week are not approved yet; they were not rehearsed."
    if report.left_out:
        yield f"{report.left_out} more are scheduled than one rehearsal takes; the latest were left out."
    if report.reached:
        yield f"The rehearsal was broken off; it got as far as {_at(report.reached, zone)}."


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    """The last column is as long as it is."""
    widths = [max(map(len, column)) for column in zip(COLUMNS, *rows, strict=True)][:-1]
    for row in (COLUMNS, tuple("-" * width for width in widths) + ("---",), *rows):
        yield "  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[-1]])


def _row(finding: Finding, zone: ZoneInfo) -> tuple[str, ...]:
    channel = f"{finding.platform} {finding.handle}"
    return (
        _at(finding.promised_at, zone),
        _cut(channel),
        _cut(" ".join(finding.text.split()) or "-"),
        _end(finding),
        why(finding, zone),
    )


def _end(finding: Finding) -> str:
    if finding.late is not None:
        return f"be {_span(finding.late)} late"
    ends = {State.FAILED: "fail", State.HELD: "be held", State.UNCONFIRMED: "be unconfirmed"}
    return ends.get(finding.state, f"be {finding.state.value}")


def why(finding: Finding, zone: ZoneInfo) -> str:
    """All causes that are known, or else the last thing that was said."""
    said = [_cause(cause, zone) for cause in finding.causes]
    return " ".join(said) or finding.message or "-"


def _cause(cause: Cause, zone: ZoneInfo) -> str:
    say = _SAID.get(cause.code)
    return say(cause.params, zone) if say else cause.code


def _problem(params: Mapping[str, Any], _zone: ZoneInfo) -> str:
    values = ", ".join(f"{name} {value}" for name, value in params["params"].items())
    return f"The channel does not take this any more: {params['code']}{f' ({values})' if values else ''}."


def _quota(params: Mapping[str, Any], zone: ZoneInfo) -> str:
    return f"All {params['limit']} posts of the channel are taken by then; room again {_then(params['resets'], zone)}."


def _too_fast(params: Mapping[str, Any], zone: ZoneInfo) -> str:
    until = f"; its turn comes {_then(params['until'], zone)}" if "until" in params else ""
    return f"Other posts of the channel come too close before it{until}."


_SAID: Mapping[str, Say] = {
    "credentials_end": lambda params, zone: f"The channel's sign-in ends {_then(params['at'], zone)}.",
    "channel_refused": lambda _params, _zone: "The platform does not accept the channel's credentials.",
    "channel_paused": lambda _params, _zone: "The channel is paused.",
    "workspace_paused": lambda _params, _zone: "The workspace is paused.",
    "channel_resting": lambda params, zone: (
        f"The platform asks for a pause until {_then(params['until'], zone)}."
    ),
    "quota_short": _quota,
    "too_fast": _too_fast,
    "unapproved": lambda _params, _zone: "It is not what was approved.",
    "limits_changed": _problem,
    "media_not_ready": lambda params, _zone: f"{params['name']} is not made to fit the channel yet.",
    "media_does_not_fit": lambda params, _zone: (
        f"A file can not be made to fit the channel ({params['reason'].get('code', '')})."
    ),
    "not_prepared": lambda _params, _zone: "Its files are not uploaded in time.",
    "past_its_time": lambda _params, _zone: "Its time has passed already.",
    "not_reached": lambda _params, _zone: "The platform does not show it within a day.",
}


def _then(instant: str, zone: ZoneInfo) -> str:
    return _at(datetime.fromisoformat(instant), zone)


def _at(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%a %Y-%m-%d %H:%M}"


def _span(span: timedelta) -> str:
    minutes, seconds = divmod(round(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min" if minutes else f"{seconds} s"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
