"""How late the visible call arrives: ``python -m tests.benchmarks.lateness [COUNT]``.

Real clock and worker processes, SQLite and a real Redis, a simulated Mastodon in a process of its own. Lateness is the
arrival of the POST at the platform against the promised instant, both by this machine's clock.
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import Request, urlopen

from calendar_app import approval, channels, create_app, database, planning
from calendar_app.config import Config
from calendar_app.extensions import db
from calendar_app.models import Channel
from publishers import get
from publishers.values import Destination
from tests.people import Cast, a_draft, gather
from tests.servers import RedisServer, free_port, wait_until
from tests.workers.crew import crew

AHEAD = timedelta(seconds=12)
APART = 0.5
SECRET = "a secret for measurements that is long enough to sign with"


@dataclass(frozen=True)
class Lateness:
    """Milliseconds over all posts; ``early`` counts calls before their instant."""

    count: int
    early: int
    minimum: float
    median: float
    p95: float
    p99: float
    maximum: float


def measure(count: int = 100) -> Lateness:
    """Publish ``count`` posts at random instants and compare arrival with promise."""
    with tempfile.TemporaryDirectory() as folder, RedisServer() as redis_server:
        data = Path(folder)
        config = Config(
            data=data,
            database_url=f"sqlite:///{data / 'almanac.db'}",
            secret_keys=(SECRET,),
            redis_url=redis_server.url,
        )
        platform = Platform()
        try:
            promised = _schedule(config, platform.url, platform.account(), count)
            with crew(config) as hands:
                hands.start("clock")
                for _ in range(2):
                    hands.start("worker", "publish")
                wait_until(
                    lambda: len(platform.records()) == count, "all published", AHEAD.seconds + count + 60
                )
            return _compare(promised, platform.records())
        finally:
            platform.close()


class Platform:
    """A simulated Mastodon in a process of its own."""

    def __init__(self) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        program = ("-m", "publishers.simulators", "mastodon", "--port", str(port), "--no-rate-limits")
        self._process = subprocess.Popen([sys.executable, *program], stdout=subprocess.DEVNULL)
        wait_until(self._answers, "the platform")

    def records(self) -> list[dict[str, object]]:
        """What was published so far."""
        found = json.load(urlopen(f"{self.url}/_control/records"))
        records: list[dict[str, object]] = found["records"] if isinstance(found, dict) else found
        return records

    def account(self) -> str:
        """The access token of a fresh account."""
        body = json.dumps({"handle": "tea", "name": "Tea"}).encode()
        request = Request(f"{self.url}/_control/accounts", body, {"Content-Type": "application/json"})
        return str(json.load(urlopen(request))["access_token"])

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait(timeout=20)

    def _answers(self) -> bool:
        try:
            return bool(urlopen(f"{self.url}/api/v2/instance", timeout=1))
        except OSError:
            return False


def _schedule(config: Config, url: str, token: str, count: int) -> dict[str, float]:
    """Approve ``count`` posts at random instants; the promised epoch second of each text."""
    app, chance = create_app(config), random.Random(1)
    database.upgrade(app)
    with app.app_context():
        cast = gather(datetime.now(UTC))
        bare = Destination(url, "", "", get("mastodon").default_limits, {"access_token": token})
        channel = channels.keep(cast.tea, "mastodon", get("mastodon").discover(bare), cast.now)
        first = datetime.now(UTC) + AHEAD + timedelta(seconds=count * 0.05)
        offsets = [number * APART + chance.random() * APART for number in range(count)]
        instants = {f"Post {n}": first + timedelta(seconds=offset) for n, offset in enumerate(offsets)}
        for text, instant in instants.items():
            _approved(cast, channel, text, instant)
        db.session.commit()
        db.engine.dispose()
    return {text: instant.timestamp() for text, instant in instants.items()}


def _approved(cast: Cast, channel: Channel, text: str, instant: datetime) -> None:
    now = datetime.now(UTC)
    post = planning.write(cast.tea, a_draft(channel, text=text, at=instant), cast.ana, now)
    approval.approve(post, post.revision, cast.bo, now)


def _compare(promised: dict[str, float], records: list[dict[str, object]]) -> Lateness:
    late = sorted(1000 * (float(str(r["at"])) - promised[str(r["text"])]) for r in records)
    cuts = statistics.quantiles(late, n=100, method="inclusive")
    return Lateness(
        count=len(late),
        early=sum(value < 0 for value in late),
        minimum=late[0],
        median=statistics.median(late),
        p95=cuts[94],
        p99=cuts[98],
        maximum=late[-1],
    )


if __name__ == "__main__":
    print(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
