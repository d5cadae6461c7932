"""Channels on a real screen: connected on the platform's own pages, stopped, and sorted out afterwards.

They belong to the admin's other workspace, so that the demo's two channels stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, expect

from calendar_app.models import State
from publishers.simulators import mastodon
from publishers.simulators.server import Server
from tests.browser import seeds
from tests.browser.conftest import Sit
from tests.browser.desk import Desk
from tests.browser.estate import ADMIN, SIBLING, Estate
from tests.servers import wait_until

STATUSES = "/api/v1/statuses"
TOMORROW = timedelta(days=1)
PLATFORM_PAGE = "**/oauth/authorize*"
SHOWN = "**/channels/*"


@pytest.fixture
def admin(sit: Sit) -> Desk:
    desk = sit(ADMIN)
    desk.slug = SIBLING
    return desk


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that forgets idempotency keys, so that a lost answer can be settled by a person alone."""
    with mastodon.serve(software="gotosocial") as server:
        yield server


@pytest.fixture
def channel(admin: Desk, server: Server) -> Iterator[Desk]:
    """Before the page of the workspace's only channel, connected on that server; removed afterwards."""
    connect_mastodon(admin, server, "mistyridge")
    address = admin.page.url
    yield admin
    admin.page.goto(address)
    remove(admin)


def connect_mastodon(desk: Desk, server: Server, account: str) -> None:
    """From the list of channels to the platform's consent page and back."""
    desk.go("/channels")
    desk.link("Connect a channel").first.click()
    desk.page.get_by_role("link", name="Mastodon").click()
    desk.page.get_by_label(desk.say("Server address")).fill(server.url)
    desk.button("Go to the platform to agree").click()
    desk.page.wait_for_url(PLATFORM_PAGE)
    desk.page.locator("[name=new_account]").fill(account)
    desk.page.locator("[name=decision][value=authorize]").click()
    desk.page.wait_for_url(SHOWN)


def remove(desk: Desk) -> None:
    more(desk).get_by_role("button", name=desk.say("Remove channel")).click()
    dialog = desk.page.locator("#remove")
    dialog.get_by_role("button", name=desk.say("Remove channel")).click()
    desk.page.wait_for_url("**/channels")


def more(desk: Desk) -> Locator:
    """The opened menu of further actions."""
    menu = desk.page.locator(".topbar details.menu")
    menu.locator("summary").click()
    return menu


def test_a_mastodon_channel_is_connected_by_agreeing_on_its_servers_own_page(channel: Desk) -> None:
    expect(channel.toast()).to_contain_text("mistyridge")
    expect(channel.text("Ready").first).to_be_visible()


def test_a_person_who_does_not_agree_comes_back_with_nothing_connected(admin: Desk, server: Server) -> None:
    admin.go("/connect/mastodon")
    admin.page.get_by_label(admin.say("Server address")).fill(server.url)
    admin.button("Go to the platform to agree").click()
    admin.page.wait_for_url(PLATFORM_PAGE)
    admin.page.locator("[name=decision][value=deny]").click()
    expect(admin.toast()).to_have_text(
        admin.say("The platform did not let Almanac in. Nothing was connected.")
    )


def test_a_wrong_app_password_is_told_and_the_right_one_connects_bluesky(admin: Desk, estate: Estate) -> None:
    account = estate.bluesky.order("accounts", handle="misty.example", name="霧嶺冷萃")
    admin.go("/connect/bluesky")
    for password in ("aaaa-bbbb-cccc-dddd", account["app_password"]):
        admin.page.locator("[name=service]").fill(account["service"])
        admin.page.locator("[name=handle]").fill(account["handle"])
        admin.page.locator("[name=app_password]").fill(password)
        admin.button("Connect").click()
        if password != account["app_password"]:
            expect(admin.page.get_by_role("alert")).to_be_visible()
            expect(admin.page.locator("[name=handle]")).to_have_value(account["handle"])
    admin.page.wait_for_url(SHOWN)
    expect(admin.toast()).to_contain_text("misty.example")
    remove(admin)


def test_a_pause_holds_what_is_planned_and_resuming_asks_about_what_was_missed(
    channel: Desk, estate: Estate
) -> None:
    address = channel.page.url
    now = datetime.now(UTC)
    later = seeds.approved_by_its_author(estate, SIBLING, "明天的茶 Tea of tomorrow", now + TOMORROW)
    pause(channel)
    expect(channel.page.locator("main")).to_contain_text(re.compile(r"\b1\b"))
    missed = seeds.approved_by_its_author(estate, SIBLING, "錯過的茶 Missed tea", soon := in_seconds(2))
    wait_until(lambda: datetime.now(UTC) > soon, "the missed instant")
    assert seeds.state_of(estate, later) == {State.HELD}
    channel.page.goto(address)
    channel.button("Resume").click()
    expect(waiting(channel)).to_have_count(1)
    expect(waiting(channel)).to_contain_text("錯過的茶")
    assert seeds.state_of(estate, later) == {State.SCHEDULED}
    waiting(channel).get_by_role("button", name=channel.say("Do not send")).click()
    expect(waiting(channel)).to_have_count(0)
    assert seeds.state_of(estate, missed) == {State.CANCELED}


def pause(desk: Desk) -> None:
    desk.button("Pause").click()
    dialog = desk.page.locator("#pause")
    dialog.locator("[name=reason]").fill("颱風 A typhoon")
    dialog.get_by_role("button", name=desk.say("Pause")).click()
    expect(desk.text("Nothing was on its way.")).to_be_visible()


def in_seconds(count: int) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=count)


def waiting(desk: Desk) -> Locator:
    return desk.page.locator("#waiting .list > div")


@pytest.mark.parametrize("answer", ["Yes, it is there", "No, it is not there"])
def test_a_lost_answer_is_asked_about_and_never_sent_again_blindly(
    channel: Desk, estate: Estate, server: Server, answer: str
) -> None:
    was_made = answer.startswith("Yes")
    server.control.fault(
        "drop_after" if was_made else "drop_before", {"method": "POST", "path_prefix": STATUSES}
    )
    server.control.fault("status_before", {"method": "GET", "path_prefix": "/api/v1/accounts/"}, times=None)
    post_id = seeds.approved_by_its_author(estate, SIBLING, "到了沒 Did it arrive?", in_seconds(1))
    channel.go(f"/posts/{post_id}")
    delivery = channel.page.locator("#deliveries .delivery[data-state=unconfirmed]")
    expect(delivery).to_contain_text(re.compile(r"mistyridge"))
    delivery.get_by_role("button", name=channel.say(answer)).click()
    settled = "published" if was_made else "failed"
    expect(channel.page.locator(f"#deliveries .delivery[data-state={settled}]")).to_have_count(1)
    assert len(server.control.records()) == was_made
    if not was_made:
        channel.button("Try again now").click()
        expect(channel.page.locator("#deliveries .delivery[data-state=published]")).to_have_count(1)
        assert len(server.control.records()) == 1
