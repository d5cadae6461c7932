"""What an empty form starts with: the time that was clicked in the calendar, the channels that go without saying."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from calendar_app import walltime
from calendar_app.extensions import db
from calendar_app.models import Channel, ChannelState, Post, User, Variant, Workspace
from calendar_app.walltime import to_wall
from calendar_app.web import composer_form
from calendar_app.web.composer_form import Typed

MORNING = 9
LEAD = timedelta(hours=1)
ROUND = timedelta(minutes=5)


def blank(workspace: Workspace, user: User, asked: MultiDict[str, str], now: datetime) -> Typed:
    """A form for ``?date=2030-03-04T09:30&zone=Europe/Berlin&channel=5``; each of them may be missing or wrong."""
    wall, zone = _clicked(asked, workspace.zone) or (to_wall(_soon(now), workspace.zone), workspace.zone)
    chosen = tuple(composer_form.row_id(each) for each in asked.getlist("channel"))
    return Typed(
        channels=chosen or _last_channels(workspace, user) or _only_channel(workspace),
        date=f"{wall:%Y-%m-%d}",
        time=f"{wall:%H:%M}",
        zone=zone,
        owner_id=user.id,
        form_key=composer_form.form_key(""),
    )


def _soon(now: datetime) -> datetime:
    """A round time about an hour from now."""
    return now + LEAD + (datetime.min.replace(tzinfo=now.tzinfo) - now) % ROUND


def _last_channels(workspace: Workspace, user: User) -> tuple[int, ...]:
    """Where this person wrote for the last time, as far as those channels still work."""
    mine = (Post.workspace_id == workspace.id, Post.author_id == user.id)
    last = select(Post.id).where(*mine).order_by(Post.created_at.desc(), Post.id.desc()).limit(1)
    found = select(Channel.id).join(Variant, Variant.channel_id == Channel.id)
    usable = found.where(Variant.post_id == last.scalar_subquery(), Channel.state == ChannelState.ACTIVE)
    return tuple(db.session.scalars(usable.order_by(Channel.id)))


def _only_channel(workspace: Workspace) -> tuple[int, ...]:
    """A workspace with a single channel need not choose it."""
    where = (Channel.workspace_id == workspace.id, Channel.state == ChannelState.ACTIVE)
    found = db.session.scalars(select(Channel.id).where(*where).limit(2)).all()
    return tuple(found) if len(found) == 1 else ()


def _clicked(asked: MultiDict[str, str], home: str) -> tuple[datetime, str] | None:
    """The wall time that was clicked, told in the workspace's zone; a day without a time means its morning."""
    text, zone = asked.get("date", ""), asked.get("zone", home)
    try:
        wall = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None
    wall = wall if "T" in text else wall.replace(hour=MORNING)
    return _at_home(wall, zone if zone in composer_form.zone_names() else home, home)


def _at_home(wall: datetime, zone: str, home: str) -> tuple[datetime, str]:
    """The same instant on the workspace's clock; a time that does not exist stays as it is, to be asked about."""
    try:
        return to_wall(walltime.resolve(wall, zone, fold=0), home), home
    except (walltime.SkippedTime, OverflowError):
        return wall, zone
