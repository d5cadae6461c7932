"""The page of the rehearsal: for approvers and admins, in plain words, one at a time, and it changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from calendar_app.extensions import db
from calendar_app.models import Channel, Delivery, State, User
from calendar_app.web import rehearsal as page
from tests.people import Cast, a_channel, an_approved_post
from tests.web.browser import Browser
from tests.web.test_calendar import at_home

HTMX = {"HX-Request": "true"}
PAGE = "/w/tea/rehearsal"
REAL = "https://tea.example"
DAY = timedelta(days=1)

Plan = Callable[..., int]


@pytest.fixture
def plan(app: Flask, cast: Cast) -> Plan:
    """An approved post of the coming week; the id of its delivery."""

    def of(text: str = "Spring tea is here.", after: timedelta = DAY, **channel: object) -> int:
        with at_home(app, cast) as us:
            now = datetime.now(UTC)
            there = a_channel(us.tea, base_url=REAL)
            post = an_approved_post(us, there, text=text, at=now + after, now=now)
            if channel:
                db.session.execute(update(Channel).where(Channel.id == there.id).values(channel))
            db.session.commit()
            return post.deliveries[0].id

    return of


def text_of(answer: TestResponse) -> str:
    return unescape(answer.get_data(as_text=True))


@pytest.mark.parametrize("name, code", [("ana", 403), ("bo", 200), ("di", 200), ("cy", 404)])
def test_approvers_and_admins_may_rehearse_and_a_stranger_finds_nothing(
    cast: Cast, enter: Callable[[User], Browser], name: str, code: int
) -> None:
    client = enter(getattr(cast, name))

    assert client.get(PAGE).status_code == code
    assert client.post(PAGE).status_code == code


def test_the_operations_page_leads_there(bo: Browser) -> None:
    assert f'href="{PAGE}"' in text_of(bo.get("/w/tea/operations"))
    assert "Nothing is published" in text_of(bo.get(PAGE))


def test_an_empty_week_has_nothing_to_rehearse(bo: Browser) -> None:
    assert "Nothing is scheduled for the coming seven days." in text_of(bo.post(PAGE))


def test_a_good_week_says_so_and_stays_as_it_is(app: Flask, bo: Browser, plan: Plan) -> None:
    delivery = plan()

    told = text_of(bo.post(PAGE, headers=HTMX))

    assert "Nothing would go wrong." in told and "would go well" in told
    assert "<html" not in told
    with app.app_context():
        assert db.session.get_one(Delivery, delivery).state == State.SCHEDULED
        assert db.session.scalar(select(Channel.base_url)) == REAL


def test_what_would_go_wrong_is_told_with_its_reason_and_a_way_to_the_post(bo: Browser, plan: Plan) -> None:
    plan("Oolong at noon.", expires_at=datetime.now(UTC) + DAY / 2)

    told = text_of(bo.post(PAGE))

    assert "Oolong at noon." in told and "Would be held" in told
    assert "The sign-in of this channel ends" in told and "Reconnect the channel before then." in told
    assert "#delivery-" in told and "<html" in told


def test_one_rehearsal_at_a_time(bo: Browser, plan: Plan) -> None:
    plan()
    with page._at_it:
        refused = bo.post(PAGE, headers=HTMX)
        assert bo.post(PAGE).status_code == 302

    assert refused.status_code == 409
    assert "under way already" in json.loads(refused.headers["HX-Trigger"])["toast"]["text"]
    assert "Nothing would go wrong." in text_of(bo.post(PAGE))


def test_one_that_takes_too_long_says_how_far_it_came(
    bo: Browser, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "SECONDS", 0.0)
    plan()

    told = text_of(bo.post(PAGE))

    assert "This took too long and was broken off." in told
    assert "Nothing would go wrong." not in told and "Nothing is scheduled" not in told
