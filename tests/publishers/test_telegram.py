"""The Telegram adapter on a simulated Bot API."""

from __future__ import annotations

from dataclasses import replace

import pytest

import publishers
from publishers.errors import Rejected, Unauthorized
from tests.publishers.contract import (
    ConnectsByForm,
    CountsAudience,
    Deletes,
    Edits,
    Opener,
    Stage,
    TakesImages,
    TakesVideo,
)
from tests.publishers.files import jpeg

telegram = publishers.get("telegram")


class TestTelegram(TakesImages, TakesVideo, CountsAudience, ConnectsByForm, Deletes, Edits):
    publisher = telegram
    visible_call = "/bot"
    shows_alt = False

    def test_an_album_is_one_post_and_is_taken_down_whole(self, stage: Stage) -> None:
        receipt = self.send(stage, self.say("四張", self.pictures(4)))

        assert len(receipt.remote_id.split(",")) == 4
        telegram.delete(stage.destination, receipt.remote_id)
        assert stage.posts() == []

    def test_below_a_picture_less_may_be_said(self, stage: Stage) -> None:
        content = self.say("茶" * 1025, (jpeg(self.folder),))

        [problem] = [p for p in telegram.check(content, stage.destination.limits) if p.severity == "error"]

        assert (problem.code, problem.params["limit"]) == ("text_too_long", 1024)

    def test_a_quiet_post_makes_no_sound(self, stage: Stage) -> None:
        self.send(stage, self.say("早", silent="1"))

        assert len(stage.posts()) == 1

    def test_a_bot_that_was_put_out_of_the_channel_has_to_be_let_in_again(self, open_stage: Opener) -> None:
        stage = open_stage()
        stage.server.control.account("tea", kicked=True)  # type: ignore[call-arg]

        with pytest.raises(Unauthorized) as caught:
            self.send(stage, self.say("早"))

        assert "kicked" in caught.value.message and not caught.value.refreshable

    def test_a_bot_that_may_not_post_is_not_connected(self, stage: Stage) -> None:
        account = stage.server.control.account("tea", status="member")  # type: ignore[call-arg]

        with pytest.raises(Rejected) as caught:
            telegram.connect(account["fields"])

        assert caught.value.evidence.code == "no_admin"

    def test_a_private_channel_is_addressed_by_its_number(self, stage: Stage) -> None:
        private = replace(stage.destination, traits={"username": ""})

        receipt = telegram.publish(private, self.say("早"), self.ticket())

        assert f"/c/{stage.destination.remote_id.removeprefix('-100')}/" in receipt.url  # type: ignore[union-attr]
