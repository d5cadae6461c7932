"""Real platforms on sockets, and channels connected to them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image

from calendar_app import channels, library, planning, publishing
from calendar_app.extensions import db
from calendar_app.models import Channel
from publishers import get
from publishers.simulators.server import Server
from publishers.values import Destination
from tests.people import Cast, gather


@pytest.fixture
def cast(app: Flask) -> Iterator[Cast]:
    """Everybody, with the app's context open."""
    with app.app_context():
        yield gather()


@pytest.fixture
def toots(cast: Cast, mastodon_server: Server) -> Channel:
    """The tea brand's Mastodon channel."""
    account = mastodon_server.control.account("tea", "Tea")
    bare = Destination(
        base_url=mastodon_server.url,
        remote_id="",
        handle="",
        limits=get("mastodon").default_limits,
        credentials={"access_token": account["access_token"]},
    )
    channel = channels.keep(cast.tea, "mastodon", get("mastodon").discover(bare), cast.now)
    db.session.commit()
    return channel


@pytest.fixture
def skies(cast: Cast, bluesky_server: Server) -> Channel:
    """The tea brand's Bluesky channel."""
    account = bluesky_server.control.account("tea.test", "Tea")
    typed = {
        "service": bluesky_server.url,
        "handle": account["handle"],
        "app_password": account["app_password"],
    }
    channel = channels.keep(cast.tea, "bluesky", get("bluesky").connect(typed), cast.now)
    db.session.commit()
    return channel


@dataclass
class Watch:
    """A clock that stands still until it is told or waited on."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def wait_until(self, instant: datetime) -> None:
        self.now = max(self.now, instant)

    def advance(self, **amount: float) -> datetime:
        self.now += timedelta(**amount)
        return self.now


@pytest.fixture
def watch(cast: Cast) -> Watch:
    return Watch(cast.now)


@pytest.fixture
def publish(watch: Watch) -> Callable[[int], None]:
    """Run the whole walk for one delivery, as a worker would."""

    def walk(delivery_id: int) -> None:
        publishing.publish(delivery_id, "a-worker", watch, watch.wait_until)
        db.session.expire_all()

    return walk


@pytest.fixture
def publish_at_once(app: Flask, watch: Watch) -> Callable[[list[int]], None]:
    """Publishes deliveries from as many threads, all beginning at the same moment."""

    def walk(delivery_ids: list[int]) -> None:
        start = threading.Barrier(len(delivery_ids))

        def work(id: int) -> None:
            with app.app_context():
                start.wait()
                publishing.publish(id, "one", watch, watch.wait_until)

        workers = [threading.Thread(target=work, args=(id,)) for id in delivery_ids]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    return walk


@pytest.fixture
def a_picture(cast: Cast, tmp_path: Path) -> planning.Attached:
    """A JPEG in the tea brand's library, with alt text."""
    path = tmp_path / "tea.jpg"
    Image.new("RGB", (640, 480), "seagreen").save(path)
    asset = library.add(cast.tea, path, "tea.jpg", cast.ana, cast.now)
    db.session.commit()
    return planning.Attached(asset.id, "A green field of tea")
