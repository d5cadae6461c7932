"""A simulated platform in a process of its own, and posts that are promised to it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.request import Request, urlopen

from calendar_app import approval, channels, create_app, database, planning
from calendar_app.config import Config
from calendar_app.extensions import db
from publishers import get
from publishers.values import Destination
from tests.people import a_draft, gather
from tests.servers import free_port, wait_until


class Platform:
    """A simulated Mastodon."""

    def __init__(self) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        program = ("-m", "publishers.simulators", "mastodon", "--port", str(port), "--no-rate-limits")
        self._process = subprocess.Popen([sys.executable, *program], stdout=subprocess.DEVNULL)
        wait_until(self._answers, "the platform")

    def promise(self, config: Config, instants: Sequence[datetime]) -> dict[str, float]:
        """Approve a post for each instant on a channel here; the promised epoch second of each text."""
        app = create_app(config)
        database.upgrade(app)
        with app.app_context():
            now = datetime.now(UTC)
            cast = gather(now)
            token = self.control("accounts", {"handle": "tea", "name": "Tea"})["access_token"]
            bare = Destination(self.url, "", "", get("mastodon").default_limits, {"access_token": token})
            channel = channels.keep(cast.tea, "mastodon", get("mastodon").discover(bare), now)
            promised = {f"Post {number}.": instant for number, instant in enumerate(instants)}
            for text, instant in promised.items():
                post = planning.write(cast.tea, a_draft(channel, text=text, at=instant), cast.ana, now)
                approval.approve(post, post.revision, cast.bo, now)
            db.session.commit()
            db.engine.dispose()
        return {text: instant.timestamp() for text, instant in promised.items()}

    def records(self) -> list[dict[str, Any]]:
        """What was published so far."""
        found = self.control("records")
        records: list[dict[str, Any]] = found["records"] if isinstance(found, dict) else found
        return records

    def control(self, verb: str, body: dict[str, Any] | None = None) -> Any:
        """Steer the simulator."""
        data = json.dumps(body).encode() if body is not None else None
        request = Request(f"{self.url}/_control/{verb}", data, {"Content-Type": "application/json"})
        return json.load(urlopen(request))

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait(timeout=20)

    def _answers(self) -> bool:
        try:
            return bool(urlopen(f"{self.url}/api/v2/instance", timeout=1))
        except OSError:
            return False
