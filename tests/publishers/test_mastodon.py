"""The Mastodon adapter, on a simulated server of each kind that speaks its API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

import publishers
from publishers.errors import RateLimited, Rejected, Temporary, Unauthorized, Unconfirmed
from publishers.mastodon import Mastodon
from publishers.simulators import mastodon as simulator
from publishers.simulators.server import Server
from publishers.values import Content, Destination, Receipt, Ticket
from tests.publishers.contract import (
    AnswersComments,
    CountsAudience,
    Deletes,
    Edits,
    Finds,
    Follows,
    HoldsKeys,
    Measures,
    Opener,
    Prepares,
    Stage,
    TakesVideo,
    destination_of,
)
from tests.publishers.files import jpeg, mp4

BACK = "http://127.0.0.1/back?from=mastodon"
NOW = datetime(2026, 5, 1, 9, 0, tzinfo=UTC)
patient = Mastodon(patience=timedelta(seconds=20), pause=timedelta(milliseconds=20))


def connected_stage(server: Server) -> Stage:
    account = server.control.account("ana", "Ana")
    blank = Destination(
        server.url, account["id"], "ana", patient.default_limits, {"access_token": account["access_token"]}
    )
    return Stage(server, destination_of(patient.discover(blank)))


@pytest.fixture
def open_stage() -> Iterator[Opener]:
    with ExitStack() as servers:

        def opener(**settings: Any) -> Stage:
            given = {"video_seconds": 0.0, "rate_limits": False, **settings}
            return connected_stage(servers.enter_context(simulator.serve(**given)))

        yield opener


@pytest.fixture
def stage(open_stage: Opener) -> Stage:
    return open_stage()


def ticket() -> Ticket:
    now = datetime.now(UTC)
    return Ticket(patient.new_key(now), now)


class TestMastodon(
    Prepares, TakesVideo, HoldsKeys, Finds, Measures, CountsAudience, Deletes, Edits, AnswersComments, Follows
):
    publisher = patient
    visible_call = "/api/v1/statuses"
    answer_call = "/api/v1/statuses"
    follow_call = "/api/v1/statuses"
    upload_call = "/api/v2/media"
    counted = {"likes": 3, "replies": 1, "reposts": 0}
    settings = {"video_seconds": 0.1}


class TestTalking:
    def posted(self, stage: Stage, content: Content) -> str:
        given = patient.prepare(stage.destination, content, ticket(), NOW)
        receipt = patient.publish(stage.destination, content, given)
        assert isinstance(receipt, Receipt)
        return receipt.remote_id

    def test_an_edit_keeps_the_files_and_corrects_their_alt_texts(self, stage: Stage, tmp_path: Path) -> None:
        image = jpeg(tmp_path, alt="錯")
        remote_id = self.posted(stage, Content("錯字", (image,), options={"spoiler_text": "茶"}))
        better = Content("對了", (replace(image, alt="對"),))

        patient.edit(stage.destination, remote_id, better)

        [post] = stage.posts()
        assert [(media["sha256"], media["alt"]) for media in post["media"]] == [(image.sha256, "對")]
        assert (post["text"], post["spoiler"]) == ("對了", "茶")

    def test_an_edit_can_take_the_warning_away(self, stage: Stage) -> None:
        remote_id = self.posted(stage, Content("文", options={"spoiler_text": "茶"}))

        patient.edit(stage.destination, remote_id, Content("文", options={"spoiler_text": ""}))

        assert stage.posts()[0]["spoiler"] == ""

    def test_an_edit_that_is_too_long_never_reaches_the_network(self, stage: Stage) -> None:
        remote_id = self.posted(stage, Content("文"))
        before = stage.requests()

        with pytest.raises(Rejected):
            patient.edit(stage.destination, remote_id, Content("茶" * 501))

        assert stage.requests() == before

    def test_an_answer_names_whom_it_is_for_and_is_no_more_public_than_the_question(
        self, stage: Stage
    ) -> None:
        remote_id = self.posted(stage, Content("早"))
        asked = stage.server.control.post("mei", "多少錢？", in_reply_to_id=remote_id, visibility="unlisted")

        patient.answer(stage.destination, remote_id, asked["id"], "八十元。")

        answered = stage.posts()[-1]
        assert (answered["text"], answered["visibility"]) == ("@mei 八十元。", "unlisted")
        [newest, question] = patient.comments(stage.destination, remote_id)
        assert (newest.parent, question.parent) == (question.remote_id, "")

    def test_an_answer_that_is_sent_twice_is_one(self, stage: Stage) -> None:
        remote_id = self.posted(stage, Content("早"))
        asked = stage.server.control.reply(remote_id, "哪裡買？", by="mei")["id"]

        made = {patient.answer(stage.destination, remote_id, asked, "門市就有。") for _ in range(2)}

        assert len(made) == 1
        assert len(stage.posts()) == 3

    def test_an_answer_that_a_spam_filter_swallows_is_unconfirmed(self, stage: Stage) -> None:
        remote_id = self.posted(stage, Content("早"))
        asked = stage.server.control.reply(remote_id, "哪裡買？", by="mei")["id"]
        stage.server.control.fault("silent_drop", match={"method": "POST"})

        with pytest.raises(Unconfirmed):
            patient.answer(stage.destination, remote_id, asked, "門市就有。")


class TestConnecting:
    @pytest.mark.parametrize(
        "typed", ["example.social", " https://Example.social/@ana ", "@ana@example.social"]
    )
    def test_a_server_may_be_named_in_many_ways(self, typed: str) -> None:
        assert patient.server_of({"server": typed}) == "https://example.social"

    def test_a_person_consents_and_the_channel_can_publish(self, stage: Stage) -> None:
        host = urlsplit(stage.server.url).netloc
        start = patient.authorize({"server": f" {stage.server.url}/ "}, BACK, "state-1", None)
        answer = self.consent(start.url)
        found = patient.exchange(start.memory, answer["code"][0], BACK)

        assert answer["state"] == ["state-1"]
        assert found.handle == f"bo@{host}"
        assert found.limits.max_text == 500
        assert found.traits["software"] == "mastodon"
        patient.publish(destination_of(found), Content("連上了"), ticket())
        assert [post["account"] for post in stage.posts()] == ["bo"]

    def test_a_registered_client_serves_the_next_connection(self, stage: Stage) -> None:
        first = patient.authorize({"server": stage.server.url}, BACK, "one", None)
        before = self.registrations(stage)

        second = patient.authorize({"server": stage.server.url}, BACK, "two", first.app)

        assert self.registrations(stage) == before
        patient.authorize({"server": stage.server.url}, "http://127.0.0.1/moved", "three", first.app)
        assert self.registrations(stage) == before + 1
        assert second.memory["verifier"] != first.memory["verifier"]
        patient.exchange(second.memory, self.consent(second.url)["code"][0], BACK)

    def test_a_code_works_once_and_only_with_its_verifier(self, stage: Stage) -> None:
        start = patient.authorize({"server": stage.server.url}, BACK, "state", None)
        code = self.consent(start.url)["code"][0]

        with pytest.raises(Unauthorized) as caught:
            patient.exchange({**start.memory, "verifier": "somebody else's"}, code, BACK)

        assert code not in repr(caught.value.evidence) + str(caught.value)
        assert start.memory["client_secret"] not in repr(caught.value.evidence)

    @pytest.mark.parametrize(
        "typed", ["", "not a server", "ftp://example.social", "https://u:p@example.social"]
    )
    def test_what_is_no_address_is_refused(self, typed: str) -> None:
        with pytest.raises(Rejected):
            patient.authorize({"server": typed}, BACK, "state", None)

    def test_the_servers_own_limits_are_the_channels(self, open_stage: Opener) -> None:
        stage = open_stage(max_characters=1200)

        limits = stage.destination.limits

        assert limits.max_text == 1200
        assert (limits.counter, limits.url_cost, limits.max_alt) == ("mastodon", 23, 1500)
        assert limits.image.max_count == 4
        assert "image/jpeg" in limits.image.mimes and "video/mp4" in limits.video.mimes
        assert patient.check(Content("茶" * 1200), limits) == []

    def consent(self, url: str) -> dict[str, list[str]]:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        form = {**asked, "decision": "authorize", "account": "bo"}
        reply = httpx.post(url.partition("?")[0], data=form)
        return parse_qs(urlsplit(reply.headers["location"]).query)

    def registrations(self, stage: Stage) -> int:
        return sum(request["path"] == "/api/v1/apps" for request in stage.server.control.requests())


class TestOptions:
    def test_visibility_warning_and_language_arrive(self, stage: Stage) -> None:
        options = {"visibility": "unlisted", "spoiler_text": "茶"}

        patient.publish(stage.destination, Content("文", language="zh-Hant", options=options), ticket())

        [post] = stage.posts()
        assert (post["visibility"], post["spoiler"], post["language"]) == ("unlisted", "茶", "zh")

    def test_an_unknown_visibility_is_a_problem(self) -> None:
        [problem] = patient.check(Content("文", options={"visibility": "direct"}), patient.default_limits)

        assert (problem.code, problem.severity) == ("option_unknown", "error")

    def test_the_warning_counts_as_text(self, stage: Stage) -> None:
        content = Content("茶" * 490, options={"spoiler_text": "警" * 11})

        assert [problem.code for problem in patient.check(content, stage.destination.limits)] == [
            "text_too_long"
        ]
        assert patient.preview(content, stage.destination.limits).count == 501


class TestMedia:
    def test_a_slow_video_is_waited_for(self, open_stage: Opener, tmp_path: Path) -> None:
        stage = open_stage(video_seconds=0.3)
        content = Content("影片", (mp4(tmp_path),))

        prepared = patient.prepare(stage.destination, content, ticket(), NOW)
        patient.publish(stage.destination, content, prepared)

        assert len(stage.posts()) == 1
        assert prepared.expires_at == NOW + timedelta(hours=23)

    def test_patience_ends(self, open_stage: Opener, tmp_path: Path) -> None:
        stage = open_stage(video_seconds=3600.0)
        hasty = Mastodon(patience=timedelta(milliseconds=50), pause=timedelta(milliseconds=10))

        with pytest.raises(Temporary) as caught:
            hasty.prepare(stage.destination, Content("影片", (mp4(tmp_path),)), ticket(), NOW)

        assert caught.value.evidence.code == "media_processing"

    def test_media_that_are_still_processed_are_no_reason_to_give_up(
        self, open_stage: Opener, tmp_path: Path
    ) -> None:
        stage = open_stage(video_seconds=3600.0)
        video = mp4(tmp_path)
        token = stage.destination.credentials["access_token"]
        with video.path.open("rb") as stream:
            upload = httpx.post(
                f"{stage.server.url}/api/v2/media",
                files={"file": stream},
                headers={"Authorization": f"Bearer {token}"},
            )
        given = replace(ticket(), handles={"media_ids": [upload.json()["id"]]})

        with pytest.raises(Temporary) as caught:
            patient.publish(stage.destination, Content("影片", (video,)), given)

        assert "have not finished processing" in caught.value.message

    def test_a_file_that_cannot_be_processed_is_rejected(self, open_stage: Opener, tmp_path: Path) -> None:
        stage = open_stage(video_seconds=0.05, media_fails=True)

        with pytest.raises(Rejected):
            patient.prepare(stage.destination, Content("影片", (mp4(tmp_path),)), ticket(), NOW)


class TestErrors:
    def test_a_revoked_token_cannot_be_refreshed(self, stage: Stage) -> None:
        stage.server.control.revoke_tokens()

        with pytest.raises(Unauthorized) as caught:
            patient.publish(stage.destination, Content("早"), ticket())

        assert caught.value.message == "The access token was revoked"
        assert not caught.value.refreshable

    def test_the_servers_own_sentence_is_kept(self, stage: Stage) -> None:
        generous = replace(stage.destination, limits=replace(stage.destination.limits, max_text=9999))

        with pytest.raises(Rejected) as caught:
            patient.publish(generous, Content("茶" * 501), ticket())

        assert caught.value.message == "Validation failed: Text character limit of 500 exceeded"
        assert caught.value.evidence.http_status == 422

    @pytest.mark.parametrize(
        ("status", "error"), [(401, Unauthorized), (403, Unauthorized), (404, Rejected), (408, Temporary)]
    )
    def test_a_refusal_has_one_meaning(self, stage: Stage, status: int, error: type[Exception]) -> None:
        stage.server.control.fault("status_before", match={"path_prefix": "/api/v1/statuses"}, status=status)

        with pytest.raises(error):
            patient.publish(stage.destination, Content("早"), ticket())

        assert stage.posts() == []

    def test_a_post_that_the_server_drops_silently_is_not_called_published(self, stage: Stage) -> None:
        stage.server.control.fault("silent_drop", match={"method": "POST", "path_prefix": "/api/v1/statuses"})

        with pytest.raises(Unconfirmed) as caught:
            patient.publish(stage.destination, Content("早"), ticket())

        assert caught.value.evidence.code == "not_kept"

    @pytest.mark.parametrize(("age", "calls"), [(29, 2), (31, 1)])
    def test_an_account_that_no_filter_drops_posts_of_is_not_asked_about(
        self, stage: Stage, age: int, calls: int
    ) -> None:
        stage.server.control.clock(advance_seconds=timedelta(days=age).total_seconds())
        before = stage.requests()

        patient.publish(stage.destination, Content("早"), ticket())

        assert stage.requests() - before == calls

    def test_trouble_in_looking_again_takes_nothing_from_the_receipt(self, stage: Stage) -> None:
        stage.server.control.fault("drop_before", match={"method": "GET", "path_prefix": "/api/v1/statuses"})

        receipt = patient.publish(stage.destination, Content("早"), ticket())

        assert [post["id"] for post in stage.posts()] == [receipt.remote_id]

    def test_a_spent_quota_names_its_reset(self, open_stage: Opener, tmp_path: Path) -> None:
        stage = open_stage(rate_limits=True)
        content = Content("圖", (jpeg(tmp_path),))
        for _ in range(30):
            patient.prepare(stage.destination, content, ticket(), NOW)

        with pytest.raises(RateLimited) as caught:
            patient.prepare(stage.destination, content, ticket(), NOW)

        assert caught.value.until > datetime.now(UTC)
        assert "x-ratelimit-reset" in caught.value.evidence.headers


class TestFinding:
    def test_a_post_is_told_from_others_by_its_words_and_its_media(
        self, stage: Stage, tmp_path: Path
    ) -> None:
        now = datetime.now(UTC)
        plain, pictured = (
            Content("春茶\r\n上市 <b> & 🍵"),
            Content("春茶\r\n上市 <b> & 🍵", (jpeg(tmp_path),)),
        )
        first = patient.publish(stage.destination, plain, ticket())
        prepared = patient.prepare(stage.destination, pictured, ticket(), now)
        second = patient.publish(stage.destination, pictured, prepared)

        found = [patient.find(stage.destination, content, ticket(), now) for content in (plain, pictured)]

        assert [receipt and receipt.remote_id for receipt in found] == [first.remote_id, second.remote_id]
        assert patient.find(stage.destination, Content("春茶"), ticket(), now) is None

    def test_a_server_without_sources_is_asked_by_what_it_shows(self, stage: Stage) -> None:
        content = Content("謝謝 @bo@elsewhere.example，見 https://example.com/茶 #春茶\n\n<再會> & 早")
        receipt = patient.publish(stage.destination, content, ticket())
        stage.server.control.fault(
            "status_before", match={"path_prefix": f"/api/v1/statuses/{receipt.remote_id}/source"}, status=404
        )

        found = patient.find(stage.destination, content, ticket(), datetime.now(UTC))

        assert found is not None and found.remote_id == receipt.remote_id

    def test_an_older_post_with_the_same_words_is_another_post(self, stage: Stage) -> None:
        stage.server.control.post("ana", "早安", at="2026-01-01T00:00:00Z")

        assert patient.find(stage.destination, Content("早安"), ticket(), datetime.now(UTC)) is None

    def test_it_looks_past_the_first_page(self, stage: Stage) -> None:
        since = datetime.now(UTC)
        wanted = stage.server.control.post("ana", "找我")
        for number in range(45):
            stage.server.control.post("ana", f"之後 {number}")

        found = patient.find(stage.destination, Content("找我"), ticket(), since)

        assert found is not None and found.remote_id == wanted["id"]

    def test_too_many_newer_posts_are_no_proof_of_absence(self, stage: Stage) -> None:
        for number in range(401):
            stage.server.control.post("ana", f"洪水 {number}")

        with pytest.raises(Temporary):
            patient.find(
                stage.destination, Content("找我"), ticket(), datetime.now(UTC) - timedelta(minutes=5)
            )


class TestRelatives:
    """Servers that speak the same API and keep other promises."""

    @pytest.mark.parametrize(
        ("software", "idempotency", "repeats"),
        [
            ("mastodon", "replay-original", True),
            ("pleroma", "replay-response", True),
            ("pixelfed", "reject-duplicate", False),
            ("gotosocial", "none", False),
        ],
    )
    def test_each_is_known_by_name_and_trusted_only_as_far_as_it_goes(
        self, open_stage: Opener, software: str, idempotency: str, repeats: bool
    ) -> None:
        destination = open_stage(software=software).destination

        assert destination.traits["software"] == software
        assert destination.traits["idempotency"] == idempotency
        assert patient.repeats_safely(destination, ticket(), NOW, NOW) is repeats

    def test_a_key_is_trusted_for_less_than_the_hour_it_lives(self, stage: Stage) -> None:
        def safe(minutes: int) -> bool:
            return patient.repeats_safely(stage.destination, ticket(), NOW, NOW + timedelta(minutes=minutes))

        assert safe(54)
        assert not safe(56)

    def test_a_server_we_do_not_know_promises_nothing(self, stage: Stage) -> None:
        stranger = replace(stage.destination, traits={"software": "newcomer"})

        assert not patient.repeats_safely(stranger, ticket(), NOW, NOW)

    @pytest.mark.parametrize("software", ["mastodon", "pleroma", "pixelfed", "gotosocial"])
    @pytest.mark.parametrize("kind", ["drop_before", "drop_after", "html_error_after"])
    def test_a_lost_answer_settles_to_one_post_everywhere(
        self, open_stage: Opener, tmp_path: Path, software: str, kind: str
    ) -> None:
        stage = open_stage(software=software)
        content, given = Content("春茶 🍵", (jpeg(tmp_path),)), ticket()
        given = patient.prepare(stage.destination, content, given, given.at)
        stage.server.control.fault(kind, match={"method": "POST", "path_prefix": "/api/v1/statuses"})
        with pytest.raises(Unconfirmed):
            patient.publish(stage.destination, content, given)

        found = patient.find(stage.destination, content, given, given.at)
        if found is None:
            patient.publish(stage.destination, content, given)

        assert len(stage.posts()) == 1

    @pytest.mark.parametrize("software", ["mastodon", "pleroma", "gotosocial"])
    def test_the_longest_text_is_the_servers_own(self, open_stage: Opener, software: str) -> None:
        stage = open_stage(software=software)
        link = "https://example.com/" + "x" * 40
        cost = 23 if software == "mastodon" else len(link)
        longest = f"{link} " + "茶" * (stage.destination.limits.max_text - cost - 1)

        patient.publish(stage.destination, Content(longest), ticket())

        too_long = [
            problem.code for problem in patient.check(Content(longest + "茶"), stage.destination.limits)
        ]
        assert too_long == ["text_too_long"]

    @pytest.mark.parametrize("software", ["pleroma", "gotosocial"])
    def test_numbers_are_read_one_by_one_where_there_is_no_batch(
        self, open_stage: Opener, software: str
    ) -> None:
        stage = open_stage(software=software, engagement=0.0)
        made = [stage.server.control.post("ana", f"第 {n} 篇")["id"] for n in range(3)]
        stage.server.control.like(made[0], 2)
        stage.server.control.remove(made[1])

        numbers = patient.measure(stage.destination, made)

        assert set(numbers) == {made[0], made[2]}
        assert numbers[made[0]].likes == 2

    def test_an_older_mastodon_without_the_batch_call_is_read_one_by_one(self, open_stage: Opener) -> None:
        stage = open_stage(software="gotosocial")
        made = stage.server.control.post("ana", "早")["id"]
        older = replace(stage.destination, traits={"software": "mastodon", "version": "4.2.0"})

        assert set(patient.measure(older, [made])) == {made}

    def test_pixelfed_takes_no_words_without_a_picture(self, open_stage: Opener) -> None:
        stage = open_stage(software="pixelfed")

        with pytest.raises(Rejected):
            patient.publish(stage.destination, Content("只有字"), ticket())

    def test_pixelfed_can_be_tried_again_after_a_refusal(self, open_stage: Opener, tmp_path: Path) -> None:
        stage = open_stage(software="pixelfed")
        content = Content("圖", (jpeg(tmp_path),))
        given = patient.prepare(stage.destination, content, ticket(), NOW)
        with pytest.raises(Rejected):
            patient.publish(stage.destination, Content("只有字"), replace(given, handles={}))

        patient.publish(stage.destination, content, given)

        assert len(stage.posts()) == 1


def test_the_registry_knows_it_by_name() -> None:
    assert publishers.get("mastodon").label == "Mastodon"
