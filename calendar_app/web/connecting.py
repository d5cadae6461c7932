"""The walk to a platform and back: what is remembered of an OAuth flow, sealed in the session."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from flask import session, url_for

from calendar_app.settings import config, vault

KEY = "connecting"


@dataclass(frozen=True)
class Journey:
    """Who went where: ``channel_id`` is set when a channel is being reconnected; ``memory`` is sealed."""

    state: str
    slug: str
    platform: str
    channel_id: int | None
    memory: str

    def secrets(self) -> Mapping[str, str]:
        """What the publisher asked to be remembered."""
        return vault().open(base64.b64decode(self.memory))


def new_state() -> str:
    """An unguessable word that only the returning browser knows."""
    return secrets.token_urlsafe(24)


def redirect_uri() -> str:
    """The one address that platforms send people back to."""
    return config().base_url + url_for("channel_return.callback")


def leave(state: str, slug: str, platform: str, channel_id: int | None, memory: Mapping[str, str]) -> None:
    """Remember the journey until the same browser comes back."""
    sealed = base64.b64encode(vault().seal(memory)).decode()
    session[KEY] = asdict(Journey(state, slug, platform, channel_id, sealed))


def unfinished() -> Journey | None:
    """A journey from which this browser never came back, as when a platform no longer knows our registration."""
    kept: dict[str, Any] | None = session.get(KEY)
    return Journey(**kept) if kept else None


def come_back(state: str) -> Journey | None:
    """The journey that ``state`` belongs to, once; None for anybody else's."""
    kept: dict[str, Any] | None = session.pop(KEY, None)
    if kept is None or not hmac.compare_digest(kept["state"].encode(), state.encode()):
        return None
    return Journey(**kept)
