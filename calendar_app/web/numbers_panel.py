"""What came of a post: the newest numbers of each channel, their sums, and their course over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from calendar_app import engagement, handing
from calendar_app.models import Channel, Delivery, Post, Snapshot, State
from calendar_app.web import charts, wording
from calendar_app.web.delivery_panel import deliveries_of

PATIENCE = timedelta(seconds=60)
POLL_SECONDS = 2
# Numbers that people look for on every platform: a dash says that one gives none. The others are shown where they are given.
USUAL = frozenset({"likes", "reposts", "replies", "quotes", "views", "saves"})
FORESIGHT = timedelta(hours=12)


@dataclass(frozen=True)
class Figure:
    """One number; ``value`` None is a dash, and ``title`` says why."""

    name: str
    label: str
    icon: str
    value: int | None
    title: str


@dataclass(frozen=True)
class Course:
    """One channel's numbers: the newest, their history, and when the next come by themselves."""

    delivery: Delivery
    platform: str
    figures: tuple[Figure, ...]
    taken_at: datetime | None
    names: tuple[str, ...]
    moments: tuple[charts.Moment, ...]
    chart: Mapping[str, Any] | None
    next_at: datetime | None

    @property
    def channel(self) -> Channel:
        return self.delivery.channel


@dataclass(frozen=True)
class Numbers:
    """``asked_at`` is when a person asked for fresh ones; ``wait`` in seconds until the next look."""

    post: Post
    courses: tuple[Course, ...]
    totals: tuple[Figure, ...]
    may_ask: bool
    asked_at: datetime | None
    is_waiting: bool
    is_overdue: bool
    wait: int | None


def numbers(post: Post, now: datetime, asked_at: datetime | None = None) -> Numbers:
    """The numbers of every published delivery of ``post``."""
    published = [delivery for delivery in deliveries_of(post) if _has_numbers(delivery)]
    courses = tuple(_course(delivery, now) for delivery in published)
    answerable = [delivery for delivery in published if delivery.remote_id]
    is_missing = asked_at is not None and _is_missing(answerable, asked_at)
    is_waiting = is_missing and asked_at is not None and now - asked_at < PATIENCE
    return Numbers(
        post=post,
        courses=courses,
        totals=_totals(published),
        may_ask=bool(answerable),
        asked_at=asked_at,
        is_waiting=is_waiting,
        is_overdue=is_missing and not is_waiting,
        wait=POLL_SECONDS if is_waiting else _next_look(courses, now),
    )


def _has_numbers(delivery: Delivery) -> bool:
    """Whether it is out, and on a platform that can be asked: of what a person posted nobody tells us any."""
    return delivery.state == State.PUBLISHED and not handing.is_assisted(delivery.channel)


def _course(delivery: Delivery, now: datetime) -> Course:
    found = charts.moments(delivery, delivery.snapshots, now)
    newest = delivery.snapshots[-1] if delivery.snapshots else None
    return Course(
        delivery=delivery,
        platform=wording.platform(delivery.channel),
        figures=_figures(delivery.channel, newest),
        taken_at=newest.taken_at if newest else None,
        names=tuple(charts.names(delivery.channel)),
        moments=tuple(found),
        chart=charts.chart(found),
        next_at=charts.next_moment(delivery, now) if delivery.remote_id else None,
    )


def _figures(channel: Channel, newest: Snapshot | None) -> tuple[Figure, ...]:
    given = charts.names(channel)
    return tuple(
        _figure(name, getattr(newest, name, None), name in given, newest is not None)
        for name in engagement.NAMES
        if name in USUAL or name in given
    )


def _figure(name: str, value: int | None, is_given: bool = True, is_read: bool = True) -> Figure:
    label = str(wording.METRICS[name])
    return Figure(name, label, wording.ICONS[name], value, wording.why_missing(value, is_given, is_read))


def _totals(published: Sequence[Delivery]) -> tuple[Figure, ...]:
    newest = [delivery.snapshots[-1] for delivery in published if delivery.snapshots]
    summed = engagement.totals(newest)
    given = {name for delivery in published for name in charts.names(delivery.channel)}
    return tuple(
        _figure(name, getattr(summed, name), name in given, bool(newest))
        for name in engagement.NAMES
        if name in USUAL or name in given
    )


def _is_missing(answerable: Sequence[Delivery], asked_at: datetime) -> bool:
    return any(not d.snapshots or d.snapshots[-1].taken_at < asked_at for d in answerable)


def _next_look(courses: Sequence[Course], now: datetime) -> int | None:
    """In how many seconds the next reading should be there; one that is due already comes any moment."""
    readings = [course.delivery.sample_at for course in courses if _is_read_soon(course.delivery, now)]
    soonest = min((reading for reading in readings if reading), default=None)
    return None if soonest is None else max(0, int((soonest - now).total_seconds())) + POLL_SECONDS


def _is_read_soon(delivery: Delivery, now: datetime) -> bool:
    answers = delivery.channel.state in engagement.ANSWERING
    return answers and delivery.sample_at is not None and delivery.sample_at - now < FORESIGHT
