"""The walk of a delivery against real servers: once, on time or held, and never silently."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from calendar_app import approval, channels, deliveries, planning, publishing, settling, sweeps
from calendar_app.extensions import db
from calendar_app.models import Attempt, Channel, ChannelState, Delivery, Hold, Outcome, Post, State
from publishers.simulators.server import Server
from tests.calendar_app.conftest import Watch
from tests.people import Cast, a_draft, a_post, an_approved_post

Walk = Callable[[int], None]
POSTING = {"method": "POST", "path_prefix": "/api/v1/statuses"}


def only(post: Post) -> Delivery:
    (delivery,) = post.deliveries
    return delivery


def due(post: Post, watch: Watch) -> int:
    """The post's one delivery, with its time come."""
    watch.wait_until(only(post).due_at)
    return only(post).id


def test_an_approved_post_goes_out_on_every_channel_and_leaves_receipts(
    cast: Cast,
    toots: Channel,
    skies: Channel,
    mastodon_server: Server,
    bluesky_server: Server,
    watch: Watch,
    publish: Walk,
) -> None:
    post = an_approved_post(cast, toots, skies, text="春茶上市 #春茶 https://example.com")
    watch.wait_until(post.due_at)
    for delivery in post.deliveries:
        publish(delivery.id)
    assert [d.state for d in post.deliveries] == [State.PUBLISHED, State.PUBLISHED]
    assert all(d.url and d.remote_id for d in post.deliveries)
    for server in (mastodon_server, bluesky_server):
        (record,) = server.control.records()
        assert record["text"] == post.text


def test_before_its_time_nothing_goes_out(
    cast: Cast, toots: Channel, mastodon_server: Server, publish: Walk
) -> None:
    post = an_approved_post(cast, toots)
    publish(only(post).id)
    assert only(post).state == State.SCHEDULED
    assert mastodon_server.control.records() == []


def test_a_worker_that_is_rung_a_moment_early_waits_for_the_second(
    cast: Cast, toots: Channel, watch: Watch, publish: Walk
) -> None:
    post = an_approved_post(cast, toots)
    watch.wait_until(post.due_at - deliveries.GATE)
    publish(only(post).id)
    (attempt,) = only(post).attempts
    assert attempt.sent_at == post.due_at
    assert only(post).state == State.PUBLISHED


def test_a_second_ring_publishes_nothing_twice(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, publish: Walk
) -> None:
    post = an_approved_post(cast, toots)
    for _ in range(3):
        publish(due(post, watch))
    assert len(mastodon_server.control.records()) == 1
    assert len(only(post).attempts) == 1


def test_their_trouble_is_tried_again_on_the_back_off_and_then_failed(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, publish: Walk
) -> None:
    mastodon_server.control.fault("drop_before", POSTING, times=None)
    mastodon_server.close()
    post = an_approved_post(cast, toots, grace_minutes=600)
    pauses = []
    while only(post).state == State.SCHEDULED:
        publish(due(post, watch))
        pauses.append((only(post).due_at - watch.now).total_seconds())
    assert only(post).state == State.FAILED
    assert pauses[:-1] == [15, 60, 180, 420, 900]
    assert all(a.outcome == Outcome.TEMPORARY and a.message for a in only(post).attempts)


def test_a_rate_limit_rests_the_channel_and_uses_up_no_try(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, publish: Walk
) -> None:
    mastodon_server.control.fault("rate_limit", POSTING, times=1, seconds=90)
    first, second = an_approved_post(cast, toots), an_approved_post(cast, toots, text="Another.")
    publish(due(first, watch))
    assert (only(first).state, only(first).tries) == (State.SCHEDULED, 0)
    assert only(first).due_at > watch.now
    publish(only(second).id)
    assert only(second).due_at == toots.rests_until == only(first).due_at
    assert mastodon_server.control.records() == []


def test_content_the_platform_refuses_fails_with_its_own_sentence(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, publish: Walk
) -> None:
    post = an_approved_post(cast, toots, text="x" * 400)
    mastodon_server.control.set(max_characters=100)
    publish(due(post, watch))
    assert only(post).state == State.FAILED
    assert "100" in (only(post).error or "")
    assert only(post).attempts[-1].evidence["http_status"] == 422


def test_a_refused_channel_needs_reconnecting_and_holds_what_is_scheduled_there(
    cast: Cast, toots: Channel, skies: Channel, mastodon_server: Server, watch: Watch, publish: Walk
) -> None:
    mastodon_server.control.revoke_tokens()
    post, later = (
        an_approved_post(cast, toots),
        an_approved_post(cast, toots, at=cast.now + timedelta(days=1)),
    )
    elsewhere = an_approved_post(cast, skies)
    publish(due(post, watch))
    assert toots.state == ChannelState.RECONNECT
    assert (only(post).state, only(post).held_reason) == (State.HELD, Hold.RECONNECT)
    assert (only(later).state, only(later).held_reason) == (State.HELD, Hold.RECONNECT)
    assert only(elsewhere).state == State.SCHEDULED


def test_an_expired_session_is_refreshed_once_and_the_post_goes_out(
    cast: Cast, skies: Channel, bluesky_server: Server, watch: Watch, publish: Walk
) -> None:
    bluesky_server.control.expire_tokens()
    post, version = an_approved_post(cast, skies), skies.credentials_version
    publish(due(post, watch))
    publish(due(post, watch))
    assert only(post).state == State.PUBLISHED
    assert skies.credentials_version == version + 1
    assert [a.outcome for a in only(post).attempts] == [Outcome.UNAUTHORIZED, Outcome.PUBLISHED]


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "status_after", "garbage"])
def test_a_lost_answer_is_looked_up_and_never_sent_again_blindly(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, publish: Walk, fault: str
) -> None:
    mastodon_server.control.fault(fault, POSTING, times=1)
    post = an_approved_post(cast, toots)
    publish(due(post, watch))
    assert only(post).state == State.UNCONFIRMED
    publish(only(post).id)
    assert only(post).state == State.UNCONFIRMED
    while only(post).state == State.UNCONFIRMED:
        watch.advance(minutes=1)
        assert sweeps.to_look(watch.now, timedelta(seconds=20)) == [only(post).id]
        settling.settle(only(post).id, "a-worker", watch)
        db.session.expire_all()
    publish(only(post).id)
    assert only(post).state == State.PUBLISHED
    assert len(mastodon_server.control.records()) == 1


def test_what_is_not_what_was_approved_is_refused_at_the_last_moment(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, publish: Walk
) -> None:
    post = an_approved_post(cast, toots)
    post.text = "Slipped in behind the approval."
    db.session.commit()
    publish(due(post, watch))
    assert (only(post).state, only(post).held_reason) == (State.HELD, Hold.UNAPPROVED)
    assert mastodon_server.control.records() == []


def test_a_tampered_digest_is_refused(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, publish: Walk
) -> None:
    post = an_approved_post(cast, toots)
    only(post).digest = "0" * 64
    db.session.commit()
    publish(due(post, watch))
    assert only(post).held_reason == Hold.UNAPPROVED
    assert mastodon_server.control.records() == []


@pytest.mark.parametrize("what", ["channel", "workspace"])
def test_a_pause_while_a_worker_waits_for_the_second_stops_it(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, what: str
) -> None:
    post = an_approved_post(cast, toots)
    watch.wait_until(post.due_at - deliveries.GATE)

    def pause_meanwhile(instant: object) -> None:
        if what == "channel":
            channels.pause(toots, "crisis", watch.now)
        else:
            channels.pause_workspace(cast.tea, "crisis", watch.now)
        db.session.commit()
        watch.wait_until(post.due_at)

    publishing.publish(only(post).id, "a-worker", watch, pause_meanwhile)
    db.session.expire_all()
    assert (only(post).state, only(post).held_reason) == (State.HELD, Hold.PAUSED)
    assert mastodon_server.control.records() == []


def test_past_its_window_it_is_held_for_a_person_and_not_sent(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, publish: Walk
) -> None:
    post = an_approved_post(cast, toots, grace_minutes=30)
    watch.wait_until(post.due_at + timedelta(minutes=31))
    publish(only(post).id)
    assert (only(post).state, only(post).held_reason) == (State.HELD, Hold.LATE)
    assert mastodon_server.control.records() == []


def test_an_edit_after_approval_withdraws_it_and_holds_its_deliveries(
    cast: Cast, toots: Channel, watch: Watch, publish: Walk, mastodon_server: Server
) -> None:
    post = an_approved_post(cast, toots)
    planning.save(post, a_draft(toots, text="Changed my mind."), post.revision, cast.ana, cast.now)
    db.session.commit()
    publish(due(post, watch))
    assert (only(post).state, only(post).held_reason) == (State.HELD, Hold.UNAPPROVED)
    assert mastodon_server.control.records() == []


def test_approved_again_after_an_edit_the_same_delivery_says_the_new_words(
    cast: Cast, toots: Channel, watch: Watch, publish: Walk, mastodon_server: Server
) -> None:
    post = an_approved_post(cast, toots)
    delivery_id, key = only(post).id, only(post).key
    planning.save(post, a_draft(toots, text="Better words."), post.revision, cast.ana, cast.now)
    approval.submit(post, cast.ana, cast.now)
    approval.approve(post, post.revision, cast.bo, cast.now)
    db.session.commit()
    publish(due(post, watch))
    assert (only(post).id, only(post).key, only(post).state) == (delivery_id, key, State.PUBLISHED)
    assert mastodon_server.control.records()[0]["text"] == "Better words."


def test_what_is_due_already_is_claimed_and_marked_as_sent_in_one_transaction(
    cast: Cast, toots: Channel, watch: Watch, publish: Walk
) -> None:
    post, states = an_approved_post(cast, toots), []
    delivery_id = due(post, watch)

    def note(_session: object) -> None:
        at = select(Delivery.state, Attempt.sent_at).join(Attempt, Attempt.delivery_id == Delivery.id)
        with db.engine.connect() as another:
            states.extend(another.execute(at.where(Delivery.id == delivery_id)).all())

    event.listen(db.session, "after_commit", note)
    try:
        publish(delivery_id)
    finally:
        event.remove(db.session, "after_commit", note)
    assert [state for state, _ in states] == [State.PUBLISHING, State.PUBLISHED]
    assert states[0].sent_at == watch.now


def test_a_worker_that_dies_before_it_is_committed_that_it_sends_leaves_nothing_behind(
    cast: Cast, toots: Channel, watch: Watch, publish: Walk, mastodon_server: Server
) -> None:
    post = an_approved_post(cast, toots)
    delivery_id = due(post, watch)
    assert deliveries.claim_to_send(delivery_id, only(post).digest, watch.now, "killed")
    db.session.rollback()
    assert (only(post).state, only(post).attempts) == (State.SCHEDULED, [])
    publish(delivery_id)
    assert len(mastodon_server.control.records()) == 1


def test_only_what_was_looked_at_is_claimed_and_sent_at_once(
    cast: Cast, toots: Channel, watch: Watch
) -> None:
    post = an_approved_post(cast, toots)
    delivery_id, looked_at = only(post).id, only(post).digest
    planning.save(post, a_draft(toots, text="Better words."), post.revision, cast.ana, cast.now)
    assert deliveries.claim_to_send(delivery_id, looked_at, post.due_at, "unapproved") is None
    approval.submit(post, cast.ana, cast.now)
    approval.approve(post, post.revision, cast.bo, cast.now)
    db.session.commit()
    early = post.due_at - timedelta(microseconds=1)
    assert deliveries.claim_to_send(delivery_id, only(post).digest, early, "too soon") is None
    due(post, watch)
    assert deliveries.claim_to_send(delivery_id, looked_at, watch.now, "other words") is None
    only(post).looks = 1
    db.session.commit()
    assert deliveries.claim_to_send(delivery_id, only(post).digest, watch.now, "looked for") is None
    only(post).looks = 0
    db.session.commit()
    assert deliveries.claim_to_send(delivery_id, only(post).digest, watch.now, "as it was seen")


def test_a_crash_before_sending_goes_back_and_is_sent_once(
    cast: Cast, toots: Channel, watch: Watch, publish: Walk, mastodon_server: Server
) -> None:
    post = an_approved_post(cast, toots)
    assert deliveries.claim(due(post, watch), watch.now, "killed")
    watch.advance(minutes=3)
    assert sweeps.reap(watch.now) == 1
    db.session.commit()
    db.session.expire_all()
    assert (only(post).state, only(post).attempts[0].outcome) == (State.SCHEDULED, Outcome.LOST)
    publish(only(post).id)
    assert only(post).state == State.PUBLISHED
    assert len(mastodon_server.control.records()) == 1


def test_a_crash_after_sending_is_unconfirmed_and_found(
    cast: Cast, skies: Channel, watch: Watch, bluesky_server: Server
) -> None:
    post = an_approved_post(cast, skies)
    watch.wait_until(post.due_at)

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    delivery_id = only(post).id
    ledger_says_published = publishing.deliveries.succeeded
    publishing.deliveries.succeeded = die  # type: ignore[assignment]
    try:
        with pytest.raises(Killed):
            publishing.publish(delivery_id, "killed", watch, watch.wait_until)
    finally:
        publishing.deliveries.succeeded = ledger_says_published
    db.session.rollback()
    watch.advance(minutes=3)
    sweeps.reap(watch.now)
    db.session.commit()
    db.session.expire_all()
    assert only(post).state == State.UNCONFIRMED
    settling.settle(delivery_id, "another", watch)
    db.session.expire_all()
    assert only(post).state == State.PUBLISHED
    assert len(bluesky_server.control.records()) == 1


def test_a_worker_whose_lease_lapsed_does_not_send(
    cast: Cast, toots: Channel, watch: Watch, mastodon_server: Server
) -> None:
    post = an_approved_post(cast, toots)
    watch.wait_until(post.due_at - deliveries.GATE)

    def sleep_too_long(instant: object) -> None:
        watch.advance(minutes=5)
        sweeps.reap(watch.now)
        db.session.commit()

    publishing.publish(only(post).id, "slow", watch, sleep_too_long)
    db.session.expire_all()
    assert only(post).state == State.SCHEDULED
    assert mastodon_server.control.records() == []


def test_a_worker_that_is_about_to_send_is_not_taken_for_dead(
    cast: Cast, toots: Channel, watch: Watch
) -> None:
    post = an_approved_post(cast, toots)
    taken = deliveries.claim(due(post, watch), watch.now, "slow")
    assert taken
    assert deliveries.sending(taken, taken.until - timedelta(seconds=1))
    db.session.commit()
    assert sweeps.reap(taken.until + timedelta(seconds=1)) == 0
    db.session.commit()
    assert sweeps.reap(taken.until + timedelta(minutes=5)) == 1
    db.session.commit()
    db.session.expire_all()
    assert only(post).state == State.UNCONFIRMED


def test_an_exception_in_publishing_is_never_marked_as_published(
    cast: Cast, toots: Channel, watch: Watch, publish: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = an_approved_post(cast, toots)

    def stumble(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(type(publishing.parcels.publishers.get("mastodon")), "publish", stumble)
    publish(due(post, watch))
    assert only(post).state == State.UNCONFIRMED


def test_one_failed_channel_does_not_freeze_the_others(
    cast: Cast, toots: Channel, skies: Channel, mastodon_server: Server, watch: Watch, publish: Walk
) -> None:
    mastodon_server.control.fault("status_before", POSTING, times=None, status=422)
    post = an_approved_post(cast, toots, skies)
    watch.wait_until(post.due_at)
    for delivery in post.deliveries:
        publish(delivery.id)
    states = {d.channel.platform: d.state for d in post.deliveries}
    assert states == {"mastodon": State.FAILED, "bluesky": State.PUBLISHED}


def test_a_draft_has_no_deliveries(cast: Cast, toots: Channel) -> None:
    assert a_post(cast, toots).deliveries == []
