"""The keys of each screen, for the help that ? opens; those of the navigation are in ``nav``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask, request
from flask_babel import lazy_gettext as _l


@dataclass(frozen=True)
class Shortcut:
    """``keys`` are pressed together; ``does`` says what for."""

    keys: tuple[str, ...]
    does: Any


CALENDAR = (
    Shortcut(("t",), _l("Today")),
    Shortcut(("m",), _l("Month")),
    Shortcut(("w",), _l("Week")),
    Shortcut(("l",), _l("List")),
    Shortcut(("←",), _l("Earlier")),
    Shortcut(("→",), _l("Later")),
    Shortcut(("Enter",), _l("Open the post, or write one on the chosen day")),
)
APPROVALS = (
    Shortcut(("j",), _l("Next post")),
    Shortcut(("k",), _l("Previous post")),
    Shortcut(("a",), _l("Approve")),
    Shortcut(("s",), _l("Send back…")),
    Shortcut(("Enter",), _l("Open the post")),
)
POST = (
    Shortcut(("e",), _l("Edit")),
    Shortcut(("a",), _l("Approve")),
    Shortcut(("s",), _l("Send back…")),
)
COMPOSER = (
    Shortcut(("Ctrl", "Enter"), _l("Save")),
    Shortcut(("Ctrl", "Shift", "Enter"), _l("Save and submit")),
)
ON_SCREEN = {"calendar": CALENDAR, "approvals": APPROVALS, "posts": POST, "composer": COMPOSER}


def init_app(app: Flask) -> None:
    """Tell every page the keys of its own screen."""
    app.context_processor(lambda: {"screen_shortcuts": ON_SCREEN.get(request.blueprint or "", ())})
