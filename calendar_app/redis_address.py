"""Where Redis (or Valkey, which speaks the same) is, and how to reach it: alone, encrypted, or behind Sentinels.

``redis://``, ``rediss://`` (TLS) and ``unix://`` are read as redis-py reads them. Sentinels are named in the form that
most clients share::

    redis+sentinel://[user:password@]host[:26379][,host2[:26379]]/service[/database][?options]

``rediss+sentinel://`` is the same with TLS on every connection. Options are redis-py's, as in ``ssl_ca_certs``; beside
them ``sentinel_username`` and ``sentinel_password`` open Sentinels that ask for a password. ``valkey`` may stand for
``redis`` in every scheme.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.connection import SSLConnection, parse_url
from redis.retry import Retry
from redis.sentinel import Sentinel

SENTINEL_PORT = 26379
SENTINEL_PATIENCE = 2.0
_AS_IN = "Write redis+sentinel://host1:26379,host2:26379/service/0."
SENTINEL_OPTIONS = ("sentinel_username", "sentinel_password")
OPTIONS = frozenset(
    {
        *("db", "username", "password", "client_name", "protocol", "health_check_interval"),
        *("max_connections", "retry_on_timeout", "timeout"),
        *("socket_timeout", "socket_connect_timeout", "socket_keepalive"),
    }
)
TLS_OPTIONS = frozenset(
    {
        *("ssl_ca_certs", "ssl_ca_path", "ssl_ca_data", "ssl_certfile", "ssl_keyfile", "ssl_password"),
        *("ssl_cert_reqs", "ssl_check_hostname", "ssl_min_version", "ssl_ciphers"),
    }
)


@dataclass(frozen=True)
class RedisAddress:
    """``url`` is what redis-py reads; where ``sentinels`` are named they tell its host, and ``service`` whom to ask for."""

    url: str
    sentinels: tuple[tuple[str, int], ...] = ()
    service: str = ""
    sentinel_options: tuple[tuple[str, str], ...] = ()


def parse(text: str) -> RedisAddress:
    """The address that ``text`` writes. Raises ValueError with the end of a sentence that begins with its name."""
    scheme, separator, rest = text.partition("://")
    kind, _plus, via = scheme.lower().replace("valkey", "redis").partition("+")
    if not separator or kind not in ("redis", "rediss", "unix") or via not in ("", "sentinel"):
        raise ValueError(
            "must start with redis://, rediss://, unix:// or redis+sentinel://, as in redis://127.0.0.1:6379/0."
        )
    address = _behind_sentinels(kind, rest) if via else RedisAddress(f"{kind}://{rest}")
    _check(address.url)
    return address


def connect(url: str, patience: float | None = None) -> Redis:
    """A client of the Redis at ``url``; behind Sentinels always of today's master.

    ``patience`` is how many seconds to wait for each answer, with one more try; redis-py's own patience if absent.
    """
    address = parse(url)
    options = _patient(patience, 1) if patience else {}
    if not address.sentinels:
        return Redis.from_url(address.url, **options)
    return _master(address, options, patience or SENTINEL_PATIENCE)


def secrets_in(url: str) -> list[str]:
    """Every password that the address holds, as it is written there and as it is meant."""
    place, _question, query = url.partition("://")[2].partition("?")
    written = place.rpartition("@")[0].partition(":")[2]
    options = [value for name, value in parse_qsl(query) if name.endswith("password")]
    return [secret for secret in (written, unquote(written), *options) if secret]


def _behind_sentinels(kind: str, rest: str) -> RedisAddress:
    before, _question, query = rest.partition("?")
    place, _slash, path = before.partition("/")
    user, at, hosts = place.rpartition("@")
    service, _slash, database = path.strip("/").partition("/")
    if kind == "unix" or not service:
        raise ValueError(f"names no service. {_AS_IN}")
    options = parse_qsl(query)
    data = urlencode([option for option in options if option[0] not in SENTINEL_OPTIONS])
    return RedisAddress(
        url=f"{kind}://{user}{at}sentinel/{database or 0}{'?' if data else ''}{data}",
        sentinels=tuple(_host_and_port(host) for host in hosts.split(",")),
        service=service,
        sentinel_options=tuple(
            (name.removeprefix("sentinel_"), value) for name, value in options if name in SENTINEL_OPTIONS
        ),
    )


def _host_and_port(text: str) -> tuple[str, int]:
    host, port = _place(text.strip())
    if not host:
        raise ValueError(f"names a Sentinel without a host. {_AS_IN}")
    return host, port or SENTINEL_PORT


def _place(netloc: str) -> tuple[str, int | None]:
    parts = urlsplit(f"//{netloc}")
    try:
        return parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(
            f"names a port that is no number up to 65535: {netloc.rpartition('@')[2]}."
        ) from None


def _check(url: str) -> None:
    parts = urlsplit(url)
    known = OPTIONS | (TLS_OPTIONS if parts.scheme == "rediss" else frozenset())
    for name, _value in parse_qsl(parts.query):
        if name not in known:
            raise ValueError(f"has the option {name!r}, which {parts.scheme}:// does not take.")
    if parts.scheme != "unix":
        _check_place(parts)
    parse_url(url)  # type: ignore[no-untyped-call]


def _check_place(parts: SplitResult) -> None:
    host, _port = _place(parts.netloc)
    database = parts.path.strip("/")
    if not host:
        raise ValueError("names no host. Write it as in redis://127.0.0.1:6379/0.")
    if database and not database.isdigit():
        raise ValueError(
            f"names the database {database!r}. Write its number, as in redis://127.0.0.1:6379/0."
        )


def _master(address: RedisAddress, options: dict[str, Any], patience: float) -> Redis:
    wanted = {**options, **parse_url(address.url)}  # type: ignore[no-untyped-call]
    encrypted = wanted.pop("connection_class", None) is SSLConnection
    del wanted["host"]
    wanted.pop("port", None)
    if encrypted:
        wanted["ssl"] = True
    tls = {name: value for name, value in wanted.items() if name.startswith("ssl")}
    asking = {**_patient(patience, 0), **tls, **dict(address.sentinel_options)}
    sentinel = Sentinel(address.sentinels, sentinel_kwargs=asking, **wanted)  # type: ignore[no-untyped-call]
    master: Redis = sentinel.master_for(address.service)  # type: ignore[no-untyped-call]
    return master


def _patient(seconds: float, tries: int) -> dict[str, Any]:
    return {
        "socket_timeout": seconds,
        "socket_connect_timeout": seconds,
        "retry": Retry(NoBackoff(), tries),
    }
