"""The TikTok adapter on a simulated TikTok: videos, whose bytes it is sent, and photos, which it fetches."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

import publishers
from publishers import tiktok_api as api
from publishers.errors import RateLimited, Rejected, Stale, Temporary, Unauthorized, Unconfirmed
from publishers.values import Accepted, Content, Knock, Media, Receipt, Ticket
from tests.publishers.contract import (
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
from tests.publishers.files import jpeg, mp4, png

tiktok = publishers.get("tiktok")
PUBLISH = "/v2/post/publish"


class Posts(Prepares):
    """What holds for videos and for photos alike."""

    publisher = tiktok
    needs = {"privacy_level": "PUBLIC_TO_EVERYONE"}
    shows_alt = False
    tells_reset = False
    serves_any_words = False

    def info(self, stage: Stage, content: Content) -> dict[str, object]:
        """What TikTok was told about a post."""
        self.send(stage, content)
        told: dict[str, object] = stage.posts()[-1]["extra"]["info"]
        return told

    def test_a_visibility_that_the_account_does_not_offer_is_refused_before_anything_is_sent(
        self, open_stage: Opener
    ) -> None:
        stage = open_stage(levels="SELF_ONLY")

        with pytest.raises(Rejected) as caught:
            self.prepared(stage, self.say("早"))

        assert caught.value.evidence.code == "privacy_level_option_mismatch"
        [first, *_] = tiktok.options_of(stage.destination.traits)
        assert [value for value, _label in first.choices] == ["SELF_ONLY"]

    def test_what_the_account_forbids_stays_forbidden(self, stage: Stage) -> None:
        stage.server.control.account("tea", comment=True)  # type: ignore[call-arg]

        assert self.info(stage, self.say("早"))["disable_comment"] is True

    def test_the_seventh_post_within_a_minute_has_to_wait(self, open_stage: Opener) -> None:
        stage = open_stage(rate_limits=True)

        with pytest.raises(RateLimited) as caught:
            for number in range(14):  # the minute may turn once
                self.send(stage, self.say(f"第 {number} 則"))

        assert caught.value.evidence.code == "rate_limit_exceeded"
        assert 6 <= len(stage.posts()) <= 12

    def test_an_app_that_is_not_audited_posts_to_oneself_alone(self, open_stage: Opener) -> None:
        stage = open_stage(audited=False)

        with pytest.raises(Rejected) as caught:
            self.send(stage, self.say("早"))
        receipt = self.send(stage, self.say("早", privacy_level="SELF_ONLY"))

        assert caught.value.evidence.code.startswith("unaudited_client")
        assert receipt.url == f"{stage.server.url}/@tea"
        assert stage.posts() == []

    @pytest.mark.parametrize(("partner", "toggle"), [("", "brand_organic"), ("1", "brand_content")])
    def test_an_advertisement_is_told_by_its_toggle(self, stage: Stage, partner: str, toggle: str) -> None:
        content = replace(self.say("早", partner=partner), declares=frozenset({"ad"}))

        info = self.info(stage, content)

        assert [name for name in info if name.startswith("brand_") and info[name]] == [f"{toggle}_toggle"]

    def test_a_paid_partnership_can_not_be_private(self, stage: Stage) -> None:
        content = self.say("早", partner="1", privacy_level="SELF_ONLY")

        codes = [problem.code for problem in tiktok.check(content, stage.destination.limits)]

        assert "partner_and_private" in codes

    def test_a_public_post_waits_for_its_id_until_moderators_have_seen_it(self, open_stage: Opener) -> None:
        stage = open_stage(moderation_seconds=600.0)
        content = self.say("早")
        taken = tiktok.publish(stage.destination, content, self.prepared(stage, content))

        assert isinstance(taken, Accepted)
        assert tiktok.confirm(stage.destination, taken.handle) == taken
        stage.server.control.clock(advance_seconds=601)
        receipt = tiktok.confirm(stage.destination, taken.handle)

        assert isinstance(receipt, Receipt)
        assert [post["id"] for post in stage.posts()] == [receipt.remote_id]


class TestVideos(Posts, TakesVideo, Finds, Measures, CountsAudience, Refreshes, ConnectsByOAuth):
    visible_call = "/upload/"
    visible_method = "PUT"
    upload_call = f"{PUBLISH}/video/init/"
    counted = {"likes": 3, "replies": 1}

    def any_file(self) -> Media:
        path = self.folder / "always.mp4"
        if not hasattr(self, "_video"):
            self._video = mp4(self.folder, path.name, seconds=3)
        return self._video

    def pictures(self, count: int) -> tuple[Media, ...]:
        return (self.any_file(),)

    def long_video(self, size: int = 25_000_123) -> Media:
        media = self.any_file()
        with media.path.open("ab") as file:
            file.truncate(size)
        return replace(media, size=size, sha256=hashlib.sha256(media.path.read_bytes()).hexdigest())

    def puts(self, stage: Stage) -> int:
        return sum(each["method"] == "PUT" for each in stage.server.control.requests())

    def test_a_file_that_is_gone_is_temporary_trouble(self, stage: Stage) -> None:
        content = self.say("早")
        ticket = self.prepared(stage, content)
        content.media[0].path.unlink()

        with pytest.raises(Temporary):
            tiktok.publish(stage.destination, content, ticket)

        assert stage.posts() == []

    def test_an_expired_token_is_refreshed_and_goes_on(self, stage: Stage) -> None:
        """The upload address opens by itself: a token is wanted for what comes before and after."""
        content = self.say("早")
        ticket = self.prepared(stage, content)
        stage.server.control.expire_tokens()
        taken = tiktok.publish(stage.destination, content, ticket)
        assert isinstance(taken, Accepted)
        with pytest.raises(Unauthorized) as caught:
            tiktok.confirm(stage.destination, taken.handle)
        assert caught.value.refreshable

        fresh = self.recovered(stage)

        assert isinstance(tiktok.confirm(fresh.destination, taken.handle), Receipt)
        assert set(fresh.destination.credentials) == set(stage.destination.credentials)

    def test_all_but_the_last_chunk_of_a_long_video_is_sent_ahead(self, stage: Stage) -> None:
        video = self.long_video()
        content = self.say("長片", (video,))

        ticket = self.prepared(stage, content)
        assert (self.puts(stage), stage.posts()) == (1, [])
        self.send(stage, content, ticket)

        assert self.puts(stage) == 2
        assert [post["media"][0]["sha256"] for post in stage.posts()] == [video.sha256]

    def test_a_chunk_that_is_lost_ahead_is_temporary_and_shows_nothing(self, stage: Stage) -> None:
        content = self.say("長片", (self.long_video(),))
        self.lose(stage, "drop_after", "/upload/", "PUT")

        with pytest.raises(Temporary):
            self.prepared(stage, content)

        assert stage.posts() == []
        self.send(stage, content)
        assert len(stage.posts()) == 1

    def test_the_last_chunk_sent_again_makes_no_second_post(self, stage: Stage) -> None:
        content = self.say("早")
        ticket = self.prepared(stage, content)
        self.lose_visible(stage, "drop_after")
        with pytest.raises(Unconfirmed):
            tiktok.publish(stage.destination, content, ticket)

        assert tiktok.repeats_safely(stage.destination, ticket, ticket.at, ticket.at)
        receipt = self.send(stage, content, ticket)

        assert [post["id"] for post in stage.posts()] == [receipt.remote_id]

    def test_an_upload_that_is_refused_while_nobody_can_ask_is_unconfirmed(self, stage: Stage) -> None:
        content = self.say("早")
        ticket = self.prepared(stage, content)
        self.send(stage, content, ticket)
        self.lose(stage, "status_before", f"{PUBLISH}/status/")

        with pytest.raises(Unconfirmed):
            tiktok.publish(stage.destination, content, ticket)

    def test_a_lost_post_that_is_still_moderated_is_not_called_absent(self, open_stage: Opener) -> None:
        stage = open_stage(moderation_seconds=600.0)
        content = self.say("早")
        ticket = self.prepared(stage, content)
        self.lose_visible(stage, "drop_after")
        with pytest.raises(Unconfirmed):
            tiktok.publish(stage.destination, content, ticket)

        with pytest.raises(Temporary) as caught:
            self.found(stage, content, ticket)

        assert caught.value.evidence.code == "in_progress"

    def test_what_is_no_video_fails_with_tiktoks_reason(self, stage: Stage) -> None:
        media = self.any_file()
        media.path.write_bytes(b"no video at all " * 64)
        broken = replace(media, size=1024)

        with pytest.raises(Rejected) as caught:
            self.send(stage, self.say("早", (broken,)))

        assert caught.value.evidence.code == "file_format_check_failed"

    def test_the_longest_video_is_what_the_creator_may_post(self, open_stage: Opener) -> None:
        stage = open_stage(longest=60)
        content = self.say("長片", (replace(self.any_file(), seconds=61.0),))

        codes = [problem.code for problem in tiktok.check(content, stage.destination.limits)]

        assert "video_too_long" in codes

    def test_options_and_what_ai_made_go_where_tiktok_has_them(self, stage: Stage) -> None:
        content = self.say("早", no_duets="1", cover_ms="1500")

        info = self.info(stage, replace(content, declares=frozenset({"ai"})))

        wanted = {"title": "早", "is_aigc": True, "disable_duet": True, "video_cover_timestamp_ms": 1500}
        assert {name: info[name] for name in wanted} == wanted

    def test_other_words_need_another_upload(self, stage: Stage) -> None:
        one = self.say("早")

        assert tiktok.materials(one) != tiktok.materials(replace(one, text="晚安"))
        assert tiktok.materials(one) != tiktok.materials(replace(one, options={"privacy_level": "SELF_ONLY"}))

    def test_the_numbers_of_what_nobody_else_sees_are_a_gap(self, stage: Stage) -> None:
        receipt = self.send(stage, self.say("早", privacy_level="SELF_ONLY"))
        before = stage.requests()

        assert tiktok.measure(stage.destination, [receipt.remote_id]) == {}
        assert stage.requests() == before

    @pytest.mark.parametrize(
        ("size", "count", "last"),
        [(1, 1, 1), (9_999_999, 1, 9_999_999), (20_000_000, 2, 10_000_000), (50_000_123, 5, 10_000_123)],
    )
    def test_a_video_is_cut_as_tiktok_counts(self, size: int, count: int, last: int) -> None:
        pieces = api.cut(replace(self.any_file(), size=size))

        assert (len(pieces), pieces[-1].stop - pieces[-1].start, pieces[-1].stop) == (count, last, size)


class TestPhotos(Posts):
    visible_call = f"{PUBLISH}/content/init/"
    upload_call = f"{PUBLISH}/creator_info/query/"
    lapses = False
    can_look = False

    def settled(self, stage: Stage, content: Content, ticket: Ticket) -> Receipt | None:
        """Nobody can look for photos: a person is asked."""
        with pytest.raises(Temporary) as caught:
            self.found(stage, content, ticket)
        assert caught.value.evidence.code == "cannot_look"
        assert not tiktok.repeats_safely(stage.destination, ticket, ticket.at, ticket.at)
        return None

    def test_a_file_that_is_gone_is_temporary_trouble(self, stage: Stage) -> None:
        """TikTok is the one that does not find it, and it tells so afterwards."""
        content = self.say("早")
        content.media[0].path.unlink()

        with pytest.raises(Rejected) as caught:
            self.send(stage, content)

        assert caught.value.evidence.code == "photo_pull_failed"
        assert stage.posts() == []

    def test_what_a_post_declares_is_carried_by_a_field_or_said_to_readers(self, stage: Stage) -> None:
        """Photos have no field for what AI made."""
        plain = self.say("早")
        for kind, is_told in (("ad", False), ("ai", True), ("reprint", True)):
            declared = replace(plain, declares=frozenset({kind}))
            preview = tiktok.preview(declared, stage.destination.limits)
            assert (preview != tiktok.preview(plain, stage.destination.limits)) is is_told, kind

    def test_photos_without_a_public_address_are_refused_before_the_network(self, stage: Stage) -> None:
        content = replace(self.say("早"), media=(jpeg(self.folder),))
        before = stage.requests()

        with pytest.raises(Rejected) as caught:
            tiktok.prepare(stage.destination, content, self.ticket(), datetime.now(UTC))

        assert caught.value.evidence.code == "no_public_address"
        assert stage.requests() == before

    def test_an_address_that_is_not_verified_is_told(self, open_stage: Opener) -> None:
        stage = open_stage(verified="https://files.example/")

        with pytest.raises(Rejected) as caught:
            self.send(stage, self.say("早"))

        assert caught.value.evidence.code == "url_ownership_unverified"

    def test_photos_have_a_title_a_cover_and_more_room(self, stage: Stage) -> None:
        longer = self.say("茶" * 4000, self.pictures(3), title="春茶", cover="2")

        self.send(stage, longer)

        [post] = stage.posts()
        assert post["extra"]["title"] == "春茶"
        assert post["text"] == longer.text
        codes = {problem.code for problem in tiktok.check(self.say("茶" * 4001), stage.destination.limits)}
        assert "text_too_long" in codes

    def test_a_png_is_made_another_picture_first(self, stage: Stage) -> None:
        found = tiktok.check(self.say("早", (png(self.folder),)), stage.destination.limits)

        assert [(problem.code, problem.fixable) for problem in found if problem.severity == "error"] == [
            ("image_type", True)
        ]

    def test_photos_are_prepared_by_asking_what_the_account_may_do(self, stage: Stage) -> None:
        with pytest.raises(Stale):
            tiktok.publish(stage.destination, self.say("早"), self.ticket())


class TestHearing:
    event = {
        "client_key": "k",
        "event": "post.publish.publicly_available",
        "content": json.dumps({"publish_id": "v_pub~1", "post_id": 7123}),
    }

    def knock(self, secret: str) -> Knock:
        body = json.dumps(self.event).encode()
        proof = hmac.new(secret.encode(), b"1633174587." + body, hashlib.sha256).hexdigest()
        return Knock("POST", {"tiktok-signature": f"t=1633174587,s={proof}"}, {}, body)

    def test_what_became_of_a_post_is_looked_at(self) -> None:
        heard = tiktok.hear({"client_secret": "very-secret"}, self.knock("very-secret"))

        assert (heard.status, heard.about) == (200, ("v_pub~1", "7123"))

    @pytest.mark.parametrize("credentials", [{"client_secret": "very-secret"}, {}])
    def test_a_call_that_is_not_signed_by_tiktok_is_refused(self, credentials: dict[str, str]) -> None:
        with pytest.raises(Unauthorized):
            tiktok.hear(credentials, self.knock("another"))
