"""The demo, seeded once for all of these tests: on SQLite alone, as ``almanac up --demo`` does."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from flask import Flask
from sqlalchemy import func, select

from calendar_app import (
    approval,
    content,
    create_app,
    demo,
    engagement,
    library,
    people,
    preparing,
    publishing,
)
from calendar_app.config import Config
from calendar_app.demo import elsewhere
from calendar_app.demo.platforms import ACCOUNTS
from calendar_app.extensions import db
from calendar_app.models import (
    Attempt,
    AudienceSnapshot,
    Channel,
    Delivery,
    Hold,
    Outcome,
    Post,
    Stage,
    State,
    Step,
    User,
)
from publishers import get, simulators
from publishers.simulators import bluesky, mastodon
from publishers.simulators.server import Server
from tests.conftest import SECRET_KEY

NOBODY = "http://127.0.0.1:9"


@dataclass
class Opened:
    """A seeded demo: ``spent`` is how long the seeding took."""

    app: Flask
    now: datetime
    spent: timedelta
    logins: list[str]
    platforms: dict[str, Server]


def an_app(template: Path, folder: Path) -> Flask:
    """The app on an empty SQLite database in ``folder``."""
    shutil.copy(template, folder / "almanac.db")
    config = Config(folder, f"sqlite:///{folder / 'almanac.db'}", (SECRET_KEY,))
    return create_app(config)


@pytest.fixture(scope="module")
def opened(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    app = an_app(migrated_sqlite, tmp_path_factory.mktemp("demo"))
    with mastodon.serve() as toots, bluesky.serve() as skies, app.app_context():
        now, started = datetime.now(UTC), time.monotonic()
        logins = demo.seed(mastodon=toots.url, bluesky=skies.url, now=now)
        db.session.commit()
        spent = timedelta(seconds=time.monotonic() - started)
        yield Opened(app, now, spent, logins, {"mastodon": toots, "bluesky": skies})
        db.session.remove()
        db.engine.dispose()


def deliveries_in(state: State) -> list[Delivery]:
    return list(db.session.scalars(select(Delivery).where(Delivery.state == state).order_by(Delivery.due_at)))


def posts_in(stage: Stage) -> list[Post]:
    return list(db.session.scalars(select(Post).where(Post.stage == stage)))


def the_one_due_soon(opened: Opened) -> list[Delivery]:
    return [d for d in deliveries_in(State.SCHEDULED) if d.due_at < opened.now + timedelta(minutes=30)]


def test_each_of_the_three_people_can_log_in_and_reads_another_language(opened: Opened) -> None:
    found = [
        people.authenticate(f"{role}@shanlan.example", "mountain-mist-tea")
        for role in ("planner", "approver", "admin")
    ]
    assert [user and user.locale for user in found] == ["en", "zh_Hant", "zh_Hans"]
    assert all(user and any(user.email in line for line in opened.logins) for user in found)
    assert any("mountain-mist-tea" in line for line in opened.logins)


def test_only_the_admin_has_a_second_workspace_to_switch_to(opened: Opened) -> None:
    counts = {user.email: len(people.workspaces_of(user)) for user in db.session.scalars(select(User))}
    assert counts == {
        "planner@shanlan.example": 1,
        "approver@shanlan.example": 1,
        "admin@shanlan.example": 2,
    }


def test_every_promised_delivery_is_exactly_what_was_approved(opened: Opened) -> None:
    promised = deliveries_in(State.SCHEDULED)
    assert len(promised) > 20
    assert all(d.variant and d.digest == content.digest(d.variant) for d in promised)
    assert all(d.due_at == d.promised_at > opened.now for d in promised)


def test_no_approved_post_has_a_problem_that_stops_it(opened: Opened) -> None:
    for post in posts_in(Stage.APPROVED):
        waiting = [v for v in post.variants if v.delivery and v.delivery.state == State.SCHEDULED]
        assert [p for v in waiting for p in content.problems(content.wording(v))] == []


def test_every_picture_and_film_has_an_alt_text(opened: Opened) -> None:
    posts = db.session.scalars(select(Post)).all()
    alts = [a.alt for post in posts for a in post.attachments]
    assert len(alts) > 25
    assert all(alts)


def test_every_published_post_can_be_looked_at_where_its_receipt_says(opened: Opened) -> None:
    published = deliveries_in(State.PUBLISHED)
    assert len(published) > 30
    with httpx.Client() as reader:
        for delivery in published:
            page = reader.get(delivery.url or "")
            assert page.status_code == 200
            assert "山嵐茶" in page.text


def test_the_platforms_show_the_past_posts_at_their_past_instants_with_their_files(opened: Opened) -> None:
    for delivery in deliveries_in(State.PUBLISHED):
        server = opened.platforms[delivery.channel.platform]
        record = next(r for r in server.control.records() if r["id"] == delivery.remote_id)
        made = datetime.fromisoformat(record["created_at"])
        assert delivery.due_at <= made <= (delivery.published_at or opened.now)
        assert delivery.variant
        sent = content.to_send(content.wording(delivery.variant))
        assert record["text"] == sent.text
        assert [(m["sha256"], m["alt"]) for m in record["media"]] == [(m.sha256, m.alt) for m in sent.media]


def test_the_history_of_a_published_delivery_is_in_order_of_time(opened: Opened) -> None:
    for delivery in deliveries_in(State.PUBLISHED):
        moments = [t for a in delivery.attempts for t in (a.opened_at, a.sent_at, a.closed_at) if t]
        assert moments == sorted(moments)
        last = delivery.attempts[-1]
        assert (last.step, last.outcome) == (Step.PUBLISH, Outcome.PUBLISHED)
        assert last.closed_at == delivery.published_at


def test_what_went_wrong_is_there_to_be_looked_at(opened: Opened) -> None:
    (failed,) = deliveries_in(State.FAILED)
    assert failed.error
    assert all(a.outcome == Outcome.TEMPORARY for a in failed.attempts)
    (held,) = deliveries_in(State.HELD)
    assert held.held_reason == Hold.LATE
    canceled = deliveries_in(State.CANCELED)
    assert len({d.post_id for d in canceled}) == 1
    retried = [d for d in deliveries_in(State.PUBLISHED) if d.tries]
    assert len(retried) == 1


def test_three_posts_await_approval_one_was_sent_back_and_three_are_drafts(opened: Opened) -> None:
    stages = Counter(post.stage for post in db.session.scalars(select(Post)))
    assert (stages[Stage.SUBMITTED], stages[Stage.SENT_BACK], stages[Stage.DRAFT]) == (3, 1, 3)
    (sent_back,) = posts_in(Stage.SENT_BACK)
    assert sent_back.approvals[-1].comment
    problems = [found for post in posts_in(Stage.DRAFT) for found in approval.obstacles(post).values()]
    assert [p.code for found in problems for p in found] == ["text_too_long"]


def test_one_post_with_a_picture_is_due_on_both_channels_a_minute_after_the_start(opened: Opened) -> None:
    soon = the_one_due_soon(opened)
    assert {d.channel.platform for d in soon} == {"mastodon", "bluesky"}
    assert len({d.post_id for d in soon}) == 1
    assert len(soon[0].post.attachments) == 1
    wait = soon[0].due_at - opened.now
    assert timedelta(seconds=75) <= wait <= timedelta(seconds=77) + opened.spent


def test_numbers_rise_through_the_fixed_ages_to_what_the_platform_answers_now(opened: Opened) -> None:
    for channel in db.session.scalars(select(Channel)):
        published = [d for d in deliveries_in(State.PUBLISHED) if d.channel_id == channel.id]
        there = content.destination(channel)
        ids = [d.remote_id or "" for d in published]
        today = get(channel.platform).measure(there, ids)
        for delivery in published:
            rows = delivery.snapshots
            assert [row.age for row in rows] == ages_since(delivery, opened.now)
            for name in engagement.NAMES:
                values = [getattr(row, name) for row in rows]
                end = getattr(today[delivery.remote_id or ""], name)
                if end is None:
                    assert set(values) <= {None}
                else:
                    assert [*values, end] == sorted([*values, end])


def ages_since(delivery: Delivery, now: datetime) -> list[int]:
    assert delivery.published_at
    ages = [600, 3600, 21600, 86400, 259200, 604800]
    return [age for age in ages if delivery.published_at + timedelta(seconds=age) <= now]


def test_a_month_of_followers_rises_day_by_day_to_todays(opened: Opened) -> None:
    for channel in db.session.scalars(select(Channel)):
        rows = engagement.audience_of([channel.id])[channel.id]
        counts = [row.followers or 0 for row in rows]
        assert len(counts) == 30
        assert counts == sorted(counts)
        now = get(channel.platform).audience(content.destination(channel))
        assert counts[0] < counts[-1] <= (now.followers or 0)


def test_the_worker_publishes_the_post_that_is_due_soon_like_any_other(opened: Opened) -> None:
    """Behind the tests that read the calendar, as it changes it."""
    for delivery in the_one_due_soon(opened):
        due_at = delivery.due_at
        preparing.prepare(delivery.id, "a-worker", lambda due_at=due_at: due_at - timedelta(minutes=1))
        publishing.publish(delivery.id, "a-worker", lambda due_at=due_at: due_at, lambda _: None)
        db.session.refresh(delivery)
        assert delivery.state == State.PUBLISHED
        assert httpx.get(delivery.url or "").status_code == 200


def test_a_second_demo_on_the_same_platforms_says_nothing_twice(
    opened: Opened, migrated_sqlite: Path, tmp_path: Path
) -> None:
    drawn = Path(opened.app.extensions["almanac.config"].data) / "samples"
    shutil.copytree(drawn, tmp_path / "samples")
    again = an_app(migrated_sqlite, tmp_path)
    addresses = {name: server.url for name, server in opened.platforms.items()}
    with again.app_context():
        demo.seed(**addresses, now=datetime.now(UTC))
        db.session.commit()
        published = Counter(d.channel.platform for d in deliveries_in(State.PUBLISHED))
        db.engine.dispose()
    living = {
        name: sum(
            1
            for record in server.control.records()
            if record["account"] == ACCOUNTS[name] and not (record["deleted"] or record.get("taken_down"))
        )
        for name, server in opened.platforms.items()
    }
    assert living == published


@pytest.mark.parametrize("silent", ["mastodon", "bluesky"])
def test_without_a_platform_it_says_so_and_leaves_nothing_behind(
    opened: Opened, migrated_sqlite: Path, tmp_path: Path, silent: str
) -> None:
    app = an_app(migrated_sqlite, tmp_path)
    addresses = {name: server.url for name, server in opened.platforms.items()} | {silent: NOBODY}
    before = {name: len(server.control.records()) for name, server in opened.platforms.items()}
    with app.app_context():
        with pytest.raises(demo.NoStage, match=NOBODY):
            demo.seed(**addresses, now=datetime.now(UTC))
        db.session.commit()
        rows = [db.session.scalar(select(func.count()).select_from(model)) for model in (User, Post, Attempt)]
        rows.append(db.session.scalar(select(func.count()).select_from(AudienceSnapshot)))
        db.engine.dispose()
    assert rows == [0, 0, 0, 0]
    assert {name: len(server.control.records()) for name, server in opened.platforms.items()} == before


@pytest.fixture(scope="module")
def china(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """The demo where the platforms of its plan run too."""
    app = an_app(migrated_sqlite, tmp_path_factory.mktemp("china"))
    with ExitStack() as servers, app.app_context():
        running = {name: servers.enter_context(simulators.serve(name)) for name in ALL}
        addresses = {name: server.url for name, server in running.items()}
        now = datetime.now(UTC)
        logins = demo.seed(
            mastodon=addresses["mastodon"], bluesky=addresses["bluesky"], now=now, elsewhere=addresses
        )
        db.session.commit()
        yield Opened(app, now, timedelta(), logins, running)
        db.session.remove()


ALL = ("mastodon", "bluesky", "weibo", "wechat", "douyin")


def test_the_platforms_of_the_plan_are_connected_where_they_run(china: Opened) -> None:
    assert sorted(db.session.scalars(select(Channel.platform))) == sorted(ALL)


def test_what_is_planned_there_is_fit_to_go_out(china: Opened) -> None:
    scenes = {scene.text for scene in elsewhere.SCENES}
    posts = [post for post in db.session.scalars(select(Post)) if post.text in scenes]
    assert len(posts) == len(elsewhere.SCENES)
    for post in posts:
        assert approval.obstacles(post) == {post.variants[0].channel_id: []}


def test_an_article_of_the_demo_really_goes_out(china: Opened) -> None:
    wechat = db.session.scalars(select(Channel).where(Channel.platform == "wechat")).one()
    delivery = db.session.scalars(select(Delivery).where(Delivery.channel_id == wechat.id)).one()
    at = delivery.promised_at
    china.platforms["wechat"].control.clock(advance_seconds=(at - datetime.now(UTC)).total_seconds())
    for asset in (attachment.asset for attachment in delivery.post.attachments):
        for rendition in asset.renditions:
            library.render(rendition)
    db.session.commit()
    for minutes in (5, 4):  # the first try finds that the token has ended, and renews it
        preparing.prepare(delivery.id, "test", lambda minutes=minutes: at - timedelta(minutes=minutes))
    publishing.publish(delivery.id, "test", lambda: at, lambda _instant: None)
    db.session.expire_all()
    assert delivery.state in (State.PROCESSING, State.PUBLISHED), delivery.error
