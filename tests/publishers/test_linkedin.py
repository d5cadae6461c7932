"""The LinkedIn adapter on a simulated versioned API."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

import publishers
from publishers.errors import Rejected, Stale, Temporary, Unauthorized, Unconfirmed
from publishers.linkedin import LinkedIn
from publishers.linkedin_text import little, plain
from publishers.simulators.linkedin_text import shown
from publishers.text import count
from tests.publishers.contract import (
    LOST,
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
    destination_of,
)
from tests.publishers.contract.parts import BACK
from tests.publishers.files import jpeg, mp4

linkedin = publishers.get("linkedin")
RESERVED = r"\ | { } @ [ ] ( ) < > # * _ ~"


class TestLinkedIn(
    Prepares,
    TakesVideo,
    Finds,
    Measures,
    CountsAudience,
    Refreshes,
    ConnectsByOAuth,
    Deletes,
    Edits,
    AnswersComments,
    Follows,
):
    publisher = linkedin
    visible_call = "/rest/posts"
    upload_call = "/rest/images"
    answer_call = "/rest/socialActions"
    follow_call = "/rest/socialActions"
    lapses = False
    tells_reset = False
    settings = {"video_seconds": 0.0}

    def answers_are_elsewhere(self, stage: Stage, text: str) -> bool:
        """Below the comment, not the post."""
        return text in httpx.get(stage.posts()[0]["url"]).text

    @pytest.mark.parametrize("kind", LOST)
    def test_a_lost_answer_of_the_visible_call_is_unconfirmed_and_never_becomes_two_posts(
        self, stage: Stage, kind: str
    ) -> None:
        """Not one that is cut off: a good answer is nothing but its headers."""
        super().test_a_lost_answer_of_the_visible_call_is_unconfirmed_and_never_becomes_two_posts(stage, kind)

    def test_every_reserved_character_reaches_the_readers(self, stage: Stage) -> None:
        said = f"{RESERVED} https://example.com/a_b(c)~d#e 茶_葉 #春茶_2026"

        self.send(stage, self.say(said))

        assert [post["text"] for post in stage.posts()] == [said]

    def test_escapes_are_counted(self, stage: Stage) -> None:
        limits = stage.destination.limits
        escaped = self.say("_" * 1501)

        [problem] = [p for p in linkedin.check(escaped, limits) if p.severity == "error"]

        assert (problem.code, problem.params["count"]) == ("text_too_long", 3002)
        assert linkedin.preview(escaped, limits).count == 3002
        self.send(stage, self.say("_" * 1500))

    def test_one_picture_is_media_and_several_are_a_multi_image(self, stage: Stage) -> None:
        self.send(stage, self.say("一張", self.pictures(1), title="題"))
        self.send(stage, self.say("三張", self.pictures(3)))

        one, three = (post["extra"]["given"] for post in stage.posts())
        assert (one["media"]["title"], one["media"]["altText"]) == ("題", "第 0 張")
        assert len(three["multiImage"]["images"]) == 3

    def test_a_video_goes_in_parts_of_four_mebibytes(self, stage: Stage) -> None:
        video = mp4(self.folder, seconds=3)
        with video.path.open("ab") as file:
            file.write(b"\0" * (2 * 4 * 2**20 + 5))
        video = _measured_again(video)

        receipt = self.send(stage, self.say("長片", (video,)))

        parts = [row for row in stage.server.control.requests() if row["method"] == "PUT"]
        assert len(parts) == 3
        assert stage.posts()[0]["media"][0]["sha256"] == video.sha256
        assert receipt.remote_id.startswith("urn:li:ugcPost:")
        assert set(linkedin.measure(stage.destination, [receipt.remote_id])) == {receipt.remote_id}

    def test_a_video_is_awaited_until_it_is_processed(self, open_stage: Opener) -> None:
        stage = open_stage(video_seconds=0.2)
        adapter, content = LinkedIn(pause=timedelta(milliseconds=10)), self.say("影片", (self.video(),))

        ticket = adapter.prepare(stage.destination, content, self.ticket(), datetime.now(UTC))

        self.send(stage, content, ticket)
        hasty = LinkedIn(patience=timedelta(), pause=timedelta())
        with pytest.raises(Temporary) as caught:
            hasty.prepare(stage.destination, content, self.ticket(), datetime.now(UTC))
        assert caught.value.evidence.code == "media_processing"

    def test_a_video_that_can_not_be_processed_is_refused(self, open_stage: Opener) -> None:
        stage = open_stage(media_fails=True)

        with pytest.raises(Rejected) as caught:
            self.prepared(stage, self.say("影片", (self.video(),)))

        assert caught.value.evidence.code == "PROCESSING_FAILED"

    def test_a_link_is_a_card_with_its_title_and_a_picture(self, stage: Stage) -> None:
        link = {"link": "https://example.com/tea", "title": "春茶", "description": "今年的"}

        self.send(stage, self.say("看", self.pictures(1), **link))

        article = stage.posts()[0]["extra"]["given"]["article"]
        assert (article["source"], article["title"], article["description"]) == tuple(link.values())
        assert article["thumbnail"].startswith("urn:li:image:")

    @pytest.mark.parametrize(
        ("options", "code"), [({}, "link_untitled"), ({"title": "題"}, "link_with_files")]
    )
    def test_a_card_without_a_title_or_with_many_pictures_is_refused_before_the_network(
        self, stage: Stage, options: dict[str, str], code: str
    ) -> None:
        content = self.say("看", self.pictures(2), link="https://example.com/", **options)
        before = stage.requests()

        with pytest.raises(Rejected) as caught:
            self.prepared(stage, content)

        assert code in caught.value.message
        assert stage.requests() == before

    def test_what_an_earlier_try_posted_is_no_duplicate(self, stage: Stage) -> None:
        content, ticket = self.say(self.speaks), self.ticket()
        self.lose_visible(stage, "drop_after")
        with pytest.raises(Unconfirmed):
            self.send(stage, content, ticket)

        receipt = self.send(stage, content, ticket)

        assert [post["id"] for post in stage.posts()] == [receipt.remote_id]

    def test_the_same_words_as_an_older_post_are_refused_with_the_platforms_sentence(
        self, stage: Stage
    ) -> None:
        first = self.send(stage, self.say("早"))
        later = self.ticket().at + timedelta(hours=1)

        with pytest.raises(Rejected) as caught:
            self.send(stage, self.say("早"), replace(self.ticket(), at=later))

        assert caught.value.evidence.code == "DUPLICATE_POST"
        assert first.remote_id in caught.value.message

    @pytest.mark.parametrize("known", [True, False])
    def test_a_duplicate_of_what_is_another_post_or_gone_is_refused(self, stage: Stage, known: bool) -> None:
        first = self.send(stage, self.say("早"))
        ticket = self.ticket()
        if known:
            ticket = replace(ticket, others=frozenset({first.remote_id}))
        else:
            linkedin.delete(stage.destination, first.remote_id)

        with pytest.raises(Rejected) as caught:
            self.send(stage, self.say("早"), ticket)

        assert caught.value.evidence.code == "DUPLICATE_POST"

    def test_a_version_that_has_ended_asks_for_a_new_connection(self, stage: Stage) -> None:
        old = replace(stage.destination, traits={"version": "202401"})

        with pytest.raises(Unauthorized) as caught:
            linkedin.publish(old, self.say("早"), self.ticket())

        assert caught.value.evidence.code == "NONEXISTENT_VERSION"
        assert not caught.value.refreshable
        assert linkedin.discover(stage.destination).traits["version"] == stage.destination.traits["version"]

    def test_one_of_several_pages_has_to_be_named(self, stage: Stage) -> None:
        control = stage.server.control
        other = control.account("cake", "Cake")
        control.account("tea", also=["cake"])  # type: ignore[call-arg]
        unnamed = replace(stage.destination, remote_id="")

        with pytest.raises(Rejected) as caught:
            linkedin.discover(unnamed)

        assert caught.value.evidence.code == "choose_one"
        assert f"Cake ({other['id']})" in caught.value.message
        for named in (other["id"], "cake", f"https://www.linkedin.com/company/{other['id']}/admin/"):
            assert self.connected(stage, organization=named).handle == "cake"
        there = destination_of(
            linkedin.discover(replace(unnamed, remote_id=f"urn:li:organization:{other['id']}"))
        )
        self.send(replace(stage, destination=there), self.say("蛋糕"))
        assert [post["account"] for post in stage.posts()] == ["cake"]

    def test_who_may_only_read_has_no_page(self, stage: Stage) -> None:
        stage.server.control.account("tea", role="ANALYST")  # type: ignore[call-arg]

        with pytest.raises(Rejected) as caught:
            linkedin.discover(stage.destination)

        assert caught.value.evidence.code == "no_page"

    def test_a_content_admin_posts_and_is_told_no_numbers(self, stage: Stage) -> None:
        stage.server.control.account("tea", role="CONTENT_ADMIN")  # type: ignore[call-arg]

        found = linkedin.discover(stage.destination)
        receipt = self.send(stage, self.say("早"))

        assert found.remote_id == f"urn:li:organization:{found.handle}"
        assert linkedin.measure(stage.destination, [receipt.remote_id]) == {}
        assert linkedin.audience(stage.destination).followers is None

    def test_an_app_that_is_no_partner_connects_until_its_token_ends(self, open_stage: Opener) -> None:
        stage = open_stage(partner=False)
        connected = self.connected(stage, version="202605", scope="w_organization_social")

        assert connected.traits["version"] == "202605"
        assert "refresh_token" not in connected.credentials
        ends = linkedin.credentials_end(connected.credentials)
        assert ends is not None and abs(ends - datetime.now(UTC) - timedelta(days=60)) < timedelta(minutes=1)

    def connected(self, stage: Stage, **fields: str) -> publishers.values.Connected:
        app = stage.server.control.app()  # type: ignore[attr-defined]
        start = linkedin.authorize({**app, "server": stage.server.url, **fields}, BACK, "s", None)
        return linkedin.exchange(start.memory, self.consent(stage, start.url)["code"], BACK)

    def test_a_comment_of_our_own_bears_our_name(self, stage: Stage) -> None:
        receipt = self.send(stage, self.say("早"))
        stage.server.control.reply(receipt.remote_id, "早！", by=stage.destination.remote_id)

        [comment] = linkedin.comments(stage.destination, receipt.remote_id)

        assert comment.author == stage.destination.handle

    def test_an_upload_that_is_still_processing_at_the_post_is_temporary(self, stage: Stage) -> None:
        content = self.say("圖", (jpeg(self.folder),))
        ticket = replace(self.ticket(), handles={"media": ["urn:li:image:C4Enone"]})

        with pytest.raises(Temporary):
            linkedin.publish(stage.destination, content, ticket)
        with pytest.raises(Stale):
            linkedin.publish(stage.destination, content, replace(ticket, handles={"media": []}))


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("早安", "早安"),
        ("a_b", r"a\_b"),
        (RESERVED.replace("#", "").replace("  ", " "), r"\\ \| \{ \} \@ \[ \] \( \) \< \> \* \_ \~"),
        ("#春茶 好", r"{hashtag|\#|春茶} 好"),
        ("#a_b", r"{hashtag|\#|a\_b}"),
        ("#1 茶", r"\#1 茶"),
        ("a#b", r"a\#b"),
        ("https://example.com/?a_b=(1)", r"https://example.com/?a\_b=\(1\)"),
        ("mail@example.com", r"mail\@example.com"),
    ],
)
def test_little_text_is_written_so_that_it_reads_as_it_was_said(said: str, written: str) -> None:
    assert little(said) == written
    assert plain(written) == said
    assert count(written, "utf16") >= count(said, "utf16")


def test_what_is_not_escaped_ends_the_text_there() -> None:
    assert shown(little("早 (安)")) == "早 (安)"
    assert shown("早 (安)") == "早 "


def test_a_mention_reads_as_its_name() -> None:
    assert plain(r"謝謝 @[茶\_行](urn:li:organization:1)！") == "謝謝 茶_行！"


def _measured_again(media: publishers.values.Media) -> publishers.values.Media:
    data = media.path.read_bytes()
    return replace(media, size=len(data), sha256=hashlib.sha256(data).hexdigest())
