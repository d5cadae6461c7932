"""A page that shows every component, for those who build screens; only in debug mode."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from flask import Blueprint, abort, current_app, render_template
from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, RadioField, SelectField, StringField, TextAreaField

blueprint = Blueprint("styleguide", __name__)
STATES = (
    "draft",
    "awaiting",
    "sent_back",
    "approved",
    "scheduled",
    "publishing",
    "processing",
    "published",
    "unconfirmed",
    "held",
    "handover",
    "failed",
    "canceled",
)


class Sample(FlaskForm):
    """One field of each kind."""

    name = StringField("Name")
    email = StringField("E-mail")
    password = PasswordField("Password")
    zone = SelectField("Zone", choices=["Asia/Taipei", "Europe/Paris"])
    text = TextAreaField("Text")
    agree = BooleanField("Let authors approve their own posts")
    role = RadioField("Role", choices=["viewer", "planner"], default="planner")


@blueprint.get("/styleguide")
def index() -> Any:
    if not (current_app.debug or current_app.testing):
        abort(404)
    form = Sample()
    form.email.errors = ["This is no e-mail address."]
    ana = SimpleNamespace(name="Ana Lin", email="ana@example.com")
    cast = (ana, SimpleNamespace(name="陳柏安", email="bo@example.com"))
    channels = (
        SimpleNamespace(platform="mastodon", handle="@tea@mastodon.example"),
        SimpleNamespace(platform="bluesky", handle="tea.bsky.example"),
    )
    instant = datetime(2026, 11, 23, 14, 5, 9, tzinfo=UTC)
    return render_template(
        "styleguide.html", states=STATES, form=form, cast=cast, channels=channels, instant=instant
    )
