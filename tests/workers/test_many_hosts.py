"""Three hosts, one PostgreSQL, one Redis and one folder of uploads: what one host takes in, another publishes, once."""

from __future__ import annotations

import io
import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import func, select

from calendar_app import approval, channels, planning
from calendar_app.config import Config
from calendar_app.drafts import Attached
from calendar_app.extensions import db
from calendar_app.models import Attempt, Beat, Channel, Delivery, State, Step
from publishers import get
from publishers.simulators import mastodon
from publishers.simulators.server import Server
from publishers.values import Destination
from tests.people import PASSWORD, Cast, a_draft, gather
from tests.servers import HOST, free_port, wait_until
from tests.workers.crew import kill_wholly
from tests.workers.houses import House
from workers.up import is_healthy

NAMES = ("hill", "lake", "wood")
PROCESSES = (("clock",), ("worker", "publish"), ("worker", "background"))
POSTS, CHANNELS, EVERY_NTH_HAS_A_PICTURE = 60, 6, 5


@dataclass
class Host:
    """All the processes of one machine; ``data`` is its own, the media folder is everybody's."""

    name: str
    environ: dict[str, str]
    stack: ExitStack
    port: int = field(default_factory=free_port)
    houses: list[House] = field(default_factory=list)

    def start(self) -> None:
        for command in (*PROCESSES, ("web", "--port", str(self.port))):
            house = House("tests.workers.on_host", self.name, *command, environ=self.environ)
            self.houses.append(self.stack.enter_context(house))

    def dies(self) -> None:
        """As by a power cut."""
        for house in self.houses:
            kill_wholly(house)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"


@pytest.fixture
def database_url(postgres_url: str) -> str:
    """Several hosts need a database server."""
    return postgres_url


@pytest.fixture
def hosts(config: Config, tmp_path: Path) -> Iterator[list[Host]]:
    shared = tmp_path / "shared"
    shared.mkdir()
    settings = {
        "ALMANAC_DATABASE_URL": config.database_url,
        "ALMANAC_REDIS_URL": config.redis_url or "",
        "ALMANAC_SECRET_KEY": config.secret_key,
        "ALMANAC_MEDIA": str(shared),
        "ALMANAC_LEASE": "5",
        "ALMANAC_RERING": "2",
    }
    with ExitStack() as stack:
        found = [
            Host(name, {**os.environ, **settings, "ALMANAC_DATA": str(tmp_path / name)}, stack)
            for name in NAMES
        ]
        yield found
    for host in found:
        print(*(line for house in host.houses for line in house.said), sep="\n")


@pytest.fixture
def cast(app: Flask) -> Iterator[Cast]:
    with app.app_context():
        yield gather(datetime.now(UTC))


@pytest.fixture
def platform() -> Iterator[Server]:
    with mastodon.serve(rate_limits=False) as server:
        yield server


@pytest.fixture
def many_channels(cast: Cast, platform: Server) -> list[Channel]:
    return [a_channel(cast, platform, f"tea{number}") for number in range(CHANNELS)]


def a_channel(cast: Cast, platform: Server, handle: str) -> Channel:
    token = platform.control.account(handle, handle)["access_token"]
    bare = Destination(platform.url, "", "", get("mastodon").default_limits, {"access_token": token})
    channel = channels.keep(cast.tea, "mastodon", get("mastodon").discover(bare), cast.now)
    db.session.commit()
    return channel


def test_three_hosts_share_the_work_and_one_that_dies_loses_and_repeats_nothing(
    hosts: list[Host], app: Flask, cast: Cast, many_channels: list[Channel], platform: Server
) -> None:
    for host in hosts:
        host.start()
    wait_until(lambda: all_ready(hosts), "three hosts at work", 120)
    picture = upload_through(hosts[0], cast.ana.email, seen_through=hosts[1])
    schedule(cast, many_channels, picture)
    doomed = hosts[1]
    wait_until(lambda: sent_by(doomed.name) >= 2 and published() >= 12, "the second host to do its share", 60)
    doomed.dies()
    assert published() < POSTS
    wait_until(lambda: published() == POSTS, "the others to finish", 90)

    records = platform.control.records()
    assert Counter(record["text"] for record in records) == {f"Post number {n}": 1 for n in range(POSTS)}
    pictured = {record["text"] for record in records if record["media"]}
    assert pictured == {f"Post number {n}" for n in range(0, POSTS, EVERY_NTH_HAS_A_PICTURE)}
    assert all(sent_by(name) for name in NAMES), "every host published some"


def all_ready(hosts: list[Host]) -> bool:
    """Each host's clock and workers have reported, and its pages are open."""
    db.session.rollback()
    signs = {(beat.host, beat.kind) for beat in db.session.scalars(select(Beat))}
    expected = {(host.name, command[-1]) for host in hosts for command in PROCESSES}
    return signs >= expected and all(is_healthy(HOST, host.port) for host in hosts)


def upload_through(host: Host, email: str, seen_through: Host) -> int:
    """Ana logs in on one host and uploads a picture there; the same session sees it on another."""
    file = io.BytesIO()
    Image.new("RGB", (640, 480), "green").save(file, "PNG")
    with httpx.Client(base_url=host.url) as browser:
        form = browser.get("/login").text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)
        assert token
        answer = browser.post("/login", data={"email": email, "password": PASSWORD, "csrf_token": token[1]})
        assert answer.status_code == 302
        told = browser.post(
            "/w/tea/library/upload?name=tea.png",
            content=file.getvalue(),
            headers={"X-CSRFToken": token_of(browser), "Content-Type": "image/png"},
        )
        assert told.status_code == 201, told.text
        there = browser.get(f"{seen_through.url}{told.json()['original']}")
        assert (there.status_code, there.headers["Content-Type"]) == (200, "image/png")
        return int(told.json()["id"])


def token_of(browser: httpx.Client) -> str:
    found = re.search(r'name="csrf-token"[^>]*content="([^"]+)"', browser.get("/w/tea/library").text)
    assert found
    return found[1]


def schedule(cast: Cast, to: list[Channel], picture: int) -> None:
    """Sixty posts, a fifth of them with the picture, from some seconds from now on."""
    now = datetime.now(UTC)
    for number in range(POSTS):
        at = now + timedelta(seconds=6) + number * timedelta(milliseconds=200)
        media = () if number % EVERY_NTH_HAS_A_PICTURE else (Attached(picture, "Tea"),)
        draft = a_draft(to[number % len(to)], text=f"Post number {number}", at=at, media=media)
        post = planning.write(cast.tea, draft, cast.ana, now)
        approval.submit(post, cast.ana, now)
        approval.approve(post, post.revision, cast.bo, now)
    db.session.commit()


def published() -> int:
    db.session.rollback()
    query = select(func.count()).select_from(Delivery).where(Delivery.state == State.PUBLISHED)
    return db.session.scalar(query) or 0


def sent_by(name: str) -> int:
    """How many visible calls a host has made."""
    db.session.rollback()
    query = select(func.count()).where(
        Attempt.step == Step.PUBLISH, Attempt.sent_at.is_not(None), Attempt.worker.startswith(f"{name}:")
    )
    return db.session.scalar(query) or 0
