"""The running app's own values, for verbs."""

from __future__ import annotations

from typing import cast

from flask import current_app

from calendar_app.config import Config
from calendar_app.vault import Vault


def config() -> Config:
    """The set-up of the current app."""
    return cast(Config, current_app.extensions["almanac.config"])


def vault() -> Vault:
    """The current app's vault."""
    return cast(Vault, current_app.extensions["almanac.vault"])
