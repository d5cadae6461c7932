"""The Facebook adapter on a simulated Graph API."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import publishers
from publishers import facebook_entities as entities
from publishers.errors import PublisherError, RateLimited, Rejected, Temporary, Unauthorized, Unconfirmed
from publishers.meta import Graph
from publishers.values import Accepted, Receipt
from tests.publishers.contract import (
    LOST,
    AnswersComments,
    ConnectsByOAuth,
    CountsAudience,
    Deletes,
    Edits,
    Finds,
    Follows,
    Measures,
    Opener,
    Prepares,
    Stage,
    TakesVideo,
)
from tests.publishers.contract.parts import BACK
from tests.publishers.files import jpeg, mp4

facebook = publishers.get("facebook")
PAGE = "/v25.0/1001"  # a simulator's first account


class TestFacebook(
    Prepares, Finds, Measures, CountsAudience, ConnectsByOAuth, Deletes, Edits, AnswersComments, Follows
):
    publisher = facebook
    visible_call = f"{PAGE}/feed"
    upload_call = f"{PAGE}/photos"
    answer_call = "/v25.0/"
    follow_call = "/v25.0/"
    tells_reset = False  # in whole minutes
    calls_for = lambda posts: 1 if posts > 2 else 3

    def test_photos_are_uploaded_unseen_and_shown_by_one_call(self, stage: Stage) -> None:
        content = self.say("三張", self.pictures(3))
        ticket = self.prepared(stage, content)
        before = stage.requests()

        facebook.publish(stage.destination, content, ticket)

        assert stage.requests() == before + 1
        assert [post["media_count"] for post in stage.posts()] == [3]

    def test_a_lost_post_is_known_by_its_photos_whatever_it_says(self, stage: Stage) -> None:
        content = self.say("", self.pictures(2))
        ticket = self.prepared(stage, content)
        self.lose_visible(stage, "drop_after")
        with pytest.raises(Unconfirmed):
            facebook.publish(stage.destination, content, ticket)
        self.send(stage, self.say("", (jpeg(self.folder, "other.jpg"),)))

        found = self.found(stage, content, ticket)

        assert found and found.remote_id == stage.posts()[0]["id"]

    def test_a_link_makes_a_card_and_goes_with_no_files(self, stage: Stage) -> None:
        self.send(stage, self.say("早", link="https://example.com/tea"))

        assert stage.posts()[0]["extra"]["link"] == "https://example.com/tea"
        both = self.say("早", self.pictures(1), link="https://example.com/tea")
        codes = [problem.code for problem in facebook.check(both, stage.destination.limits)]
        assert "facebook_link_or_files" in codes

    def test_the_same_words_as_the_last_ones_are_refused_in_facebooks_words(self, stage: Stage) -> None:
        self.send(stage, self.say("早"))

        with pytest.raises(Rejected) as caught:
            self.send(stage, self.say("早"))

        assert caught.value.evidence.code.startswith("506") and "identical" in caught.value.message

    def test_what_meta_answers_leads_to_one_decision(self, stage: Stage) -> None:
        for expected, code, subcode, more in ANSWERS:
            trouble = {"message": "Their own words.", "code": code, "subcode": subcode, **more}
            stage.server.control.account("tea", trouble=trouble)  # type: ignore[call-arg]

            with pytest.raises(PublisherError) as caught:
                self.send(stage, self.say("早"))

            assert type(caught.value) is expected, (code, subcode, more)
            assert caught.value.message == trouble["message"]
            assert caught.value.evidence.code.split("/")[0] == str(code)
            assert not getattr(caught.value, "refreshable", False)
        assert stage.posts() == []

    @pytest.mark.parametrize(("minutes", "told"), [(19, 19), (0.5, 1)])
    def test_a_business_limit_tells_its_end_in_minutes(self, stage: Stage, minutes: float, told: int) -> None:
        self.lose_visible(stage, "rate_limit", seconds=minutes * 60)

        with pytest.raises(RateLimited) as caught:
            self.send(stage, self.say("早"))

        rest = caught.value.until - datetime.now(UTC)
        assert timedelta(minutes=told) - timedelta(seconds=5) < rest <= timedelta(minutes=told)

    def test_a_refusal_that_proves_nothing_is_unconfirmed(self, stage: Stage) -> None:
        self.lose_visible(stage, "status_after", status=503)

        with pytest.raises(Unconfirmed) as caught:
            self.send(stage, self.say("早"))

        assert caught.value.evidence.code == "2/transient"

    def test_the_token_of_a_page_outlives_the_login(self, stage: Stage) -> None:
        destination = self.signed_in(stage, "")
        stage.server.control.clock(advance_seconds=100 * 86_400)

        facebook.publish(destination, self.say("早"), self.ticket())

        assert len(stage.posts()) == 1
        assert facebook.credentials_end(destination.credentials) is None

    def test_a_login_with_several_pages_names_one(self, open_stage: Opener) -> None:
        stage = open_stage()
        control = stage.server.control
        for handle, name in (("tea", "Tea"), ("coffee", "Coffee")):
            control.account(handle, name, owner="ana")  # type: ignore[call-arg]

        with pytest.raises(Rejected) as caught:
            self.signed_in(stage, "")
        assert caught.value.evidence.code == "choose_one"
        assert "Tea (" in caught.value.message and "Coffee (" in caught.value.message

        assert self.signed_in(stage, "@coffee").handle == "coffee"
        assert self.signed_in(stage, "Tea").handle == "tea"

    def signed_in(self, stage: Stage, page: str):  # type: ignore[no-untyped-def]
        app = stage.server.control.app()  # type: ignore[attr-defined]
        start = facebook.authorize({**app, "server": stage.server.url, "page": page}, BACK, "s", None)
        connected = facebook.exchange(start.memory, self.consent(stage, start.url)["code"], BACK)
        return replace(
            stage.destination, remote_id=connected.remote_id, handle=connected.handle,
            credentials=connected.credentials, traits=connected.traits,
        )  # fmt: skip

    def test_an_app_that_has_to_prove_itself_does(self, open_stage: Opener) -> None:
        stage = open_stage(requires_proof=True)

        self.send(stage, self.say("早", self.pictures(1)))

        assert len(stage.posts()) == 1

    def test_the_version_is_that_of_the_channel(self, stage: Stage) -> None:
        retired = replace(stage.destination, traits={"version": "v3.0"})

        with pytest.raises(Rejected):
            facebook.publish(retired, self.say("早"), self.ticket())

        assert stage.destination.traits["version"] == "v25.0"

    def test_numbers_are_named_as_they_are_today(self, stage: Stage) -> None:
        receipt = self.send(stage, self.say("早"))
        stage.server.control.like(receipt.remote_id, 3)

        told = facebook.measure(stage.destination, [receipt.remote_id])[receipt.remote_id]

        assert told.likes and told.views == 40 * told.likes and told.reach == 20 * told.likes

    def test_a_number_that_was_taken_away_costs_the_others_nothing(self, stage: Stage) -> None:
        stage.server.control.set(engagement=0.0)
        receipt = self.send(stage, self.say("早"))
        stage.server.control.like(receipt.remote_id, 3)
        retired = f"{entities.COUNTS},insights.metric(post_impressions)"
        graph = Graph(stage.destination.base_url, "v25.0", stage.destination.credentials)
        with pytest.raises(Rejected, match="valid insights metric"):
            graph.get(f"/{receipt.remote_id}", lambda reply: reply.body, fields=retired)

        told = entities.numbers(graph, [receipt.remote_id], retired)[receipt.remote_id]

        assert (told.likes, told.views) == (3, None)


# What Meta answers, and what has to follow from it.
ANSWERS: tuple[tuple[type[PublisherError], int, int, dict[str, Any]], ...] = (
    *((Unauthorized, 190, subcode, {}) for subcode in (458, 459, 460, 463, 464, 467)),
    (Unauthorized, 102, 0, {}),
    (Unauthorized, 10, 0, {}),
    (Unauthorized, 200, 0, {"status": 403}),
    (Unauthorized, 283, 0, {"status": 403}),
    (Unauthorized, 368, 0, {}),
    (Unauthorized, 368, 1404006, {}),
    (Unauthorized, 1, 4854002, {}),
    *((RateLimited, code, 0, {}) for code in (4, 17, 32, 613, 80001)),
    (RateLimited, 4, 0, {"is_transient": True, "status": 403}),
    (RateLimited, 368, 1390008, {}),
    (Rejected, 506, 1455006, {}),
    (Rejected, 200, 1346003, {}),
    (Rejected, 368, 1404102, {}),
    (Rejected, 100, 2061006, {}),
    (Rejected, 100, 0, {}),
    (Rejected, 10, 0, {"message": "(#10) Not enough viewers for the media to show insights"}),
    (Unconfirmed, 1, 0, {}),
    (Unconfirmed, 2, 0, {}),
    (Unconfirmed, 2, 0, {"status": 500}),
    (Unconfirmed, 77, 0, {"is_transient": True}),
)


class TestFacebookVideos(TakesVideo):
    publisher = facebook
    visible_call = f"{PAGE}/feed"
    tells_reset = False
    shows_alt = False
    settings = {"video_seconds": 0.0}

    def test_a_video_is_shown_when_it_is_ready(self, open_stage: Opener) -> None:
        stage = open_stage(video_seconds=60.0)
        content = self.say("影片", (mp4(self.folder),), title="泡茶")
        answer = facebook.publish(stage.destination, content, self.prepared(stage, content))

        assert isinstance(answer, Accepted) and stage.posts() == []
        assert isinstance(facebook.confirm(stage.destination, answer.handle), Accepted)
        stage.server.control.clock(advance_seconds=61)
        receipt = facebook.confirm(stage.destination, answer.handle)

        assert isinstance(receipt, Receipt)
        assert [(post["id"], post["extra"]["title"]) for post in stage.posts()] == [
            (receipt.remote_id, "泡茶")
        ]

    def test_a_video_that_can_not_be_made_ready_is_refused_in_facebooks_words(
        self, open_stage: Opener
    ) -> None:
        stage = open_stage(media_fails=True)

        with pytest.raises(Rejected) as caught:
            self.send(stage, self.say("影片", (mp4(self.folder),)))

        assert "could not be decoded" in caught.value.message

    @pytest.mark.parametrize("kind", LOST)
    def test_a_video_whose_showing_was_lost_is_found_or_surely_not_there(
        self, stage: Stage, kind: str
    ) -> None:
        content = self.say("影片", (mp4(self.folder),))
        ticket = self.prepared(stage, content)
        self.lose(stage, kind, f"{PAGE}/videos")
        with pytest.raises(Unconfirmed):
            facebook.publish(stage.destination, content, ticket)

        found = self.found(stage, content, ticket)

        assert [post["id"] for post in stage.posts()] == ([found.remote_id] if found else [])

    def test_a_lost_video_that_is_still_worked_on_is_looked_for_again(self, open_stage: Opener) -> None:
        stage = open_stage(video_seconds=60.0)
        content = self.say("影片", (mp4(self.folder),))
        ticket = self.prepared(stage, content)
        facebook.publish(stage.destination, content, ticket)

        with pytest.raises(Temporary):
            self.found(stage, content, ticket)
