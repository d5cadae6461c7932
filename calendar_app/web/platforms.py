"""Platforms as templates show them: their names, their marks and their own words, in the reader's language."""

from __future__ import annotations

from flask import Flask

import publishers
from calendar_app.web import sentences, wording

# Those that the icon sheet has a drawing of; the others show their mark.
DRAWN = frozenset({"mastodon", "bluesky"})


def init_app(app: Flask) -> None:
    """Make them known to templates."""
    app.jinja_env.filters.update(
        words=sentences.label,
        platform=wording.name_of_platform,
        platform_mark=wording.mark,
        declaration=sentences.declaration,
    )
    app.jinja_env.globals.update(drawn_platforms=DRAWN, platform_marks=marks)


def marks() -> dict[str, str]:
    """The mark of each platform that has no drawing."""
    return {name: wording.mark(name) for name in publishers.PLATFORMS if name not in DRAWN}
