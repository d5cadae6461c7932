"""Posting, repeating, reading, editing and deleting, as Mastodon answers."""

import threading
from datetime import UTC, datetime

import httpx
import pytest

from publishers.simulators import mastodon
from publishers.simulators.server import Server
from tests.publishers.simulators.people import Tooter

HOUR = 3600
HALF_HOUR = 1800


def error(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]


def test_a_status_is_answered_with_id_address_and_html(mastodon_server: Server, tooter: Tooter) -> None:
    body = tooter.post("你好 <b> #曆 https://example.com/a", language="zh").json()
    assert body["url"] == f"{mastodon_server.url}/@ana/{body['id']}"
    assert "&lt;b&gt;" in body["content"] and 'href="https://example.com/a"' in body["content"]
    assert body["tags"][0]["name"] == "曆" and body["language"] == "zh"
    assert datetime.fromisoformat(body["created_at"]).tzinfo == UTC


def test_a_repeated_key_answers_the_original_even_to_another_text(
    mastodon_server: Server, tooter: Tooter
) -> None:
    first, again = tooter.post("one", key="k").json(), tooter.post("two", key="k")
    assert again.status_code == 200
    assert (again.json()["id"], again.json()["content"]) == (first["id"], "<p>one</p>")
    [record] = mastodon_server.control.records()
    assert (record["requests"], record["key"]) == (2, "k")


def test_a_key_is_forgotten_after_an_hour(mastodon_server: Server, tooter: Tooter) -> None:
    first = tooter.post("one", key="k").json()
    mastodon_server.control.clock(HOUR - 5)
    assert tooter.post("one", key="k").json()["id"] == first["id"]
    mastodon_server.control.clock(10)
    assert tooter.post("one", key="k").json()["id"] != first["id"]


def test_a_key_belongs_to_one_account(mastodon_server: Server, tooter: Tooter) -> None:
    other = Tooter(mastodon_server, "bo")
    assert tooter.post("one", key="k").json()["id"] != other.post("one", key="k").json()["id"]


def test_a_refused_status_does_not_use_up_its_key(tooter: Tooter) -> None:
    assert tooter.post("x" * 501, key="k").status_code == 422
    assert tooter.post("short", key="k").status_code == 200


def test_the_key_of_a_deleted_status_answers_not_found(tooter: Tooter) -> None:
    made = tooter.post("one", key="k").json()
    tooter.http.delete(f"/api/v1/statuses/{made['id']}")
    assert error(tooter.post("one", key="k")) == (404, "Record not found")


def test_two_requests_with_one_key_at_once_make_one_status(mastodon_server: Server, tooter: Tooter) -> None:
    mastodon_server.control.fault("slow_effect", {"path_prefix": "/api/v1/statuses"}, seconds=0.4)
    answers: list[httpx.Response] = []
    threads = [threading.Thread(target=lambda: answers.append(tooter.post("one", key="k"))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(mastodon_server.control.records()) == 1


def test_a_key_held_too_long_answers_try_again() -> None:
    with mastodon.serve(idempotency_wait=0.05) as server:
        tooter = Tooter(server)
        server.control.fault("slow_effect", {"path_prefix": "/api/v1/statuses"}, seconds=1.0)
        slow = threading.Thread(target=lambda: tooter.post("one", key="k"))
        slow.start()
        while not server.control.requests():
            slow.join(0.01)
        status, sentence = error(Tooter(server).post("one", key="k"))
        slow.join()
    assert (status, sentence.split(",")[0]) == (503, "There was a temporary problem serving your request")


@pytest.mark.parametrize(
    ("text", "spoiler", "accepted"),
    [
        ("字" * 500, "", True),
        ("字" * 501, "", False),
        ("👩‍👩‍👧‍👦" * 500, "", True),
        ("e\u0301" * 500, "", True),
        ("x" * 477 + " https://example.com/" + "a" * 300, "", False),
        ("x" * 476 + " https://example.com/" + "a" * 300, "", True),
        ("x" * 495 + " @ana@a.very.long.host.example", "", True),
        ("x" * 400, "y" * 101, False),
    ],
)
def test_text_is_counted_in_graphemes_with_addresses_as_23(
    tooter: Tooter, text: str, spoiler: str, accepted: bool
) -> None:
    answer = tooter.post(text, spoiler_text=spoiler)
    assert answer.status_code == (200 if accepted else 422)
    if not accepted:
        assert answer.json()["error"] == "Validation failed: Text character limit of 500 exceeded"


def test_an_empty_status_is_refused(tooter: Tooter) -> None:
    assert error(tooter.post("  ")) == (422, "Validation failed: Text can't be blank")


def test_a_reply_to_nothing_is_not_found(tooter: Tooter) -> None:
    assert tooter.post("hi", in_reply_to_id="1").status_code == 404


def test_replies_show_in_the_context_and_the_count(mastodon_server: Server, tooter: Tooter) -> None:
    first = tooter.post("root").json()["id"]
    second = tooter.post("first comment", in_reply_to_id=first).json()["id"]
    mastodon_server.control.reply(second, "nice", by="cy")
    context = tooter.http.get(f"/api/v1/statuses/{first}/context").json()
    assert [s["content"] for s in context["descendants"]] == ["<p>first comment</p>", "<p>nice</p>"]
    assert tooter.http.get(f"/api/v1/statuses/{first}").json()["replies_count"] == 1
    assert [s["id"] for s in tooter.http.get(f"/api/v1/statuses/{second}/context").json()["ancestors"]] == [
        first
    ]


def test_many_are_read_at_once_without_those_that_are_gone(tooter: Tooter) -> None:
    kept, gone = (tooter.post(text).json()["id"] for text in ("kept", "gone"))
    tooter.http.delete(f"/api/v1/statuses/{gone}")
    found = tooter.http.get("/api/v1/statuses", params={"id[]": [gone, kept, "7"]}).json()
    assert [status["id"] for status in found] == [kept]
    assert (
        tooter.http.get("/api/v1/statuses", params={"id[]": [str(n) for n in range(21)]}).status_code == 422
    )


def test_own_statuses_are_listed_newest_first_between_bounds(tooter: Tooter) -> None:
    ids = [tooter.post(str(n)).json()["id"] for n in range(4)]
    listing = f"/api/v1/accounts/{tooter.made['id']}/statuses"
    assert [s["id"] for s in tooter.http.get(listing, params={"limit": 2}).json()] == ids[:1:-1]
    bounded = tooter.http.get(listing, params={"since_id": ids[0], "max_id": ids[3]}).json()
    assert [s["id"] for s in bounded] == [ids[2], ids[1]]


def test_an_edit_keeps_the_id_the_history_and_only_the_media_named_again(tooter: Tooter) -> None:
    media = tooter.upload(description="a wall").json()["id"]
    status = tooter.post("before", media_ids=[media]).json()["id"]
    change = {
        "status": "after",
        "media_ids": [media],
        "media_attributes": [{"id": media, "description": "a door"}],
    }
    edited = tooter.http.put(f"/api/v1/statuses/{status}", json=change).json()
    assert edited["edited_at"] and edited["media_attachments"][0]["description"] == "a door"
    assert tooter.http.get(f"/api/v1/statuses/{status}/source").json()["text"] == "after"
    history = tooter.http.get(f"/api/v1/statuses/{status}/history").json()
    assert [past["content"] for past in history] == ["<p>before</p>", "<p>after</p>"]
    bare = tooter.http.put(f"/api/v1/statuses/{status}", json={"status": "after"}).json()
    assert bare["media_attachments"] == []


def test_deleting_answers_the_source_and_leaves_a_record(mastodon_server: Server, tooter: Tooter) -> None:
    status = tooter.post("gone #soon").json()["id"]
    assert tooter.http.delete(f"/api/v1/statuses/{status}").json()["text"] == "gone #soon"
    assert tooter.http.get(f"/api/v1/statuses/{status}").status_code == 404
    assert mastodon_server.control.records()[0]["deleted"]


def test_a_private_status_is_hidden_from_strangers(mastodon_server: Server, tooter: Tooter) -> None:
    status = tooter.post("psst", visibility="private").json()["id"]
    address = f"{mastodon_server.url}/api/v1/statuses/{status}"
    assert httpx.get(address).status_code == 404
    assert tooter.http.get(address).status_code == 200


def test_form_bodies_are_read_like_json(tooter: Tooter) -> None:
    media = [tooter.upload().json()["id"] for _ in range(2)]
    answer = tooter.http.post(
        "/api/v1/statuses", data={"status": "form", "media_ids[]": media, "sensitive": "true"}
    )
    assert [m["id"] for m in answer.json()["media_attachments"]] == media
    assert answer.json()["sensitive"] is True


def test_every_answer_tells_the_limit_with_an_iso_reset(tooter: Tooter) -> None:
    headers = tooter.post("one").headers
    assert (headers["X-RateLimit-Limit"], headers["X-RateLimit-Remaining"]) == ("300", "299")
    assert datetime.fromisoformat(headers["X-RateLimit-Reset"]).tzinfo == UTC


def test_the_31st_upload_in_half_an_hour_waits_for_the_reset(mastodon_server: Server, tooter: Tooter) -> None:
    picture = b"\xff\xd8\xff not really"
    mastodon_server.control.clock(HALF_HOUR - mastodon_server.control.clock()["now"] % HALF_HOUR)
    for _ in range(30):
        tooter.upload(picture)
    answer = tooter.upload(picture)
    assert error(answer) == (429, "Too many requests")
    reset = datetime.fromisoformat(answer.headers["X-RateLimit-Reset"]).timestamp()
    mastodon_server.control.clock(reset - mastodon_server.control.clock()["now"] + 1)
    assert tooter.upload().status_code == 200
