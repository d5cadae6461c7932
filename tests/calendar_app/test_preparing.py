"""What is done ahead of time: early enough, by one worker, again when it lapses, and never by ``publish``."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from calendar_app import approval, channels, deliveries, parcels, planning, preparing, sweeps, triage
from calendar_app.extensions import db
from calendar_app.models import Channel, Delivery, Hold, Outcome, Post, State, Step
from publishers.simulators.server import Server
from tests.calendar_app.conftest import Watch
from tests.people import Cast, a_draft, an_approved_post

Walk = Callable[[int], None]
RERING = timedelta(seconds=20)
UPLOADS = {"mastodon": "/api/v2/media", "bluesky": "/xrpc/com.atproto.repo.uploadBlob"}


def only(post: Post) -> Delivery:
    (delivery,) = post.deliveries
    return delivery


def uploads(server: Server) -> list[dict[str, Any]]:
    return [r for r in server.control.requests() if r["path"].startswith(tuple(UPLOADS.values()))]


def outcomes(post: Post, step: Step) -> list[Outcome | None]:
    return [attempt.outcome for attempt in only(post).attempts if attempt.step == step]


@pytest.fixture
def prepare(watch: Watch) -> Walk:
    """What a worker does when it is rung to prepare."""

    def walk(delivery_id: int) -> None:
        preparing.prepare(delivery_id, "a-worker", watch)
        db.session.expire_all()

    return walk


@pytest.fixture
def pictured(cast: Cast, skies: Channel, a_picture: planning.Attached) -> Post:
    """An approved post with a picture, on Bluesky, where uploads live 50 minutes."""
    return an_approved_post(cast, skies, media=(a_picture,), grace_minutes=600)


def test_it_happens_ahead_and_publishing_uploads_nothing(
    pictured: Post, watch: Watch, publish: Walk, prepare: Walk, bluesky_server: Server
) -> None:
    delivery = only(pictured)
    assert delivery.prepare_at == pictured.due_at - timedelta(minutes=10)
    watch.wait_until(delivery.prepare_at)
    assert sweeps.to_prepare(watch.now, RERING) == [delivery.id]
    db.session.commit()
    prepare(delivery.id)
    before = uploads(bluesky_server)
    watch.wait_until(pictured.due_at)
    publish(delivery.id)
    assert (len(before), uploads(bluesky_server)) == (1, before)
    assert [a.step for a in delivery.attempts] == [Step.PREPARE, Step.PUBLISH]
    assert len(bluesky_server.control.records()[0]["media"]) == 1
    assert (delivery.state, delivery.prepare_at) == (State.PUBLISHED, None)


def test_what_comes_unprepared_waits_without_using_up_a_try_and_goes_out_once_it_is_prepared(
    pictured: Post, watch: Watch, publish: Walk, prepare: Walk, bluesky_server: Server
) -> None:
    delivery = only(pictured)
    watch.wait_until(pictured.due_at)
    publish(delivery.id)
    assert (delivery.state, delivery.tries, delivery.prepare_at) == (State.SCHEDULED, 0, watch.now)
    assert delivery.due_at > watch.now
    assert uploads(bluesky_server) == []
    watch.advance(seconds=1)
    prepare(delivery.id)
    assert delivery.due_at == watch.now, "it waits no longer than for its files"
    publish(delivery.id)
    assert delivery.state == State.PUBLISHED
    assert outcomes(pictured, Step.PUBLISH) == [Outcome.UNPREPARED, Outcome.PUBLISHED]


def test_what_is_prepared_in_the_last_moment_goes_out_at_its_second(
    pictured: Post, watch: Watch, publish: Walk, prepare: Walk
) -> None:
    delivery = only(pictured)
    watch.wait_until(pictured.due_at - deliveries.GATE)
    publish(delivery.id)
    assert delivery.due_at > pictured.due_at
    prepare(delivery.id)
    assert delivery.due_at == pictured.due_at


def test_what_was_prepared_while_it_was_put_off_goes_out_when_that_is_found(
    pictured: Post, watch: Watch, publish: Walk, prepare: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery, put_off = only(pictured), preparing.put_off
    watch.wait_until(pictured.due_at)
    lease = preparing._take(delivery.id, watch.now)

    def too_late(*given: Any) -> None:
        loaded = parcels.load(delivery.id)
        assert lease and loaded
        parcel = parcels.pack(loaded)
        ticket = parcel.publisher.prepare(parcel.destination, parcel.content, parcel.ticket, watch.now)
        preparing._keep(lease, parcel, ticket, watch.now)
        db.session.commit()
        put_off(*given)

    monkeypatch.setattr(preparing, "put_off", too_late)
    publish(delivery.id)
    assert (bool(delivery.handles), delivery.due_at > watch.now) == (True, True)
    assert sweeps.to_prepare(watch.now, RERING) == [delivery.id]
    db.session.commit()
    prepare(delivery.id)
    assert delivery.due_at == watch.now
    publish(delivery.id)
    assert delivery.state == State.PUBLISHED


def test_a_ring_that_got_lost_is_rung_again_however_long_it_was_put_off(
    pictured: Post, watch: Watch, publish: Walk, prepare: Walk
) -> None:
    delivery = only(pictured)
    watch.wait_until(pictured.due_at)
    for _ in range(7):
        publish(delivery.id)
        watch.wait_until(delivery.due_at)
    assert sweeps.to_prepare(watch.now, RERING) == [delivery.id]
    db.session.commit()
    assert sweeps.to_prepare(watch.now, RERING) == []
    watch.wait_until(watch.now + RERING)
    assert watch.now > delivery.due_at, "it is due, and nobody took it up"
    assert sweeps.to_prepare(watch.now, RERING) == [delivery.id]


def test_what_is_never_prepared_waits_ever_longer_and_ends_held_as_late(
    pictured: Post, watch: Watch, publish: Walk
) -> None:
    delivery, pauses = only(pictured), []
    watch.wait_until(pictured.due_at)
    while watch.now <= delivery.not_later_than:
        publish(delivery.id)
        pauses.append((delivery.due_at - watch.now).total_seconds())
        watch.wait_until(delivery.due_at)
    assert pauses[:7] == [5, 10, 20, 40, 60, 120, 300]
    assert set(pauses[7:]) == {300}
    assert delivery.tries == 0
    sweeps.hold_late(watch.now)
    db.session.commit()
    db.session.expire_all()
    assert (delivery.state, delivery.held_reason) == (State.HELD, Hold.LATE)


def test_what_was_put_off_is_prepared_at_once_however_long_the_wait(
    pictured: Post, watch: Watch, publish: Walk, prepare: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = timedelta(seconds=6)
    monkeypatch.setattr(type(preparing.publishers.get("bluesky")), "prepare_lead", lead)
    delivery = only(pictured)
    for _ in range(2):
        watch.wait_until(delivery.due_at)
        publish(delivery.id)
    assert delivery.due_at - watch.now > lead
    prepare(delivery.id)
    assert (bool(delivery.handles), delivery.due_at) == (True, watch.now)


def test_handles_that_lapse_before_their_time_are_made_again_only_when_it_is_near(
    pictured: Post, watch: Watch, prepare: Walk, bluesky_server: Server
) -> None:
    delivery = only(pictured)
    watch.wait_until(delivery.prepare_at or watch.now)
    prepare(delivery.id)
    assert delivery.handles_until and delivery.prepare_at == delivery.handles_until - preparing.MARGIN
    delivery.due_at = pictured.due_at + timedelta(hours=3)
    db.session.commit()
    watch.wait_until(delivery.prepare_at)
    prepare(delivery.id)
    assert len(uploads(bluesky_server)) == 1
    assert delivery.prepare_at == delivery.due_at - timedelta(minutes=10)
    watch.wait_until(delivery.prepare_at)
    prepare(delivery.id)
    assert len(uploads(bluesky_server)) == 2
    assert delivery.handles_until > delivery.due_at


def test_lapsed_handles_are_not_sent(
    pictured: Post, watch: Watch, publish: Walk, prepare: Walk, bluesky_server: Server
) -> None:
    delivery = only(pictured)
    watch.wait_until(delivery.prepare_at or watch.now)
    prepare(delivery.id)
    watch.wait_until(delivery.handles_until)
    publish(delivery.id)
    assert outcomes(pictured, Step.PUBLISH) == [Outcome.UNPREPARED]
    prepare(delivery.id)
    publish(delivery.id)
    assert delivery.state == State.PUBLISHED


def again(cast: Cast, post: Post, skies: Channel, **draft: Any) -> None:
    planning.save(post, a_draft(skies, **draft), post.revision, cast.ana, cast.now)
    approval.submit(post, cast.ana, cast.now)
    approval.approve(post, post.revision, cast.bo, cast.now)
    db.session.commit()


def test_new_words_keep_what_was_uploaded_and_other_files_do_not(
    cast: Cast,
    skies: Channel,
    pictured: Post,
    a_picture: planning.Attached,
    watch: Watch,
    prepare: Walk,
    publish: Walk,
    bluesky_server: Server,
) -> None:
    delivery = only(pictured)
    watch.wait_until(delivery.prepare_at or watch.now)
    prepare(delivery.id)
    again(cast, pictured, skies, text="Better words.", media=(a_picture,))
    assert delivery.handles
    prepare(delivery.id)
    assert len(uploads(bluesky_server)) == 1
    again(cast, pictured, skies, text="Other alt.", media=(planning.Attached(a_picture.asset_id, "Tea"),))
    assert not delivery.handles
    prepare(delivery.id)
    watch.wait_until(delivery.due_at)
    publish(delivery.id)
    (record,) = bluesky_server.control.records()
    assert (record["text"], record["media"][0]["alt"]) == ("Other alt.", "Tea")


def test_of_workers_that_are_rung_twice_one_uploads(
    app: Flask, pictured: Post, watch: Watch, bluesky_server: Server
) -> None:
    bluesky_server.control.fault("delay", {"path_prefix": UPLOADS["bluesky"]}, times=1, seconds=0.5)
    delivery_id = only(pictured).id
    watch.wait_until(only(pictured).prepare_at or watch.now)
    db.session.commit()
    start = threading.Barrier(4)

    def race() -> None:
        with app.app_context():
            start.wait()
            preparing.prepare(delivery_id, threading.current_thread().name, watch)

    racers = [threading.Thread(target=race) for _ in range(4)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    db.session.expire_all()
    assert len(uploads(bluesky_server)) == 1
    assert outcomes(pictured, Step.PREPARE) == [Outcome.PREPARED]


def test_publishing_leaves_an_upload_that_is_under_way_alone(
    app: Flask, pictured: Post, watch: Watch, publish: Walk, prepare: Walk, bluesky_server: Server
) -> None:
    delivery = only(pictured)
    watch.wait_until(pictured.due_at)
    lease = preparing._take(delivery.id, watch.now)
    publish(delivery.id)
    prepare(delivery.id)
    assert lease and delivery.prepare_at == lease.until
    assert uploads(bluesky_server) == []
    watch.wait_until(lease.until)
    prepare(delivery.id)
    assert len(uploads(bluesky_server)) == 1, "whoever died at it held the right no longer than its lease"


def test_an_upload_that_nobody_lived_to_end_is_ended_and_one_under_way_is_not(
    pictured: Post, watch: Watch, prepare: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_given: Any) -> None:
        raise Killed

    delivery, minute = only(pictured), timedelta(minutes=1)
    watch.wait_until(delivery.prepare_at or watch.now)
    monkeypatch.setattr(type(preparing.publishers.get("bluesky")), "prepare", die)
    with pytest.raises(Killed):
        prepare(delivery.id)
    db.session.rollback()
    watch.wait_until(watch.now + minute / 2)
    assert sweeps.end_lost(watch.now, timedelta(0)) == 0, "it may be under way as long as its lease lasts"
    watch.wait_until(watch.now + minute)
    assert sweeps.end_lost(watch.now, 2 * minute) == 0
    assert sweeps.end_lost(watch.now, minute) == 1
    db.session.commit()
    assert outcomes(pictured, Step.PREPARE) == [Outcome.LOST]


def test_a_worker_that_lost_its_lease_writes_nothing(
    pictured: Post, watch: Watch, prepare: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = only(pictured)
    watch.wait_until(delivery.prepare_at or watch.now)
    publisher = type(preparing.publishers.get("bluesky"))
    upload, made = publisher.prepare, []

    def slow(*given: Any) -> Any:
        ticket = upload(*given)
        made.append(ticket)
        if len(made) == 1:
            watch.advance(seconds=preparing.LEASE.total_seconds())
            preparing.prepare(delivery.id, "another", watch)
            watch.advance(seconds=1)
        return ticket

    monkeypatch.setattr(publisher, "prepare", slow)
    prepare(delivery.id)
    assert len(made) == 2
    assert delivery.handles_until == made[1].expires_at


def test_trouble_backs_off_and_does_not_loop(
    pictured: Post, watch: Watch, prepare: Walk, bluesky_server: Server
) -> None:
    bluesky_server.control.fault("status_before", {"path_prefix": UPLOADS["bluesky"]}, times=6, status=503)
    delivery, pauses = only(pictured), []
    watch.wait_until(delivery.prepare_at or watch.now)
    for _ in range(6):
        prepare(delivery.id)
        pauses.append(((delivery.prepare_at or watch.now) - watch.now).total_seconds())
        watch.wait_until(delivery.prepare_at or watch.now)
    assert pauses == [15, 60, 180, 420, 900, 900]
    assert (delivery.state, delivery.tries) == (State.SCHEDULED, 0)
    prepare(delivery.id)
    assert delivery.handles


def test_uploading_too_fast_rests_the_uploads_of_that_channel_alone(
    cast: Cast,
    pictured: Post,
    skies: Channel,
    toots: Channel,
    a_picture: planning.Attached,
    watch: Watch,
    prepare: Walk,
    bluesky_server: Server,
) -> None:
    next_one, elsewhere = (
        an_approved_post(cast, channel, media=(a_picture,), text="Next.") for channel in (skies, toots)
    )
    bluesky_server.control.fault("rate_limit", {"path_prefix": UPLOADS["bluesky"]}, times=1, seconds=90)
    watch.wait_until(only(pictured).prepare_at or watch.now)
    prepare(only(pictured).id)
    assert only(pictured).prepare_at and only(pictured).prepare_at > watch.now
    assert only(next_one).prepare_at == only(pictured).prepare_at
    assert only(elsewhere).prepare_at == watch.now
    assert skies.rests_until is None, "what is uploaded already may still go out"


def test_files_that_the_platform_refuses_fail_the_delivery_at_its_time_and_a_retry_prepares_anew(
    cast: Cast, pictured: Post, watch: Watch, prepare: Walk, publish: Walk, bluesky_server: Server
) -> None:
    bluesky_server.control.fault("status_before", {"path_prefix": UPLOADS["bluesky"]}, times=1, status=413)
    delivery = only(pictured)
    watch.wait_until(delivery.prepare_at or watch.now)
    prepare(delivery.id)
    assert (delivery.state, delivery.prepare_at) == (State.SCHEDULED, None)
    assert delivery.error
    watch.wait_until(delivery.due_at)
    publish(delivery.id)
    assert delivery.state == State.FAILED
    triage.retry(delivery, cast.bo, watch.now)
    db.session.commit()
    publish(delivery.id)
    prepare(delivery.id)
    publish(delivery.id)
    assert delivery.state == State.PUBLISHED


def test_what_is_paused_is_not_prepared_and_is_once_it_is_resumed(
    cast: Cast, pictured: Post, skies: Channel, watch: Watch, prepare: Walk, bluesky_server: Server
) -> None:
    delivery = only(pictured)
    watch.wait_until(delivery.prepare_at or watch.now)
    channels.pause(skies, "crisis", watch.now)
    db.session.commit()
    prepare(delivery.id)
    assert uploads(bluesky_server) == []
    assert sweeps.to_prepare(watch.now, RERING) == []
    channels.resume(skies, watch.now)
    db.session.commit()
    assert sweeps.to_prepare(watch.now, RERING) == [delivery.id]
    db.session.commit()
    prepare(delivery.id)
    assert len(uploads(bluesky_server)) == 1


def test_text_alone_needs_no_preparing(cast: Cast, skies: Channel, watch: Watch, prepare: Walk) -> None:
    post = an_approved_post(cast, skies)
    assert only(post).prepare_at is None
    only(post).prepare_at = watch.now
    db.session.commit()
    prepare(only(post).id)
    assert (only(post).prepare_at, only(post).attempts) == (None, [])
