"""Ringing: ids put on RQ's queues. A ring may be lost or doubled; the database makes both harmless."""

from __future__ import annotations

from collections.abc import Sequence

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.queue import EnqueueData
from rq.serializers import JSONSerializer

from calendar_app.config import Config

PUBLISH, BACKGROUND = "publish", "background"
QUEUES = {
    "publish": PUBLISH,
    "settle": PUBLISH,
    "prepare": BACKGROUND,
    "render": BACKGROUND,
    "sample": BACKGROUND,
    "audience": BACKGROUND,
}
TIMEOUTS = {"render": 1800, "prepare": 600}
PATIENCE = 1.0


class OutOfOrder(Exception):
    """Redis did not take the ring."""


class Bell:
    """Rings from the clock; gives up within a second, since the next round rings again."""

    def __init__(self, config: Config) -> None:
        if not config.redis_url:
            raise OutOfOrder("ALMANAC_REDIS_URL names no Redis")
        self._redis = Redis.from_url(
            config.redis_url,
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 1),
        )
        self._lease, self._ttl = config.lease, config.rering

    def ring(self, job: str, ids: Sequence[int]) -> None:
        """Put one job for each id on its queue, in one round trip. Raises ``OutOfOrder``."""
        if not ids:
            return
        queue = Queue(QUEUES[job], connection=self._redis, serializer=JSONSerializer)
        try:
            queue.enqueue_many([self._job(job, id) for id in ids])
        except (RedisError, OSError) as error:
            raise OutOfOrder(str(error)) from error

    def _job(self, job: str, id: int) -> EnqueueData:
        timeout = TIMEOUTS.get(job, int(self._lease.total_seconds()))
        return Queue.prepare_data(
            f"workers.jobs.{job}",
            (id,),
            timeout=timeout,
            ttl=int(self._ttl.total_seconds()) if QUEUES[job] == PUBLISH else None,
            result_ttl=0,
            failure_ttl=7 * 86400,
        )
