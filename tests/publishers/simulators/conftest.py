"""A server of each platform, with a public that keeps silent, and Ana's account on it."""

from collections.abc import Iterator

import pytest

from publishers.simulators import bluesky, mastodon
from publishers.simulators.server import Server
from tests.publishers.simulators.people import Skeeter, Tooter


@pytest.fixture
def mastodon_server() -> Iterator[Server]:
    with mastodon.serve(engagement=0.0) as server:
        yield server


@pytest.fixture
def bluesky_server() -> Iterator[Server]:
    with bluesky.serve(engagement=0.0) as server:
        yield server


@pytest.fixture
def tooter(mastodon_server: Server) -> Tooter:
    return Tooter(mastodon_server)


@pytest.fixture
def skeeter(bluesky_server: Server) -> Skeeter:
    return Skeeter(bluesky_server)
