"""Calendar entries as the JSON that the browser draws, with times on the viewer's own clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from flask import g, url_for
from flask_login import current_user

from calendar_app.feed import Entry, Picture
from calendar_app.models import Role, Stage
from calendar_app.walltime import to_wall
from calendar_app.web.locale import initials, tint_index
from publishers.values import Metrics

TINTS = ("green", "blue", "purple", "pink", "red", "orange", "yellow", "grey")


def rows(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """One JSON object for each entry."""
    planner = g.membership.role.includes(Role.PLANNER)
    return [row(entry, planner) for entry in entries]


def row(entry: Entry, planner: bool) -> dict[str, Any]:
    """``start`` is the wall time in the viewer's zone; ``own`` is set where the post was planned in another one."""
    return {
        "id": entry.id,
        "title": entry.title,
        "start": wall(to_wall(entry.due_at, current_user.zone)),
        "due": int(entry.due_at.timestamp() * 1000),
        "own": None if entry.zone == current_user.zone else _own_time(entry),
        "state": entry.standing,
        "approved": entry.stage is Stage.APPROVED,
        "revision": entry.revision,
        "movable": planner and entry.movable,
        "channels": [asdict(channel) for channel in entry.channels],
        "labels": [{"name": label.name, "tint": label.colour} for label in entry.labels],
        "owner": entry.owner and _person(entry.owner.name, entry.owner.email),
        "picture": entry.picture and _picture(entry.picture),
        "metrics": _given(entry.metrics),
    }


def wall(moment: datetime) -> str:
    """A naive wall time as the browser's calendar reads it."""
    return moment.isoformat(timespec="seconds")


def _own_time(entry: Entry) -> dict[str, str]:
    return {"zone": entry.zone, "wall": wall(entry.wall_time)}


def _person(name: str, email: str) -> dict[str, str]:
    return {"name": name, "initials": initials(name), "tint": TINTS[tint_index(email)]}


def _picture(picture: Picture) -> dict[str, Any]:
    source = url_for("files.show", asset_id=picture.asset_id, form="thumb") if picture.has_thumbnail else None
    return {"kind": picture.kind, "src": source}


def _given(metrics: Metrics) -> dict[str, int]:
    return {name: value for name, value in asdict(metrics).items() if value is not None}
