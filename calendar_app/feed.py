"""What a calendar shows of many posts at once, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, func, select

from calendar_app import finding
from calendar_app.deliveries import GONE_OUT
from calendar_app.extensions import db
from calendar_app.feed_parts import OnChannel, Picture, Tag, parts, plain_rows
from calendar_app.models import Post, Stage, User, Workspace
from calendar_app.refusals import Refusal
from calendar_app.standing import standing
from publishers.values import Metrics

LONGEST = timedelta(days=100)
TITLE_LENGTH = 140
PAGE = 50
NO_NUMBERS = Metrics()


class RangeTooLong(Refusal):
    """More days than a calendar can show at once."""

    def __init__(self) -> None:
        super().__init__(_l("Ask for at most %(days)s days at a time.", days=LONGEST.days))


@dataclass(frozen=True)
class Person:
    """Whose post it is."""

    id: int
    name: str
    email: str


@dataclass(frozen=True)
class Entry:
    """One post on the calendar.

    ``wall_time`` is naive, in ``zone``; ``due_at`` the instant. ``title`` is the start of the text on one line.
    ``standing`` is a word of ``standing.standing``. ``movable`` says that nothing of it has gone out.
    """

    id: int
    title: str
    wall_time: datetime
    zone: str
    fold: int
    due_at: datetime
    stage: Stage
    standing: str
    revision: int
    movable: bool
    owner: Person | None
    channels: tuple[OnChannel, ...]
    labels: tuple[Tag, ...]
    picture: Picture | None
    metrics: Metrics


def between(
    workspace: Workspace, start: datetime, end: datetime, filters: finding.Filters = finding.ALL_POSTS
) -> list[Entry]:
    """The posts due from ``start`` up to ``end`` (aware instants), soonest first. Raises ``RangeTooLong``."""
    if end - start > LONGEST:
        raise RangeTooLong
    return _entries(*finding.conditions(workspace, filters), Post.due_at >= start, Post.due_at < end)


@dataclass(frozen=True)
class Page:
    """Some of the posts that match, in the order asked for; ``total`` counts them all."""

    entries: list[Entry]
    page: int
    pages: int
    total: int


def is_empty(workspace: Workspace) -> bool:
    """Whether nothing was ever planned here."""
    return db.session.scalar(select(Post.id).where(Post.workspace_id == workspace.id).limit(1)) is None


def page(workspace: Workspace, filters: finding.Filters, number: int, *, latest_first: bool = True) -> Page:
    """One page of the posts that match, by their time; a page past the end is the last."""
    where = finding.conditions(workspace, filters)
    total = db.session.scalar(select(func.count()).select_from(Post).where(*where)) or 0
    pages = max(1, -(-total // PAGE))
    number = min(max(1, number), pages)
    order = (Post.due_at.desc(), Post.id.desc()) if latest_first else (Post.due_at, Post.id)
    query = select(Post.id).where(*where).order_by(*order).limit(PAGE).offset((number - 1) * PAGE)
    found = entries(db.session.scalars(query).all())
    return Page(found[::-1] if latest_first else found, number, pages, total)


def entries(post_ids: Sequence[int]) -> list[Entry]:
    """These posts as the calendar shows them, soonest first."""
    return _entries(Post.id.in_(post_ids))


def _entries(*where: ColumnElement[bool]) -> list[Entry]:
    posts = _posts(where)
    found = parts([post[0] for post in posts])
    stands, person = cache(_stands), cache(Person)
    entries = []
    for id, wall_time, zone, fold, due_at, stage, revision, start, *owner in posts:
        channels = tuple(found.channels.get(id, ()))
        states = (*(channel.state for channel in channels), *found.left.get(id, ()))
        word, movable = stands(stage, states)
        entries.append(
            Entry(
                id=id,
                title=_one_line(start),
                wall_time=wall_time,
                zone=zone,
                fold=fold,
                due_at=due_at,
                stage=stage,
                standing=word,
                revision=revision,
                movable=movable,
                owner=person(*owner) if owner[0] else None,
                channels=channels,
                labels=tuple(found.labels.get(id, ())),
                picture=found.pictures.get(id),
                metrics=found.metrics.get(id, NO_NUMBERS),
            )
        )
    return entries


def _stands(stage: Stage, states: Iterable[str | None]) -> tuple[str, bool]:
    """The post's standing, and whether nothing of it has gone out."""
    promised = [state for state in states if state is not None]
    return standing(stage, promised), GONE_OUT.isdisjoint(promised)


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - 1].rstrip() + "…"


def _posts(where: Iterable[ColumnElement[bool]]) -> Sequence[Any]:
    columns = (Post.id, Post.wall_time, Post.zone, Post.fold, Post.due_at, Post.stage, Post.revision)
    start = func.substr(Post.text, 1, 2 * TITLE_LENGTH)
    query = select(*columns, start, User.id, User.name, User.email)
    query = query.join(User, User.id == Post.owner_id, isouter=True).where(*where)
    return plain_rows(query.order_by(Post.due_at, Post.id))
