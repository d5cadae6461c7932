"""Every screen at every width: nothing overflows, every control has a name, and strangers see nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from calendar_app import people
from tests.browser import seeds, steps
from tests.browser.conftest import Sit
from tests.browser.desk import DESKTOP, PHONE, Desk
from tests.browser.estate import ADMIN, PASSWORD, SLUG, Estate

SCREENS = (
    *("/calendar?view=month", "/calendar?view=week", "/calendar?view=list"),
    *("/posts", "/posts/new", "/posts/1", "/posts/1/edit", "/approvals", "/library"),
    *(
        "/channels",
        "/channels/1",
        "/operations",
        "/handoffs",
        "/rehearsal",
        "/connect",
        "/connect/mastodon",
        "/connect/bluesky",
        "/people",
        "/settings",
    ),
)
LOOSE = ("/profile", "/workspaces", "/no/such/page")
UNNAMED = """() => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')]
    .filter(element => element.checkVisibility({ visibilityProperty: true }) && !element.closest('[aria-hidden=true]'))
    .filter(element => ![element.ariaLabel, element.title, element.innerText, element.placeholder,
        ...[...(element.labels ?? [])].map(label => label.innerText),
        ...(element.getAttribute('aria-labelledby') ?? '').split(' ').map(id => document.getElementById(id)?.innerText),
        ...[...element.querySelectorAll('img, svg')].map(image => image.alt ?? image.ariaLabel)].some(name => name?.trim()))
    .map(element => element.outerHTML.slice(0, 160))"""
SLIP_IN = (
    "code => document.body.append(Object.assign(document.createElement('script'), { textContent: code }))"
)
WIDER = "() => document.documentElement.scrollWidth - innerWidth"
WITHOUT_ALT = "() => [...document.querySelectorAll('img:not([alt])')].map(image => image.src)"
DOUBLE_IDS = """() => { const ids = [...document.querySelectorAll('[id]')].map(element => element.id);
    return ids.filter((id, at) => ids.indexOf(id) !== at) }"""


def inspect(desk: Desk) -> list[str]:
    """What is wrong with the page before us."""
    desk.page.wait_for_load_state("networkidle")
    expect(desk.page.locator("h1")).to_have_count(1)
    found = [f"no name: {each}" for each in desk.page.evaluate(UNNAMED)]
    found += [f"no alt: {each}" for each in desk.page.evaluate(WITHOUT_ALT)]
    found += [f"twice: {each}" for each in desk.page.evaluate(DOUBLE_IDS)]
    wider = desk.page.evaluate(WIDER)
    return found + ([f"{wider} px too wide"] if wider > 0 else [])


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["a desktop", "a phone"])
def test_no_screen_overflows_or_has_a_nameless_control(
    sit: Sit, estate: Estate, size: tuple[int, int]
) -> None:
    desk = sit(ADMIN, size)
    wrong: dict[str, list[str]] = {}
    for path in (*(f"/w/{SLUG}{screen}" for screen in SCREENS), *LOOSE):
        desk.page.goto(f"{estate.url}{path}")
        wrong[path] = inspect(desk)
    assert {path: found for path, found in wrong.items() if found} == {}


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["a desktop", "a phone"])
def test_the_door_and_the_platforms_pages_are_no_worse(
    sit: Sit, estate: Estate, size: tuple[int, int]
) -> None:
    desk = sit(None, size)
    for address in (f"{estate.url}/login", estate.mastodon.url, estate.bluesky.url):
        desk.page.goto(address)
        assert desk.page.evaluate(WIDER) <= 0
        assert desk.page.evaluate(WITHOUT_ALT) == []


@pytest.mark.parametrize("view", ["month", "week", "list"])
def test_a_post_of_the_last_quarter_stands_on_its_own_day_alone(
    planner: Desk, estate: Estate, view: str
) -> None:
    late = (datetime.now(ZoneInfo(steps.ZONE)) + timedelta(days=60)).replace(day=14, hour=23, minute=45)
    post_id = seeds.draft(estate, f"晚安茶 A last cup: {view}", late.astimezone(UTC))
    planner.go(f"/calendar?view={view}&date={late:%Y-%m-%d}")
    expect(planner.page.locator(f"a.cal-event[href$='/posts/{post_id}']")).to_have_count(1)


def test_a_stranger_finds_nothing_of_another_workspace(sit: Sit, estate: Estate) -> None:
    with estate.writing() as now:
        cy = people.add_user("cy@example.com", "Cy", PASSWORD, locale="en", zone="UTC", now=now)
        people.add_workspace("Coffee", "UTC", cy, now)
    desk = sit("cy@example.com")
    for screen in SCREENS:
        answer = desk.page.goto(f"{estate.url}/w/{SLUG}{screen}")
        assert answer and answer.status == 404, screen
        expect(desk.page.locator("body")).not_to_contain_text("山嵐茶")
    own = desk.page.goto(f"{estate.url}/w/coffee/posts/1")
    assert own and own.status == 404


def test_who_is_not_logged_in_is_asked_to_and_then_brought_to_where_they_wanted(
    sit: Sit, estate: Estate
) -> None:
    desk = sit(None)
    desk.go("/library")
    desk.page.locator("[name=email]").fill(ADMIN)
    desk.page.locator("[name=password]").fill(PASSWORD)
    desk.button("Log in").click()
    desk.page.wait_for_url(f"**/w/{SLUG}/library")


def test_a_script_that_slipped_into_a_page_does_not_run_and_would_fail_any_of_these_walks(sit: Sit) -> None:
    desk = sit(ADMIN)
    desk.go("/posts")
    desk.page.evaluate(SLIP_IN, "window.slipped = true")
    assert desk.page.evaluate("window.slipped") is None
    assert any("Content Security Policy" in trouble for trouble in desk.take_troubles())
