"""The Bilibili adapter on a simulated open platform."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

import publishers
from publishers.errors import Rejected, Temporary, Unauthorized, Unconfirmed
from publishers.values import Accepted, Content, Media, Receipt
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
    TakesVideo,
)
from tests.publishers.files import jpeg, mp4

bilibili = publishers.get("bilibili")
ARCHIVE = "/arcopen/fn/archive"


class TestBilibili(
    Prepares,
    TakesVideo,
    Finds,
    Measures,
    CountsAudience,
    Refreshes,
    ConnectsByOAuth,
    Deletes,
    Edits,
):
    publisher = bilibili
    visible_call = f"{ARCHIVE}/add-by-utoken"
    upload_call = "/video/v2/part/upload"
    needs = {"title": "春茶", "tid": "76", "tags": "茶,春茶"}
    shows_alt = False
    tells_reset = False
    calls_for = lambda posts: posts

    def any_file(self) -> Media:
        return mp4(self.folder, "always.mp4")

    def pictures(self, count: int) -> tuple[Media, ...]:
        return (self.any_file(),)

    def say(self, text: str = "早", media: tuple[Media, ...] = (), **options: str) -> Content:
        """A video goes with every picture; and no two videos have one title in a short time."""
        if not any(each.kind == "video" for each in media):
            media = (*media, self.any_file())
        return super().say(text, media, **{"title": f"春茶：{text}"[:80], **options})

    # -- how it is reviewed

    def under_review(self, open_stage: Opener, text: str = "早", **settings: str) -> tuple[Stage, Accepted]:
        stage = open_stage(review_seconds=3600.0, **settings)
        content = self.say(text)
        answer = bilibili.publish(stage.destination, content, self.prepared(stage, content))
        assert isinstance(answer, Accepted)
        return stage, answer

    def test_what_is_reviewed_is_seen_by_nobody_until_it_has_passed(self, open_stage: Opener) -> None:
        stage, taken = self.under_review(open_stage)

        assert bilibili.confirm(stage.destination, taken.handle) == Accepted(taken.handle)
        assert stage.posts() == []
        stage.server.control.clock(advance_seconds=3601)
        receipt = bilibili.confirm(stage.destination, taken.handle)

        assert isinstance(receipt, Receipt)
        assert [post["id"] for post in stage.posts()] == [receipt.remote_id]
        assert receipt.remote_id.startswith("BV")

    def test_what_the_review_turns_down_is_rejected_with_its_reason(self, open_stage: Opener) -> None:
        stage, taken = self.under_review(open_stage, "違禁的茶", refuses="違禁")
        stage.server.control.clock(advance_seconds=3601)

        with pytest.raises(Rejected) as caught:
            bilibili.confirm(stage.destination, taken.handle)

        assert caught.value.message == "稿件内容不符合社区规范"

    def test_a_lost_post_that_is_still_reviewed_is_not_called_absent(self, open_stage: Opener) -> None:
        stage = open_stage(review_seconds=3600.0)
        content = self.say("早")
        ticket = self.prepared(stage, content)
        self.lose_visible(stage, "drop_after")
        with pytest.raises(Unconfirmed):
            bilibili.publish(stage.destination, content, ticket)

        with pytest.raises(Temporary) as caught:
            self.found(stage, content, ticket)

        assert caught.value.evidence.code == "in_review"

    def test_an_upload_that_made_a_video_already_makes_no_second_one(self, stage: Stage) -> None:
        content = self.say("早")
        ticket = self.prepared(stage, content)
        first = self.send(stage, content, ticket)
        stage.server.control.clock(advance_seconds=90)

        with pytest.raises(Unconfirmed):
            bilibili.publish(stage.destination, content, ticket)
        found = self.found(stage, content, ticket)

        assert found is not None and found.remote_id == first.remote_id
        assert len(stage.posts()) == 1

    def test_an_upload_that_is_refused_while_nobody_can_look_is_unconfirmed(self, stage: Stage) -> None:
        content = self.say("早")
        ticket = self.prepared(stage, content)
        self.send(stage, content, ticket)
        stage.server.control.clock(advance_seconds=90)
        self.lose(stage, "status_before", f"{ARCHIVE}/viewlist", "GET")

        with pytest.raises(Unconfirmed):
            bilibili.publish(stage.destination, content, ticket)

    def test_a_title_twice_in_a_short_time_is_refused_in_bilibilis_words(self, stage: Stage) -> None:
        self.send(stage, self.say("早", title="春茶上市"))

        with pytest.raises(Rejected) as caught:
            self.send(stage, self.say("晚安", title="春茶上市"))

        assert "标题相同" in caught.value.message

    # -- what is sent

    def test_a_video_goes_in_parts_of_eight_megabytes(self, stage: Stage) -> None:
        video = self.any_file()
        with video.path.open("ab") as file:
            file.truncate(17 * 2**20)
        long = replace(video, size=17 * 2**20, sha256=hashlib.sha256(video.path.read_bytes()).hexdigest())

        self.send(stage, self.say("長片", (long,)))

        [post] = stage.posts()
        assert post["media"][0]["sha256"] == long.sha256
        parts = [each for each in stage.server.control.requests() if self.upload_call in each["path"]]
        assert len(parts) == 3

    def test_a_picture_beside_the_video_is_its_cover(self, stage: Stage) -> None:
        cover = jpeg(self.folder)

        self.send(stage, self.say("早", (cover, self.any_file())))

        [post] = stage.posts()
        assert [media["sha256"] for media in post["media"]][1:] == [cover.sha256]

    def test_a_picture_alone_is_no_video(self, stage: Stage) -> None:
        content = replace(self.say("早"), media=(jpeg(self.folder),))

        codes = [problem.code for problem in bilibili.check(content, stage.destination.limits)]

        assert "video_required" in codes

    def test_fields_go_where_bilibili_has_them(self, stage: Stage) -> None:
        self.send(stage, self.say("早", title=" 春茶 ", tags="茶， #春茶,茶", no_reprint="0"))

        [post] = stage.posts()
        wanted = {"title": "春茶", "tid": 76, "tag": "茶,春茶", "copyright": 1, "no_reprint": 0}
        assert {name: post["extra"][name] for name in wanted} == wanted

    def test_without_tags_of_their_own_the_hashtags_of_the_text_are_taken(self, stage: Stage) -> None:
        self.send(stage, self.say("喝茶 #春茶 #早安", tags=""))

        assert stage.posts()[0]["extra"]["tag"] == "春茶,早安"
        codes = [
            problem.code for problem in bilibili.check(self.say("早", tags=""), stage.destination.limits)
        ]
        assert codes.count("tags_required") == 1

    def test_what_is_reprinted_names_its_source(self, stage: Stage) -> None:
        content = replace(self.say("早"), declares=frozenset({"reprint"}))
        codes = [problem.code for problem in bilibili.check(content, stage.destination.limits)]
        assert "source_required" in codes

        sourced = replace(self.say("早", source="https://example.com/"), declares=frozenset({"reprint"}))
        self.send(stage, sourced)

        extra = stage.posts()[0]["extra"]
        assert (extra["copyright"], extra["source"]) == (2, "https://example.com/")

    def test_tags_that_are_too_long_together_are_told(self, stage: Stage) -> None:
        found = bilibili.check(
            self.say("早", tags=",".join(["茶葉"] + [f"{n}" * 9 for n in range(30)])),
            stage.destination.limits,
        )

        [problem] = [each for each in found if each.code == "tags_too_long"]
        assert problem.words is not None
        assert "200" in problem.words.said_in("zh_Hans", **problem.params)

    # -- the gate

    def test_a_secret_that_does_not_sign_is_told_from_an_expired_token(self, stage: Stage) -> None:
        wrong = {**stage.destination.credentials, "client_secret": "another-secret"}

        with pytest.raises(Unauthorized) as caught:
            bilibili.discover(replace(stage.destination, credentials=wrong))

        assert (caught.value.evidence.code, caught.value.refreshable) == ("4002", False)

    def test_a_person_comes_back_to_gourl(self, stage: Stage) -> None:
        app = stage.server.control.app()  # type: ignore[attr-defined]

        url = bilibili.authorize(
            {**app, "server": stage.server.url}, "https://almanac.example/b", "s", None
        ).url

        assert "gourl=https%3A%2F%2Falmanac.example%2Fb" in url
        assert "code_challenge" not in url
