"""A storm: posts fall due while processes are killed, servers restarted and answers lost."""

from __future__ import annotations

import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from calendar_app.config import Config
from tests.chaos.audit import Audit, audit, open_deliveries
from tests.platforms import Platform
from tests.servers import PostgresServer, RedisServer
from tests.workers.crew import Crew, crew, kill_wholly
from tests.workers.houses import House

SECRET = "a secret for storms that is long enough to sign with"
WARMING = timedelta(seconds=20)
PATIENCE = 420.0
POSTING = {"method": "POST", "path_prefix": "/api/v1/statuses"}
ANSWERS = (
    "drop_before",
    "drop_after",
    "status_before",
    "status_after",
    "rate_limit",
    "garbage",
    "delay_after",
)


@dataclass
class Storm:
    """One run. ``seed`` fixes the order of the faults; when they strike depends on the processes."""

    config: Config
    redis_server: RedisServer
    platform: Platform
    hands: Crew
    postgres: PostgresServer | None
    chance: random.Random
    crew: dict[str, tuple[House, tuple[str, ...]]] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)

    def begin(self) -> None:
        """Two clocks, three workers that publish, one for the rest."""
        for name in ("clock 1", "clock 2"):
            self._start(name, "clock")
        for name in ("worker 1", "worker 2", "worker 3"):
            self._start(name, "worker", "publish")
        self._start("background", "worker", "background")

    def rage(self, until: datetime, pause: float) -> None:
        """One fault after another."""
        while datetime.now(UTC) < until:
            self._strike()
            self._replace_the_dead()
            time.sleep(self.chance.uniform(0.5, 1.5) * pause)

    def settle(self) -> None:
        """Calm weather until every delivery has come to an end."""
        self.platform.control("forget_limits", {})
        deadline = time.monotonic() + PATIENCE
        while open_deliveries(self.config) and time.monotonic() < deadline:
            self._replace_the_dead()
            time.sleep(1)

    def _strike(self) -> None:
        kinds: list[Callable[[], str]] = [
            self._kill,
            self._kill,
            self._flush,
            self._lose_answer,
            self._lose_answer,
        ]
        kinds += [self._restart_redis] + ([self._restart_postgres] if self.postgres else [])
        self.faults[self.chance.choice(kinds)()] += 1

    def _kill(self) -> str:
        name = self.chance.choice(sorted(self.crew))
        kill_wholly(self.crew[name][0])
        return f"{name.split()[0]} killed"

    def _flush(self) -> str:
        self.redis_server.flush()
        return "Redis flushed"

    def _restart_redis(self) -> str:
        self.redis_server.restart(keep=False)
        return "Redis killed, empty after"

    def _restart_postgres(self) -> str:
        assert self.postgres
        self.postgres.restart("immediate")
        return "PostgreSQL restarted, immediate"

    def _lose_answer(self) -> str:
        kind = self.chance.choice(ANSWERS)
        self.platform.control(
            "faults", {"kind": kind, "match": POSTING, "times": 1, "seconds": 2, "status": 503}
        )
        return f"answer: {kind}"

    def _replace_the_dead(self) -> None:
        for name, (house, command) in list(self.crew.items()):
            if house.process.poll() is not None:
                self._start(name, *command)

    def _start(self, name: str, *command: str) -> None:
        self.crew[name] = (self.hands.start(*command), command)


def run(engine: str, posts: int, seconds: float, seed: int) -> tuple[Counter[str], Audit]:
    """A storm of ``seconds`` over ``posts`` deliveries on ``engine`` (sqlite or postgres), and its audit."""
    with _stage(engine, seed) as storm:
        first = datetime.now(UTC) + WARMING + timedelta(seconds=posts * 0.03)
        instants = [first + timedelta(seconds=storm.chance.uniform(0, seconds)) for _ in range(posts)]
        promised = storm.platform.promise(storm.config, instants)
        storm.begin()
        storm.rage(first + timedelta(seconds=seconds), pause=1.0)
        storm.settle()
        return storm.faults, audit(storm.config, storm.platform.records(), promised)


@contextmanager
def _stage(engine: str, seed: int) -> Iterator[Storm]:
    with (
        tempfile.TemporaryDirectory() as folder,
        RedisServer() as redis_server,
        _database(engine, folder) as where,
    ):
        url, postgres = where
        config = Config(Path(folder), url, (SECRET,), redis_server.url)
        platform = Platform()
        try:
            with crew(config, LEASE="8", RERING="3") as hands:
                yield Storm(config, redis_server, platform, hands, postgres, random.Random(seed))
        finally:
            platform.close()


@contextmanager
def _database(engine: str, folder: str) -> Iterator[tuple[str, PostgresServer | None]]:
    if engine == "sqlite":
        yield f"sqlite:///{folder}/almanac.db", None
        return
    with PostgresServer(keeps_commits=True) as server:
        yield server.create_database("storm"), server
