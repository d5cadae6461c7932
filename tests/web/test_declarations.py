"""What a post declares: asked, kept, shown, sealed with the rest, and required where a workspace says so."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from calendar_app import content
from calendar_app.extensions import db
from calendar_app.models import Post, Stage, Workspace
from tests.people import Cast, a_channel, an_approved_post
from tests.web.browser import Browser
from tests.web.test_composer import CHECK, NEW, typed


@pytest.fixture
def mastodon(app: Flask, cast: Cast) -> int:
    with app.app_context():
        return a_channel(cast.tea, "mastodon", handle="@tea@green.example").id


def written(app: Flask) -> Post:
    return db.session.scalars(select(Post)).one()


def require(app: Flask) -> None:
    with app.app_context():
        db.session.scalars(
            select(Workspace).where(Workspace.slug == "tea")
        ).one().requires_declarations = True
        db.session.commit()


@pytest.mark.parametrize(
    ("ticked", "kept"),
    [((), None), (("none",), []), (("ad", "ai"), ["ad", "ai"]), (("ai", "none"), ["ai"]), (("junk",), None)],
)
def test_what_was_ticked_is_kept(
    app: Flask, ana: Browser, mastodon: int, ticked: tuple[str, ...], kept: list[str] | None
) -> None:
    ana.post(NEW, data=typed(mastodon, declares=list(ticked)))
    with app.app_context():
        assert written(app).declares == kept


def test_readers_see_it_where_the_platform_has_no_field(app: Flask, ana: Browser, mastodon: int) -> None:
    live = ana.post(CHECK, data=typed(mastodon, declares=["ad"], language="zh-Hant", text="春茶"))
    assert "【廣告】" in live.text


def test_it_counts_as_text(app: Flask, ana: Browser, mastodon: int) -> None:
    plain = ana.post(CHECK, data=typed(mastodon, text="x" * 495)).text
    assert "too long" not in plain
    assert "too long" in ana.post(CHECK, data=typed(mastodon, text="x" * 495, declares=["ad"])).text


def test_it_is_part_of_what_is_approved(app: Flask, cast: Cast) -> None:
    with app.app_context():
        post = an_approved_post(cast, a_channel(cast.tea))
        (variant,) = post.variants
        before = content.digest(variant)
        post.declares = []
        assert content.digest(variant) == before, "to say that there is nothing to declare says nothing else"
        post.declares = ["ai"]
        assert content.digest(variant) != before


def submit(client: Browser, channel: int, **changes: Any) -> Any:
    return client.post(NEW, data=typed(channel, action="submit", **changes))


def test_where_it_is_required_nothing_is_submitted_without_an_answer(
    app: Flask, ana: Browser, mastodon: int
) -> None:
    require(app)
    answer = submit(ana, mastodon)
    assert answer.status_code == 422
    assert "Say what this post declares" in answer.text and "Spring tea is here." in answer.text
    assert submit(ana, mastodon, declares=["none"]).status_code == 302
    with app.app_context():
        assert written(app).stage == Stage.SUBMITTED


def test_the_post_page_says_it(app: Flask, ana: Browser, mastodon: int) -> None:
    page = ana.post(NEW, data=typed(mastodon, declares=["ad", "reprint"]), follow_redirects=True).text
    assert re.search(r"Declares</dt>\s*<dd>Advertisement, Reprinted from elsewhere", page)
