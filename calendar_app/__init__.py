"""Almanac: the Flask app and its domain."""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask

from calendar_app import database, extensions, models, web
from calendar_app.config import Config
from calendar_app.vault import Vault

TEMPLATES = Path(__file__).parent.parent / "templates"


def create_app(config: Config | None = None, pool: database.Pool = database.POOL) -> Flask:
    """The app for ``config``, or for the ALMANAC_* environment variables; ``pool`` bounds its connections."""
    config = config or Config.from_environ(os.environ)
    app = Flask(__name__, template_folder=str(TEMPLATES))
    app.config.from_mapping(
        SECRET_KEY=config.secret_keys[0],
        SECRET_KEY_FALLBACKS=list(config.secret_keys[1:]),
        SQLALCHEMY_DATABASE_URI=config.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=database.engine_options(config.database_url, pool),
        SESSION_COOKIE_NAME="almanac",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=config.cookie_secure,
        MAX_CONTENT_LENGTH=config.max_video_bytes + 2**20,
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.extensions["almanac.config"] = config
    app.extensions["almanac.vault"] = Vault(config.secret_keys)
    extensions.db.init_app(app)
    extensions.migrate.init_app(app, extensions.db, directory=str(database.MIGRATIONS))
    web.register(app)
    return app


__all__ = ["create_app", "models"]
