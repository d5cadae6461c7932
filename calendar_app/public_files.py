"""Addresses at which a platform may fetch a file by itself: signed, good for a while, and for these bytes alone."""

from __future__ import annotations

from datetime import timedelta

from flask import current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer

from calendar_app.settings import config
from publishers.values import Media

LIVES = timedelta(days=7)
SALT = "public file"


def address_of(file: Media) -> str:
    """Where the bytes of ``file`` are served to whoever knows the address."""
    token = _signer().dumps([file.sha256, file.mime])
    return f"{config().base_url}/m/{token}{file.path.suffix}"


def opened(token: str) -> tuple[str, str] | None:
    """The hash and MIME type that ``token`` stands for; None where it is none of ours, or too old."""
    try:
        sha256, mime = _signer().loads(token, max_age=int(LIVES.total_seconds()))
    except BadSignature:
        return None
    return str(sha256), str(mime)


def _signer() -> URLSafeTimedSerializer:
    keys = [*current_app.config["SECRET_KEY_FALLBACKS"][::-1], current_app.config["SECRET_KEY"]]
    return URLSafeTimedSerializer(keys, salt=SALT)
