"""What the whole house costs when nothing is due: ``python -m tests.benchmarks.idle [SECONDS]``.

Starts ``almanac up --demo`` on a data folder of its own, waits until the demo's next post is out, and then watches the
CPU time and the memory of every process but the simulators.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from dataclasses import dataclass

import psutil

from tests.benchmarks.memory import Held, held, name_of
from tests.servers import free_port
from tests.workers.houses import House

SETTLING = 110
WATCHED = 60.0


@dataclass(frozen=True)
class Idle:
    """Sizes in MiB: ``pss`` counts shared memory once, ``rss`` once for each process. ``cpu`` in percent of a core."""

    processes: int
    rss: float
    pss: float
    cpu: float
    each: dict[str, float]


def measure(seconds: float = WATCHED) -> Idle:
    """Open the demo house, let it settle, and watch it for ``seconds``."""
    with tempfile.TemporaryDirectory() as data:
        ports = [str(free_port()) for _ in range(3)]
        options = ("--port", ports[0], "--mastodon-port", ports[1], "--bluesky-port", ports[2])
        environ = os.environ | {"ALMANAC_DATA": data}
        with House("workers", "up", "--demo", *options, environ=environ) as house:
            house.await_saying("Almanac is open", 180)
            time.sleep(SETTLING)
            return _watch(house.process.pid, seconds)


def _watch(pid: int, seconds: float) -> Idle:
    family = _family(pid)
    before = {process.pid: _used(process) for process in family}
    time.sleep(seconds)
    used = {process.pid: _used(process) - before[process.pid] for process in family if process.is_running()}
    sizes: list[Held] = [held(number) for number in used]
    return Idle(
        processes=len(sizes),
        rss=round(sum(row.rss for row in sizes) / 2**20, 1),
        pss=round(sum(row.pss for row in sizes) / 2**20, 1),
        cpu=round(100 * sum(used.values()) / seconds, 2),
        each={f"{row.name} {row.pid}": round(100 * used[row.pid] / seconds, 2) for row in sizes},
    )


def _family(pid: int) -> list[psutil.Process]:
    root = psutil.Process(pid)
    return [p for p in (root, *root.children(recursive=True)) if name_of(p.pid) != "simulators"]


def _used(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    print(measure(float(sys.argv[1]) if len(sys.argv) > 1 else WATCHED))
