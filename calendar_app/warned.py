"""Which deliveries something could stop, as ``preflight`` last found it: counted, listed, and by post."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, case, func, select, true
from sqlalchemy.orm import contains_eager, joinedload

from calendar_app import ahead
from calendar_app.extensions import db
from calendar_app.models import Delivery, Post, User, Workspace
from calendar_app.models._base import Json

MOST_SHOWN = 20


@dataclass(frozen=True)
class AtRisk:
    """How many ``posts`` are warned, how many of them are one's ``own``, and the first of their deliveries."""

    posts: int
    own: int
    deliveries: tuple[Delivery, ...] = ()


def of_posts(post_ids: Sequence[int]) -> dict[tuple[int, int], list[Json]]:
    """The warnings of these posts, by post and channel."""
    if not post_ids:
        return {}
    query = select(Delivery.post_id, Delivery.channel_id, Delivery.warnings)
    rows = db.session.execute(query.where(Delivery.post_id.in_(post_ids), ahead.IS_WARNED))
    return {(post_id, channel_id): found or [] for post_id, channel_id, found in rows}


def count(workspace: Workspace, user: User) -> AtRisk:
    """How many posts of the workspace something could stop, and how many of them are this user's."""
    own = case((Post.owner_id == user.id, Post.id))
    query = select(func.count(Post.id.distinct()), func.count(own.distinct())).select_from(Delivery)
    query = query.join(Post, Post.id == Delivery.post_id)
    return AtRisk(*db.session.execute(query.where(*_here(workspace))).one())


def at_risk(workspace: Workspace, user: User) -> AtRisk:
    """The same with the deliveries: this user's own first, then by their time; at most ``MOST_SHOWN``."""
    others = func.coalesce(Post.owner_id != user.id, true())
    query = select(Delivery).join(Post, Post.id == Delivery.post_id).where(*_here(workspace))
    query = query.options(joinedload(Delivery.channel), contains_eager(Delivery.post))
    found = db.session.scalars(query.order_by(others, Delivery.due_at, Delivery.id).limit(MOST_SHOWN))
    return replace(count(workspace, user), deliveries=tuple(found))


def _here(workspace: Workspace) -> tuple[ColumnElement[bool], ...]:
    return (Delivery.workspace_id == workspace.id, ahead.IS_WARNED)
