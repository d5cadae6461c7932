"""What is typed to connect, pause and triage channels; connect forms follow the platform's own list of fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Field, PasswordField, SelectField, StringField, TextAreaField

from calendar_app.web import sentences
from calendar_app.web.fields import Form, at_most, choices, required, stripped
from publishers.base import Field as ConnectField
from publishers.base import Publisher

LONGEST = 2000

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


def connect_form(publisher: Publisher, relay: str = "", *, knows_app: bool = False) -> Any:
    """A form with the publisher's connect fields, and those of its app, which are optional where one is known.

    ``relay`` is the address that this house reaches the platform by, where it is not the platform's own.
    """
    fields = {field.name: _input(field, relay) for field in publisher.connect_fields}
    fields |= {field.name: _input(field, needed=not knows_app) for field in publisher.app_fields}
    return type("ConnectForm", (Form,), fields)()


def typed(form: Form, publisher: Publisher) -> dict[str, str]:
    """What was typed, by field name."""
    return {field.name: form[field.name].data or "" for field in _all(publisher)}


def _all(publisher: Publisher) -> Iterator[ConnectField]:
    yield from (*publisher.connect_fields, *publisher.app_fields)


def _input(field: ConnectField, relay: str = "", *, needed: bool = True) -> Field:
    label, hint = WORDS.get(field.label) or sentences.label(field.label), HINTS.get(field.label)
    most = LONGEST if field.kind == "long" else 255
    checks = [required() if field.required and needed else at_most(most), at_most(most)]
    about = {"description": hint or sentences.label(field.hint), "filters": [stripped]}
    if field.choices:
        offered = choices((value, sentences.label(words)) for value, words in field.choices)
        return SelectField(label, choices=offered, default=field.default, description=about["description"])
    kind = {"password": PasswordField, "long": TextAreaField}.get(field.kind, StringField)
    default = relay if relay and field.name == "server" and field.advanced else field.default
    return kind(label, checks, default=default, render_kw=_AS_CODE | _placeholder(field), **about)


def _placeholder(field: ConnectField) -> dict[str, str]:
    """What is typed looks like the hint, where there is a longer one in words."""
    found = {"placeholder": field.hint if field.label in HINTS else "", "inputmode": field.kind}
    return {name: value for name, value in found.items() if value not in ("", "password", "text", "long")}


_AS_CODE = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class PauseForm(Form):
    """Why a channel stops."""

    reason = StringField(_l("Reason"), [at_most(500)], filters=[stripped])


class TriageForm(Form):
    """What to do with one delivery that was missed."""

    decision = SelectField(choices=["send", "cancel"])
