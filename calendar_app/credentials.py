"""Keeping a channel's credentials: sealed, fresh, and renewed by one worker at a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum

from sqlalchemy import or_, select, update

import publishers
from calendar_app import content, deliveries
from calendar_app.extensions import db
from calendar_app.models import Channel
from calendar_app.settings import vault
from publishers.errors import Unauthorized

REFRESH_BOUND = timedelta(seconds=60)


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
    """Seal ``values`` as the channel's credentials; their version grows."""
    channel.credentials = vault().seal(values)
    channel.credentials_version += 1


def refresh(channel_id: int, seen_version: int, now: datetime) -> bool:
    """Renew a channel's credentials once, whoever of several workers asks first. Commits.

    True when newer credentials than ``seen_version`` are there now; False while another worker is at it.
    Raises ``publishers.errors.Unauthorized`` where the platform refuses.
    """
    if not _win_refresh(channel_id, seen_version, now):
        version = db.session.scalar(select(Channel.credentials_version).where(Channel.id == channel_id))
        db.session.commit()
        return version is not None and version > seen_version
    channel = db.session.get_one(Channel, channel_id, populate_existing=True)
    there, publisher = content.destination(channel), publishers.get(channel.platform)
    db.session.commit()
    try:
        renewed = publisher.refresh(there)
    finally:
        _end_refresh(channel_id)
    replace(db.session.get_one(Channel, channel_id, populate_existing=True), renewed)
    db.session.commit()
    return True


def mend(channel_id: int, seen_version: int, error: Unauthorized, now: datetime) -> Mended:
    """Refresh credentials that the platform refused, once. Commits.

    Raises other errors of ``publishers.errors`` than ``Unauthorized`` where the platform has trouble.
    """
    if not error.refreshable:
        return Mended.NO
    try:
        return Mended.YES if refresh(channel_id, seen_version, now) else Mended.SOON
    except Unauthorized:
        return Mended.NO


def _win_refresh(channel_id: int, seen_version: int, now: datetime) -> bool:
    won = deliveries.write(
        update(Channel)
        .where(
            Channel.id == channel_id,
            Channel.credentials_version == seen_version,
            or_(Channel.refresh_until.is_(None), Channel.refresh_until < now),
        )
        .values(refresh_until=now + REFRESH_BOUND)
    )
    db.session.commit()
    return won


def _end_refresh(channel_id: int) -> None:
    db.session.execute(
        update(Channel).where(Channel.id == channel_id).values(refresh_until=None),
        execution_options={"synchronize_session": False},
    )
