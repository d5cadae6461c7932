"""The views of a hand-off, the same for who is logged in and for who came by a link."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Response as FlaskResponse
from flask import abort, flash, redirect, render_template, request, send_file
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from calendar_app import handing, library, store
from calendar_app.extensions import db
from calendar_app.handing import Phase
from calendar_app.models import Asset
from calendar_app.refusals import Refusal
from calendar_app.web import edge, sentences
from calendar_app.web.files import THUMBNAIL
from calendar_app.web.handoff_forms import DoneForm, PassOnForm
from calendar_app.web.handoff_page import OPEN, Visit, files_of, page
from media.errors import MediaError


class NoPicture(Refusal):
    """What was uploaded as a screenshot is none."""


def show(visit: Visit, form: DoneForm | None = None, passing: PassOnForm | None = None) -> Any:
    """The page, with a form that was refused where there is one."""
    shown = page(visit, edge.now())
    refused = form is not None or passing is not None
    html = render_template(
        "handoff/show.html",
        page=shown,
        form=form or DoneForm(formdata=None, seen=visit.delivery.digest),
        passing=passing or PassOnForm(formdata=None),
        is_passing=passing is not None,
        now=edge.now(),
    )
    return html, 422 if refused else 200


def state(visit: Visit) -> Any:
    """What the open page compares itself with."""
    return {"phase": handing.phase(visit.delivery, edge.now()), "seen": visit.delivery.digest}


def done(visit: Visit) -> Any:
    """They posted it."""
    form = DoneForm()
    if not form.validate():
        return show(visit, form)
    delivery_id = visit.delivery.id
    try:
        evidence = _kept(visit, form.evidence.data) if form.evidence.data else None
        handing.done(
            visit.delivery,
            visit.user,
            edge.now(),
            seen=form.seen.data or "",
            url=form.url.data or "",
            evidence=evidence,
        )
        db.session.commit()
    except (Refusal, MediaError) as error:
        return _refused(visit, delivery_id, form, error)
    return redirect(visit.address("show"))


def pass_on(visit: Visit) -> Any:
    """They can't post it."""
    form = PassOnForm()
    if not form.validate():
        return show(visit, passing=form)
    delivery_id = visit.delivery.id
    try:
        handing.passed_on(visit.delivery, visit.user, edge.now(), form.reason.data)
        db.session.commit()
    except Refusal as refusal:
        return _refused(visit, delivery_id, None, refusal)
    flash(_("Noted. It stays here for whoever posts it."), "info")
    return redirect(visit.address("show"))


def file(visit: Visit, number: int) -> FlaskResponse:
    """One file in the form that fits the app, or its small picture; only while it may be posted."""
    if handing.phase(visit.delivery, edge.now()) not in OPEN:
        abort(404)
    files, _trouble = files_of(visit.delivery)
    chosen = next((each for each in files if each.number == number), None) or abort(404)
    if "thumb" in request.args:
        return _sent(store.path_of(chosen.asset.thumbnail_sha256 or ""), THUMBNAIL, chosen.name)
    return _sent(chosen.media.path, chosen.media.mime, chosen.name)


def _sent(path: Path, mime: str, name: str) -> FlaskResponse:
    if not path.is_file():
        abort(404)
    response = send_file(
        path, mimetype=mime, as_attachment="download" in request.args, download_name=name, conditional=True
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _kept(visit: Visit, upload: FileStorage) -> Asset:
    """The screenshot, in the brand's library. Raises ``NoPicture`` and the errors of ``media.errors``."""
    received = store.scratch()
    upload.save(received)
    workspace, name = visit.delivery.post.workspace, _("Screenshot of a post")
    asset = library.add(workspace, received, name, visit.user, edge.now())
    if asset.kind != "image":
        raise NoPicture(_("Choose a picture: a screenshot of the post."))
    return asset


def _refused(visit: Visit, delivery_id: int, form: DoneForm | None, error: Refusal | MediaError) -> Any:
    """Undo, and show how it stands now with the reason."""
    db.session.rollback()
    fresh = handing.load(delivery_id) or abort(404)
    visit = Visit(fresh, visit.member, visit.address)
    said = sentences.media_error(error) if isinstance(error, MediaError) else str(error)
    if form is None or handing.phase(fresh, edge.now()) not in (Phase.HANDED, Phase.STOPPED):
        flash(said, "danger")
        return redirect(visit.address("show"))
    form.seen.data = fresh.digest
    form.form_errors.append(said)
    return show(visit, form)
