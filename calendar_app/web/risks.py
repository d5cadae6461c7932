"""A delivery's warnings as people read them: what will go wrong, what to do, and the link to where it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from calendar_app.models import Delivery, Role, State
from calendar_app.web import sentences


@dataclass(frozen=True)
class Way:
    """Where a warning is mended, by whom, and what the link says; ``of`` names what it needs of the delivery."""

    endpoint: str
    role: Role
    text: Any
    of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Risk:
    """One warning in words; ``link`` is empty where there is nothing to press."""

    code: str
    text: str
    advice: str
    since: datetime
    link: str = ""
    link_text: str = ""


RECONNECT = Way("connect.again", Role.ADMIN, _l("Reconnect"), ("channel_id",))
CHANNEL = Way("channels.show", Role.VIEWER, _l("Go to the channel"), ("channel_id",))
SETTINGS = Way("workspaces.settings", Role.ADMIN, _l("Go to the settings"))
MOVE = Way("posts.move", Role.PLANNER, _l("Move to another time…"), ("post_id",))
EDIT = Way("composer.edit", Role.PLANNER, _l("Edit"), ("post_id",))
WAYS = {
    "credentials_end": RECONNECT,
    "channel_unreachable": CHANNEL,
    "channel_refused": RECONNECT,
    "channel_paused": CHANNEL,
    "workspace_paused": SETTINGS,
    "channel_resting": MOVE,
    "quota_short": MOVE,
    "media_does_not_fit": EDIT,
    "preparation_refused": EDIT,
    "limits_changed": EDIT,
}


def risks(delivery: Delivery, role: Role) -> tuple[Risk, ...]:
    """What was found that could stop this delivery; nothing once it is not waiting for its time any more."""
    if delivery.state != State.SCHEDULED:
        return ()
    return tuple(_risk(warning, delivery, role) for warning in delivery.warnings or ())


def _risk(warning: Mapping[str, Any], delivery: Delivery, role: Role) -> Risk:
    code, way = warning["code"], WAYS.get(warning["code"])
    advice, may = str(sentences.REMEDIES[code]), way is not None and role.includes(way.role)
    if way and not may:
        advice = _("%(advice)s An admin can do that.", advice=advice) if way.role == Role.ADMIN else advice
    return Risk(
        code=code,
        text=sentences.warning(warning),
        advice=advice,
        since=datetime.fromisoformat(warning["at"]),
        link=_address(way, delivery) if way and may else "",
        link_text=str(way.text) if way and may else "",
    )


def _address(way: Way, delivery: Delivery) -> str:
    return url_for(way.endpoint, **{name: getattr(delivery, name) for name in way.of})
