"""Rotating sessions are refreshed by one worker, whoever asks first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from calendar_app import channels, content, create_app, credentials, publishing, sampling
from calendar_app.config import Config
from calendar_app.extensions import db
from calendar_app.models import Channel, ChannelState, Delivery, Outcome, State
from publishers import get
from publishers.errors import Temporary, Unauthorized
from publishers.simulators.server import Server
from tests.calendar_app.conftest import Watch
from tests.calendar_app.processes import Meet, Processes
from tests.people import Cast, an_approved_post

Walk = Callable[[int], None]
REFRESHING = {"path_prefix": "/xrpc/com.atproto.server.refreshSession"}


def refreshes(server: Server) -> int:
    return len([r for r in server.control.requests() if "refreshSession" in r["path"]])


def lost() -> Unauthorized:
    """What a platform says of an old token."""
    return Unauthorized("Token could not be verified")


def test_of_several_workers_that_saw_the_same_session_one_refreshes(
    app: Flask, cast: Cast, skies: Channel, bluesky_server: Server
) -> None:
    id, seen = skies.id, skies.credentials_version
    db.session.commit()
    start = threading.Barrier(4)

    def refresh() -> None:
        with app.app_context():
            start.wait()
            credentials.refresh(id, seen, cast.now)

    workers = [threading.Thread(target=refresh) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    asked = [r for r in bluesky_server.control.requests() if "refreshSession" in r["path"]]
    assert len(asked) == 1
    db.session.expire_all()
    assert skies.credentials_version == seen + 1


def test_who_comes_late_finds_newer_credentials(cast: Cast, skies: Channel) -> None:
    seen = skies.credentials_version
    assert credentials.refresh(skies.id, seen, cast.now)
    assert credentials.refresh(skies.id, seen, cast.now)
    assert skies.credentials_version == seen + 1


def test_a_revoked_session_is_told(cast: Cast, skies: Channel, bluesky_server: Server) -> None:
    bluesky_server.control.revoke_tokens()
    with pytest.raises(Unauthorized):
        credentials.refresh(skies.id, skies.credentials_version, cast.now)


def test_no_secret_shows_in_the_row(cast: Cast, skies: Channel) -> None:
    secrets = content.destination(skies).credentials
    assert b"ey" not in skies.credentials[:2]
    assert sum(len(str(secret)) > 20 for secret in secrets.values()) >= 2
    assert [name for name, secret in secrets.items() if str(secret) in repr(skies.__dict__)] == []


def _refresh_elsewhere(meet: Meet, config: Config, channel_id: int, seen: int, now: datetime) -> None:
    with create_app(config).app_context():
        meet()
        credentials.refresh(channel_id, seen, now)


def test_of_several_processes_one_refreshes(
    config: Config, cast: Cast, skies: Channel, bluesky_server: Server
) -> None:
    bluesky_server.control.fault("delay", REFRESHING, times=None, seconds=0.3)
    seen = skies.credentials_version
    db.session.commit()
    with Processes(3) as three:
        three.begin(_refresh_elsewhere, config, skies.id, seen, cast.now)
        three.meet()
        three.ended()
    assert refreshes(bluesky_server) == 1
    db.session.expire_all()
    assert skies.credentials_version == seen + 1


def test_many_posts_whose_session_expired_all_go_out_after_one_refresh(
    cast: Cast,
    skies: Channel,
    bluesky_server: Server,
    watch: Watch,
    publish: Walk,
    publish_at_once: Callable[[list[int]], None],
) -> None:
    ids = [an_approved_post(cast, skies, text=f"Number {n}.").deliveries[0].id for n in range(4)]
    watch.now = db.session.get_one(Delivery, ids[0]).due_at
    seen = skies.credentials_version
    bluesky_server.control.expire_tokens()
    bluesky_server.control.fault("delay", REFRESHING, times=1, seconds=0.5)
    db.session.commit()
    publish_at_once(ids)
    db.session.expire_all()
    found = [db.session.get_one(Delivery, id) for id in ids]
    assert (refreshes(bluesky_server), skies.credentials_version) == (1, seen + 1)
    assert skies.state == ChannelState.ACTIVE
    assert all((d.state, d.tries) == (State.SCHEDULED, 0) for d in found)
    for delivery in found:
        watch.wait_until(delivery.due_at)
        publish(delivery.id)
    assert all(d.state == State.PUBLISHED for d in found)


def test_while_another_refreshes_a_post_waits_a_moment_and_asks_the_platform_nothing(
    cast: Cast, skies: Channel, bluesky_server: Server, watch: Watch, publish: Walk
) -> None:
    (delivery,) = an_approved_post(cast, skies).deliveries
    watch.wait_until(delivery.due_at)
    skies.refresh_until = watch.now + credentials.REFRESH_BOUND
    db.session.commit()
    before = len(bluesky_server.control.requests())
    for _ in range(2):
        asked_at = watch.now
        publish(delivery.id)
        assert (delivery.state, delivery.tries) == (State.SCHEDULED, 0)
        assert delivery.due_at == asked_at + timedelta(seconds=2)
        watch.wait_until(delivery.due_at)
    assert len(bluesky_server.control.requests()) == before
    watch.wait_until(skies.refresh_until)
    publish(delivery.id)
    assert delivery.state == State.PUBLISHED, "a refresher that died holds nobody longer than its bound"


def test_a_refresher_that_dies_frees_the_right_after_its_bound(
    cast: Cast, skies: Channel, bluesky_server: Server, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = skies.credentials_version

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(type(get("bluesky")), "refresh", die)
        credentials.refresh(skies.id, seen, watch.now)
    assert not credentials.refresh(skies.id, seen, watch.now)
    later = watch.now + credentials.REFRESH_BOUND + timedelta(seconds=1)
    assert credentials.refresh(skies.id, seen, later)
    assert refreshes(bluesky_server) == 1


def test_trouble_of_the_platform_frees_the_right_at_once(
    cast: Cast, skies: Channel, bluesky_server: Server, watch: Watch
) -> None:
    bluesky_server.control.fault("status_before", REFRESHING, times=1, status=503)
    with pytest.raises(Temporary):
        credentials.refresh(skies.id, skies.credentials_version, watch.now)
    assert credentials.refresh(skies.id, skies.credentials_version, watch.now)


def test_an_old_token_that_is_refused_says_nothing_of_the_new_one(
    cast: Cast, skies: Channel, watch: Watch
) -> None:
    old = skies.credentials_version
    credentials.refresh(skies.id, old, watch.now)
    assert channels.refused(skies.id, old, lost(), watch.now) is credentials.Mended.YES
    assert not channels.needs_reconnecting(skies.id, "refused", watch.now, old)
    db.session.commit()
    assert skies.state == ChannelState.ACTIVE
    assert channels.refused(skies.id, old + 1, lost(), watch.now) is credentials.Mended.NO
    db.session.commit()
    db.session.expire_all()
    assert skies.state == ChannelState.RECONNECT


def test_a_slow_refresher_does_not_write_over_what_came_meanwhile(
    cast: Cast, skies: Channel, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, publisher = skies.credentials_version, type(get("bluesky"))
    refresh = publisher.refresh

    def slow(self: Any, destination: Any) -> Any:
        renewed = refresh(self, destination)
        monkeypatch.setattr(publisher, "refresh", refresh)
        later = watch.now + credentials.REFRESH_BOUND + timedelta(seconds=1)
        assert credentials.refresh(skies.id, seen, later)
        return renewed

    monkeypatch.setattr(publisher, "refresh", slow)
    assert credentials.refresh(skies.id, seen, watch.now)
    db.session.expire_all()
    assert skies.credentials_version == seen + 1


def test_tokens_that_expire_again_and_again_lose_no_post(
    cast: Cast, skies: Channel, bluesky_server: Server, watch: Watch, publish: Walk
) -> None:
    (delivery,) = an_approved_post(cast, skies).deliveries
    watch.wait_until(delivery.due_at)
    for _ in range(3):
        bluesky_server.control.expire_tokens()
        publish(delivery.id)
        watch.wait_until(delivery.due_at)
    publish(delivery.id)
    assert (delivery.state, skies.state) == (State.PUBLISHED, ChannelState.ACTIVE)


def test_renewed_credentials_that_are_always_refused_end_with_a_person(
    cast: Cast, skies: Channel, bluesky_server: Server, watch: Watch, publish: Walk
) -> None:
    (delivery,) = an_approved_post(cast, skies).deliveries
    watch.wait_until(delivery.due_at)
    tries = 0
    while delivery.state == State.SCHEDULED:
        bluesky_server.control.expire_tokens()
        publish(delivery.id)
        watch.wait_until(delivery.due_at)
        tries += 1
    assert tries == publishing.MOST_REFUSALS + 1
    assert (delivery.state, skies.state) == (State.HELD, ChannelState.RECONNECT)
    assert [a.outcome for a in delivery.attempts] == [Outcome.UNAUTHORIZED] * 3 + [Outcome.HELD]
    assert bluesky_server.control.records() == []


def test_a_channel_knows_when_its_credentials_end(cast: Cast, skies: Channel, toots: Channel) -> None:
    assert toots.expires_at is None
    first = skies.expires_at
    assert first is not None
    credentials.refresh(skies.id, skies.credentials_version, cast.now)
    db.session.expire_all()
    assert skies.expires_at and skies.expires_at >= first
    channels.remove(skies, cast.now)
    assert skies.expires_at is None


def typed_again(server: Server) -> dict[str, str]:
    """What the person of the channel types to sign in again."""
    account = server.control.account("tea.test", "Tea")
    return {"service": server.url, "handle": account["handle"], "app_password": account["app_password"]}


@pytest.mark.parametrize("paused_first", [True, False])
def test_signing_in_again_lifts_no_pause(
    cast: Cast, skies: Channel, bluesky_server: Server, watch: Watch, paused_first: bool
) -> None:
    (delivery,) = an_approved_post(cast, skies).deliveries
    acts: list[Callable[[], object]] = [
        lambda: channels.pause(skies, "A recall", watch.now),
        lambda: channels.needs_reconnecting(skies.id, "Signed out", watch.now),
    ]
    for act in acts if paused_first else reversed(acts):
        act()
        db.session.expire_all()
    channels.reconnect(skies, get("bluesky").connect(typed_again(bluesky_server)), watch.now)
    assert (skies.state, skies.state_reason) == (ChannelState.PAUSED, "A recall")
    assert delivery.state == State.HELD
    assert channels.resume(skies, watch.now).scheduled == 1
    db.session.expire_all()
    assert (skies.state, delivery.state) == (ChannelState.ACTIVE, State.SCHEDULED)


def test_signing_in_again_frees_what_a_pause_held_that_was_lifted_in_between(
    cast: Cast, skies: Channel, bluesky_server: Server, watch: Watch
) -> None:
    (delivery,) = an_approved_post(cast, skies).deliveries
    channels.pause_workspace(cast.tea, "A recall", watch.now)
    channels.needs_reconnecting(skies.id, "Signed out", watch.now)
    db.session.expire_all()
    channels.resume_workspace(cast.tea, watch.now)
    channels.reconnect(skies, get("bluesky").connect(typed_again(bluesky_server)), watch.now)
    db.session.expire_all()
    assert (skies.state, delivery.state) == (ChannelState.ACTIVE, State.SCHEDULED)


DAYS = timedelta(days=1)


@pytest.mark.parametrize(("before_end", "renewed"), [(11 * DAYS, 0), (9 * DAYS, 1), (-DAYS, 0)])
def test_credentials_whose_end_comes_near_are_renewed_by_the_days_look(
    cast: Cast, skies: Channel, bluesky_server: Server, before_end: timedelta, renewed: int
) -> None:
    skies.expires_at, seen = cast.now + before_end, skies.credentials_version
    db.session.commit()
    sampling.audience(skies.id, lambda: cast.now)
    assert refreshes(bluesky_server) == renewed
    db.session.expire_all()
    assert skies.credentials_version == seen + renewed


def test_a_renewal_ahead_that_does_not_work_changes_nothing(
    cast: Cast, skies: Channel, bluesky_server: Server
) -> None:
    skies.expires_at, seen = cast.now + DAYS, skies.credentials_version
    db.session.commit()
    bluesky_server.control.fault("status_before", REFRESHING, status=503)
    sampling.audience(skies.id, lambda: cast.now)
    db.session.expire_all()
    assert (skies.state, skies.credentials_version) == (ChannelState.ACTIVE, seen)
    assert skies.refresh_until is None, "the next look may try again"
