"""What the coming week needs, read from the real ledger as plain rows; nothing is written there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, func, or_, select

from calendar_app import content, parcels
from calendar_app.extensions import db
from calendar_app.models import (
    Asset,
    Attachment,
    Attempt,
    Channel,
    Delivery,
    Hold,
    Post,
    Rendition,
    Stage,
    State,
    Variant,
    Workspace,
)
from calendar_app.pacing import MAYBE_OUT

LENGTH = timedelta(days=7)
# Longer than the window of any quota: a month of 31 days in whatever zone.
REMEMBERED = timedelta(days=32)
MOST = 2000
Row = dict[str, Any]
TABLES: tuple[Any, ...] = (Workspace, Channel, Asset, Rendition, Post, Variant, Attachment, Delivery)


@dataclass(frozen=True)
class Week:
    """Rows by table, to be inserted in the order of ``TABLES``.

    ``approved`` are the deliveries whose seal is that of what would be sent, ``sent`` is when each channel posted or may
    have, ``waiting`` how many posts of the week nobody has approved yet. ``left_out`` counts deliveries beyond ``MOST``.
    """

    begins: datetime
    ends: datetime
    zone: str
    rows: Mapping[str, list[Row]]
    approved: frozenset[int]
    sent: tuple[tuple[int, datetime], ...]
    waiting: int
    left_out: int

    @property
    def deliveries(self) -> int:
        """How many are rehearsed."""
        return len(self.rows["delivery"])


def gather(workspace: Workspace, now: datetime) -> Week:
    """The deliveries of the coming seven days and all that they need. Reads only."""
    ends = now + LENGTH
    wanted = _coming(workspace.id, now, ends)
    ids = list(db.session.scalars(select(Delivery.id).where(*wanted).order_by(Delivery.due_at).limit(MOST)))
    in_all = db.session.scalar(select(func.count(Delivery.id)).where(*wanted)) or 0
    rows = _rows(workspace.id, ids)
    return Week(
        begins=now,
        ends=ends,
        zone=workspace.zone,
        rows=rows,
        approved=frozenset(_approved(ids)),
        sent=tuple(_sent([row["id"] for row in rows["channel"]], now)),
        waiting=_waiting(workspace.id, now, ends),
        left_out=in_all - len(ids),
    )


def _coming(workspace_id: int, now: datetime, ends: datetime) -> tuple[ColumnElement[bool], ...]:
    """What is scheduled, and what is held already though its time is still to come."""
    scheduled = and_(Delivery.state == State.SCHEDULED, Delivery.due_at < ends)
    is_held = and_(Delivery.state == State.HELD, Delivery.held_reason != Hold.HANDOVER)
    held = and_(is_held, Delivery.promised_at >= now, Delivery.promised_at < ends)
    return (Delivery.workspace_id == workspace_id, Delivery.variant_id.is_not(None), or_(scheduled, held))


def _rows(workspace_id: int, delivery_ids: list[int]) -> dict[str, list[Row]]:
    found = {"delivery": _read(Delivery, Delivery.id.in_(delivery_ids))}
    posts, variants = _ids(found["delivery"], "post_id"), _ids(found["delivery"], "variant_id")
    own = or_(Attachment.variant_id.is_(None), Attachment.variant_id.in_(variants))
    found |= {
        "workspace": _read(Workspace, Workspace.id == workspace_id),
        "channel": _read(Channel, Channel.id.in_(_ids(found["delivery"], "channel_id"))),
        "post": _read(Post, Post.id.in_(posts)),
        "variant": _read(Variant, Variant.id.in_(variants)),
        "attachment": _read(Attachment, Attachment.post_id.in_(posts), own),
    }
    assets = _ids(found["attachment"], "asset_id")
    found["asset"] = _read(Asset, Asset.id.in_(assets))
    found["rendition"] = _read(Rendition, Rendition.asset_id.in_(assets))
    return found


def _read(model: Any, *where: ColumnElement[bool]) -> list[Row]:
    table: Table = model.__table__
    return [_alone(table, dict(row)) for row in db.session.execute(select(table).where(*where)).mappings()]


def _alone(table: Table, row: Row) -> Row:
    """Without what leads to rows that stay behind, such as people."""
    copied = {model.__tablename__ for model in TABLES}
    for column in table.columns:
        if any(key.column.table.name not in copied for key in column.foreign_keys):
            row[column.name] = None
    return row


def _ids(rows: Iterable[Row], name: str) -> list[int]:
    return sorted({row[name] for row in rows})


def _approved(delivery_ids: list[int]) -> Iterable[int]:
    query = select(Delivery).where(Delivery.id.in_(delivery_ids)).options(*parcels.whole())
    for delivery in db.session.scalars(query).unique():
        if delivery.variant is not None and content.digest(delivery.variant) == delivery.digest:
            yield delivery.id


def _sent(channel_ids: list[int], now: datetime) -> Iterable[tuple[int, datetime]]:
    """What counts towards the quotas of the channels: what went out, and what may have."""
    here, since = Delivery.channel_id.in_(channel_ids), now - REMEMBERED
    out = select(Delivery.channel_id, Delivery.published_at).where(here, Delivery.published_at > since)
    maybe = (
        select(Delivery.channel_id, func.max(Attempt.sent_at))
        .join(Attempt, Attempt.delivery_id == Delivery.id)
        .where(here, Delivery.state.in_(MAYBE_OUT), Attempt.sent_at > since)
        .group_by(Delivery.id, Delivery.channel_id)
    )
    for query in (out, maybe):
        yield from ((channel_id, instant) for channel_id, instant in db.session.execute(query) if instant)


def _waiting(workspace_id: int, now: datetime, ends: datetime) -> int:
    """Posts that were submitted for the week and that nobody has approved yet."""
    of_the_week = (Post.workspace_id == workspace_id, Post.due_at >= now, Post.due_at < ends)
    query = select(func.count(Post.id)).where(*of_the_week, Post.stage == Stage.SUBMITTED)
    return db.session.scalar(query) or 0
