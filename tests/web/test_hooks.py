"""Platforms that call us: believed only with their signature, and only as far as to look sooner."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

import publishers
from calendar_app.extensions import db
from calendar_app.models import Channel, Delivery, State
from publishers.errors import Unauthorized
from publishers.mastodon import Mastodon
from publishers.values import Heard, Knock
from tests.people import NOW, Cast, a_channel, an_approved_post
from tests.web.browser import Browser


class Caller(Mastodon):
    """A platform that signs its calls with its token and names what they are about."""

    name = "caller"
    hears = True

    def hear(self, credentials: Mapping[str, str], knock: Knock) -> Heard:
        if knock.headers.get("x-signature") != credentials["access_token"]:
            raise Unauthorized("not ours")
        return Heard(body=b"success", about=tuple(knock.query.values()))


@pytest.fixture
def hook(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a channel with one delivery that the platform works on under the handle 77."""
    monkeypatch.setitem(publishers.PLATFORMS, "caller", Caller())
    with app.app_context():
        channel = a_channel(cast.tea, "caller")
        (delivery,) = an_approved_post(cast, channel).deliveries
        delivery.state, delivery.handles = State.PROCESSING, {"publish_id": "77"}
        delivery.look_at = NOW + timedelta(hours=1)
        db.session.commit()
        return f"/hooks/{channel.hook}"


def look_at(app: Flask) -> timedelta:
    with app.app_context():
        found = db.session.scalars(select(Delivery)).one().look_at
        assert found
        return found - NOW


SIGNED = {"X-Signature": "a-token-of-the-tests"}


def test_a_signed_call_lets_us_look_at_once_and_hears_what_it_wants(app: Flask, hook: str) -> None:
    answer = app.test_client().post(f"{hook}?id=77", headers=SIGNED)
    assert (answer.status_code, answer.data) == (200, b"success")
    assert look_at(app) < timedelta(hours=1)


def test_a_call_about_something_else_changes_nothing(app: Flask, hook: str) -> None:
    assert app.test_client().post(f"{hook}?id=78", headers=SIGNED).status_code == 200
    assert look_at(app) == timedelta(hours=1)


def test_a_call_without_the_platforms_signature_is_turned_away(app: Flask, hook: str) -> None:
    client = app.test_client()
    assert isinstance(client, Browser)
    assert client.post(f"{hook}?id=77", headers={"X-Signature": "guessed"}, forged=True).status_code == 403
    assert look_at(app) == timedelta(hours=1)


def test_an_address_that_nobody_has_is_not_found(app: Flask, hook: str) -> None:
    assert app.test_client().get("/hooks/nobody-has-this").status_code == 404


def test_a_removed_channel_hears_nothing(app: Flask, hook: str) -> None:
    with app.app_context():
        from calendar_app import channels

        channels.remove(db.session.scalars(select(Channel)).one(), NOW)
        db.session.commit()
    assert app.test_client().post(f"{hook}?id=77", headers=SIGNED).status_code == 404


def test_a_call_that_is_far_too_long_is_not_read(app: Flask, hook: str) -> None:
    answer = app.test_client().post(hook, data=b"x" * (2**20 + 1), headers=SIGNED)
    assert answer.status_code == 413
