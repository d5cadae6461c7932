"""What a person sees in a browser."""

import httpx
import pytest

from publishers.simulators.server import Server
from tests.publishers.simulators.people import MP4, Skeeter, Tooter, jpeg


def page(server: Server, path: str) -> str:
    answer = httpx.get(f"{server.url}{path}")
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "text/html; charset=utf-8"
    return answer.text


def test_every_page_says_that_it_is_a_simulator(mastodon_server: Server, bluesky_server: Server) -> None:
    for server in (mastodon_server, bluesky_server):
        assert "Local simulator. Nothing here leaves this machine." in page(server, "/")


def test_mastodon_shows_a_post_with_its_words_pictures_and_film(
    mastodon_server: Server, tooter: Tooter
) -> None:
    picture = tooter.upload(jpeg(), description='雨夜的 "書店"').json()["id"]
    status = tooter.post("山海 #讀書會 <script>", media_ids=[picture], language="zh-Hant").json()
    film = tooter.upload(MP4, "a.mp4").json()["id"]
    mastodon_server.control.clock(3)
    tooter.post("film", media_ids=[film])
    html = page(mastodon_server, "/")
    assert 'alt="雨夜的 &#34;書店&#34;"' in html and f'<video src="/media/{film}"' in html
    assert 'lang="zh-Hant"' in html and "&lt;script&gt;" in html and "<script>" not in html
    assert "山海" in page(mastodon_server, f"/@ana/{status['id']}")
    assert "山海" in page(mastodon_server, "/tags/讀書會")


def test_bluesky_links_only_what_facets_mark(bluesky_server: Server, skeeter: Skeeter) -> None:
    text = "看 https://a.example 和 https://b.example"
    start = len("看 ".encode())
    feature = {"$type": "app.bsky.richtext.facet#link", "uri": "https://a.example"}
    facets = [
        {"index": {"byteStart": start, "byteEnd": start + len("https://a.example")}, "features": [feature]}
    ]
    made = skeeter.put(skeeter.new_key(), skeeter.record(text, facets=facets)).json()
    html = page(bluesky_server, f"/profile/ana.test/post/{made['uri'].rsplit('/', 1)[1]}")
    assert '<a href="https://a.example"' in html and '<a href="https://b.example"' not in html


def test_a_deleted_post_has_no_page(mastodon_server: Server, tooter: Tooter) -> None:
    status = tooter.post("gone").json()["id"]
    tooter.http.delete(f"/api/v1/statuses/{status}")
    assert httpx.get(f"{mastodon_server.url}/@ana/{status}").status_code == 404
    assert "gone" not in page(mastodon_server, "/")


def test_pages_keep_themselves_current_without_inline_scripts(mastodon_server: Server) -> None:
    answer = httpx.get(f"{mastodon_server.url}/")
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert httpx.get(f"{mastodon_server.url}/static/refresh.js").status_code == 200


def test_faces_come_as_drawing_and_as_picture(mastodon_server: Server) -> None:
    assert httpx.get(f"{mastodon_server.url}/avatars/ana.svg?letter=安").text.startswith("<svg")
    assert httpx.get(f"{mastodon_server.url}/avatars/ana.png").content.startswith(b"\x89PNG")


def test_a_long_timeline_is_read_in_pages(mastodon_server: Server, bluesky_server: Server) -> None:
    for server in (mastodon_server, bluesky_server):
        for number in range(45):
            server.control.post("ana", f"number {number}.")
        first = page(server, "/")
        older = first.split('href="?before=')[1].split('"')[0]
        assert "number 44." in first and "number 3." not in first
        assert "number 3." in page(server, f"/?before={older}")


@pytest.mark.parametrize(
    ("asked", "language", "words"),
    [
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh-Hant", "還沒有貼文"),
        ("zh-CN,zh;q=0.9", "zh-Hans", "还没有帖子"),
        ("fr", "en", "No posts yet"),
    ],
)
def test_pages_speak_the_readers_language(
    mastodon_server: Server, asked: str, language: str, words: str
) -> None:
    html = httpx.get(f"{mastodon_server.url}/", headers={"Accept-Language": asked}).text
    assert f'<html lang="{language}">' in html and words in html
