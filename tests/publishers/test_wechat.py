"""The WeChat adapter on a simulated server: published, broadcast, and left to a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

import publishers
from publishers.errors import RateLimited, Rejected, Stale, Temporary, Unauthorized, Unconfirmed
from publishers.values import Accepted, Content, Quota, Receipt, Ticket
from publishers.wechat_article import markup, plain
from tests.publishers.contract import (
    SPRING,
    AnswersComments,
    ConnectsByForm,
    Core,
    CountsAudience,
    Deletes,
    Finds,
    HoldsKeys,
    Measures,
    Opener,
    Prepares,
    Refreshes,
    Stage,
    connect,
    destination_of,
)
from tests.publishers.files import jpeg, png

wechat = publishers.get("wechat")
DAY = 86_400.0
TITLE = {"title": "春茶", "comments": "all"}


class Wechat(Core):
    publisher = wechat
    needs = TITLE
    tells_reset = False

    def hour_of(self, stage: Stage, days: int, hour: int) -> None:
        """Let it be that hour in Beijing, ``days`` days from today."""
        now = datetime.fromtimestamp(stage.server.control.stats()["now"], ZoneInfo("Asia/Shanghai"))
        at = now.replace(hour=hour, minute=0, second=0, microsecond=0) + timedelta(days=days)
        stage.server.control.clock(advance_seconds=(at - now).total_seconds())

    def rejoined(self, stage: Stage, **extra: Any) -> Stage:
        """The account connected anew, with other traits of its own."""
        account = stage.server.control.account("tea", "Tea", **extra)  # type: ignore[call-arg]
        return Stage(stage.server, destination_of(connect("wechat", account)), account)

    def errors(self, content: Content, stage: Stage) -> list[str]:
        found = wechat.check(content, stage.destination.limits)
        return [problem.code for problem in found if problem.severity == "error"]


class TestPublishing(
    Wechat,
    Prepares,
    Finds,
    Measures,
    CountsAudience,
    ConnectsByForm,
    Refreshes,
    Deletes,
    AnswersComments,
):
    visible_call = "/cgi-bin/freepublish/submit"
    upload_call = "/cgi-bin/media/uploadimg"
    answer_call = "/cgi-bin/comment/reply/add"
    shows_alt = False
    lapses = False
    serves_any_words = False
    counted = {"likes": 3, "replies": 1, "views": 36}
    calls_for = lambda posts: 2 if posts == 2 else 1  # what a day does not have may be in the next one

    def later(self, stage: Stage) -> Stage:
        self.hour_of(stage, 2, 9)
        return self.recovered(stage)

    # -- what it takes to connect

    def test_an_account_that_is_not_verified_gets_drafts_alone(self, stage: Stage) -> None:
        stage = self.rejoined(stage, verified=False)

        assert stage.destination.traits["mode"] == "draft"
        assert wechat.audience(stage.destination).followers is None
        verified = self.rejoined(stage, verified=True)
        found = wechat.discover(replace(stage.destination, credentials=verified.destination.credentials))
        assert found.traits["mode"] == "publish", "what was asked for is remembered"

    def test_an_address_that_is_not_on_the_list_is_named(self, stage: Stage) -> None:
        account = stage.server.control.account("tea", ips=["203.0.113.7"])  # type: ignore[call-arg]

        with pytest.raises(Unauthorized, match=r"invalid ip 127\.0\.0\.1 .*not in whitelist") as caught:
            wechat.connect(account["fields"])

        assert caught.value.evidence.code == "40164" and not caught.value.refreshable

    def test_a_key_of_another_length_is_refused_before_the_network(self, stage: Stage) -> None:
        before = stage.requests()

        with pytest.raises(Rejected) as caught:
            wechat.connect({**stage.account["fields"], "aes_key": "short"})

        assert caught.value.evidence.code == "bad_aes_key"
        assert stage.requests() == before

    def test_all_workers_share_one_token(self, stage: Stage) -> None:
        old = stage.destination.credentials["access_token"]

        assert wechat.refresh(stage.destination)["access_token"] == old

    def test_a_token_that_somebody_forced_out_is_got_again(self, stage: Stage) -> None:
        known = stage.destination.credentials
        form = {"grant_type": "client_credential", "appid": known["app_id"], "secret": known["secret"]}
        httpx.post(f"{stage.server.url}/cgi-bin/stable_token", json={**form, "force_refresh": True})

        with pytest.raises(Unauthorized) as caught:
            wechat.discover(stage.destination)

        assert caught.value.refreshable and caught.value.evidence.code == "40001"
        assert wechat.refresh(stage.destination)["access_token"] != known["access_token"]

    # -- what an article is

    def test_text_becomes_paragraphs_headings_bold_words_and_links_where_wechat_lets_them_be(self) -> None:
        text = "# 春茶 & 夏茶\n\n第一行\n**頭採** 很甜\n\n看 https://mp.weixin.qq.com/s/abc 和 https://example.com/茶"

        html = markup(Content(text, (), "zh", TITLE), [])

        assert "<h2 style=" in html and "春茶 &amp; 夏茶</h2>" in html
        assert "第一行<br><strong>頭採</strong> 很甜</p>" in html
        assert '<a href="https://mp.weixin.qq.com/s/abc">' in html
        assert "example.com" in html and 'href="https://example.com' not in html

    def test_pictures_stand_where_they_are_named_and_the_others_after_the_text(self, stage: Stage) -> None:
        first, second, third = self.pictures(3)

        self.send(stage, self.say("上\n![2]\n下", (first, second, third), cover="3"))

        [post] = stage.posts()
        assert [media["sha256"] for media in post["media"]] == [second.sha256, first.sha256]
        html = post["extra"]["html"]
        assert html.index("上") < html.index("<img") < html.index("下")
        assert post["extra"]["article"]["thumb_media_id"]

    def test_typed_html_is_cleaned_and_its_pictures_are_the_posts_own(self, stage: Stage) -> None:
        typed = (
            '<section class="x" style="color:red;position:fixed" onclick="steal()"><p>春茶<script>steal()</script></p>'
            '<img src="1" alt="葉"><a href="https://evil.example">走</a>'
            '<a href="https://mp.weixin.qq.com/s/a">讀</a></section>'
        )

        self.send(stage, self.say(typed, self.pictures(2)))

        [post] = stage.posts()
        html = post["extra"]["html"]
        assert "steal" not in html and "class=" not in html and "position" not in html and "evil" not in html
        assert "color:red" in html and 'href="https://mp.weixin.qq.com/s/a"' in html
        assert len(post["media"]) == 2 and html.index("葉") < html.index("讀")

    def test_a_picture_from_elsewhere_is_refused_before_the_network(self, stage: Stage) -> None:
        codes = self.errors(self.say('<p>早</p><img src="https://example.com/a.jpg">'), stage)

        assert codes == ["pictures_elsewhere"]

    def test_a_place_for_a_file_that_is_not_there_is_refused(self, stage: Stage) -> None:
        for place in ("![2]", "![0]"):
            assert self.errors(self.say(f"上\n{place}\n下", self.pictures(1)), stage) == ["no_such_file"]
        for cover in ("2", "first"):
            assert self.errors(self.say("早", self.pictures(1), cover=cover), stage) == ["option_not_a_file"]
        assert self.errors(self.say('<p><img src="2"></p>', self.pictures(1)), stage) == [
            "pictures_elsewhere"
        ]

    def test_links_to_other_sites_are_warned_of(self, stage: Stage) -> None:
        def warned(text: str) -> bool:
            found = wechat.check(self.say(text), stage.destination.limits)
            return "links_dead" in {problem.code for problem in found if problem.severity == "warning"}

        assert warned("https://example.com/茶") and not warned("https://mp.weixin.qq.com/s/a")

    def test_the_html_is_what_counts(self, stage: Stage) -> None:
        plain_text, paragraphs = self.say("茶" * 15_000), self.say("茶\n\n" * 5_000)

        assert self.errors(plain_text, stage) == []
        assert self.errors(paragraphs, stage) == ["text_too_long"]

    def test_an_article_needs_a_title_without_markup_and_a_picture(self, stage: Stage) -> None:
        assert self.errors(self.say(title="<b>春茶</b>"), stage) == ["title_markup"]
        assert self.errors(self.say(title="茶" * 33), stage) == ["option_too_long"]
        assert self.errors(Content("早", (), "zh", TITLE), stage) == ["media_required"]

    def test_all_fields_of_an_article_arrive(self, stage: Stage) -> None:
        fields = {"author": "阿茶", "digest": "今年的第一批", "source": "https://example.com/茶"}

        self.send(stage, self.say("早", self.pictures(1), **fields, comments="fans"))

        article = stage.posts()[0]["extra"]["article"]
        assert (article["author"], article["digest"]) == ("阿茶", "今年的第一批")
        assert article["content_source_url"] == "https://example.com/茶"
        assert (article["need_open_comment"], article["only_fans_can_comment"]) == (1, 1)

    def test_a_picture_post_carries_plain_words_and_its_cover_comes_first(self, stage: Stage) -> None:
        one, two = self.pictures(2)

        receipt = self.send(stage, self.say("早 **安**", (one, two), kind="newspic", cover="2"))

        [post] = stage.posts()
        assert post["text"] == "早 安"
        assert [media["sha256"] for media in post["media"]] == [two.sha256, one.sha256]
        assert httpx.get(receipt.url).status_code == 200

    def test_a_picture_post_says_less_and_shows_at_most_twenty(self, stage: Stage) -> None:
        many = tuple(png(self.folder, f"{n}.png") for n in range(21))

        assert self.errors(self.say("茶" * 1001, kind="newspic"), stage) == ["text_too_long"]
        assert self.errors(self.say("早", many, kind="newspic"), stage) == ["too_many_images"]
        assert self.errors(self.say("早", many), stage) == []

    def test_what_a_post_declares_is_said_below_the_text_in_both_forms(self) -> None:
        said = Content("早", (), "zh-Hans", TITLE, frozenset({"ai"}))

        assert plain(said).endswith("【内容由AI生成】")
        assert plain(replace(said, text="<p>早</p>")).endswith("【内容由AI生成】")

    # -- how it goes out

    def test_a_job_is_asked_for_until_it_is_done(self, stage: Stage) -> None:
        stage.server.control.set(publish_seconds=60.0)
        content = self.say(SPRING)
        ticket = self.prepared(stage, content)

        answer = wechat.publish(stage.destination, content, ticket)
        assert isinstance(answer, Accepted)
        assert isinstance(wechat.confirm(stage.destination, answer.handle), Accepted)
        assert stage.posts() == []
        stage.server.control.clock(advance_seconds=61)

        receipt = wechat.confirm(stage.destination, answer.handle)
        assert isinstance(receipt, Receipt) and stage.posts()[0]["id"] == receipt.remote_id

    @pytest.mark.parametrize("status", [2, 3, 4])
    def test_what_the_review_turns_down_is_rejected(self, stage: Stage, status: int) -> None:
        stage.server.control.set(publish_status=status)

        with pytest.raises(Rejected) as caught:
            self.send(stage, self.say("早"))

        assert caught.value.evidence.code == f"publish_status {status}"

    def test_what_was_taken_down_again_is_no_success(self, stage: Stage) -> None:
        content = self.say("早")
        answer = wechat.publish(stage.destination, content, self.prepared(stage, content))
        assert isinstance(answer, Accepted)
        stage.server.control.remove(stage.posts()[0]["id"])

        with pytest.raises(Rejected, match="banned"):
            wechat.confirm(stage.destination, answer.handle)

    def test_while_a_lost_job_is_under_review_nobody_says_that_it_is_not_there(self, stage: Stage) -> None:
        stage.server.control.set(publish_seconds=600.0)
        content = self.say(SPRING)
        ticket = self.prepared(stage, content)
        self.lose_visible(stage, "drop_after")
        with pytest.raises(Unconfirmed):
            wechat.publish(stage.destination, content, ticket)

        with pytest.raises(Temporary):
            wechat.find(stage.destination, content, ticket, ticket.at)

    def test_a_draft_made_after_a_lost_try_proves_nothing(self, stage: Stage) -> None:
        content = self.say(SPRING)
        ticket = self.prepared(stage, content)
        an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
        repeats = wechat.repeats_safely(stage.destination, ticket, ticket.at, ticket.at)

        assert repeats and not wechat.repeats_safely(stage.destination, ticket, an_hour_ago, ticket.at)
        with pytest.raises(Temporary):
            wechat.find(stage.destination, content, ticket, an_hour_ago)

    def test_a_draft_that_was_thrown_away_is_made_again(self, stage: Stage) -> None:
        content = self.say("早")
        ticket = self.prepared(stage, content)
        stage.server.control.drop_draft("tea", ticket.handles["media_id"])  # type: ignore[attr-defined]

        with pytest.raises(Stale):
            wechat.publish(stage.destination, content, ticket)
        self.send(stage, content, self.prepared(stage, content, ticket))

        assert len(stage.posts()) == 1

    def test_a_draft_that_a_person_published_meanwhile_is_the_post(self, stage: Stage) -> None:
        content = self.say("早")
        ticket = self.prepared(stage, content)
        made = stage.server.control.publish_draft("tea", ticket.handles["media_id"])  # type: ignore[attr-defined]

        receipt = wechat.publish(stage.destination, content, ticket)

        assert isinstance(receipt, Receipt) and receipt.remote_id == made["id"]

    @pytest.mark.parametrize("kind", ["status_before", "status_after"])
    def test_a_system_that_is_busy_may_have_published_all_the_same(self, stage: Stage, kind: str) -> None:
        content = self.say("早")
        ticket = self.prepared(stage, content)
        self.lose_visible(stage, kind, status=200)

        with pytest.raises(Unconfirmed) as caught:
            wechat.publish(stage.destination, content, ticket)

        assert caught.value.evidence.code == "-1"
        assert (self.found(stage, content, ticket) is None) is (kind == "status_before")

    def test_a_system_that_is_busy_while_preparing_is_temporary_trouble(self, stage: Stage) -> None:
        stage.server.control.fault("status_before", {"path_prefix": "/cgi-bin/draft/add"}, status=200)

        with pytest.raises(Temporary):
            self.prepared(stage, self.say("早"))

    def test_a_spent_interface_comes_back_at_midnight_in_beijing(self, open_stage: Opener) -> None:
        stage = open_stage(rate_limits=True, daily_calls=1)
        content = self.say("早")
        self.prepared(stage, content)

        with pytest.raises(RateLimited) as caught:
            self.prepared(stage, content)

        assert caught.value.evidence.code == "45009"
        local = caught.value.until.astimezone(ZoneInfo("Asia/Shanghai"))
        assert (local.hour, local.minute) == (0, 0)

    def test_what_was_prepared_for_another_way_of_sending_is_prepared_anew(self, stage: Stage) -> None:
        content = self.say("早", kind="newspic")
        by_broadcast = replace(stage.destination, traits={**stage.destination.traits, "mode": "mass"})
        now = datetime.now(UTC)
        ticket = wechat.prepare(by_broadcast, content, self.ticket(), now)

        with pytest.raises(Stale):
            wechat.publish(stage.destination, content, ticket)

    def test_a_right_that_was_lost_is_the_channels_trouble_only_where_it_publishes(
        self, stage: Stage
    ) -> None:
        content = self.say("早")
        receipt, ticket = self.send(stage, content), self.prepared(stage, content)
        stage.server.control.account("tea", verified=False)  # type: ignore[call-arg]

        with pytest.raises(Unauthorized) as caught:
            wechat.publish(stage.destination, content, ticket)
        assert caught.value.evidence.code == "48001" and not caught.value.refreshable
        with pytest.raises(Rejected):
            wechat.delete(stage.destination, receipt.remote_id)
        assert wechat.measure(stage.destination, [receipt.remote_id]) == {}

    def test_materials_name_words_and_fields(self) -> None:
        plain_post = self.say("早")

        assert wechat.materials(plain_post) == wechat.materials(self.say("早"))
        for other in (self.say("晚"), self.say("早", author="阿茶")):
            assert wechat.materials(other) != wechat.materials(plain_post)
        declared = replace(plain_post, declares=frozenset({"ad"}))
        assert wechat.materials(declared) != wechat.materials(plain_post)

    # -- what came of it

    def test_numbers_of_today_are_a_gap(self, stage: Stage) -> None:
        receipt = self.send(stage, self.say("早"))

        assert wechat.measure(stage.destination, [receipt.remote_id]) == {}
        self.hour_of(stage, 1, 7)
        fresh = self.recovered(stage)
        assert wechat.measure(fresh.destination, [receipt.remote_id]) == {}, "not before eight"
        self.hour_of(stage, 1, 9)
        assert set(wechat.measure(self.recovered(fresh).destination, [receipt.remote_id])) == {
            receipt.remote_id
        }

    def test_numbers_of_what_came_out_after_midnight_are_found(self, stage: Stage) -> None:
        receipt = self.send(stage, self.say("早"))
        name, number, index, day = receipt.remote_id.split()
        before = f"{name} {number} {index} {datetime.fromisoformat(day).date() - timedelta(days=1)}"

        numbers = wechat.measure(self.later(stage).destination, [before])

        assert set(numbers) == {before}

    def test_the_old_interfaces_of_numbers_are_retired(self, stage: Stage) -> None:
        token = stage.destination.credentials["access_token"]

        told = httpx.post(f"{stage.server.url}/datacube/getarticletotal?access_token={token}", json={}).json()

        assert told["errcode"] == 47009

    def test_closed_comments_do_not_disconnect_the_channel(self, stage: Stage) -> None:
        receipt = self.send(stage, self.say("早", comments=""))

        with pytest.raises(Rejected) as caught:
            wechat.comments(stage.destination, receipt.remote_id)

        assert caught.value.evidence.code == "88000"

    def test_an_answer_is_told_as_one_of_the_account(self, stage: Stage) -> None:
        receipt = self.send(stage, self.say("早"))
        stage.server.control.reply(receipt.remote_id, "哪裡買？", by="mei")
        [asked] = wechat.comments(stage.destination, receipt.remote_id)

        made = wechat.answer(stage.destination, receipt.remote_id, asked.remote_id, "門市就有。")

        [answer] = [c for c in wechat.comments(stage.destination, receipt.remote_id) if c.parent]
        assert (answer.remote_id, answer.parent, answer.author) == (made, asked.remote_id, "Tea")

    def test_what_is_known_to_be_another_post_is_not_found(self, stage: Stage) -> None:
        """Nor is it surely not there: its draft is gone."""
        content = self.say(SPRING)
        ticket = self.prepared(stage, content)
        receipt = self.send(stage, content, ticket)
        known = replace(ticket, others=frozenset({receipt.remote_id}))

        with pytest.raises(Temporary):
            wechat.find(stage.destination, content, known, known.at)

    # -- left to a person

    def handed_over(self, open_stage: Opener) -> tuple[Stage, Ticket, Accepted]:
        stage = open_stage(mode="draft")
        content = self.say(SPRING)
        ticket = self.prepared(stage, content)
        answer = wechat.publish(stage.destination, content, ticket)
        assert isinstance(answer, Accepted)
        return stage, ticket, answer

    def test_a_draft_waits_for_a_person_and_is_looked_for_ever_more_rarely(self, open_stage: Opener) -> None:
        stage, ticket, answer = self.handed_over(open_stage)

        again = wechat.confirm(stage.destination, answer.handle)

        assert list(stage.server.control.drafts("tea")) == [ticket.handles["media_id"]]  # type: ignore[attr-defined]
        assert isinstance(again, Accepted) and again.look_after and again.look_after > datetime.now(UTC)
        a_day_ago = datetime.now(UTC) - timedelta(days=1)
        old = wechat.confirm(stage.destination, {**answer.handle, "at": a_day_ago.isoformat()})
        assert isinstance(old, Accepted) and old.look_after
        assert old.look_after > datetime.now(UTC) + timedelta(hours=23)

    def test_what_a_person_published_is_found_by_its_title(self, open_stage: Opener) -> None:
        stage, ticket, answer = self.handed_over(open_stage)
        made = stage.server.control.publish_draft("tea", ticket.handles["media_id"])  # type: ignore[attr-defined]

        receipt = wechat.confirm(stage.destination, answer.handle)

        assert isinstance(receipt, Receipt) and receipt.remote_id == made["id"]
        assert httpx.get(receipt.url).status_code == 200

    def test_what_went_out_under_another_title_is_a_question_to_a_person(self, open_stage: Opener) -> None:
        stage, ticket, answer = self.handed_over(open_stage)
        stage.server.control.publish_draft("tea", ticket.handles["media_id"], title="改過的標題")  # type: ignore[attr-defined]

        assert isinstance(wechat.confirm(stage.destination, answer.handle), Accepted)

    def test_an_account_that_may_not_look_never_claims_to_have_seen_it(self, open_stage: Opener) -> None:
        stage, ticket, answer = self.handed_over(open_stage)
        stage.server.control.publish_draft("tea", ticket.handles["media_id"])  # type: ignore[attr-defined]
        unverified = self.rejoined(stage, verified=False)

        assert isinstance(wechat.confirm(unverified.destination, answer.handle), Accepted)


class TestBroadcasting(Wechat, HoldsKeys):
    """群发: the address of a broadcast is told to nobody, and its numbers by another name after a lost answer."""

    visible_call = "/cgi-bin/message/mass/sendall"
    settings = {"mode": "mass", "retry_wait": 0.0}

    def test_text_is_published_and_its_address_shows_it(self, stage: Stage) -> None:
        content = self.say(SPRING)

        receipt = self.send(stage, content)

        assert [(post["text"], post["id"]) for post in stage.posts()] == [(SPRING, receipt.remote_id)]
        assert receipt.remote_id.startswith("mass:") and receipt.url == ""

    def test_the_same_ticket_sent_twice_makes_one_post(self, stage: Stage) -> None:
        content = self.say(SPRING)
        ticket = self.prepared(stage, content)

        first, second = self.send(stage, content, ticket), self.send(stage, content, ticket)

        assert first.remote_id.split()[0] == second.remote_id.split()[0]
        assert len(stage.posts()) == 1

    def test_repeating_under_the_key_after_a_lost_answer_is_safe(self, stage: Stage) -> None:
        content = self.say(SPRING)
        ticket = self.prepared(stage, content)
        self.lose_visible(stage, "drop_after")
        with pytest.raises(Unconfirmed):
            self.send(stage, content, ticket)

        assert wechat.find(stage.destination, content, ticket, ticket.at) is None
        assert wechat.repeats_safely(stage.destination, ticket, ticket.at, ticket.at)
        receipt = self.send(stage, content, ticket)

        [post] = stage.posts()
        assert post["id"].split()[0] == receipt.remote_id.split()[0]

    @pytest.mark.parametrize("kind", ["drop_before", "drop_after", "garbage", "truncate"])
    def test_a_lost_answer_of_the_visible_call_is_unconfirmed_and_never_becomes_two_posts(
        self, stage: Stage, kind: str
    ) -> None:
        content = self.say(SPRING)
        ticket = self.prepared(stage, content)
        self.lose_visible(stage, kind)

        with pytest.raises(Unconfirmed):
            wechat.publish(stage.destination, content, ticket)
        self.send(stage, content, ticket)

        assert [post["text"] for post in stage.posts()] == [SPRING]

    def test_a_draft_made_anew_goes_out_under_the_same_key_and_so_not_twice(self, stage: Stage) -> None:
        content = self.say(SPRING)
        ticket = self.prepared(stage, content)
        self.send(stage, content, ticket)

        self.send(stage, content, self.prepared(stage, content, ticket))

        assert len(stage.posts()) == 1

    def test_once_the_key_is_forgotten_nobody_says_that_it_was_not_sent(self, stage: Stage) -> None:
        ticket = self.prepared(stage, self.say("早"))

        with pytest.raises(Temporary):
            wechat.find(stage.destination, self.say("早"), ticket, datetime.now(UTC) - timedelta(hours=24))

    def test_a_repeat_that_comes_too_soon_waits_a_minute(self, open_stage: Opener) -> None:
        stage = open_stage(retry_wait=60.0)
        content = self.say("早")
        ticket = self.prepared(stage, content)
        self.send(stage, content, ticket)

        with pytest.raises(RateLimited) as caught:
            self.send(stage, content, ticket)

        assert caught.value.evidence.code == "45066"
        assert caught.value.until <= datetime.now(UTC) + timedelta(minutes=1)

    def test_pictures_are_broadcast_without_a_draft(self, stage: Stage) -> None:
        content = self.say("早", (jpeg(self.folder), png(self.folder)), kind="newspic")

        self.send(stage, content)

        [post] = stage.posts()
        assert post["text"] == "早" and post["media_count"] == 2
        assert stage.server.control.drafts("tea") == {}  # type: ignore[attr-defined]

    def test_a_tag_narrows_who_gets_it(self, stage: Stage) -> None:
        self.send(stage, self.say("早", tag="2"))

        assert stage.posts()[0]["extra"]["to"] == {"is_to_all": False, "tag_id": 2}
        assert "tag" in {option.name for option in wechat.options_of(stage.destination.traits)}
        assert "tag" not in {option.name for option in wechat.options_of({"mode": "publish"})}

    @pytest.mark.parametrize(
        ("kind", "quota"),
        [("subscription", Quota(1, "day", "Asia/Shanghai")), ("service", Quota(4, "month", "Asia/Shanghai"))],
    )
    def test_broadcasts_are_counted_by_the_kind_of_account(
        self, open_stage: Opener, kind: str, quota: Quota
    ) -> None:
        stage = open_stage(account=kind, rate_limits=True)
        assert wechat.pace_of(stage.destination.traits).quotas == (quota,)
        for n in range(quota.limit):
            self.send(stage, self.say(f"第 {n} 次"))

        with pytest.raises(RateLimited) as caught:
            self.send(stage, self.say("再一次"))

        assert caught.value.evidence.code == "45028"
        assert caught.value.until == quota.closes(datetime.now(UTC))

    def test_what_wechat_did_not_send_is_rejected(self, stage: Stage) -> None:
        stage.server.control.set(publish_status=3)

        with pytest.raises(Rejected, match="did not send"):
            self.send(stage, self.say("早"))

    def test_a_broadcast_is_taken_down(self, stage: Stage) -> None:
        receipt = self.send(stage, self.say("早"))

        wechat.delete(stage.destination, receipt.remote_id)
        wechat.delete(stage.destination, receipt.remote_id)

        assert stage.posts() == []

    def test_comments_of_a_broadcast_whose_answer_was_lost_cannot_be_read(self, stage: Stage) -> None:
        with pytest.raises(Rejected) as caught:
            wechat.comments(stage.destination, "mass:1000 - 1 2026-11-28")

        assert caught.value.evidence.code == "no_msg_data_id"
