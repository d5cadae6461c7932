"""What a calendar shows of many posts at once, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, func, select

from calendar_app import deliveries, engagement, finding
from calendar_app.extensions import db
from calendar_app.models import (
    Asset,
    Attachment,
    Channel,
    Delivery,
    Label,
    Post,
    Snapshot,
    Stage,
    State,
    User,
    Variant,
    Workspace,
)
from calendar_app.models.post import post_label
from calendar_app.refusals import Refusal
from calendar_app.standing import standing
from publishers.values import Metrics

LONGEST = timedelta(days=100)
TITLE_LENGTH = 140
PAGE = 50
Found = Any


class RangeTooLong(Refusal):
    """More days than a calendar can show at once."""

    def __init__(self) -> None:
        super().__init__(_l("Ask for at most %(days)s days at a time.", days=LONGEST.days))


@dataclass(frozen=True)
class OnChannel:
    """A channel that a post is for; ``state`` is that of its delivery, None while none was promised."""

    id: int
    platform: str
    handle: str
    state: State | None


@dataclass(frozen=True)
class Picture:
    """The first attachment; ``kind`` is image or video."""

    asset_id: int
    kind: str
    has_thumbnail: bool


@dataclass(frozen=True)
class Person:
    """Whose post it is."""

    id: int
    name: str
    email: str


@dataclass(frozen=True)
class Tag:
    """A label on a post."""

    id: int
    name: str
    colour: str


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
    ids = [post.id for post in posts]
    promised = _by_post(_deliveries(ids))
    variants, labels, pictures = _by_post(_variants(ids)), _by_post(_labels(ids)), _by_post(_pictures(ids))
    numbers = engagement.latest([d.id for found in promised.values() for d in found if d.published_at])
    return [
        _entry(
            post,
            promised.get(post.id, []),
            variants.get(post.id, []),
            labels=tuple(Tag(row.id, row.name, row.colour) for row in labels.get(post.id, [])),
            picture=_picture(pictures.get(post.id, [])),
            numbers=numbers,
        )
        for post in posts
    ]


def _entry(
    post: Found,
    promised: Sequence[Found],
    variants: Sequence[Found],
    *,
    labels: tuple[Tag, ...],
    picture: Picture | None,
    numbers: Mapping[int, Snapshot],
) -> Entry:
    states = [delivery.state for delivery in promised]
    return Entry(
        id=post.id,
        title=_one_line(post.start),
        wall_time=post.wall_time,
        zone=post.zone,
        fold=post.fold,
        due_at=post.due_at,
        stage=post.stage,
        standing=standing(post.stage, states),
        revision=post.revision,
        movable=not any(state in deliveries.GONE_OUT for state in states),
        owner=Person(post.owner_id, post.name, post.email) if post.owner_id else None,
        channels=_on_channels(variants, promised),
        labels=labels,
        picture=picture,
        metrics=engagement.totals(numbers[d.id] for d in promised if d.id in numbers),
    )


def _on_channels(variants: Sequence[Found], promised: Sequence[Found]) -> tuple[OnChannel, ...]:
    states = {delivery.variant_id: delivery.state for delivery in promised}
    return tuple(OnChannel(v.channel_id, v.platform, v.handle, states.get(v.id)) for v in variants)


def _picture(rows: Sequence[Found]) -> Picture | None:
    """The post's own first file, or where it has none the first of a channel's."""
    own = [row for row in rows if row.variant_id is None] or rows
    return Picture(own[0].id, own[0].kind, own[0].thumbnail_sha256 is not None) if own else None


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - 1].rstrip() + "…"


def _posts(where: Iterable[ColumnElement[bool]]) -> Sequence[Found]:
    columns = (Post.id, Post.wall_time, Post.zone, Post.fold, Post.due_at, Post.stage, Post.revision)
    start = func.substr(Post.text, 1, 2 * TITLE_LENGTH).label("start")
    query = select(*columns, start, User.id.label("owner_id"), User.name, User.email)
    query = query.join(User, User.id == Post.owner_id, isouter=True).where(*where)
    return db.session.execute(query.order_by(Post.due_at, Post.id)).all()


def _variants(ids: Sequence[int]) -> Sequence[Found]:
    query = select(Variant.post_id, Variant.id, Variant.channel_id, Channel.platform, Channel.handle)
    query = query.join(Channel, Channel.id == Variant.channel_id)
    return db.session.execute(query.where(Variant.post_id.in_(ids)).order_by(Variant.id)).all()


def _deliveries(ids: Sequence[int]) -> Sequence[Found]:
    query = select(Delivery.post_id, Delivery.id, Delivery.variant_id, Delivery.state, Delivery.published_at)
    return db.session.execute(query.where(Delivery.post_id.in_(ids)).order_by(Delivery.id)).all()


def _labels(ids: Sequence[int]) -> Sequence[Found]:
    query = select(post_label.c.post_id, Label.id, Label.name, Label.colour)
    query = query.join(Label, Label.id == post_label.c.label_id)
    return db.session.execute(query.where(post_label.c.post_id.in_(ids)).order_by(Label.name)).all()


def _pictures(ids: Sequence[int]) -> Sequence[Found]:
    query = select(Attachment.post_id, Attachment.variant_id, Asset.id, Asset.kind, Asset.thumbnail_sha256)
    query = query.join(Asset, Asset.id == Attachment.asset_id)
    query = query.where(Attachment.post_id.in_(ids), Attachment.position == 0)
    return db.session.execute(query.order_by(Attachment.id)).all()


def _by_post(rows: Iterable[Found]) -> dict[int, list[Found]]:
    grouped: dict[int, list[Found]] = {}
    for row in rows:
        grouped.setdefault(row.post_id, []).append(row)
    return grouped
