"""Workspaces: choosing one, making one, and its settings, labels and emergency brake."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user, login_required
from werkzeug.wrappers import Response

from calendar_app import channels, people
from calendar_app.extensions import db
from calendar_app.models import Delivery, Role
from calendar_app.web import edge, loading
from calendar_app.web.workspace_forms import LabelForm, NewWorkspaceForm, PauseForm, SettingsForm

door = Blueprint("door", __name__)
door.before_request(loading.keep_workspace)
blueprint = loading.workspace_blueprint("workspaces", __name__)


@door.get("/workspaces")
@login_required
def index() -> Any:
    """Every workspace of the reader, and a form for a new one."""
    return render_template("workspaces/index.html", form=NewWorkspaceForm(zone=current_user.zone))


@door.post("/workspaces")
@login_required
def create() -> Any:
    form = NewWorkspaceForm()
    if not form.validate_on_submit():
        return render_template("workspaces/index.html", form=form), 422
    workspace = people.add_workspace(form.name.data, form.zone.data, current_user, edge.now())
    db.session.commit()
    return redirect(url_for("workspaces.home", slug=workspace.slug))


@door.get("/start")
@login_required
def last() -> Response:
    """The workspace that was open last, else the first, else the list."""
    if g.get("workspace") is None:
        return redirect(url_for("door.index"))
    return redirect(url_for("workspaces.home", slug=g.workspace.slug))


@blueprint.get("")
def home() -> Response:
    """A workspace opens on its calendar."""
    return redirect(url_for("calendar.index"))


@blueprint.route("/settings", methods=["GET", "POST"])
@loading.needs(Role.ADMIN)
def settings() -> Any:
    """Name, zone, and whether authors may approve their own posts."""
    form = SettingsForm(obj=g.workspace)
    if not form.validate_on_submit():
        return _settings_page(form=form), 422 if form.is_submitted() else 200
    form.populate_obj(g.workspace)
    db.session.commit()
    flash(_("Saved."), "ok")
    return redirect(url_for("workspaces.settings"))


@blueprint.post("/labels")
@loading.needs(Role.ADMIN)
def add_label() -> Any:
    form = LabelForm(workspace=g.workspace)
    if not form.validate_on_submit():
        return _settings_page(label_form=form), 422
    g.workspace.labels.append(form.label())
    db.session.commit()
    return redirect(url_for("workspaces.settings", _anchor="labels"))


@blueprint.post("/labels/<int:label_id>/remove")
@loading.needs(Role.ADMIN)
def remove_label(label_id: int) -> Response:
    label = loading.label(label_id)
    db.session.delete(label)
    db.session.commit()
    flash(_("Label %(name)s removed.", name=label.name), "ok")
    return redirect(url_for("workspaces.settings", _anchor="labels"))


@blueprint.post("/pause")
@loading.needs(Role.ADMIN)
def pause() -> Any:
    """Stop everything of this workspace, from this second."""
    form = PauseForm()
    if not form.validate_on_submit():
        return _settings_page(pause_form=form), 422
    stopped = channels.pause_workspace(g.workspace, form.reason.data or "", edge.now())
    db.session.commit()
    flying = loading.deliveries(Delivery.id.in_(stopped.in_flight))
    return render_template("channels/stopped.html", stopped=stopped, channel=None, flying=flying)


@blueprint.post("/resume")
@loading.needs(Role.ADMIN)
def resume() -> Any:
    resumed = channels.resume_workspace(g.workspace, edge.now())
    db.session.commit()
    flash(
        _("%(count)s scheduled again, %(missed)s missed.", count=resumed.scheduled, missed=resumed.missed),
        "ok",
    )
    return redirect(url_for("channels.index"))


def _settings_page(**forms: Any) -> str:
    forms.setdefault("form", SettingsForm(formdata=None, obj=g.workspace))
    forms.setdefault("label_form", LabelForm(formdata=None, workspace=g.workspace))
    forms.setdefault("pause_form", PauseForm(formdata=None))
    return render_template("workspaces/settings.html", **forms)
