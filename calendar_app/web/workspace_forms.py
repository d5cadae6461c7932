"""What is typed about a workspace."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, SelectField, StringField, ValidationError

from calendar_app.models import Label, Workspace
from calendar_app.web.fields import Form, at_most, choices, stripped, text_field, zone_field

COLOURS = (
    ("green", _l("Green")),
    ("blue", _l("Blue")),
    ("purple", _l("Purple")),
    ("pink", _l("Pink")),
    ("red", _l("Red")),
    ("orange", _l("Orange")),
    ("yellow", _l("Yellow")),
    ("grey", _l("Grey")),
)


class NewWorkspaceForm(Form):
    """A new brand."""

    name = text_field(_l("Name"), 120)
    zone = zone_field(_l("Time zone"))


class SettingsForm(Form):
    """What an admin may change of a workspace."""

    name = text_field(_l("Name"), 120)
    zone = zone_field(_l("Time zone"))
    allows_self_approval = BooleanField(
        _l("Authors may approve their own posts"),
        description=_l("For small teams. Otherwise a second person looks at every post."),
    )
    requires_declarations = BooleanField(
        _l("Every post says what it declares"),
        description=_l(
            "Advertisement, made with AI, reprinted, or none of these: without an answer it is not approved."
        ),
    )


class LabelForm(Form):
    """A new label; its name is new in the workspace."""

    name = text_field(_l("Label"), 60, id="label-name")
    colour = SelectField(_l("Colour"), choices=choices(COLOURS))

    def __init__(self, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.workspace = workspace

    def validate_name(self, field: Field) -> None:
        if field.data.casefold() in {label.name.casefold() for label in self.workspace.labels}:
            raise ValidationError(_("There is a label of this name already."))

    def label(self) -> Label:
        """The label as typed."""
        return Label(name=self.name.data, colour=self.colour.data)


class PauseForm(Form):
    """Why everything stops; shown to whoever wonders."""

    reason = StringField(_l("Reason"), [at_most(500)], filters=[stripped])
