"""Calendar entries as the JSON that the browser draws, with times on the viewer's own clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import g
from flask_login import current_user

from calendar_app.feed import Entry, Person, Picture
from calendar_app.models import Role, Stage
from calendar_app.walltime import to_wall
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
    return [_row(entry, viewer) for entry in entries]


def wall(moment: datetime) -> str:
    """A naive wall time as the browser's calendar reads it."""
    return moment.isoformat(timespec="seconds")


def _row(entry: Entry, viewer: Viewer) -> dict[str, Any]:
    """``start`` is the wall time in the viewer's zone; ``own`` is set where the post was planned in another one."""
    return {
        "id": entry.id,
        "title": entry.title,
        "start": wall(to_wall(entry.due_at, viewer.zone)),
        "due": int(entry.due_at.timestamp() * 1000),
        "own": None if entry.zone == viewer.zone else _own_time(entry),
        "state": entry.standing,
        "approved": entry.stage is Stage.APPROVED,
        "revision": entry.revision,
        "movable": viewer.plans and entry.movable,
        "channels": [vars(channel) for channel in entry.channels],
        "labels": [{"name": label.name, "tint": label.colour} for label in entry.labels],
        "owner": entry.owner and _person(entry.owner),
        "picture": entry.picture and _picture(entry.picture),
        "metrics": {name: value for name, value in vars(entry.metrics).items() if value is not None},
    }


def _own_time(entry: Entry) -> dict[str, str]:
    return {"zone": entry.zone, "wall": wall(entry.wall_time)}


def _person(person: Person) -> dict[str, str]:
    return {
        "name": person.name,
        "initials": initials(person.name),
        "tint": TINTS[tint_index(person.email)],
    }


def _picture(picture: Picture) -> dict[str, Any]:
    """The page knows the address that belongs to ``asset``; None where there is nothing to show."""
    return {"kind": picture.kind, "asset": picture.asset_id if picture.has_thumbnail else None}
