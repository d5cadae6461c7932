"""The front-end bundle's file names: ``bundle('app.js')`` in a template becomes the content-hashed URL."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from flask import Flask, current_app, url_for

DIST = Path(__file__).parent.parent / "static" / "dist"
MANIFEST = DIST / "manifest.json"


def init_app(app: Flask) -> None:
    """Make ``bundle`` known to templates."""
    app.jinja_env.globals["bundle"] = bundle


def is_built() -> bool:
    """Whether ``npm run build`` has been run; pages are bare without it."""
    return MANIFEST.is_file()


def bundle(name: str) -> str:
    """The URL of one built file, such as ``app.js`` or ``icons.svg``; never fails when nothing is built."""
    built = _manifest(_stamp()).get(name, name)
    if built == name:
        current_app.logger.warning("%s is not built; run npm run build", name)
    return url_for("static", filename=f"dist/{built}")


def _stamp() -> int:
    return MANIFEST.stat().st_mtime_ns if is_built() else 0


@cache
def _manifest(stamp: int) -> dict[str, str]:
    return dict(json.loads(MANIFEST.read_text())) if stamp else {}
