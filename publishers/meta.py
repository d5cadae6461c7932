"""The Graph API that Facebook, Instagram and Threads share: its errors, its tokens, and looking through its lists.

Sources: Meta docs, graph-api/guides/error-handling, graph-api/overview/rate-limiting, graph-api/guides/secure-requests,
facebook-login/guides/access-tokens.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from publishers import oauth, present, rests
from publishers.base import Field
from publishers.errors import Evidence, PublisherError, Rejected, Stale, Temporary, Unauthorized
from publishers.http import UPLOAD_TIMEOUT, Dialect, Http, Reply, Rule
from publishers.matching import Likeness, likeness
from publishers.words import Words

T = TypeVar("T")

GONE = "100/33"  # the object is not there, or not for us: Meta does not tell which
TRANSIENT = "transient"
CLOCK_SKEW = timedelta(minutes=2)
PAGE = 50
MOST_PAGES = 6
UNTOLD_REST = timedelta(hours=1)  # where the answer does not say when a quota is given anew
TOO_MANY = "There are too many newer posts to look through."

# What codes and subcodes mean; both together as CODE/SUBCODE. The subcodes beyond 1 000 000 are those that other senders
# met and told of, Meta documents few of them.
CHANNEL = (
    *("190", "102", "104"),  # the token: expired, password changed, app removed, checkpoint ...
    *("3", "10", *map(str, range(200, 300))),  # a right that the app or the person has not
    *("368", "1404006", "1404078", "1404112", "4854002"),  # blocked for a while, or to be identified first
    *("2207050", "2207051", "4279013"),
)
TOO_FAST = (
    *("4", "17", "32", "341", "613"),  # of the app, the person, the page, a custom limit
    *map(str, range(80000, 80100)),  # of a business use case
    *("1390008", "2207042"),  # posting itself: too fast, or the day's number
)
NOT_READY = ("9007", "2207027", "4279009")
NOT_FETCHED = ("9004", "2207003", "2207052")
LAPSED = ("2207006", "2207008", "2207020")
UNKNOWN = ("1", "2", "2207053", "2207082", TRANSIENT)
CONTENT = (
    *("506", "1366051"),  # the same as the last one
    *("1346003", "1404102", "2207001"),  # community standards, spam
    *("1366046", "1609008", "2061006"),  # a photo too big, a link that Facebook does not take
)


@dataclass(frozen=True)
class Row(Rule):
    """A row whose code is an error's code, its subcode, or both as CODE/SUBCODE."""

    def fits(self, status: int, code: str, message: str) -> bool:
        return any(Rule.fits(self, status, each, message) for each in (code, *code.split("/")))


def _rows() -> Iterator[Row]:
    yield Row(Rejected, text="client secret")
    yield Row(Rejected, code="10", text="viewers")  # numbers are told from five viewers on
    for codes, raises in (
        (CONTENT, Rejected),
        (LAPSED, Stale),
        (NOT_READY, Temporary),
        (NOT_FETCHED, Temporary),
    ):
        yield from (Row(raises, code=code) for code in codes)
    yield from (Row(Temporary, code=code, rests=rests.after(UNTOLD_REST)) for code in TOO_FAST)
    yield from (Row(Unauthorized, code=code) for code in CHANNEL)
    yield from (Row(Temporary, code=code, proves_nothing=True) for code in UNKNOWN)


def _explain(body: Mapping[str, Any]) -> tuple[str, str]:
    if "error_message" in body:  # the shape of Instagram's and Threads' token endpoints
        return str(body.get("error_type", "")), str(body["error_message"])
    error = body["error"]
    told = (error.get("code"), error.get("error_subcode"), TRANSIENT if error.get("is_transient") else None)
    code = "/".join(str(each) for each in told if each)
    return code, str(error.get("error_user_msg") or error["message"])


def _reset(headers: Mapping[str, str], _body: object) -> datetime | None:
    """Minutes, for each object and use case (Meta docs, graph-api/overview/rate-limiting)."""
    usage = json.loads(headers["x-business-use-case-usage"])
    told = [case["estimated_time_to_regain_access"] for cases in usage.values() for case in cases]
    minutes = max(told, default=0)
    return present.now() + timedelta(minutes=float(minutes)) if minutes else None


DIALECT = Dialect(explain=_explain, reset=_reset, rules=tuple(_rows()))


class Graph:
    """One version of a Graph API, spoken to with a channel's token.

    ``proves`` sends with each call that it comes from the app itself (Meta docs, graph-api/guides/secure-requests): apps
    may require it, and the others do not mind.
    """

    def __init__(
        self, base_url: str, version: str, credentials: Mapping[str, str], *, proves: bool = False
    ) -> None:
        token, secret = credentials["access_token"], credentials.get("client_secret", "")
        proof = hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        self._proof = {"appsecret_proof": proof} if proves and secret else {}
        secrets = (*oauth.secrets_of(credentials), *self._proof.values())
        self._http = Http(f"{base_url}/{version}", DIALECT, token=token, secrets=secrets)

    def get(self, path: str, read: Callable[[Reply], T], **params: str) -> T:
        """Ask."""
        return self._http.get(path, read, params={**params, **self._proof})

    def post(self, path: str, read: Callable[[Reply], T], **form: str) -> T:
        """Make something that no reader sees."""
        return self._http.post(path, read, data=form, params=self._proof)

    def upload(
        self, path: str, read: Callable[[Reply], T], files: Mapping[str, tuple[str, Any, str]], **form: str
    ) -> T:
        """As ``post``, with files as (name, bytes, media type)."""
        return self._http.post(path, read, data=form, files=files, params=self._proof, timeout=UPLOAD_TIMEOUT)

    def publish(self, path: str, read: Callable[[Reply], T], **form: str) -> T:
        """The one visible call."""
        return self._http.publish(path, read, data=form, params=self._proof)

    def delete(self, path: str) -> None:
        """Take something away; what is gone already is no error."""
        try:
            self._http.delete(path, lambda _reply: None, params=self._proof)
        except Rejected as error:
            if not is_gone(error):
                raise


def is_gone(error: PublisherError) -> bool:
    """Whether the object that was asked for does not exist, as far as we may see."""
    return GONE in error.evidence.code or error.evidence.code.split("/")[0] == "803"


def id_of(reply: Reply) -> str:
    """The id of what was made."""
    return str(reply.body["id"])


def version_field(default: str) -> Field:
    """Which version of the API is spoken; each lives about two years (Meta docs, graph-api/guides/versioning)."""
    return Field(
        "version",
        "text",
        Words("API version", "API 版本", "API 版本"),
        Words(
            "Change it only when Meta retires the version that is named here.",
            "只有在 Meta 停用這個版本時才需要更改。",
            "只有在 Meta 停用此版本时才需要更改。",
        ),
        default=default,
        required=False,
        advanced=True,
    )


def version_of(typed: Mapping[str, str], default: str) -> str:
    """The version that a form, a login's memory or a channel's traits name."""
    return typed.get("version", "").strip().strip("/") or default


def token_answer(
    base_url: str, path: str, known: Mapping[str, str], method: str = "GET", **asked: str
) -> dict[str, Any]:
    """What a token endpoint answers; none of ``known`` and ``asked`` is quoted by an error."""
    secrets = (*oauth.secrets_of(known), *asked.values())
    http = Http(base_url, DIALECT, secrets=secrets)
    if method == "POST":
        return http.post(path, _token, data=asked)
    return http.get(path, _token, params=asked)


def _token(reply: Reply) -> dict[str, Any]:
    body = reply.body
    rows = body.get("data")
    told = dict(rows[0] if rows else body)  # Instagram's documentation wraps it, its server does not
    told["access_token"] = str(told["access_token"])
    return told


# -- looking for what was said


@dataclass(frozen=True)
class Listed:
    """A post as a list shows it; ``facts`` are all its fields."""

    remote_id: str
    text: str
    facts: Mapping[str, Any]


def listed(graph: Graph, path: str, fields: str, *, text: str, at: str, since: datetime) -> Iterator[Listed]:
    """What was made since ``since``, newest first; ``text`` and ``at`` name the fields that hold words and time.

    Raises ``Temporary`` where it is too much to look through.
    """
    asked = {"fields": fields, "limit": str(PAGE)}
    for _ in range(MOST_PAGES):
        rows, after = graph.get(path, _page, **asked)
        for row in rows:
            if instant(row[at]) < since:
                return
            yield Listed(str(row["id"]), str(row.get(text) or ""), row)
        if not after:
            return
        asked["after"] = after
    raise Temporary(TOO_MANY, Evidence(code="too_many_posts"))


def likest(posts: Iterable[Listed], wanted: str, others: frozenset[str]) -> Listed | None:
    """Of the posts that are no others', the one that says ``wanted``, exactly or else most alike."""
    best, found = Likeness.OTHER, None
    for post in posts:
        alike = likeness(post.text, wanted) if post.remote_id not in others else Likeness.OTHER
        if alike is Likeness.EXACT:
            return post
        if alike > best:
            best, found = alike, post
    return found


def instant(told: str) -> datetime:
    """A time as the Graph API writes it, such as 2030-01-31T08:00:00+0000 (aware UTC)."""
    return datetime.fromisoformat(told).astimezone(UTC)


def value_of(row: Mapping[str, Any]) -> int | None:
    """The number in one row of insights; None where none is told, which is no 0."""
    told = row["total_value"] if "total_value" in row else (row.get("values") or [{}])[-1]
    value = told.get("value")
    return math.floor(value) if isinstance(value, int | float) else None


def insights_of(body: Mapping[str, Any]) -> dict[str, int | None]:
    """The numbers of an insights answer by their names; what was not told is not there."""
    return {str(row["name"]): value_of(row) for row in body.get("data", ())}


def _page(reply: Reply) -> tuple[list[dict[str, Any]], str]:
    paging = reply.body.get("paging", {})
    after = str(paging.get("cursors", {}).get("after", "")) if paging.get("next") else ""
    return [dict(row) for row in reply.body["data"]], after
