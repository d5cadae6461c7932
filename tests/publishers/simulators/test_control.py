"""Steering the servers: clock, records, requests, history, and what survives a restart."""

import socket
import time
from pathlib import Path

import httpx
import pytest

from publishers.simulators import bluesky, mastodon
from publishers.simulators.server import Server
from tests.publishers.simulators.people import Skeeter, Tooter, jpeg


def test_requests_tell_when_they_arrived(mastodon_server: Server, tooter: Tooter) -> None:
    before = time.time()
    tooter.post("hi")
    [seen] = httpx.get(f"{mastodon_server.url}/_control/requests").json()
    assert (seen["n"], seen["method"], seen["path"]) == (1, "POST", "/api/v1/statuses")
    assert before <= seen["at"] <= time.time()
    tooter.http.get("/api/v1/instance?x=1")
    [later] = httpx.get(f"{mastodon_server.url}/_control/requests?since=1").json()
    assert later["path"] == "/api/v1/instance?x=1"


def test_records_tell_what_was_published_in_order(mastodon_server: Server, tooter: Tooter) -> None:
    media = tooter.upload(jpeg(), description="a wall").json()["id"]
    tooter.post("one", key="k", media_ids=[media])
    tooter.post("two")
    first, second = httpx.get(f"{mastodon_server.url}/_control/records").json()
    assert (first["account"], first["text"], first["key"], first["media"][0]["alt"]) == (
        "ana",
        "one",
        "k",
        "a wall",
    )
    assert len(first["media"][0]["sha256"]) == 64 and first["at"] <= second["at"]
    assert httpx.get(f"{mastodon_server.url}/_control/records?since=1").json() == [second]


def test_an_arrival_is_told_by_the_machines_clock_though_the_servers_clock_runs_ahead(
    mastodon_server: Server, tooter: Tooter
) -> None:
    now = httpx.post(f"{mastodon_server.url}/_control/clock", json={"advance_seconds": 86_400}).json()["now"]
    assert now - time.time() > 86_000
    tooter.post("tomorrow")
    [record] = mastodon_server.control.records()
    assert record["at"] <= time.time() < now


def test_credentials_are_given_out_without_a_browser(mastodon_server: Server, bluesky_server: Server) -> None:
    wish = {"handle": "bo", "name": "阿寶", "avatar_seed": "b"}
    token = httpx.post(f"{mastodon_server.url}/_control/accounts", json=wish).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    who = httpx.get(f"{mastodon_server.url}/api/v1/accounts/verify_credentials", headers=headers).json()
    assert (who["acct"], who["display_name"]) == ("bo", "阿寶")
    made = httpx.post(f"{bluesky_server.url}/_control/accounts", json=wish).json()
    login = {"identifier": made["handle"], "password": made["app_password"]}
    address = f"{bluesky_server.url}/xrpc/com.atproto.server.createSession"
    assert httpx.post(address, json=login).json()["did"] == made["did"]


def test_history_is_posted_into_the_past(mastodon_server: Server, bluesky_server: Server) -> None:
    for server in (mastodon_server, bluesky_server):
        server.control.post("ana", "now")
        server.control.post("ana", "then", at="2026-01-02T03:04:05Z")
        page = httpx.get(f"{server.url}/").text
        assert page.index("now") < page.index("then")
        assert server.control.records()[1]["created_at"] == "2026-01-02T03:04:05.000Z"


def test_an_unknown_setting_is_refused(mastodon_server: Server) -> None:
    assert httpx.post(f"{mastodon_server.url}/_control/settings", json={"nonsense": 1}).status_code == 400
    assert (
        httpx.post(f"{mastodon_server.url}/_control/settings", json={"video_seconds": 9}).status_code == 200
    )


def test_mastodon_survives_a_restart(tmp_path: Path) -> None:
    with mastodon.serve(data=tmp_path) as server:
        tooter = Tooter(server)
        media = tooter.upload(jpeg()).json()
        made = tooter.post("still here", key="k", media_ids=[media["id"]]).json()
        tooter.http.delete(f"/api/v1/statuses/{tooter.post('gone').json()['id']}")
        server.control.clock(600)
    with mastodon.serve(port=server.port, data=tmp_path) as again:
        headers = tooter.http.headers
        assert httpx.get(f"{again.url}/api/v1/statuses/{made['id']}").json()["content"] == "<p>still here</p>"
        assert httpx.get(media["url"]).content == jpeg()
        repeat = {"Idempotency-Key": "k", "Authorization": headers["Authorization"]}
        answer = httpx.post(f"{again.url}/api/v1/statuses", json={"status": "x"}, headers=repeat)
        assert answer.json()["id"] == made["id"]
        assert again.control.clock()["now"] - time.time() > 590
        assert [r["deleted"] for r in again.control.records()] == [False, True]


def test_bluesky_survives_a_restart(tmp_path: Path) -> None:
    with bluesky.serve(data=tmp_path) as server:
        skeeter = Skeeter(server)
        blob = skeeter.upload(jpeg())
        embed = {"$type": "app.bsky.embed.images", "images": [{"alt": "", "image": blob}]}
        key, record = skeeter.new_key(), skeeter.record("still here", embed=embed)
        skeeter.put(key, record)
    with bluesky.serve(port=server.port, data=tmp_path) as again:
        repeat = skeeter.put(key, record, swapRecord=None)
        assert repeat.status_code == 200 and "commit" not in repeat.json()
        assert skeeter.refresh().status_code == 200
        assert len(again.control.records()) == 1


def test_a_closed_server_ends_kept_connections(tooter: Tooter, mastodon_server: Server) -> None:
    tooter.post("hi")
    mastodon_server.close()
    with pytest.raises(httpx.TransportError):
        tooter.post("hi")


def test_one_connection_serves_many_requests(mastodon_server: Server) -> None:
    with socket.create_connection(("127.0.0.1", mastodon_server.port)) as connection:
        file = connection.makefile("rb")
        for _ in range(3):
            connection.sendall(b"GET /nodeinfo/2.0 HTTP/1.1\r\nHost: x\r\n\r\n")
            assert file.readline() == b"HTTP/1.1 200 OK\r\n"
            length = 0
            while line := file.readline().strip():
                name, _, value = line.partition(b": ")
                length = int(value) if name == b"Content-Length" else length
            assert b"mastodon" in file.read(length)


def test_a_taken_port_is_an_error(mastodon_server: Server) -> None:
    with pytest.raises(OSError, match="in use"):
        bluesky.serve(port=mastodon_server.port)
