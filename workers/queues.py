"""Worker processes: RQ's loop on one queue, with a sign of life in the database.

``publish`` and ``background`` wait for platforms most of their time, so their jobs only hand ids to threads of the same
process (``workers.lanes``) and return. ``render`` runs native code that may crash or hang: RQ forks for each of its jobs.
Threads are safe here because nothing of a delivery lives in the process: the ledger's guarded UPDATEs decide, its lease
outlives a death, and what hangs past its lease ends the process with a status that its supervisor answers.
"""

from __future__ import annotations

import contextlib
import gc
import os
import socket
import time
from collections.abc import Sequence
from types import FrameType
from typing import TYPE_CHECKING, Any

import structlog
from flask import Flask
from redis import Redis, RedisError
from rq import Queue, SimpleWorker, Worker
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer
from rq.worker import BaseWorker, WorkerStatus
from sqlalchemy.exc import SQLAlchemyError

from calendar_app import publishing, redis_address
from calendar_app.config import Config
from calendar_app.database import forget_connections_after_fork
from calendar_app.extensions import db
from publishers.wire import tls
from workers import beats, housetime, jobs
from workers.rings import RENDER

HEARTBEAT = 30
BEAT_SECONDS = beats.EVERY.total_seconds()
LAST_ERRANDS = 70.0
log = structlog.get_logger()
if TYPE_CHECKING:
    Base = BaseWorker
else:
    Base = object


class Beating(Base):
    """Writes its sign of life as often as RQ writes its own to Redis, but not for every job."""

    def __init__(self, *args: Any, queue_name: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self._kind = queue_name
        self._beat_name = f"{socket.gethostname()}:{queue_name}:{os.getpid()}"
        self._beaten = float("-inf")
        self._signing = False
        self._asked: tuple[int, FrameType | None] | None = None

    def heartbeat(self, *args: Any, **options: Any) -> None:
        super().heartbeat(*args, **options)
        if time.monotonic() - self._beaten > BEAT_SECONDS - 1:
            self._beaten = time.monotonic()
            self.beat()

    def register_death(self) -> None:
        """A Redis that is away, or the old one after a failover, forgets by itself; our sign of life would not."""
        with contextlib.suppress(RedisError):
            super().register_death()  # type: ignore[no-untyped-call]
        with jobs.app().app_context():
            beats.forget(self._beat_name)

    def unsubscribe(self) -> None:
        with contextlib.suppress(RedisError):
            super().unsubscribe()  # type: ignore[no-untyped-call]

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
        with jobs.at_work():
            try:
                housetime.refresh()
                beats.beat(self._beat_name, self._kind, housetime.now(), self.facts())
            except SQLAlchemyError:
                log.exception("no sign of life could be left")
                db.session.rollback()

    def facts(self) -> dict[str, Any]:
        """What this process knows of its own work."""
        return {"offset": round(housetime.offset().total_seconds(), 3)}


class ForkingWorker(Beating, Worker):
    """Forks for each job; the parent keeps no connection that a child could talk over."""

    def _sign(self) -> None:
        super()._sign()
        with jobs.app().app_context():
            db.engine.dispose()


class ThreadedWorker(Beating, SimpleWorker):
    """Hands each job to the lanes; stops taking rings when something in them hangs."""

    hung = False
    hopeless: Sequence[Any] = ()

    def heartbeat(self, *args: Any, **options: Any) -> None:
        super().heartbeat(*args, **options)
        idle = self.get_state() == WorkerStatus.IDLE
        if idle and "pipeline" not in options and (hung := jobs.lanes().overdue(jobs.limit)):
            log.error("errands hang; this process stops for a new one to begin", errands=hung)
            self.hung = True
            raise StopRequested

    def teardown(self) -> None:
        """First of all begin nothing more: RQ's own farewell takes a second, in which the lanes would go on."""
        self.hopeless = jobs.lanes().overdue(jobs.limit)
        _give_back(jobs.lanes().close())
        super().teardown()  # type: ignore[no-untyped-call]

    def facts(self) -> dict[str, Any]:
        return super().facts() | jobs.lanes().facts()


def run(queue_name: str) -> None:
    """Work on one queue until SIGTERM; a single queue, since only then no job is lost between two.

    Raises ``SystemExit`` with status 1 when it ended because something hung.
    """
    app = jobs.app()
    config: Config = app.extensions["almanac.config"]
    if not config.redis_url:
        raise SystemExit("ALMANAC_REDIS_URL names no Redis. Set it, or use `almanac up`.")
    connection = redis_address.connect(config.redis_url)
    if queue_name == RENDER:
        forget_connections_after_fork(app)
        _worker(ForkingWorker, queue_name, connection).work(logging_level="WARNING")
        return
    _warm_up(app)
    worker = _worker(ThreadedWorker, queue_name, connection)
    try:
        worker.work(logging_level="WARNING")
    finally:
        hanging = jobs.lanes().finish(LAST_ERRANDS, worker.hopeless)
    if hanging or worker.hung:
        log.error("this process ends with work that hangs", errands=hanging)
        raise SystemExit(1)


def _give_back(left: Sequence[Any]) -> None:
    """What waited goes to other workers."""
    try:
        jobs.give_back(left)
    except SQLAlchemyError:
        log.exception("what waited could not be given back; it is rung again by itself", count=len(left))


def _worker(kind: Any, queue_name: str, connection: Redis) -> Any:
    return kind(
        [Queue(queue_name, connection=connection, serializer=JSONSerializer)],
        connection=connection,
        serializer=JSONSerializer,
        queue_name=queue_name,
        worker_ttl=HEARTBEAT,
        maintenance_interval=HEARTBEAT,
        job_monitoring_interval=HEARTBEAT // 2,
    )


def _warm_up(app: Flask) -> None:
    """What the first delivery would else wait for."""
    tls()
    with app.app_context():
        publishing.warm_up()
        db.session.remove()
    gc.collect()
    gc.freeze()
