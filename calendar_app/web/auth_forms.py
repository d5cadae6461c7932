"""What is typed before one is inside."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import PasswordField

from calendar_app.web.fields import Form, email_field, new_password_field, required, text_field, zone_field


class LoginForm(Form):
    """An address and its password."""

    email = email_field()
    password = PasswordField(_l("Password"), [required()], render_kw={"autocomplete": "current-password"})


class SetupForm(Form):
    """The first admin and the first workspace."""

    name = text_field(_l("Your name"), 120, render_kw={"autocomplete": "name"})
    email = email_field()
    password = new_password_field(_l("Password"))
    workspace = text_field(_l("Workspace"), 120, description=_l("The brand you plan for."))
    zone = zone_field(_l("Time zone"))


class InvitationForm(Form):
    """What an invited person chooses."""

    name = text_field(_l("Your name"), 120, render_kw={"autocomplete": "name"})
    password = new_password_field(_l("Choose a password"))
