"""What could stop a post is said on the calendar, in the lists, on its page and in its panel, with the way to mend it."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select, update

from calendar_app import deliveries
from calendar_app.attempts import close_attempt, open_attempt
from calendar_app.extensions import db
from calendar_app.models import Delivery, Outcome, Post, State, Step
from calendar_app.web import sentences
from publishers.errors import Evidence, Temporary, Unconfirmed
from tests.people import NOW, Cast, a_channel, a_post, an_approved_post, log_in
from tests.web.browser import Browser
from tests.web.test_calendar import at_home, counted_queries, rows
from tests.web.test_delivery_panel import DUE, HTMX, taken

ENDS = {
    "code": "credentials_end",
    "params": {"at": (NOW + timedelta(minutes=30)).isoformat()},
    "at": NOW.isoformat(),
}
PAUSED = {"code": "workspace_paused", "params": {}, "at": NOW.isoformat()}
EVERY = {
    "credentials_end": ENDS["params"],
    "channel_unreachable": {"server": "https://tea.example"},
    "channel_refused": {},
    "channel_paused": {},
    "workspace_paused": {},
    "channel_resting": {"until": NOW.isoformat()},
    "quota_short": {"limit": 300, "resets": NOW.isoformat()},
    "media_not_ready": {"name": "leaf.jpg"},
    "media_does_not_fit": {
        "reason": {"code": "bytes", "params": {"measured": 2_000_000, "limit": 1_000_000}}
    },
    "not_prepared": {},
    "preparation_refused": {"message": "No such picture."},
    "limits_changed": {
        "code": "text_too_long",
        "params": {"count": 240, "limit": 100, "over": 140},
        "position": None,
    },
}


@pytest.fixture
def posts(app: Flask, cast: Cast) -> dict[str, int]:
    """Bo's and Ana's, each on a channel whose sign-in ends before it is due, and one of Ana's that nothing threatens."""
    with at_home(app, cast) as us:
        channel = a_channel(us.tea, handle="@tea")
        made = {
            "Bo": an_approved_post(us, channel, text="Bo's tea", owner_id=us.bo.id),
            "Ana": an_approved_post(us, channel, text="Ana's tea", at=NOW + timedelta(hours=2)),
            "safe": an_approved_post(us, channel, text="Safe tea"),
        }
        ids = {name: post.id for name, post in made.items()}
        for name in ("Bo", "Ana"):
            warn(ids[name], ENDS)
        db.session.commit()
    return ids


def warn(post_id: int, *found: dict[str, object]) -> None:
    db.session.execute(update(Delivery).where(Delivery.post_id == post_id).values(warnings=list(found)))


def page(client: Browser, address: str, **headers: str) -> str:
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return unescape(answer.get_data(as_text=True))


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.mark.parametrize("code", EVERY)
def test_every_warning_says_what_goes_wrong_and_what_to_do(app: Flask, code: str) -> None:
    with app.test_request_context():
        said = sentences.warning({"code": code, "params": EVERY[code]})
        assert said and "%(" not in said
        assert str(sentences.REMEDIES[code])


def test_the_calendar_marks_the_post_and_tells_the_cause(
    app: Flask, posts: dict[str, int], ana: Browser
) -> None:
    shown = {row["id"]: row["risks"] for row in rows(ana)}
    (told,) = shown[posts["Ana"]]
    assert told.startswith("@tea: The sign-in of this channel ends")
    assert shown[posts["safe"]] == []


def test_a_members_own_posts_come_first_in_what_the_calendar_warns_of(
    posts: dict[str, int], ana: Browser, bo: Browser
) -> None:
    for client, first, second in ((ana, "Ana's tea", "Bo's tea"), (bo, "Bo's tea", "Ana's tea")):
        told = words(page(client, "/w/tea/calendar/risks"))
        assert "2 posts are at risk" in told and "1 of them is yours" in told
        assert told.index(first) < told.index(second)
        assert "Safe tea" not in told


def test_the_filter_counts_and_shows_what_is_at_risk(posts: dict[str, int], ana: Browser) -> None:
    html = page(ana, "/w/tea/posts?risk=1")
    assert re.search(r'id="risk-count"\s*>2<', html)
    assert "Ana's tea" in html and "Safe tea" not in html
    march = "/w/tea/calendar/feed?start=2030-03-01T00:00:00&end=2030-04-01T00:00:00&risk=1"
    assert {row["id"] for row in rows(ana, march)} == {posts["Ana"], posts["Bo"]}


def test_the_list_marks_the_post_for_eyes_and_ears(posts: dict[str, int], ana: Browser) -> None:
    html = page(ana, "/w/tea/posts?q=Ana")
    assert "At risk: @tea: The sign-in of this channel ends" in words(html)


def test_where_nothing_is_at_risk_nothing_is_said(app: Flask, cast: Cast, ana: Browser) -> None:
    with at_home(app, cast) as us:
        an_approved_post(us, a_channel(us.tea))
    assert words(page(ana, "/w/tea/calendar/risks")) == "0"
    assert (
        "hidden" in re.findall(r'<span class="count" id="risk-count"[^>]*>', page(ana, "/w/tea/calendar"))[0]
    )


def test_the_posts_page_and_its_panel_say_what_to_do_and_lead_there(
    app: Flask, cast: Cast, posts: dict[str, int], ana: Browser
) -> None:
    admin = app.test_client()
    log_in(admin, cast.di)
    html = page(admin, f"/w/tea/posts/{posts['Bo']}")
    assert "On 1 channel something could stop this post." in words(html)
    assert len(re.findall(r'href="/w/tea/channels/\d+/reconnect"', html)) == 2
    html = page(ana, f"/w/tea/posts/{posts['safe']}")
    assert "could stop this post" not in html


def test_who_may_not_mend_it_is_told_who_can(app: Flask, posts: dict[str, int], ana: Browser) -> None:
    html = page(ana, f"/w/tea/posts/{posts['Ana']}")
    assert "An admin can do that." in html
    assert "/reconnect" not in html


def test_a_warning_goes_from_the_open_page_once_it_is_mended(
    app: Flask, posts: dict[str, int], ana: Browser
) -> None:
    address = f"/w/tea/posts/{posts['Ana']}/deliveries"
    assert "could stop this post" in page(ana, address, **HTMX)
    with app.app_context():
        db.session.execute(update(Delivery).values(warnings=None))
        db.session.commit()
    html = page(ana, address, **HTMX)
    assert "could stop this post" not in html
    assert re.search(r'<div id="post-risks" hx-swap-oob="true">', html)


def test_what_is_not_waiting_for_its_time_any_more_is_not_at_risk(
    app: Flask, posts: dict[str, int], ana: Browser
) -> None:
    with app.app_context():
        db.session.execute(update(Delivery).values(state=State.HELD))
        db.session.commit()
    assert all(row["risks"] == [] for row in rows(ana))
    assert words(page(ana, "/w/tea/calendar/risks")) == "0"


def test_a_stranger_sees_nothing_of_it(app: Flask, cast: Cast, posts: dict[str, int]) -> None:
    client = app.test_client()
    log_in(client, cast.cy)
    assert client.get("/w/tea/calendar/risks").status_code == 404
    assert "tea" not in words(client.get("/w/other/calendar/risks").get_data(as_text=True))


def test_the_feed_asks_the_same_number_of_queries_for_one_warned_post_and_for_many(
    app: Flask, cast: Cast, posts: dict[str, int], ana: Browser
) -> None:
    with counted_queries(app) as few:
        rows(ana)
    with at_home(app, cast) as us:
        channel = a_channel(us.tea)
        for number in range(10):
            warn(an_approved_post(us, channel, text=f"More {number}").id, ENDS, PAUSED)
        db.session.commit()
    with counted_queries(app) as many:
        rows(ana)
    assert len(many) == len(few)


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Outcome.PACED, "It waits for its turn at Mar 4, 2030, 11:05"),
        (Outcome.RATE_LIMITED, "Mastodon asked for a pause until Mar 4, 2030, 11:05"),
    ],
)
def test_what_waits_for_its_channel_says_until_when_and_why(
    app: Flask, cast: Cast, ana: Browser, outcome: Outcome, expected: str
) -> None:
    with at_home(app, cast) as us:
        post = an_approved_post(us, a_channel(us.tea))
        claim = deliveries.claim(post.deliveries[0].id, DUE, "worker")
        assert claim is not None
        deliveries.again(claim, outcome, None, DUE + timedelta(minutes=5), DUE)
        db.session.commit()
        post_id = post.id
    assert expected in page(ana, f"/w/tea/posts/{post_id}")


def test_whoever_is_asked_what_became_of_a_post_sees_every_look_with_its_time_and_answer(
    app: Flask, cast: Cast, bo: Browser
) -> None:
    with at_home(app, cast) as us:
        post = an_approved_post(us, a_channel(us.tea))
        claim = taken(post.deliveries[0].id)
        deliveries.unconfirmed(
            claim, Unconfirmed("Lost.", Evidence("answer_lost")), DUE, DUE + timedelta(seconds=1)
        )
        for minute in range(1, 7):
            look(post, minute)
        db.session.execute(update(Delivery).values(look_at=None))
        db.session.commit()
        post_id = post.id
    html = page(bo, f"/w/tea/posts/{post_id}")
    (story,) = re.findall(r'<details class="story-box"[^>]*>', html)
    assert " open" in story
    told = words(html)
    assert told.count("Looked on Mastodon: it is not there.") == 5
    assert "11:06:00.000" in told and "The server could not be reached." in told
    assert "Did this appear on" in told


def look(post: Post, minute: int) -> None:
    """One look for a lost post; the last of them found nobody home."""
    at, delivery = DUE + timedelta(minutes=minute), post.deliveries[0]
    attempt_id = open_attempt(delivery.id, Step.FIND, at, "worker")
    if minute == 6:
        error = Temporary("Nobody.", Evidence("unreachable"))
        close_attempt(attempt_id, Outcome.TEMPORARY, at, error)
    else:
        close_attempt(attempt_id, Outcome.ABSENT, at)


def test_badges_and_the_approval_follow_the_panel(app: Flask, cast: Cast, ana: Browser) -> None:
    with at_home(app, cast) as us:
        post = an_approved_post(us, a_channel(us.tea))
        post_id, variant_id = post.id, post.variants[0].id
    address = f"/w/tea/posts/{post_id}"
    assert f'id="gone-{variant_id}"' in page(ana, address)
    with app.app_context():
        db.session.execute(update(Delivery).values(state=State.PUBLISHED, published_at=DUE))
        db.session.commit()
    html = page(ana, f"{address}/deliveries", **HTMX)
    (gone,) = re.findall(
        rf'<span class="reading-gone" id="gone-{variant_id}" hx-swap-oob="true">(.*?)</span>\s*</span>',
        html,
        re.DOTALL,
    )
    assert "Out: stays as it is" in gone
    assert re.search(r'id="approval"[^>]*hx-swap-oob="true"', html)
    assert "Exactly these words and files go out" not in html


def test_a_draft_page_has_no_panel_and_still_its_places_for_what_may_follow(
    app: Flask, cast: Cast, ana: Browser
) -> None:
    with at_home(app, cast) as us:
        post_id = a_post(us, a_channel(us.tea)).id
    html = page(ana, f"/w/tea/posts/{post_id}")
    assert 'id="post-risks"' in html and 'id="approval"' in html
    with app.app_context():
        assert db.session.scalars(select(Delivery)).all() == []
