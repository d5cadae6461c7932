"""The Bluesky adapter on a simulated host; ``test_bluesky_network`` tries it on the reference servers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import publishers
from publishers import atproto
from publishers.bluesky import limits_of
from publishers.errors import Rejected, Temporary, Unauthorized, Unconfirmed
from publishers.simulators import bluesky as simulator
from publishers.values import Content, Destination, Receipt, Ticket
from tests.publishers.contract import (
    LOST,
    SPRING,
    AnswersComments,
    ConnectsByForm,
    CountsAudience,
    Deletes,
    Finds,
    Follows,
    HoldsKeys,
    Measures,
    Opener,
    Prepares,
    Refreshes,
    Stage,
    TakesVideo,
    destination_of,
)
from tests.publishers.files import jpeg, mp4

bluesky = publishers.get("bluesky")
PUT = "/xrpc/com.atproto.repo.putRecord"
NOW = datetime(2026, 5, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def open_stage() -> Iterator[Opener]:
    with ExitStack() as servers:

        def opener(**settings: Any) -> Stage:
            server = servers.enter_context(simulator.serve(**{"rate_limits": False, **settings}))
            account = server.control.account("ana.test", "Ana")
            fields = {"service": server.url, "handle": "ana.test", "app_password": account["app_password"]}
            return Stage(server, destination_of(bluesky.connect(fields)))

        yield opener


@pytest.fixture
def stage(open_stage: Opener) -> Stage:
    return open_stage()


def ticket() -> Ticket:
    now = datetime.now(UTC)
    return Ticket(bluesky.new_key(now), now)


class TestBluesky(
    Prepares,
    TakesVideo,
    HoldsKeys,
    Finds,
    Measures,
    CountsAudience,
    Refreshes,
    ConnectsByForm,
    Deletes,
    AnswersComments,
    Follows,
):
    publisher = bluesky
    visible_call = PUT
    answer_call = PUT
    follow_call = PUT
    upload_call = "/xrpc/com.atproto.repo.uploadBlob"
    counted = {"likes": 3, "replies": 1, "reposts": 0}


class TestTalking:
    def test_an_answer_hangs_on_the_question_and_on_the_post_that_began_it_all(self, stage: Stage) -> None:
        posted = bluesky.publish(stage.destination, Content("早"), ticket())
        assert isinstance(posted, Receipt)
        first = stage.server.control.reply(posted.remote_id, "多少錢？", by="mei")
        second = stage.server.control.reply(first["uri"], "我也想知道", by="achang")

        bluesky.answer(stage.destination, posted.remote_id, second["uri"], "@mei.test 八十元 #春茶")

        record = stage.posts()[-1]["record"]
        assert record["reply"]["root"]["uri"] == posted.remote_id
        assert record["reply"]["parent"] == {"uri": second["uri"], "cid": second["cid"]}
        kinds = [facet["features"][0]["$type"].partition("#")[2] for facet in record["facets"]]
        assert kinds == ["mention", "tag"]
        parents = {c.text: c.parent for c in bluesky.comments(stage.destination, posted.remote_id)}
        assert parents["多少錢？"] == ""
        assert parents["我也想知道"] == first["uri"]

    def test_a_comment_that_is_gone_takes_no_answer(self, stage: Stage) -> None:
        posted = bluesky.publish(stage.destination, Content("早"), ticket())
        assert isinstance(posted, Receipt)
        asked = stage.server.control.reply(posted.remote_id, "多少錢？", by="mei")
        stage.server.control.remove(asked["uri"])

        with pytest.raises(Rejected) as caught:
            bluesky.answer(stage.destination, posted.remote_id, asked["uri"], "八十元。")

        assert caught.value.evidence.code == "comment_gone"
        assert bluesky.comments(stage.destination, posted.remote_id) == []

    def test_what_is_out_can_not_be_edited(self) -> None:
        assert not bluesky.can("edit")


class TestSessions:
    def test_an_expired_session_is_refreshed_and_goes_on(self, stage: Stage) -> None:
        stage.server.control.expire_tokens()
        with pytest.raises(Unauthorized) as caught:
            bluesky.publish(stage.destination, Content("早"), ticket())
        assert caught.value.refreshable

        fresh = replace(stage.destination, credentials=bluesky.refresh(stage.destination))
        bluesky.publish(fresh, Content("早"), ticket())

        assert len(stage.posts()) == 1
        assert set(fresh.credentials) == set(stage.destination.credentials)

    @pytest.mark.parametrize("kind", LOST)
    def test_a_refresh_whose_answer_was_lost_can_be_repeated(self, stage: Stage, kind: str) -> None:
        stage.server.control.fault(kind, match={"path_prefix": "/xrpc/com.atproto.server.refreshSession"})

        with pytest.raises(Temporary):
            bluesky.refresh(stage.destination)

        assert bluesky.refresh(stage.destination)["access"]

    def test_a_wrong_password_is_told_and_not_quoted(self, stage: Stage) -> None:
        fields = {"service": stage.server.url, "handle": "ana.test", "app_password": "wrong-pass-word"}

        with pytest.raises(Unauthorized) as caught:
            bluesky.connect(fields)

        assert "wrong-pass-word" not in repr(caught.value.evidence) + caught.value.message

    @pytest.mark.parametrize("service", ["no such place", "ftp://bsky.social"])
    def test_what_is_no_address_is_refused(self, service: str) -> None:
        with pytest.raises(Rejected):
            bluesky.connect({"service": service, "handle": "ana.test", "app_password": "x"})


class TestOnce:
    @pytest.mark.parametrize("checked_first", [False, True])
    def test_a_repeat_names_the_same_post_however_the_server_treats_it(
        self, open_stage: Opener, checked_first: bool
    ) -> None:
        stage, given = open_stage(swap_checked_first=checked_first), ticket()

        first = bluesky.publish(stage.destination, Content(SPRING), given)

        assert bluesky.publish(stage.destination, Content(SPRING), given) == first
        assert len(stage.posts()) == 1

    def test_media_prepared_twice_still_make_one_post(self, stage: Stage, tmp_path: Path) -> None:
        content, given = Content("圖", (jpeg(tmp_path),)), ticket()

        for _ in range(2):
            prepared = bluesky.prepare(stage.destination, content, given, NOW)
            bluesky.publish(stage.destination, content, prepared)

        assert len(stage.posts()) == 1

    def test_a_post_that_is_there_and_cannot_be_named_now_is_unconfirmed(self, open_stage: Opener) -> None:
        stage, given = open_stage(swap_checked_first=True), ticket()
        bluesky.publish(stage.destination, Content(SPRING), given)
        stage.server.control.fault("drop_before", match={"path_prefix": "/xrpc/com.atproto.repo.getRecord"})

        with pytest.raises(Unconfirmed):
            bluesky.publish(stage.destination, Content(SPRING), given)

    def test_a_repeat_is_always_safe(self, stage: Stage) -> None:
        assert bluesky.repeats_safely(stage.destination, ticket(), NOW, NOW + timedelta(days=30))

    def test_keys_made_at_one_instant_differ_and_are_no_later_than_it(self) -> None:
        keys = {bluesky.new_key(NOW) for _ in range(5000)}

        assert len(keys) == 5000
        assert all(len(key) == 13 for key in keys)
        assert (
            max(keys) < bluesky.new_key(NOW + timedelta(hours=2)) < bluesky.new_key(NOW + timedelta(hours=4))
        )


class TestRecords:
    def test_marks_in_the_text_are_placed_by_their_bytes(self, stage: Stage) -> None:
        stage.server.control.account("bo.test")
        text = "感謝@bo.test，詳見https://example.com/茶。 #春茶 與 @nobody.test"
        content = Content(text, language="zh-Hant")

        assert bluesky.needs_prepare(content)
        bluesky.publish(
            stage.destination, content, bluesky.prepare(stage.destination, content, ticket(), NOW)
        )

        [post] = stage.posts()
        encoded = text.encode()
        shown = [
            encoded[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode()
            for facet in post["record"]["facets"]
        ]
        assert shown == ["@bo.test", "https://example.com/茶", "#春茶"]
        assert post["record"]["langs"] == ["zh-Hant"]

    def test_plain_text_has_nothing_to_prepare(self) -> None:
        assert not bluesky.needs_prepare(Content("早 https://example.com #茶"))

    def test_pictures_and_films_carry_their_shape(self, stage: Stage, tmp_path: Path) -> None:
        for media in (jpeg(tmp_path, size=(300, 400)), mp4(tmp_path)):
            content = Content("看", (media,))
            bluesky.publish(
                stage.destination, content, bluesky.prepare(stage.destination, content, ticket(), NOW)
            )

        picture, film = (post["record"]["embed"] for post in stage.posts())
        assert picture["images"][0]["aspectRatio"] == {"width": 300, "height": 400}
        assert (film["$type"], film["aspectRatio"]) == ("app.bsky.embed.video", {"width": 160, "height": 120})

    def test_the_record_is_dated_at_the_promised_instant(self, stage: Stage) -> None:
        bluesky.publish(stage.destination, Content("準時"), replace(ticket(), at=NOW))

        assert stage.posts()[0]["record"]["createdAt"] == "2026-05-01T09:00:00.000Z"

    def test_a_tag_longer_than_the_network_allows_stays_plain_text(self, stage: Stage) -> None:
        bluesky.publish(stage.destination, Content("#" + "茶" * 65 + " #好"), ticket())

        assert [facet["features"][0]["tag"] for facet in stage.posts()[0]["record"]["facets"]] == ["好"]


class TestPlaces:
    def test_posts_of_the_public_network_are_read_in_its_app(self) -> None:
        for host in (
            "https://bsky.social",
            "https://morel.us-east.host.bsky.network",
            "https://pds.example.org",
        ):
            assert atproto.web_address(host) == "https://bsky.app"
        for host in ("http://127.0.0.1:2583", "http://localhost:2583", "http://bluesky:8000"):
            assert atproto.web_address(host) == host

    def test_a_channel_may_say_where_its_posts_are_read(self, stage: Stage) -> None:
        elsewhere: Destination = replace(stage.destination, traits={"web": "https://read.example"})

        receipt = bluesky.publish(elsewhere, Content("早"), ticket())

        assert isinstance(receipt, Receipt)
        assert receipt.url.startswith("https://read.example/profile/ana.test/post/")

    def test_a_server_of_unknown_make_is_held_to_the_reference_servers_bounds(self) -> None:
        own, other = limits_of("https://bsky.social"), limits_of("https://pds.example.org")

        assert (own.image.max_bytes, other.image.max_bytes) == (2_000_000, 1_000_000)
        assert (own.video.max_bytes, other.video.max_bytes) == (50 * 2**20, 5 * 2**20)


class TestErrors:
    @pytest.mark.parametrize("status", [401, 403])
    def test_a_refusal_of_the_account_posts_nothing(self, stage: Stage, status: int) -> None:
        stage.server.control.fault("status_before", match={"path_prefix": PUT}, status=status)
        error = Unauthorized if status == 401 else Rejected

        with pytest.raises(error):
            bluesky.publish(stage.destination, Content("早"), ticket())

        assert stage.posts() == []

    def test_the_servers_own_sentence_is_kept(self, stage: Stage) -> None:
        generous = replace(stage.destination, limits=replace(stage.destination.limits, max_text=9999))

        with pytest.raises(Rejected) as caught:
            bluesky.publish(generous, Content("茶" * 301), ticket())

        assert "Invalid app.bsky.feed.post record" in caught.value.message
        assert (caught.value.evidence.code, caught.value.evidence.http_status) == ("InvalidRequest", 400)
