"""The small forms around one post: a verdict, another time, and what a person saw on the platform."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import DateField, IntegerField, RadioField, StringField, TextAreaField, TimeField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional, Regexp
from wtforms.widgets import HiddenInput

from calendar_app.models import Post
from calendar_app.refusals import Refusal
from calendar_app.walltime import RepeatedTime
from calendar_app.web.fields import Form, at_most, required, stripped


class RevisionForm(Form):
    """Anything that is decided about the revision that was looked at."""

    revision = IntegerField(widget=HiddenInput(), validators=[InputRequired()])


class VerdictForm(RevisionForm):
    """Approve, with a comment if there is something to say."""

    comment = TextAreaField(
        _l("Comment"), [Optional(), at_most(2000)], filters=[stripped], render_kw={"rows": 2}
    )


class SendBackForm(RevisionForm):
    """Return it: a comment says what should change."""

    comment = TextAreaField(
        _l("What should change?"),
        [required(_l("Write what should change.")), at_most(2000)],
        filters=[stripped],
        render_kw={"rows": 4, "autofocus": True},
    )


class WhenForm(RevisionForm):
    """A wall time in the post's zone; ``fold`` answers a time that the clocks show twice."""

    day = DateField(_l("Date"), [required()])
    time = TimeField(_l("Time"), [required()], format=["%H:%M", "%H:%M:%S"])
    fold = RadioField(
        _l("Which one?"),
        choices=[
            SelectChoice("0", _l("The first, before the clocks go back")),
            SelectChoice("1", _l("The second, after it")),
        ],
        validators=[Optional()],
        validate_choice=False,
    )
    asks_fold = False

    def wall_time(self) -> datetime:
        """What was chosen, naive."""
        return datetime.combine(self.day.data, self.time.data)

    def which(self) -> int | None:
        """The answer about a repeated time, None where it was not asked."""
        return {"0": 0, "1": 1}.get(self.fold.data or "")

    def refuse(self, refusal: Refusal, field: str | None = None) -> None:
        """Show the refusal at the time, and ask which one where the clocks show it twice."""
        self.asks_fold = isinstance(refusal, RepeatedTime)
        super().refuse(refusal, field or "time")


class AppearedForm(Form):
    """What a person saw on the platform."""

    delivery_id: int | None = None
    url: Any = StringField(
        _l("Address of the post, if you have it"),
        [
            Optional(),
            at_most(2000),
            Regexp(r"https?://\S+$", message=_l("Copy the whole address, with https://.")),
        ],
        filters=[stripped],
        render_kw={"type": "url", "inputmode": "url", "placeholder": "https://"},
    )


def when_form(post: Post, wall_time: datetime) -> WhenForm:
    """The form as it is first shown, or as it was sent."""
    return WhenForm(revision=post.revision, day=wall_time.date(), time=wall_time.time())
