"""Reading the numbers from the platforms: in batches, with the database let go meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

import publishers
from calendar_app import channels, content, credentials, engagement, sweeps
from calendar_app.extensions import db
from calendar_app.models import Channel, Delivery
from publishers.base import Publisher
from publishers.errors import PublisherError, RateLimited, Unauthorized
from publishers.values import Destination, Metrics

Clock = Callable[[], datetime]
log = structlog.get_logger()


def sample(channel_id: int, clock: Clock) -> None:
    """Read the numbers of all of one channel's posts that are due, batch by batch."""
    while _sample_batch(channel_id, clock):
        pass


def audience(channel_id: int, clock: Clock) -> None:
    """Read one channel's own numbers, once a day; that day's look renews what would end soon."""
    channel = db.session.get(Channel, channel_id)
    if channel is None or channel.state not in engagement.ANSWERING:
        return
    credentials.renew_ahead(channel, clock())
    channel = db.session.get_one(Channel, channel_id, populate_existing=True)
    publisher, there, version = _address(channel)
    db.session.commit()
    try:
        found = publisher.audience(there)
    except PublisherError as error:
        _learn(channel_id, version, error, clock())
        return
    engagement.record_audience(db.session.get_one(Channel, channel_id), found, clock())
    db.session.commit()


def _sample_batch(channel_id: int, clock: Clock) -> bool:
    """One call; whether there may be more to read."""
    channel = db.session.get(Channel, channel_id)
    if channel is None or channel.state not in engagement.ANSWERING:
        return False
    asked = {d.id: d.remote_id for d in engagement.batch(channel, clock()) if d.remote_id}
    publisher, there, version = _address(channel)
    db.session.commit()
    if not asked:
        return False
    try:
        found = publisher.measure(there, list(asked.values()))
    except PublisherError as error:
        _learn(channel_id, version, error, clock())
        return False
    _keep(asked, dict(found), clock())
    return len(asked) == publisher.metrics_batch


def _keep(asked: dict[int, str], found: dict[str, Metrics], now: datetime) -> None:
    for delivery_id, remote_id in asked.items():
        engagement.record(db.session.get_one(Delivery, delivery_id), found.get(remote_id), now)
    db.session.commit()


def _address(channel: Channel) -> tuple[Publisher, Destination, int]:
    return publishers.get(channel.platform), content.destination(channel), channel.credentials_version


def _learn(channel_id: int, version: int, error: PublisherError, now: datetime) -> None:
    """Numbers can wait; what the failure says of the channel can't."""
    log.warning("numbers not read", channel=channel_id, error=type(error).__name__)
    if isinstance(error, RateLimited):
        sweeps.rest(channel_id, error.until)
    if isinstance(error, Unauthorized):
        channels.refused(channel_id, version, error, now)
    db.session.commit()
