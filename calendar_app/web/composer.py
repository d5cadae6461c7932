"""Writing a post: one form for its master text and its channels, checked while one types."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from babel import Locale
from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import format_datetime, format_timedelta, get_locale
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload
from werkzeug.wrappers import Response

import publishers
from calendar_app import approval, deliveries, planning, walltime
from calendar_app.extensions import db
from calendar_app.models import Membership, Post, Role, Stage, Variant
from calendar_app.refusals import Refusal
from calendar_app.walltime import to_wall
from calendar_app.web import (
    composer_form,
    composer_live,
    composer_merge,
    composer_start,
    edge,
    fields,
    loading,
    sentences,
    wording,
)
from calendar_app.web.composer_form import Mistyped, Typed
from calendar_app.web.composer_live import Card, Desk

blueprint = loading.workspace_blueprint("composer", __name__)

SAVED_COOKIE = "almanac_saved"
DAY = 24 * 3600
GRACES = (5, 15, 30, 60, 120, 360, 720, 1440)
LANGUAGES = ("en", "zh-Hant", "zh-Hans", "ja", "ko", "de", "es", "fr", "id", "it", "ms", "pt", "th", "vi")


@dataclass
class Page:
    """Everything the composer's templates read, loaded before they are drawn."""

    typed: Typed
    rows: Desk
    cards: list[Card]
    when: composer_live.When
    post: Post | None = None
    refusal: Refusal | None = None
    restored: bool = False

    @property
    def gone(self) -> bool:
        """Whether it names a channel or file that is not there."""
        return composer_live.missing(self.typed, self.rows)

    @property
    def elsewhere(self) -> bool:
        """Whether the reader's clock shows another time than the one typed."""
        instant = self.when.instant
        return instant is not None and to_wall(instant, current_user.zone) != to_wall(
            instant, self.typed.zone
        )

    @property
    def wrong(self) -> str:
        """The field that the refusal is about, if it is about one."""
        if isinstance(self.refusal, Mistyped):
            return self.refusal.field
        is_time = isinstance(self.refusal, (planning.PastTime, walltime.SkippedTime, walltime.RepeatedTime))
        return "date" if is_time else ""


@blueprint.route("/posts/new", methods=["GET", "POST"])
@loading.needs(Role.PLANNER)
def new() -> Any:
    """An empty form for the day that was clicked, or the post that was written in it."""
    if request.method == "GET":
        return _show(composer_start.blank(g.workspace, current_user, request.args, edge.now()))
    typed = _typed()
    if "restore" in request.form:
        return _show(typed, restored=True)
    known = _written_with(typed.form_key)
    if known is None:
        return _keep(typed, None)
    return _keep(replace(typed, revision=1), known)


@blueprint.route("/posts/<int:post_id>/edit", methods=["GET", "POST"])
@loading.needs(Role.PLANNER)
def edit(post_id: int) -> Any:
    """A saved post in the form; a save grows its revision."""
    post = loading.post(post_id)
    if request.method == "GET":
        return _all_out(post) or _show(composer_form.from_post(post), post)
    typed = _typed()
    if "restore" in request.form:
        return _show(typed, post, restored=True)
    if "resolve" in request.form and typed.revision == post.revision:
        typed = composer_merge.merged(typed, composer_form.from_post(post), _taken())
    return _keep(typed, post)


@blueprint.post("/posts/check")
@loading.needs(Role.PLANNER)
def check() -> Any:
    """Previews, counters and problems of what is typed so far; nothing is saved."""
    typed = _typed()
    post_id = request.args.get("post")
    page = _page(typed, loading.post(composer_form.row_id(post_id)) if post_id else None)
    return render_template(
        "composer/_live.html", page=page, announcement=composer_live.announcement(page.cards)
    )


def _typed() -> Typed:
    """What was posted; a post without an owner is the writer's."""
    typed = composer_form.from_form(request.form)
    return typed if typed.owner_id else replace(typed, owner_id=current_user.id)


def _keep(typed: Typed, post: Post | None) -> Any:
    """Save, and submit where that was asked; a refusal shows the form again with all that was typed."""
    try:
        saved = _saved(typed, post)
        _submit_if_asked(saved)
        db.session.commit()
    except planning.StaleEdit as refusal:
        db.session.rollback()
        return _compare(typed, refusal.post)
    except Refusal as refusal:
        db.session.rollback()
        return _show(typed, post, refusal=refusal), 422
    return _to_post(saved, typed.form_key)


def _saved(typed: Typed, post: Post | None) -> Post:
    now, draft = edge.now(), typed.draft(post)
    if post is not None:
        unchanged = composer_merge.same(typed, composer_form.from_post(post))
        return post if unchanged else planning.save(post, draft, typed.revision, current_user, now)
    try:
        return planning.write(g.workspace, draft, current_user, now, typed.form_key)
    except IntegrityError:  # The same form came in twice at once, and the other one was first.
        db.session.rollback()
        key = typed.form_key if _written_with(typed.form_key) else composer_form.form_key("")
        return planning.write(g.workspace, draft, current_user, now, key)


def _submit_if_asked(post: Post) -> None:
    if request.form.get("action") == "submit" and post.stage not in (Stage.SUBMITTED, Stage.APPROVED):
        approval.submit(post, current_user, edge.now())


def _to_post(post: Post, form_key: str) -> Response:
    """On to the post; the cookie tells the page's script that its own copy of the words can go."""
    flash(_("Sent for approval.") if post.stage == Stage.SUBMITTED else _("Saved."), "ok")
    response = redirect(url_for("posts.show", post_id=post.id))
    response.set_cookie(SAVED_COOKIE, form_key, max_age=DAY, samesite="Lax", secure=request.is_secure)
    return response


def _compare(mine: Typed, post: Post) -> Any:
    """Both versions side by side; nothing is lost, and the person says which parts to keep."""
    theirs = composer_form.from_post(post)
    parts = composer_merge.differing(mine, theirs)
    page = _page(mine, post)
    both = composer_live.desk(g.workspace, replace(theirs, media=(*theirs.media, *mine.media)), post)
    assets = {**page.rows.assets, **both.assets}
    shown = render_template(
        "composer/conflict.html",
        page=page,
        theirs=theirs,
        parts=parts,
        post=post,
        assets=assets,
        **_choices(mine),
    )
    return shown, 409


def _taken() -> list[str]:
    """The parts of which the other person's version was chosen."""
    return [name.removeprefix("take-") for name, whose in request.form.items() if whose == "theirs"]


def _show(
    typed: Typed, post: Post | None = None, *, refusal: Refusal | None = None, restored: bool = False
) -> str:
    page = _page(typed, post)
    page.refusal, page.restored = refusal, restored
    announcement = composer_live.announcement(page.cards)
    return render_template("composer/edit.html", page=page, announcement=announcement, **_choices(typed))


def _page(typed: Typed, post: Post | None) -> Page:
    rows = composer_live.desk(g.workspace, typed, post)
    when = composer_live.when(typed, edge.now(), post)
    return Page(typed, rows, composer_live.cards(typed, rows), when, post)


def _choices(typed: Typed) -> dict[str, Any]:
    """What the selects offer."""
    members = select(Membership).where(Membership.workspace_id == g.workspace.id)
    return {
        "labels": list(g.workspace.labels),
        "members": db.session.scalars(members.options(selectinload(Membership.user))).all(),
        "zones": [(zone.value, zone.label) for zone in fields.zones()],
        "graces": sorted({*GRACES, composer_form.row_id(typed.grace)} - {0}),
        "languages": _languages(typed.language),
        "chosen_options": wording.chosen_options,
        "options": lambda channel: publishers.get(channel.platform).options_of(channel.traits),
        "declarations": sentences.DECLARATIONS,
    }


def _languages(chosen: str) -> list[tuple[str, str]]:
    tags = LANGUAGES if chosen in LANGUAGES or not chosen else (*LANGUAGES, chosen)
    return [("", _("Not stated")), *((tag, _language_name(tag)) for tag in tags)]


def _language_name(tag: str) -> str:
    try:
        return Locale.parse(tag, sep="-").get_display_name(get_locale() or "en") or tag
    except (ValueError, LookupError):
        return tag


@blueprint.app_template_filter("wallformat")
def wallformat(wall: datetime) -> str:
    """A naive wall time as the reader writes it, in no zone."""
    return str(format_datetime(wall, "short", rebase=False))


@blueprint.app_template_filter("untilformat")
def untilformat(instant: datetime) -> str:
    """How far off an instant is: in 3 hours."""
    return str(format_timedelta(instant - edge.now(), add_direction=True))


@blueprint.app_template_filter("graceformat")
def graceformat(minutes: int) -> str:
    """A number of minutes as a length of time: 2 hours."""
    return str(format_timedelta(timedelta(minutes=minutes)))


def _written_with(form_key: str) -> Post | None:
    written = select(Post).where(Post.form_key == form_key, Post.workspace_id == g.workspace.id)
    return db.session.scalar(written)


def _all_out(post: Post) -> Response | None:
    """Where nothing of a post can change any more, it is shown and not edited."""
    variants = db.session.scalars(select(Variant).where(Variant.post_id == post.id)).all()
    if not variants or not all(deliveries.is_out(variant) for variant in variants):
        return None
    flash(_("This post is out on all of its channels. Duplicate it to say it again."), "info")
    return redirect(url_for("posts.show", post_id=post.id))
