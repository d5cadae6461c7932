"""How platforms talk of trouble, as data: an adapter's table of errors, and what each row means for whoever called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from publishers.errors import Evidence, PublisherError, Temporary

Rest = Callable[[datetime], datetime]


@dataclass(frozen=True)
class Rule:
    """One row of an error table: what an answer of ``status``, with ``code``, saying ``text`` means."""

    raises: Callable[[str, Evidence], PublisherError]
    status: int | None = None
    code: str = ""
    text: str = ""
    rests: Rest | None = None
    proves_nothing: bool = False

    def fits(self, status: int, code: str, message: str) -> bool:
        """Whether this row speaks of such an answer; what a row leaves open fits anything."""
        return (
            self.status in (None, status) and self.code in ("", code) and self.text.lower() in message.lower()
        )


def rests(until: Rest, status: int | None = None, code: str = "", text: str = "") -> Rule:
    """A row for a spent quota: the channel rests until the instant that ``until`` makes of the present one, unless the
    answer itself tells another."""
    return Rule(Temporary, status, code, text, rests=until)


def uncertain(status: int | None = None, code: str = "", text: str = "") -> Rule:
    """A row for trouble that proves nothing about the effect, as an answer of status 500 does."""
    return Rule(Temporary, status, code, text, proves_nothing=True)


@dataclass(frozen=True)
class Dialect:
    """How one platform talks of trouble: its table (first fitting row wins), its sentence and its reset time.

    ``explain`` reads (code, message) from a decoded error body, ``reset`` an instant from the headers and that body.
    ``is_trouble`` tells a refusal that comes with a good status. Answers of status 500 and above never reach the table:
    they prove nothing about the effect. ``goes_on`` are statuses beyond 200 to 299 that are no trouble there.
    """

    rules: tuple[Rule, ...]
    explain: Callable[[Any], tuple[str, str]]
    reset: Callable[[Mapping[str, str], Any], datetime | None] = lambda _headers, _body: None
    is_trouble: Callable[[Any], bool] = lambda _body: False
    goes_on: tuple[int, ...] = ()
