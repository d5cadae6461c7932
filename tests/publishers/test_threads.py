"""The Threads adapter on a simulated API that fetches its files."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

import publishers
from publishers.errors import RateLimited, Rejected, Temporary, Unauthorized
from publishers.threads import Threads
from tests.publishers.contract import (
    AnswersComments,
    ConnectsByOAuth,
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
)
from tests.publishers.files import mp4

threads = publishers.get("threads")
PROFILE = "/v1.0/1001"  # a simulator's first account
DAY = 86_400


class TestThreads(
    Prepares,
    TakesVideo,
    HoldsKeys,
    Finds,
    Measures,
    CountsAudience,
    ConnectsByOAuth,
    Refreshes,
    Deletes,
    AnswersComments,
    Follows,
):
    publisher = threads
    visible_call = f"{PROFILE}/threads_publish"
    upload_call = f"{PROFILE}/threads"
    answer_call = f"{PROFILE}/threads"
    follow_call = f"{PROFILE}/threads"
    tells_reset = False  # in whole minutes
    serves_any_words = False
    calls_for = lambda posts: posts
    settings = {"video_seconds": 0.0}

    # -- a token renews itself from its second day until it ends

    def test_an_expired_token_is_refreshed_and_goes_on(self, stage: Stage) -> None:
        stage.server.control.clock(advance_seconds=50 * DAY)
        fresh = self.recovered(stage)
        stage.server.control.clock(advance_seconds=20 * DAY)

        with pytest.raises(Unauthorized) as caught:
            self.send(stage, self.say("早"))
        assert not caught.value.refreshable, "what ended can not be renewed"
        self.send(fresh, self.say("早"))

        assert len(stage.posts()) == 1

    def test_a_refresh_whose_server_is_in_trouble_is_temporary(self, stage: Stage) -> None:
        stage.server.control.clock(advance_seconds=2 * DAY)
        super().test_a_refresh_whose_server_is_in_trouble_is_temporary(stage)

    # -- what is said

    def test_an_emoji_counts_as_its_bytes(self, stage: Stage) -> None:
        assert threads.preview(self.say("茶🍵"), stage.destination.limits).count == 5
        self.send(stage, self.say("🍵" * 125))

        codes = [problem.code for problem in threads.check(self.say("🍵" * 126), stage.destination.limits)]
        assert "text_too_long" in codes

    def test_a_lost_post_is_found_although_its_topic_lost_its_sign(self, stage: Stage) -> None:
        content = self.say("#茶 早")
        ticket = self.prepared(stage, content)
        receipt = self.send(stage, content, ticket)

        found = self.found(stage, content, ticket)

        assert found == receipt

    def test_options_go_into_the_container(self, stage: Stage) -> None:
        options = {"reply_control": "mentioned_only", "topic_tag": "#春茶", "link": "https://example.com/tea"}

        self.send(stage, self.say("早", (), **options))

        asked = stage.posts()[0]["extra"]["asked"]
        assert (asked["reply_control"], asked["topic_tag"]) == ("mentioned_only", "春茶")
        assert (asked["link_attachment"], asked["media_type"]) == ("https://example.com/tea", "TEXT")
        assert threads.materials(self.say("早", (), **options)) != threads.materials(self.say("早"))

    def test_what_threads_does_not_take_is_a_problem(self, stage: Stage) -> None:
        links = " ".join(f"https://example.com/{n}" for n in range(6))
        for content, code in (
            (self.say("早", topic_tag="v1.0"), "threads_bad_topic"),
            (self.say("圖", self.pictures(1), link="https://example.com"), "threads_link_or_files"),
            (self.say(links), "threads_too_many_links"),
        ):
            assert code in [problem.code for problem in threads.check(content, stage.destination.limits)]

    # -- files

    def test_twenty_files_make_a_carousel(self, stage: Stage) -> None:
        self.send(stage, self.say("二十張", self.pictures(20)))

        assert stage.posts()[0]["media_count"] == 20

    def test_a_file_that_nobody_serves_is_refused_before_the_network(self, stage: Stage) -> None:
        content = self.say("圖", self.pictures(1))
        hidden = replace(content, media=tuple(replace(each, url="") for each in content.media))
        before = stage.requests()

        with pytest.raises(Rejected) as caught:
            threads.prepare(stage.destination, hidden, self.ticket(), datetime.now(UTC))

        assert caught.value.evidence.code == "no_public_address" and stage.requests() == before

    def test_a_video_that_could_not_be_fetched_is_fetched_again_later(self, stage: Stage) -> None:
        content = self.say("影片", (mp4(self.folder),))
        content.media[0].path.unlink()

        with pytest.raises(Temporary) as caught:
            self.prepared(stage, content)

        assert "FAILED_DOWNLOADING_VIDEO" in caught.value.message

    def test_waiting_for_a_video_has_an_end(self, open_stage: Opener) -> None:
        stage = open_stage(video_seconds=60.0)
        hasty = Threads(patience=timedelta(), pause=timedelta())

        with pytest.raises(Temporary) as caught:
            content = self.say("影片", (mp4(self.folder),))
            hasty.prepare(stage.destination, content, self.ticket(), datetime.now(UTC))

        assert caught.value.evidence.code == "IN_PROGRESS"

    # -- what the profile may do

    def test_the_profiles_own_quota_is_its_pace(self, stage: Stage) -> None:
        [quota] = threads.pace_of(stage.destination.traits).quotas

        assert (quota.limit, quota.window) == (250, timedelta(days=1))

    def test_a_spent_quota_lets_the_channel_rest(self, open_stage: Opener) -> None:
        stage = open_stage(rate_limits=True, quota_total=1)
        self.send(stage, self.say("一"))

        with pytest.raises(RateLimited):
            self.send(stage, self.say("二"))

    def test_a_profile_that_is_restricted_needs_a_person(self, stage: Stage) -> None:
        trouble = {"message": "The user is restricted from posting.", "code": 24, "subcode": 4279013}
        stage.server.control.account("tea", trouble=trouble)  # type: ignore[call-arg]

        with pytest.raises(Unauthorized):
            self.send(stage, self.say("早"))

    def test_an_answer_to_an_answer_names_what_it_answers(self, stage: Stage) -> None:
        receipt = self.send(stage, self.say("早"))
        stage.server.control.reply(receipt.remote_id, "哪裡買？", by="mei")
        [asked] = threads.comments(stage.destination, receipt.remote_id)

        made = threads.answer(stage.destination, receipt.remote_id, asked.remote_id, "門市就有。")

        newest = threads.comments(stage.destination, receipt.remote_id)[0]
        assert (newest.remote_id, newest.parent, asked.parent) == (made, asked.remote_id, "")
