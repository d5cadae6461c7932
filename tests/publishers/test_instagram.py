"""The Instagram adapter on a simulated API that fetches its files."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

import publishers
from publishers.errors import RateLimited, Rejected, Temporary, Unauthorized, Unconfirmed
from publishers.instagram import Instagram
from publishers.values import Media
from tests.publishers.contract import (
    AnswersComments,
    ConnectsByOAuth,
    CountsAudience,
    Finds,
    Follows,
    HoldsKeys,
    Measures,
    Opener,
    Prepares,
    Refreshes,
    Stage,
    TakesVideo,
)
from tests.publishers.files import jpeg, mp4, png

instagram = publishers.get("instagram")
ACCOUNT = "/v25.0/1001"  # a simulator's first account
DAY = 86_400


class TestInstagram(
    Prepares, HoldsKeys, Finds, Measures, CountsAudience, ConnectsByOAuth, Refreshes, AnswersComments, Follows
):
    publisher = instagram
    visible_call = f"{ACCOUNT}/media_publish"
    upload_call = f"{ACCOUNT}/media"
    answer_call = "/v25.0/"
    follow_call = "/v25.0/"
    tells_reset = False  # in whole minutes
    serves_any_words = False
    calls_for = lambda posts: posts

    # -- a token renews itself from its second day until it ends

    def test_an_expired_token_is_refreshed_and_goes_on(self, stage: Stage) -> None:
        stage.server.control.clock(advance_seconds=50 * DAY)
        fresh = self.recovered(stage)
        stage.server.control.clock(advance_seconds=20 * DAY)

        with pytest.raises(Unauthorized) as caught:
            self.send(stage, self.say("早"))
        assert not caught.value.refreshable, "what ended can not be renewed"
        self.send(fresh, self.say("早"))

        assert set(fresh.destination.credentials) == set(stage.destination.credentials)
        before, after = (instagram.credentials_end(s.destination.credentials) for s in (stage, fresh))
        assert before and after and after > datetime.now(UTC) + timedelta(days=59)

    def test_a_refresh_whose_server_is_in_trouble_is_temporary(self, stage: Stage) -> None:
        stage.server.control.clock(advance_seconds=2 * DAY)
        super().test_a_refresh_whose_server_is_in_trouble_is_temporary(stage)

    def test_a_token_of_today_is_too_young_to_be_renewed(self, stage: Stage) -> None:
        with pytest.raises(Temporary) as caught:
            instagram.refresh(stage.destination)

        assert "24 hours" in caught.value.message

    # -- containers

    def test_a_carousel_is_one_container_of_many(self, stage: Stage) -> None:
        content = self.say("四張", self.pictures(4))
        ticket = self.prepared(stage, content)
        before = stage.requests()

        receipt = instagram.publish(stage.destination, content, ticket)

        assert stage.requests() == before + 2, "the one visible call, and where it is to be seen"
        [post] = stage.posts()
        assert (post["id"], post["media_count"], post["key"]) == (
            receipt.remote_id,  # type: ignore[union-attr]
            4,
            ticket.handles["container"],
        )

    def test_pictures_and_videos_go_together(self, open_stage: Opener) -> None:
        stage = open_stage(video_seconds=0.0)
        both = (jpeg(self.folder), mp4(self.folder, seconds=3.0, alt=""))

        self.send(stage, self.say("兩樣", both))

        assert [media["mime"] for media in stage.posts()[0]["media"]] == ["image/jpeg", "video/mp4"]

    def test_a_lost_answer_is_told_by_the_container(self, stage: Stage) -> None:
        content = self.say("早")
        ticket = self.prepared(stage, content)
        self.lose_visible(stage, "drop_after")
        with pytest.raises(Unconfirmed):
            instagram.publish(stage.destination, content, ticket)
        twin = replace(ticket, handles=self.prepared(stage, content).handles)

        assert self.found(stage, content, twin) is None, "its container waits, whoever said the same"
        found = self.found(stage, content, ticket)

        assert found and found.remote_id == stage.posts()[0]["id"]

    def test_a_published_container_whose_post_is_not_listed_yet_is_looked_for_again(
        self, stage: Stage
    ) -> None:
        content = self.say("早")
        ticket = self.prepared(stage, content)
        receipt = self.send(stage, content, ticket)

        with pytest.raises(Temporary):
            self.found(stage, content, replace(ticket, others=frozenset({receipt.remote_id})))

    def test_a_container_repeats_safely_for_as_long_as_it_lives(self, stage: Stage) -> None:
        ticket, at = self.prepared(stage, self.say("早")), datetime.now(UTC)

        assert instagram.repeats_safely(stage.destination, ticket, at, at + timedelta(hours=22))
        assert not instagram.repeats_safely(stage.destination, ticket, at, at + timedelta(hours=24))

    def test_waiting_for_a_video_has_an_end(self, open_stage: Opener) -> None:
        stage = open_stage(video_seconds=60.0)
        hasty = Instagram(patience=timedelta(), pause=timedelta())

        with pytest.raises(Temporary) as caught:
            hasty.prepare(
                stage.destination, self.say("影片", (self.reel(),)), self.ticket(), datetime.now(UTC)
            )

        assert caught.value.evidence.code == "IN_PROGRESS"

    def test_a_video_that_can_not_be_made_ready_is_refused(self, open_stage: Opener) -> None:
        stage = open_stage(video_seconds=0.0, media_fails=True)

        with pytest.raises(Rejected) as caught:
            self.prepared(stage, self.say("影片", (self.reel(),)))

        assert "2207026" in caught.value.message

    def test_a_container_that_is_not_ready_is_published_later(self, open_stage: Opener) -> None:
        stage = open_stage(image_seconds=60.0)
        made = Instagram(patience=timedelta(), pause=timedelta())
        with pytest.raises(Temporary):
            made.prepare(stage.destination, self.say("早"), self.ticket(), datetime.now(UTC))
        ticket = replace(self.ticket(), handles={"container": "1003"})  # after the account and its file

        with pytest.raises(Temporary) as caught:
            instagram.publish(stage.destination, self.say("早"), ticket)

        assert stage.posts() == [] and caught.value.evidence.code == "9007/2207027"

    def test_a_refusal_of_a_container_that_nobody_sees_is_unconfirmed(self, stage: Stage) -> None:
        ticket = replace(self.ticket(), handles={"container": "404"})

        with pytest.raises(Unconfirmed):
            instagram.publish(stage.destination, self.say("早"), ticket)

    # -- files

    def test_a_file_that_nobody_serves_is_refused_before_the_network(self, stage: Stage) -> None:
        content = self.say("早")
        content = replace(content, media=tuple(replace(each, url="") for each in content.media))
        before = stage.requests()

        with pytest.raises(Rejected) as caught:
            instagram.prepare(stage.destination, content, self.ticket(), datetime.now(UTC))

        assert caught.value.evidence.code == "no_public_address" and stage.requests() == before

    def test_what_is_no_jpeg_or_of_another_shape_is_a_problem(self, stage: Stage) -> None:
        tall = jpeg(self.folder, "tall.jpg", size=(200, 400))
        for media, code in ((png(self.folder), "image_type"), (tall, "image_ratio")):
            codes = [p.code for p in instagram.check(self.say("圖", (media,)), stage.destination.limits)]
            assert code in codes

    def test_too_many_mentions_are_a_problem(self, stage: Stage) -> None:
        crowd = self.say(" ".join(f"@friend{n}" for n in range(21)))

        assert "instagram_too_many_mentions" in [
            p.code for p in instagram.check(crowd, stage.destination.limits)
        ]

    def test_the_materials_name_all_that_a_container_holds(self) -> None:
        reel = self.say("影片", (self.reel(),))
        others = [self.say("別的", (self.reel(),)), replace(reel, options={"thumb_offset": "500"})]
        others += [replace(reel, declares=frozenset({"ai"}))]

        assert len({instagram.materials(each) for each in (reel, *others)}) == 4

    # -- what the account may do

    def test_the_accounts_own_quota_is_its_pace(self, open_stage: Opener) -> None:
        traits = open_stage(quota_total=100).destination.traits

        [quota] = instagram.pace_of(traits).quotas
        assert (quota.limit, quota.window) == (100, timedelta(days=1))
        [cautious] = instagram.pace_of({}).quotas
        assert cautious.limit == 50

    def test_a_spent_quota_lets_the_channel_rest(self, open_stage: Opener) -> None:
        stage = open_stage(rate_limits=True, quota_total=1)
        self.send(stage, self.say("一"))

        with pytest.raises(RateLimited) as caught:
            self.send(stage, self.say("二"))

        assert "2207042" in caught.value.evidence.code

    def test_a_post_without_insights_has_its_likes_alone(self, stage: Stage) -> None:
        control = stage.server.control
        control.set(engagement=0.0)
        shy = str(control.post("tea", "少人看", asked={"insights": "none"})["id"])
        control.like(shy, 2)

        told = instagram.measure(stage.destination, [shy])[shy]

        assert (told.likes, told.replies, told.views, told.reach) == (2, 0, None, None)

    def test_an_account_that_is_restricted_needs_a_person(self, stage: Stage) -> None:
        trouble = {"message": "The user's access is restricted", "code": 25, "subcode": 2207050}
        stage.server.control.account("tea", trouble=trouble)  # type: ignore[call-arg]

        with pytest.raises(Unauthorized):
            self.send(stage, self.say("早"))

    def reel(self) -> Media:
        return mp4(self.folder, seconds=3.0)


class TestInstagramReels(TakesVideo):
    publisher = instagram
    visible_call = f"{ACCOUNT}/media_publish"
    tells_reset = False
    shows_alt = False  # it has none there
    settings = {"video_seconds": 0.0}

    def test_a_reel_has_its_options(self, stage: Stage) -> None:
        options = {"share_to_feed": "0", "thumb_offset": "500", "collaborators": "@mei，achang"}

        self.send(stage, self.say("影片", (self.video(),), **options))

        asked = stage.posts()[0]["extra"]["asked"]
        assert (asked["media_type"], asked["share_to_feed"], asked["thumb_offset"]) == (
            "REELS",
            "false",
            "500",
        )
        assert asked["collaborators"] == '["mei", "achang"]'
