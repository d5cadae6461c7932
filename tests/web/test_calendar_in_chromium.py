"""The calendar in a real browser: dragging, asking, refusing, taking back, and staying live."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Locator, Page, expect, sync_playwright
from sqlalchemy import update
from werkzeug.serving import make_server

from calendar_app.extensions import db
from calendar_app.models import Delivery, Post, Stage, State, User
from calendar_app.web import assets
from tests.people import PASSWORD, Cast, a_channel, a_post, an_approved_post
from tests.web.test_calendar import at_home

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
TENTH = (datetime.now(UTC).replace(day=1) + timedelta(days=62)).replace(
    day=10, hour=1, minute=0, second=0, microsecond=0
)
BEGUN = datetime.now(UTC)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Chromium]:
    assert assets.is_built(), "The bundle is missing. Run: npm ci && npm run build"
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium, args=FLAGS) as launched,
    ):
        yield launched


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def open_calendar(browser: Chromium, address: str) -> Iterator[Callable[[User], Page]]:
    """Logs someone in and opens the month of ``TENTH``; at the end nothing may have broken the page's policy."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=address)
    broken: list[str] = []

    def of(user: User) -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.on("console", lambda said: broken.append(said.text) if "Security Policy" in said.text else None)
        page.goto("/login")
        page.fill("[name=email]", user.email)
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_url("**/w/tea/**")
        page.goto(f"/w/tea/calendar?view=month&date={TENTH:%Y-%m-%d}")
        expect(page.locator("a.cal-event").first).to_be_visible()
        return page

    yield of
    context.close()
    assert broken == []


@pytest.fixture
def draft(app: Flask, cast: Cast) -> int:
    with at_home(app, cast) as us:
        return a_post(us, a_channel(us.tea), at=TENTH, now=BEGUN).id


@pytest.fixture
def approved(app: Flask, cast: Cast) -> int:
    with at_home(app, cast) as us:
        return an_approved_post(us, a_channel(us.tea), at=TENTH, now=BEGUN).id


def day(page: Page, instant: datetime) -> Locator:
    return page.locator(f'.cal-day[data-date="{instant:%Y-%m-%d}"]')


def drag(page: Page, instant: datetime) -> None:
    """Take the only post to the day of ``instant``."""
    card, target = page.locator("a.cal-event").bounding_box(), day(page, instant).bounding_box()
    assert card and target
    page.mouse.move(card["x"] + card["width"] / 2, card["y"] + card["height"] / 2)
    page.mouse.down()
    page.mouse.move(card["x"] + 40, card["y"] + 40, steps=4)
    page.mouse.move(target["x"] + target["width"] / 2, target["y"] + target["height"] / 2, steps=6)
    page.mouse.up()


def kept(app: Flask, post_id: int) -> Post:
    with app.app_context():
        post = db.session.get_one(Post, post_id)
        db.session.expunge_all()
    return post


def test_a_post_is_dragged_to_another_day_and_taken_back(
    app: Flask, cast: Cast, draft: int, open_calendar: Callable[[User], Page]
) -> None:
    page = open_calendar(cast.ana)
    drag(page, TENTH + timedelta(days=2))
    expect(page.locator(".toast")).to_contain_text("Moved to")
    expect(day(page, TENTH + timedelta(days=2)).locator("a.cal-event")).to_have_count(1)
    assert kept(app, draft).due_at == TENTH + timedelta(days=2)
    page.get_by_role("button", name="Undo").click()
    expect(day(page, TENTH).locator("a.cal-event")).to_have_count(1)
    assert kept(app, draft).due_at == TENTH


def test_an_approved_post_is_moved_only_after_a_question(
    app: Flask, cast: Cast, approved: int, open_calendar: Callable[[User], Page]
) -> None:
    page = open_calendar(cast.ana)
    question = page.get_by_role("dialog", name="Move an approved post?")
    drag(page, TENTH + timedelta(days=2))
    expect(question).to_contain_text("Moving it withdraws the approval.")
    question.get_by_role("button", name="Cancel").click()
    expect(day(page, TENTH).locator("a.cal-event")).to_have_count(1)
    assert kept(app, approved).stage is Stage.APPROVED
    drag(page, TENTH + timedelta(days=2))
    question.get_by_role("button", name="Move", exact=True).click()
    expect(page.locator(".toast")).to_contain_text("The approval was withdrawn.")
    assert kept(app, approved).stage is Stage.DRAFT


def test_a_refused_move_snaps_back_with_its_reason(
    app: Flask, cast: Cast, draft: int, open_calendar: Callable[[User], Page]
) -> None:
    page = open_calendar(cast.ana)
    with app.app_context():
        db.session.get_one(Post, draft).revision = 7
        db.session.commit()
    drag(page, TENTH + timedelta(days=2))
    expect(page.locator(".toast")).to_contain_text("Someone saved this post while you were writing.")
    expect(day(page, TENTH).locator("a.cal-event")).to_have_count(1)


def test_a_change_of_state_arrives_without_a_reload_and_keeps_the_focus(
    app: Flask, cast: Cast, approved: int, open_calendar: Callable[[User], Page]
) -> None:
    page = open_calendar(cast.ana)
    card = page.locator("a.cal-event")
    card.focus()
    with app.app_context():
        db.session.get_one(Post, approved).deliveries[0].state = State.FAILED
        db.session.commit()
    page.dispatch_event("html", "visibilitychange", {"bubbles": True})
    expect(card.locator(".cal-card")).to_have_attribute("data-state", "failed")
    expect(card).to_be_focused()


def test_enter_on_a_day_opens_the_composer_there(
    cast: Cast, draft: int, open_calendar: Callable[[User], Page]
) -> None:
    page = open_calendar(cast.ana)
    day(page, TENTH).focus()
    page.keyboard.press("ArrowRight")
    expect(day(page, TENTH + timedelta(days=1))).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/w/tea/posts/new?date={TENTH + timedelta(days=1):%Y-%m-%d}T09**")


def test_filters_stay_in_the_address_and_are_remembered(
    cast: Cast, draft: int, open_calendar: Callable[[User], Page]
) -> None:
    page = open_calendar(cast.ana)
    page.locator(".legend-item", has_text="Failed").click()
    expect(page.locator("a.cal-event")).to_have_count(0)
    expect(page.get_by_text("No post here matches the filters.")).to_be_visible()
    page.goto("/w/tea/calendar")
    page.wait_for_url("**state=failed**")
    page.get_by_role("button", name="Show all").click()
    page.wait_for_url(lambda address: "state" not in address)


def test_badges_and_the_approval_follow_a_post_that_goes_out_while_its_page_is_open(
    app: Flask, cast: Cast, approved: int, open_calendar: Callable[[User], Page]
) -> None:
    page = open_calendar(cast.ana)
    stand(app, approved, State.PUBLISHING)
    page.goto(f"/w/tea/posts/{approved}")
    expect(page.locator(".reading-gone")).to_contain_text("Publishing")
    page.evaluate("window.unreloaded = true")
    stand(app, approved, State.PUBLISHED)
    expect(page.locator(".reading-gone")).to_contain_text("Out: stays as it is")
    expect(page.locator("#approval")).not_to_contain_text("Any edit withdraws the approval")
    expect(page.locator("#post-standing")).to_contain_text("Published")
    assert page.evaluate("window.unreloaded")


def stand(app: Flask, post_id: int, state: State) -> None:
    """As a worker leaves the post's delivery."""
    published_at = datetime.now(UTC) if state is State.PUBLISHED else None
    with app.app_context():
        changed = update(Delivery).where(Delivery.post_id == post_id)
        db.session.execute(changed.values(state=state, published_at=published_at))
        db.session.commit()
