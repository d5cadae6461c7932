"""Every platform of the registry as the house meets it: its simulator, a channel there, and a post that it takes.

What a platform needs said is known by the class that holds its adapter to the contract (``tests.publishers``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any
from typing import cast as cast_to

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from calendar_app import channels, library, planning, preparing, publishing, settling
from calendar_app.extensions import db
from calendar_app.looking import LOOKED_AT
from calendar_app.models import Channel, Delivery, Rendition, State, Step
from publishers import present, simulators
from publishers.simulators.server import Server
from publishers.values import Connected, Content
from tests.calendar_app.conftest import Watch
from tests.people import Cast, an_approved_post
from tests.publishers.contract import Core
from tests.publishers.contract.stage import FileServer
from tests.publishers.test_contract import SPEAKING, classes_of

WORKER = "a-worker"
MOST_STEPS = 40
AT_ONCE: dict[str, Any] = {"rate_limits": False, "video_seconds": 0.0, "image_seconds": 0.0}
NOWHERE = SimpleNamespace(url="http://127.0.0.1:9")  # files are fetched from the app, or not at all


def ways_of(platform: str) -> list[type[Core]]:
    """The ways of posting there, each held to the contract by a class of its own; the usual one first."""
    return [each for each in classes_of(platform) if each.__name__.startswith("Test")]


WAYS = [way for platform in SPEAKING for way in ways_of(platform)]
USUAL = [ways_of(platform)[0] for platform in SPEAKING]


def name_of(way: type[Core]) -> str:
    """What a test on this way of posting is called."""
    return f"{way.publisher.name}-{way.__name__.removeprefix('Test')}"


@dataclass
class SharedWatch(Watch):
    """A clock that stands still until it is told or waited on, and takes the platforms along."""

    servers: list[Server] = field(default_factory=list)

    def wait_until(self, instant: datetime) -> None:
        super().wait_until(instant)
        for server in self.servers:
            ahead = self.now.timestamp() - float(server.control.clock()["now"])
            server.control.clock(advance_seconds=max(0.0, ahead))


@dataclass
class There:
    """A channel of the tea brand on a platform, and the one post that is to go out there."""

    way: Core
    server: Server
    watch: SharedWatch
    channel: Channel
    said: Content = field(init=False)
    delivery: Delivery = field(init=False)

    def approve(self, cast: Cast, ahead: timedelta) -> None:
        """Write a post that the platform takes, and have it approved."""
        self.said = self.way.say(self.way.speaks)
        post = an_approved_post(
            cast,
            self.channel,
            now=self.watch.now,
            at=self.watch.now + ahead,
            text=self.said.text,
            language=self.said.language,
            media=tuple(self._uploaded(cast)),
            variants=(planning.VariantDraft(self.channel.id, options=dict(self.said.options)),),
        )
        for rendition_id in library.wanted(self.watch.now, 10):
            library.render(db.session.get_one(Rendition, rendition_id))
        db.session.commit()
        [self.delivery] = post.deliveries

    def _uploaded(self, cast: Cast) -> Iterator[planning.Attached]:
        for file in self.said.media:
            asset = library.add(cast.tea, file.path, file.path.name, cast.ana, self.watch.now)
            yield planning.Attached(asset.id, file.alt)

    def step(self) -> bool:
        """What a worker has to do next for it, at its time; False where nothing is left to do."""
        db.session.expire_all()
        delivery, watch = self.delivery, self.watch
        if delivery.state in LOOKED_AT and delivery.look_at:
            watch.wait_until(delivery.look_at)
            settling.settle(delivery.id, WORKER, watch)
        elif delivery.state == State.SCHEDULED and self.wants_preparing:
            watch.wait_until(delivery.prepare_at or watch.now)
            preparing.prepare(delivery.id, WORKER, watch)
        elif delivery.state == State.SCHEDULED:
            watch.wait_until(delivery.due_at)
            publishing.publish(delivery.id, WORKER, watch, watch.wait_until)
        else:
            return False
        db.session.expire_all()
        return True

    @property
    def wants_preparing(self) -> bool:
        """Whether something invisible is to be done before its instant."""
        return self.delivery.prepare_at is not None and self.delivery.prepare_at <= self.delivery.due_at

    def prepare(self) -> None:
        """All that is invisible."""
        while self.wants_preparing:
            self.step()

    def finish(self) -> State:
        """Everything that workers do for it; where it stands in the end."""
        for _ in range(MOST_STEPS):
            if not self.step():
                return self.delivery.state
        raise AssertionError(f"it never came to an end: {self.told()}")

    def spoil(self, kind: str, **details: Any) -> None:
        """Let the visible call go wrong once."""
        match = {"method": self.way.visible_method, "path_prefix": self.way.visible_call}
        self.server.control.fault(kind, match=match, **details)

    def texts(self) -> list[str]:
        """What readers of the platform see."""
        return [record["text"] for record in self.server.control.records() if not record["deleted"]]

    def steps(self) -> list[Step]:
        """What was tried, in order."""
        return [each.step for each in self.delivery.attempts]

    def told(self) -> list[tuple[str, str | None, str]]:
        """The attempts of the delivery, to be read where a test fails."""
        return [(each.step.value, each.outcome, each.message) for each in self.delivery.attempts]


@contextmanager
def joined(way: type[Core], cast: Cast, watch: SharedWatch, folder: Path) -> Iterator[There]:
    """A simulated platform, and the brand's channel on it; adapters see the time of ``watch``."""
    speaker = way()
    speaker.folder, speaker.files = folder, cast_to(FileServer, NOWHERE)
    platform = way.publisher.name
    with simulators.serve(platform, **{**AT_ONCE, **way.settings}) as server, present.told_by(watch):
        watch.servers.append(server)
        found = connected(speaker, server)
        channel = channels.keep(cast.tea, platform, found, watch.now)
        db.session.commit()
        yield There(speaker, server, watch, channel)


def connected(speaker: Core, server: Server) -> Connected:
    """What connecting finds there, with what the person chose."""
    there = speaker.on(server).destination
    return speaker.publisher.discover(there)


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The app on a port of this machine, known to itself as its address: platforms fetch files from it."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    base_url = f"http://127.0.0.1:{server.server_port}"
    app.extensions["almanac.config"] = replace(app.extensions["almanac.config"], base_url=base_url)
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield base_url
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing."""
