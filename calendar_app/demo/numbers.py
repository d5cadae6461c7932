"""The demo's engagement and audience so far: curves that end at what the platforms answer today."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime, timedelta

from sqlalchemy import select

import publishers
from calendar_app import content, engagement
from calendar_app.extensions import db
from calendar_app.models import Channel, Delivery, State
from calendar_app.settings import config
from publishers.values import Audience, Metrics

DAYS = 30
GROWTH = 0.055
PACE, SLOWNESS = timedelta(hours=6), 0.6


def recall(channel: Channel, now: datetime) -> None:
    """Samples of every published post at its fixed ages, and a month of the channel's audience.

    Raises the errors of ``publishers.errors``.
    """
    published = list(
        db.session.scalars(
            select(Delivery).where(Delivery.channel_id == channel.id, Delivery.state == State.PUBLISHED)
        )
    )
    today = _today(channel, [str(delivery.remote_id) for delivery in published])
    for delivery in published:
        _sample(delivery, today[str(delivery.remote_id)], now)
    audience = publishers.get(channel.platform).audience(content.destination(channel))
    _recall_audience(channel, audience, published, now)


def _today(channel: Channel, remote_ids: list[str]) -> dict[str, Metrics]:
    publisher, there = publishers.get(channel.platform), content.destination(channel)
    found: dict[str, Metrics] = {}
    size = publisher.metrics_batch
    for start in range(0, len(remote_ids), size):
        found.update(publisher.measure(there, remote_ids[start : start + size]))
    return found


def _sample(delivery: Delivery, today: Metrics, now: datetime) -> None:
    assert delivery.published_at
    reached = _share(now - delivery.published_at)
    for age in config().sample_ages:
        if delivery.published_at + age <= now:
            engagement.record(delivery, _part(today, _share(age) / reached), delivery.published_at + age)


def _share(age: timedelta) -> float:
    """How much of its final numbers a post has at this age: fast at first, then levelling off."""
    return 1 - math.exp(-((age / PACE) ** SLOWNESS))


def _part(today: Metrics, share: float) -> Metrics:
    numbers = {field.name: getattr(today, field.name) for field in fields(today)}
    return Metrics(**{name: None if n is None else int(n * share) for name, n in numbers.items()})


def _recall_audience(channel: Channel, today: Audience, published: list[Delivery], now: datetime) -> None:
    for at, followers in _followers(channel, today.followers, now):
        newer = sum(1 for delivery in published if delivery.published_at and delivery.published_at > at)
        posts = None if today.posts is None else max(0, today.posts - newer)
        engagement.record_audience(channel, Audience(followers, today.following, posts), at)
        db.session.flush()
    channel.audience_at = now


def _followers(channel: Channel, today: int | None, now: datetime) -> Iterator[tuple[datetime, int | None]]:
    """Day by day up to ``today``, each with a little more than the day before."""
    chance = random.Random(f"audience {channel.platform}")
    gains = [chance.uniform(0.4, 1.6) for _ in range(DAYS - 1)]
    for day in range(DAYS):
        missing = sum(gains[day:]) / sum(gains)
        count = None if today is None else round(today * (1 - GROWTH * missing))
        yield now - timedelta(days=DAYS - 1 - day), count
