"""The calendar's page, its feed on the viewer's own clock, dragging, and the list of posts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event
from werkzeug.test import TestResponse

from calendar_app import approval, feed
from calendar_app.extensions import db
from calendar_app.models import Label, Post, Stage, State, User
from calendar_app.planning import Attached
from calendar_app.walltime import to_wall
from calendar_app.web import calendar
from tests.calendar_app.test_feed import an_asset
from tests.people import NOW, ZONE, Cast, a_channel, a_post, a_viewer, an_approved_post
from tests.web.browser import Browser

JSON = {"Accept": "application/json"}
MARCH = "/w/tea/calendar/feed?start=2030-03-01T00:00:00&end=2030-04-01T00:00:00"
TEN, ELEVEN = "2030-03-04T10:00:00", "2030-03-04T11:00:00"
PARIS = "Europe/Paris"


@contextmanager
def at_home(app: Flask, cast: Cast) -> Iterator[Cast]:
    """The cast inside an app context; ``cast`` itself stays detached, and so readable."""
    with app.app_context():
        everybody = (cast.ana, cast.bo, cast.di, cast.cy, cast.tea, cast.other)
        yield Cast(*(db.session.get_one(type(row), row.id) for row in everybody))


@pytest.fixture
def draft(app: Flask, cast: Cast) -> int:
    """Ana's post at 11:00 of 4 March 2030 in Hong Kong."""
    with at_home(app, cast) as us:
        return a_post(us, a_channel(us.tea, handle="@tea")).id


@pytest.fixture
def approved(app: Flask, cast: Cast) -> int:
    with at_home(app, cast) as us:
        return an_approved_post(us, a_channel(us.tea)).id


@contextmanager
def counted_queries(app: Flask) -> Iterator[list[str]]:
    said: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        said.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", note)


def rows(client: Browser, address: str = MARCH) -> list[dict[str, Any]]:
    answer = client.get(address, headers=JSON)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.json is not None
    return list(answer.json["rows"])


def drag(client: Browser, **body: object) -> TestResponse:
    return client.post("/w/tea/calendar/move", json=body, headers=JSON)


def change(app: Flask, cast: Cast, **values: object) -> None:
    with at_home(app, cast) as us:
        user = db.session.get_one(User, us.ana.id)
        for name, value in values.items():
            setattr(user, name, value)
        db.session.commit()


def kept(app: Flask, post_id: int) -> Post:
    with app.app_context():
        post = db.session.get_one(Post, post_id)
        db.session.expunge_all()
    return post


def test_the_page_tells_the_script_its_addresses_zone_and_first_day(
    app: Flask, cast: Cast, ana: Browser
) -> None:
    change(app, cast, first_weekday=6, locale="zh_Hant")
    page = unescape(ana.get("/w/tea/calendar").get_data(as_text=True))
    for told in (
        'data-feed="/w/tea/calendar/feed"',
        'data-move="/w/tea/calendar/move"',
        'data-post="/w/tea/posts/0"',
        'data-thumb="/w/tea/files/0/thumb"',
        'data-new="/w/tea/posts/new"',
        'data-locale="zh-tw"',
        'data-first-day="0"',
        f'data-zone="{ZONE}"',
    ):
        assert told in page


def test_no_page_needs_an_inline_script_or_style(cast: Cast, ana: Browser) -> None:
    for path in ("/w/tea/calendar", "/w/tea/posts", "/w/tea/approvals"):
        page = ana.get(path).get_data(as_text=True)
        assert not re.search(r'\s(style|on\w+)="', page)
        assert "<style" not in page and not re.search(r"<script(?![^>]* src=)", page)


def test_a_viewer_gets_no_way_to_write_and_nothing_to_drag(
    app: Flask, cast: Cast, enter: Callable[[User], Browser], draft: int
) -> None:
    with at_home(app, cast) as us:
        viewer = a_viewer(us.tea)
        db.session.refresh(viewer)
        db.session.expunge_all()
    client = enter(viewer)
    assert 'data-new=""' in client.get("/w/tea/calendar").get_data(as_text=True)
    assert [row["movable"] for row in rows(client)] == [False]
    refused = drag(client, id=draft, wall=TEN, revision=1)
    assert refused.status_code == 403 and refused.json and "role" in refused.json["error"]


def test_an_entry_carries_what_its_card_shows(app: Flask, cast: Cast, ana: Browser) -> None:
    with at_home(app, cast) as us:
        label = Label(workspace_id=us.tea.id, name="Harvest", colour="green")
        db.session.add(label)
        db.session.flush()
        asset = an_asset(us)
        channel = a_channel(us.tea, handle="@tea")
        post = an_approved_post(us, channel, media=(Attached(asset.id, "leaves"),), label_ids=(label.id,))
        ids, asset_id = (post.id, channel.id), asset.id
    (row,) = rows(ana)
    assert row == {
        "id": ids[0],
        "title": "Spring tea is here.",
        "start": ELEVEN,
        "due": int((NOW + timedelta(hours=1)).timestamp() * 1000),
        "own": None,
        "state": "scheduled",
        "approved": True,
        "revision": 1,
        "movable": True,
        "channels": [
            {"id": ids[1], "platform": "mastodon", "handle": "@tea", "state": "scheduled", "warned": False}
        ],
        "risks": [],
        "labels": [{"name": "Harvest", "tint": "green"}],
        "owner": {"name": "Ana", "initials": "A", "tint": row["owner"]["tint"]},
        "picture": {"kind": "image", "asset": asset_id},
        "metrics": {},
    }


def test_times_are_those_of_the_viewers_clock_and_the_posts_own_is_told_beside(
    app: Flask, cast: Cast, ana: Browser, draft: int
) -> None:
    change(app, cast, zone=PARIS)
    (row,) = rows(ana)
    assert (row["start"], row["own"]) == ("2030-03-04T04:00:00", {"zone": ZONE, "wall": ELEVEN})


def test_the_range_is_read_on_the_viewers_clock(app: Flask, cast: Cast, ana: Browser, draft: int) -> None:
    hour = "/w/tea/calendar/feed?start=2030-03-04T{}:00:00&end=2030-03-04T{}:00:00"
    assert len(rows(ana, hour.format("11", "12"))) == 1
    assert len(rows(ana, hour.format("03", "04"))) == 0
    change(app, cast, zone=PARIS)
    assert len(rows(ana, hour.format("04", "05"))) == 1


@pytest.mark.parametrize(
    "query",
    [
        "",
        "start=2030-03-01",
        "start=soon&end=later",
        "start=0001-01-01&end=0001-01-02",
        "start=2030-01-01&end=2031-01-01",
    ],
)
def test_a_range_that_is_missing_mistyped_or_too_long_is_a_bad_request(
    cast: Cast, ana: Browser, query: str
) -> None:
    assert ana.get(f"/w/tea/calendar/feed?{query}", headers=JSON).status_code == 400


def test_the_address_narrows_the_feed(
    app: Flask, cast: Cast, ana: Browser, draft: int, approved: int
) -> None:
    assert [row["id"] for row in rows(ana, f"{MARCH}&state=draft")] == [draft]
    assert {row["id"] for row in rows(ana, f"{MARCH}&state=draft,scheduled")} == {draft, approved}
    assert rows(ana, f"{MARCH}&q=matcha") == []
    assert rows(ana, f"{MARCH}&owner={cast.bo.id}") == []


def test_an_unchanged_feed_is_not_sent_again(app: Flask, cast: Cast, ana: Browser, draft: int) -> None:
    first = ana.get(MARCH, headers=JSON)
    again = ana.get(MARCH, headers={**JSON, "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    drag(ana, id=draft, wall=TEN, revision=1)
    changed = ana.get(MARCH, headers={**JSON, "If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


def test_the_feed_of_a_stranger_is_not_found(
    enter: Callable[[User], Browser], cast: Cast, draft: int
) -> None:
    stranger = enter(cast.cy)
    assert stranger.get(MARCH).status_code == 404
    assert drag(stranger, id=draft, wall=TEN, revision=1).status_code == 404
    foreign = stranger.post(
        "/w/other/calendar/move", json={"id": draft, "wall": TEN, "revision": 1}, headers=JSON
    )
    assert foreign.status_code == 404


def test_the_feed_asks_the_database_as_often_for_thirty_posts_as_for_one(
    app: Flask, cast: Cast, ana: Browser, approved: int
) -> None:
    rows(ana)
    with counted_queries(app) as for_one:
        rows(ana)
    with at_home(app, cast) as us:
        channel = a_channel(us.tea)
        for hour in range(29):
            an_approved_post(us, channel, at=NOW + timedelta(hours=2 + hour))
    with counted_queries(app) as for_thirty:
        assert len(rows(ana)) == 30
    assert len(for_thirty) == len(for_one)


def test_a_dragged_draft_goes_where_it_was_dropped_and_can_be_taken_back(
    app: Flask, cast: Cast, ana: Browser, draft: int
) -> None:
    moved = drag(ana, id=draft, wall="2030-03-06T11:00:00", revision=1).json
    assert moved and moved["withdrawn"] is None
    assert (moved["row"]["start"], moved["row"]["revision"]) == ("2030-03-06T11:00:00", 2)
    back = drag(ana, **moved["undo"]).json
    assert back and back["row"]["start"] == ELEVEN
    assert kept(app, draft).due_at == NOW + timedelta(hours=1)


def test_moving_an_approved_post_withdraws_its_approval_and_says_so(
    app: Flask, cast: Cast, ana: Browser, approved: int
) -> None:
    moved = drag(ana, id=approved, wall="2030-03-06T11:00:00", revision=1).json
    assert moved and (moved["withdrawn"], moved["row"]["state"]) == ("approved", "draft")
    assert kept(app, approved).stage is Stage.DRAFT


def test_moving_a_submitted_post_takes_it_out_of_the_queue_and_says_so(
    app: Flask, cast: Cast, ana: Browser, draft: int
) -> None:
    with at_home(app, cast) as us:
        approval.submit(db.session.get_one(Post, draft), us.ana, NOW)
        db.session.commit()
    moved = drag(ana, id=draft, wall="2030-03-06T11:00:00", revision=1).json
    assert moved and moved["withdrawn"] == "submitted"


def test_a_move_into_the_past_is_refused_with_its_reason(
    app: Flask, cast: Cast, ana: Browser, draft: int
) -> None:
    yesterday = to_wall(datetime.now(UTC) - timedelta(days=1), ZONE).isoformat()
    refused = drag(ana, id=draft, wall=yesterday, revision=1)
    assert refused.status_code == 409 and refused.json
    assert refused.json == {"error": "This time has passed. Choose a later one.", "kind": "past"}
    assert kept(app, draft).revision == 1


def test_a_move_of_a_post_that_someone_edited_meanwhile_is_refused(
    app: Flask, cast: Cast, ana: Browser, draft: int
) -> None:
    drag(ana, id=draft, wall="2030-03-06T11:00:00", revision=1)
    late = drag(ana, id=draft, wall="2030-03-07T11:00:00", revision=1)
    assert late.status_code == 409 and late.json and late.json["kind"] == "stale"
    assert kept(app, draft).wall_time == datetime(2030, 3, 6, 11, 0)


@pytest.mark.parametrize("state", [State.PUBLISHING, State.PUBLISHED])
def test_what_goes_out_or_is_out_stays_where_it_is(
    app: Flask, cast: Cast, ana: Browser, approved: int, state: State
) -> None:
    with app.app_context():
        db.session.get_one(Post, approved).deliveries[0].state = state
        db.session.commit()
    assert [row["movable"] for row in rows(ana)] == [False]
    refused = drag(ana, id=approved, wall=TEN, revision=1)
    assert refused.status_code == 409 and refused.json and refused.json["kind"] == "out"
    assert kept(app, approved).stage is Stage.APPROVED


def test_a_time_that_comes_twice_is_asked_about_and_one_that_never_comes_is_explained(
    app: Flask, cast: Cast, ana: Browser
) -> None:
    change(app, cast, zone=PARIS)
    with at_home(app, cast) as us:
        post_id = a_post(us, zone=PARIS, wall_time=datetime(2030, 10, 20, 2, 30)).id
    twice = drag(ana, id=post_id, wall="2030-10-27T02:30:00", revision=1)
    assert twice.status_code == 409 and twice.json and twice.json["kind"] == "repeated"
    assert twice.json["choices"] == ["02:30 at UTC+02:00", "02:30 at UTC+01:00"]
    second = drag(ana, id=post_id, wall="2030-10-27T02:30:00", revision=1, fold=1)
    assert second.status_code == 200
    assert kept(app, post_id).due_at == datetime(2030, 10, 27, 1, 30, tzinfo=UTC)
    never = drag(ana, id=post_id, wall="2030-03-31T02:30:00", revision=2)
    assert never.status_code == 409 and never.json and never.json["kind"] == "skipped"
    assert "does not exist in Europe/Paris" in never.json["error"]


@pytest.mark.parametrize(
    "change_of_body",
    [
        {"wall": "soon"},
        {"wall": None},
        {"revision": "x"},
        {"revision": 2**70},
        {"id": None},
        {"zone": "Europe"},
        {"zone": "../etc/passwd"},
        {"zone": "Mars/Olympus"},
    ],
)
def test_a_mistyped_move_is_a_bad_request(
    cast: Cast, ana: Browser, draft: int, change_of_body: dict[str, object]
) -> None:
    assert drag(ana, **({"id": draft, "wall": TEN, "revision": 1} | change_of_body)).status_code == 400


def test_a_move_without_a_body_is_a_bad_request_and_one_of_a_missing_post_is_not_found(
    cast: Cast, ana: Browser
) -> None:
    assert ana.post("/w/tea/calendar/move", headers=JSON).status_code == 400
    assert ana.post("/w/tea/calendar/move", json=[1], headers=JSON).status_code == 400
    assert drag(ana, id=404, wall=TEN, revision=1).status_code == 404


def test_a_forged_move_is_refused(app: Flask, cast: Cast, ana: Browser, draft: int) -> None:
    forged = ana.post("/w/tea/calendar/move", json={"id": draft, "wall": TEN, "revision": 1}, forged=True)
    assert forged.status_code == 400 and kept(app, draft).revision == 1


def test_every_refusal_of_a_move_has_a_kind_of_its_own() -> None:
    assert len(set(calendar.KINDS.values())) == len(calendar.KINDS)


def listed(client: Browser, query: str = "") -> list[str]:
    page = unescape(client.get(f"/w/tea/posts{query}").get_data(as_text=True))
    return re.findall(r'class="clamp-2" href="[^"]+"[^>]*>([^<]+)<', page)


def test_the_list_shows_the_latest_first_or_the_earliest(app: Flask, cast: Cast, ana: Browser) -> None:
    with at_home(app, cast) as us:
        for hours in (2, 1, 3):
            a_post(us, text=f"post {hours}", at=NOW + timedelta(hours=hours))
    assert listed(ana) == ["post 3", "post 2", "post 1"]
    assert listed(ana, "?sort=soonest") == ["post 1", "post 2", "post 3"]


def test_the_list_is_narrowed_by_states_and_words_and_says_when_nothing_matches(
    app: Flask, cast: Cast, ana: Browser, draft: int, approved: int
) -> None:
    assert len(listed(ana, "?state=draft&state=scheduled")) == 2
    assert len(listed(ana, "?state=scheduled")) == 1
    empty = ana.get("/w/tea/posts?q=matcha").get_data(as_text=True)
    assert "No post matches" in empty and 'value="matcha"' in empty


def test_an_empty_workspace_invites_to_write(cast: Cast, ana: Browser) -> None:
    page = ana.get("/w/tea/posts").get_data(as_text=True)
    assert "No posts yet" in page and "/w/tea/posts/new" in page


def test_leafing_keeps_the_choice(
    app: Flask, cast: Cast, ana: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "PAGE", 2)
    with at_home(app, cast) as us:
        for hours in range(1, 6):
            a_post(us, text=f"tea {hours}", at=NOW + timedelta(hours=hours))
    page = unescape(ana.get("/w/tea/posts?q=tea&page=2").get_data(as_text=True))
    assert "Page 2 of 3" in page
    for address in ("/w/tea/posts?q=tea", "/w/tea/posts?q=tea&page=3"):
        assert f'href="{address}"' in page
    assert listed(ana, "?q=tea&page=2") == ["tea 3", "tea 2"]
    assert listed(ana, "?q=tea&page=900") == ["tea 1"], "a page past the end is the last"


def test_a_text_of_markup_is_shown_as_it_is(app: Flask, cast: Cast, ana: Browser) -> None:
    with at_home(app, cast) as us:
        a_post(us, text="<img src=x onerror=alert(1)>")
    page = ana.get("/w/tea/posts").get_data(as_text=True)
    assert "<img src=x" not in page and "&lt;img src=x" in page
