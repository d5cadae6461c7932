"""What is typed to connect, pause and triage channels; connect forms follow the platform's own list of fields."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Field, PasswordField, SelectField, StringField

from calendar_app.web.fields import Form, at_most, required, stripped
from publishers.base import Field as ConnectField
from publishers.base import Publisher

WORDS = {
    "Server": _l("Server address"),
    "Service": _l("Service address"),
    "Handle": _l("Handle"),
    "App password": _l("App password"),
}
HINTS = {
    "Server": _l("The part after the second @ of your handle, such as mastodon.social."),
    "Service": _l("Leave it unless your account lives on another host."),
    "Handle": _l("As others see it, without @: name.bsky.social"),
    "App password": _l("Made on the platform under Settings, App passwords. Never your main password."),
}


def connect_form(publisher: Publisher) -> Any:
    """A form with the publisher's connect fields."""
    fields = {field.name: _input(field) for field in publisher.connect_fields}
    return type("ConnectForm", (Form,), fields)()


def typed(form: Form, publisher: Publisher) -> dict[str, str]:
    """What was typed, by field name."""
    return {field.name: form[field.name].data or "" for field in publisher.connect_fields}


def _input(field: ConnectField) -> Field:
    secret = field.kind == "password"
    return (PasswordField if secret else StringField)(
        WORDS.get(field.label, field.label),
        [required() if field.required else at_most(255), at_most(255)],
        filters=[stripped],
        default=field.default,
        description=HINTS.get(field.label, field.hint),
        render_kw={
            "placeholder": field.hint or None,
            "autocomplete": "off",
            "autocapitalize": "none",
            "spellcheck": "false",
            "inputmode": "url" if field.kind == "url" else None,
        },
    )


class PauseForm(Form):
    """Why a channel stops."""

    reason = StringField(_l("Reason"), [at_most(500)], filters=[stripped])


class TriageForm(Form):
    """What to do with one delivery that was missed."""

    decision = SelectField(choices=["send", "cancel"])
