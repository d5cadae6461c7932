"""What the simulated WeChat does to a tool that misreads the documentation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from publishers import simulators
from publishers.simulators.server import Server
from publishers.simulators.wechat_words import cleaned
from tests.publishers.files import jpeg

DAY = 86_400.0


class Tool:
    """A client that knows nothing but HTTP."""

    def __init__(self, server: Server, **extra: Any) -> None:
        self.server = server
        self.fields = server.control.account("tea", "Tea", **extra)["fields"]  # type: ignore[call-arg]
        self.token = self.stable()["access_token"]

    def stable(self, **more: Any) -> dict[str, Any]:
        return self._told(httpx.post(f"{self.server.url}/cgi-bin/stable_token", json={**self._app, **more}))

    def legacy(self) -> dict[str, Any]:
        return self._told(httpx.get(f"{self.server.url}/cgi-bin/token", params=self._app))

    def post(self, path: str, body: Any, token: str = "") -> dict[str, Any]:
        raw = json.dumps(body, ensure_ascii=False).encode()
        return self._told(httpx.post(self._address(path, token), content=raw))

    def upload(self, path: str, data: bytes, name: str = "a.jpg") -> dict[str, Any]:
        return self._told(httpx.post(self._address(path), files={"media": (name, data, "image/jpeg")}))

    def draft(self, data: bytes, **fields: Any) -> str:
        cover = self.upload("material/add_material?type=image", data)["media_id"]
        article = {"title": "茶", "content": "<p>早</p>", "thumb_media_id": cover, **fields}
        return str(self.post("draft/add", {"articles": [article]})["media_id"])

    @property
    def _app(self) -> dict[str, str]:
        known = {"appid": self.fields["app_id"], "secret": self.fields["secret"]}
        return {"grant_type": "client_credential", **known}

    def _address(self, path: str, token: str = "") -> str:
        return (
            f"{self.server.url}/cgi-bin/{path}{'&' if '?' in path else '?'}access_token={token or self.token}"
        )

    def _told(self, reply: httpx.Response) -> dict[str, Any]:
        assert reply.status_code == 200, "HTTP is 200 even for errors"
        told: dict[str, Any] = reply.json()
        return told


@pytest.fixture
def server() -> Iterator[Server]:
    with simulators.serve("wechat", rate_limits=False) as running:
        yield running


@pytest.fixture
def tool(server: Server) -> Tool:
    return Tool(server)


@pytest.fixture
def picture(tmp_path: Any) -> bytes:
    return bytes(jpeg(tmp_path).path.read_bytes())


def test_the_stable_token_is_the_same_for_all_and_the_old_kind_puts_the_last_one_out(
    server: Server, tool: Tool
) -> None:
    assert tool.stable()["access_token"] == tool.token
    first, second = tool.legacy()["access_token"], tool.legacy()["access_token"]
    assert len({tool.token, first, second}) == 3
    server.control.clock(advance_seconds=301)

    assert tool.post("draft/get", {}, first)["errcode"] == 42001
    assert tool.post("draft/get", {}, second)["errcode"] == 40007
    assert tool.post("draft/get", {})["errcode"] == 40007


def test_a_forced_token_is_given_twenty_times_a_day_and_never_twice_in_half_a_minute(
    server: Server, tool: Tool
) -> None:
    server.control.clock(advance_seconds=(12 * 3600 - (server.control.stats()["now"] + 8 * 3600)) % DAY)
    tool.token = old = tool.stable()["access_token"]  # at noon in Beijing
    assert tool.stable(force_refresh=True)["access_token"] != old
    assert tool.post("draft/get", {}, old)["errcode"] == 40001
    assert tool.stable(force_refresh=True)["errcode"] == 45011
    for _ in range(19):
        server.control.clock(advance_seconds=31)
        assert "access_token" in tool.stable(force_refresh=True)
    server.control.clock(advance_seconds=31)

    assert tool.stable(force_refresh=True)["errcode"] == 45009


def test_escapes_are_shown_to_readers(tool: Tool, picture: bytes) -> None:
    cover = tool.upload("material/add_material?type=image", picture)["media_id"]
    article = {"title": "茶", "content": "<p>早</p>", "thumb_media_id": cover}
    escaped = json.dumps({"articles": [article]}).encode()

    made = httpx.post(tool._address("draft/add"), content=escaped).json()

    draft = tool.post("draft/get", {"media_id": made["media_id"]})
    assert draft["news_item"][0]["title"] == r"\u8336"


def test_pictures_from_elsewhere_scripts_and_classes_are_taken_away() -> None:
    content = (
        '<p class="x" onclick="y()">早<script>z()</script><img src="https://example.com/a.jpg">'
        '<img src="http://here/mmbiz/7/0"><a href="https://example.com">走</a>'
        '<a href="https://mp.weixin.qq.com/s/1">讀</a></p>'
    )

    assert cleaned(content, "http://here/mmbiz/") == (
        '<p>早<img src="http://here/mmbiz/7/0">走<a href="https://mp.weixin.qq.com/s/1">讀</a></p>'
    )


def test_publishing_takes_the_draft_away(tool: Tool, picture: bytes) -> None:
    media_id = tool.draft(picture)

    assert tool.post("freepublish/submit", {"media_id": media_id})["errcode"] == 0
    assert tool.post("draft/get", {"media_id": media_id})["errcode"] == 40007
    assert tool.post("freepublish/submit", {"media_id": media_id})["errcode"] == 40007


def test_a_file_whose_name_is_not_plain_does_not_arrive(tool: Tool, picture: bytes) -> None:
    assert tool.upload("media/uploadimg", picture, "茶.jpg")["errcode"] == 41005
    assert tool.upload("media/uploadimg", picture + b"\0" * 2**20)["errcode"] == 40009
    assert tool.upload("media/uploadimg", b"GIF89a")["errcode"] == 40005


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"title": "茶" * 33}, 45003),
        ({"author": "茶" * 17}, 45110),
        ({"digest": "茶" * 129}, 45004),
        ({"content": "茶" * 20_000}, 45002),
        ({"content_source_url": "https://example.com/" + "a" * 1024}, 45005),
        ({"thumb_media_id": "none"}, 40007),
    ],
)
def test_an_article_keeps_to_its_limits(
    tool: Tool, picture: bytes, fields: dict[str, str], code: int
) -> None:
    cover = tool.upload("material/add_material?type=image", picture)["media_id"]
    article = {"title": "茶", "content": "<p>早</p>", "thumb_media_id": cover, **fields}

    assert tool.post("draft/add", {"articles": [article]})["errcode"] == code
    assert tool.post("draft/add", {"articles": []})["errcode"] == 44003
    assert tool.post("draft/add", {"articles": [article] * 9})["errcode"] == 45008


def test_an_account_that_is_not_verified_makes_drafts_and_nothing_else(
    server: Server, picture: bytes
) -> None:
    tool = Tool(server, verified=False)
    media_id = tool.draft(picture)

    for path in ("freepublish/submit", "message/mass/sendall", "comment/list"):
        assert tool.post(path, {"media_id": media_id})["errcode"] == 48001


def test_a_refused_broadcast_may_use_up_its_key(picture: bytes) -> None:
    with simulators.serve("wechat", burns_keys=True, retry_wait=0.0) as server:
        tool = Tool(server)
        to_all = {"filter": {"is_to_all": True}, "msgtype": "mpnews"}

        def sent(key: str) -> dict[str, Any]:
            body = {**to_all, "mpnews": {"media_id": tool.draft(picture)}, "clientmsgid": key}
            return tool.post("message/mass/sendall", body)

        assert [sent("a")["errcode"], sent("b")["errcode"], sent("b")["errcode"]] == [0, 45028, 45065]
        server.control.clock(advance_seconds=DAY + 1)
        tool.token = tool.stable()["access_token"]
        assert sent("b")["errcode"] == 0, "the key is forgotten, and the day is another"
