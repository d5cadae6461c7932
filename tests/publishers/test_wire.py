"""Kept connections with real sockets: nothing is sent twice, and what was surely not sent is known."""

from __future__ import annotations

import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import httpx
import pytest

from publishers import mastodon
from publishers.errors import Temporary, Unconfirmed
from publishers.http import Http, Reply
from publishers.wire import all_within
from tests.servers import wait_until

RESET = struct.pack("ii", 1, 0)
PLAIN = b'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"id":"1"}'
Manner = Callable[["Host", socket.socket], None]


@dataclass
class Host:
    """A server that treats its first connection in the first ``manner``, and so on; the last one serves the rest."""

    url: str
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    closed: int = 0

    def request_of(self, connection: socket.socket) -> bytes:
        """The next whole request; empty when the client has gone."""
        data = b""
        while b"\r\n\r\n" not in data:
            if not (chunk := connection.recv(65536)):
                return b""
            data += chunk
        head, _, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        while length and len(body) < int(length[1]):
            body += connection.recv(65536)
        self.requests.append(head + b"\r\n\r\n" + body)
        return head


def serves(host: Host, connection: socket.socket) -> None:
    while host.request_of(connection):
        connection.sendall(PLAIN)


def serves_once(host: Host, connection: socket.socket) -> None:
    host.request_of(connection)
    connection.sendall(PLAIN)


def answers_one_and_drops_the_next(host: Host, connection: socket.socket) -> None:
    host.request_of(connection)
    connection.sendall(PLAIN)
    host.request_of(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def resets_amid_the_request(host: Host, connection: socket.socket) -> None:
    connection.recv(1000)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def trickles(host: Host, connection: socket.socket) -> None:
    host.request_of(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-More: 1\r\n")
        if select_closed(connection, 0.05):
            return


def select_closed(connection: socket.socket, seconds: float) -> bool:
    connection.settimeout(seconds)
    try:
        return not connection.recv(1)
    except TimeoutError:
        return False
    except OSError:
        return True


@contextmanager
def host(*manners: Manner) -> Iterator[Host]:
    listener = socket.create_server(("127.0.0.1", 0))
    found = Host(f"http://127.0.0.1:{listener.getsockname()[1]}")

    def treat(connection: socket.socket, manner: Manner) -> None:
        with connection, suppress(OSError):
            manner(found, connection)
        found.closed += 1

    def listen() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            manner = manners[min(found.connections, len(manners) - 1)]
            found.connections += 1
            threading.Thread(target=treat, args=(connection, manner), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield found
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def publish(url: str, text: str = "tea", **options: float) -> str:
    """One visible call by a client of its own, as each delivery makes it."""
    with Http(url, mastodon.DIALECT, token="token-of-ana-0123456789", **options) as http:  # type: ignore[arg-type]
        return http.publish("/x", identity, json={"status": text})


def identity(reply: Reply) -> str:
    return str(reply.body["id"])


def test_calls_of_different_clients_share_a_kept_connection() -> None:
    with host(serves) as server:
        for _ in range(3):
            publish(server.url)
    assert (server.connections, len(server.requests)) == (1, 3)


def test_a_kept_connection_that_was_closed_meanwhile_costs_nothing_and_repeats_nothing() -> None:
    with host(serves_once, serves) as server:
        publish(server.url, "first")
        wait_until(lambda: server.closed, "the server to close the connection")
        publish(server.url, "next")
    assert server.connections == 2
    assert [b"first" in request for request in server.requests] == [True, False]


def test_a_kept_connection_that_dies_under_the_visible_call_is_unconfirmed_and_sends_once() -> None:
    with host(answers_one_and_drops_the_next, serves) as server:
        publish(server.url, "first")
        with pytest.raises(Unconfirmed):
            publish(server.url, "second")
    assert sum(b"second" in request for request in server.requests) == 1
    assert server.connections == 1


def test_a_request_that_could_not_be_handed_over_whole_was_surely_not_sent() -> None:
    with host(resets_amid_the_request) as server, pytest.raises(Temporary) as caught:
        publish(server.url, "tea" * 5_000_000)
    assert caught.value.evidence.code == "unreachable"
    assert server.connections == 1


def test_headers_that_trickle_end_with_the_call() -> None:
    with host(trickles) as server, pytest.raises(Unconfirmed) as caught:
        publish(server.url, seconds=0.5)
    assert caught.value.evidence.body == "ReadTimeout"


def test_calls_that_have_to_share_their_time_end_with_it() -> None:
    with host(serves) as server, host(trickles) as slow:
        with all_within(0.5):
            publish(server.url, "first")
            with pytest.raises(Unconfirmed) as caught:
                publish(slow.url)
        assert caught.value.evidence.body == "ReadTimeout"
        with all_within(0), pytest.raises(Temporary):
            publish(server.url, "too late")
        assert publish(server.url, "next") == "1"
    assert not [request for request in server.requests if b"too late" in request]


def test_threads_that_share_connections_each_get_their_own_answer() -> None:
    def echoes(server: Host, connection: socket.socket) -> None:
        while head := server.request_of(connection):
            number = head.split(b" ")[1].rpartition(b"/")[2]
            connection.sendall(
                b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n{"id":"%b"}' % (9 + len(number), number)
            )

    def ask(number: int) -> str:
        with Http(server.url, mastodon.DIALECT, timeout=httpx.Timeout(20)) as http:
            return http.get(f"/{number}", identity)

    with host(echoes) as server, ThreadPoolExecutor(8) as threads:
        assert list(threads.map(ask, range(200))) == [str(number) for number in range(200)]
    assert server.connections <= 8


def test_no_cookie_of_one_channel_is_shown_by_another() -> None:
    def bakes(server: Host, connection: socket.socket) -> None:
        while server.request_of(connection):
            connection.sendall(PLAIN.replace(b"\r\nContent", b"\r\nSet-Cookie: session=ana\r\nContent", 1))

    with host(bakes) as server:
        publish(server.url)
        publish(server.url)
    assert not [request for request in server.requests if b"cookie" in request.lower()]


def test_calls_take_the_proxy_that_is_set_and_pass_it_by_where_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with host(serves) as proxy, host(serves) as server:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        publish("http://mastodon.example")
        publish(server.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        publish(server.url)
    asked = [request.split(b" ")[1] for request in proxy.requests]
    assert asked == [b"http://mastodon.example/x", f"{server.url}/x".encode()]
    assert len(server.requests) == 1
