"""One log for every process: structlog over the standard library, readable or JSON, never with a secret in it."""

import logging
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from calendar_app import redis_address
from calendar_app.config import Config

HIDDEN = "***"
SHORTEST_SECRET = 6
_SECRET_NAME = re.compile(
    r"(?i)(password|passwd|secret|token|authorization|cookie|credential|api_?key|jwt|signature|dpop)"
)
_SECRET_TEXTS = (
    (re.compile(r"(?i)\b(bearer|basic|dpop)(\s+)[\w.~+/=-]{8,}"), rf"\1\2{HIDDEN}"),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]+\.?[\w-]*"), HIDDEN),
    (re.compile(r"(\w://[^\s/:@]*):[^\s/@]+@"), rf"\1:{HIDDEN}@"),
    # Addresses of our own that are keys themselves.
    (re.compile(r"(/(?:h|m|hooks|invitation)/)[\w.~-]{12,}"), rf"\1{HIDDEN}"),
    (re.compile(r"([?&]code=)[^&\s'\"]+"), rf"\1{HIDDEN}"),
    (
        re.compile(
            r"(?i)([\"']?\b[\w-]*(?:password|secret|token|api_?key|jwt)[\"']?\s*[=:]\s*)"
            r"(\"[^\"]*\"|'[^']*'|[^\s,;&}\])]+)"
        ),
        rf"\1{HIDDEN}",
    ),
)
_known: set[str] = set()


def set_up(config: Config, process: str) -> None:
    """Send everything this process logs to standard error, named ``process``, in the configured format."""
    hide(secrets_of(config))
    shared = _shared_processors(process)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=_renderers(config.log_format), foreign_pre_chain=shared
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for chatty in ("httpx", "httpcore", "rq.worker", "alembic.runtime.plugins"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def secrets_of(config: Config) -> list[str]:
    """What of the set-up must never be printed."""
    of_database = urlsplit(config.database_url).password or ""
    return [
        *config.secret_keys,
        config.metrics_token,
        of_database,
        *redis_address.secrets_in(config.redis_url or ""),
    ]


def hide(secrets: Iterable[str]) -> None:
    """From now on replace these very texts wherever they would be logged."""
    _known.update(secret for secret in secrets if len(secret) >= SHORTEST_SECRET)


@contextmanager
def about(step: str, **ids: Any) -> Iterator[None]:
    """Everything logged within carries ``step``, ``ids`` and what was noted; at its end one line tells the outcome.

    Where no outcome was noted, as when another worker was first, nothing happened and nothing is said. ``ids`` are
    numbers and names of our own, as in ``about("publish", delivery=7, worker="host:41")``.
    """
    before = structlog.contextvars.get_contextvars()
    structlog.contextvars.bind_contextvars(step=step, **ids)
    try:
        yield
        if "outcome" in structlog.contextvars.get_contextvars():
            structlog.get_logger().info("step ended")
    finally:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(**before)


def note(**facts: Any) -> None:
    """Let the lines that follow, and the one at the end, carry these too; without a word outside of ``about``."""
    if "step" in structlog.contextvars.get_contextvars():
        structlog.contextvars.bind_contextvars(**facts)


def milliseconds(span: timedelta) -> int:
    """A span as log lines have it."""
    return round(span.total_seconds() * 1000)


def redact(text: str) -> str:
    """``text`` without known secrets, bearer tokens, passwords and keys in addresses, and ``token=...`` pairs."""
    for secret in _known:
        text = text.replace(secret, HIDDEN)
    for pattern, replacement in _SECRET_TEXTS:
        text = pattern.sub(replacement, text)
    return text


def hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Blank every value whose name tells a secret, and clean all other text, at any depth."""
    return {name: _clean(value, str(name)) for name, value in event.items()}


def _clean(value: Any, name: str = "") -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if _SECRET_NAME.search(name):
        return HIDDEN
    if isinstance(value, Mapping):
        return {key: _clean(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(item) for item in value]
    return redact(value if isinstance(value, str) else repr(value))


def _shared_processors(process: str) -> list[Processor]:
    def name_the_process(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event.setdefault("process", process)
        return event

    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        name_the_process,
    ]


def _renderers(log_format: str) -> list[Processor]:
    """The last steps, which also other libraries' lines and every traceback pass."""
    last: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    last += [structlog.processors.format_exc_info, hide_secrets]
    if log_format == "json":
        return [*last, structlog.processors.JSONRenderer(ensure_ascii=False)]
    return [*last, _without_process, _readable]


def _without_process(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event.pop("process", None)
    return event


def _readable(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    at, level, trace = event.pop("at", ""), event.pop("level", "info"), event.pop("exception", None)
    message = str(event.pop("event", ""))
    details = "".join(f" {name}={value!r}" for name, value in event.items())
    line = f"{at[11:19]} {level:7} {message}{details}"
    return f"{line}\n{trace}" if trace else line
