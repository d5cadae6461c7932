"""What an admin types about a member."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import SelectField

from calendar_app.models import Role
from calendar_app.web.fields import Form, choices, email_field, text_field

ROLES = (
    (Role.VIEWER.value, _l("Viewer")),
    (Role.PLANNER.value, _l("Planner")),
    (Role.APPROVER.value, _l("Approver")),
    (Role.ADMIN.value, _l("Admin")),
)
MAY = (
    (_l("Viewer"), _l("sees everything")),
    (_l("Planner"), _l("also writes and schedules posts")),
    (_l("Approver"), _l("also approves posts and pauses channels")),
    (_l("Admin"), _l("also connects channels and manages people")),
)


class RoleForm(Form):
    """One of the four roles."""

    role = SelectField(_l("Role"), choices=choices(ROLES), coerce=Role, default=Role.PLANNER)


class InviteForm(RoleForm):
    """Whom to add, and as what."""

    email = email_field()
    name = text_field(_l("Name"), 120)
