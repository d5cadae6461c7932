"""What Weibo's error codes mean (Weibo docs, Error_code); they come with status 400, 403 and at times 200."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from publishers.errors import Stale, Unauthorized
from publishers.http import Dialect, Rule, rests, uncertain
from publishers.rests import next_hour

DELAYED = "20032"  # published, and shown within a minute or two: an error that is none
DUPLICATE = frozenset({"20017", "20019", "20111"})  # alike, or the very same, was said a while ago
GONE = "20101"
APP = ("10005", "10006", "10013", "10014")  # rights that the app lacks
ACCOUNT = ("20022", "20023", "20031")  # restricted, or asked for a captcha: a person has to look
TOKEN = (
    "21301", "21314", "21315", "21316", "21317", "21319", "21321", "21327", "21332",
)  # fmt: skip
SPENT = ("10004", "10022", "10023", "10024", "20015", "20016")  # by the hour; no answer says until when
BUSY = ("10001", "10002", "10003", "10009", "10010", "10011")


def _explain(body: Mapping[str, Any]) -> tuple[str, str]:
    return str(body["error_code"]), str(body["error"])


DIALECT = Dialect(
    explain=_explain,
    is_trouble=lambda body: isinstance(body, dict) and "error_code" in body,
    rules=(
        *(Rule(Unauthorized, code=code) for code in (*TOKEN, *APP, *ACCOUNT)),
        Rule(Unauthorized, code="10017", text="not bind domain"),  # the app has no domain at all
        Rule(Stale, code="10017", text="pic_id"),
        *(rests(next_hour, code=code) for code in SPENT),
        *(uncertain(code=code) for code in BUSY),
        Rule(Unauthorized, 401),
    ),
)
