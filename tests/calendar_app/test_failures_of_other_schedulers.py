"""What goes wrong elsewhere: fourteen failures that users of other schedulers report, each with its test."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from calendar_app import (
    approval,
    engagement,
    library,
    planning,
    preparing,
    publishing,
    sampling,
    settling,
    sweeps,
)
from calendar_app.extensions import db
from calendar_app.models import Asset, Channel, ChannelState, Delivery, Hold, Outcome, Post, State
from calendar_app.standing import standing
from publishers import get
from publishers.simulators.server import Server
from tests.calendar_app.conftest import Watch
from tests.people import Cast, a_draft, a_post, an_approved_post, log_in
from tests.web.browser import Browser

Walk = Callable[[int], None]
POSTING = {"method": "POST", "path_prefix": "/api/v1/statuses"}
PUTTING = {"method": "POST", "path_prefix": "/xrpc/com.atproto.repo.putRecord"}
PUBLISHING = {"mastodon": POSTING, "bluesky": PUTTING}
CHANNELS = {"mastodon": "toots", "bluesky": "skies"}
RERING = timedelta(seconds=20)


class Killed(BaseException):
    """The worker's process is no more."""


def only(post: Post) -> Delivery:
    (delivery,) = post.deliveries
    return delivery


def due(post: Post, watch: Watch) -> int:
    """The post's one delivery, with its time come."""
    watch.wait_until(only(post).due_at)
    return only(post).id


def settle(delivery_id: int, watch: Watch) -> None:
    """Look up what became of it, once the platform shows what it has."""
    watch.advance(minutes=3)
    sweeps.reap(watch.now)
    db.session.commit()
    settling.settle(delivery_id, "a-worker", watch)
    db.session.expire_all()


def test_an_exception_in_publishing_is_not_marked_as_published(
    cast: Cast, toots: Channel, watch: Watch, publish: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object) -> None:
        raise ZeroDivisionError

    post = an_approved_post(cast, toots)
    monkeypatch.setattr(type(get("mastodon")), "publish", stumble)
    publish(due(post, watch))
    assert only(post).state == State.UNCONFIRMED
    assert only(post).published_at is None


def test_a_rate_limit_waited_past_its_window_is_held_and_not_marked_as_published(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, publish: Walk
) -> None:
    post = an_approved_post(cast, toots, grace_minutes=5)
    mastodon_server.control.fault("rate_limit", POSTING, times=None, seconds=3600)
    publish(due(post, watch))
    watch.wait_until(only(post).not_later_than + timedelta(seconds=1))
    sweeps.hold_late(watch.now)
    db.session.commit()
    publish(only(post).id)
    assert (only(post).state, only(post).held_reason) == (State.HELD, Hold.LATE)
    assert mastodon_server.control.records() == []


def test_two_schedulers_send_once(
    app: Flask, cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch
) -> None:
    delivery_id = due(an_approved_post(cast, toots), watch)
    db.session.commit()
    start = threading.Barrier(4)

    def schedule(name: str) -> None:
        with app.app_context():
            start.wait()
            publishing.publish(delivery_id, name, watch, watch.wait_until)

    schedulers = [threading.Thread(target=schedule, args=(f"scheduler-{n}",)) for n in range(4)]
    for scheduler in schedulers:
        scheduler.start()
    for scheduler in schedulers:
        scheduler.join()
    assert len(mastodon_server.control.records()) == 1


def test_a_worker_killed_in_an_upload_publishes_once_all_the_same(
    cast: Cast,
    skies: Channel,
    bluesky_server: Server,
    watch: Watch,
    publish: Walk,
    a_picture: planning.Attached,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    post = an_approved_post(cast, skies, media=(a_picture,))
    watch.wait_until(post.due_at - timedelta(minutes=5))
    whole = type(get("bluesky")).prepare

    def die_after_the_upload(*arguments: object) -> None:
        whole(*arguments)  # type: ignore[arg-type]
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(type(get("bluesky")), "prepare", die_after_the_upload)
        preparing.prepare(only(post).id, "killed", watch)
    db.session.rollback()
    assert bluesky_server.control.records() == []
    watch.advance(minutes=2)
    preparing.prepare(only(post).id, "another", watch)
    publish(due(post, watch))
    assert only(post).state == State.PUBLISHED
    assert len(bluesky_server.control.records()) == 1


def test_a_retry_repeats_the_same_idempotency_key(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, publish: Walk
) -> None:
    post = an_approved_post(cast, toots)
    key = only(post).key
    mastodon_server.control.fault("drop_before", POSTING, times=1)
    publish(due(post, watch))
    while only(post).state == State.UNCONFIRMED:
        assert only(post).look_at, [(a.outcome, a.message) for a in only(post).attempts]
        settle(only(post).id, watch)
    publish(due(post, watch))
    assert (only(post).state, only(post).key) == (State.PUBLISHED, key)
    assert len(mastodon_server.control.records()) == 1


def test_a_crash_between_marking_and_queueing_leaves_nothing_stuck(
    cast: Cast, toots: Channel, watch: Watch, publish: Walk
) -> None:
    post = an_approved_post(cast, toots)
    delivery_id = due(post, watch)
    assert sweeps.due(watch.now, RERING) == [delivery_id]
    db.session.commit()
    watch.advance(seconds=21)
    assert sweeps.due(watch.now, RERING) == [delivery_id]
    db.session.commit()
    publish(delivery_id)
    assert only(post).state == State.PUBLISHED


def test_a_post_whose_channels_were_all_removed_is_a_draft_and_nothing_waits(
    cast: Cast, toots: Channel, watch: Watch
) -> None:
    post = an_approved_post(cast, toots)
    planning.save(post, a_draft(), post.revision, cast.ana, watch.now)
    db.session.commit()
    with pytest.raises(approval.NotReady):
        approval.submit(post, cast.ana, watch.now)
    db.session.rollback()
    watch.wait_until(post.due_at)
    assert sweeps.due(watch.now, RERING) == []
    assert [d.state for d in post.deliveries] == [State.HELD]
    assert standing(post.stage, [d.state for d in post.deliveries]) == "draft"


def test_one_failed_channel_leaves_the_others_going(
    cast: Cast, toots: Channel, skies: Channel, mastodon_server: Server, watch: Watch, publish: Walk
) -> None:
    mastodon_server.control.fault("status_before", POSTING, times=None, status=422)
    post = an_approved_post(cast, toots, skies)
    watch.wait_until(post.due_at)
    for delivery in post.deliveries:
        publish(delivery.id)
    states = {delivery.channel.platform: delivery.state for delivery in post.deliveries}
    assert states == {"mastodon": State.FAILED, "bluesky": State.PUBLISHED}


@pytest.mark.parametrize("platform", ["mastodon", "bluesky"])
def test_401_is_the_channels_fault_and_429_nobodys_and_neither_fails_the_post(
    request: pytest.FixtureRequest, cast: Cast, platform: str, watch: Watch, publish: Walk
) -> None:
    channel: Channel = request.getfixturevalue(CHANNELS[platform])
    server: Server = request.getfixturevalue(f"{platform}_server")
    hurried, unknown = an_approved_post(cast, channel), an_approved_post(cast, channel, text="Another.")
    server.control.fault("rate_limit", PUBLISHING[platform], times=1, seconds=60)
    publish(due(hurried, watch))
    assert (only(hurried).state, only(hurried).tries) == (State.SCHEDULED, 0)
    assert only(hurried).due_at > watch.now
    watch.advance(minutes=2)
    publish(only(hurried).id)
    assert only(hurried).state == State.PUBLISHED
    server.control.revoke_tokens()
    publish(only(unknown).id)
    assert channel.state == ChannelState.RECONNECT
    assert (only(unknown).state, only(unknown).held_reason) == (State.HELD, Hold.RECONNECT)
    assert [record["text"] for record in server.control.records()] == [hurried.text]


def test_no_retry_comes_after_zero_seconds(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, publish: Walk
) -> None:
    mastodon_server.control.fault("rate_limit", POSTING, times=None, seconds=0)
    post = an_approved_post(cast, toots)
    for _ in range(3):
        publish(due(post, watch))
        assert only(post).state == State.SCHEDULED
        assert only(post).due_at >= watch.now + timedelta(seconds=1)
    assert {attempt.outcome for attempt in only(post).attempts} == {Outcome.RATE_LIMITED}


def test_text_with_an_angle_bracket_goes_out_whole(
    cast: Cast,
    toots: Channel,
    skies: Channel,
    mastodon_server: Server,
    bluesky_server: Server,
    watch: Watch,
    publish: Walk,
) -> None:
    post = an_approved_post(cast, toots, skies, text="I <3 tea: 2 < 3 & <b>bold</b> > all")
    watch.wait_until(post.due_at)
    for delivery in post.deliveries:
        publish(delivery.id)
    for server in (mastodon_server, bluesky_server):
        assert [record["text"] for record in server.control.records()] == [post.text]


def test_a_post_early_on_a_local_monday_is_in_the_view_of_that_week(
    app: Flask, cast: Cast, toots: Channel
) -> None:
    sunday_in_utc = datetime(2030, 3, 10, 16, 30, tzinfo=UTC)
    post = a_post(cast, toots, at=sunday_in_utc)
    assert post.wall_time.strftime("%A %H:%M") == "Monday 00:30"
    app.test_client_class = Browser
    client = app.test_client()
    log_in(client, cast.ana)
    weeks = [("2030-03-04", "2030-03-11"), ("2030-03-11", "2030-03-18")]
    for (start, end), shown in zip(weeks, ([], [post.id]), strict=True):
        answer = client.get(f"/w/tea/calendar/feed?start={start}T00:00:00&end={end}T00:00:00")
        assert answer.json and [int(row["id"]) for row in answer.json["rows"]] == shown


def test_a_library_image_is_not_deleted_under_a_scheduled_post(
    cast: Cast, toots: Channel, a_picture: planning.Attached
) -> None:
    an_approved_post(cast, toots, media=(a_picture,))
    with pytest.raises(library.InUse):
        library.remove(db.session.get_one(Asset, a_picture.asset_id))


def test_a_posts_numbers_are_refreshed_by_a_second_run(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, publish: Walk
) -> None:
    post = an_approved_post(cast, toots)
    publish(due(post, watch))
    watch.advance(hours=25)
    sampling.sample(toots.id, watch)
    db.session.expire_all()
    first = only(post).snapshots[-1].likes
    mastodon_server.control.like(only(post).remote_id or "", 7)
    watch.advance(minutes=5)
    assert engagement.ask_now(only(post), watch.now)
    db.session.commit()
    sampling.sample(toots.id, watch)
    db.session.expire_all()
    assert first is not None and (only(post).snapshots[-1].likes or 0) >= first + 7


def test_a_channels_daily_numbers_are_read_anew_on_the_day_and_on_the_next(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch
) -> None:
    def the_clock_asks() -> list[int]:
        asked = engagement.due_audiences(watch.now)
        db.session.commit()
        for channel_id in asked:
            sampling.audience(channel_id, watch)
        return asked

    def kept() -> list[tuple[str, int | None]]:
        rows = engagement.audience_of([toots.id])[toots.id]
        return [(row.day, row.posts) for row in rows]

    account = mastodon_server.control.account("tea", "Tea")
    assert the_clock_asks() == [toots.id]
    today, posts = kept()[0]
    mastodon_server.control.post(account["username"], "One more")
    watch.advance(hours=2)
    assert the_clock_asks() == []
    sampling.audience(toots.id, watch)
    assert kept() == [(today, (posts or 0) + 1)]
    mastodon_server.control.post(account["username"], "And one more")
    watch.advance(hours=22)
    assert the_clock_asks() == [toots.id]
    assert [number for _, number in kept()] == [(posts or 0) + 1, (posts or 0) + 2]
    assert kept()[1][0] > today
