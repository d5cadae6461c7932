"""A database that comes back from a backup publishes nothing again that went out after the backup was made."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, select

from calendar_app import (
    approval,
    channels,
    create_app,
    deliveries,
    ledger_mark,
    planning,
    preparing,
    publishing,
    restoring,
    settling,
    sweeps,
)
from calendar_app.attempts import open_attempt
from calendar_app.config import Config
from calendar_app.extensions import db
from calendar_app.models import Attempt, Channel, Delivery, Hold, State, Step, Workspace
from publishers import get
from publishers.simulators.server import Server
from publishers.values import Destination
from tests.people import Cast, a_draft, an_approved_post, gather
from tests.people import a_channel as an_unreachable_channel
from tests.workers.crew import crew

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def a_channel(cast: Cast, server: Server) -> Channel:
    token = server.control.account("tea", "Tea")["access_token"]
    bare = Destination(server.url, "", "", get("mastodon").default_limits, {"access_token": token})
    channel = channels.keep(cast.tea, "mastodon", get("mastodon").discover(bare), cast.now)
    db.session.commit()
    return channel


def promise(cast: Cast, channel: Channel, text: str, at: datetime, now: datetime) -> None:
    post = planning.write(cast.tea, a_draft(channel, text=text, at=at), cast.ana, now)
    approval.submit(post, cast.ana, now)
    approval.approve(post, post.revision, cast.bo, now)
    db.session.commit()


def publish_what_is_due(at: datetime) -> None:
    clock: Callable[[], datetime] = lambda: at
    for id in db.session.scalars(select(Delivery.id).where(Delivery.state == State.SCHEDULED)).all():
        preparing.prepare(id, "worker", clock)
        publishing.publish(id, "worker", clock, lambda _instant: None)


def look_up(at: datetime) -> None:
    for id in db.session.scalars(select(Delivery.id).where(Delivery.state == State.UNCONFIRMED)).all():
        settling.settle(id, "worker", lambda: at)


def states() -> dict[str, State]:
    db.session.rollback()
    return {d.variant.post.text: d.state for d in db.session.scalars(select(Delivery)) if d.variant}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_went_out_after_the_backup_is_found_and_not_sent_again(
    app: Flask, config: Config, mastodon_server: Server, now: datetime, tmp_path: Path
) -> None:
    backup_at = now - HOUR * 3
    with app.app_context():
        cast = gather(backup_at - HOUR)
        channel = a_channel(cast, mastodon_server)
        promise(cast, channel, "Out after the backup", now - HOUR, backup_at)
        promise(cast, channel, "Still ahead", now + HOUR, backup_at)
        db.engine.dispose()
    assert config.database_path is not None
    shutil.copy(config.database_path, tmp_path / "backup.db")
    with app.app_context():
        publish_what_is_due(now - HOUR)
    assert [record["text"] for record in mastodon_server.control.records()] == ["Out after the backup"]

    back = create_app(dataclasses.replace(config, database_url=f"sqlite:///{tmp_path / 'backup.db'}"))
    with back.app_context():
        assert restoring.restored(backup_at, now) == restoring.Restored(doubted=1, paused=2, ahead=1)
        db.session.commit()
        look_up(now + MINUTE)
        publish_what_is_due(now + MINUTE)
        assert states() == {"Out after the backup": State.PUBLISHED, "Still ahead": State.HELD}
        found = db.session.scalars(select(Delivery).where(Delivery.state == State.PUBLISHED)).one()
        assert found.url and found.remote_id
        channels.resume_workspace(
            db.session.scalars(select(Workspace).where(Workspace.name == "Tea")).one(), now
        )
        db.session.commit()
        assert states()["Still ahead"] == State.SCHEDULED
        db.engine.dispose()
    assert [record["text"] for record in mastodon_server.control.records()] == ["Out after the backup"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_not_found_waits_for_a_person(app: Flask, mastodon_server: Server, now: datetime) -> None:
    backup_at = now - HOUR * 3
    with app.app_context():
        cast = gather(backup_at - HOUR)
        promise(cast, a_channel(cast, mastodon_server), "Never sent", now - HOUR, backup_at)
        restoring.restored(backup_at, now)
        db.session.commit()
        look_up(now + MINUTE)
        publish_what_is_due(now + MINUTE)
        assert states() == {"Never sent": State.UNCONFIRMED}
    assert mastodon_server.control.records() == []


def test_a_delivery_that_was_being_sent_when_the_backup_was_made_is_doubted(
    app: Flask, now: datetime
) -> None:
    backup_at = now - HOUR
    with app.app_context():
        cast = gather(backup_at - HOUR)
        an_approved_post(cast, an_unreachable_channel(cast.tea), at=backup_at)
        (delivery,) = db.session.scalars(select(Delivery))
        assert deliveries.claim(delivery.id, backup_at, "worker") is not None
        assert restoring.restored(backup_at, now).doubted == 1
        db.session.commit()
        assert sweeps.reap(now + HOUR) == 0
        db.session.refresh(delivery)
        assert (delivery.state, delivery.lease_token) == (State.UNCONFIRMED, None)
        assert [attempt.sent_at for attempt in delivery.attempts] == [backup_at]
        assert "restored from a backup" in (delivery.error or "")


def test_what_is_ahead_is_held_by_the_pause_and_a_second_call_changes_nothing(
    app: Flask, now: datetime
) -> None:
    with app.app_context():
        cast = gather(now - HOUR)
        an_approved_post(cast, an_unreachable_channel(cast.tea), at=now + HOUR)
        assert restoring.restored(now - HOUR, now) == restoring.Restored(doubted=0, paused=2, ahead=1)
        db.session.commit()
        (delivery,) = db.session.scalars(select(Delivery))
        assert (delivery.state, delivery.held_reason) == (State.HELD, Hold.PAUSED)
        assert cast.tea.paused_reason.startswith("Restored from a backup of ")
        assert restoring.restored(now - HOUR, now) == restoring.Restored(doubted=0, paused=0, ahead=0)


def test_a_ledger_that_lost_attempts_is_told_by_the_note_beside_the_uploads(
    app: Flask, now: datetime
) -> None:
    with app.app_context():
        cast = gather(now - HOUR)
        an_approved_post(cast, an_unreachable_channel(cast.tea), at=now)
        assert ledger_mark.missing() is None, "nothing was ever noted"
        (delivery,) = db.session.scalars(select(Delivery))
        before = open_attempt(delivery.id, Step.PREPARE, now - HOUR, "worker")
        open_attempt(delivery.id, Step.PUBLISH, now, "worker")
        ledger_mark.keep()
        assert ledger_mark.missing() is None
        db.session.execute(delete(Attempt).where(Attempt.id != before))
        assert ledger_mark.missing() == now
        ledger_mark.keep()
        assert ledger_mark.missing() is None


def test_a_database_that_began_after_the_note_has_nothing_to_send_again(app: Flask, now: datetime) -> None:
    with app.app_context():
        ledger_mark.path().parent.mkdir()
        ledger_mark.path().write_text((now - HOUR).isoformat())
        cast = gather(now)
        an_approved_post(cast, an_unreachable_channel(cast.tea), at=now + HOUR)
        assert ledger_mark.missing() is None
        an_approved_post(cast, an_unreachable_channel(cast.tea), at=now + HOUR, now=now - HOUR)
        assert ledger_mark.missing() == now - HOUR


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_clock_rings_for_nothing_until_the_restored_ledger_was_doubted(
    app: Flask, config: Config, mastodon_server: Server, now: datetime
) -> None:
    backup_at = now - MINUTE * 10
    with app.app_context():
        cast = gather(backup_at - HOUR)
        promise(cast, a_channel(cast, mastodon_server), "Out after the backup", now - MINUTE * 5, backup_at)
        ledger_mark.path().parent.mkdir()
        ledger_mark.path().write_text((now - MINUTE * 4).isoformat())
        with crew(config) as hands:
            hands.start("worker", "publish")
            clock = hands.start("clock").await_saying("the database knows less than it did")
            assert not clock.says("the clock is ticking")
            assert states() == {"Out after the backup": State.SCHEDULED}
            done = hands.start("restored", "--backup-at", backup_at.isoformat())
            assert done.end() == 0 and done.says("1 deliveries may have gone out since the backup")
            clock.await_saying("the clock is ticking")
    assert mastodon_server.control.records() == []
