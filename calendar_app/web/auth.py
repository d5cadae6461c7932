"""The door: login, the first set-up, invitations, and the language before one is known."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import (
    Blueprint,
    Flask,
    abort,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user
from werkzeug.wrappers import Response

from calendar_app import people, redis_address
from calendar_app.config import LOCALES
from calendar_app.extensions import db, limiter, login
from calendar_app.models import User
from calendar_app.refusals import Refusal
from calendar_app.settings import config
from calendar_app.web import edge, locale
from calendar_app.web.auth_forms import InvitationForm, LoginForm, SetupForm

blueprint = Blueprint("auth", __name__)
SESSION_LIFE = timedelta(days=14)
_WRONG_TRIES: dict[str, Any] = {
    "methods": ["POST"],
    "deduct_when": lambda response: response.status_code == 422,
    "on_breach": lambda _limit: _slow_down(),
}


def init_app(app: Flask) -> None:
    """Bind the login and the counters of wrong tries, kept in Redis where there is one."""
    app.config.update(
        PERMANENT_SESSION_LIFETIME=SESSION_LIFE,
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        **_counters(app.extensions["almanac.config"].redis_url),
    )
    login.init_app(app)
    limiter.init_app(app)


def _counters(redis_url: str | None) -> dict[str, Any]:
    """Where Flask-Limiter counts: in whatever Redis is named, since it is handed the connections themselves."""
    if redis_url is None:
        return {"RATELIMIT_STORAGE_URI": "memory://"}
    pool = redis_address.connect(redis_url).connection_pool
    return {"RATELIMIT_STORAGE_URI": "redis://", "RATELIMIT_STORAGE_OPTIONS": {"connection_pool": pool}}


@login.user_loader
def load_user(session_id: str) -> User | None:
    """The user of a session, unless a changed password has ended it."""
    number, _colon, salt = session_id.partition(":")
    user = db.session.get(User, int(number)) if number.isdigit() else None
    return user if user and user.session_salt == salt else None


@login.unauthorized_handler
def ask_to_log_in() -> Response:
    """Send a stranger to the login page and remember where they wanted to go."""
    wanted = request.full_path.rstrip("?") if request.method == "GET" else ""
    address = url_for("auth.log_in", next=wanted or None)
    if edge.is_htmx():
        return make_response("", 401, {"HX-Redirect": url_for("auth.log_in")})
    return redirect(address if people.anyone_here() else url_for("auth.set_up"))


@blueprint.get("/")
def start() -> Response:
    """Where a person belongs: their last workspace, the login page, or the first set-up."""
    if not current_user.is_authenticated:
        return redirect(url_for("auth.log_in" if people.anyone_here() else "auth.set_up"))
    return redirect(url_for("door.last"))


@blueprint.route("/login", methods=["GET", "POST"])
@limiter.limit("30 per minute", **_WRONG_TRIES)
@limiter.limit("6 per minute", key_func=lambda: _tried_email(), **_WRONG_TRIES)
def log_in() -> Any:
    """Let in who knows the password; the address stays typed after a wrong one."""
    if not people.anyone_here():
        return redirect(url_for("auth.set_up"))
    form = LoginForm()
    if not form.validate_on_submit():
        return _login_page(form, 422 if form.is_submitted() else 200)
    user = people.authenticate(form.email.data, form.password.data)
    if user is None:
        form.form_errors.append(_("E-mail or password is wrong."))
        return _login_page(form, 422)
    return _enter(user, edge.safe_path(request.args.get("next"), "/"))


def _slow_down() -> Response:
    """Too many wrong tries: say so on the same page."""
    form = LoginForm()
    form.form_errors.append(_("Too many tries. Wait a minute and try again."))
    return make_response(_login_page(form, 429))


def _tried_email() -> str:
    """The address being tried, so that one cannot be guessed at from many machines."""
    return f"login:{people.normal_email(request.form.get('email', ''))[:254]}"


def _login_page(form: LoginForm, code: int) -> Any:
    return render_template("auth/login.html", form=form), code


def _enter(user: User, address: str) -> Response:
    session.clear()
    session.permanent = True
    login_user(user)
    db.session.commit()
    return redirect(address)


@blueprint.post("/logout")
def log_out() -> Response:
    logout_user()
    session.clear()
    return redirect(url_for("auth.log_in"))


@blueprint.route("/setup", methods=["GET", "POST"])
def set_up() -> Any:
    """Make the first admin and workspace; closed as soon as there is a user."""
    if people.anyone_here():
        return redirect(url_for("auth.log_in"))
    form = SetupForm(zone=config().default_zone)
    if not form.validate_on_submit():
        return render_template("auth/setup.html", form=form), 422 if form.is_submitted() else 200
    try:
        user = _first_admin(form)
    except Refusal as refusal:
        form.refuse(refusal, "password")
        return render_template("auth/setup.html", form=form), 422
    return _enter(user, "/")


def _first_admin(form: SetupForm) -> User:
    now = edge.now()
    user = people.add_user(
        form.email.data,
        form.name.data,
        form.password.data,
        locale=str(get_locale()),
        zone=form.zone.data,
        now=now,
    )
    people.add_workspace(form.workspace.data, form.zone.data, user, now)
    return user


@blueprint.route("/invitation/<token>", methods=["GET", "POST"])
def invitation(token: str) -> Any:
    """An invited person chooses a name and a password, once."""
    try:
        user = people.invited(token, edge.now())
    except people.InvitationOver as refusal:
        return render_template("auth/invitation_over.html", refusal=refusal), 410
    form = InvitationForm(obj=user)
    if not form.validate_on_submit():
        return render_template(
            "auth/invitation.html", form=form, user=user
        ), 422 if form.is_submitted() else 200
    try:
        people.set_password(user, form.password.data)
    except people.WeakPassword as refusal:
        form.refuse(refusal, "password")
        return render_template("auth/invitation.html", form=form, user=user), 422
    user.name, user.locale = form.name.data, str(get_locale())
    return _enter(user, "/")


@blueprint.post("/language")
def language() -> Response:
    """Choose a language before one is logged in."""
    chosen = request.form.get("locale", "")
    if chosen not in LOCALES:
        abort(400)
    response = redirect(edge.safe_path(request.referrer, "/login"))
    locale.remember(response, locale.LOCALE_COOKIE, chosen)
    return response
