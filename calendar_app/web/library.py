"""The media library: what was uploaded, where it is used, and the door by which files come in."""

from __future__ import annotations

import errno
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError

from calendar_app import library, store
from calendar_app.extensions import db
from calendar_app.models import Asset, Attachment, Post, Role
from calendar_app.web import edge, loading, sentences
from media.errors import MediaError

blueprint = loading.workspace_blueprint("library", __name__)

PAGE = 48
LONGEST_ALT = 5000
LARGEST_PAGE = 10_000
FULL_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
KINDS = ("image", "video")


@dataclass(frozen=True)
class Shelf:
    """One page of assets, in how many posts each is used, and what was searched for."""

    assets: list[Asset]
    uses: dict[int, int]
    q: str
    kind: str
    page: int
    pages: int


@blueprint.get("/library")
def index() -> Any:
    """The grid, or only its cards for a search while typing."""
    again = "HX-History-Restore-Request" in request.headers
    template = "library/_grid.html" if edge.is_htmx() and not again else "library/index.html"
    shelf = _shelf()
    return render_template(
        template, shelf=shelf, page_url=partial(_page_url, shelf), may_upload=_may_upload()
    )


@blueprint.get("/library/pick")
@loading.needs(Role.PLANNER)
def pick() -> Any:
    """The same shelf as buttons, for the composer's dialog."""
    return render_template("library/_pick.html", shelf=_shelf(), described=described)


@blueprint.get("/library/<int:asset_id>")
def show(asset_id: int) -> Any:
    """One file in a dialog: its facts, its alt text, the posts that use it."""
    asset = loading.asset(asset_id)
    return render_template(
        "library/_asset.html", asset=asset, posts=_posts_with(asset), may_upload=_may_upload()
    )


@blueprint.post("/library/upload")
@loading.needs(Role.PLANNER)
def upload() -> Any:
    """Take one file, as the body (``?name=``) or as the form field ``file``; answers what it became, as JSON."""
    try:
        asset = _kept(*_received())
    except MediaError as error:
        db.session.rollback()
        return {"error": sentences.media_error(error), "code": error.code}, 422
    except OSError as error:
        if error.errno not in FULL_DISK:
            raise
        db.session.rollback()
        return {
            "error": _("There is no room left to keep this file. Ask an admin."),
            "code": "disk_full",
        }, 507
    return described(asset), 201


@blueprint.post("/library/<int:asset_id>/alt")
@loading.needs(Role.PLANNER)
def describe(asset_id: int) -> Any:
    """Change the alt text that new posts start with; posts keep theirs."""
    asset = loading.asset(asset_id)
    asset.alt = request.form.get("alt", "").replace("\0", "").strip()[:LONGEST_ALT]
    db.session.commit()
    flash(_("The alt text is saved. Posts that use this file keep their own."), "ok")
    return redirect(url_for("library.index"))


@blueprint.post("/library/<int:asset_id>/delete")
@loading.needs(Role.PLANNER)
def delete(asset_id: int) -> Any:
    """Take a file out of the library; one in use stays, with the reason."""
    asset = loading.asset(asset_id)
    try:
        library.remove(asset)
        db.session.commit()
    except library.InUse as refusal:
        db.session.rollback()
        flash(str(refusal), "danger")
    except IntegrityError:
        db.session.rollback()
        flash(_("A post uses this file. Take it out of the post first."), "danger")
    else:
        flash(_("The file is deleted."), "ok")
    return redirect(url_for("library.index"))


def described(asset: Asset) -> dict[str, Any]:
    """An asset as the browser's scripts need it."""
    return {
        "id": asset.id,
        "name": asset.name,
        "kind": asset.kind,
        "alt": asset.alt,
        "seconds": asset.seconds if asset.kind == "video" else None,
        "length": sentences.duration(asset.seconds) if asset.kind == "video" and asset.seconds else "",
        "thumb": url_for("files.show", asset_id=asset.id, form="thumb"),
        "original": url_for("files.show", asset_id=asset.id, form="original"),
    }


blueprint.app_template_filter("lengthformat")(sentences.duration)
blueprint.app_template_filter("sizeformat")(sentences.file_size)


def _received() -> tuple[str, Path]:
    """The name and the bytes that came in, on disk beside the store."""
    form_file = request.files.get("file") if request.mimetype == "multipart/form-data" else None
    name = (form_file.filename if form_file else request.args.get("name")) or _("Untitled")
    received = store.scratch()
    try:
        with received.open("wb") as target:
            shutil.copyfileobj(form_file.stream if form_file else request.stream, target, store.CHUNK)
    except BaseException:
        received.unlink(missing_ok=True)
        raise
    return _plain(name), received


def _plain(name: str) -> str:
    """The last part of a file's name, without what can't be printed."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable()).strip() or _("Untitled")


def _kept(name: str, received: Path) -> Asset:
    """The asset made of what came in; where the same file came in twice at once, the one that was first."""
    again = received.with_suffix(".again")
    again.hardlink_to(received)
    try:
        return _added(received, name)
    except IntegrityError:
        db.session.rollback()
        return _added(again, name)
    finally:
        again.unlink(missing_ok=True)


def _added(received: Path, name: str) -> Asset:
    asset = library.add(g.workspace, received, name, current_user, edge.now())
    db.session.commit()
    return asset


def _may_upload() -> bool:
    return bool(g.membership.role.includes(Role.PLANNER))


def _page_url(shelf: Shelf, page: int) -> str:
    return url_for("library.index", q=shelf.q or None, kind=shelf.kind or None, page=page)


def _shelf() -> Shelf:
    q, kind = request.args.get("q", "").replace("\0", "").strip()[:200], request.args.get("kind", "")
    number = request.args.get("page", 1, type=int)
    page = number if 1 <= number <= LARGEST_PAGE else 1
    found = _found(q, kind)
    total = db.session.scalar(select(func.count()).select_from(found.subquery())) or 0
    newest = found.order_by(Asset.uploaded_at.desc(), Asset.id.desc())
    assets = list(db.session.scalars(newest.limit(PAGE).offset((page - 1) * PAGE)))
    return Shelf(assets, _uses(assets), q, kind, page, max(1, -(-total // PAGE)))


def _found(q: str, kind: str) -> Select[Asset]:
    found = select(Asset).where(Asset.workspace_id == g.workspace.id)
    if q:
        found = found.where(
            Asset.name.icontains(q, autoescape=True) | Asset.alt.icontains(q, autoescape=True)
        )
    return found.where(Asset.kind == kind) if kind in KINDS else found


def _uses(assets: list[Asset]) -> dict[int, int]:
    ids = [asset.id for asset in assets]
    used = (
        select(Attachment.asset_id, func.count(Attachment.post_id.distinct()))
        .where(Attachment.asset_id.in_(ids))
        .group_by(Attachment.asset_id)
    )
    return {asset_id: posts for asset_id, posts in db.session.execute(used)} if ids else {}


def _posts_with(asset: Asset) -> list[Post]:
    with_it = select(Attachment.post_id).where(Attachment.asset_id == asset.id)
    return list(
        db.session.scalars(select(Post).where(Post.id.in_(with_it)).order_by(Post.due_at.desc()).limit(50))
    )
