"""Two requests in the same instant, on both databases: the second never doubles or undoes the first."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from calendar_app.extensions import db
from calendar_app.models import Asset, Post
from tests.people import ZONE, Cast, a_channel, a_post, log_in
from tests.web.browser import Browser

HANDS = 3


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


def at_once(app: Flask, cast: Cast, act: Callable[[Browser, int], TestResponse]) -> list[TestResponse]:
    """Let Ana act in several windows in the same instant."""
    windows = [app.test_client() for _ in range(HANDS)]
    for window in windows:
        log_in(window, cast.ana)
    start = Barrier(HANDS)

    def run(number: int) -> TestResponse:
        start.wait(timeout=30)
        return act(windows[number], number)  # type: ignore[arg-type]

    with ThreadPoolExecutor(HANDS) as pool:
        return list(pool.map(run, range(HANDS)))


def typed(**changes: Any) -> dict[str, Any]:
    fields = {
        "text": "Spring tea is here.",
        "date": "2030-03-04",
        "time": "11:00",
        "zone": ZONE,
        "grace": "30",
    }
    return fields | changes


def test_a_form_sent_thrice_at_once_is_one_post(app: Flask, cast: Cast) -> None:
    form = typed(form_key=str(uuid4()))
    answers = at_once(app, cast, lambda window, _number: window.post("/w/tea/posts/new", data=form))
    assert {answer.status_code for answer in answers} == {302}
    assert len({answer.location for answer in answers}) == 1
    with app.app_context():
        assert db.session.scalar(select(func.count(Post.id))) == 1


def test_of_three_edits_at_once_one_is_saved_and_the_others_are_compared(app: Flask, cast: Cast) -> None:
    with app.app_context():
        path = f"/w/tea/posts/{a_post(cast, a_channel(cast.tea)).id}/edit"
    answers = at_once(
        app,
        cast,
        lambda window, number: window.post(path, data=typed(text=f"Version {number}", revision="1")),
    )
    assert sorted(answer.status_code for answer in answers) == [302, 409, 409]
    winner = next(number for number, answer in enumerate(answers) if answer.status_code == 302)
    with app.app_context():
        post = db.session.scalars(select(Post)).one()
        assert (post.text, post.revision) == (f"Version {winner}", 2)
    lost = next(number for number, answer in enumerate(answers) if answer.status_code == 409)
    assert f"Version {lost}" in answers[lost].text and f"Version {winner}" in answers[lost].text


def test_a_file_sent_thrice_at_once_is_one(app: Flask, cast: Cast) -> None:
    file = io.BytesIO()
    Image.new("RGB", (900, 900), "green").save(file, "JPEG")
    answers = at_once(
        app,
        cast,
        lambda window, _number: window.post("/w/tea/library/upload?name=leaf.jpg", data=file.getvalue()),
    )
    assert {answer.status_code for answer in answers} == {201}
    with app.app_context():
        assert db.session.scalar(select(func.count(Asset.id))) == 1
    assert list((app.extensions["almanac.config"].media_root / "incoming").iterdir()) == []
