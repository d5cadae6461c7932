"""What came of a post: numbers sampled at fixed ages, so that posts compare at equal ages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select, update

import publishers
from calendar_app.extensions import db
from calendar_app.models import AudienceSnapshot, Channel, ChannelState, Delivery, Snapshot, State
from calendar_app.settings import config
from publishers.values import Audience, Metrics

NAMES = tuple(field.name for field in fields(Metrics))
AGAIN = timedelta(minutes=5)
DAY = timedelta(hours=24)
ANSWERING = (ChannelState.ACTIVE, ChannelState.PAUSED)


def due_channels(now: datetime) -> list[int]:
    """Channels with posts to be sampled now, of those that answer; the others are put off, not to be due for ever."""
    due = (
        select(Delivery.channel_id, Channel.state)
        .join(Channel)
        .where(Delivery.sample_at.is_not(None), Delivery.sample_at <= now)
        .distinct()
    )
    states = {id: state for id, state in db.session.execute(due)}
    _put_off([id for id, state in states.items() if state not in ANSWERING], now)
    return [id for id, state in states.items() if state in ANSWERING]


def due_audiences(now: datetime, limit: int = 50) -> list[int]:
    """Channels whose own numbers were not read for a day; asking moves their turn."""
    query = (
        select(Channel.id)
        .where(Channel.state.in_(ANSWERING))
        .where(or_(Channel.audience_at.is_(None), Channel.audience_at <= now - DAY))
        .limit(limit)
    )
    ids = list(db.session.scalars(query))
    if ids:
        db.session.execute(
            update(Channel).where(Channel.id.in_(ids)).values(audience_at=now),
            execution_options={"synchronize_session": False},
        )
    return ids


def batch(channel: Channel, now: datetime) -> list[Delivery]:
    """The next posts of one channel to be sampled, at most as many as its platform takes in one call.

    They are put off at once, so that a failed call is tried again later and no other worker asks meanwhile.
    """
    due = list(
        db.session.scalars(
            select(Delivery)
            .where(
                Delivery.channel_id == channel.id, Delivery.sample_at <= now, Delivery.remote_id.is_not(None)
            )
            .order_by(Delivery.sample_at)
            .limit(publishers.get(channel.platform).metrics_batch)
            .with_for_update(skip_locked=True)
        )
    )
    for delivery in due:
        delivery.sample_at = now + AGAIN
    return due


def record(delivery: Delivery, metrics: Metrics | None, now: datetime) -> None:
    """Keep one sample; a post that the platform does not name any more leaves a gap.

    A sample that comes too late for an age counts for the newest age that has passed; the ages between stay gaps.
    """
    assert delivery.published_at
    passed = _ages_passed(delivery.published_at, now)
    fresh = passed > delivery.sampled
    if metrics is not None:
        age = int(config().sample_ages[passed - 1].total_seconds()) if fresh else None
        db.session.add(Snapshot(delivery_id=delivery.id, taken_at=now, age=age, **asdict(metrics)))
    delivery.sampled = max(passed, delivery.sampled)
    delivery.sample_at = _next(delivery.published_at, delivery.sampled)


def record_audience(channel: Channel, audience: Audience, now: datetime) -> None:
    """Keep a channel's numbers of today (in its workspace's zone); a second reading replaces the first."""
    day = now.astimezone(ZoneInfo(channel.workspace.zone)).date().isoformat()
    known = db.session.scalar(
        select(AudienceSnapshot).where(AudienceSnapshot.channel_id == channel.id, AudienceSnapshot.day == day)
    )
    row = known or AudienceSnapshot(channel_id=channel.id, day=day)
    row.taken_at = now
    row.followers, row.following, row.posts = audience.followers, audience.following, audience.posts
    db.session.add(row)


def ask_now(delivery: Delivery, now: datetime) -> bool:
    """Let a person see fresh numbers out of turn; False where there is nothing to ask for."""
    if delivery.state != State.PUBLISHED or delivery.remote_id is None:
        return False
    if publishers.get(delivery.channel.platform).assisted:
        return False
    delivery.sample_at = now
    return True


def latest(delivery_ids: Sequence[int]) -> dict[int, Snapshot]:
    """The newest snapshot of each delivery that has one, in one query."""
    newest = (
        select(Snapshot.delivery_id, func.max(Snapshot.id).label("id"))
        .where(Snapshot.delivery_id.in_(delivery_ids))
        .group_by(Snapshot.delivery_id)
        .subquery()
    )
    rows = db.session.scalars(select(Snapshot).join(newest, Snapshot.id == newest.c.id))
    return {row.delivery_id: row for row in rows}


def totals(snapshots: Iterable[Snapshot]) -> Metrics:
    """Sums by number; one that nobody gave stays None."""
    rows = list(snapshots)
    if not rows:
        return Metrics()
    return Metrics(**{name: _sum(getattr(row, name) for row in rows) for name in NAMES})


def series(snapshots: Sequence[Snapshot]) -> Mapping[str, list[int | None]]:
    """Each number over time, without those that the platform never gave."""
    columns = {name: [getattr(row, name) for row in snapshots] for name in NAMES}
    return {name: column for name, column in columns.items() if any(value is not None for value in column)}


def audience_of(channel_ids: Sequence[int], days: int = 30) -> dict[int, list[AudienceSnapshot]]:
    """The last ``days`` daily readings of each channel, oldest first."""
    rows = db.session.scalars(
        select(AudienceSnapshot)
        .where(AudienceSnapshot.channel_id.in_(channel_ids))
        .order_by(AudienceSnapshot.day.desc())
        .limit(days * max(1, len(channel_ids)))
    ).all()
    found: dict[int, list[AudienceSnapshot]] = {}
    for row in reversed(rows):
        found.setdefault(row.channel_id, []).append(row)
    return found


def _put_off(channel_ids: Sequence[int], now: datetime) -> None:
    if channel_ids:
        overdue = (Delivery.channel_id.in_(channel_ids), Delivery.sample_at <= now)
        db.session.execute(
            update(Delivery).where(*overdue).values(sample_at=now + AGAIN),
            execution_options={"synchronize_session": False},
        )


def _sum(values: Iterable[int | None]) -> int | None:
    given = [value for value in values if value is not None]
    return sum(given) if given else None


def _ages_passed(published_at: datetime, now: datetime) -> int:
    return sum(now - published_at >= age for age in config().sample_ages)


def _next(published_at: datetime, sampled: int) -> datetime | None:
    ages = config().sample_ages
    return published_at + ages[sampled] if sampled < len(ages) else None
