"""The WordPress adapter on a real site: none of us wrote it, so it checks our reading."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

import publishers
from publishers.errors import Rejected, Stale, Unauthorized, Unconfirmed
from publishers.values import Content, Destination, Media, Metrics, Receipt, Ticket
from tests.publishers.contract import destination_of
from tests.publishers.contract.stage import SPRING
from tests.publishers.files import jpeg, mp4
from tests.publishers.lossy import AnswerLost
from tests.publishers.wordpress_server.server import WordPressServer

wordpress = publishers.get("wordpress")


@pytest.fixture
def there(wordpress_server: WordPressServer) -> Destination:
    return destination_of(wordpress.connect(fields(wordpress_server)))


@pytest.fixture
def without_rest(wordpress_server: WordPressServer, there: Destination) -> Iterator[Destination]:
    wordpress_server.switch_rest(on=False)
    yield there
    wordpress_server.switch_rest(on=True)


def fields(server: WordPressServer, username: str = "ana") -> dict[str, str]:
    return {"site": server.url, "username": username, "password": server.passwords[username]}


def say(text: str, media: tuple[Media, ...] = (), **options: str) -> Content:
    return Content(text, media, "zh", {"title": "春茶", **options})


def ticket() -> Ticket:
    now = datetime.now(UTC)
    return Ticket(wordpress.new_key(now), now)


def prepare(there: Destination, content: Content, given: Ticket | None = None) -> Ticket:
    given = given or ticket()
    return wordpress.prepare(there, content, given, given.at)


def publish(there: Destination, content: Content, given: Ticket | None = None) -> Receipt:
    receipt = wordpress.publish(there, content, prepare(there, content, given))
    assert isinstance(receipt, Receipt)
    return receipt


def ask(server: WordPressServer, path: str, **asked: str) -> Any:
    """The API outside of the adapter."""
    auth = ("ana", server.passwords["ana"])
    reply = httpx.get(f"{server.url}/wp-json/wp/v2{path}", params=asked, auth=auth, timeout=30)
    assert reply.is_success, reply.text
    return reply.json()


def remark(server: WordPressServer, receipt: Receipt, said: str) -> None:
    body = {"post": int(receipt.remote_id), "content": said}
    auth = ("mei", server.passwords["mei"])
    reply = httpx.post(f"{server.url}/wp-json/wp/v2/comments", json=body, auth=auth, timeout=30)
    assert reply.is_success, reply.text


def test_a_channel_is_an_author_of_the_site(wordpress_server: WordPressServer, there: Destination) -> None:
    found = wordpress.discover(there)

    assert (found.handle, found.name, found.base_url) == ("ana", "春茶", wordpress_server.url)
    assert found.remote_id == there.remote_id
    assert there.traits == {"username": "ana", "rest": "/wp-json"}


def test_text_is_a_draft_until_its_instant_and_then_at_its_address(
    wordpress_server: WordPressServer, there: Destination
) -> None:
    content, given = say(SPRING, excerpt="一句話"), ticket()

    prepared = prepare(there, content, given)
    again = prepare(there, content, given)

    assert again.handles["post"] == prepared.handles["post"]
    assert wordpress.find(there, content, prepared, given.at) is None
    assert httpx.get(f"{wordpress_server.url}/{given.key}/", timeout=30).status_code == 404
    receipt = wordpress.publish(there, content, prepared)
    assert isinstance(receipt, Receipt)
    assert receipt.url == f"{wordpress_server.url}/{given.key}/"
    page = httpx.get(receipt.url, timeout=30)
    assert page.status_code == 200
    assert "春茶上市 🍵" in page.text and 'href="https://example.com/茶?id=1"' in page.text


def test_repeating_the_visible_call_makes_one_post(
    wordpress_server: WordPressServer, there: Destination
) -> None:
    content = say("早", slug="good-morning")
    prepared = prepare(there, content)

    first, second = (wordpress.publish(there, content, prepared) for _ in range(2))

    assert first == second
    listed = ask(wordpress_server, "/posts", slug=f"good-morning-{prepared.key}", status="any")
    assert [str(post["id"]) for post in listed] == [first.remote_id]  # type: ignore[union-attr]


def test_a_lost_answer_is_found_and_made_once(wordpress_server: WordPressServer, there: Destination) -> None:
    content = say("失去的回答")
    prepared = prepare(there, content)

    with AnswerLost(there.base_url) as lossy, pytest.raises(Unconfirmed):
        wordpress.publish(replace(there, base_url=lossy.url), content, prepared)
    found = wordpress.find(there, content, prepared, prepared.at)

    assert found is not None
    assert found == wordpress.publish(there, content, prepare(there, content, prepared))
    assert len(ask(wordpress_server, "/posts", slug=prepared.key, status="any")) == 1


def test_files_arrive_whole_with_their_alt_texts(
    wordpress_server: WordPressServer, there: Destination, tmp_path: Path
) -> None:
    files = (jpeg(tmp_path, alt='一壺 "春茶"'), jpeg(tmp_path, "b.jpg", "茶葉"), mp4(tmp_path))

    receipt = publish(there, say("圖", files, featured="2"))

    post = ask(wordpress_server, f"/posts/{receipt.remote_id}", context="edit")
    kept = ask(wordpress_server, "/media", per_page="3", order="asc")
    library = {media["id"]: media for media in ask(wordpress_server, "/media", per_page="50")}
    above = library[post["featured_media"]]
    assert (above["alt_text"], digest(above)) == ("茶葉", files[1].sha256)
    inside = [media for media in library.values() if media["source_url"] in post["content"]["raw"]]
    assert {(media["alt_text"], digest(media)) for media in inside} == {
        (file.alt, file.sha256) for file in (files[0], files[2])
    }
    assert kept and "一壺 &quot;春茶&quot;" in httpx.get(receipt.url, timeout=30).text


def digest(media: dict[str, Any]) -> str:
    return hashlib.sha256(httpx.get(media["source_url"], timeout=30).content).hexdigest()


def test_markup_in_a_text_is_shown_and_not_obeyed(there: Destination) -> None:
    receipt = publish(there, say("<b>粗</b> & [gallery] <!-- wp:html -->"))

    page = httpx.get(receipt.url, timeout=30).text

    assert "&lt;b&gt;粗&lt;/b&gt;" in page
    assert "[gallery]" in page.replace("&#91;", "[").replace("&#93;", "]")


def test_terms_are_found_and_new_tags_made_once(
    wordpress_server: WordPressServer, there: Destination
) -> None:
    first, second = (publish(there, say(f"第 {n} 篇", categories="新品", tags="茶葉")) for n in range(2))

    one, two = (ask(wordpress_server, f"/posts/{each.remote_id}") for each in (first, second))
    assert one["categories"] == two["categories"] and one["tags"] == two["tags"]
    assert ask(wordpress_server, f"/categories/{one['categories'][0]}")["name"] == "新品"
    with pytest.raises(Rejected) as caught:
        prepare(there, say("早", categories="沒有的"))
    assert caught.value.evidence.code == "category_unknown"


def test_a_post_is_edited_and_taken_down(there: Destination, tmp_path: Path) -> None:
    content = say("錯字", (jpeg(tmp_path),))
    receipt = publish(there, content)

    edited = wordpress.edit(there, receipt.remote_id, replace(content, text="沒有錯字"))

    page = httpx.get(edited.url, timeout=30).text
    assert edited == receipt
    assert "沒有錯字" in page and "一壺春茶" in page
    for _ in range(2):
        wordpress.delete(there, receipt.remote_id)
    assert httpx.get(receipt.url, timeout=30).status_code == 404
    assert wordpress.measure(there, [receipt.remote_id]) == {}


def test_comments_are_counted_read_and_answered(
    wordpress_server: WordPressServer, there: Destination
) -> None:
    receipt, quiet = publish(there, say("有人說話")), publish(there, say("沒人說話"))
    remark(wordpress_server, receipt, "哪裡買？")
    [asked] = wordpress.comments(there, receipt.remote_id)

    made = wordpress.answer(there, receipt.remote_id, asked.remote_id, "門市 & 網站")

    newest = max(wordpress.comments(there, receipt.remote_id), key=lambda comment: int(comment.remote_id))
    assert (asked.author, asked.text, asked.parent) == ("mei", "哪裡買？", "")
    assert (newest.remote_id, newest.text, newest.parent) == (made, "門市 & 網站", asked.remote_id)
    assert wordpress.measure(there, [receipt.remote_id, quiet.remote_id]) == {
        receipt.remote_id: Metrics(replies=2),
        quiet.remote_id: Metrics(replies=0),
    }
    posts = wordpress.audience(there).posts
    assert posts is not None and posts >= 2


def test_the_address_in_the_query_serves_as_well(there: Destination) -> None:
    plain = replace(there, traits={**there.traits, "rest": "/?rest_route="})
    content = say("沒有漂亮網址")
    prepared = prepare(plain, content)

    receipt = wordpress.publish(plain, content, prepared)

    assert wordpress.find(plain, content, prepared, prepared.at) == receipt
    wordpress.delete(plain, receipt.remote_id)  # type: ignore[union-attr]


def test_closed_comments_are_the_posts_trouble(there: Destination) -> None:
    receipt = publish(there, say("安靜", no_comments="1"))

    with pytest.raises(Rejected) as caught:
        wordpress.answer(there, receipt.remote_id, "0", "謝謝")

    assert caught.value.evidence.code == "rest_comment_closed"


def test_a_draft_that_was_deleted_is_prepared_again(
    wordpress_server: WordPressServer, there: Destination
) -> None:
    content = say("丟掉的草稿")
    prepared = prepare(there, content)
    auth = ("ana", wordpress_server.passwords["ana"])
    address = f"{wordpress_server.url}/wp-json/wp/v2/posts/{prepared.handles['post']}?force=true"
    assert httpx.delete(address, auth=auth, timeout=30).is_success

    with pytest.raises(Stale):
        wordpress.publish(there, content, prepared)


def test_a_wrong_password_and_a_right_that_is_missing_are_told(
    wordpress_server: WordPressServer, there: Destination
) -> None:
    wrong = replace(there, credentials={"password": "wrong"})

    with pytest.raises(Unauthorized):
        wordpress.connect({**fields(wordpress_server), "password": "wrong"})
    with pytest.raises(Unauthorized):
        prepare(wrong, say("早"))
    with pytest.raises(Rejected) as caught:
        wordpress.connect(fields(wordpress_server, "mei"))
    assert caught.value.evidence.code == "no_publish"


def test_an_api_that_was_switched_off_is_told(without_rest: Destination) -> None:
    with pytest.raises(Unauthorized) as held:
        prepare(without_rest, say("早"))

    assert held.value.evidence.code == "rest_no_route"
    assert "REST API" in held.value.message
