"""The parts of the contract that hold where a platform can do something; ``test_contract.py`` sees that all do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from publishers import follows
from publishers.errors import Rejected, Stale, Temporary, Unauthorized, Unconfirmed
from publishers.values import Media, Receipt
from tests.publishers.contract.core import Core
from tests.publishers.contract.stage import LOST, Stage
from tests.publishers.files import jpeg, mp4

BACK = "https://almanac.example/channels/callback"


class TakesImages(Core):
    """Pictures arrive whole; ``upload_call`` is the path of the call that uploads one, empty where there is none."""

    upload_call: ClassVar[str] = ""
    upload_method: ClassVar[str] = "POST"
    shows_alt: ClassVar[bool] = True
    images: ClassVar[int] = 4

    def pictures(self, count: int) -> tuple[Media, ...]:
        return tuple(jpeg(self.folder, f"{n}.jpg", f"第 {n} 張") for n in range(count))

    def test_images_arrive_whole_with_their_alt_texts(self, stage: Stage) -> None:
        images = self.pictures(min(self.images, stage.destination.limits.image.max_count))

        self.send(stage, self.say("圖", images))

        [post] = stage.posts()
        assert [media["sha256"] for media in post["media"]] == [image.sha256 for image in images]
        if self.shows_alt:
            assert [media["alt"] for media in post["media"]] == [image.alt for image in images]

    def test_a_file_that_is_gone_is_temporary_trouble(self, stage: Stage) -> None:
        if not self.upload_call:
            return
        image = jpeg(self.folder)
        content = self.say("早", (image,))
        image.path.unlink()

        with pytest.raises(Temporary):
            self.send(stage, content)

        assert stage.posts() == []


class Prepares(TakesImages):
    """Files are uploaded ahead of time, invisibly, and serve until they lapse."""

    lapses: ClassVar[bool] = True
    serves_any_words: ClassVar[bool] = True

    def test_preparing_shows_nothing_and_tells_when_it_lapses(self, stage: Stage) -> None:
        ticket = self.prepared(stage, self.say("圖", self.pictures(1)))

        assert stage.posts() == []
        assert ticket.handles
        assert ticket.expires_at is None or ticket.expires_at > ticket.at
        assert self.lapses is (ticket.expires_at is not None)

    def test_what_was_prepared_serves_for_equal_materials_alone(self, stage: Stage) -> None:
        image, other = jpeg(self.folder), jpeg(self.folder, "other.jpg", "別的")
        first, second = self.say("一", (image,)), self.say("二", (image,))
        same = self.publisher.materials(first) == self.publisher.materials(second)
        assert same is self.serves_any_words
        assert self.publisher.materials(first) != self.publisher.materials(self.say("一", (other,)))
        if same:
            self.send(stage, second, self.prepared(stage, first))
            assert [post["text"] for post in stage.posts()] == [self.said(second)]

    @pytest.mark.parametrize("kind", LOST)
    def test_a_lost_answer_while_preparing_is_temporary_and_shows_nothing(
        self, stage: Stage, kind: str
    ) -> None:
        content = self.say("圖", self.pictures(1))
        self.lose(stage, kind, self.upload_call, self.upload_method)

        with pytest.raises(Temporary):
            self.prepared(stage, content)

        assert stage.posts() == []
        self.send(stage, content)
        assert len(stage.posts()) == 1

    def test_an_upload_that_came_too_fast_says_when_to_come_back(self, stage: Stage) -> None:
        self.lose(stage, "rate_limit", self.upload_call, self.upload_method)

        with pytest.raises(Exception, match=".") as caught:
            self.prepared(stage, self.say("早", self.pictures(1)))

        assert type(caught.value).__name__ == "RateLimited"

    def test_media_that_lapsed_are_prepared_again(self, stage: Stage) -> None:
        if not self.lapses:
            return
        content = self.say("圖", self.pictures(1))
        ticket = self.prepared(stage, content)
        assert ticket.expires_at
        ahead = ticket.expires_at - datetime.now(UTC) + self.lapse_margin
        stage.server.control.clock(advance_seconds=ahead.total_seconds())
        fresh = self.recovered(stage)

        with pytest.raises(Stale):
            self.send(fresh, content, ticket)
        self.send(fresh, content, self.prepared(fresh, content, ticket))

        assert len(stage.posts()) == 1

    lapse_margin: ClassVar[timedelta] = timedelta(days=1)

    def test_publishing_what_was_never_prepared_is_stale(self, stage: Stage) -> None:
        content = self.say("圖", self.pictures(1))
        before = stage.requests()

        with pytest.raises(Stale):
            self.publisher.publish(stage.destination, content, self.ticket())

        assert stage.requests() == before


class TakesVideo(Core):
    """A video arrives whole."""

    shows_alt: ClassVar[bool] = True

    def test_a_video_arrives_whole(self, stage: Stage) -> None:
        video = self.video()

        self.send(stage, self.say("影片", (video,)))

        [post] = stage.posts()
        assert [media["sha256"] for media in post["media"]] == [video.sha256]
        if self.shows_alt:
            assert [media["alt"] for media in post["media"]] == [video.alt]

    def video(self) -> Media:
        """One second, or as long as the platform's shortest."""
        shortest = self.publisher.default_limits.video.min_seconds or 1.0
        return mp4(self.folder, seconds=max(1.0, shortest))


class HoldsKeys(Core):
    """A native key: repeating a call under it never makes a second post."""

    def test_the_same_ticket_sent_twice_makes_one_post(self, stage: Stage) -> None:
        content = self.say(self.speaks)
        ticket = self.prepared(stage, content)

        first, second = self.send(stage, content, ticket), self.send(stage, content, ticket)

        assert (first.remote_id, first.url) == (second.remote_id, second.url)
        assert len(stage.posts()) == 1

    def test_repeating_under_the_key_after_a_lost_answer_is_safe(self, stage: Stage) -> None:
        content = self.say(self.speaks)
        ticket = self.prepared(stage, content)
        self.lose_visible(stage, "drop_after")
        with pytest.raises(Unconfirmed):
            self.send(stage, content, ticket)

        assert self.publisher.repeats_safely(stage.destination, ticket, ticket.at, ticket.at)
        receipt = self.send(stage, content, ticket)

        assert [post["id"] for post in stage.posts()] == [receipt.remote_id]


class Finds(Core):
    """A lost post is found by looking."""

    def test_finding_what_was_never_sent_finds_nothing(self, stage: Stage) -> None:
        self.send(stage, self.say("別的話"))
        content = self.say(self.speaks)

        assert self.found(stage, content, self.prepared(stage, content)) is None

    def test_what_was_sent_is_found(self, stage: Stage) -> None:
        content = self.say(self.speaks)
        ticket = self.prepared(stage, content)
        receipt = self.send(stage, content, ticket)
        self.send(stage, self.say("別的話"))

        found = self.found(stage, content, ticket)

        assert found is not None
        assert (found.remote_id, found.url) == (receipt.remote_id, receipt.url)

    def test_what_is_known_to_be_another_post_is_not_found(self, stage: Stage) -> None:
        if not self.publisher.finds_alike:
            return
        content = self.say(self.speaks)
        ticket = self.prepared(stage, content)
        receipt = self.send(stage, content, ticket)
        known = replace(ticket, others=frozenset({receipt.remote_id}))

        assert self.found(stage, content, known) is None


class Measures(Core):
    """Numbers are read in batches; ``counted`` are those after three likes and one reply, with a silent public."""

    counted: ClassVar[Mapping[str, int | None]] = {"likes": 3, "replies": 1}
    calls_for: ClassVar[Callable[[int], int]] = lambda posts: 1

    def later(self, stage: Stage) -> Stage:
        """The channel once the numbers of what was just sent are there: on some platforms, tomorrow."""
        return stage

    def test_numbers_are_read_in_batches_and_what_is_gone_is_left_out(self, stage: Stage) -> None:
        stage.server.control.set(engagement=0.0)
        liked, removed = self.send(stage, self.say("一")), self.send(stage, self.say("二"))
        stage.server.control.like(liked.remote_id, 3)
        stage.server.control.reply(liked.remote_id, "好茶")
        stage.server.control.remove(removed.remote_id)
        stage = self.later(stage)
        before = stage.requests()

        numbers = self.publisher.measure(stage.destination, [liked.remote_id, removed.remote_id])

        assert stage.requests() == before + type(self).calls_for(2)
        assert set(numbers) == {liked.remote_id}
        told = numbers[liked.remote_id]
        assert {name: getattr(told, name) for name in self.counted} == dict(self.counted)
        given = {name for name, value in vars(told).items() if value is not None}
        assert given <= self.publisher.metrics, "a number the platform does not give is a gap, not a zero"
        assert set(self.counted) <= self.publisher.metrics

    def test_a_full_batch_is_read_at_once(self, stage: Stage) -> None:
        posts = [self.older_post(stage, n) for n in range(self.publisher.metrics_batch)]
        stage = self.later(stage)
        before = stage.requests()

        numbers = self.publisher.measure(stage.destination, posts)

        assert len(numbers) == self.publisher.metrics_batch
        assert stage.requests() == before + type(self).calls_for(self.publisher.metrics_batch)

    def older_post(self, stage: Stage, number: int) -> str:
        """The id of a post that was there before."""
        return str(stage.server.control.post(self.name_of(stage), f"第 {number} 篇")["id"])

    def test_numbers_that_were_asked_for_too_fast_say_when_to_come_back(self, stage: Stage) -> None:
        receipt = self.send(stage, self.say("一"))
        stage = self.later(stage)
        stage.server.control.fault("rate_limit", seconds=30)

        self.assert_rests(lambda: self.publisher.measure(stage.destination, [receipt.remote_id]))


class CountsAudience(Core):
    """The channel's own numbers are read."""

    def test_the_audience_is_counted(self, stage: Stage) -> None:
        self.send(stage, self.say("早"))

        audience = self.publisher.audience(stage.destination)

        assert audience.followers is not None and audience.followers >= 0


class Refreshes(Core):
    """Access tokens lapse and are renewed; a refresh token that is spent once is never used again."""

    def test_an_expired_token_is_refreshed_and_goes_on(self, stage: Stage) -> None:
        content = self.say("早")
        ticket = self.prepared(stage, content)
        stage.server.control.expire_tokens()
        with pytest.raises(Unauthorized) as caught:
            self.publisher.publish(stage.destination, content, ticket)
        assert caught.value.refreshable

        fresh = self.recovered(stage)
        self.send(fresh, content, ticket)

        assert len(stage.posts()) == 1
        assert set(fresh.destination.credentials) == set(stage.destination.credentials)

    def test_a_refresh_whose_server_is_in_trouble_is_temporary(self, stage: Stage) -> None:
        stage.server.control.fault("status_before", status=503)

        with pytest.raises(Temporary):
            self.publisher.refresh(stage.destination)

        assert self.publisher.refresh(stage.destination)

    def test_a_revoked_refresh_token_asks_for_a_person(self, stage: Stage) -> None:
        stage.server.control.revoke_tokens()

        with pytest.raises(Unauthorized) as caught:
            self.publisher.refresh(stage.destination)

        assert not caught.value.refreshable


class ConnectsByOAuth(Core):
    """A person agrees on the platform's own page and comes back with a code."""

    def test_a_person_is_sent_to_agree_and_comes_back_connected(self, stage: Stage) -> None:
        app = stage.server.control.app()  # type: ignore[attr-defined]
        fields = {**app, "server": stage.server.url}
        start = self.publisher.authorize(fields, BACK, "a state", None)
        asked = self.consent(stage, start.url)

        connected = self.publisher.exchange(start.memory, asked["code"], BACK)

        assert asked["state"] == "a state"
        assert start.base_url == connected.base_url == stage.server.url
        assert connected.handle.lstrip("@") == stage.destination.handle.lstrip("@")
        assert set(connected.credentials) == set(stage.destination.credentials)
        again = self.publisher.authorize({"server": stage.server.url}, BACK, "another", start.app)
        assert app["client_id"] in again.url, "the app is kept for the next connection"

    def test_a_code_that_is_none_is_told_and_not_quoted(self, stage: Stage) -> None:
        app = stage.server.control.app()  # type: ignore[attr-defined]
        start = self.publisher.authorize({**app, "server": stage.server.url}, BACK, "s", None)

        with pytest.raises((Unauthorized, Rejected)) as caught:
            self.publisher.exchange(start.memory, "a-code-that-is-none", BACK)

        told = caught.value.message + repr(caught.value.evidence)
        assert "a-code-that-is-none" not in told and app["client_secret"] not in told

    def test_without_an_app_a_person_is_asked_for_one(self, stage: Stage) -> None:
        with pytest.raises(Rejected) as caught:
            self.publisher.authorize({"server": stage.server.url}, BACK, "s", None)

        assert caught.value.evidence.code == "app_required"

    def consent(self, stage: Stage, url: str) -> dict[str, str]:
        """What a person does on the consent page; the query that comes back."""
        page = httpx.get(url)
        assert page.status_code == 200 and "consent" not in page.text[:0]
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        form = {**asked, "decision": "authorize", "account": self.name_of(stage)}
        reply = httpx.post(f"{stage.server.url}/oauth/authorize", data=form)
        back = parse_qs(urlsplit(reply.headers["location"]).query)
        return {name: values[0] for name, values in back.items()}


class ConnectsByForm(Core):
    """What a person types is tried at once."""

    def test_a_secret_that_is_none_is_refused_and_not_quoted(self, stage: Stage) -> None:
        secret = next(f.name for f in self.publisher.connect_fields if f.kind == "password")
        wrong = self.wrong(str(stage.account["fields"][secret]))

        with pytest.raises((Unauthorized, Rejected)) as caught:
            self.publisher.connect({**stage.account["fields"], secret: wrong})

        assert wrong not in caught.value.message + repr(caught.value.evidence)

    def wrong(self, secret: str) -> str:
        """A secret of the same shape that opens nothing."""
        return secret[:-6] + "zzzzzz"


class Deletes(Core):
    """A post can be taken down, and doing so twice is no error."""

    def test_a_post_is_taken_down_once_and_for_all(self, stage: Stage) -> None:
        receipt, other = self.send(stage, self.say("早")), self.send(stage, self.say("留下"))

        self.publisher.delete(stage.destination, receipt.remote_id)
        self.publisher.delete(stage.destination, receipt.remote_id)

        assert [post["id"] for post in stage.posts()] == [other.remote_id]


class Edits(Core):
    """A post that is out can say something else."""

    def test_a_post_says_something_else_from_now_on(self, stage: Stage) -> None:
        content = self.say("錯字")
        receipt = self.send(stage, content)
        better = replace(content, text="沒有錯字")

        self.publisher.edit(stage.destination, receipt.remote_id, better)

        [post] = stage.posts()
        assert post["text"] == self.said(better)
        assert post["edited"]


class ReadsComments(Core):
    """What people said below a post is read."""

    def test_comments_are_read_with_their_authors(self, stage: Stage) -> None:
        receipt = self.send(stage, self.say("早"))
        stage.server.control.reply(receipt.remote_id, "好茶", by="mei")
        stage.server.control.reply(receipt.remote_id, "哪裡買？", by="achang")

        comments = self.publisher.comments(stage.destination, receipt.remote_id)

        assert {(c.author.lstrip("@").partition("@")[0].partition(".")[0], c.text) for c in comments} == {
            ("mei", "好茶"),
            ("achang", "哪裡買？"),
        }
        assert all(abs(c.at - datetime.now(UTC)) < timedelta(minutes=1) for c in comments)


class AnswersComments(ReadsComments):
    """A comment can be answered."""

    answer_call: ClassVar[str]

    def test_a_comment_is_answered(self, stage: Stage) -> None:
        receipt = self.send(stage, self.say("早"))
        stage.server.control.reply(receipt.remote_id, "哪裡買？", by="mei")
        [asked] = self.publisher.comments(stage.destination, receipt.remote_id)

        made = self.publisher.answer(stage.destination, receipt.remote_id, asked.remote_id, "門市就有。")

        texts = [comment.text for comment in self.publisher.comments(stage.destination, receipt.remote_id)]
        assert made
        assert any("門市就有。" in text for text in texts) or self.answers_are_elsewhere(stage, "門市就有。")

    def answers_are_elsewhere(self, stage: Stage, text: str) -> bool:
        """Where a platform keeps answers apart from the comments that it lists."""
        return False

    def test_a_lost_answer_to_a_comment_is_unconfirmed(self, stage: Stage) -> None:
        receipt = self.send(stage, self.say("早"))
        stage.server.control.reply(receipt.remote_id, "哪裡買？", by="mei")
        [asked] = self.publisher.comments(stage.destination, receipt.remote_id)
        self.lose(stage, "drop_after", self.answer_call)

        with pytest.raises(Unconfirmed):
            self.publisher.answer(stage.destination, receipt.remote_id, asked.remote_id, "門市就有。")


class Follows(ReadsComments):
    """Something is said right after a post: a comment below it, or posts that each answer the one before."""

    follow_call: ClassVar[str]

    def follow(self, stage: Stage, remote_id: str, text: str) -> Receipt:
        key = self.publisher.new_key(datetime.now(UTC))
        return self.publisher.follow(stage.destination, remote_id, text, key)

    def test_what_follows_a_post_is_below_it(self, stage: Stage) -> None:
        receipt = self.send(stage, self.say("早"))

        made = self.follow(stage, receipt.remote_id, "產地在這裡。")

        [said] = self.publisher.comments(stage.destination, receipt.remote_id)
        assert (said.remote_id, said.text, said.parent) == (made.remote_id, "產地在這裡。", "")

    def test_each_post_of_a_thread_answers_the_one_before(self, stage: Stage) -> None:
        if self.publisher.follows != "thread":
            return
        receipt = self.send(stage, self.say("一"))

        second = self.follow(stage, receipt.remote_id, "二")
        third = self.follow(stage, second.remote_id, "三")

        below = {each.text: each for each in self.publisher.comments(stage.destination, receipt.remote_id)}
        assert (below["二"].remote_id, below["三"].remote_id) == (second.remote_id, third.remote_id)
        assert (below["二"].parent, below["三"].parent) == ("", second.remote_id)

    @pytest.mark.parametrize("kind", [*LOST, "truncate"])
    def test_a_lost_answer_to_what_follows_is_unconfirmed(self, stage: Stage, kind: str) -> None:
        receipt = self.send(stage, self.say("早"))
        self.lose(stage, kind, self.follow_call)

        with pytest.raises(Unconfirmed):
            self.follow(stage, receipt.remote_id, "產地在這裡。")

    def test_nothing_follows_where_no_server_is(self, stage: Stage) -> None:
        receipt = self.send(stage, self.say("早"))
        stage.server.close()

        with pytest.raises(Temporary):
            self.follow(stage, receipt.remote_id, "產地在這裡。")

    def test_what_follows_is_offered_and_judged_while_it_is_written(self, stage: Stage) -> None:
        option, limits = follows.OPTIONS[self.publisher.follows], stage.destination.limits
        assert option in self.publisher.options_of(stage.destination.traits)
        assert option in self.publisher.options
        fine = self.say("早", **{option.name: "產地在這裡。"})
        assert follows.problems(self.publisher, fine, limits) == []
        assert len(follows.previews(self.publisher, fine, limits)) == 1

        long = self.say("早", **{option.name: "好" * 70_000})

        codes = [problem.code for problem in follows.problems(self.publisher, long, limits)]
        assert "follow_too_long" in codes
