"""A person's own settings."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import refresh
from flask_login import current_user, login_required, login_user
from werkzeug.wrappers import Response

from calendar_app import people
from calendar_app.extensions import db, limiter
from calendar_app.web import loading
from calendar_app.web.locale import THEME_COOKIE, remember
from calendar_app.web.profile_forms import PasswordForm, ProfileForm

blueprint = Blueprint("profile", __name__, url_prefix="/profile")
blueprint.before_request(loading.keep_workspace)


@blueprint.route("", methods=["GET", "POST"])
@login_required
def index() -> Any:
    """Name, language, zone, first day of the week and appearance."""
    form = ProfileForm(obj=current_user, data={"theme": request.cookies.get(THEME_COOKIE, "auto")})
    if not form.validate_on_submit():
        return _page(form=form), 422 if form.is_submitted() else 200
    for name in ("name", "locale", "zone", "first_weekday"):
        setattr(current_user, name, form[name].data)
    db.session.commit()
    refresh()
    flash(_("Saved."), "ok")
    return _remember_theme(redirect(url_for("profile.index")), form.theme.data)


@blueprint.post("/password")
@login_required
@limiter.limit("10 per minute")
def password() -> Any:
    """A new password; every other session ends, this one goes on."""
    form = PasswordForm()
    if not form.validate_on_submit():
        return _page(password_form=form), 422
    if not people.check_password(current_user, form.current.data):
        form.current.errors = [_("This is not your current password.")]
        return _page(password_form=form), 422
    try:
        people.set_password(current_user, form.password.data)
    except people.WeakPassword as refusal:
        form.refuse(refusal, "password")
        return _page(password_form=form), 422
    return _stay_logged_in()


def _stay_logged_in() -> Response:
    db.session.commit()
    login_user(current_user._get_current_object())
    flash(_("Password changed. Every other login has ended."), "ok")
    return redirect(url_for("profile.index"))


def _page(**forms: Any) -> str:
    theme = {"theme": request.cookies.get(THEME_COOKIE, "auto")}
    forms.setdefault("form", ProfileForm(formdata=None, obj=current_user, data=theme))
    forms.setdefault("password_form", PasswordForm(formdata=None))
    return render_template("profile/index.html", **forms)


def _remember_theme(response: Response, theme: str) -> Response:
    remember(response, THEME_COOKIE, theme)
    return response
