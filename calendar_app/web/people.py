"""The people of a workspace: who they are, what they may do, how they come in."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, session, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from calendar_app import people as verbs
from calendar_app.extensions import db
from calendar_app.models import Membership, Role, User
from calendar_app.settings import config
from calendar_app.web import edge, loading
from calendar_app.web.people_forms import MAY, InviteForm, RoleForm

blueprint = loading.workspace_blueprint("people", __name__)
FRESH = "fresh_invitation"


@blueprint.get("/people")
def index() -> str:
    """Everyone here; an invitation made a moment ago is shown once."""
    return _page(InviteForm(formdata=None), session.pop(FRESH, None))


@blueprint.post("/people")
@loading.needs(Role.ADMIN)
def invite() -> Any:
    form = InviteForm()
    if not form.validate_on_submit():
        return _page(form), 422
    try:
        user, token = _invite(form)
    except verbs.AlreadyMember as refusal:
        form.refuse(refusal, "email")
        return _page(form), 422
    db.session.commit()
    _show_once(user, token)
    return redirect(url_for("people.index"))


@blueprint.post("/people/<int:member_id>/role")
@loading.needs(Role.ADMIN)
def change_role(member_id: int) -> Response:
    member, form = loading.member(member_id), RoleForm()
    if not form.validate_on_submit():
        return redirect(url_for("people.index"))
    verbs.change_role(member, form.role.data)
    db.session.commit()
    flash(_("%(name)s has a new role.", name=member.user.name), "ok")
    return redirect(url_for("people.index"))


@blueprint.post("/people/<int:member_id>/invitation")
@loading.needs(Role.ADMIN)
def renew_invitation(member_id: int) -> Response:
    """A new link for someone who has not come in yet; the older one dies."""
    member = loading.member(member_id)
    if member.user.password_hash is None:
        token = verbs.renew_invitation(member.user, edge.now())
        db.session.commit()
        _show_once(member.user, token)
    return redirect(url_for("people.index"))


@blueprint.post("/people/<int:member_id>/remove")
@loading.needs(Role.ADMIN)
def remove(member_id: int) -> Response:
    member = loading.member(member_id)
    name = member.user.name
    verbs.remove_member(member)
    db.session.commit()
    flash(_("%(name)s is no longer in this workspace.", name=name), "ok")
    return redirect(url_for("people.index"))


def _invite(form: InviteForm) -> tuple[User, str | None]:
    """Someone new begins in the language of who invites."""
    whom = (form.email.data, form.name.data, form.role.data)
    return verbs.invite(g.workspace, *whom, edge.now(), locale=current_user.locale)


def _show_once(user: User, token: str | None) -> None:
    if token is None:
        flash(_("%(name)s was added and can come in with their own password.", name=user.name), "ok")
        return
    link = config().base_url + url_for("auth.invitation", token=token)
    session[FRESH] = {"name": user.name, "link": link}


def _page(form: InviteForm, fresh: dict[str, str] | None = None) -> str:
    return render_template("people/index.html", members=_members(), form=form, fresh=fresh, may=MAY)


def _members() -> list[Membership]:
    query = (
        select(Membership)
        .join(Membership.user)
        .options(joinedload(Membership.user))
        .where(Membership.workspace_id == g.workspace.id)
        .order_by(User.name)
    )
    return list(db.session.scalars(query))
