"""What waits for a verdict, and for whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, or_, select, true
from sqlalchemy.orm import joinedload, selectinload

from calendar_app.extensions import db
from calendar_app.models import Approval, Asset, Attachment, Membership, Post, Role, Stage, Variant

MOST = 30


@dataclass(frozen=True)
class Queue:
    """Submitted posts, soonest due first: ``mine`` to decide, ``others`` for someone else.

    Each list is cut at ``MOST``; ``mine_in_all`` also counts what lies behind the cut.
    """

    mine: list[Post]
    others: list[Post]
    mine_in_all: int


def queue(member: Membership) -> Queue:
    """What waits in the member's workspace, each post with all that its preview needs."""
    return Queue(
        mine=_submitted(member, _mine(member)),
        others=_submitted(member, not_(_mine(member))),
        mine_in_all=count(member),
    )


def count(member: Membership) -> int:
    """How many posts wait for this member."""
    if not member.role.includes(Role.APPROVER):
        return 0
    query = select(func.count()).select_from(Post).where(_waits(member), _mine(member))
    return db.session.scalar(query) or 0


def one(post_id: int) -> Post:
    """A post as ``queue`` gives it, read afresh."""
    query = select(Post).where(Post.id == post_id).options(*_with_preview())
    return db.session.scalars(query.execution_options(populate_existing=True)).unique().one()


def _submitted(member: Membership, whose: ColumnElement[bool]) -> list[Post]:
    query = select(Post).where(_waits(member), whose).options(*_with_preview())
    return list(db.session.scalars(query.order_by(Post.due_at, Post.id).limit(MOST)).unique())


def _waits(member: Membership) -> ColumnElement[bool]:
    return and_(Post.workspace_id == member.workspace_id, Post.stage == Stage.SUBMITTED)


def _mine(member: Membership) -> ColumnElement[bool]:
    """What ``approval.may_approve`` says of one post, as a condition over all of them."""
    if not member.role.includes(Role.APPROVER):
        return not_(true())
    if member.workspace.allows_self_approval:
        return true()
    hands = (Post.author_id, Post.edited_by_id)
    return not_(or_(*(and_(hand.is_not(None), hand == member.user_id) for hand in hands)))


def _with_preview() -> tuple[Any, ...]:
    return (
        joinedload(Post.workspace),
        joinedload(Post.owner),
        joinedload(Post.edited_by),
        selectinload(Post.labels),
        _files(selectinload(Post.attachments)),
        selectinload(Post.approvals).joinedload(Approval.by),
        selectinload(Post.variants).options(
            joinedload(Variant.channel),
            joinedload(Variant.delivery),
            _files(selectinload(Variant.own_attachments)),
        ),
    )


def _files(attachments: Any) -> Any:
    return attachments.joinedload(Attachment.asset).selectinload(Asset.renditions)
