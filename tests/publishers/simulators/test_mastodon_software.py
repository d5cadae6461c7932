"""The servers that speak the same protocol otherwise."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from publishers.simulators import mastodon
from publishers.simulators.server import Server
from tests.publishers.simulators.people import Tooter

Running = Callable[[str], tuple[Server, Tooter]]


@pytest.fixture
def running() -> Iterator[Running]:
    with ExitStack() as servers:

        def start(software: str) -> tuple[Server, Tooter]:
            server = servers.enter_context(mastodon.serve(software=software))
            return server, Tooter(server)

        yield start


@pytest.mark.parametrize("software", ["mastodon", "gotosocial", "pixelfed", "pleroma"])
def test_each_names_itself_and_its_limits(running: Running, software: str) -> None:
    server, _ = running(software)
    link = httpx.get(f"{server.url}/.well-known/nodeinfo").json()["links"][0]["href"]
    assert httpx.get(link).json()["software"]["name"] == software
    v2 = httpx.get(f"{server.url}/api/v2/instance").json()
    v1 = httpx.get(f"{server.url}/api/v1/instance").json()
    assert v1["configuration"] == v2["configuration"]
    assert v2["configuration"]["statuses"]["characters_reserved_per_url"] == 23
    assert ("max_toot_chars" in v1) == (software == "pleroma")


def test_gotosocial_ignores_keys_counts_code_points_and_refuses_with_400(running: Running) -> None:
    _, tooter = running("gotosocial")
    assert tooter.post("one", key="k").json()["id"] != tooter.post("one", key="k").json()["id"]
    assert tooter.post("👨‍👩‍👧" * 1000).status_code == 200
    assert tooter.post("👨‍👩‍👧" * 1001).status_code == 400
    assert tooter.http.get("/api/v1/statuses", params={"id[]": "1"}).status_code == 405


def test_pixelfed_burns_a_key_even_when_the_post_fails(running: Running) -> None:
    _, tooter = running("pixelfed")
    assert tooter.post("no picture", key="k").status_code == 403
    media = tooter.upload().json()["id"]
    again = tooter.post("picture", key="k", media_ids=[media])
    assert (again.status_code, again.json()["error"]) == (400, "Duplicate idempotency key.")
    assert tooter.post("picture", key="other", media_ids=[media]).status_code == 200


def test_pleroma_replays_the_whole_answer_errors_too(running: Running) -> None:
    server, tooter = running("pleroma")
    assert tooter.post("", key="bad").status_code == 422
    replayed = tooter.post("mended", key="bad")
    assert (replayed.status_code, replayed.headers["idempotent-replayed"]) == (422, "true")
    first, again = tooter.post("one", key="k"), tooter.post("two", key="k")
    assert again.content == first.content
    assert len(server.control.records()) == 1
    found = tooter.http.get("/api/v1/statuses", params={"ids[]": [first.json()["id"]]}).json()
    assert [status["id"] for status in found] == [first.json()["id"]]
