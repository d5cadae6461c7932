"""What a supervisor, a load balancer and a deploy ask: does this process live, and is the house ready."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache

from flask import Blueprint, Flask, Response, current_app, jsonify
from redis import RedisError
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from calendar_app import database, redis_address, vitals
from calendar_app.extensions import db
from calendar_app.settings import config
from calendar_app.web import edge

blueprint = Blueprint("probes", __name__)
PATIENCE = 2.0
OK, NOT_USED = "ok", "not used"
TOO_SLOW = f"no answer within {PATIENCE:g} s"
Check = Callable[[], str]


@blueprint.get("/healthz")
def lives() -> Response:
    """200 as long as this process answers at all; it asks nobody else, so that no trouble elsewhere restarts it."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/readyz")
def ready() -> tuple[Response, int]:
    """Each check's word, and 503 unless all are well: database, its tables, Redis, and a clock's fresh beat."""
    checks: dict[str, Check] = {
        "database": _database,
        "migrations": _tables,
        "redis": _redis,
        "clock": _clock,
    }
    found = _ask_all(checks)
    is_ready = all(word in (OK, NOT_USED) for word in found.values())
    return jsonify({"ready": is_ready, "checks": found}), 200 if is_ready else 503


@cache
def _threads() -> ThreadPoolExecutor:
    """A probe that hangs keeps its thread; further ones then fail at once instead of piling up."""
    return ThreadPoolExecutor(max_workers=4, thread_name_prefix="probe")


def _ask_all(checks: Mapping[str, Check]) -> dict[str, str]:
    """Every check at once, and ``PATIENCE`` for all of them together."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    asked = {name: _threads().submit(_ask, app, check) for name, check in checks.items()}
    wait(asked.values(), PATIENCE)
    return {name: answer.result() if answer.done() else TOO_SLOW for name, answer in asked.items()}


def _ask(app: Flask, check: Check) -> str:
    """The check's word; an error's text may hold an address or a password, so only its kind is told."""
    with app.app_context():
        try:
            return check()
        except (SQLAlchemyError, RedisError, OSError) as error:
            return f"away ({type(error).__name__})"


def _database() -> str:
    db.session.execute(select(1))
    return OK


def _tables() -> str:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return OK if database.is_current(app) else "not up to date: run almanac migrate"


def _redis() -> str:
    """Only the clock and the workers need Redis: a web host that names none is ready without."""
    url = config().redis_url
    if not url:
        return NOT_USED
    with redis_address.connect(url, patience=PATIENCE / 2) as redis:
        redis.ping()
    return OK


def _clock() -> str:
    beat_at = vitals.clock_beat()
    if beat_at is None:
        return "none has given a sign"
    age = edge.now() - beat_at
    return OK if age <= vitals.SILENT else f"silent for {age.total_seconds():.0f} s"
