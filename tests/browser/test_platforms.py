"""Platforms on a real screen: connected by consent and by form, and written for with their own fields.

They belong to the admin's other workspace, so that the demo's channels stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Locator, expect

from publishers import simulators
from publishers.simulators.server import Server
from tests.browser import steps
from tests.browser.conftest import Sit
from tests.browser.desk import DESKTOP, PHONE, Desk
from tests.browser.estate import ADMIN, SIBLING
from tests.browser.test_channels import SHOWN, remove
from tests.browser.test_writing import in_days

WALKS = pytest.mark.parametrize(
    ("size", "locale"), [(DESKTOP, "en"), (PHONE, "zh_Hant")], ids=["desktop-en", "phone-zh_Hant"]
)
DOMAIN = "shanlan.example"
Serve = Callable[[str], Server]


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as servers:
        yield lambda name: servers.enter_context(simulators.serve(name, rate_limits=False))


@pytest.fixture
def admin(sit: Sit) -> Callable[[tuple[int, int], str], Desk]:
    def at(size: tuple[int, int], locale: str) -> Desk:
        desk: Desk = sit(ADMIN, size)
        desk.slug = SIBLING
        desk.go("/channels")
        desk.read_in(locale)
        return desk

    return at


def fill(desk: Desk, fields: dict[str, str]) -> None:
    """Type what the platform gave out; what is put away under *Advanced* is opened first."""
    for name, value in fields.items():
        field = desk.page.locator(f"main [name={name}]")
        if not field.is_visible():
            inside = desk.page.locator(f"[name={name}]")
            desk.page.locator("main details:not([open])", has=inside).locator("summary").click()
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


def connect_by_form(desk: Desk, server: Server, platform: str) -> None:
    desk.go(f"/connect/{platform}")
    fill(desk, server.control.account("misty", "Misty")["fields"])
    desk.button("Connect").click()
    desk.page.wait_for_url(SHOWN)


def connect_by_consent(desk: Desk, server: Server, platform: str, **fields: str) -> None:
    server.control.account("misty", "Misty")
    desk.go(f"/connect/{platform}")
    app = server.control.app()  # type: ignore[attr-defined]
    fill(desk, {**app, "server": server.url, **fields})
    desk.button("Go to the platform to agree").click()
    desk.page.wait_for_url(lambda url: url.startswith(server.url))
    desk.page.locator("[name=account][value=misty]").check()
    desk.page.locator("[name=decision][value=authorize]").click()
    desk.page.wait_for_url(SHOWN)


def tab_of(desk: Desk, handle: str) -> Locator:
    """The composer's part for one channel, opened."""
    desk.page.get_by_role("checkbox", name=re.compile(handle)).check()
    desk.page.get_by_role("tab", name=re.compile(handle)).click()
    return desk.page.locator("[role=tabpanel]:visible", has=desk.page.locator("[name$=own_text]"))


@WALKS
def test_a_token_platform_is_connected_by_what_it_gave_out_and_tried_at_once(
    admin: Callable[..., Desk], serve: Serve, size: tuple[int, int], locale: str
) -> None:
    desk, server = admin(size, locale), serve("telegram")
    desk.go("/connect/telegram")
    fields = server.control.account("misty", "Misty")["fields"]
    fill(desk, {**fields, "token": "1234:wrong"})
    desk.button("Connect").click()
    expect(desk.page.get_by_role("alert")).to_contain_text("Unauthorized")
    expect(desk.page.locator("[name=channel]")).to_have_value(fields["channel"])
    fill(desk, {"token": fields["token"]})
    desk.button("Connect").click()
    desk.page.wait_for_url(SHOWN)
    expect(desk.page.locator("main")).to_contain_text("@misty")
    remove(desk)


@WALKS
def test_a_platform_with_an_app_of_ones_own_is_connected_by_consent(
    admin: Callable[..., Desk], serve: Serve, size: tuple[int, int], locale: str
) -> None:
    desk, server = admin(size, locale), serve("weibo")
    connect_by_consent(desk, server, "weibo", domains=DOMAIN)
    expect(desk.page.locator("main")).to_contain_text("misty")
    remove(desk)


@WALKS
def test_a_weibo_post_needs_a_link_of_the_bound_domain_while_it_is_written(
    admin: Callable[..., Desk], serve: Serve, size: tuple[int, int], locale: str
) -> None:
    desk, server = admin(size, locale), serve("weibo")
    connect_by_consent(desk, server, "weibo", domains=DOMAIN)
    channel = desk.page.url
    desk.go("/posts/new")
    steps.set_time(desk, in_days(43))
    desk.page.get_by_role("checkbox", name=re.compile("misty")).check()
    problems = desk.page.locator("#live .problem.danger")
    with desk.page.expect_response("**/posts/check*"):
        desk.page.locator("#text").fill("春茶上市")
    expect(problems).to_contain_text(DOMAIN)
    desk.page.locator("#text").fill(f"春茶上市 https://{DOMAIN}/spring")
    expect(problems).to_have_count(0)
    steps.save(desk)
    desk.page.goto(channel)
    remove(desk)


@WALKS
def test_an_article_has_its_title_digest_and_cover(
    admin: Callable[..., Desk], serve: Serve, size: tuple[int, int], locale: str
) -> None:
    desk, server = admin(size, locale), serve("wechat")
    connect_by_form(desk, server, "wechat")
    channel = desk.page.url
    desk.go("/posts/new")
    steps.set_time(desk, in_days(44))
    desk.page.locator("#text").fill("谷雨前後，怎麼選春茶")
    panel = tab_of(desk, "Misty|misty")
    panel.locator("[name$=opt-title]").fill("一片茶園的兩種春天")
    panel.locator("[name$=opt-digest]").fill("差三天採，泡出來是兩種春天。")
    expect(panel.locator("[name$=opt-cover]")).to_be_visible()
    post_id = steps.save(desk)
    expect(desk.page.locator(".reading")).to_contain_text("一片茶園的兩種春天")
    desk.go(f"/posts/{post_id}/edit")
    expect(desk.page.locator("[name$=opt-title]")).to_have_value("一片茶園的兩種春天")
    desk.page.goto(channel)
    remove(desk)


@WALKS
def test_the_operators_page_says_where_the_keys_come_from(
    admin: Callable[..., Desk], size: tuple[int, int], locale: str
) -> None:
    desk = admin(size, locale)
    desk.go("/connect/wechat")
    desk.link("What to apply for, and where the keys are").click()
    expect(desk.page.locator("article.prose")).to_contain_text("mp.weixin.qq.com")
