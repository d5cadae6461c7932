"""The servers that adapters are tried on."""

from collections.abc import Iterator

import pytest

from tests.publishers.bluesky_network.network import BlueskyNetwork
from tests.publishers.wordpress_server.server import WordPressServer
from tests.servers import PostgresServer, RedisServer


@pytest.fixture(scope="session")
def bluesky_network(postgres_server: PostgresServer, redis_server: RedisServer) -> Iterator[BlueskyNetwork]:
    """The reference Bluesky servers; a test that asks for them fails when they cannot start."""
    with BlueskyNetwork(postgres_server, redis_server) as network:
        yield network


@pytest.fixture(scope="session")
def wordpress_server() -> Iterator[WordPressServer]:
    """A real WordPress site; a test that asks for it fails when it can not start."""
    with WordPressServer() as server:
        yield server
