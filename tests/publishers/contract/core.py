"""What every adapter owes its callers, whatever its platform can do."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

import httpx
import pytest

from publishers.base import KEY_MARGIN, Publisher
from publishers.errors import PublisherError, RateLimited, Rejected, Temporary, Unauthorized, Unconfirmed
from publishers.simulators.server import Server
from publishers.values import UNPACED, Accepted, Content, Media, Receipt, Ticket
from tests.publishers.contract.stage import LOST, REST, SPRING, FileServer, Opener, Stage, join, serve
from tests.publishers.files import jpeg

MOST_LOOKS = 20


class Core:
    """Subclasses name the adapter and the path of its visible call, and add the parts of the contract that apply.

    ``needs`` are options without which nothing can be said there; ``tells_reset`` says that a 429 names its end.
    ``speaks`` is a text that any reader of the platform sees unchanged; ``can_look`` is False where nothing lets us look
    for posts of this kind, though the platform lets us look for others.
    """

    publisher: ClassVar[Publisher]
    visible_call: ClassVar[str]
    visible_method: ClassVar[str] = "POST"
    needs: ClassVar[Mapping[str, str]] = {}
    tells_reset: ClassVar[bool] = True
    speaks: ClassVar[str] = SPRING
    can_look: ClassVar[bool] = True
    settings: ClassVar[Mapping[str, Any]] = {}
    folder: Path
    files: FileServer

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> Iterator[None]:
        with FileServer(tmp_path) as files:
            self.folder, self.files = tmp_path, files
            yield

    @pytest.fixture
    def open_stage(self) -> Iterator[Opener]:
        with ExitStack() as servers:

            def opener(**settings: Any) -> Stage:
                given = {**self.settings, **settings}
                return self.on(servers.enter_context(serve(self.publisher.name, **given)))

            yield opener

    @pytest.fixture
    def stage(self, open_stage: Opener) -> Stage:
        return open_stage()

    # -- how to speak on this platform

    def on(self, server: Server) -> Stage:
        """A channel on a server of this platform."""
        return join(server, self.publisher.name)

    def say(self, text: str = "早", media: tuple[Media, ...] = (), **options: str) -> Content:
        """A content that this platform takes: with what it requires, and a picture where words alone are nothing."""
        if not media and self.publisher.default_limits.needs_media:
            media = (self.any_file(),)
        files = tuple(replace(each, url=self.address_of(each)) for each in media)
        return Content(text, files, "zh", {**self.needs, **options})

    def any_file(self) -> Media:
        """What a post carries where it must carry something."""
        return jpeg(self.folder, "always.jpg")

    def address_of(self, media: Media) -> str:
        """Where the platform may fetch a file."""
        return f"{self.files.url}/{quote(media.path.name)}"

    def said(self, content: Content) -> str:
        """How the platform's records show the text of ``content``."""
        return content.text

    def name_of(self, stage: Stage) -> str:
        """The account, as the simulator's control names it."""
        return str(stage.account["handle"])

    def recovered(self, stage: Stage) -> Stage:
        """The channel after a long time: its credentials are refreshed where they lapse."""
        if not self.publisher.can("refresh"):
            return stage
        fresh = self.publisher.refresh(stage.destination)
        return replace(stage, destination=replace(stage.destination, credentials=fresh))

    # -- what a worker does

    def ticket(self) -> Ticket:
        now = datetime.now(UTC)
        return Ticket(key=self.publisher.new_key(now), at=now)

    def prepared(self, stage: Stage, content: Content, ticket: Ticket | None = None) -> Ticket:
        ticket = ticket or self.ticket()
        if self.publisher.needs_prepare(content):
            return self.publisher.prepare(stage.destination, content, ticket, datetime.now(UTC))
        return ticket

    def send(self, stage: Stage, content: Content, ticket: Ticket | None = None) -> Receipt:
        answer = self.publisher.publish(stage.destination, content, ticket or self.prepared(stage, content))
        return self.arrived(stage, answer)

    def arrived(self, stage: Stage, answer: Receipt | Accepted) -> Receipt:
        """The receipt, asked for as long as the platform works on it."""
        for _ in range(MOST_LOOKS):
            if isinstance(answer, Receipt):
                return answer
            answer = self.publisher.confirm(stage.destination, answer.handle)
        raise AssertionError("the platform never showed it")

    def lose(self, stage: Stage, kind: str, call: str, method: str = "POST") -> None:
        stage.server.control.fault(kind, match={"method": method, "path_prefix": call})

    def lose_visible(self, stage: Stage, kind: str, **details: Any) -> None:
        match = {"method": self.visible_method, "path_prefix": self.visible_call}
        stage.server.control.fault(kind, match=match, **details)

    def found(self, stage: Stage, content: Content, ticket: Ticket) -> Receipt | None:
        """What a look finds where the platform lets us look."""
        if not self.publisher.finds:
            return None
        return self.publisher.find(stage.destination, content, ticket, ticket.at)

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

    def test_what_it_requires_is_asked_for_before_the_network(self, stage: Stage) -> None:
        required = {
            option.name for option in self.publisher.options if option.required and not option.default
        }
        assert required <= set(self.needs)
        content = replace(self.say(), options={})
        found = {problem.code for problem in self.publisher.check(content, stage.destination.limits)}
        assert ("option_required" in found) is bool(required)

    def test_an_unknown_choice_is_a_problem(self, stage: Stage) -> None:
        for option in self.publisher.options:
            if option.choices:
                content = self.say(**{option.name: "no such choice"})
                codes = [problem.code for problem in self.publisher.check(content, stage.destination.limits)]
                assert "option_unknown" in codes, option.name

    def test_what_a_post_declares_is_carried_by_a_field_or_said_to_readers(self, stage: Stage) -> None:
        plain = self.say("早")
        for kind in ("ad", "ai", "reprint"):
            declared = replace(plain, declares=frozenset({kind}))
            preview = self.publisher.preview(declared, stage.destination.limits)
            told = preview != self.publisher.preview(plain, stage.destination.limits)
            assert told is (kind not in self.publisher.carries), kind

    # -- what goes well

    def test_text_is_published_and_its_address_shows_it(self, stage: Stage) -> None:
        content = self.say(self.speaks)

        receipt = self.send(stage, content)

        assert [post["text"] for post in stage.posts()] == [self.said(content)]
        page = httpx.get(receipt.url)
        assert page.status_code == 200
        assert "春茶上市" in page.text

    def test_two_tickets_make_two_posts(self, stage: Stage) -> None:
        first, second = self.send(stage, self.say("早")), self.send(stage, self.say("晚安"))

        assert first.remote_id != second.remote_id
        assert len(stage.posts()) == 2

    def test_the_preview_shows_what_is_sent(self, stage: Stage) -> None:
        content = self.say(self.speaks)

        preview = self.publisher.preview(content, stage.destination.limits)

        assert "春茶上市" in "".join(span.text for span in preview.spans)
        assert 0 < preview.count <= preview.limit

    def test_a_channel_is_read_afresh(self, stage: Stage) -> None:
        found = self.publisher.discover(stage.destination)

        assert (found.remote_id, found.handle) == (stage.destination.remote_id, stage.destination.handle)
        assert found.limits == stage.destination.limits
        assert set(found.credentials) == set(stage.destination.credentials)

    # -- what is refused

    @pytest.mark.parametrize("step", ["prepare", "publish"])
    def test_what_breaks_the_limits_never_reaches_the_network(self, stage: Stage, step: str) -> None:
        limits = stage.destination.limits
        too_many = tuple(jpeg(self.folder, f"{n}.jpg") for n in range(limits.image.max_count + 1))
        before = stage.requests()

        for content in (self.say("茶" * (limits.max_text + 1)), self.say("", too_many), Content("")):
            with pytest.raises(Rejected):
                if step == "prepare":
                    self.publisher.prepare(stage.destination, content, self.ticket(), datetime.now(UTC))
                else:
                    self.publisher.publish(stage.destination, content, self.ticket())

        assert stage.requests() == before

    def test_the_longest_text_that_passes_the_check_is_taken(self, stage: Stage) -> None:
        limit = stage.destination.limits.max_text
        longest = self.say("茶" * limit)
        while any(
            p.code.startswith("text_") for p in self.publisher.check(longest, stage.destination.limits)
        ):
            limit = limit * 9 // 10
            longest = self.say("茶" * limit)

        self.send(stage, longest)

        assert len(stage.posts()) == 1

    def test_dead_credentials_are_told_from_everything_else(self, stage: Stage) -> None:
        stage.server.control.revoke_tokens()

        with pytest.raises(Unauthorized) as caught:
            self.send(stage, self.say("早"))

        assert caught.value.evidence.http_status is not None
        assert stage.posts() == []
        with pytest.raises(Unauthorized) as caught:
            self.publisher.refresh(stage.destination)
        assert not caught.value.refreshable

    def test_too_fast_says_when_to_come_back(self, stage: Stage) -> None:
        content = self.say("早")
        ticket = self.prepared(stage, content)
        self.lose_visible(stage, "rate_limit", seconds=REST)

        self.assert_rests(lambda: self.publisher.publish(stage.destination, content, ticket))

        assert stage.posts() == []

    def assert_rests(self, act: Callable[[], object]) -> None:
        """A call that came too fast says until when to rest."""
        earliest = datetime.now(UTC) + timedelta(seconds=REST - 2)
        with pytest.raises(RateLimited) as caught:
            act()
        assert caught.value.evidence.http_status is not None
        assert caught.value.until > datetime.now(UTC)
        if self.tells_reset:
            assert earliest <= caught.value.until <= datetime.now(UTC) + timedelta(seconds=REST + 2)

    def test_a_server_that_is_not_there_is_temporary_trouble_even_for_the_visible_call(
        self, stage: Stage
    ) -> None:
        content = self.say("早")
        ticket = self.prepared(stage, content)
        stage.server.close()

        with pytest.raises(Temporary):
            self.publisher.publish(stage.destination, content, ticket)

    # -- what is lost

    @pytest.mark.parametrize("kind", [*LOST, "truncate"])
    def test_a_lost_answer_of_the_visible_call_is_unconfirmed_and_never_becomes_two_posts(
        self, stage: Stage, kind: str
    ) -> None:
        content = self.say(self.speaks)
        ticket = self.prepared(stage, content)
        self.lose_visible(stage, kind)

        with pytest.raises(Unconfirmed):
            self.publisher.publish(stage.destination, content, ticket)
        receipt = self.settled(stage, content, ticket)

        texts = [post["text"] for post in stage.posts()]
        if receipt is None:
            assert len(texts) <= 1, "nobody looked, and nobody sent it again"
        else:
            assert texts == [self.said(content)]
            assert httpx.get(receipt.url).status_code == 200

    def settled(self, stage: Stage, content: Content, ticket: Ticket) -> Receipt | None:
        """What a worker does after a lost answer: look, and send again only if it is surely not there; None where only a
        person can tell."""
        if not self.publisher.finds and self.publisher.key_lives is None:
            return None
        return self.found(stage, content, ticket) or self.send(stage, content, ticket)

    def test_no_secret_is_in_any_error_repr_or_log(
        self, stage: Stage, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        said = [repr(stage.destination), str(stage.destination)]
        content = self.say(self.speaks)
        for kind in (*LOST, "rate_limit"):
            ticket = self.prepared(stage, content)
            self.lose_visible(stage, kind)
            with pytest.raises(PublisherError) as caught:
                self.publisher.publish(stage.destination, content, ticket)
            said += _everything_in(caught.value)
        stage.server.control.revoke_tokens()
        for act in (lambda: self.send(stage, content), lambda: self.publisher.refresh(stage.destination)):
            with pytest.raises(PublisherError) as caught:
                act()
            said += _everything_in(caught.value)
        said.append(caplog.text)

        for secret in self.secrets(stage):
            assert not any(secret in words for words in said)

    def secrets(self, stage: Stage) -> list[str]:
        """What must never be seen."""
        public = {"client_id", "ends_at", "app_id"}
        return [value for name, value in stage.destination.credentials.items() if name not in public]


def _everything_in(error: PublisherError) -> list[str]:
    before = error.__context__ or error.__cause__
    return [str(error), repr(error), repr(error.evidence), repr(error.__dict__), repr(before)]
