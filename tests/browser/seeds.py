"""What a test needs to be there before it begins, made by the verbs and not by clicks."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from calendar_app import approval, planning, walltime
from calendar_app.extensions import db
from calendar_app.models import Channel, ChannelState, Delivery, Post, State, User, Workspace
from tests.browser.estate import ADMIN, PLANNER, SLUG, Estate
from tests.browser.steps import ZONE


def person(email: str) -> User:
    return db.session.scalars(select(User).where(User.email == email)).one()


def workspace(slug: str) -> Workspace:
    return db.session.scalars(select(Workspace).where(Workspace.slug == slug)).one()


def post(post_id: int) -> Post:
    return db.session.get_one(Post, post_id)


def draft(estate: Estate, text: str, due_at: datetime) -> int:
    """A draft of the demo's planner for both of the demo's channels."""
    with estate.writing() as now:
        return _write(workspace(SLUG), person(PLANNER), text, due_at, now).id


def approved_by_its_author(estate: Estate, slug: str, text: str, due_at: datetime) -> int:
    """A post of the admin's, in a workspace where one person does everything."""
    with estate.writing() as now:
        home, admin = workspace(slug), person(ADMIN)
        home.allows_self_approval = True
        post = _write(home, admin, text, due_at, now)
        approval.submit(post, admin, now)
        approval.approve(post, post.revision, admin, now)
        return post.id


def state_of(estate: Estate, post_id: int) -> set[State]:
    """How its deliveries stand now."""
    with estate.writing():
        return set(db.session.scalars(select(Delivery.state).where(Delivery.post_id == post_id)))


def count_saying(estate: Estate, words: str) -> int:
    """How many posts have these words."""
    with estate.writing():
        return db.session.scalar(select(func.count(Post.id)).where(Post.text.contains(words))) or 0


def _write(home: Workspace, by: User, text: str, due_at: datetime, now: datetime) -> Post:
    where = (Channel.workspace_id == home.id, Channel.state != ChannelState.REMOVED)
    channels = db.session.scalars(select(Channel.id).where(*where))
    return planning.write(
        home,
        planning.PostDraft(
            text=text,
            wall_time=walltime.to_wall(due_at, ZONE),
            zone=ZONE,
            variants=tuple(planning.VariantDraft(channel) for channel in channels),
        ),
        by,
        now,
    )
