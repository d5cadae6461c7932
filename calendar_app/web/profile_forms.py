"""What a person may change of themselves."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import PasswordField, SelectField

from calendar_app.web.fields import (
    Form,
    choices,
    locale_field,
    new_password_field,
    required,
    text_field,
    weekday_field,
    zone_field,
)

THEMES = (("auto", _l("Like the device")), ("light", _l("Light")), ("dark", _l("Dark")))


class ProfileForm(Form):
    """Name and how times and words are shown."""

    name = text_field(_l("Name"), 120, render_kw={"autocomplete": "name"})
    locale = locale_field()
    zone = zone_field(_l("Time zone"))
    first_weekday = weekday_field()
    theme = SelectField(_l("Appearance"), choices=choices(THEMES))


class PasswordForm(Form):
    """The password that is known now, and the next one."""

    current = PasswordField(
        _l("Current password"), [required()], render_kw={"autocomplete": "current-password"}
    )
    password = new_password_field(_l("New password"))
