"""The X adapter on a simulated X."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import publishers
from publishers.errors import RateLimited, Rejected, Temporary, Unauthorized, Unconfirmed
from publishers.values import Content, Ticket
from publishers.x import X
from tests.publishers.contract import (
    AnswersComments,
    ConnectsByOAuth,
    Core,
    CountsAudience,
    Deletes,
    Edits,
    Finds,
    Follows,
    Measures,
    Opener,
    Prepares,
    Refreshes,
    Stage,
    TakesVideo,
    join,
    serve,
)
from tests.publishers.files import jpeg, mp4

x = publishers.get("x")
patient = X(patience=timedelta(seconds=20), pause=timedelta(milliseconds=20))


class OnX(Core):
    publisher = x
    visible_call = "/2/tweets"


class TestX(
    OnX,
    Prepares,
    Finds,
    Measures,
    CountsAudience,
    Refreshes,
    ConnectsByOAuth,
    Deletes,
    AnswersComments,
    Follows,
):
    upload_call = "/2/media/upload"
    answer_call = "/2/tweets"
    follow_call = "/2/tweets"
    counted = {"likes": 3, "replies": 1, "reposts": 0, "impressions": 120, "clicks": 6}

    # -- what it says

    def test_what_is_declared_goes_into_fields(self, stage: Stage) -> None:
        self.send(stage, replace(self.say("早"), declares=frozenset({"ai", "ad"})))
        self.send(stage, self.say("晚安"))

        told, plain = (post["extra"] for post in stage.posts())
        assert (told["made_with_ai"], told["paid_partnership"]) == (True, True)
        assert not {"made_with_ai", "paid_partnership", "reply_settings"} & set(plain)

    def test_who_may_reply_is_chosen(self, stage: Stage) -> None:
        self.send(stage, self.say("早", reply_settings="mentionedUsers"))

        assert [post["extra"]["reply_settings"] for post in stage.posts()] == ["mentionedUsers"]

    @pytest.mark.parametrize(
        "text", ["茶" * 140, "茶" * 128 + " tea.shop", "a" * 256 + " https://example.com/" + "b" * 99]
    )
    def test_a_text_that_just_fits_is_taken(self, stage: Stage, text: str) -> None:
        assert x.preview(self.say(text), stage.destination.limits).count == 280

        self.send(stage, self.say(text))

        assert self.errors(stage, self.say("a" + text)) == ["text_too_long"]

    def test_a_gif_goes_alone(self, stage: Stage) -> None:
        gif = replace(jpeg(self.folder), mime="image/gif")

        assert self.errors(stage, self.say("早", (gif, jpeg(self.folder, "2.jpg")))) == ["gif_alone"]
        assert self.errors(stage, self.say("早", (gif,))) == []

    # -- its answers

    def test_saying_the_same_again_is_refused_in_its_own_words(self, stage: Stage) -> None:
        self.send(stage, self.say("早"))
        later = self.much_later(self.ticket())

        with pytest.raises(Rejected) as caught:
            x.publish(stage.destination, self.say("早"), later)

        assert "duplicate content" in caught.value.message

    def test_a_refused_repeat_after_a_lost_answer_is_looked_up(self, stage: Stage) -> None:
        content, ticket = self.say("早"), self.ticket()
        self.lose_visible(stage, "drop_after")
        for _ in range(2):
            with pytest.raises(Unconfirmed):
                x.publish(stage.destination, content, ticket)

        found = x.find(stage.destination, content, ticket, ticket.at)

        assert found is not None
        assert [post["id"] for post in stage.posts()] == [found.remote_id]

    def test_a_refused_repeat_that_cannot_be_looked_up_proves_nothing(self, stage: Stage) -> None:
        self.send(stage, self.say("早"))
        stage.server.control.fault("status_before", match={"path_prefix": "/2/users/"})

        with pytest.raises(Unconfirmed):
            x.publish(stage.destination, self.say("早"), self.ticket())

    def test_without_credits_it_rests_for_an_hour(self, open_stage: Opener) -> None:
        stage = open_stage()
        stage.server.control.set(credits=0, rate_limits=True)

        with pytest.raises(RateLimited) as caught:
            self.send(stage, self.say("早"))

        assert "credits" in caught.value.message
        assert timedelta(minutes=59) < caught.value.until - datetime.now(UTC) <= timedelta(hours=1)

    def test_a_spent_cap_rests_until_the_next_day(self, open_stage: Opener) -> None:
        stage = open_stage()
        stage.server.control.set(capped=True)

        with pytest.raises(RateLimited) as caught:
            self.send(stage, self.say("早"))

        assert (caught.value.until.hour, caught.value.until.minute) == (0, 0)

    def test_a_spent_window_rests_until_it_opens(self, open_stage: Opener) -> None:
        stage = open_stage(rate_limits=True)
        with pytest.raises(RateLimited) as caught:
            for n in range(101):
                self.send(stage, self.say(f"第 {n} 杯"))

        assert caught.value.until - datetime.now(UTC) <= timedelta(minutes=15)
        assert caught.value.until.timestamp() % 900 == 0
        assert len(stage.posts()) == 100

    def test_a_suspended_account_is_a_trouble_of_the_channel(self, stage: Stage) -> None:
        stage.server.control.account("tea", suspended=True)  # type: ignore[call-arg]

        with pytest.raises(Unauthorized) as caught:
            self.send(stage, self.say("早"))

        assert not caught.value.refreshable

    # -- looking

    @pytest.mark.parametrize(
        "text",
        ["茶 & 點心 <3 tea.shop 與 https://example.com/a?b=1&c=2", "https://example.com/only", "tea.shop"],
    )
    def test_a_post_is_found_whatever_became_of_its_links(self, stage: Stage, text: str) -> None:
        ticket = self.ticket()
        self.send(stage, self.say("https://example.com/another"))
        receipt = self.send(stage, self.say(text))

        assert x.find(stage.destination, self.say(text), ticket, ticket.at) == receipt

    def test_a_link_alone_is_not_taken_for_another(self, stage: Stage) -> None:
        ticket = self.ticket()
        self.send(stage, self.say("https://example.com/another"))

        assert x.find(stage.destination, self.say("https://example.com/only"), ticket, ticket.at) is None

    def test_a_post_with_pictures_is_not_taken_for_one_without(self, stage: Stage) -> None:
        pictured, ticket = self.say("早", self.pictures(2)), self.ticket()
        receipt = self.send(stage, pictured)

        assert x.find(stage.destination, self.say("早"), ticket, ticket.at) is None
        assert x.find(stage.destination, pictured, ticket, ticket.at) == receipt

    def test_many_posts_are_looked_through(self, stage: Stage) -> None:
        ticket = self.ticket()
        receipt = self.send(stage, self.say("早"))
        for n in range(150):
            stage.server.control.post("tea", f"第 {n} 篇")

        assert x.find(stage.destination, self.say("早"), ticket, ticket.at) == receipt

    # -- numbers and replies

    def test_private_numbers_are_not_asked_for_once_a_post_is_old(self, stage: Stage) -> None:
        fresh = self.send(stage, self.say("早"))
        old = (datetime.now(UTC) - timedelta(days=40)).isoformat()
        aged = str(stage.server.control.post("tea", "去年", at=old)["id"])
        before = stage.requests()

        both = x.measure(stage.destination, [fresh.remote_id, aged])

        assert set(both) == {fresh.remote_id, aged}
        assert both[fresh.remote_id].clicks is None
        assert stage.requests() == before + 2, (
            "the id of an imported post does not tell its age: asked once more"
        )

    def test_a_reply_to_somebody_who_did_not_call_is_refused_in_its_own_words(
        self, open_stage: Opener
    ) -> None:
        stage = open_stage(summoned=True)
        receipt = self.send(stage, self.say("早"))
        asked = stage.server.control.reply(receipt.remote_id, "哪裡買？", by="mei")
        called = stage.server.control.reply(receipt.remote_id, "@tea 哪裡買？", by="achang")

        with pytest.raises(Rejected) as caught:
            x.answer(stage.destination, receipt.remote_id, str(asked["id"]), "門市就有。")
        x.answer(stage.destination, receipt.remote_id, str(called["id"]), "門市就有。")

        assert "not been mentioned" in caught.value.message
        newest = x.comments(stage.destination, receipt.remote_id)[0]
        assert (newest.text, newest.parent) == ("門市就有。", called["id"])

    # -- signing in

    def test_a_refresh_token_is_good_for_one_use(self, stage: Stage) -> None:
        x.refresh(stage.destination)

        with pytest.raises(Unauthorized) as caught:
            x.refresh(stage.destination)

        assert not caught.value.refreshable

    def test_only_who_subscribes_may_edit(self, stage: Stage) -> None:
        receipt = self.send(stage, self.say("錯字"))
        before = stage.requests()

        with pytest.raises(Rejected) as caught:
            x.edit(stage.destination, receipt.remote_id, self.say("沒有錯字"))

        assert caught.value.evidence.code == "premium_only"
        assert stage.requests() == before

    def test_a_post_that_was_taken_down_elsewhere_is_no_error_to_delete(self, stage: Stage) -> None:
        x.delete(stage.destination, "1")

    def much_later(self, ticket: Ticket) -> Ticket:
        """A ticket of so much later that nothing of before can be its post."""
        return replace(ticket, at=ticket.at + timedelta(minutes=10))

    def errors(self, stage: Stage, content: Content) -> list[str]:
        found = x.check(content, stage.destination.limits)
        return [problem.code for problem in found if problem.severity == "error"]


class TestPremiumX(OnX, Edits):
    settings = {"premium": True}

    def test_it_may_say_more(self, stage: Stage) -> None:
        content, ticket = self.say("茶" * 1000 + " tea.shop"), self.ticket()

        receipt = self.send(stage, content)

        assert stage.destination.limits.max_text == 25_000
        assert x.find(stage.destination, content, ticket, ticket.at) == receipt

    def test_an_edit_has_an_id_of_its_own_and_keeps_the_pictures(self, stage: Stage) -> None:
        content = self.say("錯字", (jpeg(self.folder),))
        receipt = self.send(stage, content)

        edited = x.edit(stage.destination, receipt.remote_id, replace(content, text="沒有錯字"))

        [post] = stage.posts()
        assert post["id"] == edited.remote_id != receipt.remote_id
        assert [media["sha256"] for media in post["media"]] == [content.media[0].sha256]

    def test_after_half_an_hour_it_is_told_that_it_is_too_late(self, stage: Stage) -> None:
        receipt = self.send(stage, self.say("錯字"))
        stage.server.control.clock(advance_seconds=1801)

        with pytest.raises(Rejected) as caught:
            x.edit(stage.destination, receipt.remote_id, self.say("沒有錯字"))

        assert "no longer be edited" in caught.value.message


class TestXVideo(OnX, TakesVideo):
    """X has alt texts for pictures alone."""

    shows_alt = False
    settings = {"video_seconds": 0.0}

    def test_a_video_is_waited_for(self, open_stage: Opener) -> None:
        stage = open_stage(video_seconds=0.1)
        content = self.say("影片", (mp4(self.folder),))

        ticket = patient.prepare(stage.destination, content, self.ticket(), datetime.now(UTC))
        patient.publish(stage.destination, content, ticket)

        assert len(stage.posts()) == 1

    def test_patience_ends(self, open_stage: Opener) -> None:
        stage = open_stage(video_seconds=60.0)
        hasty = X(patience=timedelta(), pause=timedelta(milliseconds=10))

        with pytest.raises(Temporary) as caught:
            hasty.prepare(
                stage.destination, self.say("影片", (mp4(self.folder),)), self.ticket(), datetime.now(UTC)
            )

        assert caught.value.evidence.code == "media_processing"

    def test_a_video_that_x_can_not_read_is_refused_in_its_own_words(self, open_stage: Opener) -> None:
        stage = open_stage(media_fails=True)

        with pytest.raises(Rejected) as caught:
            self.prepared(stage, self.say("影片", (mp4(self.folder),)))

        assert caught.value.message == "Unsupported video codec"

    def test_a_large_file_goes_in_parts(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("publishers.x_media.PART", 500)
        video = mp4(self.folder)

        self.send(stage, self.say("影片", (video,)))

        calls = [call["path"] for call in stage.server.control.requests()]
        assert sum(path.endswith("/append") for path in calls) == -(-video.size // 500) > 1
        assert [media["sha256"] for post in stage.posts() for media in post["media"]] == [video.sha256]


def test_a_premium_account_is_told_from_others() -> None:
    told: dict[str, Any] = {}
    with serve("x") as server:
        for handle, premium in (("tea", False), ("pot", True)):
            server.control.account(handle, premium=premium)  # type: ignore[call-arg]
            told[handle] = join(server, "x", handle).destination.traits["subscription"]

    assert told == {"tea": "None", "pot": "Premium"}
