"""Ringing: ids put on RQ's queues. A ring may be lost or doubled; the database makes both harmless."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, zip_longest

from redis import RedisError
from rq import Queue
from rq.queue import EnqueueData
from rq.serializers import JSONSerializer

from calendar_app import redis_address
from calendar_app.config import Config

PUBLISH, BACKGROUND, RENDER = "publish", "background", "render"
QUEUES = {
    "publish": PUBLISH,
    "publish_several": PUBLISH,
    "prepare": BACKGROUND,
    "settle": BACKGROUND,
    "follow": BACKGROUND,
    "check": BACKGROUND,
    "sample": BACKGROUND,
    "audience": BACKGROUND,
    "render": RENDER,
}
BATCH = 10
# Of a burst: one ring costs a worker as much as half a delivery, and of each look at least two workers get some.
BUNDLE, AT_LEAST = 20, 2
PATIENCE = 1.0
RENDERING = 1800
HANDING_OVER = 60
KEPT = 120
# Rings that may lie in one queue: as many as are soon answered. A longer row would keep what is urgent waiting behind
# what is not, and behind rings for what was rung again meanwhile.
MOST_WAITING = 100

Part = tuple[int, list[int]]
Call = Part | tuple[int] | tuple[list[Part]]


class OutOfOrder(Exception):
    """Redis did not take the ring."""


class Bell:
    """Rings from the clock; gives up within a second, since the next round rings again."""

    def __init__(self, config: Config) -> None:
        if not config.redis_url:
            raise OutOfOrder("ALMANAC_REDIS_URL names no Redis")
        self._redis = redis_address.connect(config.redis_url, PATIENCE)
        self._rering = int(config.rering.total_seconds())

    def ring(self, job: str, calls: Sequence[Call]) -> None:
        """Put one job for each call, with its arguments, on its queue in one round trip. Raises ``OutOfOrder``."""
        if not calls:
            return
        queue = Queue(QUEUES[job], connection=self._redis, serializer=JSONSerializer)
        try:
            queue.enqueue_many([self._job(job, call) for call in calls])
        except (RedisError, OSError) as error:
            raise OutOfOrder(str(error)) from error

    def room(self, queue: str) -> int:
        """How many more rings may lie in ``queue``. Raises ``OutOfOrder``."""
        try:
            return max(0, MOST_WAITING - Queue(queue, connection=self._redis).count)
        except (RedisError, OSError) as error:
            raise OutOfOrder(str(error)) from error

    def queues(self) -> dict[str, int]:
        """How many rings lie in each queue. Raises ``OutOfOrder``."""
        names = sorted(set(QUEUES.values()))
        try:
            return {name: Queue(name, connection=self._redis).count for name in names}
        except (RedisError, OSError) as error:
            raise OutOfOrder(str(error)) from error

    def _job(self, job: str, call: Call) -> EnqueueData:
        return Queue.prepare_data(
            f"workers.jobs.{job}",
            call,
            timeout=RENDERING if job == "render" else HANDING_OVER,
            ttl=self._ttl(job),
            result_ttl=0,
            failure_ttl=7 * 86400,
        )

    def _ttl(self, job: str) -> int | None:
        """A ring that nobody answered dies when it is rung again; those in one queue live alike, or the row that the
        lasting ones form would outlive the others."""
        if job == "render":
            return None
        return max(self._rering, 1) if QUEUES[job] == PUBLISH else KEPT


def batches(by_channel: Mapping[int, Sequence[int]]) -> list[Call]:
    """At most ``BATCH`` ids of one channel each; the first of every channel come before the second of any."""
    rows = ([(channel, part) for part in _parts(ids, BATCH)] for channel, ids in by_channel.items())
    return [call for call in chain.from_iterable(zip_longest(*rows)) if call]


def bundles(ids: Sequence[int], by_channel: Mapping[int, Sequence[int]]) -> list[Call]:
    """A few calls for all ``ids`` in their order, each of several channels."""
    channels = {id: channel for channel, group in by_channel.items() for id in group}
    known = [id for id in ids if id in channels]
    size = min(BUNDLE, -(-len(known) // AT_LEAST))
    return [(_grouped(part, channels),) for part in _parts(known, size)]


def _grouped(ids: Sequence[int], channels: Mapping[int, int]) -> list[Part]:
    groups: dict[int, list[int]] = {}
    for id in ids:
        groups.setdefault(channels[id], []).append(id)
    return list(groups.items())


def singles(ids: Iterable[int]) -> list[Call]:
    """One call for each id."""
    return [(id,) for id in ids]


def _parts(ids: Sequence[int], size: int) -> Iterator[list[int]]:
    return (list(ids[start : start + size]) for start in range(0, len(ids), size or 1))
