"""The whole product as a newcomer starts it: ``almanac up --demo`` in real processes, on free ports."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from flask import Flask

from calendar_app import create_app
from calendar_app.config import Config
from calendar_app.extensions import db
from tests.servers import free_port
from tests.workers.houses import House

PASSWORD = "mountain-mist-tea"
PLANNER, APPROVER, ADMIN = (f"{role}@shanlan.example" for role in ("planner", "approver", "admin"))
SLUG, SIBLING = "shanlan-tea", "misty-ridge-cold-brew"
AGES = "4s,10m,1h"


@dataclass
class Platform:
    """A simulated platform, and what its owner may order from outside of its protocol."""

    name: str
    url: str

    def order(self, verb: str, **details: Any) -> dict[str, Any]:
        answer = httpx.post(f"{self.url}/_control/{verb}", json=details, timeout=10, trust_env=False)
        return dict(answer.raise_for_status().json())

    def records(self) -> list[dict[str, Any]]:
        answer = httpx.get(f"{self.url}/_control/records", timeout=10, trust_env=False)
        return list(answer.raise_for_status().json())

    def records_of(self, words: str) -> list[dict[str, Any]]:
        """What was published with these words in it."""
        return [record for record in self.records() if words in record["text"]]


@dataclass
class Estate:
    """The running house: where it listens, and its database for what no screen can arrange."""

    url: str
    data: Path
    mastodon: Platform
    bluesky: Platform
    app: Flask
    cookies: dict[str, Any] = field(default_factory=dict)

    @property
    def platforms(self) -> tuple[Platform, Platform]:
        return self.mastodon, self.bluesky

    @contextmanager
    def writing(self) -> Iterator[datetime]:
        """The verbs upon the very database that the house uses, committed at the end; gives the present."""
        with self.app.app_context():
            yield datetime.now(UTC)
            db.session.commit()


@contextmanager
def opened(folder: Path) -> Iterator[Estate]:
    """A house with the demo in it, closed at the end; what it said is printed for a failing test."""
    port, toots, skies = free_port(), free_port(), free_port()
    data = folder / "data"
    environ = {"ALMANAC_DATA": str(data), "ALMANAC_SAMPLE_AGES": AGES, "ALMANAC_BASE_URL": ""}
    ports = (
        "--port",
        str(port),
        "--mastodon-port",
        str(toots),
        "--bluesky-port",
        str(skies),
        "--more-port",
        "0",
    )
    with House("workers", "up", "--demo", *ports, environ=environ) as house:
        house.await_saying("Almanac is open at", 170)
        app = create_app(Config.from_environ({**os.environ, **environ}))
        here = "http://127.0.0.1"
        platforms = (Platform("mastodon", f"{here}:{toots}"), Platform("bluesky", f"{here}:{skies}"))
        yield Estate(f"{here}:{port}", data, *platforms, app)
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
    print(*house.said, sep="\n")
