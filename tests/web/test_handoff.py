"""The hand-off's page: laid out for who may post, by log-in or by a link that opens nothing else, and refused in time."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select, update

from calendar_app import approval, channels, library, planning, publishing
from calendar_app.extensions import db
from calendar_app.models import Channel, Delivery, Hold, Membership, Post, Role, State, User
from calendar_app.web import edge, handoff_links
from publishers import get
from tests.people import NOW, Cast, a_channel, a_viewer, an_approved_post
from tests.web.browser import Browser

DUE = NOW + timedelta(hours=1)
LINK = "https://www.xiaohongshu.com/explore/65f1?a=1&b=2"
TEXT = "春茶到了 <b>新</b>\n#春茶 #greentea #春茶"
ALT = "雨後的茶園"


class Watch:
    """The clock of the edge."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def wait_until(self, instant: datetime) -> None:
        self.now = max(self.now, instant)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setattr(edge, "now", watch)
    return watch


@pytest.fixture
def delivery(app: Flask, cast: Cast, watch: Watch, tmp_path: Path) -> int:
    """A note with a picture and a title, approved for DUE on the brand's account in Xiaohongshu."""
    with app.app_context():
        typed = {"app": "xiaohongshu", "account": "山嵐茶", "profile": "https://www.xiaohongshu.com/user/1"}
        channel = channels.keep(cast.tea, "assisted", get("assisted").connect(typed), NOW)
        path = tmp_path / "tea.jpg"
        Image.new("RGB", (640, 480), "seagreen").save(path)
        asset = library.add(cast.tea, path, "茶園.jpg", cast.ana, NOW)
        db.session.commit()
        draft = (planning.VariantDraft(channel.id, options={"title": "明前龍井"}),)
        media = (planning.Attached(asset.id, ALT),)
        post = an_approved_post(cast, text=TEXT, language="zh-Hant", variants=draft, media=media)
        return post.deliveries[0].id


@pytest.fixture
def handed(app: Flask, delivery: int, watch: Watch) -> int:
    """Handed over at its instant."""
    watch.now = DUE
    with app.app_context():
        publishing.publish(delivery, "worker", watch, watch.wait_until)
    return delivery


@pytest.fixture
def link(app: Flask, cast: Cast, delivery: int) -> str:
    """The path of Ana's link."""
    with app.app_context():
        return link_of(app, cast.ana, delivery)


@pytest.fixture
def phone(app: Flask) -> Browser:
    """A browser in which nobody is logged in."""
    client = app.test_client()
    assert isinstance(client, Browser)
    return client


def link_of(app: Flask, user: User, delivery_id: int) -> str:
    with app.test_request_context():
        address = handoff_links.address_of(
            db.session.get_one(Delivery, delivery_id), db.session.get_one(User, user.id)
        )
    return address.removeprefix("http://127.0.0.1:8100")


def page(client: Browser, path: str, code: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == code, answer.text
    return answer.text


def seen(html: str) -> str:
    found = re.search(r'name="seen"[^>]*value="([0-9a-f]+)"', html)
    assert found, html
    return found[1]


def say_done(client: Browser, path: str, code: int = 302, **typed: Any) -> str:
    form = {"seen": seen(page(client, path)), **typed}
    answer = client.post(f"{path}/done", data=form, content_type="multipart/form-data")
    assert answer.status_code == code, answer.text
    return unescape(answer.text)


def of(app: Flask, delivery_id: int) -> Delivery:
    with app.app_context():
        found = db.session.get_one(Delivery, delivery_id)
        assert found.post and found.channel and found.attempts is not None
        db.session.expunge_all()
        return found


def state(app: Flask, delivery_id: int) -> tuple[State, Hold | None]:
    found = of(app, delivery_id)
    return found.state, found.held_reason


def here(delivery_id: int) -> str:
    return f"/w/tea/handoffs/{delivery_id}"


def a_screenshot(kind: str = "PNG") -> io.BytesIO:
    picture = io.BytesIO()
    Image.new("RGB", (390, 844), "ivory").save(picture, kind)
    picture.seek(0)
    return picture


def test_everything_is_laid_out_to_be_copied_and_saved(ana: Browser, handed: int) -> None:
    html = page(ana, here(handed))
    assert 'data-phase="handed"' in html and "Post it now" in html
    assert re.search(r'id="words-title" dir="auto" lang="zh-Hant">明前龍井<', html)
    assert re.search(
        r'id="words-text" dir="auto" lang="zh-Hant">春茶到了 &lt;b&gt;新&lt;/b&gt;\n#春茶 #greentea #春茶<',
        html,
    )
    assert re.search(r'id="words-tags"[^>]*>#春茶 #greentea<', html)
    assert re.search(rf'id="alt-1" dir="auto" lang="zh-Hant">{ALT}<', html)
    for copied in ("#words-title", "#words-text", "#words-tags", "#alt-1"):
        assert f'data-copy-from="{copied}"' in html
    assert "Xiaohongshu" in html and "山嵐茶" in html
    assert 'href="https://www.xiaohongshu.com/user/1"' in html


def test_each_file_is_saved_under_a_name_that_keeps_its_place(ana: Browser, handed: int) -> None:
    saved = ana.get(f"{here(handed)}/files/1?download")
    assert saved.status_code == 200
    assert "attachment" in saved.headers["Content-Disposition"]
    assert "1-" in saved.headers["Content-Disposition"] and ".jpg" in saved.headers["Content-Disposition"]
    assert Image.open(io.BytesIO(saved.data)).size == (640, 480)
    assert ana.get(f"{here(handed)}/files/1?thumb").mimetype == "image/webp"
    assert ana.get(f"{here(handed)}/files/2").status_code == 404


def test_the_page_counts_down_from_half_an_hour_ahead_and_takes_no_answer_yet(
    ana: Browser, delivery: int, watch: Watch
) -> None:
    early = page(ana, here(delivery))
    assert "It is laid out here from" in early and "明前龍井" not in early
    assert ana.get(f"{here(delivery)}/files/1").status_code == 404
    watch.now = DUE - timedelta(minutes=30)
    ahead = page(ana, here(delivery))
    assert f'data-until="{DUE.isoformat()}"' in ahead and "明前龍井" in ahead
    assert "I have posted it" not in ahead


def test_a_pasted_link_with_the_apps_words_around_it_brings_it_out(
    app: Flask, ana: Browser, cast: Cast, handed: int
) -> None:
    say_done(ana, here(handed), url=f"8 看看這篇筆記！ {LINK}，複製本條訊息，打開小紅書")
    found = of(app, handed)
    assert (found.state, found.url, found.published_at, found.sample_at) == (
        State.PUBLISHED,
        LINK,
        DUE,
        None,
    )
    html = page(ana, here(handed))
    assert "It is out" in html and "I have posted it" not in html
    assert "Ana posted it on Xiaohongshu." in page(ana, f"/w/tea/posts/{found.post_id}")


def test_a_screenshot_will_do(app: Flask, ana: Browser, handed: int) -> None:
    say_done(ana, here(handed), evidence=(a_screenshot(), "screen.png"))
    found = of(app, handed)
    assert found.state == State.PUBLISHED
    assert found.remote_id == f"evidence:{found.evidence_id}"
    picture = f"/w/tea/files/{found.evidence_id}/original"
    assert ana.get(picture).status_code == 200
    assert f'href="{picture}"' in page(ana, f"/w/tea/posts/{found.post_id}")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "Paste the link of the post, or add a screenshot of it."),
        ({"url": "it is out"}, "Copy the whole address, with https://."),
        ({"evidence": (io.BytesIO(b"%PDF-1.7 no picture"), "a.png")}, "This is a PDF."),
    ],
)
def test_without_evidence_it_stays_in_hand_and_is_told_why(
    app: Flask, ana: Browser, handed: int, typed: dict[str, Any], said: str
) -> None:
    assert said in say_done(ana, here(handed), 422, **typed)
    assert state(app, handed) == (State.HELD, Hold.HANDOVER)


def test_who_can_not_says_why_and_the_next_one_reads_it(
    app: Flask, ana: Browser, bo: Browser, handed: int
) -> None:
    answer = ana.post(f"{here(handed)}/pass-on", data={"reason": "The app is locked."})
    assert answer.status_code == 302
    assert state(app, handed) == (State.HELD, Hold.HANDOVER)
    assert "Ana could not post it: The app is locked." in page(bo, here(handed))
    assert ana.post(f"{here(handed)}/pass-on", data={"reason": " "}).status_code == 422


def test_an_edit_closes_the_page_and_refuses_what_was_open(
    app: Flask, cast: Cast, ana: Browser, handed: int
) -> None:
    form = {"seen": seen(page(ana, here(handed))), "url": LINK}
    withdraw(app, cast)
    html = page(ana, here(handed))
    assert "Do not post it" in html and "明前龍井" not in html and "I have posted it" not in html
    assert (ana.get(f"{here(handed)}/state").json or {})["phase"] == "changed"
    answer = ana.post(f"{here(handed)}/done", data=form, follow_redirects=True)
    assert "nothing was noted" in answer.text
    assert state(app, handed) == (State.HELD, Hold.UNAPPROVED)
    assert ana.get(f"{here(handed)}/files/1").status_code == 404


def withdraw(app: Flask, cast: Cast) -> None:
    with app.app_context():
        post = db.session.scalars(select(Post)).one()
        approval.send_back(post, post.revision, db.session.get_one(User, cast.bo.id), DUE, "Not so.")
        db.session.commit()


def test_a_pause_says_to_wait_but_hears_what_was_out_before(
    app: Flask, cast: Cast, ana: Browser, handed: int
) -> None:
    with app.app_context():
        channels.pause_workspace(db.session.merge(cast.tea), "crisis", DUE)
        db.session.commit()
    html = page(ana, here(handed))
    assert "Do not post it now" in html and "明前龍井" not in html
    say_done(ana, here(handed), url=LINK)
    assert state(app, handed)[0] == State.PUBLISHED


def test_past_its_latest_time_it_is_shown_as_late_and_still_taken(
    app: Flask, ana: Browser, handed: int, watch: Watch
) -> None:
    watch.now = DUE + timedelta(hours=3)
    assert "is late" in page(ana, here(handed))
    assert "Late" in page(ana, "/w/tea/handoffs")
    say_done(ana, here(handed), url=LINK)
    assert state(app, handed)[0] == State.PUBLISHED


def test_the_link_opens_this_one_hand_off_without_a_log_in(
    app: Flask, phone: Browser, link: str, handed: int
) -> None:
    answer = phone.get(link)
    assert answer.status_code == 200 and "明前龍井" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert phone.get(f"{link}/files/1?download").headers["Cache-Control"] == "no-store"
    assert phone.get(here(handed)).status_code == 302, "and nothing else"
    assert phone.get("/w/tea/calendar").status_code == 302
    say_done(phone, link, url=LINK)
    found = of(app, handed)
    assert found.state == State.PUBLISHED
    assert "It is out" in page(phone, link)


def test_what_is_said_by_the_link_is_said_by_whom_it_stands_for(
    app: Flask, cast: Cast, phone: Browser, link: str, handed: int
) -> None:
    phone.post(f"{link}/pass-on", data={"reason": "No app here."})
    assert of(app, handed).attempts[-1].by_id == cast.ana.id


def test_the_link_speaks_its_persons_language_and_clock(
    app: Flask, cast: Cast, phone: Browser, link: str, handed: int
) -> None:
    with app.app_context():
        db.session.execute(update(User).where(User.id == cast.ana.id).values(locale="zh_Hant", zone="UTC"))
        db.session.commit()
    html = page(phone, link)
    assert '<html lang="zh-Hant"' in html
    assert re.search(r"小紅書", html)
    withdraw(app, cast)
    assert '<html lang="zh-Hant"' in page(phone, link, 410)


def test_a_link_is_the_same_until_something_changes(app: Flask, cast: Cast, link: str, handed: int) -> None:
    with app.app_context():
        assert link_of(app, cast.ana, handed) == link
        assert link_of(app, cast.bo, handed) != link


def test_withdrawing_the_approval_ends_the_link_for_good(
    app: Flask, cast: Cast, phone: Browser, link: str, handed: int
) -> None:
    withdraw(app, cast)
    assert "This link has ended" in page(phone, link, 410)
    with app.app_context():
        post = db.session.scalars(select(Post)).one()
        ana, bo = db.session.get_one(User, cast.ana.id), db.session.get_one(User, cast.bo.id)
        post.due_at = DUE + timedelta(minutes=10)
        approval.submit(post, ana, DUE)
        approval.approve(post, post.revision, bo, DUE)
        db.session.commit()
    assert phone.get(link).status_code == 410
    assert phone.post(f"{link}/done", data={"url": LINK}).status_code == 410
    assert phone.get(f"{link}/files/1").status_code == 404


def test_the_link_ends_a_day_after_the_latest_time(
    phone: Browser, link: str, handed: int, watch: Watch
) -> None:
    watch.now = DUE + timedelta(minutes=30, days=1)
    assert phone.get(link).status_code == 200
    watch.now += timedelta(seconds=1)
    assert phone.get(link).status_code == 410


@pytest.mark.parametrize("how", ["leaves", "is made a viewer", "has a new password"])
def test_the_link_ends_with_the_right_of_its_person(
    app: Flask, cast: Cast, phone: Browser, link: str, handed: int, how: str
) -> None:
    with app.app_context():
        hers = select(Membership).where(Membership.user_id == cast.ana.id)
        membership = db.session.scalars(hers).one()
        if how == "leaves":
            db.session.delete(membership)
        elif how == "is made a viewer":
            membership.role = Role.VIEWER
            db.session.execute(update(Post).values(owner_id=None))
        else:
            db.session.get_one(User, cast.ana.id).session_salt = "another"
        db.session.commit()
    assert phone.get(link).status_code == 410


def test_a_forged_link_opens_nothing_and_few_are_tried(phone: Browser, link: str, handed: int) -> None:
    forged = link[:-3] + ("aaa" if not link.endswith("aaa") else "bbb")
    answers = [phone.get(forged).status_code for _ in range(25)]
    assert answers[:20] == [410] * 20
    assert answers[-1] == 429


def test_a_stranger_sees_nothing_of_it(
    app: Flask, cast: Cast, enter: Callable[[User], Browser], handed: int
) -> None:
    cy = enter(cast.cy)
    assert cy.get(here(handed)).status_code == 404
    assert cy.post(f"{here(handed)}/done", data={"url": LINK}).status_code == 404
    assert cy.get(f"{here(handed)}/files/1").status_code == 404


def test_a_viewer_may_do_it_only_where_it_is_theirs(
    app: Flask, cast: Cast, enter: Callable[[User], Browser], handed: int
) -> None:
    with app.app_context():
        viewer = a_viewer(db.session.merge(cast.tea))
        db.session.refresh(viewer)
        db.session.expunge(viewer)
    vi = enter(viewer)
    assert vi.get(here(handed)).status_code == 403
    with app.app_context():
        db.session.execute(update(Post).values(owner_id=viewer.id))
        db.session.commit()
    assert vi.get(here(handed)).status_code == 200


def test_only_an_assisted_channels_delivery_has_such_a_page(
    app: Flask, cast: Cast, ana: Browser, watch: Watch
) -> None:
    with app.app_context():
        other = an_approved_post(cast, a_channel(cast.tea)).deliveries[0].id
    assert ana.get(here(other)).status_code == 404


def test_the_posts_page_leads_to_the_phone(app: Flask, cast: Cast, ana: Browser, delivery: int) -> None:
    post_id = of(app, delivery).post_id
    html = page(ana, f"/w/tea/posts/{post_id}")
    assert 'class="qr"' in html and "<svg" in html
    assert f'href="{here(delivery)}"' in html
    assert "To be posted on Xiaohongshu by a person at 11:00" in html
    assert "only this computer can open" in html
    seen = re.search(r'hx-vals=\'\{"seen": "(\w+)"', page(ana, f"/w/tea/posts/{post_id}/deliveries"))
    assert seen
    again = ana.get(f"/w/tea/posts/{post_id}/deliveries?seen={seen[1]}", headers={"HX-Request": "true"})
    assert again.status_code == 204, "the code is no reason to draw the panel anew"


def test_it_has_a_word_and_a_colour_of_its_own_everywhere(app: Flask, ana: Browser, handed: int) -> None:
    post_id = of(app, handed).post_id
    html = page(ana, f"/w/tea/posts/{post_id}")
    assert f'id="delivery-{handed}" data-state="handover"' in html and "To post by hand" in html
    assert "Laid out for a person who posts it." in html
    feed = ana.get("/w/tea/calendar/feed?start=2030-03-01T00:00:00&end=2030-04-01T00:00:00")
    (row,) = (feed.json or {})["rows"]
    assert (row["state"], row["channels"][0]["state"]) == ("handover", "handover")


def test_the_list_shows_what_waits_and_what_comes_and_the_menu_counts_it(
    app: Flask, cast: Cast, ana: Browser, delivery: int, watch: Watch
) -> None:
    html = page(ana, "/w/tea/handoffs")
    assert "Within a day" in html and "To be posted now" not in html
    watch.now = DUE
    with app.app_context():
        publishing.publish(delivery, "worker", watch, watch.wait_until)
    html = page(ana, "/w/tea/handoffs")
    assert "To be posted now" in html and "Within a day" not in html
    assert re.search(
        r'href="/w/tea/handoffs"[^>]*>.*?<span class="count" aria-label="1 waiting">1<', html, re.DOTALL
    )


def test_who_posts_nothing_by_hand_is_not_offered_the_list(ana: Browser) -> None:
    assert "/w/tea/handoffs" not in page(ana, "/w/tea/people")
    assert "Nothing is to be posted by hand" in page(ana, "/w/tea/handoffs")


def test_operations_lead_to_the_hand_off(bo: Browser, handed: int) -> None:
    html = page(bo, "/w/tea/operations")
    assert f'href="{here(handed)}"' in html
    assert "To be posted on Xiaohongshu by a person at 11:00" in html


def test_an_admin_connects_an_account_by_its_name_alone(
    app: Flask, cast: Cast, enter: Callable[[User], Browser]
) -> None:
    di = enter(cast.di)
    typed = {"app": "wechat_channels", "account": "山嵐茶", "app_name": "", "profile": ""}
    answer = di.post("/w/tea/connect/assisted", data=typed)
    assert answer.status_code == 302, answer.text
    with app.app_context():
        channel = db.session.scalars(select(Channel)).one()
        assert (channel.platform, channel.handle, channel.remote_id) == (
            "assisted",
            "山嵐茶",
            "wechat_channels/山嵐茶",
        )
    wrong = di.post("/w/tea/connect/assisted", data={**typed, "app": "other"})
    assert wrong.status_code == 422 and "Write what the app is called." in wrong.text
