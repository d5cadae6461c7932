"""One HTTP client for all adapters: no hidden retries, no secrets in errors, a class for every failure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, BinaryIO, Self, TypeVar
from urllib.parse import urlsplit

import httpx

from publishers import present
from publishers.dialect import Dialect, Rest, Rule, rests, uncertain
from publishers.errors import (
    Evidence,
    PublisherError,
    RateLimited,
    Rejected,
    Temporary,
    Unconfirmed,
)
from publishers.values import Media
from publishers.wire import Answer, Lost, ask

__all__ = [
    "CALL_SECONDS", "DEFAULT_REST", "KEPT_BODY", "KEPT_HEADERS", "LONGEST_REST", "TIMEOUT",
    "UPLOAD_SECONDS", "UPLOAD_TIMEOUT", "Dialect", "Http", "Reply", "Rest", "Rule", "address", "opened",
    "rests", "uncertain",
]  # fmt: skip

T = TypeVar("T")

TIMEOUT = httpx.Timeout(connect=5, read=30, write=60, pool=5)
UPLOAD_TIMEOUT = httpx.Timeout(connect=5, read=180, write=180, pool=5)
LONGEST_REST = timedelta(days=1)  # that an answer may ask for; our own tables know longer ones
DEFAULT_REST = timedelta(minutes=5)
# Whole calls, from connecting to the last byte; well within the lease of a delivery. The uploads of one post share
# their time, and whoever makes them keeps the right to it for as long.
CALL_SECONDS = 60.0
UPLOAD_SECONDS = 25 * 60.0
KEPT_BODY = 2000
KEPT_HEADERS = ("content-type", "date", "retry-after", "server", "x-request-id")
_SHORTEST_SECRET = 4
_HOST = re.compile(r"[\w.-]+|[0-9a-f:.]+", re.IGNORECASE)
_BASE_HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "Almanac/0.1"}


@dataclass(frozen=True)
class Reply:
    """A good answer: its HTTP status, its decoded JSON (None where it is empty, text where it is no JSON at all, as its
    content type tells) and its headers, named in lower case."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_limited(self) -> bool:
        """Whether the server announces how many requests it takes: one that bounds none says nothing."""
        return any("ratelimit" in name.lower() for name in self.headers)


class Http:
    """One server, spoken to in one dialect over kept connections. ``secrets`` are blotted out of whatever an error
    quotes; ``seconds`` bound a whole call that is no upload."""

    def __init__(
        self,
        base_url: str,
        dialect: Dialect,
        *,
        token: str = "",
        secrets: tuple[str, ...] = (),
        headers: Mapping[str, str] | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        seconds: float = CALL_SECONDS,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._dialect = dialect
        self._timeout, self._seconds = timeout, seconds
        self._secrets = tuple(secret for secret in (token, *secrets) if len(secret) >= _SHORTEST_SECRET)
        bearer = {"Authorization": f"Bearer {token}"} if token else {}
        self._headers = _BASE_HEADERS | bearer | dict(headers or {})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is held: connections are this process's."""

    def __repr__(self) -> str:
        return f"Http({self._base_url!r})"

    def get(self, path: str, read: Callable[[Reply], T], **request: Any) -> T:
        """Ask; ``read`` takes what is wanted from the answer, and its failure makes the answer unreadable."""
        return self._call("GET", path, read, visible=False, request=request)

    def post(self, path: str, read: Callable[[Reply], T], **request: Any) -> T:
        """Do something that no reader sees."""
        return self._call("POST", path, read, visible=False, request=request)

    def put(self, path: str, read: Callable[[Reply], T], **request: Any) -> T:
        """As ``post``, by PUT."""
        return self._call("PUT", path, read, visible=False, request=request)

    def delete(self, path: str, read: Callable[[Reply], T], **request: Any) -> T:
        """Take something away; doing so twice is no harm."""
        return self._call("DELETE", path, read, visible=False, request=request)

    def publish(self, path: str, read: Callable[[Reply], T], *, method: str = "POST", **request: Any) -> T:
        """Make the one visible call: a lost or unreadable answer raises ``Unconfirmed``."""
        return self._call(method, path, read, visible=True, request=request)

    def get_or_none(self, path: str, read: Callable[[Reply], T], **request: Any) -> T | None:
        """Ask for something, or by a call, that may not be there: None for 404, 405 and 410."""
        try:
            return self.get(path, read, **request)
        except PublisherError as error:
            if error.evidence.http_status in (404, 405, 410):
                return None
            raise

    def _call(
        self, method: str, path: str, read: Callable[[Reply], T], *, visible: bool, request: Mapping[str, Any]
    ) -> T:
        trouble: PublisherError
        try:
            answer = self._answer(method, path, **request)
        except httpx.InvalidURL:
            trouble = self._lost(Lost("InvalidURL", sent=False), visible)
        except Lost as lost:
            trouble = self._lost(lost, visible)
        else:
            try:
                good = 200 <= answer.status < 300 or answer.status in self._dialect.goes_on
                body = _decoded(answer) if good else None
                if good and not self._dialect.is_trouble(body):
                    return read(Reply(answer.status, body, answer.headers))
                trouble = self._refused(answer, visible)
            except (ValueError, LookupError, TypeError, AttributeError):
                trouble = self._unreadable(answer, visible)
        # Raised outside of the handlers: the error must not carry the request, and so its token, as context.
        raise trouble

    def _answer(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: httpx.Timeout | None = None,
        **body: Any,
    ) -> Answer:
        request = httpx.Request(
            method,
            self._base_url + path,
            headers={**self._headers, **(headers or {})},
            extensions={"timeout": (timeout or self._timeout).as_dict()},
            **body,
        )
        return ask(request, UPLOAD_SECONDS if timeout else self._seconds)

    def _lost(self, lost: Lost, visible: bool) -> PublisherError:
        if not lost.sent:
            evidence = Evidence(code="unreachable", body=lost.kind)
            return Temporary(f"{self._host()} could not be reached.", evidence)
        evidence = Evidence(code="answer_lost", body=lost.kind)
        if visible:
            return Unconfirmed(f"The answer of {self._host()} was lost.", evidence)
        return Temporary(f"{self._host()} did not answer.", evidence)

    def _unreadable(self, answer: Answer, visible: bool) -> PublisherError:
        # The body is left out: a good answer may hold new credentials that are in no list of secrets yet.
        evidence = self._evidence(answer, "unreadable_answer", "")
        kind = Unconfirmed if visible else Temporary
        return kind(f"The answer of {self._host()} could not be read.", evidence)

    def _refused(self, answer: Answer, visible: bool) -> PublisherError:
        code, message = self._explain(answer)
        evidence = self._evidence(answer, code, answer.text)
        status = answer.status
        if status >= 500:
            return (Unconfirmed if visible else Temporary)(message, evidence)
        if 300 <= status < 400:
            return Temporary(f"{self._host()} sent us to another address.", evidence)
        rule = next((rule for rule in self._dialect.rules if rule.fits(status, code, message)), None)
        if rule and rule.rests:
            return RateLimited(message, self._until(answer, rule.rests), evidence)
        if status == 429:
            return RateLimited(message, self._until(answer), evidence)
        if rule and rule.proves_nothing:
            return (Unconfirmed if visible else Temporary)(message, evidence)
        return rule.raises(message, evidence) if rule else Rejected(message, evidence)

    def _explain(self, answer: Answer) -> tuple[str, str]:
        try:
            code, message = self._dialect.explain(json.loads(answer.body))
        except (ValueError, LookupError, TypeError, AttributeError):
            code, message = "", ""
        sentence = message or code or f"{self._host()} answered with HTTP status {answer.status}."
        return self._redacted(code), self._redacted(sentence)

    def _until(self, answer: Answer, rests: Rest = lambda now: now + DEFAULT_REST) -> datetime:
        now = present.now()
        told = _reset(self._dialect, answer) or _retry_after(answer.headers, now)
        until = min(told, now + LONGEST_REST) if told else rests(now)
        return max(until, now + timedelta(seconds=1))

    def _evidence(self, answer: Answer, code: str, body: str) -> Evidence:
        kept = {
            name: self._redacted(value)
            for name, value in answer.headers.items()
            if name in KEPT_HEADERS or "ratelimit" in name
        }
        return Evidence(
            code=code,
            http_status=answer.status,
            headers=kept,
            body=self._redacted(body)[:KEPT_BODY],
            trace_id=kept.get("x-request-id", ""),
        )

    def _redacted(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "•••")
        return text

    def _host(self) -> str:
        return self._base_url.partition("://")[2].partition("/")[0].rpartition("@")[2]


def address(typed: str) -> str:
    """The base URL that a person means by ``typed``: a host or an http(s) address; raises ``Rejected``."""
    url = typed.strip()
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        usable = parts.scheme in ("http", "https") and parts.username is None and parts.port != 0
        host = parts.hostname or ""
    except ValueError:
        usable, host = False, ""
    if not usable or not _HOST.fullmatch(host):
        raise Rejected("This is not the address of a server.", Evidence(code="bad_address"))
    return f"{parts.scheme}://{parts.netloc.lower()}"


@contextmanager
def opened(media: Media) -> Iterator[BinaryIO]:
    """The bytes of ``media`` for an upload; raises ``Temporary`` when the file is not there."""
    try:
        stream = media.path.open("rb")
    except OSError:
        raise Temporary("The media file could not be opened.", Evidence(code="media_unreadable")) from None
    with stream:
        yield stream


def _decoded(answer: Answer) -> Any:
    if not answer.body:
        return None
    kind = answer.headers.get("content-type", "application/json")
    return json.loads(answer.body) if "json" in kind or kind.startswith("text/") else answer.text


def _reset(dialect: Dialect, answer: Answer) -> datetime | None:
    try:
        return dialect.reset(answer.headers, _body_of(answer))
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, OSError):
        return None


def _body_of(answer: Answer) -> Any:
    try:
        return json.loads(answer.body)
    except ValueError:
        return None


def _retry_after(headers: Mapping[str, str], now: datetime) -> datetime | None:
    try:
        return now + timedelta(seconds=float(headers["retry-after"]))
    except (ValueError, LookupError, OverflowError):
        return None
