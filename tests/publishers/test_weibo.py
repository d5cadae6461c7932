"""The Weibo adapter on a simulated Weibo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

import publishers
from publishers import declarations
from publishers import weibo_statuses as statuses
from publishers.errors import RateLimited, Rejected, Temporary, Unauthorized, Unconfirmed
from publishers.simulators.server import Server
from publishers.values import UNPACED, Accepted, Content, Limits, Media, Receipt
from tests.publishers.contract import (
    AnswersComments,
    ConnectsByOAuth,
    Core,
    CountsAudience,
    Deletes,
    Finds,
    Follows,
    Measures,
    Opener,
    Prepares,
    Stage,
    TakesImages,
    destination_of,
)
from tests.publishers.files import jpeg, png

weibo = publishers.get("weibo")
HOME_PAGE = "https://tea.example.com/"
BACK = "https://almanac.example/channels/callback"


class OnWeibo(Core):
    """A channel whose person said what rights and domains the app has."""

    publisher = weibo
    tells_reset = False
    chosen: ClassVar[Mapping[str, str]] = {"domains": "example.com"}

    def on(self, server: Server) -> Stage:
        return self.chosen_on(super().on(server))

    def chosen_on(self, stage: Stage, **chosen: str) -> Stage:
        known = replace(stage.destination, traits={**self.chosen, **chosen})
        return replace(stage, destination=destination_of(weibo.discover(known)))

    def say(self, text: str = "早", media: tuple[Media, ...] = (), **options: str) -> Content:
        linked = text if "://" in text or not text else f"{text} {HOME_PAGE}"
        return super().say(linked, media, **options)


class TestWeibo(
    OnWeibo, TakesImages, Finds, Measures, CountsAudience, ConnectsByOAuth, Deletes, AnswersComments, Follows
):
    visible_call = "/2/statuses/share.json"
    answer_call = "/2/comments/reply.json"
    follow_call = "/2/comments/create.json"
    shows_alt = False
    images = 1

    # -- the rules of an app without commercial rights

    def test_a_post_without_a_link_of_the_domain_is_refused_before_the_network(self, stage: Stage) -> None:
        before = stage.requests()

        for text in ("早", "早 https://elsewhere.example/", "早 https://notexample.com/"):
            with pytest.raises(Rejected) as caught:
                weibo.publish(stage.destination, Content(text), self.ticket())
            assert caught.value.evidence.code == "link_required"

        assert stage.requests() == before

    @pytest.mark.parametrize(
        "link", ["https://example.com/a", "http://www.example.com", "https://EXAMPLE.com/"]
    )
    def test_a_link_to_the_domain_or_below_it_will_do(self, stage: Stage, link: str) -> None:
        self.send(stage, self.say(f"早 {link}"))

        assert len(stage.posts()) == 1

    def test_several_domains_may_be_bound_in_any_spelling(self, stage: Stage) -> None:
        typed = "https://tea.example.com/，*.leaf.example； pot.example"
        limits = self.chosen_on(stage, domains=typed).destination.limits

        assert limits.link_hosts == ("tea.example.com", "leaf.example", "pot.example")
        assert Limits.from_dict(limits.as_dict()) == limits

    def test_where_no_domain_is_known_any_link_is_asked_for_and_weibo_judges(self, stage: Stage) -> None:
        unknown = self.chosen_on(stage, domains="")

        assert self.errors(unknown, Content("早")) == ["link_required"]
        with pytest.raises(Rejected) as caught:
            self.send(unknown, self.say("早 https://elsewhere.example/"))
        assert (caught.value.evidence.code, caught.value.message) == ("10017", "text not find domain!")

    def test_an_app_without_any_domain_is_a_trouble_of_the_channel(self, open_stage: Opener) -> None:
        with pytest.raises(Unauthorized) as caught:
            self.send(open_stage(domains=""), self.say("早"))

        assert "not bind domain" in caught.value.message

    def test_a_topic_is_warned_of(self, stage: Stage) -> None:
        topic = self.say(f"#春茶# 上市 {HOME_PAGE}")

        found = weibo.check(topic, stage.destination.limits)

        assert [(p.code, p.severity) for p in found] == [("topic_refused", "warning")]

    def test_letters_count_half_and_a_link_ten(self, stage: Stage) -> None:
        fits = self.say("茶" * 129 + " https://example.com/" + "a" * 200)
        over = self.say("茶" * 130 + " https://example.com/" + "a" * 200)

        assert weibo.preview(fits, stage.destination.limits).count == 140
        assert self.errors(stage, fits) == []
        assert self.errors(stage, over) == ["text_too_long"]
        self.send(stage, fits)

    def test_a_link_ends_where_ascii_does(self, stage: Stage) -> None:
        said = self.say("https://example.com/茶")

        assert weibo.preview(said, stage.destination.limits).count == 11

    def test_one_picture_below_five_megabytes_is_all_it_takes(self, stage: Stage) -> None:
        large = replace(jpeg(self.folder), size=5 * 2**20)

        assert self.errors(stage, self.say("圖", (large,))) == ["image_too_large"]
        assert self.errors(stage, self.say("圖", self.pictures(2))) == ["too_many_images"]
        self.send(stage, self.say("圖", (png(self.folder),)))

    def test_who_sees_it_can_be_chosen_with_commercial_rights_only(self, stage: Stage) -> None:
        assert "visible_is_commercial" in self.errors(stage, self.say("早", visible="1"))
        assert [each.name for each in weibo.options_of(stage.destination.traits)] == ["first_comment"]
        assert weibo.options_of({"rights": "commercial"}) == weibo.options

    def test_the_operators_address_is_told_where_it_is_known(self, open_stage: Opener) -> None:
        stage = open_stage(requires_rip=True)
        with pytest.raises(Rejected) as caught:
            self.send(stage, self.say("早"))
        assert "rip" in caught.value.message

        self.send(self.chosen_on(stage, rip="211.156.0.1"), self.say("早"))

        assert len(stage.posts()) == 1

    def test_what_is_declared_is_said_in_the_text(self, stage: Stage) -> None:
        declared = replace(self.say("早"), declares=frozenset({"ai"}))

        self.send(stage, declared)

        assert [post["text"] for post in stage.posts()] == [declarations.text(declared)]

    # -- its answers

    def test_an_error_that_comes_with_a_good_status_is_an_error(self, open_stage: Opener) -> None:
        stage = open_stage(good_status=True)
        stage.server.control.revoke_tokens()

        with pytest.raises(Unauthorized) as caught:
            self.send(stage, self.say("早"))

        assert (caught.value.evidence.http_status, caught.value.evidence.code) == (200, "21332")

    def test_published_but_not_listed_yet_is_success(self, open_stage: Opener) -> None:
        stage = open_stage(sync_seconds=60)
        content = self.say(self.speaks)

        answer = weibo.publish(stage.destination, content, self.ticket())

        assert isinstance(answer, Accepted) and answer.look_after
        assert isinstance(weibo.confirm(stage.destination, answer.handle), Accepted)
        stage.server.control.clock(advance_seconds=61)
        receipt = weibo.confirm(stage.destination, answer.handle)
        assert isinstance(receipt, Receipt)
        assert [post["id"] for post in stage.posts()] == [receipt.remote_id]

    @pytest.mark.parametrize("again, code", [("早", "20019"), ("早！！", "20017")])
    def test_what_was_said_before_is_refused(self, stage: Stage, again: str, code: str) -> None:
        self.send(stage, self.say("早"))
        stage.server.control.clock(advance_seconds=300)
        later = replace(self.ticket(), at=datetime.now(UTC) + timedelta(seconds=300))

        with pytest.raises(Rejected) as caught:
            weibo.publish(stage.destination, self.say(again), later)

        assert caught.value.evidence.code == code

    def test_a_refused_repeat_after_a_lost_answer_is_looked_up(self, stage: Stage) -> None:
        content, ticket = self.say("早"), self.ticket()
        self.lose_visible(stage, "drop_after")
        for _ in range(2):
            with pytest.raises(Unconfirmed):
                weibo.publish(stage.destination, content, ticket)

        found = weibo.find(stage.destination, content, ticket, ticket.at)

        assert found is not None
        assert [post["id"] for post in stage.posts()] == [found.remote_id]

    def test_a_repeat_is_never_sent_by_itself(self, stage: Stage) -> None:
        ticket = self.ticket()

        assert not weibo.repeats_safely(stage.destination, ticket, ticket.at, ticket.at)

    def test_where_only_the_newest_are_listed_absence_is_not_sure(self, open_stage: Opener) -> None:
        stage = open_stage(newest=2)
        lost = self.send(stage, self.say("早"))
        for text in ("一杯茶", "一壺茶", "一斤茶"):
            self.send(stage, self.say(text))
        ticket = self.ticket()

        with pytest.raises(Temporary):
            weibo.find(stage.destination, self.say("早"), ticket, ticket.at - timedelta(minutes=1))
        found = weibo.find(stage.destination, self.say("一斤茶"), ticket, ticket.at)

        assert found is not None and found.remote_id != lost.remote_id

    def test_a_link_alone_is_found_by_there_being_nothing_else(self, stage: Stage) -> None:
        ticket = self.ticket()
        self.send(stage, self.say("早"))
        receipt = self.send(stage, self.say(HOME_PAGE))

        assert weibo.find(stage.destination, self.say(HOME_PAGE), ticket, ticket.at) == receipt

    def test_a_spent_hour_rests_until_the_next(self, open_stage: Opener) -> None:
        stage = open_stage(rate_limits=True)
        with pytest.raises(RateLimited) as caught:
            for n in range(31):
                self.send(stage, self.say("茶" + "香" * n))

        until, now = caught.value.until, datetime.now(UTC)
        assert (until.minute, until.second) == (0, 0)
        assert until - now <= timedelta(hours=1)
        assert len(stage.posts()) == 30

    def test_busy_proves_nothing(self, stage: Stage) -> None:
        self.lose_visible(stage, "status_after", status=400)

        with pytest.raises(Unconfirmed):
            self.send(stage, self.say("早"))

    # -- signing in

    def test_a_token_tells_when_a_person_has_to_sign_in_again(self, stage: Stage) -> None:
        ends = weibo.credentials_end(stage.destination.credentials)

        assert ends is not None
        assert abs(ends - datetime.now(UTC) - timedelta(days=30)) < timedelta(minutes=1)
        assert not weibo.can("refresh")

    def test_an_ended_token_asks_for_a_person(self, stage: Stage) -> None:
        stage.server.control.expire_tokens()

        with pytest.raises(Unauthorized) as caught:
            self.send(stage, self.say("早"))

        assert not caught.value.refreshable

    def test_an_app_in_review_serves_its_testers_alone(self, open_stage: Opener) -> None:
        stage = open_stage()
        stage.server.control.set(reviewed=False)

        with pytest.raises(Unauthorized) as caught:
            self.send(stage, self.say("早"))

        assert caught.value.evidence.code == "21321"

    def test_what_a_tester_posts_is_seen_by_nobody_else(self, open_stage: Opener) -> None:
        stage = open_stage()
        stage.server.control.account("tea", tester=True)  # type: ignore[call-arg]
        stage.server.control.set(reviewed=False)

        receipt = self.send(stage, self.say("早"))

        assert stage.posts() == []
        assert weibo.find(stage.destination, self.say("早"), self.ticket(), datetime.now(UTC)) == receipt

    def test_what_was_chosen_while_leaving_is_known_on_arrival(self, stage: Stage) -> None:
        app = stage.server.control.app()  # type: ignore[attr-defined]
        fields = {**app, "server": stage.server.url, "domains": "example.com", "rights": "open"}
        start = weibo.authorize(fields, BACK, "s", None)
        code = self.consent(stage, start.url)["code"]

        connected = weibo.exchange(start.memory, code, BACK)

        assert connected.traits == {"domains": "example.com", "rights": "open"}
        assert connected.limits.link_hosts == ("example.com",)

    # -- below a post

    def test_an_answer_to_nobody_is_a_comment_on_the_post(self, stage: Stage) -> None:
        receipt = self.send(stage, self.say("早"))

        weibo.answer(stage.destination, receipt.remote_id, "", "門市就有。")

        [comment] = weibo.comments(stage.destination, receipt.remote_id)
        assert (comment.text, comment.parent) == ("門市就有。", "")

    def test_an_answer_names_whom_it_answers(self, stage: Stage) -> None:
        receipt = self.send(stage, self.say("早"))
        asked = stage.server.control.reply(receipt.remote_id, "哪裡買？", by="mei")

        weibo.answer(stage.destination, receipt.remote_id, str(asked["id"]), "門市就有。")

        newest = weibo.comments(stage.destination, receipt.remote_id)[0]
        assert (newest.text, newest.parent) == ("回复@mei:門市就有。", asked["id"])

    def errors(self, stage: Stage, content: Content) -> list[str]:
        found = weibo.check(content, stage.destination.limits)
        return [problem.code for problem in found if problem.severity == "error"]


class TestCommercialWeibo(OnWeibo, Prepares, Finds):
    """With commercial rights there are nine pictures, no link is needed, and pictures are uploaded ahead."""

    visible_call = "/2/statuses/update"
    upload_call = "/2/statuses/upload_pic"
    settings = {"commercial": True}
    chosen = {"rights": "commercial"}
    shows_alt = False
    images = 9

    def test_no_link_is_needed(self, stage: Stage) -> None:
        self.send(stage, Content("早 #春茶#"))

        assert [post["text"] for post in stage.posts()] == ["早 #春茶#"]

    def test_a_long_text_is_declared_as_one(self, stage: Stage) -> None:
        content = Content("茶" * 200)
        receipt = self.send(stage, content)

        assert weibo.find(stage.destination, content, self.ticket(), datetime.now(UTC)) == receipt

    def test_a_long_text_is_known_by_its_beginning(self, open_stage: Opener) -> None:
        stage, ticket = open_stage(whole_texts=False), self.ticket()
        content = Content("一壺好茶，" * 40)
        receipt = self.send(stage, content)

        assert weibo.find(stage.destination, content, ticket, ticket.at) == receipt
        assert weibo.find(stage.destination, Content("一杯好茶，" * 40), ticket, ticket.at) is None

    def test_it_is_not_paced(self, stage: Stage) -> None:
        assert weibo.pace_of(stage.destination.traits) == UNPACED

    def test_pictures_alone_are_no_post(self, stage: Stage) -> None:
        found = weibo.check(Content("", self.pictures(1)), stage.destination.limits)

        assert "text_required" in [problem.code for problem in found]

    def test_rights_that_the_app_lacks_are_a_trouble_of_the_channel(self, stage: Stage) -> None:
        stage.server.control.set(commercial=False)

        with pytest.raises(Unauthorized) as caught:
            self.send(stage, Content("早"))

        assert caught.value.evidence.code == "10014"

    @pytest.mark.parametrize("typed, hours", [("", 12), ("2", 2), ("soon", 12)])
    def test_how_long_pictures_last_can_be_told(self, stage: Stage, typed: str, hours: int) -> None:
        told = self.chosen_on(stage, pictures_live_hours=typed)

        ticket = self.prepared(told, self.say("圖", self.pictures(1)))

        assert ticket.expires_at
        assert abs(ticket.expires_at - datetime.now(UTC) - timedelta(hours=hours)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "mid, name", [("3501756485200075", "z0JH2lOMb"), ("10000000", "10000"), ("62", "10")]
)
def test_a_post_is_addressed_by_its_number_in_base_62(mid: str, name: str) -> None:
    assert statuses.base62(mid) == name


def test_a_picture_is_counted_however_it_is_told() -> None:
    told: list[dict[str, Any]] = [
        {"pic_urls": [{}, {}]},
        {"pic_ids": ["a"]},
        {"original_pic": "x"},
        {"pic_urls": []},
    ]
    assert [statuses.pictures(status) for status in told] == [2, 1, 1, 0]
