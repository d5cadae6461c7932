"""Keeping a channel's credentials: sealed, fresh, and renewed by one worker at a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum

import structlog
from sqlalchemy import or_, select, update

import publishers
from calendar_app import content, deliveries
from calendar_app.extensions import db
from calendar_app.models import Channel
from calendar_app.settings import vault
from publishers.base import Publisher
from publishers.errors import PublisherError, Unauthorized

REFRESH_BOUND = timedelta(seconds=60)
AHEAD = timedelta(days=10)
log = structlog.get_logger()


class Mended(Enum):
    """What trying to renew credentials came to; ``SOON`` means that another worker is at it."""

    YES = 0
    SOON = 2
    NO = None

    @property
    def pause(self) -> timedelta:
        """How long to wait before the next try."""
        return timedelta(seconds=self.value or 0)


def replace(channel: Channel, values: Mapping[str, str]) -> None:
    """Seal ``values`` as the channel's credentials; their version grows, and their end is known where they tell it."""
    channel.credentials = vault().seal(values)
    channel.credentials_version += 1
    channel.expires_at = publishers.get(channel.platform).credentials_end(values)
    channel.refresh_until = None


def refresh(channel_id: int, seen_version: int, now: datetime) -> bool:
    """Renew a channel's credentials once, whoever of several workers asks first. Commits.

    True when newer credentials than ``seen_version`` are there now; False while another worker is at it.
    Raises ``publishers.errors.Unauthorized`` where the platform refuses.
    """
    until = now + REFRESH_BOUND
    if not _win_refresh(channel_id, seen_version, now, until):
        return _is_newer(channel_id, seen_version)
    channel = db.session.get_one(Channel, channel_id, populate_existing=True)
    there, publisher = content.destination(channel), publishers.get(channel.platform)
    db.session.commit()
    try:
        renewed = publisher.refresh(there)
    except Exception as error:
        _end_refresh(channel_id, until)
        if isinstance(error, Unauthorized) and _is_newer(channel_id, seen_version):
            return True
        raise
    _keep(channel_id, seen_version, publisher, renewed)
    return True


def renew_ahead(channel: Channel, now: datetime) -> None:
    """Renew credentials whose end comes near, where the platform lets them be renewed: some can't be any more once they
    have ended. Commits; where it does not work now, the next day tries again and people are warned of the end."""
    nears = channel.expires_at is not None and channel.expires_at - AHEAD <= now < channel.expires_at
    if not nears or not publishers.get(channel.platform).can("refresh"):
        return
    try:
        refresh(channel.id, channel.credentials_version, now)
    except PublisherError as error:
        log.warning("credentials not renewed ahead", channel=channel.id, error=type(error).__name__)


def mend(channel_id: int, seen_version: int, error: Unauthorized, now: datetime) -> Mended:
    """Refresh credentials that the platform refused, once; what was refused may be an old pair already. Commits.

    Raises other errors of ``publishers.errors`` than ``Unauthorized`` where the platform has trouble.
    """
    if _is_newer(channel_id, seen_version):
        return Mended.YES
    if not error.refreshable:
        return Mended.NO
    try:
        return Mended.YES if refresh(channel_id, seen_version, now) else Mended.SOON
    except Unauthorized:
        return Mended.NO


def _win_refresh(channel_id: int, seen_version: int, now: datetime, until: datetime) -> bool:
    won = deliveries.write(
        update(Channel)
        .where(
            Channel.id == channel_id,
            Channel.credentials_version == seen_version,
            or_(Channel.refresh_until.is_(None), Channel.refresh_until < now),
        )
        .values(refresh_until=until)
    )
    db.session.commit()
    return won


def _end_refresh(channel_id: int, until: datetime) -> None:
    """Let another try; a right that was lost to another meanwhile is left alone. Commits."""
    db.session.rollback()
    deliveries.write(
        update(Channel)
        .where(Channel.id == channel_id, Channel.refresh_until == until)
        .values(refresh_until=None)
    )
    db.session.commit()


def _keep(channel_id: int, seen_version: int, publisher: Publisher, renewed: Mapping[str, str]) -> None:
    """The new pair takes the place of the one it was made from, and of no other. Commits."""
    deliveries.write(
        update(Channel)
        .where(Channel.id == channel_id, Channel.credentials_version == seen_version)
        .values(
            credentials=vault().seal(renewed),
            credentials_version=seen_version + 1,
            expires_at=publisher.credentials_end(renewed),
            refresh_until=None,
        )
    )
    db.session.commit()


def _is_newer(channel_id: int, seen_version: int) -> bool:
    version = db.session.scalar(select(Channel.credentials_version).where(Channel.id == channel_id))
    db.session.commit()
    return version is not None and version > seen_version
