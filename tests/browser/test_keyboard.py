"""Hands that stay on the keys."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from tests.browser import steps
from tests.browser.desk import Desk

MONTH = re.compile(r"[?&]date=(\d{4}-\d\d)-\d\d")


def month(desk: Desk) -> str:
    found = MONTH.search(desk.page.url)
    assert found, desk.page.url
    return found[1]


def test_arrows_turn_the_months_and_t_comes_back_to_today(planner: Desk) -> None:
    planner.go("/calendar?view=month")
    today = planner.page.locator(".cal-day.is-today")
    expect(today).to_be_visible()
    here = month(planner)
    planner.page.keyboard.press("ArrowRight")
    expect(planner.page).not_to_have_url(re.compile(here))
    planner.page.keyboard.press("ArrowRight")
    expect(today).to_have_count(0)
    planner.page.keyboard.press("t")
    expect(today).to_be_visible()
    assert month(planner) == here
    planner.page.keyboard.press("l")
    expect(planner.page).to_have_url(re.compile("view=list"))
    planner.page.keyboard.press("m")
    expect(planner.page).to_have_url(re.compile("view=month"))


def test_n_opens_the_composer_and_ctrl_enter_saves(planner: Desk) -> None:
    planner.go("/calendar")
    planner.page.keyboard.press("n")
    planner.page.wait_for_url("**/posts/new*")
    expect(planner.page.locator("#text")).to_be_focused()
    planner.page.keyboard.type("不用滑鼠 No mouse? n l t")
    steps.set_time(planner, datetime.now(UTC) + timedelta(days=44))
    planner.page.locator("#text").press("Control+Enter")
    planner.page.wait_for_url(re.compile(r"/posts/\d+$"))
    steps.standing(planner, "draft")
    planner.page.keyboard.press("e")
    planner.page.wait_for_url("**/edit")
    expect(planner.page.locator("#text")).to_have_value("不用滑鼠 No mouse? n l t")


def test_ctrl_shift_enter_submits(planner: Desk) -> None:
    planner.go("/posts/new")
    planner.page.locator("#text").fill("送出 Off it goes")
    steps.choose_channels(planner)
    steps.set_time(planner, datetime.now(UTC) + timedelta(days=45))
    planner.page.locator("#text").press("Control+Shift+Enter")
    planner.page.wait_for_url(re.compile(r"/posts/\d+$"))
    steps.standing(planner, "submitted")


def test_a_question_mark_shows_the_shortcuts_and_escape_closes_them(planner: Desk) -> None:
    planner.go("/calendar")
    planner.page.keyboard.press("?")
    help_dialog = planner.page.locator("#shortcuts")
    expect(help_dialog).to_be_visible()
    expect(help_dialog.locator("kbd").filter(has_text=re.compile("^n$"))).to_be_visible()
    planner.page.keyboard.press("Escape")
    expect(help_dialog).to_be_hidden()


def test_the_palette_goes_to_any_screen(planner: Desk) -> None:
    planner.go("/calendar")
    planner.page.keyboard.press("Control+k")
    palette = planner.page.locator("#palette")
    expect(palette.get_by_role("option").first).to_be_visible()
    planner.page.keyboard.type(planner.page.locator(".nav a[href$='/library']").inner_text().strip())
    expect(palette.get_by_role("option")).to_have_count(1)
    planner.page.keyboard.press("Enter")
    planner.page.wait_for_url("**/library")
