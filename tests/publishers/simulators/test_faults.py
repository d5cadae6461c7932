"""Trouble on order: before or after the effect, on the wire or in the words."""

import httpx
import pytest

from publishers.simulators.faults import KINDS
from publishers.simulators.server import Server
from tests.publishers.simulators.people import Skeeter, Tooter

POSTING = {"method": "POST", "path_prefix": "/api/v1/statuses"}


def published(server: Server) -> list[str]:
    return [record["text"] for record in server.control.records()]


@pytest.mark.parametrize(("kind", "effect"), [("drop_before", []), ("drop_after", ["hi"])])
def test_a_dropped_connection_answers_nothing(
    mastodon_server: Server, tooter: Tooter, kind: str, effect: list[str]
) -> None:
    mastodon_server.control.fault(kind, POSTING)
    with pytest.raises(httpx.TransportError):
        tooter.post("hi")
    assert published(mastodon_server) == effect


def test_a_lost_answer_is_found_again_by_its_key(mastodon_server: Server, tooter: Tooter) -> None:
    mastodon_server.control.fault("drop_after", POSTING)
    with pytest.raises(httpx.TransportError):
        tooter.post("hi", key="k")
    assert tooter.post("hi", key="k").json()["id"] == mastodon_server.control.records()[0]["id"]
    assert published(mastodon_server) == ["hi"]


@pytest.mark.parametrize(("kind", "effect"), [("status_before", []), ("status_after", ["hi"])])
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_error_status_with_or_without_effect(
    mastodon_server: Server, tooter: Tooter, kind: str, effect: list[str], status: int
) -> None:
    mastodon_server.control.fault(kind, POSTING, status=status)
    answer = tooter.post("hi")
    assert answer.status_code == status and answer.json()["error"]
    assert published(mastodon_server) == effect


@pytest.mark.parametrize(("kind", "effect"), [("garbage", ["hi"]), ("garbage_before", [])])
def test_garbage_is_200_and_no_json(
    mastodon_server: Server, tooter: Tooter, kind: str, effect: list[str]
) -> None:
    mastodon_server.control.fault(kind, POSTING)
    answer = tooter.post("hi")
    assert answer.status_code == 200
    with pytest.raises(ValueError):
        answer.json()
    assert published(mastodon_server) == effect


@pytest.mark.parametrize(("kind", "effect"), [("html_error", []), ("html_error_after", ["hi"])])
def test_a_proxys_page_instead_of_json(
    mastodon_server: Server, tooter: Tooter, kind: str, effect: list[str]
) -> None:
    mastodon_server.control.fault(kind, POSTING, status=502)
    answer = tooter.post("hi")
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html")
    assert published(mastodon_server) == effect


def test_a_truncated_answer_breaks_off(mastodon_server: Server, tooter: Tooter) -> None:
    mastodon_server.control.fault("truncate", POSTING)
    with pytest.raises(httpx.RemoteProtocolError):
        tooter.post("hi")
    assert published(mastodon_server) == ["hi"]


@pytest.mark.parametrize("kind", ["delay", "delay_after", "slow_body"])
def test_an_impatient_client_gives_up(mastodon_server: Server, tooter: Tooter, kind: str) -> None:
    mastodon_server.control.fault(kind, POSTING, seconds=20 if kind == "slow_body" else 0.5)
    tooter.http.timeout = httpx.Timeout(0.2)
    with pytest.raises(httpx.ReadTimeout):
        tooter.post("hi")


def test_a_silently_dropped_status_looks_published(mastodon_server: Server, tooter: Tooter) -> None:
    mastodon_server.control.fault("silent_drop", POSTING)
    answer = tooter.post("hi")
    assert answer.status_code == 200
    assert tooter.http.get(f"/api/v1/statuses/{answer.json()['id']}").status_code == 404
    assert published(mastodon_server) == []


def test_too_fast_in_mastodons_words(mastodon_server: Server, tooter: Tooter) -> None:
    mastodon_server.control.fault("rate_limit", POSTING, seconds=90)
    answer = tooter.post("hi")
    assert (answer.status_code, answer.json()) == (429, {"error": "Too many requests"})
    assert answer.headers["X-RateLimit-Remaining"] == "0" and answer.headers["X-RateLimit-Reset"].endswith(
        "Z"
    )


def test_too_fast_in_blueskys_words(bluesky_server: Server, skeeter: Skeeter) -> None:
    bluesky_server.control.fault("rate_limit", {"path_prefix": "/xrpc/com.atproto.repo"}, seconds=90)
    answer = skeeter.put(skeeter.new_key(), skeeter.record("hi"))
    assert (answer.status_code, answer.json()["error"]) == (429, "RateLimitExceeded")
    wait = int(answer.headers["RateLimit-Reset"]) - bluesky_server.control.clock()["now"]
    assert 0 < wait <= 90


def test_a_fault_strikes_as_often_as_ordered_after_letting_some_pass(
    mastodon_server: Server, tooter: Tooter
) -> None:
    mastodon_server.control.fault("status_before", POSTING, times=2, skip=1)
    assert [tooter.post(str(n)).status_code for n in range(4)] == [200, 503, 503, 200]
    assert mastodon_server.control.faults() == []


def test_a_fault_can_pick_its_victim_by_words_and_be_withdrawn(
    mastodon_server: Server, tooter: Tooter
) -> None:
    mastodon_server.control.fault("status_before", {**POSTING, "body_contains": "unlucky"}, times=None)
    assert [tooter.post(text).status_code for text in ("fine", "unlucky", "unlucky")] == [200, 503, 503]
    assert tooter.upload().status_code == 200
    mastodon_server.control.clear_faults()
    assert tooter.post("unlucky").status_code == 200


def test_faults_are_ordered_over_http_too(mastodon_server: Server, tooter: Tooter) -> None:
    control = f"{mastodon_server.url}/_control/faults"
    order = {"match": POSTING, "kind": "status_before", "status": 500, "times": 1}
    assert httpx.post(control, json=order).status_code == 200
    assert [fault["kind"] for fault in httpx.get(control).json()] == ["status_before"]
    assert tooter.post("hi").status_code == 500
    httpx.post(control, json=order)
    httpx.delete(control)
    assert tooter.post("hi").status_code == 200
    unknown = httpx.post(control, json={"kind": "earthquake"})
    assert unknown.status_code == 400 and all(kind in unknown.text for kind in KINDS)


def test_every_harmed_request_is_noted_with_its_moment_and_its_words(
    mastodon_server: Server, tooter: Tooter
) -> None:
    fault = mastodon_server.control.fault("drop_after", {**POSTING, "body_contains": "unlucky"})
    tooter.post("fine")
    with pytest.raises(httpx.TransportError):
        tooter.post("unlucky")
    (hit,) = httpx.get(f"{mastodon_server.url}/_control/hits").json()
    assert (hit["fault"], hit["kind"], hit["path"]) == (fault["id"], "drop_after", "/api/v1/statuses")
    assert "unlucky" in hit["body"] and hit["at"] == mastodon_server.control.records()[-1]["at"]
    assert httpx.get(f"{mastodon_server.url}/_control/hits?since=1").json() == []
