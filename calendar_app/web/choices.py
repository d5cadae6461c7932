"""What can be chosen in the filters of the calendar and of the list of posts."""

from __future__ import annotations

from dataclasses import dataclass

from flask import g, request
from flask_login import current_user
from sqlalchemy import select

import publishers
from calendar_app import finding, warned
from calendar_app.extensions import db
from calendar_app.models import Channel, ChannelState, Label, Membership, User
from calendar_app.web import sentences

Option = tuple[int, str]


@dataclass(frozen=True)
class Choices:
    """Rows of this workspace as (id, name), each by name; ``at_risk`` counts posts; ``states`` are words of ``standing.standing``."""

    channels: list[Option]
    owners: list[Option]
    labels: list[Option]
    at_risk: int
    states: tuple[str, ...] = finding.STATES


def choices() -> Choices:
    """What the workspace has to filter by."""
    here: int = g.workspace.id
    channels = select(Channel).where(Channel.workspace_id == here, Channel.state != ChannelState.REMOVED)
    owners = select(User.id, User.name).join(Membership).where(Membership.workspace_id == here)
    labels = select(Label.id, Label.name).where(Label.workspace_id == here)
    return Choices(
        channels=[(c.id, _channel(c)) for c in db.session.scalars(channels.order_by(Channel.handle))],
        owners=[(row.id, row.name) for row in db.session.execute(owners.order_by(User.name))],
        labels=[(row.id, row.name) for row in db.session.execute(labels.order_by(Label.name))],
        at_risk=warned.count(g.workspace, current_user).posts,
    )


def asked() -> finding.Filters:
    """The filters of this request's address; states may come in one word or as several."""
    return finding.from_query({**request.args, "state": ",".join(request.args.getlist("state"))})


def _channel(channel: Channel) -> str:
    return f"{sentences.label(publishers.get(channel.platform).label)} · {channel.handle}"
