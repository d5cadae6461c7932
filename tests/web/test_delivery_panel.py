"""The delivery panel and the numbers: plain words for every state, and one channel decided alone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select, update

from calendar_app import approval, deliveries, engagement, looking, sweeps, triage
from calendar_app.deliveries import Claim
from calendar_app.extensions import db
from calendar_app.models import (
    Channel,
    Delivery,
    Hold,
    Outcome,
    Post,
    Snapshot,
    State,
    Step,
    User,
    Verdict,
)
from calendar_app.web import wording
from publishers.errors import Evidence, PublisherError, RateLimited, Rejected, Temporary, Unconfirmed
from publishers.values import Metrics, Receipt
from tests.people import NOW, Cast, a_channel, a_viewer, an_approved_post
from tests.web.browser import Browser

DUE = NOW + timedelta(hours=1)
HTMX = {"HX-Request": "true"}
BUSY = Temporary(
    "Try again shortly", Evidence("busy", 503, {"retry-after": "15"}, '{"error":"x"}', "trace-8")
)
REFUSED = Rejected("No tea, please.", Evidence("no", 422))
LOST = Unconfirmed("The answer of the server was lost.", Evidence("answer_lost"))


@pytest.fixture
def post(app: Flask, cast: Cast) -> int:
    """Approved, for a Mastodon and a Bluesky channel, due at DUE."""
    with app.app_context():
        return an_approved_post(cast, a_channel(cast.tea, handle="@tea"), a_channel(cast.tea, "bluesky")).id


@pytest.fixture
def mastodon(app: Flask, post: int) -> int:
    """The post's first delivery."""
    with app.app_context():
        return db.session.scalars(select(Delivery.id).where(Delivery.post_id == post)).all()[0]


@pytest.fixture
def bluesky(app: Flask, post: int) -> int:
    """The post's second delivery."""
    with app.app_context():
        return db.session.scalars(select(Delivery.id).where(Delivery.post_id == post)).all()[1]


def taken(delivery_id: int, sent_late: timedelta = timedelta(milliseconds=12)) -> Claim:
    """Claimed at its instant, and sent a moment later."""
    claim = deliveries.claim(delivery_id, DUE, "worker")
    assert claim is not None
    assert deliveries.sending(claim, DUE + sent_late)
    return claim


def publish(app: Flask, delivery_id: int, url: str = "https://tea.example/@tea/1", **late: timedelta) -> None:
    with app.app_context():
        deliveries.succeeded(taken(delivery_id, **late), Receipt("1", url), DUE + timedelta(seconds=1))
        db.session.commit()


def lose(app: Flask, delivery_id: int) -> None:
    """Its answer was lost, and no more looks are left."""
    with app.app_context():
        deliveries.unconfirmed(taken(delivery_id), LOST, DUE, DUE + timedelta(seconds=20))
        db.session.execute(update(Delivery).where(Delivery.id == delivery_id).values(look_at=None))
        db.session.commit()


def fail(app: Flask, delivery_id: int, error: PublisherError = REFUSED) -> None:
    with app.app_context():
        deliveries.failed(taken(delivery_id), Outcome.REJECTED, error, DUE + timedelta(seconds=1))
        db.session.commit()


def hold(app: Flask, delivery_id: int, reason: Hold) -> None:
    with app.app_context():
        sweeps.hold(Delivery.id == delivery_id, reason)
        db.session.commit()


def measure(app: Flask, delivery_id: int, age: timedelta, metrics: Metrics | None) -> None:
    with app.app_context():
        engagement.record(
            db.session.get_one(Delivery, delivery_id), metrics, DUE + age + timedelta(seconds=2)
        )
        db.session.commit()


def panel(client: Browser, post_id: int, name: str = "deliveries") -> str:
    answer = client.get(f"/w/tea/posts/{post_id}/{name}", headers=HTMX)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", unescape(answer.text))


def row(client: Browser, post_id: int, delivery_id: int) -> str:
    """One channel's part of the panel."""
    return panel(client, post_id).partition(f'id="delivery-{delivery_id}"')[2].partition("</article>")[0]


def decide(client: Browser, delivery_id: int, action: str, code: int = 200, **typed: str) -> str:
    answer = client.post(f"/w/tea/deliveries/{delivery_id}/{action}", data=typed, headers=HTMX)
    assert answer.status_code == code
    return unescape(answer.text) + json.dumps(json.loads(answer.headers.get("HX-Trigger", "{}")))


def state(app: Flask, delivery_id: int) -> State:
    with app.app_context():
        return db.session.get_one(Delivery, delivery_id).state


def test_every_channel_has_a_row_with_its_promise(cast: Cast, post: int, ana: Browser) -> None:
    text = panel(ana, post)
    assert text.count('data-state="scheduled" aria-label') == 2
    assert text.count("promised Mar 4, 2030, 11:00") == 2
    assert text.count("Waiting for its time.") == 2


def test_a_failed_try_is_told_with_its_times_the_platforms_words_and_the_next_try(
    app: Flask, post: int, mastodon: int, ana: Browser
) -> None:
    with app.app_context():
        deliveries.again_or_failed(
            taken(mastodon), Outcome.TEMPORARY, BUSY, DUE + timedelta(milliseconds=540)
        )
        db.session.commit()
    text = row(ana, post, mastodon)
    assert re.search(r"11:00:00\.012</time> <div> <span>Sent to Mastodon\.", text)
    assert re.search(r"11:00:00\.540</time> <div> <span>Mastodon answered 503\. Nothing was posted\.", text)
    assert "<q>Try again shortly</q>" in text
    assert re.search(r"11:00:15\.540</time> <div> <span>Next try\.", text)
    assert "Try 2 of 6 is at 11:00:15.540." in text


def test_the_evidence_is_there_for_whoever_looks_closer(
    app: Flask, post: int, mastodon: int, ana: Browser
) -> None:
    fail(app, mastodon, Rejected("No.", BUSY.evidence))
    text = row(ana, post, mastodon)
    assert "503" in text and "trace-8" in text and "busy" in text and "retry-after" in text
    assert '{"error":"x"}' in text


def test_what_we_say_ourselves_is_not_quoted_as_the_platforms_words(
    app: Flask, post: int, mastodon: int, ana: Browser
) -> None:
    lose(app, mastodon)
    text = row(ana, post, mastodon)
    assert "The connection broke before an answer came." in text
    assert "<q>" not in text


def test_a_pause_that_the_platform_asked_for_is_told_with_its_end(
    app: Flask, post: int, mastodon: int, ana: Browser
) -> None:
    until = DUE + timedelta(minutes=5)
    with app.app_context():
        claim = taken(mastodon)
        sweeps.rest(db.session.get_one(Delivery, mastodon).channel_id, until)
        deliveries.again(claim, Outcome.RATE_LIMITED, RateLimited("Slow down", until), until, DUE)
        db.session.commit()
    text = row(ana, post, mastodon)
    assert "Mastodon asked for a pause until Mar 4, 2030, 11:05" in text
    assert "no try is used up" in text


def test_one_that_no_worker_takes_up_says_so(app: Flask, post: int, mastodon: int, ana: Browser) -> None:
    with app.app_context():
        passed = datetime.now(UTC) - timedelta(minutes=2)
        values = {"due_at": passed, "promised_at": passed}
        db.session.execute(update(Delivery).where(Delivery.id == mastodon).values(**values))
        db.session.commit()
    text = row(ana, post, mastodon)
    assert "Its time has come and no worker has taken it up yet." in text
    assert "2 minutes late by now" in text


def test_a_published_one_links_to_the_post_and_says_how_punctual_it_was(
    app: Flask, post: int, mastodon: int, bluesky: int, ana: Browser
) -> None:
    publish(app, mastodon)
    publish(app, bluesky, sent_late=timedelta(seconds=3))
    assert 'href="https://tea.example/@tea/1"' in row(ana, post, mastodon)
    assert "On time" in row(ana, post, mastodon)
    assert "3 seconds late" in row(ana, post, bluesky)


def test_an_address_that_is_no_web_address_is_not_linked(
    app: Flask, post: int, mastodon: int, ana: Browser
) -> None:
    publish(app, mastodon, url="javascript:alert(1)")
    assert "javascript:" not in row(ana, post, mastodon)


def test_the_posts_own_badge_comes_along(app: Flask, post: int, mastodon: int, ana: Browser) -> None:
    fail(app, mastodon)
    assert re.search(
        r'id="post-standing" hx-swap-oob="true">\s*<span class="state" data-state="failed"', panel(ana, post)
    )


def test_what_may_be_done_with_the_post_comes_along(
    app: Flask, post: int, mastodon: int, bluesky: int, ana: Browser
) -> None:
    assert 'id="post-actions" hx-swap-oob="true"' in panel(ana, post)
    assert f"/w/tea/posts/{post}/edit" in panel(ana, post) and f"/w/tea/posts/{post}/move" in panel(ana, post)
    publish(app, mastodon)
    publish(app, bluesky)
    assert f"/w/tea/posts/{post}/edit" not in panel(ana, post)
    assert f"/w/tea/posts/{post}/move" not in panel(ana, post)
    assert f"/w/tea/posts/{post}/duplicate" in panel(ana, post)


@pytest.mark.parametrize(
    ("reason", "why", "way_out"),
    [
        (Hold.LATE, "Its time passed before it could go out", "Publish now anyway"),
        (Hold.PAUSED, "Publishing was paused before its time", "Go to the channel"),
        (Hold.RECONNECT, "no longer accepts this channel's credentials", "Go to the channel"),
        (Hold.UNAPPROVED, "Its approval was withdrawn", "Go to the approval"),
        (Hold.HANDOVER, "To be posted on Mastodon by a person", "Cancel…"),
    ],
)
def test_a_held_one_says_why_and_what_to_do(
    app: Flask, post: int, mastodon: int, bo: Browser, reason: Hold, why: str, way_out: str
) -> None:
    hold(app, mastodon, reason)
    text = row(bo, post, mastodon)
    assert why in text and way_out in text


def test_an_approver_publishes_a_late_one_now_and_no_other_channel_is_touched(
    app: Flask, post: int, mastodon: int, bluesky: int, bo: Browser
) -> None:
    hold(app, mastodon, Hold.LATE)
    hold(app, bluesky, Hold.LATE)
    assert "It is tried again now." in decide(bo, mastodon, "retry")
    assert state(app, mastodon) == State.SCHEDULED
    assert state(app, bluesky) == State.HELD


def test_a_failed_one_is_tried_again_by_an_approver_and_the_panel_names_them(
    app: Flask, post: int, mastodon: int, bo: Browser
) -> None:
    fail(app, mastodon)
    text = row(bo, post, mastodon)
    assert "No tea, please." in text and "Try again now" in text
    decide(bo, mastodon, "retry")
    assert state(app, mastodon) == State.SCHEDULED
    assert "Bo asked for another try." in row(bo, post, mastodon)


@pytest.mark.parametrize("action", ["retry", "appeared", "absent"])
def test_a_planner_neither_retries_nor_answers(
    app: Flask, post: int, mastodon: int, ana: Browser, action: str
) -> None:
    fail(app, mastodon) if action == "retry" else lose(app, mastodon)
    before = state(app, mastodon)
    text = row(ana, post, mastodon)
    assert "Try again now" not in text and "Did this appear" not in text
    decide(ana, mastodon, action, 403)
    assert state(app, mastodon) == before


def test_a_planner_cancels_one_channel_alone(
    app: Flask, post: int, mastodon: int, bluesky: int, ana: Browser
) -> None:
    assert "Cancel on this channel" in row(ana, post, mastodon)
    decide(ana, mastodon, "cancel")
    assert (state(app, mastodon), state(app, bluesky)) == (State.CANCELED, State.SCHEDULED)
    assert "Ana canceled it." in row(ana, post, mastodon)


def test_what_is_not_approved_any_more_is_not_retried(
    app: Flask, cast: Cast, post: int, mastodon: int, bo: Browser
) -> None:
    fail(app, mastodon)
    with app.app_context():
        approval.send_back(db.session.get_one(Post, post), 1, cast.bo, NOW, "Wait.")
        db.session.commit()
    assert "Try again now" not in row(bo, post, mastodon)
    assert "not approved any more" in decide(bo, mastodon, "retry", 409)
    assert state(app, mastodon) == State.FAILED


def test_a_retry_on_a_channel_that_must_be_reconnected_is_refused(
    app: Flask, post: int, mastodon: int, bo: Browser
) -> None:
    fail(app, mastodon)
    with app.app_context():
        channel_id = db.session.get_one(Delivery, mastodon).channel_id
        db.session.execute(update(Channel).where(Channel.id == channel_id).values(state="reconnect"))
        db.session.commit()
    assert "Reconnect the channel first." in decide(bo, mastodon, "retry", 409)
    assert state(app, mastodon) == State.FAILED


def test_an_unconfirmed_one_is_asked_about_with_a_link_to_the_profile(
    app: Flask, post: int, mastodon: int, bo: Browser
) -> None:
    lose(app, mastodon)
    text = row(bo, post, mastodon)
    assert "Did this appear on @tea?" in text
    assert 'href="http://127.0.0.1:9"' in text
    assert "Try again now" not in text


def test_yes_with_its_address_makes_it_published(app: Flask, post: int, mastodon: int, bo: Browser) -> None:
    lose(app, mastodon)
    decide(bo, mastodon, "appeared", url="https://tea.example/@tea/77")
    text = row(bo, post, mastodon)
    assert state(app, mastodon) == State.PUBLISHED
    assert 'href="https://tea.example/@tea/77"' in text
    assert "Bo saw it on Mastodon." in text


def test_yes_needs_no_address(app: Flask, post: int, mastodon: int, bo: Browser) -> None:
    lose(app, mastodon)
    decide(bo, mastodon, "appeared", url="")
    assert state(app, mastodon) == State.PUBLISHED
    assert "its numbers can not be read" in panel(bo, post, "numbers")


def test_a_wrong_address_is_refused_and_stays_typed(
    app: Flask, post: int, mastodon: int, bo: Browser
) -> None:
    lose(app, mastodon)
    text = decide(bo, mastodon, "appeared", 422, url="javascript:alert(1)")
    assert "Copy the whole address" in text
    assert 'value="javascript:alert(1)"' in text and 'href="javascript' not in text
    assert state(app, mastodon) == State.UNCONFIRMED


def test_no_makes_it_failed_and_only_then_it_can_be_tried_again(
    app: Flask, post: int, mastodon: int, bo: Browser
) -> None:
    lose(app, mastodon)
    decide(bo, mastodon, "retry", 409)
    assert state(app, mastodon) == State.UNCONFIRMED
    assert "Try again now" in decide(bo, mastodon, "absent")
    assert state(app, mastodon) == State.FAILED


def test_an_answer_that_comes_too_late_changes_nothing_and_shows_how_it_stands(
    app: Flask, post: int, mastodon: int, bo: Browser
) -> None:
    lose(app, mastodon)
    with app.app_context():
        looking.settled_published(mastodon, Receipt("9", "https://tea.example/@tea/9"), DUE)
        db.session.commit()
    text = decide(bo, mastodon, "absent", 409)
    assert "This has moved on meanwhile." in text
    assert "https://tea.example/@tea/9" in text
    assert state(app, mastodon) == State.PUBLISHED


@pytest.mark.parametrize("action", ["retry", "cancel", "appeared", "absent"])
def test_a_delivery_of_another_workspace_is_not_there(
    app: Flask, cast: Cast, mastodon: int, enter: Callable[[User], Browser], action: str
) -> None:
    cy = enter(cast.cy)
    assert cy.post(f"/w/other/deliveries/{mastodon}/{action}").status_code == 404
    assert cy.post(f"/w/tea/deliveries/{mastodon}/{action}").status_code == 404
    assert state(app, mastodon) == State.SCHEDULED


@pytest.mark.parametrize("name", ["deliveries", "numbers"])
def test_the_panels_of_another_workspace_are_not_there(
    cast: Cast, post: int, enter: Callable[[User], Browser], name: str
) -> None:
    assert enter(cast.cy).get(f"/w/other/posts/{post}/{name}").status_code == 404


def test_without_scripts_a_decision_leads_back_to_the_page(
    app: Flask, post: int, mastodon: int, bo: Browser
) -> None:
    fail(app, mastodon)
    answer = bo.post(f"/w/tea/deliveries/{mastodon}/retry")
    assert answer.location == f"/w/tea/posts/{post}#deliveries"
    assert state(app, mastodon) == State.SCHEDULED


def test_the_panel_looks_again_while_something_is_under_way_and_rests_when_all_is_settled(
    app: Flask, post: int, mastodon: int, bluesky: int, ana: Browser
) -> None:
    assert "hx-trigger" not in panel(ana, post)
    with app.app_context():
        claim = taken(mastodon)
        db.session.commit()
    assert 'hx-trigger="every 2s"' in panel(ana, post)
    with app.app_context():
        deliveries.succeeded(claim, Receipt("1", ""), DUE)
        triage.cancel(db.session.get_one(Delivery, bluesky), db.session.scalars(select(User)).first(), NOW)  # type: ignore[arg-type]
        db.session.commit()
    assert "hx-trigger" not in panel(ana, post)


def test_a_panel_that_has_not_changed_is_not_sent_again(
    app: Flask, post: int, mastodon: int, ana: Browser
) -> None:
    with app.app_context():
        claim = taken(mastodon)
        db.session.commit()
    first = panel(ana, post)
    seen = re.search(r'"seen": "(\w{16})"', first)
    assert seen is not None
    address = f"/w/tea/posts/{post}/deliveries?seen={seen[1]}"
    assert ana.get(address, headers=HTMX).status_code == 204
    with app.app_context():
        deliveries.failed(claim, Outcome.REJECTED, Rejected("No."), DUE)
        db.session.commit()
    assert ana.get(address, headers=HTMX).status_code == 200


def test_a_missing_number_is_a_dash_that_says_why_and_never_a_nought(
    app: Flask, post: int, mastodon: int, ana: Browser
) -> None:
    publish(app, mastodon)
    measure(app, mastodon, timedelta(minutes=10), Metrics(likes=0, reposts=2))
    text = panel(ana, post, "numbers")
    assert '<span class="stat-value">0</span><span class="stat-label">Likes' in text
    assert (
        'title="This platform gives no such number."><span class="stat-value">–</span>'
        '<span class="stat-label">Views' in text
    )
    assert (
        'title="It was not told at this reading."><span class="stat-value">–</span>'
        '<span class="stat-label">Quotes' in text
    )


def test_the_totals_add_up_what_the_channels_gave(
    app: Flask, post: int, mastodon: int, bluesky: int, ana: Browser
) -> None:
    for delivery_id, metrics in ((mastodon, Metrics(likes=4, replies=1)), (bluesky, Metrics(likes=1200))):
        publish(app, delivery_id)
        measure(app, delivery_id, timedelta(minutes=10), metrics)
    totals = panel(ana, post, "numbers").partition("All channels together")[2].partition("courses")[0]
    assert re.findall(r'stat-value">([^<]+)</span><span class="stat-label">(\w+)', totals) == [
        ("1,204", "Likes"),
        ("–", "Reposts"),
        ("1", "Replies"),
        ("–", "Quotes"),
        ("–", "Views"),
        ("–", "Saves"),
    ]


def test_an_age_that_nobody_measured_is_a_gap_in_table_and_chart(
    app: Flask, post: int, mastodon: int, ana: Browser
) -> None:
    publish(app, mastodon)
    measure(app, mastodon, timedelta(minutes=10), Metrics(likes=1))
    measure(app, mastodon, timedelta(hours=1), None)
    measure(app, mastodon, timedelta(hours=6), Metrics(likes=9))
    text = panel(ana, post, "numbers")
    gap = text.partition("1 hour")[2].partition("</tr>")[0]
    assert "Not measured" in gap
    drawn = re.search(r'data-chart="(\{.*?\})"', text)
    assert drawn is not None
    chart = json.loads(drawn[1])
    assert chart["labels"] == ["10m", "1h", "6h"]
    assert chart["series"] == [{"label": "Likes", "data": [1, None, 9]}]


def test_fresh_numbers_are_asked_for_and_awaited_until_they_come(
    app: Flask, post: int, mastodon: int, ana: Browser
) -> None:
    publish(app, mastodon)
    asked = ana.post(f"/w/tea/posts/{post}/numbers", headers=HTMX)
    assert "Asking the platforms" in asked.text
    again = re.search(r'hx-get="([^"]+asked=\d+)" hx-trigger="published from:body, every 2s"', asked.text)
    assert again is not None
    with app.app_context():
        assert mastodon in [d.id for d in engagement.batch(db.session.scalars(select(Channel)).first(), NOW)]  # type: ignore[arg-type]
        db.session.add(Snapshot(delivery_id=mastodon, taken_at=DUE + timedelta(minutes=2), likes=5))
        db.session.commit()
    fresh = ana.get(again[1], headers=HTMX).text
    assert "Asking the platforms" not in fresh
    assert '<span class="stat-value">5</span>' in fresh


def test_numbers_that_do_not_come_are_admitted(app: Flask, post: int, mastodon: int, ana: Browser) -> None:
    publish(app, mastodon)
    text = panel(ana, post, "numbers?asked=1000000000")
    assert "The fresh numbers have not come yet." in text


def test_the_numbers_look_again_when_a_panel_that_changed_arrives(
    app: Flask, post: int, mastodon: int, ana: Browser
) -> None:
    assert "hidden" in panel(ana, post, "numbers").partition(">")[0]
    publish(app, mastodon)
    answer = ana.get(f"/w/tea/posts/{post}/deliveries", headers=HTMX)
    assert answer.headers["HX-Trigger-After-Swap"] == "published"
    shown = panel(ana, post, "numbers").partition(">")[0]
    assert "hidden" not in shown and "published from:body" in shown


def test_a_viewer_does_not_ask_the_platforms(
    app: Flask, cast: Cast, post: int, mastodon: int, enter: Callable[[User], Browser]
) -> None:
    publish(app, mastodon)
    with app.app_context():
        viewer = a_viewer(db.session.merge(cast.tea))
        db.session.refresh(viewer)
        db.session.expunge(viewer)
    vi = enter(viewer)
    assert "Refresh numbers" not in panel(vi, post, "numbers")
    assert vi.post(f"/w/tea/posts/{post}/numbers", headers=HTMX).status_code == 403


def test_there_are_words_for_every_state_hold_step_outcome_verdict_and_number() -> None:
    assert set(wording.SITUATION) == set(State)
    assert set(wording.HELD) == set(wording.ADVICE) == set(Hold)
    assert set(wording.BEGUN) == set(Step) - {Step.ANSWER}
    assert set(wording.ENDED_ANYHOW) == set(Outcome)
    assert set(wording.VERDICTS) == set(Verdict)
    assert set(wording.METRICS) == set(wording.ICONS) == set(engagement.NAMES)
