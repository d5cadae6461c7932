"""Calendar entries as the JSON that the browser draws, with times on the viewer's own clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from flask import g
from flask_login import current_user

from calendar_app import warned
from calendar_app.feed import Entry, Person
from calendar_app.feed_parts import Picture, Tag
from calendar_app.models import Role, Stage
from calendar_app.models._base import Json
from calendar_app.walltime import to_wall
from calendar_app.web import sentences
from calendar_app.web.locale import initials, tint_index

TINTS = ("green", "blue", "purple", "pink", "red", "orange", "yellow", "grey")


@dataclass(frozen=True)
class Viewer:
    """Who looks: on which clock, and whether they may move posts."""

    zone: str
    plans: bool


def rows(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """One JSON object for each entry, as the current member sees it."""
    viewer = Viewer(current_user.zone, g.membership.role.includes(Role.PLANNER))
    shown = list(entries)
    risks = risks_of(shown)
    return [_row(entry, viewer) | {"risks": risks[entry.id]} for entry in shown]


def risks_of(entries: Iterable[Entry]) -> dict[int, list[str]]:
    """What could stop these posts, a line for each channel and cause, by post; all in one query."""
    shown = list(entries)
    found = warned.of_posts([entry.id for entry in shown if any(on.warned for on in entry.channels)])
    return {entry.id: _risks(entry, found) for entry in shown}


def wall(moment: datetime) -> str:
    """A naive wall time as the browser's calendar reads it."""
    return moment.isoformat(timespec="seconds")


def _row(entry: Entry, viewer: Viewer) -> dict[str, Any]:
    """``start`` is the wall time in the viewer's zone; ``own`` is set where the post was planned in another one."""
    same = entry.zone == viewer.zone
    return {
        "id": entry.id,
        "title": entry.title,
        "start": wall(entry.wall_time if same else to_wall(entry.due_at, viewer.zone)),
        "due": int(entry.due_at.timestamp() * 1000),
        "own": None if same else _own_time(entry),
        "state": entry.standing,
        "approved": entry.stage is Stage.APPROVED,
        "revision": entry.revision,
        "movable": viewer.plans and entry.movable,
        "channels": [vars(channel) for channel in entry.channels],
        "labels": [_label(label) for label in entry.labels],
        "owner": entry.owner and _person(entry.owner),
        "picture": entry.picture and _picture(entry.picture),
        "metrics": {name: value for name, value in vars(entry.metrics).items() if value is not None},
    }


def _risks(entry: Entry, at_risk: Mapping[tuple[int, int], list[Json]]) -> list[str]:
    return [
        f"{channel.handle}: {sentences.warning(found)}"
        for channel in entry.channels
        for found in at_risk.get((entry.id, channel.id), ())
    ]


def _own_time(entry: Entry) -> dict[str, str]:
    return {"zone": entry.zone, "wall": wall(entry.wall_time)}


@lru_cache(1000)
def _label(label: Tag) -> dict[str, str]:
    return {"name": label.name, "tint": label.colour}


@lru_cache(1000)
def _person(person: Person) -> dict[str, str]:
    return {
        "name": person.name,
        "initials": initials(person.name),
        "tint": TINTS[tint_index(person.email)],
    }


@lru_cache(1000)
def _picture(picture: Picture) -> dict[str, Any]:
    """The page knows the address that belongs to ``asset``; None where there is nothing to show."""
    return {"kind": picture.kind, "asset": picture.asset_id if picture.has_thumbnail else None}
