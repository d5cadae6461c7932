"""The reader's language, zone, first day of the week and theme; by Accept-Language before they log in."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from babel import Locale
from babel.dates import format_skeleton
from flask import Flask, g, has_request_context, request
from flask_babel import format_time, get_locale, to_user_timezone
from flask_login import current_user
from werkzeug.wrappers import Response

from calendar_app.config import LOCALES
from calendar_app.extensions import babel
from calendar_app.models import User
from calendar_app.settings import config
from calendar_app.web.edge import now

NAMES = {"en": "English", "zh_Hant": "繁體中文", "zh_Hans": "简体中文"}
THEMES = ("auto", "light", "dark")
LOCALE_COOKIE = "locale"
THEME_COOKIE = "theme"
TINTS = 8
FIRST_CJK = 0x2E80
YEAR = 365 * 24 * 3600
_TAGS = {
    "en": "en",
    "zh-hant": "zh_Hant",
    "zh-tw": "zh_Hant",
    "zh-hk": "zh_Hant",
    "zh-mo": "zh_Hant",
    "zh-hans": "zh_Hans",
    "zh-cn": "zh_Hans",
    "zh-sg": "zh_Hans",
    "zh": "zh_Hans",
}


def init_app(app: Flask) -> None:
    """Choose locale and zone for each request, and give templates what depends on them."""
    babel.init_app(app, locale_selector=chosen_locale, timezone_selector=chosen_zone)
    app.context_processor(_context)
    app.jinja_env.filters.update(moment=moment, initials=initials, tint_index=tint_index)


def chosen_locale() -> str:
    """One of ``LOCALES``: the user's own, else the cookie of the login page, else what the browser asks for."""
    if not has_request_context():
        return config().default_locale
    if who := reader():
        return str(who.locale)
    cookie = request.cookies.get(LOCALE_COOKIE, "")
    return cookie if cookie in LOCALES else _accepted() or config().default_locale


def remember(response: Response, cookie: str, chosen: str, path: str = "/") -> None:
    """This browser shows the pages below ``path`` in the chosen language or theme from now on."""
    response.set_cookie(
        cookie,
        chosen,
        max_age=YEAR,
        path=path,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
    )


def _accepted() -> str | None:
    for tag, quality in request.accept_languages:
        parts = tag.lower().split("-")
        prefixes = ("-".join(parts[:size]) for size in range(len(parts), 0, -1))
        found = next((_TAGS[prefix] for prefix in prefixes if prefix in _TAGS), None)
        if found and quality > 0:
            return found
    return None


def chosen_zone() -> str:
    """The IANA zone in which the reader sees times."""
    who = reader() if has_request_context() else None
    return str(who.zone) if who else config().default_zone


def reader() -> User | None:
    """Who reads: whom a signed link stands for (``g.reader``), else who is logged in."""
    linked: User | None = g.get("reader")
    return linked or (current_user if current_user.is_authenticated else None)


def html_lang(locale: str) -> str:
    """The BCP 47 tag of one of ``LOCALES``."""
    return locale.replace("_", "-")


def moment(instant: datetime) -> str:
    """A short date and time in the reader's zone; the year only where it is not this one."""
    locale = get_locale() or Locale.parse("en")
    local = to_user_timezone(instant)
    skeleton = "MMMd" if local.year == to_user_timezone(now()).year else "yMMMd"
    day = format_skeleton(skeleton, local, locale=locale)
    pattern = str(locale.datetime_formats["short"])
    return pattern.replace("{1}", day).replace("{0}", format_time(instant, "short"))


def short_day(day: date) -> str:
    """Day and month as a chart's axis shows them."""
    return str(format_skeleton("Md", datetime.combine(day, time()), locale=get_locale() or "en"))


def initials(name: str) -> str:
    """One or two letters for an avatar; a Chinese name gives its last character."""
    words = name.split() or ["?"]
    if ord(words[0][0]) >= FIRST_CJK:
        return words[0][-1]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def tint_index(text: str) -> int:
    """A hue number that stays the same for the same text."""
    return sum(text.encode()) % TINTS


def _context() -> dict[str, Any]:
    theme = request.cookies.get(THEME_COOKIE, "")
    return {
        "html_lang": html_lang(str(get_locale())),
        "theme": theme if theme in THEMES else "auto",
        "locale_names": NAMES,
        "first_weekday": current_user.first_weekday if current_user.is_authenticated else 0,
    }
