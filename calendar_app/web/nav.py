"""The main navigation: an item for each screen that exists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, g, request, url_for
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from calendar_app import people
from calendar_app.models import Role


@dataclass(frozen=True)
class Screen:
    """``endpoint`` names a view without arguments; ``key`` is a shortcut; ``phone`` puts it in the bottom bar."""

    endpoint: str
    label: Any
    icon: str
    key: str = ""
    phone: bool = False
    foot: bool = False
    role: Role = Role.VIEWER


@dataclass(frozen=True)
class Item:
    """One entry as templates draw it."""

    label: str
    url: str
    icon: str
    key: str
    phone: bool
    foot: bool
    current: bool
    count: int


SCREENS = (
    Screen("calendar.index", _l("Calendar"), "calendar", "g c", phone=True),
    Screen("plan.index", _l("Posts"), "posts", "g p", phone=True),
    Screen("composer.new", _l("New post"), "plus", "n", phone=True, role=Role.PLANNER),
    Screen("approvals.index", _l("Approvals"), "approvals", "g a", phone=True),
    Screen("handoff.index", _l("Hand-offs"), "handoff", "g d", phone=True),
    Screen("library.index", _l("Library"), "library", "g l"),
    Screen("channels.index", _l("Channels"), "channels", "g h"),
    Screen("operations.index", _l("Operations"), "pulse", "g o", role=Role.APPROVER),
    Screen("people.index", _l("People"), "people", "g e", foot=True),
    Screen("workspaces.settings", _l("Settings"), "settings", "g s", foot=True, role=Role.ADMIN),
)
counts: dict[str, Callable[[], int]] = {}
# What is of use in some workspaces only.
shown: dict[str, Callable[[], bool]] = {}
BELONGS_TO = {
    "connect": "channels",
    "posts": "plan",
    "composer": "plan",
    "deliveries": "plan",
    "rehearsal": "operations",
}


def init_app(app: Flask) -> None:
    """Give every page its navigation."""
    app.context_processor(_context)


def _context() -> dict[str, Any]:
    inside = g.get("workspace") is not None and g.get("membership") is not None
    return {"nav": _items() if inside else [], "my_workspaces": _workspaces()}


def _items() -> list[Item]:
    there = (screen for screen in SCREENS if screen.endpoint in current_app.view_functions)
    return [
        _item(screen) for screen in there if g.membership.role.includes(screen.role) and _is_of_use(screen)
    ]


def _is_of_use(screen: Screen) -> bool:
    family = screen.endpoint.partition(".")[0]
    return family not in shown or shown[family]()


def _item(screen: Screen) -> Item:
    family = screen.endpoint.partition(".")[0]
    return Item(
        label=str(screen.label),
        url=url_for(screen.endpoint, slug=g.workspace.slug),
        icon=screen.icon,
        key=screen.key,
        phone=screen.phone,
        foot=screen.foot,
        current=screen.endpoint == _current(),
        count=counts[family]() if family in counts else 0,
    )


def _current() -> str:
    """The screen that this page belongs to: itself, or the index of its family."""
    here = request.endpoint or ""
    if here in {screen.endpoint for screen in SCREENS}:
        return here
    family = here.partition(".")[0]
    return f"{BELONGS_TO.get(family, family)}.index"


def _workspaces() -> list[dict[str, Any]]:
    if not current_user.is_authenticated:
        return []
    here = g.get("workspace")
    return [
        {
            "name": workspace.name,
            "url": url_for("workspaces.home", slug=workspace.slug),
            "current": here is not None and workspace.id == here.id,
        }
        for workspace in people.workspaces_of(current_user)
    ]
