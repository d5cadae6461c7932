"""What is said of a hand-off: where it is, or why somebody could not post it."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import Optional, Regexp

from calendar_app import handing
from calendar_app.web.fields import Form, at_most, required, stripped

LINK = re.compile(r"https?://[^\s\"'<>，。、；！？）】》]+", re.IGNORECASE)


def link_in(text: str | None) -> str | None:
    """The first link of what an app's share menu puts on the clipboard, with words around it."""
    found = LINK.search(text or "")
    return found[0] if found else stripped(text)


class DoneForm(Form):
    """It is out: its link, or a screenshot; ``seen`` is the digest of what was laid out."""

    seen = HiddenField()
    url: Any = StringField(
        _l("Link of the post"),
        [
            Optional(),
            at_most(2000),
            Regexp(LINK, message=_l("Copy the whole address, with https://.")),
        ],
        filters=[link_in],
        render_kw={"inputmode": "url", "autocomplete": "off", "placeholder": "https://"},
    )
    evidence = FileField(_l("Or a screenshot of it"), render_kw={"accept": "image/*"})


class PassOnForm(Form):
    """Somebody can't post it."""

    reason = TextAreaField(
        _l("Why not?"),
        [required(_l("Write why, so that somebody else can help.")), at_most(handing.LONGEST_REASON)],
        filters=[stripped],
        render_kw={"rows": 2},
    )
