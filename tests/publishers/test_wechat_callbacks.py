"""WeChat calls us: signed, sealed where a key is set, over real sockets; and what is not WeChat's is turned away."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

import publishers
from publishers.errors import PublisherError, Unauthorized
from publishers.simulators.server import Server
from publishers.values import Accepted, Content, Destination, Heard, Knock, Ticket
from publishers.wechat_callbacks import LARGEST, fields
from publishers.wechat_crypto import signature
from tests.publishers.contract import join, serve
from tests.publishers.files import jpeg

wechat = publishers.get("wechat")
TOKEN = "spring-tea"
KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
SECONDS = 10.0


class House:
    """Our own server, as far as a platform's calls go; ``turned_away`` is how many calls it answers badly at first."""

    def __init__(self) -> None:
        self.credentials: Mapping[str, str] = {}
        self.knocks: SimpleQueue[tuple[Knock, Heard]] = SimpleQueue()
        self.turned_away = 0
        house = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                house.answer(self)

            do_POST = do_GET

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hooks/7?channel=7"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("content-length") or 0))
        query = dict(parse_qsl(urlsplit(request.path).query))
        knock = Knock(request.command, {k.lower(): v for k, v in request.headers.items()}, query, body)
        try:
            heard = wechat.hear(self.credentials, knock)
        except PublisherError:
            heard = Heard(status=403)
        if self.turned_away and knock.method == "POST":
            self.turned_away -= 1
            heard = Heard(status=503)
        request.send_response(heard.status)
        request.send_header("content-length", str(len(heard.body)))
        request.end_headers()
        request.wfile.write(heard.body)
        if knock.method == "POST":
            self.knocks.put((knock, heard))

    def next(self) -> tuple[Knock, Heard]:
        return self.knocks.get(timeout=SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def house() -> Iterator[House]:
    with House() as serving:
        yield serving


@pytest.fixture
def server() -> Iterator[Server]:
    with serve("wechat") as running:
        yield running


def connected(server: Server, house: House, aes_key: str = "", **extra: Any) -> Destination:
    """An account with a callback to us: verified as the console does, then connected with the same keys."""
    account = server.control.account("tea", "Tea", **extra)  # type: ignore[call-arg]
    house.credentials = {"token": TOKEN, "app_id": account["fields"]["app_id"]}
    if aes_key:
        house.credentials = {**house.credentials, "aes_key": aes_key}
    server.control.callback("tea", house.url, TOKEN, aes_key)  # type: ignore[attr-defined]
    return join(server, "wechat").destination


def sent(there: Destination, folder: Path) -> Accepted:
    content = Content("早", (jpeg(folder),), "zh", {"title": "春茶"})
    now = datetime.now(UTC)
    ticket = wechat.prepare(there, content, Ticket(wechat.new_key(now), now), now)
    answer = wechat.publish(there, content, ticket)
    assert isinstance(answer, Accepted)
    return answer


def forged(body: bytes, **query: str) -> Knock:
    """A call that knows the token, so that its stamp is good."""
    stamp = {"timestamp": "1764300000", "nonce": "42"}
    signed = {**stamp, "signature": signature(TOKEN, *stamp.values())}
    return Knock("POST", {}, {**signed, **query}, body)


@pytest.mark.parametrize("aes_key", ["", KEY])
def test_a_job_that_is_done_is_told_by_the_number_that_confirm_asks_with(
    server: Server, house: House, tmp_path: Path, aes_key: str
) -> None:
    there = connected(server, house, aes_key)

    answer = sent(there, tmp_path)

    knock, heard = house.next()
    assert heard == Heard(body=b"success", about=(answer.handle["publish_id"],))
    assert (b"PUBLISHJOBFINISH" in knock.body) is (not aes_key), "sealed where there is a key"


@pytest.mark.parametrize("aes_key", ["", KEY])
def test_a_broadcast_that_is_done_is_told_by_its_number(
    server: Server, house: House, tmp_path: Path, aes_key: str
) -> None:
    server.control.set(mode="mass")
    there = connected(server, house, aes_key)

    answer = sent(there, tmp_path)

    assert house.next()[1].about == (answer.handle["msg_id"],)


def test_what_is_not_answered_by_success_is_told_again(server: Server, house: House, tmp_path: Path) -> None:
    there = connected(server, house)
    house.turned_away = 2

    sent(there, tmp_path)

    assert [house.next()[1].status for _ in range(3)] == [503, 503, 200]


def test_the_console_is_answered_only_with_the_same_token(server: Server, house: House) -> None:
    connected(server, house)
    house.credentials = {**house.credentials, "token": "another"}

    with pytest.raises(ValueError, match="verified"):
        server.control.callback("tea", house.url, TOKEN)  # type: ignore[attr-defined]


@pytest.mark.parametrize("wrong", [{}, {"token": "another"}])
def test_a_stranger_is_turned_away(wrong: Mapping[str, str]) -> None:
    with pytest.raises(Unauthorized):
        wechat.hear({"app_id": "wx1", **wrong}, forged(b"<xml/>"))


def test_a_call_without_a_stamp_is_turned_away() -> None:
    with pytest.raises(Unauthorized):
        wechat.hear({"app_id": "wx1", "token": TOKEN}, Knock("GET", {}, {"echostr": "1"}, b""))


def test_where_a_key_is_set_an_open_message_is_turned_away() -> None:
    """Its stamp signs no word of it, so anybody who saw one could say anything."""
    message = b"<xml><Event>PUBLISHJOBFINISH</Event><publish_id>1</publish_id></xml>"

    with pytest.raises(Unauthorized):
        wechat.hear({"app_id": "wx1", "token": TOKEN, "aes_key": KEY}, forged(message))


def test_a_sealed_message_that_was_tampered_with_or_meant_for_another_is_turned_away(
    server: Server, house: House, tmp_path: Path
) -> None:
    sent(connected(server, house, KEY), tmp_path)
    knock, _ = house.next()
    sealed = fields(knock.body)["Encrypt"]
    flipped = sealed[:-8] + ("A" if sealed[-8] != "A" else "B") + sealed[-7:]
    stamp = (TOKEN, knock.query["timestamp"], knock.query["nonce"])
    resigned = {**knock.query, "msg_signature": signature(*stamp, flipped)}
    tampered = replace(knock, body=knock.body.replace(sealed.encode(), flipped.encode()))

    for call, credentials in (
        (tampered, house.credentials),
        (replace(tampered, query=resigned), house.credentials),
        (replace(knock, query={**knock.query, "msg_signature": "0" * 40}), house.credentials),
        (knock, {**house.credentials, "app_id": "wx-another"}),
        (knock, {**house.credentials, "aes_key": KEY[::-1]}),
    ):
        with pytest.raises(Unauthorized):
            wechat.hear(credentials, call)
    assert wechat.hear(house.credentials, knock).body == b"success"


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><xml><Event>&b;</Event></xml>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><xml/>',
        b"<xml><Event>PUBLISHJOBFINISH</Event>",
        b"no xml",
        b"",
        b"<xml><a>" + b"a" * LARGEST + b"</a></xml>",
    ],
)
def test_what_is_no_plain_message_is_turned_away(body: bytes) -> None:
    with pytest.raises(Unauthorized):
        wechat.hear({"app_id": "wx1", "token": TOKEN}, forged(body))


def test_what_a_reader_wrote_is_taken_and_says_nothing_of_our_posts() -> None:
    message = (
        b"<xml><MsgType>text</MsgType><Content><![CDATA[<Event>PUBLISHJOBFINISH</Event>]]></Content></xml>"
    )

    assert wechat.hear({"app_id": "wx1", "token": TOKEN}, forged(message)) == Heard(body=b"success")


def test_what_is_sent_under_no_key_is_told_apart_by_its_words(server: Server, tmp_path: Path) -> None:
    """A tool without keys: WeChat makes one of all that a broadcast says."""
    there = join(server, "wechat").destination
    media_id = _picture(there, tmp_path)
    body = {"filter": {"is_to_all": True}, "msgtype": "image", "images": {"media_ids": [media_id]}}
    call = f"{server.url}/cgi-bin/message/mass/sendall?access_token={there.credentials['access_token']}"
    server.control.set(retry_wait=0.0)

    first, second = (httpx.post(call, json=body).json() for _ in range(2))
    other = httpx.post(call, json={**body, "filter": {"is_to_all": False, "tag_id": 2}}).json()
    server.control.clock(advance_seconds=3600)
    known = httpx.post(call, json={**body, "clientmsgid": "x" * 33}).json()

    assert (first["errcode"], second["errcode"], other["errcode"]) == (0, 45065, 0)
    assert second["msg_id"] == first["msg_id"] and "msg_data_id" not in second
    assert known["errcode"] == 45067


def _picture(there: Destination, folder: Path) -> str:
    content = Content("早", (jpeg(folder),), "zh", {"title": "春茶", "kind": "newspic"})
    now = datetime.now(UTC)
    broadcasting = replace(there, traits={**there.traits, "mode": "mass"})
    return str(wechat.prepare(broadcasting, content, Ticket("k", now), now).handles["pictures"][0])
