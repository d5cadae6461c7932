"""The Reddit adapter on a simulated Reddit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

import publishers
from publishers.errors import RateLimited, Rejected, Temporary, Unauthorized, Unconfirmed
from publishers.values import Accepted, Content, Receipt
from tests.publishers.contract import (
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
    Refreshes,
    Stage,
    TakesVideo,
)
from tests.publishers.files import jpeg

reddit = publishers.get("reddit")
TEA = "https://example.com/tea"


class TestReddit(
    Prepares, TakesVideo, Finds, Measures, CountsAudience, Refreshes, ConnectsByOAuth, Deletes, Edits, AnswersComments, Follows
):  # fmt: skip
    publisher = reddit
    visible_call = "/api/submit"
    upload_call = "/api/media/asset.json"
    answer_call = "/api/comment"
    follow_call = "/api/comment"
    needs = {"subreddit": "r/tea", "title": "春茶"}
    settings = {"video_seconds": 0.0}
    lapses = False
    shows_alt = False
    counted = {"likes": 4, "replies": 1, "reposts": 0}  # each begins with its author's own vote

    def refused(self, content: Content, stage: Stage) -> set[str]:
        found = reddit.check(content, stage.destination.limits)
        return {problem.code for problem in found if problem.severity == "error"}

    def test_a_video_arrives_whole(self, stage: Stage) -> None:
        video, cover = self.video(), jpeg(self.folder)
        assert self.refused(self.say("影片", (video,)), stage) == {"reddit_cover"}

        self.send(stage, self.say("影片", (cover, video)))

        [post] = stage.posts()
        assert [media["sha256"] for media in post["media"]] == [video.sha256]

    # -- what may be said, and where

    @pytest.mark.parametrize(
        ("typed", "name"),
        [("tea", "tea"), ("/r/Tea/", "Tea"), ("https://www.reddit.com/r/tea/", "tea"), ("u/ana", "u_ana")],
    )
    def test_a_subreddit_is_understood_however_it_is_written(
        self, stage: Stage, typed: str, name: str
    ) -> None:
        self.send(stage, self.say("早", subreddit=typed))

        assert stage.posts()[0]["extra"]["sr"] == name

    def test_what_is_no_name_is_refused_before_the_network(self, stage: Stage) -> None:
        assert self.refused(self.say("早", subreddit="r/春茶"), stage) == {"reddit_name"}

    def test_a_link_needs_no_words_and_takes_no_files(self, stage: Stage) -> None:
        assert self.refused(self.say("", link=TEA), stage) == set()
        assert self.refused(self.say("早", (jpeg(self.folder),), link=TEA), stage) == {"reddit_link_or_files"}

    def test_a_post_has_all_its_fields(self, stage: Stage) -> None:
        receipt = self.send(stage, self.say("早", link=TEA, nsfw="1", spoiler="1", flair_id="abc"))

        [post] = stage.posts()
        shown = {"kind": "link", "link": TEA, "nsfw": True, "spoiler": True, "flair": "abc", "title": "春茶"}
        assert {name: post["extra"][name] for name in shown} == shown
        assert (
            receipt.url == f"{stage.server.url}/r/tea/comments/{receipt.remote_id.removeprefix('t3_')}/post/"
        )

    def test_what_a_subreddit_refuses_is_told_in_its_own_words(self, stage: Stage) -> None:
        refusals = {
            "nosuch": "SUBREDDIT_NOEXIST",
            "members": "SUBREDDIT_NOTALLOWED",
            "links": "NO_SELFS",
            "flaired": "SUBMIT_VALIDATION_FLAIR_REQUIRED",
            "secret": "private",
        }
        for name, code in refusals.items():
            with pytest.raises(Rejected) as caught:
                self.send(stage, self.say("早", subreddit=name))
            assert caught.value.evidence.code == code
        assert stage.posts() == []

    # -- pictures and videos

    def test_a_picture_is_looked_up_until_it_is_shown(self, open_stage: Opener) -> None:
        stage = open_stage(image_seconds=900.0)
        content = self.say("早", (jpeg(self.folder),))

        answer = reddit.publish(stage.destination, content, self.prepared(stage, content))

        assert isinstance(answer, Accepted) and answer.look_after
        assert isinstance(reddit.confirm(stage.destination, answer.handle), Accepted)
        stage.server.control.clock(advance_seconds=901)
        receipt = reddit.confirm(stage.destination, answer.handle)
        assert isinstance(receipt, Receipt)
        assert httpx.get(receipt.url).status_code == 200

    def test_several_pictures_are_a_gallery_with_an_address_at_once(self, stage: Stage) -> None:
        content = self.say("早", self.pictures(3), nsfw="1")

        answer = reddit.publish(stage.destination, content, self.prepared(stage, content))

        assert isinstance(answer, Receipt)
        [post] = stage.posts()
        assert (post["extra"]["kind"], post["extra"]["nsfw"], post["extra"]["spoiler"]) == (
            "gallery",
            True,
            False,
        )

    @pytest.mark.parametrize("count", [1, 3])
    def test_pictures_whose_answer_was_lost_are_found(self, stage: Stage, count: int) -> None:
        content = self.say("早", self.pictures(count))
        ticket = self.prepared(stage, content)
        self.lose_visible(stage, "drop_after")
        with pytest.raises(Unconfirmed):
            reddit.publish(stage.destination, content, ticket)

        found = self.found(stage, content, ticket)

        assert found is not None and found.remote_id == stage.posts()[0]["id"]

    @pytest.mark.parametrize("kind", ["drop_before", "drop_after", "status_after"])
    def test_a_store_that_does_not_answer_is_temporary_trouble(self, stage: Stage, kind: str) -> None:
        stage.server.control.fault(kind, match={"method": "POST", "path_prefix": "/"}, skip=1)

        with pytest.raises(Temporary):
            self.prepared(stage, self.say("早", (jpeg(self.folder),)))

    # -- too soon, twice, or kept back

    @pytest.mark.parametrize(("seconds", "least"), [(540.0, 500), (45.0, 30)])
    def test_a_break_that_reddit_asks_for_in_words_is_taken(
        self, open_stage: Opener, seconds: float, least: int
    ) -> None:
        stage = open_stage(submit_pause=seconds)
        self.send(stage, self.say("早"))

        with pytest.raises(RateLimited, match="Take a break") as caught:
            self.send(stage, self.say("晚安"))

        rest = caught.value.until - datetime.now(UTC)
        assert timedelta(seconds=least) < rest <= timedelta(seconds=seconds + 1)

    def test_a_link_that_somebody_else_posted_is_refused(self, stage: Stage) -> None:
        stage.server.control.post("somebody", "早", sr="tea", link=TEA, title="茶")

        with pytest.raises(Rejected) as caught:
            self.send(stage, self.say("早", link=TEA))

        assert caught.value.evidence.code == "ALREADY_SUB"
        self.send(stage, self.say("早", link=TEA, resubmit="1"))

    def test_a_link_that_is_there_by_a_lost_try_is_looked_up_rather_than_refused(self, stage: Stage) -> None:
        content = self.say("早", link=TEA)
        ticket = self.ticket()
        self.lose_visible(stage, "drop_after")
        for _ in range(2):
            with pytest.raises(Unconfirmed):
                reddit.publish(stage.destination, content, ticket)

        assert self.found(stage, content, ticket) is not None
        assert len(stage.posts()) == 1

    def test_a_post_that_a_filter_keeps_back_waits_for_its_moderators(self, stage: Stage) -> None:
        content = self.say("早", subreddit="strict")

        answer = reddit.publish(stage.destination, content, self.ticket())

        assert isinstance(answer, Accepted)
        assert isinstance(reddit.confirm(stage.destination, answer.handle), Accepted)
        post = stage.server.control.found(str(answer.handle["remote_id"]))  # type: ignore[attr-defined]
        post.state = "public"
        assert isinstance(reddit.confirm(stage.destination, answer.handle), Receipt)
        post.deleted = True
        with pytest.raises(Rejected, match="moderator"):
            reddit.confirm(stage.destination, answer.handle)

    def test_a_post_elsewhere_or_with_another_title_is_another_post(self, stage: Stage) -> None:
        content = self.say(self.speaks)
        self.send(stage, replace(content, options={**content.options, "subreddit": "coffee"}))
        self.send(stage, replace(content, options={**content.options, "title": "夏茶"}))

        assert self.found(stage, content, self.ticket()) is None

    def test_marks_that_html_escapes_are_no_difference(self, stage: Stage) -> None:
        content = self.say("茶 < 水 & 火")
        receipt = self.send(stage, content)

        found = self.found(stage, content, self.ticket())

        assert found is not None and found.remote_id == receipt.remote_id

    def test_a_lost_post_is_found_behind_a_hundred_newer_ones(self, stage: Stage) -> None:
        content = self.say(self.speaks)
        receipt = self.send(stage, content)
        for number in range(120):
            stage.server.control.post("tea", f"第 {number} 篇", sr="tea", title="茶", kind="self")

        found = self.found(stage, content, self.ticket())

        assert found is not None and found.remote_id == receipt.remote_id

    # -- the account

    def test_consent_is_asked_for_good(self, stage: Stage) -> None:
        app = {"client_id": "app", "client_secret": "secret"}

        start = reddit.authorize(app, "https://a.example/", "s", None)

        assert start.url.startswith("https://www.reddit.com/api/v1/authorize?")
        assert parse_qs(urlsplit(start.url).query)["duration"] == ["permanent"]
        assert start.base_url == "https://oauth.reddit.com"

    def test_only_words_can_be_changed_later(self, stage: Stage) -> None:
        content = self.say("早", link=TEA)
        receipt = self.send(stage, content)

        with pytest.raises(Rejected, match="can't do that"):
            reddit.edit(stage.destination, receipt.remote_id, replace(content, text="晚安"))

    def test_a_refresh_token_serves_again_and_again(self, stage: Stage) -> None:
        once = reddit.refresh(stage.destination)
        again = reddit.refresh(replace(stage.destination, credentials=once))

        assert once["refresh_token"] == again["refresh_token"]
        assert once["access_token"] != again["access_token"]

    def test_an_answer_below_an_answer_knows_what_it_answers(self, stage: Stage) -> None:
        receipt = self.send(stage, self.say("早"))
        stage.server.control.reply(receipt.remote_id, "哪裡買？", by="mei")
        [asked] = reddit.comments(stage.destination, receipt.remote_id)
        made = reddit.answer(stage.destination, receipt.remote_id, asked.remote_id, "門市就有。")
        reddit.answer(stage.destination, receipt.remote_id, made, "也可以網購。")

        told = {c.text: c.parent for c in reddit.comments(stage.destination, receipt.remote_id)}

        assert told == {"哪裡買？": "", "門市就有。": asked.remote_id, "也可以網購。": made}

    def test_an_account_that_may_not_use_the_api_has_to_be_connected_anew(self, stage: Stage) -> None:
        stage.server.control.fault("status_before", status=403)

        with pytest.raises(Unauthorized) as caught:
            self.send(stage, self.say("早"))

        assert not caught.value.refreshable
