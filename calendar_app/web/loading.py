"""The one way a view gets a row: of this workspace or 404, and for someone with the role or 403."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Blueprint, abort, g, session
from flask_login import current_user
from sqlalchemy import ColumnElement, false, select
from sqlalchemy.orm import joinedload

from calendar_app import people
from calendar_app.extensions import db, login
from calendar_app.models import (
    Asset,
    Channel,
    ChannelState,
    Delivery,
    FollowUp,
    Label,
    Membership,
    Post,
    Role,
    Workspace,
)

P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M")
LARGEST_ID = 2**31 - 1
LAST = "workspace"


def workspace_blueprint(name: str, import_name: str) -> Blueprint:
    """A blueprint under ``/w/<slug>`` for members only; its views find ``g.workspace`` and ``g.membership``."""
    blueprint = Blueprint(name, import_name, url_prefix="/w/<slug>")
    blueprint.url_value_preprocessor(_take_slug)
    blueprint.url_defaults(_give_slug)
    blueprint.before_request(_enter)
    return blueprint


def needs(role: Role) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a view be used only by members whose role includes ``role``."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            require(role)
            return view(*args, **kwargs)

        return guarded

    return decorate


def require(role: Role) -> None:
    """403 when the current member's role does not include ``role``."""
    if not g.membership.role.includes(role):
        abort(403)


def post(post_id: int) -> Post:
    return _own(Post, post_id)


def channel(channel_id: int) -> Channel:
    """A channel of this workspace that was not removed."""
    found = _own(Channel, channel_id)
    return found if found.state != ChannelState.REMOVED else abort(404)


def asset(asset_id: int) -> Asset:
    return _own(Asset, asset_id)


def delivery(delivery_id: int) -> Delivery:
    return _own(Delivery, delivery_id)


def follow_up(follow_id: int) -> FollowUp:
    """What follows a delivery of this workspace."""
    query = select(FollowUp).join(FollowUp.delivery).where(Delivery.workspace_id == g.workspace.id)
    known = query.where(FollowUp.id == follow_id) if follow_id <= LARGEST_ID else query.where(false())
    return db.session.scalar(known) or abort(404)


def deliveries(*where: ColumnElement[bool]) -> list[Delivery]:
    """This workspace's deliveries with their posts and channels, by the promised instant; at most 200."""
    query = (
        select(Delivery)
        .options(joinedload(Delivery.post), joinedload(Delivery.channel))
        .where(Delivery.workspace_id == g.workspace.id, *where)
        .order_by(Delivery.promised_at)
        .limit(200)
    )
    return list(db.session.scalars(query))


def label(label_id: int) -> Label:
    return _own(Label, label_id)


def member(member_id: int) -> Membership:
    return _own(Membership, member_id)


def _own(model: type[M], row_id: int) -> M:
    if row_id > LARGEST_ID:
        abort(404)
    columns: Any = model
    query = select(model).where(columns.id == row_id, columns.workspace_id == g.workspace.id)
    return db.session.scalar(query) or abort(404)


def _take_slug(endpoint: str | None, values: dict[str, Any] | None) -> None:
    g.slug = (values or {}).pop("slug", None)


def _give_slug(endpoint: str, values: dict[str, Any]) -> None:
    if "slug" not in values and g.get("slug"):
        values["slug"] = g.slug


def _enter() -> Any:
    if not current_user.is_authenticated:
        return login.unauthorized()
    workspace = db.session.scalar(select(Workspace).where(Workspace.slug == g.slug))
    membership = people.membership(current_user, workspace) if workspace else None
    if membership is None:
        abort(404)
    g.workspace, g.membership = workspace, membership
    if session.get(LAST) != g.slug:
        session[LAST] = g.slug
    return None


def keep_workspace() -> None:
    """Outside of any workspace, show the navigation of the one that was open last."""
    if not current_user.is_authenticated:
        return
    mine = people.workspaces_of(current_user)
    workspace = next((each for each in mine if each.slug == session.get(LAST)), mine[0] if mine else None)
    if workspace is not None:
        g.workspace, g.membership = workspace, people.membership(current_user, workspace)
