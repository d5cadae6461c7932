"""What a screen says in the language that its reader chose, from the same catalogues as the app."""

from __future__ import annotations

import functools
import re
from pathlib import Path

from babel.support import NullTranslations, Translations

FOLDER = Path(__file__).parents[2] / "calendar_app" / "translations"
LOCALES = {"en": "en", "zh-Hant": "zh_Hant", "zh-Hans": "zh_Hans"}
PLACE = re.compile(r"%\\\((\w+)\\\)s")


@functools.cache
def catalogue(locale: str) -> NullTranslations:
    return Translations.load(FOLDER, [locale])


def say(html_lang: str, english: str, **places: object) -> re.Pattern[str]:
    """The whole sentence in the page's language; a place that is not given stands for anything."""
    sentence = re.escape(catalogue(LOCALES[html_lang]).gettext(english))
    filled = PLACE.sub(lambda found: _fill(found[1], places), sentence)
    return re.compile(rf"^\s*{filled}\s*$")


def _fill(name: str, places: dict[str, object]) -> str:
    return re.escape(str(places[name])) if name in places else ".+"
