"""The Discord adapter on a simulated server with webhooks."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

import publishers
from publishers.errors import RateLimited, Rejected, Unauthorized
from publishers.values import Metrics
from tests.publishers.contract import (
    ConnectsByForm,
    Deletes,
    Edits,
    Measures,
    Opener,
    Stage,
    TakesImages,
    TakesVideo,
    destination_of,
)
from tests.publishers.files import jpeg, mp4

discord = publishers.get("discord")
THREAD = "990001"


class TestDiscord(TakesImages, TakesVideo, Measures, ConnectsByForm, Deletes, Edits):
    publisher = discord
    visible_call = "/api/v10/webhooks/"
    counted = {"likes": 3}
    calls_for = lambda posts: posts

    def secrets(self, stage: Stage) -> list[str]:
        return [*super().secrets(stage), stage.destination.credentials["webhook"].partition("/")[2]]

    def arrange(self, stage: Stage, **extra: Any) -> None:
        """Make the channel a forum, give it threads ..."""
        stage.server.control.account("tea", **extra)  # type: ignore[call-arg]

    def test_pictures_and_videos_go_into_one_message(self, stage: Stage) -> None:
        files = (jpeg(self.folder), mp4(self.folder))

        self.send(stage, self.say("圖文並茂", files))

        [post] = stage.posts()
        assert [media["sha256"] for media in post["media"]] == [media.sha256 for media in files]

    def test_nobody_is_woken_by_a_word_in_the_text(self, stage: Stage) -> None:
        receipt = self.send(stage, self.say("@everyone 早"))
        assert not stage.posts()[0]["extra"]["pings"]

        discord.edit(stage.destination, receipt.remote_id, self.say("@everyone 晚安"))
        assert not stage.posts()[0]["extra"]["pings"]

    def test_a_message_that_moderation_holds_back_is_told(self, stage: Stage) -> None:
        with pytest.raises(Rejected) as caught:
            self.send(stage, self.say("grawlix!"))

        assert caught.value.evidence.code == "200000"
        assert "automatic moderation" in caught.value.message
        assert stage.posts() == []

    def test_without_waiting_nobody_would_be_told_of_it(self, stage: Stage) -> None:
        hook = stage.account["fields"]["webhook"].replace("/api/", "/api/v10/")

        assert httpx.post(hook, json={"content": "grawlix!"}).status_code == 204
        assert httpx.post(hook, json={"content": "早"}).status_code == 204
        assert [post["text"] for post in stage.posts()] == ["早"]

    def test_an_edit_leaves_the_files(self, stage: Stage) -> None:
        receipt = self.send(stage, self.say("錯字", self.pictures(2)))

        discord.edit(stage.destination, receipt.remote_id, self.say("沒有錯字"))

        [post] = stage.posts()
        assert (post["text"], post["media_count"]) == ("沒有錯字", 2)

    def test_a_forum_wants_a_title_and_gets_a_post_of_its_own(self, stage: Stage) -> None:
        self.arrange(stage, forum=True)
        with pytest.raises(Rejected) as caught:
            self.send(stage, self.say("早"))
        assert caught.value.evidence.code == "220001"

        receipt = self.send(stage, self.say("早", title="春茶"))

        assert stage.posts()[0]["extra"]["title"] == "春茶"
        thread, message = receipt.remote_id.split("/")
        assert thread == message
        assert httpx.get(receipt.url).status_code == 200

    def test_what_was_said_in_a_thread_is_measured_edited_and_taken_down_there(self, stage: Stage) -> None:
        self.arrange(stage, threads=[THREAD])
        stage.server.control.set(engagement=0.0)
        link = f"https://discord.com/channels/1/{THREAD}"

        receipt = self.send(stage, self.say("早", thread=link))

        assert receipt.remote_id.startswith(f"{THREAD}/")
        assert discord.measure(stage.destination, [receipt.remote_id]) == {
            receipt.remote_id: Metrics(likes=0)
        }
        edited = discord.edit(stage.destination, receipt.remote_id, self.say("晚"))
        assert (edited.remote_id, edited.url) == (receipt.remote_id, receipt.url)
        discord.delete(stage.destination, receipt.remote_id)
        assert stage.posts() == []

    def test_a_webhook_may_be_connected_to_one_thread(self, stage: Stage) -> None:
        self.arrange(stage, threads=[THREAD])
        address = f"{stage.account['fields']['webhook']}?thread_id={THREAD}"

        there = destination_of(discord.connect({"webhook": address}))

        assert there.remote_id == THREAD != stage.destination.remote_id
        assert discord.discover(there).remote_id == THREAD
        receipt = discord.publish(there, self.say("早"), self.ticket())
        assert receipt.remote_id.startswith(f"{THREAD}/")  # type: ignore[union-attr]

    def test_a_thread_that_is_gone_is_the_posts_trouble_and_not_the_channels(self, stage: Stage) -> None:
        with pytest.raises(Rejected) as caught:
            self.send(stage, self.say("早", thread=THREAD))

        assert caught.value.evidence.code == "10003"

    @pytest.mark.parametrize(
        ("options", "code"),
        [({"thread": "這裡"}, "thread_unknown"), ({"thread": THREAD, "title": "春茶"}, "thread_and_title")],
    )
    def test_options_that_make_no_sense_never_reach_the_network(
        self, stage: Stage, options: dict[str, str], code: str
    ) -> None:
        before = stage.requests()

        with pytest.raises(Rejected) as caught:
            self.send(stage, self.say("早", **options))

        assert caught.value.evidence.code == code
        assert stage.requests() == before

    def test_a_quiet_post_without_previews_says_so(self, stage: Stage) -> None:
        self.send(stage, self.say("早", silent="1", no_preview="1"))

        assert stage.posts()[0]["extra"]["flags"] == 4096 | 4

    def test_a_token_of_another_webhook_is_refused(self, stage: Stage) -> None:
        address = stage.account["fields"]["webhook"]

        with pytest.raises(Unauthorized) as caught:
            discord.connect({"webhook": address[:-3]})

        assert caught.value.evidence.code == "50027"

    @pytest.mark.parametrize("address", ["", "https://discord.com/channels/1/2", "http://[", "webhooks/1/a"])
    def test_what_is_no_webhook_is_refused_before_the_network(self, address: str) -> None:
        with pytest.raises(Rejected) as caught:
            discord.connect({"webhook": address})

        assert caught.value.evidence.code == "no_webhook"

    def test_a_sixth_call_within_two_seconds_rests_for_a_broken_number_of_them(
        self, open_stage: Opener
    ) -> None:
        stage = open_stage(rate_limits=True)

        with pytest.raises(RateLimited) as caught:
            for _ in range(12):
                self.send(stage, self.say("早"))

        assert 0 < caught.value.until.timestamp() - stage.server.control.clock()["now"] < 3
        assert "retry_after" in caught.value.evidence.body

    def test_a_wall_before_the_platform_is_temporary_trouble(self, stage: Stage) -> None:
        self.lose_visible(stage, "html_error", status=403)

        with pytest.raises(Exception, match="403") as caught:
            self.send(stage, self.say("早"))

        assert type(caught.value).__name__ == "Temporary"
        assert stage.posts() == []

    def test_a_field_that_is_refused_is_told_with_its_reason(self, stage: Stage) -> None:
        receipt = self.send(stage, self.say("早"))

        with pytest.raises(Rejected) as caught:
            discord.edit(stage.destination, receipt.remote_id, self.say("茶" * 2001))

        assert caught.value.message == "Invalid Form Body: Must be 2000 or fewer in length."
