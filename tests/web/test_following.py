"""What follows a post: written in the composer, read before approval, and decided on the delivery panel."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select, update

from calendar_app import deliveries, follow_ups, preflight
from calendar_app.content import digest
from calendar_app.extensions import db
from calendar_app.models import ChannelState, Delivery, FollowState, FollowUp, User
from calendar_app.parcels import load, pack
from calendar_app.planning import VariantDraft
from publishers.values import Receipt
from tests.people import NOW, Cast, a_channel, an_approved_post
from tests.web.browser import Browser
from tests.web.test_composer import CHECK, NEW, typed

DUE = NOW + timedelta(hours=1)
HTMX = {"HX-Request": "true"}
TWO_MORE = "Where it grows.\n---\nHow to brew it."


@pytest.fixture
def delivery(app: Flask, cast: Cast) -> int:
    """Out, with two more posts to follow."""
    with app.app_context():
        channel = a_channel(cast.tea, handle="@tea")
        post = an_approved_post(
            cast, channel, variants=(VariantDraft(channel.id, options={"thread_posts": TWO_MORE}),)
        )
        (delivery,) = post.deliveries
        taken = deliveries.claim(delivery.id, DUE, "worker")
        assert taken and deliveries.sending(taken, DUE)
        deliveries.succeeded(taken, Receipt("1", "https://tea.example/1"), DUE)
        found = load(delivery.id)
        assert found and digest(post.variants[0]) == found.digest
        follow_ups.plan(pack(found), DUE)
        db.session.commit()
        return delivery.id


def set_first(app: Flask, **values: object) -> int:
    """Let the first of them stand so; its id."""
    with app.app_context():
        db.session.execute(update(FollowUp).where(FollowUp.position == 0).values(**values))
        db.session.commit()
        return db.session.scalars(select(FollowUp.id).order_by(FollowUp.position)).all()[0]


def states(app: Flask) -> list[str]:
    with app.app_context():
        return [row.state.value for row in db.session.scalars(select(FollowUp).order_by(FollowUp.position))]


def panel(app: Flask, client: Browser, delivery_id: int) -> str:
    with app.app_context():
        post_id = db.session.get_one(Delivery, delivery_id).post_id
    return _plain(client.get(f"/w/tea/posts/{post_id}/deliveries", headers=HTMX).text)


def _plain(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(html))


def test_the_panel_tells_what_follows_and_how_it_stands(app: Flask, delivery: int, ana: Browser) -> None:
    set_first(app, due_at=datetime.now(UTC))
    text = panel(app, ana, delivery)
    assert 'aria-label="Thread"' in text
    assert "Where it grows." in text and "Goes out next." in text
    assert "How to brew it." in text and "Waits for what comes before it." in text
    assert 'hx-trigger="every' in text


def test_what_is_out_has_its_link(app: Flask, delivery: int, ana: Browser) -> None:
    set_first(app, state=FollowState.OUT, due_at=None, closed_at=DUE, url="https://tea.example/2")
    assert 'href="https://tea.example/2"' in panel(app, ana, delivery)


def test_what_the_platform_turned_down_is_told_in_its_own_words(
    app: Flask, delivery: int, ana: Browser
) -> None:
    set_first(app, state=FollowState.FAILED, due_at=None, error="No more tea, please.")
    assert "Not out on Mastodon. <q>No more tea, please.</q>" in panel(app, ana, delivery)


def test_only_an_approver_is_asked_what_became_of_it(
    app: Flask, delivery: int, ana: Browser, bo: Browser
) -> None:
    set_first(app, state=FollowState.UNCONFIRMED, due_at=None)
    question = "Look at the post on Mastodon. What is to become of this?"
    assert question in panel(app, bo, delivery)
    assert question not in panel(app, ana, delivery)


@pytest.mark.parametrize(
    ("verb", "after", "told"),
    [
        ("there", ["out", "waiting"], "Bo saw what follows it on Mastodon."),
        ("send", ["waiting", "waiting"], "Bo had what follows it sent."),
        ("leave", ["left", "left"], "Bo left out what follows it."),
    ],
)
def test_an_approver_decides(
    app: Flask, delivery: int, bo: Browser, verb: str, after: list[str], told: str
) -> None:
    id = set_first(app, state=FollowState.UNCONFIRMED, due_at=None)
    answer = bo.post(f"/w/tea/follow-ups/{id}/{verb}", headers=HTMX)
    assert answer.status_code == 200
    assert states(app) == after
    assert told in _plain(answer.text)


def test_what_has_moved_on_is_not_decided(app: Flask, delivery: int, bo: Browser) -> None:
    id = set_first(app, state=FollowState.OUT, due_at=None)
    assert bo.post(f"/w/tea/follow-ups/{id}/send", headers=HTMX).status_code == 409
    assert states(app) == ["out", "waiting"]


def test_where_the_post_is_not_known_there_is_nothing_to_send(app: Flask, delivery: int, bo: Browser) -> None:
    set_first(app, state=FollowState.HELD, due_at=None)
    with app.app_context():
        db.session.execute(update(Delivery).values(remote_id=None))
        db.session.commit()
    text = panel(app, bo, delivery)
    assert "Almanac does not know this post on the platform, so put it there by hand." in text
    assert "It is not there: send it" not in text and "It is there" in text


def test_a_planner_does_not_decide(app: Flask, delivery: int, ana: Browser) -> None:
    id = set_first(app, state=FollowState.UNCONFIRMED, due_at=None)
    for verb in ("there", "send", "leave"):
        assert ana.post(f"/w/tea/follow-ups/{id}/{verb}", headers=HTMX).status_code == 403
    assert states(app) == ["unconfirmed", "waiting"]


def test_a_stranger_does_not_find_it(
    app: Flask, cast: Cast, delivery: int, enter: Callable[[User], Browser]
) -> None:
    cy, id = enter(cast.cy), set_first(app, state=FollowState.UNCONFIRMED, due_at=None)
    assert cy.post(f"/w/other/follow-ups/{id}/there", headers=HTMX).status_code == 404
    assert states(app) == ["unconfirmed", "waiting"]


def test_the_post_page_shows_what_follows(app: Flask, delivery: int, ana: Browser) -> None:
    with app.app_context():
        post_id = db.session.get_one(Delivery, delivery).post_id
    text = _plain(ana.get(f"/w/tea/posts/{post_id}").text)
    reading = text.partition('class="card reading"')[2].partition("</article>")[0]
    assert "Thread 2" in reading and "Where it grows." in reading
    assert "Thread 3" in reading and "How to brew it." in reading
    assert "---" not in reading


def test_it_is_counted_and_judged_while_one_types(app: Flask, cast: Cast, ana: Browser) -> None:
    with app.app_context():
        sky = a_channel(cast.tea, "bluesky").id
    long = f"Where it grows.\r\n---\r\n{'x' * 312}"
    page = ana.post(CHECK, data=typed(sky, **{f"v{sky}-opt-thread_posts": long})).text
    text = _plain(re.sub(r"<[^>]+>", " ", page))
    assert "Thread 2 15 / 300" in text and "Thread 3 312 / 300" in text
    assert "Post 3 of the thread is too long by 12: it counts 312 here, and 300 is the most." in text


def test_the_composer_has_a_field_for_it_where_the_platform_can(app: Flask, cast: Cast, ana: Browser) -> None:
    with app.app_context():
        chosen = {name: a_channel(cast.tea, name).id for name in ("mastodon", "facebook", "telegram")}
    saved = ana.post(NEW, data=typed(*chosen.values()))
    page = unescape(ana.get(f"{saved.headers['Location']}/edit").text)
    assert f'<textarea class="input" id="v{chosen["mastodon"]}-opt-thread_posts"' in page
    assert f'<textarea class="input" id="v{chosen["facebook"]}-opt-first_comment"' in page
    assert f'id="v{chosen["telegram"]}-opt-first_comment"' not in page


def test_operations_see_what_was_cut_short(app: Flask, delivery: int, bo: Browser) -> None:
    assert "Out, but what follows waits for a person" not in bo.get("/w/tea/operations").text
    set_first(app, state=FollowState.UNCONFIRMED, due_at=None)
    text = _plain(bo.get("/w/tea/operations").text)
    assert "Out, but what follows waits for a person" in text
    assert f'id="cut-short-{delivery}"' in text


def test_a_thread_that_no_longer_fits_is_told_ahead_in_words(app: Flask, cast: Cast, bo: Browser) -> None:
    with app.app_context():
        channel = a_channel(cast.tea, "bluesky")
        options = {"thread_posts": "x" * 200}
        post = an_approved_post(cast, channel, variants=(VariantDraft(channel.id, options=options),))
        channel.adjusted = {"text": 150}
        channel.state = ChannelState.RECONNECT
        db.session.commit()
        preflight.check(channel.id, lambda: DUE - timedelta(minutes=5))
        post_id = post.id
    text = _plain(bo.get(f"/w/tea/posts/{post_id}").text)
    assert "Post 2 of the thread is too long by 50: it counts 200 here, and 150 is the most." in text
