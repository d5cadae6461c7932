"""What the house costs when nothing is due: ``python -m tests.benchmarks.idle``.

First the clock and the workers one by one, upon a house in which thousands of deliveries are scheduled and none is due:
their CPU seconds and their statements in a minute, on each engine. Then everything that ``almanac up --demo`` starts,
once the demo's next post is out: the CPU time and the memory of every process but the simulators.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from tests.benchmarks.figures import Line
from tests.benchmarks.grounds import ENGINES, Grounds, main
from tests.benchmarks.memory import Held, held, name_of
from tests.servers import free_port
from tests.workers.crew import Crew
from tests.workers.houses import House
from workers.rings import QUEUES

SETTLING = 110
WATCHED = 60.0
WARMING, QUICK_WARMING = 30, 12
QUICK = 15.0
POSTS = 12_000


@dataclass(frozen=True)
class Resident:
    """One process in a minute: ``cpu`` seconds, ``queries`` in all and ``each`` statement's count, its start as the key."""

    name: str
    cpu: float
    queries: float
    each: dict[str, float]


@dataclass(frozen=True)
class Demo:
    """Sizes in MiB: ``pss`` counts shared memory once, ``rss`` once for each process. ``cpu`` in percent of a core."""

    processes: int
    rss: float
    pss: float
    cpu: float
    each: dict[str, float]


@dataclass(frozen=True)
class Idle:
    """``residents`` by engine; ``demo`` is left out of a quick run."""

    residents: dict[str, list[Resident]]
    demo: Demo | None


def measure(grounds: Grounds, *, quick: bool = False) -> Idle:
    """Both parts, one after the other."""
    warming, seconds = (QUICK_WARMING, QUICK) if quick else (WARMING, WATCHED)
    residents = {engine: _residents(grounds, engine, warming, seconds) for engine in ENGINES}
    return Idle(residents, None if quick else demo())


def lines(idle: Idle) -> list[Line]:
    """The table's rows."""
    told = [
        Line(
            f"idle, {engine}: {one.name}",
            f"{one.cpu:.2f} CPU s/min, {one.queries:.0f} queries/min",
        )
        for engine, residents in idle.residents.items()
        for one in residents
    ]
    if idle.demo:
        figure = (
            f"{idle.demo.cpu:.2f} % of a core, {idle.demo.pss:.0f} MiB in {idle.demo.processes} processes"
        )
        told.append(Line("idle: the whole demo house on SQLite, its web included", figure))
    return told


def _residents(grounds: Grounds, engine: str, warming: float, seconds: float) -> list[Resident]:
    grounds.redis.flush()
    config = replace(grounds.estate(engine, POSTS).config, redis_url=grounds.redis.url)
    commands = {"clock": ("clock",)} | {
        f"worker {queue}": ("worker", queue) for queue in sorted(set(QUEUES.values()))
    }
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        houses = {}
        for name, command in commands.items():
            notes = str(Path(folder) / name)
            house = House("tests.benchmarks.counting", notes, *command, environ=Crew(config).environ)
            houses[name] = stack.enter_context(house)
        time.sleep(warming)
        before = {name: (_said(folder, name), _cpu(house)) for name, house in houses.items()}
        time.sleep(seconds)
        return [
            _resident(name, before[name], (_said(folder, name), _cpu(house)), 60 / seconds)
            for name, house in houses.items()
        ]


def _resident(
    name: str, before: tuple[list[str], float], after: tuple[list[str], float], a_minute: float
) -> Resident:
    said = after[0][len(before[0]) :]
    each = {statement: count * a_minute for statement, count in Counter(said).most_common()}
    return Resident(name, (after[1] - before[1]) * a_minute, len(said) * a_minute, each)


def _said(folder: str, name: str) -> list[str]:
    path = Path(folder) / name
    return path.read_text().splitlines() if path.exists() else []


def _cpu(house: House) -> float:
    """Seconds used so far, by forked children that ended too."""
    assert house.process.poll() is None, "\n".join(house.said)
    times = psutil.Process(house.process.pid).cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


def demo(seconds: float = WATCHED) -> Demo:
    """Open the demo house, let it settle, and watch it for ``seconds``."""
    with tempfile.TemporaryDirectory() as data:
        ports = [str(free_port()) for _ in range(3)]
        options = (
            "--port",
            ports[0],
            "--mastodon-port",
            ports[1],
            "--bluesky-port",
            ports[2],
            "--more-port",
            "0",
        )
        environ = os.environ | {"ALMANAC_DATA": data}
        with House("workers", "up", "--demo", *options, environ=environ) as house:
            house.await_saying("Almanac is open", 180)
            time.sleep(SETTLING)
            return _watch(house.process.pid, seconds)


def _watch(pid: int, seconds: float) -> Demo:
    family = _family(pid)
    before = {process.pid: _used(process) for process in family}
    time.sleep(seconds)
    used = {process.pid: _used(process) - before[process.pid] for process in family if process.is_running()}
    sizes: list[Held] = [held(number) for number in used]
    return Demo(
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
    main(measure, lines)
