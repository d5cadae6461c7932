"""One HTTP client for all adapters: no hidden retries, no secrets in errors, a class for every failure."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ssl import SSLContext
from types import TracebackType
from typing import Any, BinaryIO, Self, TypeVar
from urllib.parse import urlsplit

import httpx

from publishers.errors import (
    Evidence,
    PublisherError,
    RateLimited,
    Rejected,
    Temporary,
    Unconfirmed,
)
from publishers.values import Media

T = TypeVar("T")

TIMEOUT = httpx.Timeout(connect=5, read=30, write=60, pool=5)
UPLOAD_TIMEOUT = httpx.Timeout(connect=5, read=180, write=180, pool=5)
LONGEST_REST = timedelta(days=1)
DEFAULT_REST = timedelta(minutes=5)
LARGEST_ANSWER = 8 * 2**20
ANSWER_SECONDS = 60.0
KEPT_BODY = 2000
KEPT_HEADERS = ("content-type", "date", "retry-after", "server", "x-request-id")
_SHORTEST_SECRET = 4
_HOST = re.compile(r"[\w.-]+|[0-9a-f:.]+", re.IGNORECASE)
_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.InvalidURL,
    httpx.LocalProtocolError,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


@dataclass(frozen=True)
class Rule:
    """One row of an error table: what an answer of ``status``, with ``code``, saying ``text`` means."""

    raises: Callable[[str, Evidence], PublisherError]
    status: int | None = None
    code: str = ""
    text: str = ""

    def fits(self, status: int, code: str, message: str) -> bool:
        """Whether this row speaks of such an answer; what a row leaves open fits anything."""
        return (
            self.status in (None, status) and self.code in ("", code) and self.text.lower() in message.lower()
        )


@dataclass(frozen=True)
class Dialect:
    """How one platform talks of trouble: its table (first fitting row wins), its sentence and its reset time.

    ``explain`` reads (code, message) from a decoded error body, ``reset`` an instant from the headers.
    Answers of status 500 and above never reach the table: they prove nothing about the effect.
    """

    rules: tuple[Rule, ...]
    explain: Callable[[Mapping[str, Any]], tuple[str, str]]
    reset: Callable[[Mapping[str, str]], datetime | None]


@dataclass(frozen=True)
class Reply:
    """A good answer: its HTTP status and its decoded JSON."""

    status: int
    body: Any


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


class Http:
    """A connection to one server in one dialect. ``secrets`` are blotted out of whatever an error quotes."""

    def __init__(
        self,
        base_url: str,
        dialect: Dialect,
        *,
        token: str = "",
        secrets: tuple[str, ...] = (),
        timeout: httpx.Timeout = TIMEOUT,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._dialect = dialect
        self._answer_seconds = answer_seconds
        self._secrets = tuple(secret for secret in (token, *secrets) if len(secret) >= _SHORTEST_SECRET)
        headers = {"Accept": "application/json", "User-Agent": "Almanac/0.1"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._client = httpx.Client(headers=headers, timeout=timeout, follow_redirects=False, verify=tls())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def __repr__(self) -> str:
        return f"Http({self._base_url!r})"

    def get(self, path: str, read: Callable[[Reply], T], **request: Any) -> T:
        """Ask; ``read`` takes what is wanted from the answer, and its failure makes the answer unreadable."""
        return self._call("GET", path, read, visible=False, request=request)

    def post(self, path: str, read: Callable[[Reply], T], **request: Any) -> T:
        """Do something that no reader sees."""
        return self._call("POST", path, read, visible=False, request=request)

    def publish(self, path: str, read: Callable[[Reply], T], **request: Any) -> T:
        """Make the one visible call: a lost or unreadable answer raises ``Unconfirmed``."""
        return self._call("POST", path, read, visible=True, request=request)

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
            answer = self._answer(method, path, request)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            trouble = self._lost(error, visible)
        else:
            if not 200 <= answer.status < 300:
                raise self._refused(answer, visible)
            try:
                return read(Reply(answer.status, json.loads(answer.body)))
            except (ValueError, LookupError, TypeError, AttributeError):
                trouble = self._unreadable(answer, visible)
        # Raised outside of the handlers: the error must not carry the request, and so its token, as context.
        raise trouble

    def _answer(self, method: str, path: str, request: Mapping[str, Any]) -> _Answer:
        """The whole answer, unless it grows without end or trickles: no server may hold a worker for ever."""
        body = bytearray()
        with self._client.stream(method, self._base_url + path, **request) as response:
            give_up = time.monotonic() + self._answer_seconds
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > LARGEST_ANSWER or time.monotonic() > give_up:
                    raise httpx.ReadTimeout("the answer is too long", request=response.request)
        return _Answer(response.status_code, response.headers, bytes(body))

    def _lost(self, error: Exception, visible: bool) -> PublisherError:
        if isinstance(error, _NEVER_SENT):
            return Temporary(f"{self._host()} could not be reached.", Evidence(code="unreachable"))
        evidence = Evidence(code="answer_lost", body=type(error).__name__)
        if visible:
            return Unconfirmed(f"The answer of {self._host()} was lost.", evidence)
        return Temporary(f"{self._host()} did not answer.", evidence)

    def _unreadable(self, answer: _Answer, visible: bool) -> PublisherError:
        # The body is left out: a good answer may hold new credentials that are in no list of secrets yet.
        evidence = self._evidence(answer, "unreadable_answer", "")
        kind = Unconfirmed if visible else Temporary
        return kind(f"The answer of {self._host()} could not be read.", evidence)

    def _refused(self, answer: _Answer, visible: bool) -> PublisherError:
        code, message = self._explain(answer)
        evidence = self._evidence(answer, code, answer.text)
        status = answer.status
        if status >= 500:
            return (Unconfirmed if visible else Temporary)(message, evidence)
        if status == 429:
            return RateLimited(message, self._until(answer), evidence)
        if status < 400:
            return Temporary(f"{self._host()} sent us to another address.", evidence)
        for rule in self._dialect.rules:
            if rule.fits(status, code, message):
                return rule.raises(message, evidence)
        return Rejected(message, evidence)

    def _explain(self, answer: _Answer) -> tuple[str, str]:
        try:
            code, message = self._dialect.explain(json.loads(answer.body))
        except (ValueError, LookupError, TypeError, AttributeError):
            code, message = "", ""
        sentence = message or code or f"{self._host()} answered with HTTP status {answer.status}."
        return self._redacted(code), self._redacted(sentence)

    def _until(self, answer: _Answer) -> datetime:
        now = datetime.now(UTC)
        until = (
            _reset(self._dialect, answer.headers) or _retry_after(answer.headers, now) or now + DEFAULT_REST
        )
        return min(max(until, now + timedelta(seconds=1)), now + LONGEST_REST)

    def _evidence(self, answer: _Answer, code: str, body: str) -> Evidence:
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
        return self._base_url.partition("://")[2].rpartition("@")[2]


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


def _reset(dialect: Dialect, headers: Mapping[str, str]) -> datetime | None:
    try:
        return dialect.reset(headers)
    except (ValueError, LookupError, TypeError, OverflowError, OSError):
        return None


def _retry_after(headers: Mapping[str, str], now: datetime) -> datetime | None:
    try:
        return now + timedelta(seconds=float(headers["retry-after"]))
    except (ValueError, LookupError, OverflowError):
        return None


@lru_cache(maxsize=1)
def tls() -> SSLContext:
    """The trusted certificates, read once: it takes as long as a whole call, so workers do it before they fork."""
    return httpx.create_ssl_context()
