"""Numbers over the age of a post, as a chart and a table: a moment that nobody measured is a gap, never 0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from babel import dates
from flask_babel import format_timedelta, get_locale

import publishers
from calendar_app import engagement
from calendar_app.models import Channel, Delivery, Snapshot
from calendar_app.settings import config
from calendar_app.web import wording

ENOUGH = 2


@dataclass(frozen=True)
class Moment:
    """One age of a published post: its numbers, or None for a gap. ``asked`` means out of turn, by a person."""

    age: timedelta
    snapshot: Snapshot | None
    asked: bool = False

    @property
    def label(self) -> str:
        """The age in words, such as 10 minutes."""
        return in_words(self.age)


def moments(delivery: Delivery, snapshots: Sequence[Snapshot], now: datetime) -> list[Moment]:
    """Every age that has passed and every reading out of turn, by age."""
    if delivery.published_at is None:
        return []
    published_at = delivery.published_at
    fixed = {snapshot.age: snapshot for snapshot in snapshots if snapshot.age is not None}
    ages = [age for age in config().sample_ages if _is_over(delivery, age, now)]
    planned = [Moment(age, fixed.get(int(age.total_seconds()))) for age in ages]
    between = [Moment(s.taken_at - published_at, s, asked=True) for s in snapshots if s.age is None]
    return sorted([*planned, *between], key=lambda moment: moment.age)


def next_moment(delivery: Delivery, now: datetime) -> datetime | None:
    """When the next numbers come by themselves."""
    return delivery.sample_at if delivery.sample_at and delivery.sample_at > now else None


def names(channel: Channel) -> list[str]:
    """The numbers that this channel's platform gives, in their fixed order."""
    given = publishers.get(channel.platform).metrics
    return [name for name in engagement.NAMES if name in given]


def chart(found: Sequence[Moment]) -> Mapping[str, Any] | None:
    """What the browser draws: a line for each number that ever came; None while there is too little to draw."""
    if sum(moment.snapshot is not None for moment in found) < ENOUGH:
        return None
    columns = {name: [_value(moment, name) for moment in found] for name in engagement.NAMES}
    series = [
        {"label": str(wording.METRICS[name]), "data": column}
        for name, column in columns.items()
        if any(value is not None for value in column)
    ]
    return {"labels": [short(moment.age) for moment in found], "series": series}


def in_words(age: timedelta) -> str:
    """A span in the reader's language."""
    return str(format_timedelta(age, granularity="minute", threshold=1))


def short(age: timedelta) -> str:
    """A span in few letters, for an axis."""
    return dates.format_timedelta(
        age, granularity="minute", threshold=1, format="narrow", locale=get_locale() or "en"
    )


def _is_over(delivery: Delivery, age: timedelta, now: datetime) -> bool:
    assert delivery.published_at
    sampled = config().sample_ages[: delivery.sampled]
    return age in sampled or (delivery.sample_at is None and delivery.published_at + age <= now)


def _value(moment: Moment, name: str) -> int | None:
    value: int | None = getattr(moment.snapshot, name) if moment.snapshot else None
    return value
