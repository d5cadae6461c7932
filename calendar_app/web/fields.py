"""Form parts that several screens share, with their messages in plain words."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from babel.dates import get_timezone_location
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Email, Length

from calendar_app.refusals import Refusal
from calendar_app.web.locale import NAMES

WEEKDAYS = ((0, _l("Monday")), (5, _l("Saturday")), (6, _l("Sunday")))
_AREAS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


BUILT_IN = {
    "This field is required.": _l("Fill this in."),
    "Not a valid choice.": _l("Choose from the list."),
    "Invalid Choice: could not coerce.": _l("Choose from the list."),
    "Not a valid date value.": _l("Choose a date."),
    "Not a valid time value.": _l("Choose a time."),
    "Not a valid integer value.": _l("Write a whole number."),
}


class _OurWords:
    """The form library's own messages out of our catalogues: it would say them in 简体中文 to all Chinese readers."""

    def gettext(self, string: str) -> str:
        return str(BUILT_IN.get(string, string))

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        return singular if count == 1 else plural


class Form(FlaskForm):
    """A form that can also carry the refusal of the verb it led to."""

    class Meta(FlaskForm.Meta):
        def get_translations(self, form: Any) -> _OurWords:
            return _OurWords()

    def refuse(self, refusal: Refusal, field: str | None = None) -> None:
        """Show the refusal at ``field``, or above the form."""
        errors = self[field].errors if field else self.form_errors
        if field:
            self[field].errors = [*errors, str(refusal)]
        else:
            self.form_errors.append(str(refusal))


def required(message: Any = None) -> DataRequired:
    """Something must be filled in."""
    return DataRequired(message=message or _l("Fill this in."))


def at_most(count: int) -> Length:
    """No more than ``count`` characters."""
    return Length(max=count, message=_l("Use at most %(max)d characters."))


def stripped(value: str | None) -> str | None:
    """Typed text without the spaces around it."""
    return value.strip() if value else value


def text_field(label: Any, most: int, **kwargs: Any) -> StringField:
    """A required line of text of at most ``most`` characters."""
    return StringField(label, [required(), at_most(most)], filters=[stripped], **kwargs)


def email_field() -> StringField:
    """A required e-mail address; its form is checked, its existence is not."""
    wrong = _l("This is not an e-mail address.")
    return StringField(
        _l("E-mail"),
        [required(), at_most(254), Email(message=wrong)],
        filters=[stripped],
        render_kw=_AS_EMAIL,
    )


def new_password_field(label: Any) -> PasswordField:
    """A password that a browser may offer to make."""
    return PasswordField(
        label,
        [required(), at_most(200)],
        description=_l("At least 10 characters."),
        render_kw={"autocomplete": "new-password"},
    )


def zone_field(label: Any) -> SelectField:
    """One IANA zone, named by its city in the reader's language."""
    return SelectField(label, choices=zones, validators=[required()])


def locale_field() -> SelectField:
    """One of the languages, each in its own words."""
    return SelectField(_l("Language"), choices=choices(NAMES.items()))


def weekday_field() -> SelectField:
    """The day that calendars begin with."""
    return SelectField(_l("First day of the week"), choices=choices(WEEKDAYS), coerce=int)


def choices(pairs: Iterable[tuple[Any, Any]]) -> list[SelectChoice]:
    """Select options of (value, label) pairs."""
    return [SelectChoice(value, label) for value, label in pairs]


def zones() -> list[SelectChoice]:
    """Every zone with a city, sorted by area."""
    return choices(_zones(str(get_locale() or "en")))


@cache
def _zones(locale: str) -> list[tuple[str, str]]:
    names = sorted(name for name in available_timezones() if name.partition("/")[0] in _AREAS)
    return [("UTC", "UTC"), *((name, _zone_label(name, locale)) for name in names)]


def _zone_label(name: str, locale: str) -> str:
    city = str(get_timezone_location(name, locale=locale, return_city=True))
    plain = name.replace("_", " ")
    return plain if plain.endswith(city) else f"{plain} · {city}"


_AS_EMAIL = {"type": "email", "autocomplete": "username", "inputmode": "email", "spellcheck": "false"}
