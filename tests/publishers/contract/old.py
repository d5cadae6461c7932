"""What every adapter owes its callers, tried over real sockets on a server that fails on demand."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest

from publishers.base import KEY_MARGIN, Publisher
from publishers.errors import (
    PublisherError,
    RateLimited,
    Rejected,
    Stale,
    Temporary,
    Unauthorized,
    Unconfirmed,
)
from publishers.simulators.server import Server
from publishers.values import UNPACED, Connected, Content, Destination, Receipt, Ticket
from tests.publishers.files import jpeg, mp4

SPRING = "春茶上市 🍵 https://example.com/茶?id=1，歡迎試飲。 #春茶"
Opener = Callable[..., "Stage"]
LOST = (
    "drop_before",
    "drop_after",
    "status_before",
    "status_after",
    "garbage",
    "html_error",
    "html_error_after",
)
REST = 30


def destination_of(connected: Connected) -> Destination:
    return Destination(
        base_url=connected.base_url,
        remote_id=connected.remote_id,
        handle=connected.handle,
        limits=connected.limits,
        credentials=connected.credentials,
        traits=connected.traits,
    )


@dataclass
class Stage:
    """A server and a channel connected to it."""

    server: Server
    destination: Destination

    def posts(self) -> list[dict[str, Any]]:
        return [record for record in self.server.control.records() if not record["deleted"]]

    def requests(self) -> int:
        return len(self.server.control.requests())


class PublisherContract:
    """Subclasses name the adapter, its visible call and its upload, and make a ``stage``."""

    publisher: ClassVar[Publisher]
    visible_call: ClassVar[str]
    upload_call: ClassVar[str]

    @pytest.fixture
    def stage(self) -> Stage:
        raise NotImplementedError

    def ticket(self) -> Ticket:
        now = datetime.now(UTC)
        return Ticket(key=self.publisher.new_key(now), at=now)

    def prepared(self, stage: Stage, content: Content) -> Ticket:
        ticket = self.ticket()
        if self.publisher.needs_prepare(content):
            return self.publisher.prepare(stage.destination, content, ticket, ticket.at)
        return ticket

    def send(self, stage: Stage, content: Content, ticket: Ticket | None = None) -> Receipt:
        receipt = self.publisher.publish(stage.destination, content, ticket or self.prepared(stage, content))
        assert isinstance(receipt, Receipt)
        return receipt

    def lose(self, stage: Stage, kind: str, call: str) -> None:
        stage.server.control.fault(kind, match={"method": "POST", "path_prefix": call})

    def settle(self, stage: Stage, content: Content, ticket: Ticket) -> Receipt:
        """What a worker does after a lost answer: look, and send again only if it is surely not there."""
        found = self.publisher.find(stage.destination, content, ticket, ticket.at)
        return found or self.send(stage, content, ticket)

    # -- what it declares

    def test_it_declares_how_it_keeps_time(self, stage: Stage) -> None:
        publisher = self.publisher
        assert publisher.prepare_lead > timedelta()
        assert timedelta() < publisher.visibility_lag <= timedelta(minutes=10)
        assert publisher.key_lives is None or publisher.key_lives > KEY_MARGIN
        for quota in publisher.pace_of(stage.destination.traits).quotas:
            assert quota.limit > 0
            assert quota.share > timedelta()

    def test_a_repeat_is_safe_for_as_long_as_its_key_lives(self, stage: Stage) -> None:
        lives, at = self.publisher.key_lives, datetime(2030, 1, 1, tzinfo=UTC)
        safe = partial(self.publisher.repeats_safely, stage.destination, self.ticket(), at)
        assert safe(at) is (lives is not None and self.publisher.honours_key(stage.destination))
        if lives is not None and lives < timedelta.max:
            assert not safe(at + lives)

    def test_a_server_that_bounds_nothing_is_not_paced(self, stage: Stage) -> None:
        assert self.publisher.pace_of({**stage.destination.traits, "pace": "none"}) == UNPACED

    def test_what_was_prepared_serves_whatever_is_said_with_the_same_files(
        self, stage: Stage, tmp_path: Path
    ) -> None:
        image, other = jpeg(tmp_path), jpeg(tmp_path, "other.jpg", "別的")
        first, second = Content("一", (image,)), Content("二", (image,))
        assert self.publisher.materials(first) == self.publisher.materials(second)
        assert self.publisher.materials(first) != self.publisher.materials(Content("一", (other,)))
        self.send(stage, second, self.prepared(stage, first))
        assert [post["text"] for post in stage.posts()] == ["二"]

    def test_what_is_known_to_be_another_post_is_not_found(self, stage: Stage) -> None:
        if not self.publisher.finds_alike:
            return
        ticket = self.ticket()
        receipt = self.send(stage, Content(SPRING), ticket)
        known = replace(ticket, others=frozenset({receipt.remote_id}))
        assert self.publisher.find(stage.destination, Content(SPRING), ticket, ticket.at) is not None
        assert self.publisher.find(stage.destination, Content(SPRING), known, ticket.at) is None

    # -- what goes well

    def test_text_is_published_and_its_address_shows_it(self, stage: Stage) -> None:
        receipt = self.send(stage, Content(SPRING, language="zh"))

        assert [post["text"] for post in stage.posts()] == [SPRING]
        page = httpx.get(receipt.url)
        assert page.status_code == 200
        assert "春茶上市" in page.text

    def test_four_images_arrive_whole_with_their_alt_texts(self, stage: Stage, tmp_path: Path) -> None:
        images = tuple(jpeg(tmp_path, f"{n}.jpg", f"第 {n} 張") for n in range(4))

        self.send(stage, Content("四張", images))

        [post] = stage.posts()
        assert [media["sha256"] for media in post["media"]] == [image.sha256 for image in images]
        assert [media["alt"] for media in post["media"]] == [image.alt for image in images]

    def test_a_video_arrives_whole_with_its_alt_text(self, stage: Stage, tmp_path: Path) -> None:
        video = mp4(tmp_path)

        self.send(stage, Content("影片", (video,)))

        [post] = stage.posts()
        assert [(media["sha256"], media["alt"]) for media in post["media"]] == [(video.sha256, video.alt)]

    def test_preparing_shows_nothing_and_tells_when_it_lapses(self, stage: Stage, tmp_path: Path) -> None:
        ticket = self.prepared(stage, Content("圖", (jpeg(tmp_path),)))

        assert stage.posts() == []
        assert ticket.expires_at is not None and ticket.expires_at > ticket.at

    def test_the_same_ticket_sent_twice_makes_one_post(self, stage: Stage, tmp_path: Path) -> None:
        content = Content(SPRING, (jpeg(tmp_path),))
        ticket = self.prepared(stage, content)

        first, second = self.send(stage, content, ticket), self.send(stage, content, ticket)

        assert first.remote_id == second.remote_id
        assert first.url == second.url
        assert len(stage.posts()) == 1

    def test_two_tickets_with_the_same_words_make_two_posts(self, stage: Stage) -> None:
        assert self.send(stage, Content("早")).remote_id != self.send(stage, Content("早")).remote_id
        assert len(stage.posts()) == 2

    def test_numbers_are_read_in_one_call_and_what_is_gone_is_left_out(self, stage: Stage) -> None:
        stage.server.control.set(engagement=0.0)
        liked, removed = self.send(stage, Content("一")), self.send(stage, Content("二"))
        stage.server.control.like(liked.remote_id, 3)
        stage.server.control.reply(liked.remote_id, "好茶")
        stage.server.control.remove(removed.remote_id)
        before = stage.requests()

        numbers = self.publisher.measure(stage.destination, [liked.remote_id, removed.remote_id])

        assert stage.requests() == before + 1
        assert set(numbers) == {liked.remote_id}
        metrics = numbers[liked.remote_id]
        assert (metrics.likes, metrics.replies, metrics.reposts) == (3, 1, 0)
        assert metrics.views is None, "a number the platform does not give is a gap, not a zero"

    def test_a_full_batch_is_read_at_once(self, stage: Stage) -> None:
        made = [
            stage.server.control.post(self.name_of(stage), f"第 {n} 篇")
            for n in range(self.publisher.metrics_batch)
        ]

        numbers = self.publisher.measure(stage.destination, [post["id"] for post in made])

        assert len(numbers) == self.publisher.metrics_batch

    def test_the_audience_is_counted(self, stage: Stage) -> None:
        self.send(stage, Content("早"))

        audience = self.publisher.audience(stage.destination)

        assert audience.posts == 1
        assert audience.followers is not None and audience.following is not None

    def test_a_channel_is_read_afresh(self, stage: Stage) -> None:
        found = self.publisher.discover(stage.destination)

        assert (found.remote_id, found.handle) == (stage.destination.remote_id, stage.destination.handle)
        assert found.limits == stage.destination.limits
        assert httpx.get(found.profile_url).status_code == 200

    # -- what is refused

    @pytest.mark.parametrize("step", ["prepare", "publish"])
    def test_what_breaks_the_limits_never_reaches_the_network(
        self, stage: Stage, tmp_path: Path, step: str
    ) -> None:
        limits = stage.destination.limits
        too_many = tuple(jpeg(tmp_path, f"{n}.jpg") for n in range(limits.image.max_count + 1))
        before = stage.requests()

        for content in (Content("茶" * (limits.max_text + 1)), Content("", too_many), Content("")):
            with pytest.raises(Rejected):
                if step == "prepare":
                    self.publisher.prepare(stage.destination, content, self.ticket(), datetime.now(UTC))
                else:
                    self.publisher.publish(stage.destination, content, self.ticket())

        assert stage.requests() == before

    def test_the_longest_text_that_passes_the_check_is_taken(self, stage: Stage) -> None:
        limits = stage.destination.limits
        for longest in ("茶" * limits.max_text, "👩‍🌾" * (limits.max_text // 10) + SPRING):
            assert not self.publisher.check(Content(longest), limits)
            self.send(stage, Content(longest))

    def test_dead_credentials_are_told_from_everything_else(self, stage: Stage) -> None:
        stage.server.control.revoke_tokens()

        with pytest.raises(Unauthorized) as caught:
            self.send(stage, Content("早"))

        assert caught.value.evidence.http_status is not None
        assert stage.posts() == []
        with pytest.raises(Unauthorized) as caught:
            self.publisher.refresh(stage.destination)
        assert not caught.value.refreshable

    @pytest.mark.parametrize("step", ["publish", "measure", "find", "upload"])
    def test_too_fast_says_when_to_come_back(self, stage: Stage, tmp_path: Path, step: str) -> None:
        steps: dict[str, Callable[[], object]] = {
            "publish": lambda: self.send(stage, Content("早")),
            "measure": lambda: self.publisher.measure(stage.destination, ["1"]),
            "find": lambda: self.publisher.find(
                stage.destination, Content("早"), self.ticket(), datetime.now(UTC)
            ),
            "upload": lambda: self.prepared(stage, Content("早", (jpeg(tmp_path),))),
        }
        stage.server.control.fault("rate_limit", seconds=REST)
        earliest = datetime.now(UTC) + timedelta(seconds=REST - 2)

        with pytest.raises(RateLimited) as caught:
            steps[step]()

        assert earliest <= caught.value.until <= datetime.now(UTC) + timedelta(seconds=REST + 2)
        assert caught.value.evidence.http_status == 429

    def test_a_server_that_is_not_there_is_temporary_trouble_even_for_the_visible_call(
        self, stage: Stage
    ) -> None:
        stage.server.close()

        with pytest.raises(Temporary):
            self.send(stage, Content("早"))

    def test_a_file_that_is_gone_is_temporary_trouble(self, stage: Stage, tmp_path: Path) -> None:
        image = jpeg(tmp_path)
        image.path.unlink()

        with pytest.raises(Temporary):
            self.prepared(stage, Content("早", (image,)))

    # -- what is lost

    @pytest.mark.parametrize("kind", [*LOST, "truncate"])
    def test_a_lost_answer_of_the_visible_call_is_unconfirmed_and_settles_to_one_post(
        self, stage: Stage, tmp_path: Path, kind: str
    ) -> None:
        content = Content(SPRING, (jpeg(tmp_path),))
        ticket = self.prepared(stage, content)
        self.lose(stage, kind, self.visible_call)

        with pytest.raises(Unconfirmed):
            self.send(stage, content, ticket)
        receipt = self.settle(stage, content, ticket)

        assert [post["text"] for post in stage.posts()] == [SPRING]
        assert httpx.get(receipt.url).status_code == 200

    @pytest.mark.parametrize("kind", LOST)
    def test_a_lost_answer_while_preparing_is_temporary_and_shows_nothing(
        self, stage: Stage, tmp_path: Path, kind: str
    ) -> None:
        content = Content("圖", (jpeg(tmp_path),))
        self.lose(stage, kind, self.upload_call)

        with pytest.raises(Temporary):
            self.prepared(stage, content)

        assert stage.posts() == []
        self.send(stage, content)
        assert len(stage.posts()) == 1

    def test_repeating_under_the_key_after_a_lost_answer_is_safe_where_the_adapter_says_so(
        self, stage: Stage
    ) -> None:
        ticket = self.ticket()
        self.lose(stage, "drop_after", self.visible_call)
        with pytest.raises(Unconfirmed):
            self.send(stage, Content(SPRING), ticket)

        assert self.publisher.repeats_safely(stage.destination, ticket, ticket.at, ticket.at)
        receipt = self.send(stage, Content(SPRING), ticket)

        assert [post["id"] for post in stage.posts()] == [receipt.remote_id]

    def test_finding_what_was_never_sent_finds_nothing(self, stage: Stage) -> None:
        self.send(stage, Content("別的話"))

        assert (
            self.publisher.find(stage.destination, Content(SPRING), self.ticket(), datetime.now(UTC)) is None
        )

    def test_media_that_lapsed_are_prepared_again(self, stage: Stage, tmp_path: Path) -> None:
        content = Content("圖", (jpeg(tmp_path),))
        ticket = self.prepared(stage, content)
        stage.server.control.clock(advance_seconds=timedelta(days=2).total_seconds())
        fresh = self.recovered(stage)

        with pytest.raises(Stale):
            self.send(fresh, content, ticket)
        self.send(
            fresh, content, self.publisher.prepare(fresh.destination, content, ticket, datetime.now(UTC))
        )

        assert len(stage.posts()) == 1

    def test_publishing_media_that_were_never_prepared_is_stale(self, stage: Stage, tmp_path: Path) -> None:
        before = stage.requests()

        with pytest.raises(Stale):
            self.publisher.publish(stage.destination, Content("圖", (jpeg(tmp_path),)), self.ticket())

        assert stage.requests() == before

    def test_no_secret_is_in_any_error_repr_or_log(
        self, stage: Stage, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        said = [repr(stage.destination), str(stage.destination)]
        for kind in (*LOST, "rate_limit"):
            self.lose(stage, kind, self.visible_call)
            with pytest.raises(PublisherError) as caught:
                self.send(stage, Content(SPRING), self.ticket())
            said += _everything_in(caught.value)
        stage.server.control.revoke_tokens()
        with pytest.raises(PublisherError) as caught:
            self.send(stage, Content(SPRING), self.ticket())
        said += [*_everything_in(caught.value), caplog.text]

        for secret in stage.destination.credentials.values():
            assert not any(secret in words for words in said)

    # -- what differs between platforms

    def name_of(self, stage: Stage) -> str:
        return stage.destination.handle

    def recovered(self, stage: Stage) -> Stage:
        """The channel after a long time, its credentials refreshed where they lapse."""
        return stage


def _everything_in(error: PublisherError) -> list[str]:
    before = error.__context__ or error.__cause__
    return [str(error), repr(error), repr(error.evidence), repr(error.__dict__), repr(before)]
