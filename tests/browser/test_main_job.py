"""The main job from its beginning to its end, as real people do it: plan, approve, publish, measure.

Three people walk it at once, so that they wait for their minute together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from media import samples
from tests.browser import steps
from tests.browser.desk import DESKTOP, PHONE, Desk
from tests.browser.estate import APPROVER, PLANNER, Estate, Platform
from tests.browser.steps import LONG, Written

ENOUGH = timedelta(seconds=75)
LIKES = 500
AT_LEAST_A_THOUSAND = re.compile(r"^1,?\d{3}$")
ALT = "雨中的茶葉 Rain on tea leaves"
WALKERS = {"English": ("en", DESKTOP), "繁體中文": ("zh_Hant", DESKTOP), "a phone": ("en", PHONE)}


@dataclass
class Walk:
    """One walk: each stage is gone through once, and brings those before it along."""

    name: str
    estate: Estate
    browser: Browser
    picture: Path
    desks: list[Desk] = field(default_factory=list)
    written: Written | None = None
    approver: Desk | None = None
    seen_before: bool | None = None

    @property
    def words(self) -> str:
        return f"清明茶到了 Spring tea is here ({self.name})"

    @property
    def text(self) -> str:
        return f"{self.words}\nhttps://example.com/tea #春茶 #greentea"

    def sit(self, email: str) -> Desk:
        locale, size = WALKERS[self.name]
        desk = Desk(self.browser, self.estate, size)
        self.desks.append(desk)
        desk.log_in(email)
        desk.read_in(locale)
        desk.go("/calendar")
        return desk

    def write(self) -> Written:
        """Ana writes it from the calendar, submits it and goes home."""
        if self.written is None:
            desk = self.sit(PLANNER)
            open_composer(desk)
            due_at = fill_in(desk, self)
            self.written = Written(steps.save(desk, "Save and submit"), self.text, due_at)
            steps.standing(desk, "submitted")
            desk.log_out()
        return self.written

    def approve(self) -> Desk:
        """Bo finds it in the queue, looks at it, lets it go, and stays on its page."""
        if self.approver is None:
            written = self.write()
            desk = self.sit(APPROVER)
            look_at_and_approve(desk, written)
            self.seen_before = any(p.records_of(self.words) for p in self.estate.platforms)
            desk.go(f"/posts/{written.id}")
            self.approver = desk
        return self.approver


@pytest.fixture(scope="package")
def walks(
    estate: Estate, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Walk]]:
    picture = tmp_path_factory.mktemp("pictures") / "rain.jpg"
    samples.picture(next(s for s in samples.PICTURES if s.name == "grain-rain.jpg"), picture, seed=7)
    walks = {name: Walk(name, estate, browser, picture) for name in WALKERS}
    yield walks
    for walk in walks.values():
        for desk in walk.desks:
            desk.close()


@pytest.fixture(params=WALKERS)
def walk(request: pytest.FixtureRequest, walks: dict[str, Walk], watched: list[Desk]) -> Iterator[Walk]:
    walk = walks[request.param]
    yield walk
    watched.extend(walk.desks)


def open_composer(desk: Desk) -> None:
    """By a click on today where the calendar shows days, by its button elsewhere."""
    if desk.is_phone:
        desk.page.locator(".tabbar .is-new").click()
    else:
        today = desk.page.locator(".cal-day.is-today")
        box = today.bounding_box()
        assert box
        today.click(position={"x": box["width"] - 12, "y": 8})
    desk.page.wait_for_url("**/posts/new*")


def fill_in(desk: Desk, walk: Walk) -> datetime:
    desk.page.locator("#text").fill(walk.text)
    steps.choose_channels(desk)
    steps.attach(desk, walk.picture, ALT)
    due_at = steps.full_minute(ENOUGH)
    steps.set_time(desk, due_at)
    if desk.is_phone:
        desk.page.locator("#side-preview").click()
    for preview in (previews := desk.page.locator("#live .preview")).all():
        expect(preview).to_contain_text(walk.words)
        expect(preview.get_by_role("img", name=ALT)).to_be_visible()
    expect(previews).to_have_count(2)
    return due_at


def look_at_and_approve(desk: Desk, written: Written) -> None:
    desk.page.locator(".tabbar" if desk.is_phone else ".sidebar").get_by_role(
        "link", name=re.compile(desk.say("Approvals").pattern.rstrip("$"))
    ).click()
    card = desk.page.locator(f"#approval-{written.id}")
    expect(card.locator(".reading")).to_have_count(2)
    for reading in card.locator(".reading").all():
        expect(reading).to_contain_text(written.text.partition("\n")[0])
        expect(reading.get_by_role("img", name=ALT)).to_be_visible()
    card.get_by_role("button", name=desk.say("Approve")).click()
    expect(card).to_have_count(0)


def test_a_planner_writes_a_post_with_a_picture_and_submits_it(walk: Walk) -> None:
    walk.write()
    expect(walk.desks[0].button("Log in")).to_be_visible()


def test_an_approver_finds_it_in_the_queue_and_approves_it(walk: Walk) -> None:
    desk = walk.approve()
    steps.standing(desk, "scheduled")
    expect(desk.page.locator("#deliveries .delivery")).to_have_count(2)
    assert walk.seen_before is False


@pytest.mark.at_last
def test_it_is_on_both_timelines_at_its_time_and_not_before(walk: Walk) -> None:
    desk = walk.approve()
    expect(steps.deliveries(desk, "published")).to_have_count(2, timeout=LONG)
    for platform in walk.estate.platforms:
        post = on_the_timeline(desk, platform, walk.words)
        expect(post.locator(".text")).to_contain_text("清明茶到了 Spring tea is here")
        expect(post.get_by_role("link", name=re.compile(r"example\.com.tea"))).to_be_visible()
        expect(post.get_by_role("link", name="#春茶")).to_be_visible()
        expect(post.locator(".media").get_by_role("img", name=ALT)).to_be_visible()
        shown_at = datetime.fromisoformat(post.locator("time").get_attribute("datetime") or "")
        assert walk.write().due_at <= shown_at <= datetime.now(UTC)


def on_the_timeline(desk: Desk, platform: Platform, words: str) -> Locator:
    """The one post with these words on the platform's public page."""
    desk.page.goto(platform.url)
    posts = desk.page.locator("article.post").filter(has_text=words)
    expect(posts).to_have_count(1)
    return posts


@pytest.mark.at_last
def test_its_numbers_come_to_its_page_and_onto_the_calendar(walk: Walk) -> None:
    desk, written = walk.approve(), walk.write()
    desk.go(f"/posts/{written.id}")
    expect(steps.deliveries(desk, "published")).to_have_count(2, timeout=LONG)
    expect(total(desk, "Likes")).to_have_text(re.compile(r"^[\d,.]+$"))
    for platform in walk.estate.platforms:
        platform.order("likes", id=platform.records_of(walk.words)[0]["id"], count=LIKES)
    desk.button("Refresh numbers").click()
    expect(total(desk, "Likes")).to_have_text(AT_LEAST_A_THOUSAND, timeout=LONG)
    expect(metric(desk, written, "Likes")).to_have_text(re.compile(r"1(\.\d)?\s*(K|千)|1,?\d{3}"))


def total(desk: Desk, name: str) -> Locator:
    """A number of all channels together, on the post's page."""
    stats = desk.page.locator("#numbers .card").first.locator(".stat")
    return stats.filter(has=desk.page.locator(".stat-label", has_text=desk.say(name))).locator(".stat-value")


def metric(desk: Desk, written: Written, name: str) -> Locator:
    """A number on the post's card in the calendar's list."""
    desk.go("/calendar?view=list")
    card = desk.page.locator(f"a.cal-event[href$='/posts/{written.id}']")
    return card.locator(".metric").filter(has_text=re.compile(desk.say(name).pattern.rstrip("$")))
