"""What WeChat's error codes mean (WeChat docs, 全局返回码, and each interface's own table). HTTP is 200 even then."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import cache, partial
from typing import Any

from publishers import rests as when
from publishers.errors import Rejected, Stale, Unauthorized
from publishers.http import Dialect, Rule, rests, uncertain

ZONE = "Asia/Shanghai"
SERVICE = "service"

LAPSED = ("40001", "40014", "41001", "42001")
REFUSED = (
    "40013",  # no such app ID
    "40125",  # another secret
    "40164",  # our address is not on the account's list; the sentence names it
    "40243",  # the secret is frozen
    "41002",
    "41004",
    "42007",  # the password was changed: to be authorised anew
    "48003",  # nobody has agreed to the terms of broadcasting yet
    "48004",  # the interface is banned for this account
    "50002",  # the user is limited
    "50004",
    "50007",  # the account is frozen
    "53500",  # publishing is banned for this account
    "61004",
    "89501",  # an admin has yet to agree to our address
    "89503",
    "89506",
    "89507",
)
NOT_ALLOWED = "48001"  # this account has no right to that interface
SOON = ("45011", "45066", "53501")
TAKEN_BEFORE = 45065
GONE = "53600"  # no such article
NO_SUCH_MESSAGE = "40059"
NO_SUCH_DAY = "61501"  # of statistics: not yet, or no longer


def _explain(body: Mapping[str, Any]) -> tuple[str, str]:
    return str(body["errcode"]), str(body.get("errmsg", ""))


def _is_trouble(body: Any) -> bool:
    """A message that was submitted before under the same key is none: its number is told beside the code."""
    if not isinstance(body, Mapping) or not body.get("errcode"):
        return False
    return not (body["errcode"] == TAKEN_BEFORE and "msg_id" in body)


@cache
def dialect(kind: str) -> Dialect:
    """How WeChat answers an account of ``kind``: a service account's broadcasts are counted by months."""
    broadcasts = when.next_month(ZONE) if kind == SERVICE else when.next_day(ZONE)
    return Dialect(
        explain=_explain,
        is_trouble=_is_trouble,
        rules=(
            uncertain(code="-1"),
            *(Rule(partial(Unauthorized, refreshable=True), code=code) for code in LAPSED),
            *(Rule(Unauthorized, code=code) for code in (*REFUSED, NOT_ALLOWED)),
            *(rests(when.after(timedelta(minutes=1)), code=code) for code in SOON),
            rests(when.next_day(ZONE), code="45009"),
            rests(broadcasts, code="45028"),
            Rule(Stale, code="40007"),  # a draft that was published or thrown away
            Rule(Rejected, code="47009"),  # the interface is retired: no try will mend that
        ),
    )


@cache
def reading(kind: str) -> Dialect:
    """As ``dialect``, for numbers and comments: that one is not allowed here says nothing of the channel."""
    known = dialect(kind)
    rules = tuple(rule for rule in known.rules if rule.code != NOT_ALLOWED)
    return Dialect(rules, known.explain, is_trouble=known.is_trouble)
