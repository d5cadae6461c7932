"""What hangs on the posts that a calendar shows, in one query of plain columns for each kind.

Equal parts are one object: a month has thousands of posts, and few channels, labels and files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Select,
    String,
    any_,
    cast,
    func,
    literal,
    null,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute

from calendar_app import engagement
from calendar_app.extensions import db
from calendar_app.models import Asset, Attachment, Channel, Delivery, Hold, Label, Snapshot, State, Variant
from calendar_app.models.post import post_label
from calendar_app.standing import word
from publishers.values import Metrics

T = TypeVar("T")
Query = Select[*tuple[Any, ...]]


@dataclass(frozen=True)
class OnChannel:
    """A channel that a post is for; ``state`` is ``standing.word`` of its delivery, None while none was promised.

    ``warned`` says that something was found that could stop it.
    """

    id: int
    platform: str
    handle: str
    state: str | None
    warned: bool


@dataclass(frozen=True)
class Picture:
    """The first attachment; ``kind`` is image or video."""

    asset_id: int
    kind: str
    has_thumbnail: bool


@dataclass(frozen=True)
class Tag:
    """A label on a post."""

    id: int
    name: str
    colour: str


@dataclass(frozen=True)
class Parts:
    """By post; one that has nothing of a kind is not in its mapping. ``left`` are states of deliveries whose channel
    was taken off the post."""

    channels: Mapping[int, Sequence[OnChannel]]
    left: Mapping[int, Sequence[str]]
    labels: Mapping[int, Sequence[Tag]]
    pictures: Mapping[int, Picture]
    metrics: Mapping[int, Metrics]


def parts(post_ids: Sequence[int]) -> Parts:
    """All that hangs on these posts."""
    return Parts(
        channels=_channels(post_ids),
        left=_grouped(plain_rows(_left(post_ids)), word),
        labels=_labels(post_ids),
        pictures=_pictures(post_ids),
        metrics={row[0]: Metrics(*row[1:]) for row in plain_rows(_metrics(post_ids))},
    )


def _channels(post_ids: Sequence[int]) -> dict[int, list[OnChannel]]:
    warned = Delivery.warnings.is_not(null())
    query = select(Variant.post_id, Variant.channel_id, Delivery.state, Delivery.held_reason, warned)
    query = query.join(Delivery, Delivery.variant_id == Variant.id, isouter=True)
    found = plain_rows(query.where(_among(Variant.post_id, post_ids)).order_by(Variant.id))
    known = {
        id: (id, platform, handle) for id, platform, handle in plain_rows(_faces({row[1] for row in found}))
    }

    @cache
    def on_channel(id: int, state: State | None, reason: Hold | None, warned: bool | None) -> OnChannel:
        return OnChannel(*known[id], word(state, reason) if state else None, bool(warned))

    return _grouped(found, on_channel)


def _labels(post_ids: Sequence[int]) -> dict[int, list[Tag]]:
    query = select(post_label.c.post_id, Label.id, Label.name, Label.colour)
    query = query.join(Label, Label.id == post_label.c.label_id)
    return _grouped(
        plain_rows(query.where(_among(post_label.c.post_id, post_ids)).order_by(Label.name)), cache(Tag)
    )


def _pictures(post_ids: Sequence[int]) -> dict[int, Picture]:
    """The post's own first file, or where it has none the first of a channel's."""
    own_last = (Attachment.variant_id.is_(None), Attachment.id.desc())
    query = select(Attachment.post_id, Asset.id, Asset.kind, Asset.thumbnail_sha256.is_not(None))
    query = query.join(Asset, Asset.id == Attachment.asset_id)
    query = query.where(_among(Attachment.post_id, post_ids), Attachment.position == 0).order_by(*own_last)
    picture = cache(Picture)
    return {row[0]: picture(*row[1:]) for row in plain_rows(query)}


def _left(post_ids: Sequence[int]) -> Query:
    query = select(Delivery.post_id, Delivery.state, Delivery.held_reason)
    return query.where(_among(Delivery.post_id, post_ids), Delivery.variant_id.is_(None))


def _faces(channel_ids: Iterable[int]) -> Query:
    return select(Channel.id, Channel.platform, Channel.handle).where(Channel.id.in_(channel_ids))


def _metrics(post_ids: Sequence[int]) -> Query:
    """The newest numbers of all channels, added up; one that nobody gave stays null."""
    newest = select(func.max(Snapshot.id)).where(Snapshot.delivery_id == Delivery.id).scalar_subquery()
    sums = (func.sum(getattr(Snapshot, name)) for name in engagement.NAMES)
    query = select(Delivery.post_id, *sums).join(Snapshot, Snapshot.id == newest.correlate(Delivery))
    query = query.where(_among(Delivery.post_id, post_ids), Delivery.published_at.is_not(None))
    return query.group_by(Delivery.post_id)


def _among(
    column: InstrumentedAttribute[int] | ColumnElement[int], ids: Sequence[int]
) -> ColumnElement[bool]:
    """``column`` IN ``ids`` with all of them in one parameter: the statement is the same for any number of ids."""
    listed = ",".join(map(str, ids))
    if db.session.get_bind().dialect.name == "postgresql":
        return column == any_(cast(literal(f"{{{listed}}}", String), ARRAY(Integer)))
    return column.in_(select(func.json_each(f"[{listed}]").table_valued("value").c.value))


def plain_rows(query: Query) -> Sequence[Any]:
    """Without the session's own work on each row, which takes longer than the query."""
    db.session.flush()
    return db.session.connection().execute(query).all()


def _grouped(rows: Iterable[Any], made: Callable[..., T]) -> dict[int, list[T]]:
    """What is ``made`` of each row's columns, by the post that comes first in the row."""
    found: dict[int, list[T]] = {}
    for post_id, *columns in rows:
        found.setdefault(post_id, []).append(made(*columns))
    return found
