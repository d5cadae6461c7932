"""Writing a post: checked while one types, saved once, and never lost."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from calendar_app import content, deliveries
from calendar_app.extensions import db
from calendar_app.models import Asset, Channel, Label, Post, Stage, State, User
from calendar_app.web import composer_form
from publishers.values import Receipt
from tests.people import NOW, ZONE, Cast, a_channel, a_post, a_viewer, an_approved_post, log_in
from tests.web.browser import Browser

NEW = "/w/tea/posts/new"
CHECK = "/w/tea/posts/check"


@pytest.fixture
def ana(app: Flask, cast: Cast) -> Browser:
    return client_of(app, cast.ana)


@pytest.fixture
def mastodon(app: Flask, cast: Cast) -> int:
    with app.app_context():
        return a_channel(cast.tea, "mastodon", handle="@tea@green.example").id


@pytest.fixture
def bluesky(app: Flask, cast: Cast) -> int:
    with app.app_context():
        return a_channel(cast.tea, "bluesky", handle="tea.example").id


def client_of(app: Flask, user: User) -> Browser:
    client = app.test_client()
    log_in(client, user)
    assert isinstance(client, Browser)
    return client


def typed(*channels: int, **changes: Any) -> dict[str, Any]:
    """What a browser posts for a text on ``channels`` an hour after NOW."""
    fields = {
        "text": "Spring tea is here.",
        "channel": [str(each) for each in channels],
        "date": "2030-03-04",
        "time": "11:00",
        "zone": ZONE,
        "grace": "30",
        "language": "en",
        "form_key": str(uuid4()),
        "revision": "0",
    }
    return fields | changes


def of_post(app: Flask, post_id: int, **changes: Any) -> dict[str, Any]:
    """What a browser posts when a saved post was opened and ``changes`` were typed."""
    with app.app_context():
        pairs = MultiDict(composer_form.from_post(db.session.get_one(Post, post_id)).pairs())
        return dict(pairs.lists()) | changes


def saved_posts(app: Flask) -> list[Post]:
    with app.app_context():
        posts = db.session.scalars(select(Post).order_by(Post.id)).all()
        for post in posts:
            for variant in post.variants:
                _loaded = variant.own_attachments, variant.channel
            _loaded_too = post.attachments, post.labels, post.approvals
        db.session.expunge_all()
        return list(posts)


def an_asset(app: Flask, workspace_id: int, name: str = "leaf.jpg", **facts: Any) -> int:
    """A row as an upload leaves it; nobody looks at its bytes here."""
    values = {"kind": "image", "mime": "image/jpeg", "size": 1000, "width": 800, "height": 600} | facts
    with app.app_context():
        asset = Asset(
            workspace_id=workspace_id, sha256=uuid4().hex * 2, codecs=[], name=name, uploaded_at=NOW, **values
        )
        db.session.add(asset)
        db.session.commit()
        return asset.id


def text_of(page: str) -> str:
    """What a reader sees of a page, in one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


# Writing


def test_a_click_on_a_day_opens_the_form_at_that_time_in_the_workspace_s_zone(ana: Browser) -> None:
    page = ana.get(f"{NEW}?date=2030-05-06T14:30").text
    assert 'value="2030-05-06"' in page and 'value="14:30"' in page and f'value="{ZONE}"' in page


def test_a_click_in_the_reader_s_zone_is_told_on_the_workspace_s_clock(ana: Browser) -> None:
    page = ana.get(NEW, query_string={"date": "2030-05-06T20:30", "zone": "Europe/Berlin"}).text
    assert 'value="2030-05-07"' in page and 'value="02:30"' in page and f'value="{ZONE}"' in page


def test_a_click_on_a_time_that_does_not_exist_is_asked_about(ana: Browser) -> None:
    page = ana.get(NEW, query_string={"date": "2030-03-31T02:30", "zone": "Europe/Berlin"}).text
    assert "does not exist in Europe/Berlin" in page and 'value="02:30"' in page


def test_a_day_without_a_time_opens_in_the_morning(ana: Browser) -> None:
    assert 'value="09:00"' in ana.get(f"{NEW}?date=2030-05-06").text


def test_a_date_that_makes_no_sense_still_opens_the_form(ana: Browser) -> None:
    for date in ("", "yesterday", "2030-13-45T99:99", "9999-12-31T23:59:59-14:00", "0001-01-01"):
        assert ana.get(NEW, query_string={"date": date}).status_code == 200, date


def test_the_only_channel_is_chosen_already(ana: Browser, mastodon: int) -> None:
    assert re.search(rf'value="{mastodon}" data-channel="{mastodon}"[^>]*checked', ana.get(NEW).text)


def test_before_the_first_post_none_of_several_channels_is_chosen(
    ana: Browser, mastodon: int, bluesky: int
) -> None:
    assert not re.search(r'data-channel="\d+"[^>]*checked', ana.get(NEW).text)


def test_the_next_post_starts_on_the_channels_of_the_last_one(
    ana: Browser, mastodon: int, bluesky: int
) -> None:
    ana.post(NEW, data=typed(mastodon, bluesky))
    ana.post(NEW, data=typed(bluesky))
    assert re.findall(r'data-channel="(\d+)"[^>]*checked', ana.get(NEW).text) == [str(bluesky)]


def test_an_empty_page_is_not_told_off(ana: Browser, mastodon: int) -> None:
    assert 'class="problem ' not in ana.get(NEW).text


def test_an_empty_text_on_one_channel_is_a_problem(ana: Browser, mastodon: int, bluesky: int) -> None:
    form = typed(mastodon, bluesky) | {f"v{bluesky}-own_text": "1", f"v{bluesky}-text": ""}
    assert ana.post(CHECK, data=form).text.count('class="problem danger"') == 1


def test_a_saved_post_keeps_all_that_was_typed(
    app: Flask, cast: Cast, ana: Browser, mastodon: int, bluesky: int
) -> None:
    leaf, cup = an_asset(app, cast.tea.id, "leaf.jpg"), an_asset(app, cast.tea.id, "cup.jpg")
    with app.app_context():
        label = Label(workspace_id=cast.tea.id, name="Spring")
        db.session.add(label)
        db.session.commit()
        label_id = label.id
    form = typed(mastodon, bluesky, media_id=[cup, leaf], media_alt=["A cup", "A leaf"], label=[label_id])
    form |= {f"v{bluesky}-own_text": "1", f"v{bluesky}-text": "Shorter.\r\nMuch."}
    form |= {f"v{bluesky}-own_media": "1", f"v{bluesky}-media_id": [leaf], f"v{bluesky}-media_alt": ["Leaf"]}
    form |= {f"v{mastodon}-opt-visibility": "unlisted", f"v{mastodon}-opt-spoiler_text": "tea"}
    answer = ana.post(NEW, data=form | {"owner": cast.bo.id, "grace": "60"})
    (post,) = saved_posts(app)
    assert answer.location == f"/w/tea/posts/{post.id}"
    assert (post.text, post.language, post.grace_minutes, post.owner_id) == (
        form["text"],
        "en",
        60,
        cast.bo.id,
    )
    assert (post.author_id, post.stage, post.revision) == (cast.ana.id, Stage.DRAFT, 1)
    assert post.due_at == NOW + timedelta(hours=1)
    assert [(a.asset_id, a.alt) for a in post.attachments] == [(cup, "A cup"), (leaf, "A leaf")]
    assert [label.name for label in post.labels] == ["Spring"]
    own = {variant.channel_id: variant for variant in post.variants}
    assert own[bluesky].text == "Shorter.\nMuch."
    assert [(a.asset_id, a.alt) for a in own[bluesky].own_attachments] == [(leaf, "Leaf")]
    assert (own[mastodon].text, own[mastodon].own_media) == (None, False)
    assert own[mastodon].options == {"visibility": "unlisted", "spoiler_text": "tea"}


def test_words_of_a_tab_that_is_the_same_as_all_are_not_said(app: Flask, ana: Browser, mastodon: int) -> None:
    ana.post(NEW, data=typed(mastodon, **{f"v{mastodon}-own_text": "0", f"v{mastodon}-text": "Not this."}))
    assert saved_posts(app)[0].variants[0].text is None


def test_save_and_submit_asks_for_approval(app: Flask, ana: Browser, mastodon: int) -> None:
    ana.post(NEW, data=typed(mastodon, action="submit"))
    (post,) = saved_posts(app)
    assert post.stage == Stage.SUBMITTED and len(post.approvals) == 1


def test_the_form_of_a_saved_post_posts_back_the_very_same_post(
    app: Flask, cast: Cast, ana: Browser, mastodon: int, bluesky: int
) -> None:
    leaf = an_asset(app, cast.tea.id)
    own = {f"v{bluesky}-own_text": "1", f"v{bluesky}-text": "\nBegins with an empty line"}
    ana.post(NEW, data=typed(mastodon, bluesky, media_id=[leaf], media_alt=["A leaf"], **own))
    (before,) = saved_posts(app)
    ana.post(f"/w/tea/posts/{before.id}/edit", data=of_post(app, before.id))
    (after,) = saved_posts(app)
    assert after.revision == 1 and after.variants[-1].text == "\nBegins with an empty line"


# Checked while one types


def test_each_channel_counts_as_its_platform_counts(ana: Browser, mastodon: int, bluesky: int) -> None:
    link = "https://tea.example/a/very/long/path/to/the/first/harvest"
    page = ana.post(CHECK, data=typed(mastodon, bluesky, text=f"茶🍵 {link}")).text
    assert f"{3 + 23} / 500" in text_of(page)
    assert f"{3 + len(link)} / 300" in text_of(page)


def test_the_preview_shows_each_channel_s_own_words_and_files(
    app: Flask, cast: Cast, ana: Browser, mastodon: int, bluesky: int
) -> None:
    leaf = an_asset(app, cast.tea.id)
    own = {f"v{bluesky}-own_text": "1", f"v{bluesky}-text": "Only here #tea"}
    own |= {f"v{bluesky}-own_media": "1", f"v{bluesky}-media_id": [leaf], f"v{bluesky}-media_alt": ["A leaf"]}
    page = ana.post(CHECK, data=typed(mastodon, bluesky, **own)).text
    first, second = re.findall(r"<article.*?</article>", page, re.DOTALL)
    assert "Only here" in first and '<span class="preview-tag">#tea</span>' in first
    assert f"/files/{leaf}/thumb" in first and "ALT" in first
    assert "Spring tea is here." in second and f"/files/{leaf}/thumb" not in second


def test_what_is_previewed_is_what_would_be_sent(app: Flask, ana: Browser, mastodon: int) -> None:
    ana.post(NEW, data=typed(mastodon, text="See https://tea.example #tea @a@b.example"))
    shown = ana.post(CHECK, data=typed(mastodon, text="See https://tea.example #tea @a@b.example")).text
    with app.app_context():
        words = content.wording(db.session.scalars(select(Post)).one().variants[0])
        sent = content.to_send(words).text
    article = re.search(r'preview-text"[^>]*>(.*?)</p>', shown, re.DOTALL)
    assert article and unescape(re.sub(r"<[^>]+>", "", article[1])) == sent


def test_too_long_a_text_is_told_while_one_types(ana: Browser, bluesky: int) -> None:
    page = ana.post(CHECK, data=typed(bluesky, text="x" * 312)).text
    assert "The text is too long by 12: it counts 312 here, and 300 is the most." in text_of(page)
    assert 'class="counter over"' in page


def test_a_screen_reader_hears_of_a_counter_only_near_its_limit(ana: Browser, bluesky: int) -> None:
    near = ana.post(CHECK, data=typed(bluesky, text="x" * 290)).text
    far = ana.post(CHECK, data=typed(bluesky, text="x" * 100)).text
    assert "tea.example: 290 of 300 characters." in near and "tea.example: 100 of 300 characters" not in far


def test_a_check_saves_nothing(app: Flask, ana: Browser, mastodon: int) -> None:
    ana.post(CHECK, data=typed(mastodon))
    assert saved_posts(app) == []


def test_a_reader_in_another_zone_sees_their_own_time(app: Flask, cast: Cast, ana: Browser) -> None:
    with app.app_context():
        db.session.get_one(User, cast.ana.id).zone = "Europe/Berlin"
        db.session.commit()
    assert "4:00" in text_of(ana.post(CHECK, data=typed()).text).replace("\u202f", " ")
    assert "in your time" in ana.post(CHECK, data=typed()).text
    assert "in your time" not in ana.post(CHECK, data=typed(zone="Europe/Berlin")).text


# Bad input: told clearly, nothing lost


def refused(client: Browser, form: dict[str, Any], path: str = NEW) -> str:
    """Post a form that can't be taken; the page that comes back still holds the words."""
    answer = client.post(path, data=form)
    assert answer.status_code == 422, answer.status
    assert form["text"] in unescape(answer.text)
    return text_of(answer.text)


def test_a_past_time_is_refused(app: Flask, ana: Browser, mastodon: int) -> None:
    page = refused(ana, typed(mastodon, date="2020-01-02"))
    assert "This time has passed. Choose a later one." in page and saved_posts(app) == []


def test_a_time_that_the_clocks_skip_is_asked_about(app: Flask, ana: Browser, mastodon: int) -> None:
    gap = {"date": "2030-03-31", "time": "02:30", "zone": "Europe/Berlin"}
    answer = ana.post(NEW, data=typed(mastodon, **gap))
    assert answer.status_code == 422 and "does not exist in Europe/Berlin" in answer.text
    assert 'data-wall="2030-03-31T01:59"' in answer.text and 'data-wall="2030-03-31T03:00"' in answer.text
    assert saved_posts(app) == []


def test_a_time_that_comes_twice_is_asked_about_and_the_answer_kept(
    app: Flask, ana: Browser, mastodon: int
) -> None:
    twice = {"date": "2030-10-27", "time": "02:30", "zone": "Europe/Berlin"}
    question = ana.post(NEW, data=typed(mastodon, **twice))
    assert question.status_code == 422 and question.text.count('name="fold"') == 2
    ana.post(NEW, data=typed(mastodon, **twice, fold="1"))
    (post,) = saved_posts(app)
    assert post.due_at == datetime(2030, 10, 27, 1, 30, tzinfo=UTC) and post.fold == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"date": "soon"}, "Choose a date and a time."),
        ({"time": ""}, "Choose a date and a time."),
        ({"date": "9999-12-31"}, "Choose a date and a time."),
        ({"zone": "Mars/Olympus"}, "There is no such time zone. Choose one from the list."),
        ({"zone": "../../etc/passwd"}, "There is no such time zone. Choose one from the list."),
        ({"grace": "0"}, "Choose how late it may go out, between a minute and a week."),
        ({"grace": "²"}, "Choose how late it may go out, between a minute and a week."),
        ({"language": "x'; --"}, "Choose a language from the list."),
        ({"channel": "999999"}, "A channel, file or label of this post is gone."),
        ({"channel": "abc"}, "A channel, file or label of this post is gone."),
        ({"media_id": "99999999999999999999"}, "A channel, file or label of this post is gone."),
        ({"label": "-1"}, "A channel, file or label of this post is gone."),
        ({"owner": "424242"}, "This person is not in the workspace any more."),
    ],
)
def test_what_can_not_be_is_told_and_nothing_typed_is_lost(
    app: Flask, ana: Browser, mastodon: int, wrong: dict[str, str], said: str
) -> None:
    assert said in refused(ana, typed(mastodon) | wrong)
    assert saved_posts(app) == []


def test_a_check_of_half_typed_things_always_answers(ana: Browser) -> None:
    half_typed = (
        "date=soon",
        "zone=",
        "channel=abc",
        "media_id=1e9",
        "grace=%C2%B2",
        "revision=x",
        "v1-text=a",
        "",
    )
    for body in half_typed:
        answer = ana.post(CHECK, data=body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 200, body


def test_a_nul_in_the_text_is_dropped(app: Flask, ana: Browser, mastodon: int) -> None:
    ana.post(NEW, data=typed(mastodon, text="a\0b"))
    assert saved_posts(app)[0].text == "ab"


def test_submitting_too_long_a_text_shows_the_problem_and_keeps_the_words(
    app: Flask, ana: Browser, bluesky: int
) -> None:
    page = refused(ana, typed(bluesky, text="x" * 301, action="submit"))
    assert "Mend the problems shown at its channels first." in page and "too long by 1" in page
    assert saved_posts(app) == []


def test_too_long_a_text_can_be_kept_as_a_draft(app: Flask, ana: Browser, bluesky: int) -> None:
    ana.post(NEW, data=typed(bluesky, text="x" * 301))
    assert len(saved_posts(app)) == 1


def test_another_workspace_s_files_and_channels_are_not_there(
    app: Flask, cast: Cast, ana: Browser, mastodon: int
) -> None:
    theirs = an_asset(app, cast.other.id, "secret.jpg")
    with app.app_context():
        channel = a_channel(cast.other, "mastodon", handle="@secret@other.example").id
    form = typed(mastodon, channel, media_id=[theirs], media_alt=[""])
    assert "A channel, file or label of this post is gone." in refused(ana, form)
    shown = ana.post(CHECK, data=form).text
    assert "secret" not in shown and f"/files/{theirs}/" not in shown


# One post, whatever happens


def test_a_double_submit_is_one_post(app: Flask, ana: Browser, mastodon: int) -> None:
    form = typed(mastodon, action="submit")
    first, second = ana.post(NEW, data=form), ana.post(NEW, data=form)
    assert first.location == second.location
    (post,) = saved_posts(app)
    assert (post.revision, len(post.approvals)) == (1, 1)


def test_going_back_and_saving_again_changes_the_post_that_was_made(
    app: Flask, ana: Browser, mastodon: int
) -> None:
    form = typed(mastodon)
    ana.post(NEW, data=form)
    ana.post(NEW, data=form | {"text": "Spring tea is nearly here."})
    (post,) = saved_posts(app)
    assert (post.text, post.revision) == ("Spring tea is nearly here.", 2)


def test_a_key_of_another_workspace_s_post_makes_a_post_of_ones_own(
    app: Flask, cast: Cast, ana: Browser, mastodon: int
) -> None:
    form = typed(mastodon)
    ana.post(NEW, data=form)
    cy = client_of(app, cast.cy)
    answer = cy.post("/w/other/posts/new", data=form | {"channel": []})
    assert answer.status_code == 302 and [post.workspace_id for post in saved_posts(app)] == [
        cast.tea.id,
        cast.other.id,
    ]


def test_the_browser_is_told_which_words_are_safe(ana: Browser, mastodon: int) -> None:
    form = typed(mastodon)
    cookies = ana.post(NEW, data=form).headers.getlist("Set-Cookie")
    assert any(cookie.startswith(f"almanac_saved={form['form_key']};") for cookie in cookies)


def test_words_kept_in_the_browser_come_back_into_the_form_unsaved(
    app: Flask, cast: Cast, ana: Browser, mastodon: int
) -> None:
    leaf = an_asset(app, cast.tea.id)
    kept = typed(mastodon, text="Before the crash", media_id=[leaf], media_alt=["A leaf"], restore="yes")
    page = ana.post(NEW, data=kept)
    assert page.status_code == 200 and "Before the crash" in page.text and "Your words are back." in page.text
    assert f"/files/{leaf}/thumb" in page.text and saved_posts(app) == []


# Two people at once


@pytest.fixture
def post_id(app: Flask, cast: Cast, mastodon: int, bluesky: int) -> int:
    with app.app_context():
        chosen = db.session.scalars(select(Channel).order_by(Channel.id)).all()
        return a_post(cast, *chosen).id


def test_a_stale_edit_shows_both_and_loses_nothing(
    app: Flask, cast: Cast, ana: Browser, bluesky: int, post_id: int
) -> None:
    mine = of_post(app, post_id, text="Mine", grace="60") | {
        f"v{bluesky}-own_text": "1",
        f"v{bluesky}-text": "Short",
    }
    theirs = of_post(app, post_id, text="Theirs", time="12:00")
    client_of(app, cast.bo).post(f"/w/tea/posts/{post_id}/edit", data=theirs)
    answer = ana.post(f"/w/tea/posts/{post_id}/edit", data=mine)
    assert answer.status_code == 409
    said = text_of(answer.text)
    assert "Bo saved this post while you were writing." in said and "Mine" in said and "Theirs" in said
    assert set(re.findall(r'name="take-([\w-]+)"', answer.text)) == {
        "text",
        "when",
        "grace",
        f"variant-{bluesky}",
    }
    assert saved_posts(app)[0].text == "Theirs"


def test_both_versions_become_one_part_by_part(app: Flask, cast: Cast, ana: Browser, post_id: int) -> None:
    path = f"/w/tea/posts/{post_id}/edit"
    mine = of_post(app, post_id, text="Mine", grace="60")
    client_of(app, cast.bo).post(path, data=of_post(app, post_id, text="Theirs", time="12:00"))
    page = ana.post(path, data=mine).text
    hidden = MultiDict(
        (name, unescape(value))
        for name, value in re.findall(r'type="hidden" name="([\w-]+)" value="([^"]*)"', page)
    )
    chosen = {"take-text": "mine", "take-when": "theirs", "take-grace": "mine"}
    assert ana.post(path, data=dict(hidden.lists()) | chosen).status_code == 302
    (post,) = saved_posts(app)
    assert (post.text, f"{post.wall_time:%H:%M}", post.grace_minutes, post.revision) == (
        "Mine",
        "12:00",
        60,
        3,
    )


def test_a_third_save_in_between_is_compared_again(
    app: Flask, cast: Cast, ana: Browser, post_id: int
) -> None:
    path = f"/w/tea/posts/{post_id}/edit"
    bo = client_of(app, cast.bo)
    bo.post(path, data=of_post(app, post_id, text="Theirs"))
    resolved = of_post(app, post_id, text="Mine", resolve="yes") | {"take-text": "theirs"}
    bo.post(path, data=of_post(app, post_id, text="Theirs again"))
    answer = ana.post(path, data=resolved)
    assert answer.status_code == 409 and "Theirs again" in answer.text
    assert saved_posts(app)[0].text == "Theirs again"


# After approval


@pytest.fixture
def approved_id(app: Flask, cast: Cast, mastodon: int, bluesky: int) -> int:
    with app.app_context():
        chosen = db.session.scalars(select(Channel).order_by(Channel.id)).all()
        return an_approved_post(cast, *chosen).id


def test_the_form_says_before_a_save_that_the_approval_goes(ana: Browser, approved_id: int) -> None:
    assert "Saving a change withdraws the approval" in ana.get(f"/w/tea/posts/{approved_id}/edit").text


def test_an_edit_after_approval_withdraws_it_but_a_save_without_a_change_does_not(
    app: Flask, ana: Browser, approved_id: int
) -> None:
    path = f"/w/tea/posts/{approved_id}/edit"
    ana.post(path, data=of_post(app, approved_id))
    assert saved_posts(app)[0].stage == Stage.APPROVED
    ana.post(path, data=of_post(app, approved_id, text="Changed"))
    assert saved_posts(app)[0].stage == Stage.DRAFT


def publish_on(app: Flask, post_id: int, channel: int) -> None:
    """Let the worker's steps run for one channel."""
    with app.app_context():
        post = db.session.get_one(Post, post_id)
        delivery = next(each for each in post.deliveries if each.channel_id == channel)
        claim = deliveries.claim(delivery.id, post.due_at, "a worker")
        assert claim is not None and deliveries.sending(claim, post.due_at)
        deliveries.succeeded(claim, Receipt("1", "https://green.example/1"), post.due_at)
        db.session.commit()


def test_the_part_that_is_out_is_shown_and_stays_as_it_was(
    app: Flask, ana: Browser, approved_id: int, mastodon: int, bluesky: int
) -> None:
    publish_on(app, approved_id, mastodon)
    page = ana.get(f"/w/tea/posts/{approved_id}/edit").text
    assert (
        f'name="v{mastodon}-own_text" value="0"' in page
        and f'<textarea class="input composer-text own-part" name="v{mastodon}-text"' not in page
    )
    assert 'href="https://green.example/1"' in page and "Part of this post is out already." in page
    ana.post(f"/w/tea/posts/{approved_id}/edit", data=of_post(app, approved_id, text="Changed"))
    (post,) = saved_posts(app)
    assert {v.channel_id: v.text for v in post.variants} == {mastodon: "Spring tea is here.", bluesky: None}


def test_a_post_that_is_out_everywhere_is_shown_and_not_edited(
    app: Flask, ana: Browser, approved_id: int, mastodon: int, bluesky: int
) -> None:
    for channel in (mastodon, bluesky):
        publish_on(app, approved_id, channel)
    assert ana.get(f"/w/tea/posts/{approved_id}/edit").location == f"/w/tea/posts/{approved_id}"
    late = of_post(app, approved_id, text="Rewritten")
    assert "is out on all of its channels" in refused(ana, late, f"/w/tea/posts/{approved_id}/edit")


def test_what_is_being_published_can_not_be_edited(
    app: Flask, ana: Browser, approved_id: int, mastodon: int
) -> None:
    with app.app_context():
        post = db.session.get_one(Post, approved_id)
        claimed = deliveries.claim(post.deliveries[0].id, post.due_at, "a worker")
        assert claimed is not None
    late = of_post(app, approved_id, text="Changed")
    assert "going out right now" in refused(ana, late, f"/w/tea/posts/{approved_id}/edit")
    with app.app_context():
        states = {each.state for each in db.session.get_one(Post, approved_id).deliveries}
        assert states == {State.PUBLISHING, State.SCHEDULED}


# Who may


def test_a_viewer_may_not_write(app: Flask, cast: Cast, post_id: int) -> None:
    with app.app_context():
        viewer = a_viewer(db.session.merge(cast.tea))
        db.session.refresh(viewer)
        db.session.expunge(viewer)
    client = client_of(app, viewer)
    asked = [
        client.get(NEW),
        client.get(f"/w/tea/posts/{post_id}/edit"),
        client.post(CHECK),
        client.post(NEW),
    ]
    assert [answer.status_code for answer in asked] == [403] * 4


def test_another_workspace_s_post_is_not_there(app: Flask, cast: Cast, post_id: int) -> None:
    cy = client_of(app, cast.cy)
    paths = [f"/w/tea/posts/{post_id}/edit", f"/w/other/posts/{post_id}/edit", NEW]
    assert [cy.get(path).status_code for path in paths] == [404] * 3
    assert cy.post("/w/other/posts/check", query_string={"post": post_id}).status_code == 404


@pytest.mark.parametrize("post", ["999999", "99999999999999999999"])
def test_a_post_that_never_was_is_not_there(ana: Browser, post: str) -> None:
    assert ana.get(f"/w/tea/posts/{post}/edit").status_code == 404


def test_a_stranger_is_asked_to_log_in(app: Flask, cast: Cast) -> None:
    assert "/login" in app.test_client().get(NEW).location
