"""The Bluesky adapter on the reference servers: none of us wrote them, so they check our reading."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

import publishers
from publishers.atproto import DIALECT
from publishers.bluesky_record import COLLECTION
from publishers.errors import RateLimited, Rejected, Stale, Unauthorized, Unconfirmed
from publishers.http import Http
from publishers.values import Content, Destination, Metrics, Receipt, Ticket
from tests.publishers.bluesky_network.network import BlueskyNetwork
from tests.publishers.contract import destination_of
from tests.publishers.files import jpeg, mp4
from tests.publishers.lossy import AnswerLost
from tests.servers import wait_until

bluesky = publishers.get("bluesky")
_names = itertools.count(1)
LOGINS_IN_FIVE_MINUTES = 30
REACTIONS = {"like": "app.bsky.feed.like", "repost": "app.bsky.feed.repost"}


@pytest.fixture
def ana(bluesky_network: BlueskyNetwork) -> Destination:
    return join(bluesky_network, "ana")


@pytest.fixture
def visitor(bluesky_network: BlueskyNetwork) -> Destination:
    return join(bluesky_network, "visitor")


def join(network: BlueskyNetwork, name: str) -> Destination:
    handle = f"{name}{next(_names)}.test"
    password = network.account(handle)
    return destination_of(
        bluesky.connect({"service": network.url, "handle": f"@{handle}", "app_password": password})
    )


def ticket() -> Ticket:
    now = datetime.now(UTC)
    return Ticket(bluesky.new_key(now), now)


def publish(destination: Destination, content: Content, given: Ticket | None = None) -> Receipt:
    given = given or ticket()
    if bluesky.needs_prepare(content):
        given = bluesky.prepare(destination, content, given, given.at)
    receipt = bluesky.publish(destination, content, given)
    assert isinstance(receipt, Receipt)
    return receipt


def records(destination: Destination) -> list[dict[str, Any]]:
    asked = {"repo": destination.remote_id, "collection": COLLECTION}
    reply = httpx.get(f"{destination.base_url}/xrpc/com.atproto.repo.listRecords", params=asked)
    return [dict(each["value"]) for each in reply.json()["records"]]


def react(visitor: Destination, receipt: Receipt, kind: str) -> None:
    subject = {"uri": receipt.raw["uri"], "cid": receipt.raw["cid"]}
    record = {"$type": REACTIONS[kind], "subject": subject, "createdAt": "2026-01-01T00:00:00.000Z"}
    create(visitor, REACTIONS[kind], record)


def reply(visitor: Destination, receipt: Receipt, text: str) -> None:
    parent = {"uri": receipt.raw["uri"], "cid": receipt.raw["cid"]}
    record = {
        "$type": COLLECTION,
        "text": text,
        "reply": {"root": parent, "parent": parent},
        "createdAt": "2026-01-01T00:00:00.000Z",
    }
    create(visitor, COLLECTION, record)


def create(by: Destination, collection: str, record: Mapping[str, object]) -> None:
    with Http(by.base_url, DIALECT, token=by.credentials["access"]) as http:
        body = {"repo": by.remote_id, "collection": collection, "record": record}
        http.post("/xrpc/com.atproto.repo.createRecord", lambda reply: reply.body["uri"], json=body)


def test_chinese_text_carries_its_links_tags_and_mentions_at_their_bytes(
    ana: Destination, visitor: Destination
) -> None:
    text = f"感謝@{visitor.handle}，詳見https://example.com/茶。 #春茶 與 @nobody-here.test"

    publish(ana, Content(text, language="zh"))

    [record] = records(ana)
    encoded = text.encode()
    marked = {
        encoded[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(): facet["features"][0]
        for facet in record["facets"]
    }
    assert record["text"] == text
    assert record["langs"] == ["zh"]
    assert {shown: feature["$type"].split("#")[1] for shown, feature in marked.items()} == {
        f"@{visitor.handle}": "mention",
        "https://example.com/茶": "link",
        "#春茶": "tag",
    }
    assert marked[f"@{visitor.handle}"]["did"] == visitor.remote_id
    assert marked["#春茶"]["tag"] == "春茶"


def test_images_arrive_with_alt_texts_and_their_shape(ana: Destination, tmp_path: Path) -> None:
    image = jpeg(tmp_path)

    publish(ana, Content("圖", (image, image)))

    [record] = records(ana)
    shown = record["embed"]["images"]
    assert [each["alt"] for each in shown] == [image.alt, image.alt]
    assert shown[0]["aspectRatio"] == {"width": image.width, "height": image.height}
    assert shown[0]["image"]["size"] == image.size


def test_a_video_arrives_with_its_alt_text(ana: Destination, tmp_path: Path) -> None:
    video = mp4(tmp_path)

    publish(ana, Content("影片", (video,)))

    [record] = records(ana)
    assert record["embed"]["$type"] == "app.bsky.embed.video"
    assert record["embed"]["video"]["mimeType"] == "video/mp4"
    assert record["embed"]["alt"] == video.alt


def test_the_same_ticket_sent_twice_makes_one_record(ana: Destination, tmp_path: Path) -> None:
    content, given = Content("一次", (jpeg(tmp_path),)), ticket()

    first, second = publish(ana, content, given), publish(ana, content, given)

    assert first == second
    assert len(records(ana)) == 1


def test_other_words_under_a_used_key_change_nothing_and_name_the_first_post(ana: Destination) -> None:
    given = ticket()
    first = publish(ana, Content("先"), given)

    assert publish(ana, Content("後"), given) == first
    assert [record["text"] for record in records(ana)] == ["先"]


def test_a_post_is_found_by_its_ticket_alone(ana: Destination) -> None:
    given = ticket()
    assert bluesky.find(ana, Content("在"), given, given.at) is None

    receipt = publish(ana, Content("在"), given)

    assert bluesky.find(ana, Content("在"), given, given.at) == receipt


def test_a_post_whose_answer_was_lost_is_found_and_not_made_again(ana: Destination) -> None:
    content, given = Content("半路"), ticket()
    with AnswerLost(ana.base_url) as lossy, pytest.raises(Unconfirmed):
        publish(replace(ana, base_url=lossy.url), content, given)

    found = bluesky.find(ana, content, given, given.at)

    assert found is not None
    assert publish(ana, content, given) == found
    assert len(records(ana)) == 1


def test_likes_reposts_and_replies_of_a_visitor_are_counted(ana: Destination, visitor: Destination) -> None:
    loved, ignored = publish(ana, Content("喜歡")), publish(ana, Content("路過"))
    react(visitor, loved, "like")
    react(visitor, loved, "repost")
    reply(visitor, loved, "好茶")

    def counted() -> Mapping[str, Metrics] | None:
        numbers = bluesky.measure(ana, [loved.remote_id, ignored.remote_id, loved.remote_id[:-3] + "222"])
        seen = numbers.get(loved.remote_id, Metrics())
        return (
            numbers if (seen.likes, seen.reposts, seen.replies) == (1, 1, 1) and len(numbers) == 2 else None
        )

    numbers = wait_until(counted, "the counts to reach the app view", 30)
    assert numbers[ignored.remote_id].likes == 0
    assert numbers[loved.remote_id].views is None
    assert wait_until(lambda: bluesky.audience(ana).posts == 2, "the profile to count the posts", 30)


def test_a_refreshed_session_publishes_and_a_used_up_one_asks_to_reconnect(ana: Destination) -> None:
    fresh = replace(ana, credentials=bluesky.refresh(ana))

    assert fresh.credentials != ana.credentials
    publish(fresh, Content("續"))
    with pytest.raises(Unauthorized) as caught:
        bluesky.refresh(replace(ana, credentials={**ana.credentials, "refresh": ana.credentials["access"]}))
    assert not caught.value.refreshable


def test_a_wrong_password_is_told_in_the_servers_own_sentence(
    bluesky_network: BlueskyNetwork, ana: Destination
) -> None:
    with pytest.raises(Unauthorized) as caught:
        bluesky.connect({"service": bluesky_network.url, "handle": ana.handle, "app_password": "wrong-wrong"})

    assert caught.value.message == "Invalid identifier or password"
    assert "wrong-wrong" not in repr(caught.value.evidence)


def test_too_many_logins_say_when_to_come_back(bluesky_network: BlueskyNetwork) -> None:
    fields = {"service": bluesky_network.url, "handle": "nobody-at-all.test", "app_password": "wrong-wrong"}
    asked = datetime.now(UTC)

    def fails(_: int) -> None:
        with pytest.raises(Unauthorized):
            bluesky.connect(fields)

    with ThreadPoolExecutor(LOGINS_IN_FIVE_MINUTES) as people:
        list(people.map(fails, range(LOGINS_IN_FIVE_MINUTES)))

    with pytest.raises(RateLimited) as caught:
        bluesky.connect(fields)

    assert asked < caught.value.until <= datetime.now(UTC) + timedelta(minutes=5)
    assert caught.value.evidence.code == "RateLimitExceeded"


def test_the_server_counts_as_we_do(ana: Destination) -> None:
    families = "👨‍👩‍👧‍👦" * 50
    longest, too_long = Content(families + "茶" * 250), Content(families + "茶" * 251)
    unbound = replace(ana, limits=replace(ana.limits, max_text=1000))
    assert not bluesky.check(longest, ana.limits)
    assert [problem.code for problem in bluesky.check(too_long, ana.limits)] == ["text_too_long"]

    publish(ana, longest)
    with pytest.raises(Rejected) as caught:
        publish(unbound, too_long)

    assert caught.value.evidence.http_status == 400
    assert len(records(ana)) == 1


def test_a_blob_the_server_does_not_know_is_stale(ana: Destination, tmp_path: Path) -> None:
    content = Content("圖", (jpeg(tmp_path),))
    prepared = bluesky.prepare(ana, content, ticket(), datetime.now(UTC))
    [blob] = prepared.handles["blobs"]
    lost = {**blob, "ref": {"$link": "bafkreiaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}}

    with pytest.raises(Stale):
        bluesky.publish(ana, content, replace(prepared, handles={**prepared.handles, "blobs": [lost]}))


def test_a_post_dated_at_its_promised_second_keeps_that_second(ana: Destination) -> None:
    promised = datetime(2026, 5, 1, 9, 0, tzinfo=UTC) + timedelta(milliseconds=250)

    publish(ana, Content("準時"), replace(ticket(), at=promised))

    assert records(ana)[0]["createdAt"] == "2026-05-01T09:00:00.250Z"
