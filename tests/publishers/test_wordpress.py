"""The WordPress adapter on a simulated site; ``test_wordpress_server`` has the same on a real one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

import publishers
from publishers.errors import Rejected, Stale, Temporary, Unauthorized, Unconfirmed
from publishers.wordpress_html import edited, paragraphs
from tests.publishers.contract import (
    AnswersComments,
    ConnectsByForm,
    Deletes,
    Edits,
    Finds,
    HoldsKeys,
    Measures,
    Opener,
    Prepares,
    Stage,
    TakesVideo,
)
from tests.publishers.files import jpeg, mp4

wordpress = publishers.get("wordpress")
POSTS = "/wp-json/wp/v2/posts"


class TestWordPress(
    Prepares, TakesVideo, Finds, HoldsKeys, Measures, ConnectsByForm, Deletes, Edits, AnswersComments
):
    publisher = wordpress
    visible_call = f"{POSTS}/"
    upload_call = "/wp-json/wp/v2/media"
    answer_call = "/wp-json/wp/v2/comments"
    needs = {"title": "春茶"}
    lapses = False
    serves_any_words = False
    counted = {"replies": 1}
    calls_for = lambda posts: 2 if posts == 2 else 1 + posts  # of two, one is gone

    def test_what_is_prepared_is_a_draft_and_repeating_makes_no_second(self, stage: Stage) -> None:
        content, ticket = self.say("早"), self.ticket()

        first, second = self.prepared(stage, content, ticket), self.prepared(stage, content, ticket)

        assert first.handles["post"] == second.handles["post"]
        assert stage.server.control.stats()["records"] == 1
        assert stage.posts() == []

    def test_a_draft_whose_answer_was_lost_is_found_again(self, stage: Stage) -> None:
        content, ticket = self.say("早"), self.ticket()
        self.lose(stage, "drop_after", POSTS)
        with pytest.raises(Temporary):
            self.prepared(stage, content, ticket)

        self.send(stage, content, self.prepared(stage, content, ticket))

        assert len(stage.posts()) == stage.server.control.stats()["records"] == 1

    def test_preparing_again_what_is_out_already_changes_nothing(self, stage: Stage) -> None:
        content, ticket = self.say("早"), self.ticket()
        self.lose_visible(stage, "drop_after")
        with pytest.raises(Unconfirmed):
            self.send(stage, content, self.prepared(stage, content, ticket))

        again = self.prepared(stage, content, ticket)

        assert len(stage.posts()) == 1
        assert self.send(stage, content, again).remote_id == stage.posts()[0]["id"]

    def test_a_draft_that_somebody_threw_away_is_prepared_again(self, stage: Stage) -> None:
        content = self.say("早")
        ticket = self.prepared(stage, content)
        wordpress.delete(stage.destination, str(ticket.handles["post"]))

        with pytest.raises(Stale):
            self.send(stage, content, ticket)
        self.send(stage, content, self.prepared(stage, content, ticket))

        assert len(stage.posts()) == 1

    def test_the_address_ends_with_the_key_and_begins_as_was_asked(self, stage: Stage) -> None:
        plain, asked = self.ticket(), self.ticket()

        first = self.send(stage, self.say("一"), self.prepared(stage, self.say("一"), plain))
        content = self.say("二", slug="spring-tea")
        second = self.send(stage, content, self.prepared(stage, content, asked))

        assert first.url.endswith(f"/{plain.key}/")
        assert second.url.endswith(f"/spring-tea-{asked.key}/")
        assert self.found(stage, content, asked) == second

    def test_title_excerpt_terms_and_comments_are_as_was_asked(self, stage: Stage) -> None:
        options = {"excerpt": "一句話", "categories": "uncategorized", "tags": "茶，#新品"}

        for number in range(2):
            self.send(stage, self.say(f"第 {number} 篇", no_comments="1", **options))

        first, second = (post["extra"] for post in stage.posts())
        assert (first["title"], first["excerpt"], first["comment_status"]) == ("春茶", "一句話", "closed")
        assert first["categories"] == [1]
        assert len(first["tags"]) == 2 and first["tags"] == second["tags"]

    def test_a_category_that_is_not_there_is_told_and_not_made(self, stage: Stage) -> None:
        with pytest.raises(Rejected) as caught:
            self.send(stage, self.say("早", categories="新品"))

        assert caught.value.evidence.code == "category_unknown"
        assert "新品" in caught.value.message

    def test_a_featured_image_stands_above_the_post_and_not_in_it(self, stage: Stage) -> None:
        pictures = self.pictures(2)

        self.send(stage, self.say("圖", pictures, featured="2"))

        [post] = stage.posts()
        assert [media["sha256"] for media in post["media"]] == [pictures[1].sha256, pictures[0].sha256]
        assert post["extra"]["raw"].count("<img ") == 1

    @pytest.mark.parametrize(
        ("options", "code"), [({"slug": "春茶"}, "slug_form"), ({"featured": "1"}, "featured_no_picture")]
    )
    def test_options_that_can_not_be_are_refused_before_the_network(
        self, stage: Stage, options: dict[str, str], code: str
    ) -> None:
        before = stage.requests()

        with pytest.raises(Rejected) as caught:
            self.prepared(stage, self.say("早", (mp4(self.folder),), **options))

        assert caught.value.evidence.code == code
        assert stage.requests() == before

    def test_an_edit_leaves_the_pictures(self, stage: Stage) -> None:
        content = self.say("錯字", self.pictures(2))
        receipt = self.send(stage, content)

        wordpress.edit(stage.destination, receipt.remote_id, replace(content, text="沒有錯字"))

        [post] = stage.posts()
        assert (post["text"], post["media_count"]) == ("沒有錯字", 2)

    def test_a_site_without_pretty_addresses_works_too(self, open_stage: Opener) -> None:
        stage = open_stage(rest="/?rest_route=")

        receipt = self.send(stage, self.say("早", (jpeg(self.folder),)))

        assert stage.destination.traits["rest"] == "/?rest_route="
        assert set(wordpress.measure(stage.destination, [receipt.remote_id])) == {receipt.remote_id}
        wordpress.delete(stage.destination, receipt.remote_id)
        assert stage.posts() == []

    def test_a_site_whose_api_was_switched_off_is_told(self, stage: Stage) -> None:
        content = self.say("早")
        ticket = self.prepared(stage, content)
        stage.server.control.set(rest="")

        with pytest.raises(Unauthorized) as held:
            self.send(stage, content, ticket)
        with pytest.raises(Rejected) as refused:
            wordpress.connect(stage.account["fields"])

        assert "REST API" in held.value.message and held.value.evidence.code == "rest_no_route"
        assert refused.value.evidence.code == "no_rest"

    def test_what_is_no_wordpress_is_told_when_connecting(self, stage: Stage) -> None:
        other = {**stage.account["fields"], "site": self.files.url}

        with pytest.raises(Rejected) as caught:
            wordpress.connect(other)

        assert caught.value.evidence.code == "no_rest"

    def test_a_page_of_a_firewall_is_temporary_trouble_and_named(self, stage: Stage) -> None:
        content = self.say("早")
        ticket = self.prepared(stage, content)
        self.lose_visible(stage, "html_error", status=403)

        with pytest.raises(Temporary) as caught:
            self.send(stage, content, ticket)

        assert "firewall" in caught.value.message

    def test_who_may_only_write_drafts_is_not_connected_and_later_held(self, stage: Stage) -> None:
        content = self.say("早")
        ticket = self.prepared(stage, content)
        stage.server.control.account("tea", role="contributor")  # type: ignore[call-arg]

        with pytest.raises(Rejected) as refused:
            wordpress.connect(stage.account["fields"])
        with pytest.raises(Unauthorized) as held:
            self.send(stage, content, ticket)

        assert refused.value.evidence.code == "no_publish"
        assert held.value.evidence.code == "rest_cannot_publish"

    def test_closed_comments_are_the_posts_trouble_and_not_the_channels(self, stage: Stage) -> None:
        receipt = self.send(stage, self.say("早", no_comments="1"))

        with pytest.raises(Rejected) as caught:
            wordpress.answer(stage.destination, receipt.remote_id, "1", "謝謝")

        assert caught.value.evidence.code == "rest_comment_closed"

    def test_an_answer_belongs_below_its_comment(self, stage: Stage) -> None:
        receipt = self.send(stage, self.say("早"))
        asked = stage.server.control.reply(receipt.remote_id, "哪裡買？", by="mei")

        made = wordpress.answer(stage.destination, receipt.remote_id, asked["id"], "門市 <就有>。")

        reply, first = wordpress.comments(stage.destination, receipt.remote_id)
        assert (reply.remote_id, reply.parent, reply.text) == (made, asked["id"], "門市 <就有>。")
        assert first.parent == ""

    def test_an_author_knows_how_many_posts_there_are(self, stage: Stage) -> None:
        self.send(stage, self.say("早"))

        assert wordpress.audience(stage.destination).posts == 1

    def test_a_site_in_a_folder_keeps_it(self, stage: Stage) -> None:
        with pytest.raises(Rejected):
            wordpress.connect({**stage.account["fields"], "site": f"{stage.server.url}/blog/wp-admin/"})

        asked = [row["path"] for row in stage.server.control.requests()][-2:]
        assert asked == ["/blog/wp-json/", "/blog/?rest_route=/"]

    def test_markup_in_a_text_is_shown_and_not_obeyed(self, stage: Stage) -> None:
        said = "<b>粗</b> & [gallery]\n下一行\n\n新的一段 https://example.com/?a=1&b=2"

        receipt = self.send(stage, self.say(said))

        [post] = stage.posts()
        assert post["text"] == said
        assert "[gallery]" not in post["extra"]["raw"]
        assert "<b>粗" not in httpx.get(receipt.url).text


def test_paragraphs_are_blocks_and_links_can_be_followed() -> None:
    first, second = paragraphs("一\n二\n\n三 https://example.com/").strip().split("\n\n")

    assert first == "<!-- wp:paragraph -->\n<p>一<br>二</p>\n<!-- /wp:paragraph -->"
    assert '<a href="https://example.com/">https://example.com/</a>' in second
    assert paragraphs("") == ""


def test_an_edit_of_a_post_without_files_is_all_new() -> None:
    assert edited("新", paragraphs("舊")) == paragraphs("新")


def test_a_key_is_never_a_mere_number() -> None:
    keys = {wordpress.new_key(datetime.now(UTC)) for _ in range(200)}

    assert len(keys) == 200
    assert not any(key.isdecimal() for key in keys)
