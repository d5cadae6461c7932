"""Posting by hand from its beginning to its end: approved on a desktop, scanned, laid out on a phone, posted, said so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from calendar_app import approval, channels, library, people, planning, walltime
from calendar_app.extensions import db
from calendar_app.models import Membership, Role
from media import samples
from publishers import get
from tests.browser import seeds, steps
from tests.browser.conftest import Sit
from tests.browser.desk import PHONE, Desk
from tests.browser.estate import ADMIN, APPROVER, PLANNER, Estate
from tests.browser.steps import LONG, ZONE

TEXT = "春茶到了，今天開賣。\n先聞香，再喝。\n\n#春茶 #greentea"
TITLE, ALT = "明前龍井，今天開賣", "雨後的茶園"
LINK = "https://www.xiaohongshu.com/explore/65f1"
APP = re.compile("小紅書|小红书|Xiaohongshu")
"""Its name in whatever language the approver reads by now."""
ENOUGH = timedelta(seconds=30)
TOO_SMALL = """() => [...document.querySelectorAll('main a[href], main button, main input:not([type=hidden]), main summary')]
    .filter(element => element.checkVisibility()).map(element => [element, element.getBoundingClientRect()])
    .filter(([, box]) => box.height < 44 || box.width < 44).map(([element]) => element.outerHTML.slice(0, 120))"""
WIDER = "() => document.documentElement.scrollWidth - innerWidth"
LANGUAGES = "() => [...document.querySelectorAll('main .post-text')].map(text => text.lang)"


@dataclass(frozen=True)
class Note:
    """A submitted post for an app that lets no program post, and its delivery once it is approved."""

    slug: str
    post_id: int
    due_at: datetime


def a_note(estate: Estate, folder: Path, name: str, ahead: timedelta) -> Note:
    """In a workspace of its own, so that the other walks meet no third channel."""
    path = folder / "rain.jpg"
    samples.picture(next(s for s in samples.PICTURES if s.name == "grain-rain.jpg"), path, seed=7)
    with estate.writing() as now:
        home = people.add_workspace(name, ZONE, seeds.person(ADMIN), now)
        for email, role in ((PLANNER, Role.PLANNER), (APPROVER, Role.APPROVER)):
            home.memberships.append(Membership(user=seeds.person(email), role=role, joined_at=now))
        db.session.flush()
        typed = {"app": "xiaohongshu", "account": "山嵐茶"}
        channel = channels.keep(home, "assisted", get("assisted").connect(typed), now)
        asset = library.add(home, path, "rain.jpg", seeds.person(PLANNER), now)
        db.session.flush()
        due_at = (now + ahead).replace(microsecond=0)
        draft = planning.PostDraft(
            text=TEXT,
            language="zh-Hant",
            wall_time=walltime.to_wall(due_at, ZONE),
            zone=ZONE,
            variants=(planning.VariantDraft(channel.id, options={"title": TITLE}),),
            media=(planning.Attached(asset.id, ALT),),
        )
        post = planning.write(home, draft, seeds.person(PLANNER), now)
        approval.submit(post, seeds.person(PLANNER), now)
        return Note(home.slug, post.id, due_at)


def open_post(desk: Desk, note: Note) -> None:
    desk.slug = note.slug
    desk.go(f"/posts/{note.post_id}")


def approve(desk: Desk, note: Note) -> str:
    """On the post's page; the address that its code holds."""
    open_post(desk, note)
    desk.button("Approve").click()
    way = desk.page.locator(".handoff-way")
    expect(way.get_by_role("img", name=desk.say("QR code of the hand-off page"))).to_be_visible()
    address = way.locator("[data-copy-text]").get_attribute("data-copy-text")
    assert address
    return address


def on_the_phone(sit: Sit, estate: Estate, address: str) -> Desk:
    """What scanning opens, in a browser where nobody is logged in."""
    phone = sit(None, PHONE)
    phone.context.grant_permissions(["clipboard-read", "clipboard-write"])
    phone.page.goto(f"{estate.url}{re.sub(r'^https?://[^/]+', '', address)}")
    return phone


def copied(phone: Desk, part: str) -> str:
    """What is on the clipboard after its button was pressed."""
    phone.page.locator(f'[data-copy-from="{part}"]').click()
    expect(phone.toast()).to_contain_text(phone.say("Copied"))
    return str(phone.page.evaluate("() => navigator.clipboard.readText()"))


def saved(phone: Desk, folder: Path) -> Path:
    with phone.page.expect_download() as begun:
        phone.link("Save").click()
    path = folder / begun.value.suggested_filename
    begun.value.save_as(path)
    return path


@pytest.mark.at_last
def test_a_note_is_approved_scanned_posted_by_hand_and_said_to_be_out(
    sit: Sit, estate: Estate, tmp_path: Path
) -> None:
    note = a_note(estate, tmp_path, "By hand", ENOUGH)
    desk = sit(APPROVER)
    phone = on_the_phone(sit, estate, approve(desk, note))
    expect(phone.page.locator("main.handoff")).to_have_attribute("data-phase", "ahead")
    expect(phone.page.locator("[data-until]")).to_have_text(re.compile(r"^0:[0-2]\d$"))
    expect(phone.button("I have posted it")).to_have_count(0)
    kept = saved(phone, tmp_path)
    assert kept.name == "1-rain.jpg" and kept.read_bytes()[:2] == b"\xff\xd8"
    expect(phone.page.locator("main.handoff")).to_have_attribute("data-phase", "handed", timeout=LONG)
    assert phone.page.evaluate(TOO_SMALL) == []
    assert phone.page.evaluate(WIDER) <= 0
    assert set(phone.page.evaluate(LANGUAGES)) == {"zh-Hant"}
    assert copied(phone, "#words-title") == TITLE
    assert copied(phone, "#words-text") == TEXT
    assert copied(phone, "#words-tags") == "#春茶 #greentea"
    assert copied(phone, "#alt-1") == ALT
    steps.standing(desk, "handover")
    phone.page.locator("[name=url]").fill(f"我發了一篇小紅書筆記 {LINK} 複製後打開看看")
    phone.button("I have posted it").click()
    expect(phone.page.locator("main.handoff")).to_have_attribute("data-phase", "done")
    expect(phone.page.get_by_role("link", name=phone.say("See it on %(platform)s"))).to_have_attribute(
        "href", LINK
    )
    steps.standing(desk, "published")
    expect(steps.deliveries(desk, "published")).to_contain_text(APP)


def test_a_page_that_is_open_on_a_phone_says_to_stop_when_the_approval_is_withdrawn(
    sit: Sit, estate: Estate, tmp_path: Path
) -> None:
    note = a_note(estate, tmp_path, "Second thoughts", timedelta(minutes=20))
    phone = on_the_phone(sit, estate, approve(sit(APPROVER), note))
    expect(phone.page.locator("#words-title")).to_have_text(TITLE)
    with estate.writing() as now:
        post = seeds.post(note.post_id)
        approval.send_back(post, post.revision, seeds.person(APPROVER), now, "Not today.")
    expect(phone.page.get_by_role("heading", name=phone.say("This link has ended"))).to_be_visible(
        timeout=LONG
    )
    expect(phone.page.get_by_text(TITLE)).to_have_count(0)


def test_where_the_clipboard_is_closed_the_words_are_selected(
    sit: Sit, estate: Estate, tmp_path: Path
) -> None:
    note = a_note(estate, tmp_path, "Closed clipboard", timedelta(minutes=20))
    address = approve(sit(APPROVER), note)
    phone = on_the_phone(sit, estate, address)
    phone.page.evaluate(
        "() => { navigator.clipboard.writeText = () => Promise.reject(); document.execCommand = () => false; }"
    )
    phone.page.locator('[data-copy-from="#words-text"]').click()
    expect(phone.toast()).to_contain_text(phone.say("Selected: copy it now"))
    assert phone.page.evaluate("() => getSelection().toString()").split() == TEXT.split()
