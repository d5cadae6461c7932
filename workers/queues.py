"""A worker process: RQ's forking worker on one queue, with a sign of life in the database."""

from __future__ import annotations

import gc
import os
import socket
from datetime import UTC, datetime
from types import FrameType
from typing import Any

import structlog
from flask import Flask
from redis import Redis
from rq import Queue, Worker
from rq.serializers import JSONSerializer
from sqlalchemy.exc import SQLAlchemyError

from calendar_app import publishing
from calendar_app.config import Config
from calendar_app.database import forget_connections_after_fork
from calendar_app.extensions import db
from publishers.http import tls
from workers import beats, jobs

HEARTBEAT = 30
log = structlog.get_logger()


class BeatingWorker(Worker):
    """Writes its sign of life whenever RQ has it write its own to Redis."""

    def __init__(self, *args: Any, queue_name: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self._kind = queue_name
        self._beat_name = f"{socket.gethostname()}:{queue_name}:{os.getpid()}"
        self._signing = False
        self._asked: tuple[int, FrameType | None] | None = None

    def heartbeat(self, *args: Any, **options: Any) -> None:
        super().heartbeat(*args, **options)
        self.beat()

    def register_death(self) -> None:
        super().register_death()  # type: ignore[no-untyped-call]
        with jobs.app().app_context():
            beats.forget(self._beat_name)

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """RQ stops by an exception out of the signal handler, and a database driver in the middle of its work may
        swallow it: so a worker that is signing finishes that first."""
        if self._signing:
            self._asked = (signum, frame)
        else:
            super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    def beat(self) -> None:
        """A database that is away is the jobs' matter."""
        self._signing = True
        try:
            self._sign()
        finally:
            self._signing = False
        if self._asked:
            super().request_stop(*self._asked)  # type: ignore[no-untyped-call]

    def _sign(self) -> None:
        with jobs.app().app_context():
            try:
                beats.beat(self._beat_name, self._kind, datetime.now(UTC))
            except SQLAlchemyError:
                log.exception("no sign of life could be left")
            finally:
                db.session.remove()
                db.engine.dispose()


def _warm_up(app: Flask) -> None:
    """What each forked child would else do anew at its job's cost."""
    tls()
    with app.app_context():
        publishing.warm_up()
        db.session.remove()
        db.engine.dispose()
    gc.collect()
    gc.freeze()


def run(queue_name: str) -> None:
    """Work on one queue until SIGTERM; a single queue, since only then no job is lost between two."""
    app = jobs.app()
    forget_connections_after_fork(app)
    config: Config = app.extensions["almanac.config"]
    if not config.redis_url:
        raise SystemExit("ALMANAC_REDIS_URL names no Redis. Set it, or use `almanac up`.")
    connection = Redis.from_url(config.redis_url)
    _warm_up(app)
    worker = BeatingWorker(
        [Queue(queue_name, connection=connection, serializer=JSONSerializer)],
        connection=connection,
        serializer=JSONSerializer,
        queue_name=queue_name,
        worker_ttl=HEARTBEAT,
        maintenance_interval=HEARTBEAT,
        job_monitoring_interval=HEARTBEAT // 2,
    )
    worker.work(logging_level="WARNING")
