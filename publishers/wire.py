"""The way to platforms: kept connections, shared by all threads of a process, and no call without an end.

httpx encodes a request and httpcore carries it: a whole ``httpx.Client`` costs twice the processor time, keeps cookies
that two channels would share, and bounds each read but not their sum. Nothing is ever sent a second time here: a kept
connection that the server has closed is noticed before a request is written to it.
"""

from __future__ import annotations

import os
import ssl
import threading
import time
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import httpcore
import httpx

KEPT_CONNECTIONS = 48
KEPT_SECONDS = 15.0
LARGEST_ANSWER = 8 * 2**20
_PROXY_SETTINGS = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY")
_FAILURES = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
)


@dataclass(frozen=True)
class Answer:
    """A whole answer of any status; the body is decoded from its transfer and content encodings."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


class Lost(Exception):
    """No whole answer came. Unless ``sent``, the request surely never reached the server as a whole."""

    def __init__(self, kind: str, *, sent: bool) -> None:
        super().__init__(kind)
        self.kind, self.sent = kind, sent


def ask(request: httpx.Request, seconds: float) -> Answer:
    """Send once and read the whole answer, within ``seconds`` from beginning to end. Raises ``Lost``."""
    watch, url, allowed = _Watch(), request.url, _allowed.get()
    if allowed is not None and _server_of(url) not in allowed:
        raise Lost("NotAllowed", sent=False)
    _ends.at = min(time.monotonic() + seconds, _ends.last)
    target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    try:
        with _pool("" if allowed is not None else _proxy_for(url.scheme, url.host)).stream(
            request.method,
            target,
            headers=request.headers.raw,
            content=_body(request),
            extensions={"timeout": request.extensions["timeout"], "trace": watch},
        ) as response:
            return _decoded(response.status, response.headers, _whole(response.iter_stream()))
    except _FAILURES as error:
        raise Lost(type(error).__name__, sent=watch.sent) from None


@contextmanager
def all_within(seconds: float) -> Iterator[None]:
    """Let no call that this thread makes inside outlive ``seconds`` from now, however many there are."""
    _ends.last = time.monotonic() + seconds
    try:
        yield
    finally:
        _ends.last = float("inf")


@contextmanager
def confined_to(base_urls: Iterable[str]) -> Iterator[None]:
    """Let no call that this thread makes inside reach any other server than these, nor pass through a proxy."""
    before = _allowed.set(frozenset(_server_of(httpx.URL(each)) for each in base_urls))
    try:
        yield
    finally:
        _allowed.reset(before)


@lru_cache(maxsize=1)
def tls() -> ssl.SSLContext:
    """The trusted certificates, read once: it takes as long as a whole call."""
    return httpx.create_ssl_context()


class _Watch:
    """Hears from httpcore whether the last byte of the request was handed to the network."""

    sent = False

    def __call__(self, event: str, _details: Mapping[str, Any]) -> None:
        if event.endswith("send_request_headers.started"):
            self.sent = False
        elif event.endswith("send_request_body.complete"):
            self.sent = True


_Server = tuple[str, str, int | None]
_allowed: ContextVar[frozenset[_Server] | None] = ContextVar("allowed", default=None)


def _server_of(url: httpx.URL) -> _Server:
    return url.scheme, url.host, url.port


class _Ends(threading.local):
    """When this thread's call is over, and when its last one has to be, by ``time.monotonic()``."""

    at = last = float("inf")


_ends = _Ends()


class _Line(httpcore.NetworkStream):
    """A connection on which no wait outlives the call that it is for."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Line(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Network(httpcore.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Line(super().connect_tcp(host, port, left, local_address, socket_options))


def _left(timeout: float | None, over: type[Exception]) -> float | None:
    left = _ends.at - time.monotonic()
    if left <= 0:
        raise over("the call is over")
    if timeout is None:
        return left if left != float("inf") else None
    return min(timeout, left)


@lru_cache(maxsize=8)
def _pool(proxy: str) -> httpcore.ConnectionPool:
    """This process's connections, direct or through one proxy."""
    options: dict[str, Any] = {
        "ssl_context": tls(),
        "max_connections": None,
        "max_keepalive_connections": KEPT_CONNECTIONS,
        "keepalive_expiry": KEPT_SECONDS,
        "network_backend": _Network(),
    }
    if not proxy:
        return httpcore.ConnectionPool(**options)
    address = httpx.Proxy(proxy)
    if address.url.scheme == "https":
        options["proxy_ssl_context"] = tls()
    return httpcore.HTTPProxy(httpcore.URL(str(address.url)), proxy_auth=address.raw_auth, **options)


# A forked child must not talk over its parent's connections; it opens its own.
os.register_at_fork(after_in_child=_pool.cache_clear)


def _proxy_for(scheme: str, host: str) -> str:
    """The proxy that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name for an address; empty for none."""
    return _proxy_as_set(scheme, host, *(os.environ.get(name) for name in _PROXY_SETTINGS))


@lru_cache(maxsize=256)
def _proxy_as_set(scheme: str, host: str, *_settings: str | None) -> str:
    """Reading the settings costs more than encoding a request; they seldom change."""
    proxy = urllib.request.getproxies().get(scheme, "")
    return "" if not proxy or urllib.request.proxy_bypass(host) else proxy


def _body(request: httpx.Request) -> Iterator[bytes] | None:
    """None where there is none: httpcore would announce even an empty one as chunks to come."""
    if not {"content-length", "transfer-encoding"} & request.headers.keys():
        return None
    assert isinstance(request.stream, httpx.SyncByteStream)
    return iter(request.stream)


def _whole(chunks: Iterable[bytes]) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise httpcore.RemoteProtocolError("the answer is too long")
    return bytes(body)


def _decoded(status: int, raw: list[tuple[bytes, bytes]], body: bytes) -> Answer:
    headers = httpx.Headers(raw)
    if "content-encoding" in headers:
        try:
            body = httpx.Response(status, headers=raw, content=body).content
        except httpx.DecodingError:
            raise Lost("DecodingError", sent=True) from None
    return Answer(status, headers, body)
