"""Bare RQ, to be compared with: ``python -m tests.benchmarks.bare WORKER REDIS_URL`` is one worker of a class of RQ's.

Its jobs make one HTTP POST each, with the client that deliveries use, and do nothing else.
"""

from __future__ import annotations

import subprocess
import sys
import time

from redis import Redis
from rq import Queue, SimpleWorker, Worker
from rq.serializers import JSONSerializer

from publishers import mastodon
from publishers.http import Http, Reply
from tests.benchmarks.quick_platform import QuickPlatform
from tests.servers import wait_until

WORKERS = {"simple": SimpleWorker, "forking": Worker}
PATIENCE = 600.0


def post(url: str, number: int) -> None:
    """The one thing that a job does."""
    with Http(url, mastodon.DIALECT, token="a-token-of-the-tests") as http:
        http.publish("/api/v1/statuses", _read, json={"status": f"Post {number}.", "visibility": "public"})


def _read(reply: Reply) -> str:
    return str(reply.body["id"])


def drain(kind: str, redis_url: str, platform: QuickPlatform, count: int, workers: int = 2) -> float:
    """Seconds from ``count`` jobs on the queue to the last arrival."""
    platform.forget()
    program = (sys.executable, "-m", "tests.benchmarks.bare", kind, redis_url)
    hands = [subprocess.Popen(program) for _ in range(workers)]
    try:
        queue = Queue("bare", connection=Redis.from_url(redis_url), serializer=JSONSerializer)
        wait_until(lambda: len(Worker.all(queue=queue)) == workers, "the workers", 60)
        queue.enqueue_many([Queue.prepare_data(post, (platform.url, n), result_ttl=0) for n in range(count)])
        begun = time.time()
        wait_until(lambda: _count(platform) == count, "all jobs done", PATIENCE)
        return max(at for _, at in platform.arrivals()) - begun
    finally:
        for hand in hands:
            hand.terminate()
        for hand in hands:
            hand.wait(timeout=30)


def _count(platform: QuickPlatform) -> int:
    time.sleep(0.1)
    return platform.count()


def main(kind: str, redis_url: str) -> None:
    """Work until SIGTERM."""
    connection = Redis.from_url(redis_url)
    queue = Queue("bare", connection=connection, serializer=JSONSerializer)
    WORKERS[kind]([queue], connection=connection, serializer=JSONSerializer).work(logging_level="WARNING")


if __name__ == "__main__":
    main(*sys.argv[1:])
