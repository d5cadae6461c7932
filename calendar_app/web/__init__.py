"""The screens: a blueprint for each family, hung onto the app here."""

from __future__ import annotations

from flask import Flask

from calendar_app.extensions import babel, csrf, limiter, login


def register(app: Flask) -> None:
    """Bind the web extensions and every blueprint to ``app``."""
    login.init_app(app)
    csrf.init_app(app)
    babel.init_app(app)
    limiter.init_app(app)
