"""Screens are tested through clients that behave like browsers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from calendar_app.extensions import db
from calendar_app.models import User
from tests.people import Cast, gather, log_in
from tests.web.browser import Browser


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One engine is enough here: the verbs beneath the screens are tested on both."""
    return sqlite_url


@pytest.fixture
def app(app: Flask) -> Flask:
    """The app, whose test clients send CSRF tokens."""
    app.test_client_class = Browser
    return app


@pytest.fixture
def cast(app: Flask) -> Cast:
    """Everybody, read whole and detached, so that their names and ids serve outside of a session."""
    with app.app_context():
        everybody = gather()
        for row in (everybody.ana, everybody.bo, everybody.di, everybody.cy, everybody.tea, everybody.other):
            db.session.refresh(row)
        db.session.expunge_all()
    return everybody


@pytest.fixture
def enter(app: Flask) -> Callable[[User], Browser]:
    """A browser in which someone is logged in."""

    def of(user: User) -> Browser:
        client = app.test_client()
        log_in(client, user)
        assert isinstance(client, Browser)
        return client

    return of


@pytest.fixture
def ana(enter: Callable[[User], Browser], cast: Cast) -> Browser:
    return enter(cast.ana)


@pytest.fixture
def bo(enter: Callable[[User], Browser], cast: Cast) -> Browser:
    return enter(cast.bo)
