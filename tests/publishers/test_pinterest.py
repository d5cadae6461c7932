"""The Pinterest adapter on a simulated API v5."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from publishers.errors import Rejected, Temporary, Unauthorized
from publishers.pinterest import Pinterest
from publishers.values import Content, Media
from tests.publishers.contract import (
    ConnectsByOAuth,
    CountsAudience,
    Deletes,
    Edits,
    Finds,
    Measures,
    Opener,
    Prepares,
    Refreshes,
    Stage,
    TakesImages,
    TakesVideo,
)
from tests.publishers.files import jpeg, mp4, png

pinterest = Pinterest(patience=timedelta(0), pause=timedelta(milliseconds=20))
SECONDS = 4.0


class TestPinterest(
    TakesImages, TakesVideo, Finds, Measures, CountsAudience, Refreshes, ConnectsByOAuth, Deletes, Edits
):  # fmt: skip
    publisher = pinterest
    visible_call = "/v5/pins"
    needs = {"board": "Tea"}
    settings = {"video_seconds": 0.0}
    shows_alt = False
    counted = {"likes": 3, "replies": 1, "impressions": 90, "clicks": 0, "saves": 0}

    def served_nowhere(self, content: Content) -> Content:
        return replace(content, media=tuple(replace(media, url="") for media in content.media))

    def test_a_pin_has_its_title_its_link_its_board_and_its_alt_text(self, stage: Stage) -> None:
        content = self.say(
            "早", (jpeg(self.folder),), title="春茶", link="https://example.com/tea", board="食譜"
        )

        receipt = self.send(stage, content)

        [post] = stage.posts()
        boards = json.loads(stage.destination.traits["boards"])
        shown = {"title": "春茶", "link": "https://example.com/tea", "media_type": "image"}
        assert {name: post["extra"][name] for name in shown} == shown
        assert boards[post["extra"]["board"]] == "食譜"
        assert [media["alt"] for media in post["media"]] == ["一壺春茶"]
        assert receipt.url == f"{stage.server.url}/pin/{receipt.remote_id}/"

    @pytest.mark.parametrize("count", [1, 2, 5])
    def test_pictures_that_nobody_serves_go_along_whole(self, stage: Stage, count: int) -> None:
        pictures = self.pictures(count - 1) + (png(self.folder),)

        self.send(stage, self.served_nowhere(self.say("早", pictures)))

        [post] = stage.posts()
        assert [media["sha256"] for media in post["media"]] == [picture.sha256 for picture in pictures]

    def test_a_picture_that_pinterest_can_not_fetch_is_told(self, stage: Stage) -> None:
        content = self.say("早")
        lost = replace(content, media=(replace(content.media[0], url=f"{self.files.url}/none.jpg"),))

        with pytest.raises(Rejected, match="could not fetch"):
            self.send(stage, lost)

    @pytest.mark.parametrize("served", [True, False])
    def test_a_picture_beside_a_video_is_its_cover(self, stage: Stage, served: bool) -> None:
        content = self.say("影片", (self.video(), jpeg(self.folder)))

        self.send(stage, content if served else self.served_nowhere(content))

        [post] = stage.posts()
        assert (post["media_count"], post["extra"]["media_type"]) == (1, "video")

    def test_a_video_has_one_cover(self, stage: Stage) -> None:
        content = self.say("影片", (self.video(), *self.pictures(2)))

        codes = [p.code for p in pinterest.check(content, stage.destination.limits) if p.severity == "error"]

        assert codes == ["pinterest_one_cover"]

    def test_a_board_that_is_none_is_refused_before_the_network_with_those_there_are(
        self, stage: Stage
    ) -> None:
        before = stage.requests()

        with pytest.raises(Rejected) as caught:
            self.send(stage, self.say("早", board="Coffee"))

        assert caught.value.evidence.code == "unknown_board"
        assert "Tea" in caught.value.message and "食譜" in caught.value.message
        assert stage.requests() == before

    def test_a_board_may_be_named_by_its_number(self, stage: Stage) -> None:
        number = next(iter(json.loads(stage.destination.traits["boards"])))

        self.send(stage, self.say("早", board=number))

        assert stage.posts()[0]["extra"]["board"] == number

    def test_a_number_is_tried_where_not_all_boards_are_known(self, stage: Stage) -> None:
        account = stage.server.control.account("tea")
        boards = {str(n): f"Board {n}" for n in range(300)}
        stage.server.control.account("tea", boards=boards)  # type: ignore[call-arg]
        found = pinterest.discover(stage.destination)
        wide = replace(stage.destination, traits=found.traits, credentials=account["credentials"])

        assert len(json.loads(found.traits["boards"])) == 250
        assert pinterest.options_of(found.traits) == pinterest.options
        pinterest.publish(wide, self.say("早", board="299"), self.ticket())
        assert stage.posts()[0]["extra"]["board"] == "299"

    def test_the_boards_of_a_channel_are_offered_by_name(self, stage: Stage) -> None:
        board = pinterest.options_of(stage.destination.traits)[0]

        assert [name for _, name in board.choices] == ["Tea", "食譜"]
        assert board.required

    def test_a_pin_that_leads_elsewhere_or_has_another_title_is_another_pin(self, stage: Stage) -> None:
        self.send(stage, self.say(self.speaks, link="https://example.com/one", title="春茶"))

        for title, link in (("春茶", "https://example.com/two"), ("夏茶", "https://example.com/one")):
            other = self.say(self.speaks, link=link, title=title)
            assert self.found(stage, other, self.ticket()) is None

    def test_a_pin_of_a_day_ago_is_not_taken_for_a_lost_one(self, stage: Stage) -> None:
        content = self.say(self.speaks)
        yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
        board = next(iter(json.loads(stage.destination.traits["boards"])))
        stage.server.control.post("tea", self.speaks, yesterday, board=board)

        assert self.found(stage, content, self.ticket()) is None

    def test_an_app_that_may_not_pin_is_no_fault_of_the_pin(self, stage: Stage) -> None:
        stage.server.control.account("tea", refused=True)  # type: ignore[call-arg]

        with pytest.raises(Unauthorized) as caught:
            self.send(stage, self.say("早"))

        assert caught.value.evidence.code == "29" and not caught.value.refreshable

    def test_an_app_on_trial_is_known_by_its_channel_and_goes_slowly(self, stage: Stage) -> None:
        app = stage.server.control.app()  # type: ignore[attr-defined]
        fields = {**app, "server": stage.server.url, "access": "trial"}
        start = pinterest.authorize(fields, "https://a.example/", "s", None)
        code = self.consent(stage, start.url)["code"]

        connected = pinterest.exchange(start.memory, code, "https://a.example/")

        assert connected.traits["access"] == "trial"
        [quota] = pinterest.pace_of(connected.traits).quotas
        assert (quota.limit, quota.window) == (300, timedelta(days=1))

    def test_on_trial_a_pin_is_there_and_nobody_sees_it(self, open_stage: Opener) -> None:
        stage = open_stage(trial=True)
        content = self.say("早")
        receipt = self.send(stage, content)

        assert stage.posts() == []
        found = self.found(stage, content, self.ticket())
        assert found is not None and found.remote_id == receipt.remote_id

    def test_a_channel_says_when_a_person_has_to_sign_in_again(self, stage: Stage) -> None:
        ends_at = pinterest.credentials_end(pinterest.refresh(stage.destination))

        assert ends_at is not None
        assert timedelta(days=59) < ends_at - datetime.now(UTC) <= timedelta(days=60)

    def test_numbers_are_read_one_by_one_where_many_at_once_are_not_open(self, open_stage: Opener) -> None:
        stage = open_stage(bulk=False, engagement=0.0)
        liked, gone = self.send(stage, self.say("一")), self.send(stage, self.say("二"))
        stage.server.control.like(liked.remote_id, 2)
        stage.server.control.remove(gone.remote_id)

        numbers = pinterest.measure(stage.destination, [liked.remote_id, gone.remote_id])

        assert set(numbers) == {liked.remote_id}
        assert numbers[liked.remote_id].likes == 2

    def test_only_a_video_has_views(self, stage: Stage) -> None:
        picture, film = self.send(stage, self.say("一")), self.send(stage, self.say("二", (self.video(),)))

        numbers = pinterest.measure(stage.destination, [picture.remote_id, film.remote_id])

        assert numbers[picture.remote_id].views is None
        assert numbers[film.remote_id].views is not None


class TestPinterestVideo(Prepares):
    publisher = pinterest
    visible_call = "/v5/pins"
    upload_call = "/v5/media"
    needs = {"board": "Tea"}
    settings = {"video_seconds": 0.0}
    lapses = False
    shows_alt = False
    images = 1

    def any_file(self) -> Media:
        return mp4(self.folder, "always.mp4", seconds=SECONDS)

    def pictures(self, count: int) -> tuple[Media, ...]:
        """What is uploaded ahead here is a film."""
        return (mp4(self.folder, seconds=SECONDS),)

    def test_what_was_prepared_serves_for_equal_materials_alone(self, stage: Stage) -> None:
        [film] = self.pictures(1)
        first, second = self.say("一", (film,)), self.say("二", (film,))
        other = self.say("一", (replace(film, sha256="another"),))
        assert pinterest.materials(first) == pinterest.materials(second) != pinterest.materials(other)

        self.send(stage, second, self.prepared(stage, first))

        assert [post["text"] for post in stage.posts()] == ["二"]

    def test_a_file_that_is_gone_is_temporary_trouble(self, stage: Stage) -> None:
        content = self.say("早")
        content.media[0].path.unlink()

        with pytest.raises(Temporary):
            self.send(stage, content)

        assert stage.posts() == []

    @pytest.mark.parametrize("kind", ["drop_before", "drop_after", "status_after"])
    def test_a_store_that_does_not_answer_is_temporary_trouble(self, stage: Stage, kind: str) -> None:
        stage.server.control.fault(kind, match={"method": "POST", "path_prefix": "/"}, skip=1)

        with pytest.raises(Temporary):
            self.prepared(stage, self.say("早"))

    def test_a_video_that_is_processed_for_long_is_waited_for_later(self, open_stage: Opener) -> None:
        stage = open_stage(video_seconds=900.0)

        with pytest.raises(Temporary) as caught:
            self.prepared(stage, self.say("早"))

        assert caught.value.evidence.code == "media_processing"

    def test_what_is_no_film_is_told_while_preparing(self, stage: Stage) -> None:
        content = self.say("早")
        content.media[0].path.write_bytes(b"no film" * 100)

        with pytest.raises(Rejected) as caught:
            self.prepared(stage, content)

        assert caught.value.evidence.code == "media_failed"
