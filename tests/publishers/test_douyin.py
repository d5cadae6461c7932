"""The Douyin adapter on a simulated open platform."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest

import publishers
from publishers.errors import RateLimited, Rejected, Stale, Temporary, Unauthorized, Unconfirmed
from publishers.values import Accepted, Content, Knock, Media, Receipt
from tests.publishers.contract import (
    AnswersComments,
    ConnectsByOAuth,
    CountsAudience,
    Finds,
    Measures,
    Opener,
    Prepares,
    Refreshes,
    Stage,
    TakesVideo,
)
from tests.publishers.files import jpeg, mp4

douyin = publishers.get("douyin")
API = "/api/douyin/v1/video"


def video_of(folder: Path, size: int) -> Media:
    """A real video with a long tail of nothing, so that it is ``size`` bytes long."""
    media = mp4(folder)
    with media.path.open("ab") as file:
        file.truncate(size)
    digest = hashlib.sha256(media.path.read_bytes()).hexdigest()
    return replace(media, size=size, sha256=digest)


class TestDouyin(
    Prepares,
    TakesVideo,
    Finds,
    Measures,
    CountsAudience,
    Refreshes,
    ConnectsByOAuth,
    AnswersComments,
):
    publisher = douyin
    visible_call = f"{API}/create_"
    upload_call = f"{API}/upload_image/"
    answer_call = "/item/comment/reply/"
    shows_alt = False
    tells_reset = False
    images = 9

    def secrets(self, stage: Stage) -> list[str]:
        credentials = stage.destination.credentials
        return [credentials[name] for name in ("access_token", "refresh_token", "client_secret")]

    def answers_are_elsewhere(self, stage: Stage, text: str) -> bool:
        [post] = stage.posts()
        [asked] = douyin.comments(stage.destination, post["id"])
        answer = httpx.get(
            f"{stage.server.url}/item/comment/reply/list/",
            params={
                "open_id": stage.destination.remote_id,
                "item_id": post["id"],
                "comment_id": asked.remote_id,
            },
            headers={"access-token": stage.destination.credentials["access_token"]},
        )
        return text in answer.text

    # -- how it is reviewed

    def under_review(self, open_stage: Opener, text: str = "早", **settings: str) -> tuple[Stage, Accepted]:
        stage = open_stage(review_seconds=3600.0, **settings)
        content = self.say(text)
        answer = douyin.publish(stage.destination, content, self.prepared(stage, content))
        assert isinstance(answer, Accepted)
        return stage, answer

    def test_what_is_reviewed_is_seen_by_nobody_until_it_has_passed(self, open_stage: Opener) -> None:
        stage, taken = self.under_review(open_stage)

        assert douyin.confirm(stage.destination, taken.handle) == Accepted(taken.handle)
        assert stage.posts() == []
        stage.server.control.clock(advance_seconds=3601)
        receipt = douyin.confirm(stage.destination, taken.handle)

        assert isinstance(receipt, Receipt)
        assert [post["id"] for post in stage.posts()] == [receipt.remote_id]
        assert receipt.url == stage.posts()[0]["url"]

    def test_what_the_review_turns_down_is_rejected_with_its_verdict(self, open_stage: Opener) -> None:
        stage, taken = self.under_review(open_stage, "違禁的茶", refuses="違禁")
        stage.server.control.clock(advance_seconds=3601)

        with pytest.raises(Rejected) as caught:
            douyin.confirm(stage.destination, taken.handle)

        assert "review" in caught.value.message

    def test_a_lost_post_that_is_still_reviewed_is_not_called_absent(self, open_stage: Opener) -> None:
        stage = open_stage(review_seconds=3600.0)
        content = self.say("早")
        ticket = self.prepared(stage, content)
        self.lose_visible(stage, "drop_after")
        with pytest.raises(Unconfirmed):
            douyin.publish(stage.destination, content, ticket)

        with pytest.raises(Temporary) as caught:
            self.found(stage, content, ticket)

        assert caught.value.evidence.code == "in_review"

    def test_an_upload_that_made_a_post_already_makes_no_second_one(self, stage: Stage) -> None:
        content = self.say("早")
        ticket = self.prepared(stage, content)
        first = self.send(stage, content, ticket)

        with pytest.raises(Unconfirmed):
            douyin.publish(stage.destination, content, ticket)
        found = self.found(stage, content, ticket)

        assert found is not None and found.remote_id == first.remote_id
        assert len(stage.posts()) == 1

    def test_an_upload_that_is_refused_while_nobody_can_look_is_unconfirmed(self, stage: Stage) -> None:
        content = self.say("早")
        ticket = self.prepared(stage, content)
        self.send(stage, content, ticket)
        self.lose(stage, "status_before", f"{API}/video_list/", "GET")

        with pytest.raises(Unconfirmed):
            douyin.publish(stage.destination, content, ticket)

    def test_a_long_text_whose_beginning_alone_is_listed_is_found(self, stage: Stage) -> None:
        beginning = "春茶" * 30
        made = stage.server.control.post(self.name_of(stage), beginning, media_type=2)
        content = self.say(f"{beginning}，歡迎試飲。")

        found = self.found(stage, content, self.ticket())

        assert found is not None and found.remote_id == made["id"]

    # -- trouble in two places

    @pytest.mark.parametrize(
        ("place", "code", "kind"),
        [
            ("data", 2190008, Unauthorized),
            ("extra", 2190008, Unauthorized),
            ("extra", 2190003, Unauthorized),
            ("data", 2100005, Rejected),
            ("extra", 2190001, RateLimited),
            ("extra", 28001019, RateLimited),
            ("data", 2190007, Stale),
            ("extra", 2100004, Temporary),
        ],
    )
    def test_trouble_is_read_wherever_it_stands(self, place: str, code: int, kind: type[Exception]) -> None:
        from publishers import douyin_api

        body = {name: {"error_code": 0, "description": ""} for name in ("data", "extra")}
        body[place] = {"error_code": code, "description": "出错了"}

        assert douyin_api.DIALECT.is_trouble(body)
        assert douyin_api.DIALECT.explain(body) == (str(code), "出错了")
        rule = (
            next(rule for rule in douyin_api.DIALECT.rules if rule.fits(200, str(code), ""))
            if (kind is not Rejected)
            else None
        )
        if rule and rule.rests:
            assert kind is RateLimited
        elif rule:
            assert isinstance(rule.raises("", None), kind)  # type: ignore[arg-type]

    def test_a_busy_platform_leaves_the_visible_call_unconfirmed(self, stage: Stage) -> None:
        content = self.say("早")
        ticket = self.prepared(stage, content)
        stage.server.control.fault("status_after", match={"path_prefix": self.visible_call}, status=200)

        with pytest.raises(Unconfirmed):
            douyin.publish(stage.destination, content, ticket)

    def test_a_day_that_is_used_up_is_over_at_midnight_in_beijing(self, open_stage: Opener) -> None:
        stage = open_stage(rate_limits=True, daily=1)
        self.send(stage, self.say("早"))

        with pytest.raises(RateLimited) as caught:
            self.send(stage, self.say("晚安"))

        beijing = caught.value.until.astimezone(ZoneInfo("Asia/Shanghai"))
        assert (beijing.hour, beijing.minute) == (0, 0)
        assert len(stage.posts()) == 1

    # -- what is sent

    def test_a_long_video_goes_in_parts_and_arrives_whole(self, stage: Stage) -> None:
        video = video_of(self.folder, 53 * 2**20)

        self.send(stage, self.say("長片", (video,)))

        [post] = stage.posts()
        assert post["media"][0]["sha256"] == video.sha256
        parts = [each for each in stage.server.control.requests() if "upload_video_part" in each["path"]]
        assert len(parts) == 3

    def test_options_go_where_douyin_has_them(self, stage: Stage) -> None:
        video = mp4(self.folder)

        self.send(stage, self.say("早", (video,), download_type="2", cover_at="1"))

        [post] = stage.posts()
        asked = {name: post["extra"][name] for name in ("private_status", "download_type", "cover_tsp")}
        assert asked == {"private_status": 0, "download_type": 2, "cover_tsp": 1}

    def test_a_post_for_oneself_is_confirmed_though_the_public_never_sees_it(self, stage: Stage) -> None:
        receipt = self.send(stage, self.say("只給自己", private_status="1"))

        assert receipt.remote_id
        assert stage.posts() == []

    def test_a_picture_beside_a_video_is_its_cover(self, stage: Stage) -> None:
        cover, video = jpeg(self.folder), mp4(self.folder)

        self.send(stage, self.say("早", (cover, video)))

        [post] = stage.posts()
        assert [media["sha256"] for media in post["media"]] == [video.sha256, cover.sha256]

    def test_a_video_has_one_cover(self, stage: Stage) -> None:
        content = self.say("早", (mp4(self.folder), *self.pictures(2)))

        codes = [problem.code for problem in douyin.check(content, stage.destination.limits)]

        assert "one_cover" in codes

    # -- tokens

    def test_a_refresh_token_that_ends_soon_is_renewed_five_times_and_then_a_person_is_needed(
        self, stage: Stage
    ) -> None:
        days, ends = 15, []
        for _ in range(6):
            stage.server.control.clock(advance_seconds=days * 86_400)
            known = dict(stage.destination.credentials)
            known["ends_at"] = self.sooner(known["ends_at"], days)
            stage = replace(stage, destination=replace(stage.destination, credentials=known))
            stage = self.recovered(stage)
            end = douyin.credentials_end(stage.destination.credentials)
            assert end is not None
            ends.append(round((end - datetime.now(UTC)) / timedelta(days=1)))

        assert ends == [30, 30, 30, 30, 30, 15]

    def sooner(self, end: str, days: int) -> str:
        return (datetime.fromisoformat(end) - timedelta(days=days)).isoformat()

    def test_the_person_is_asked_for_scopes_divided_by_commas(self, stage: Stage) -> None:
        app = stage.server.control.app()  # type: ignore[attr-defined]
        fields = {**app, "server": stage.server.url, "scopes": "user_info,video.create.bind"}

        url = douyin.authorize(fields, "https://almanac.example/back", "s", None).url

        assert "client_key=" in url and "client_id=" not in url
        assert "scope=user_info%2Cvideo.create.bind" in url
        assert "code_challenge" not in url


class TestHearing:
    credentials = {"client_secret": "very-secret"}

    def knock(self, event: dict[str, object], secret: str = "very-secret") -> Knock:
        body = json.dumps(event).encode()
        proof = hashlib.sha1(secret.encode() + body).hexdigest()
        return Knock("POST", {"x-douyin-signature": proof}, {}, body)

    def test_the_challenge_is_echoed(self) -> None:
        heard = douyin.hear(
            self.credentials, self.knock({"event": "verify_webhook", "content": {"challenge": 12345}})
        )

        assert (heard.status, json.loads(heard.body)) == (200, {"challenge": 12345})

    @pytest.mark.parametrize("wrapped", [True, False])
    def test_a_work_that_was_made_is_looked_at(self, wrapped: bool) -> None:
        content: object = {"item_id": "@abc==", "share_id": "1"}
        told = json.dumps(content) if wrapped else content

        heard = douyin.hear(self.credentials, self.knock({"event": "create_video", "content": told}))

        assert heard.about == ("@abc==",)

    def test_other_events_are_taken_and_mean_nothing(self) -> None:
        heard = douyin.hear(self.credentials, self.knock({"event": "new_follow_action", "content": {}}))

        assert (heard.status, heard.about) == (200, ())

    @pytest.mark.parametrize("credentials", [{"client_secret": "another"}, {}])
    def test_a_call_that_is_not_signed_by_douyin_is_refused(self, credentials: dict[str, str]) -> None:
        with pytest.raises(Unauthorized):
            douyin.hear(credentials, self.knock({"event": "create_video"}, secret="very-secret"))


def test_words_alone_are_no_post() -> None:
    codes = [problem.code for problem in douyin.check(Content("早"), douyin.default_limits)]

    assert codes == ["media_required"]
