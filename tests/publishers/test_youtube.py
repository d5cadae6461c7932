"""The YouTube adapter on a simulated Data API."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from publishers.errors import RateLimited, Rejected, Stale, Temporary, Unauthorized
from publishers.values import Accepted, Content, Media, Receipt
from publishers.youtube import YouTube
from tests.publishers.contract import (
    AnswersComments,
    ConnectsByOAuth,
    CountsAudience,
    Deletes,
    Edits,
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
from tests.publishers.files import jpeg, mp4

youtube = YouTube(patience=timedelta(0), pause=timedelta(milliseconds=20))
UPLOAD = "/upload/youtube/v3/videos"


class TestYouTube(
    Prepares, TakesVideo, HoldsKeys, Finds, Measures, CountsAudience, Refreshes, ConnectsByOAuth, Deletes, Edits,
    AnswersComments,
    Follows,
):  # fmt: skip
    publisher = youtube
    visible_call = "/youtube/v3/videos"
    visible_method = "PUT"
    upload_call = UPLOAD
    answer_call = "/youtube/v3/comments"
    follow_call = "/youtube/v3/commentThreads"
    needs = {"title": "春茶", "kids": "no"}
    settings = {"video_seconds": 0.0}
    tells_reset = False
    lapses = False
    shows_alt = False
    images = 1
    counted = {"likes": 3, "replies": 1, "views": 60}

    def any_file(self) -> Media:
        return self.film("always.mp4")

    def film(self, name: str = "steam.mp4", alt: str = "熱氣") -> Media:
        return mp4(self.folder, name, alt)

    def pictures(self, count: int) -> tuple[Media, ...]:
        """What is uploaded here is a film."""
        return (self.film(),)

    def test_what_was_prepared_serves_for_equal_materials_alone(self, stage: Stage) -> None:
        film, other = self.film(), replace(self.film("other.mp4"), sha256="another")
        first, second = self.say("一", (film,)), self.say("二", (film,), title="新茶")
        assert youtube.materials(first) == youtube.materials(second)
        assert youtube.materials(first) != youtube.materials(self.say("一", (other,)))
        assert youtube.materials(first) != youtube.materials(self.say("一", (film,), notify="no"))

        self.send(stage, second, self.prepared(stage, first))

        [post] = stage.posts()
        assert (post["text"], post["extra"]["title"]) == ("二", "新茶")

    def test_a_file_that_is_gone_is_temporary_trouble(self, stage: Stage) -> None:
        content = self.say("早")
        content.media[0].path.unlink()

        with pytest.raises(Temporary):
            self.send(stage, content)

        assert stage.posts() == []

    # -- what may be said

    def problems(self, content: Content, stage: Stage) -> set[str]:
        found = youtube.check(content, stage.destination.limits)
        return {problem.code for problem in found if problem.severity == "error"}

    def test_a_picture_alone_is_no_post(self, stage: Stage) -> None:
        assert self.problems(self.say("早", (jpeg(self.folder),)), stage) == {"youtube_no_video"}

    def test_a_description_is_counted_in_bytes(self, stage: Stage) -> None:
        assert self.problems(self.say("茶" * 1666), stage) == set()
        assert self.problems(self.say("茶" * 1667), stage) == {"text_bytes_too_long"}

    def test_angle_brackets_are_refused_before_the_network(self, stage: Stage) -> None:
        assert self.problems(self.say("早", title="a > b"), stage) == {"youtube_brackets"}
        assert self.problems(self.say("<3"), stage) == {"youtube_brackets"}

    def test_tags_are_counted_with_their_commas_and_quotes(self, stage: Stage) -> None:
        exact = ",".join(["x" * 9] * 50)
        assert self.problems(self.say("早", tags=exact), stage) == set()
        self.send(stage, self.say("早", tags=exact))
        assert self.problems(self.say("早", tags=exact + ",春 茶"), stage) == {"youtube_tags"}

    def test_whoever_does_not_say_whether_it_is_for_kids_is_asked(self, stage: Stage) -> None:
        content = self.say("早")
        silent = replace(content, options={"title": "春茶"})

        assert self.problems(silent, stage) == {"option_required"}

    # -- what is shown

    def test_a_film_is_private_until_it_is_shown_with_all_its_fields(self, stage: Stage) -> None:
        options = {"tags": "春茶, #阿里山", "category": "26", "visibility": "unlisted", "language": "zh-TW"}
        content = replace(self.say("早", (self.film(),), **options), declares=frozenset({"ai", "ad"}))
        ticket = self.prepared(stage, content)
        assert stage.posts() == []

        receipt = self.send(stage, content, ticket)

        [post] = stage.posts()
        shown = {
            "title": "春茶", "tags": ["春茶", "阿里山"], "category": "26", "privacy": "unlisted", "kids": False,
            "synthetic": True, "paid": True, "language": "zh-TW",
        }  # fmt: skip
        assert {name: post["extra"][name] for name in shown} == shown
        assert receipt.url == f"{stage.server.url}/watch?v={receipt.remote_id}"
        assert post["at"] > ticket.at.timestamp()

    def test_a_picture_beside_the_film_is_its_thumbnail(self, stage: Stage) -> None:
        picture = jpeg(self.folder)

        self.send(stage, self.say("早", (self.film(), picture)))

        [post] = stage.posts()
        assert post["extra"]["thumbnail"] == picture.sha256
        assert post["media_count"] == 1

    def test_a_channel_that_may_not_choose_thumbnails_is_well_otherwise(self, stage: Stage) -> None:
        stage.server.control.account("tea", unverified=True)  # type: ignore[call-arg]

        with pytest.raises(Rejected) as caught:
            self.send(stage, self.say("早", (self.film(), jpeg(self.folder))))

        assert "thumbnails" in caught.value.message
        assert stage.server.control.stats()["living"] == 0, "what nobody will use is not left behind"
        self.send(stage, self.say("早"))

    # -- uploads

    @pytest.mark.parametrize("kind", ["drop_before", "drop_after", "status_after", "garbage"])
    def test_an_upload_whose_answer_was_lost_goes_on_and_makes_one_video(
        self, stage: Stage, kind: str
    ) -> None:
        self.lose(stage, kind, UPLOAD, "PUT")

        self.send(stage, self.say("早"))

        assert stage.server.control.stats()["records"] == 1
        assert len(stage.posts()) == 1

    def test_an_upload_that_arrives_in_parts_is_whole_in_the_end(self, open_stage: Opener) -> None:
        stage, film = open_stage(), self.film()
        stage.server.control.set(keeps_bytes=film.size // 2)

        self.send(stage, self.say("早", (film,)))

        [post] = stage.posts()
        assert [media["sha256"] for media in post["media"]] == [film.sha256]

    def test_an_upload_that_never_ends_is_given_up(self, open_stage: Opener) -> None:
        stage = open_stage(keeps_bytes=1)

        with pytest.raises(Temporary) as caught:
            self.prepared(stage, self.say("早"))

        assert caught.value.evidence.code == "upload_incomplete"

    def test_what_is_no_film_is_told_while_preparing(self, stage: Stage) -> None:
        film = self.film()
        film.path.write_bytes(b"no film" * 100)

        with pytest.raises(Rejected, match="invalidFile"):
            self.prepared(stage, self.say("早", (replace(film, size=700),)))

    def test_a_video_that_is_gone_is_uploaded_again(self, stage: Stage) -> None:
        content = self.say("早")
        ticket = self.prepared(stage, content)
        youtube.delete(stage.destination, ticket.handles["video_id"])

        with pytest.raises(Stale):
            self.send(stage, content, ticket)

        self.send(stage, content, self.prepared(stage, content, ticket))
        assert len(stage.posts()) == 1

    # -- what YouTube makes of it

    def test_a_film_that_is_still_processed_is_accepted_and_confirmed(self, open_stage: Opener) -> None:
        stage = open_stage(video_seconds=900.0)
        content = self.say("早")

        answer = youtube.publish(stage.destination, content, self.prepared(stage, content))

        assert isinstance(answer, Accepted) and answer.look_after
        assert isinstance(youtube.confirm(stage.destination, answer.handle), Accepted)
        stage.server.control.clock(advance_seconds=901)
        assert isinstance(youtube.confirm(stage.destination, answer.handle), Receipt)

    def test_a_film_that_breaks_a_right_is_told_with_its_reason(self, open_stage: Opener) -> None:
        stage = open_stage(video_seconds=900.0)
        content = self.say("早")
        answer = youtube.publish(stage.destination, content, self.prepared(stage, content))
        assert isinstance(answer, Accepted)
        stage.server.control.found(str(answer.handle["video_id"])).extra["rejected"] = "copyright"  # type: ignore[attr-defined]

        with pytest.raises(Rejected, match="copyright"):
            youtube.confirm(stage.destination, answer.handle)

    def test_a_project_without_an_audit_is_told_that_its_videos_stay_private(
        self, open_stage: Opener
    ) -> None:
        stage = open_stage(audited=False)

        with pytest.raises(Unauthorized) as caught:
            self.send(stage, self.say("早"))

        assert caught.value.evidence.code == "kept_private" and not caught.value.refreshable
        assert stage.posts() == []

    def test_a_spent_day_ends_at_midnight_in_california(self, open_stage: Opener) -> None:
        stage = open_stage(rate_limits=True, inserts=1)
        self.send(stage, self.say("早"))

        with pytest.raises(RateLimited) as caught:
            self.send(stage, self.say("晚安"))

        until = caught.value.until.astimezone(ZoneInfo("America/Los_Angeles"))
        assert (until.hour, until.minute) == (0, 0)
        assert timedelta(0) < caught.value.until - datetime.now(UTC) <= timedelta(hours=25)

    # -- the channel

    def test_consent_is_asked_for_in_a_way_that_lasts(self, stage: Stage) -> None:
        app = stage.server.control.app()  # type: ignore[attr-defined]

        start = youtube.authorize({**app, "server": stage.server.url}, "https://a.example/", "s", None)

        asked = parse_qs(urlsplit(start.url).query)
        assert (asked["access_type"], asked["prompt"]) == (["offline"], ["consent"])

    def test_at_google_each_host_has_its_own_work(self) -> None:
        app = {"client_id": "app", "client_secret": "secret"}

        start = youtube.authorize(app, "https://a.example/", "s", None)

        assert start.url.startswith("https://accounts.google.com/o/oauth2/v2/auth?")
        assert start.base_url == "https://www.googleapis.com"

    def test_an_account_without_a_channel_is_not_connected(self, stage: Stage) -> None:
        stage.server.control.account("tea", no_channel=True)  # type: ignore[call-arg]

        with pytest.raises(Rejected) as caught:
            youtube.discover(stage.destination)

        assert caught.value.evidence.code == "no_channel"

    def test_a_channel_without_a_verified_phone_takes_a_quarter_of_an_hour(self, stage: Stage) -> None:
        stage.server.control.account("tea", long_uploads="eligible")  # type: ignore[call-arg]

        assert youtube.discover(stage.destination).limits.video.max_seconds == 900

    def test_below_a_film_for_kids_nobody_comments(self, stage: Stage) -> None:
        receipt = self.send(stage, self.say("早", kids="yes"))

        assert youtube.comments(stage.destination, receipt.remote_id) == ()

    def test_an_answer_below_an_answer_joins_its_thread(self, stage: Stage) -> None:
        receipt = self.send(stage, self.say("早"))
        stage.server.control.reply(receipt.remote_id, "哪裡買？", by="mei")
        [asked] = youtube.comments(stage.destination, receipt.remote_id)
        made = youtube.answer(stage.destination, receipt.remote_id, asked.remote_id, "門市就有。")

        youtube.answer(stage.destination, receipt.remote_id, made, "也可以網購。")

        told = youtube.comments(stage.destination, receipt.remote_id)
        assert [comment.parent for comment in told if comment.remote_id != asked.remote_id] == [
            asked.remote_id
        ] * 2
