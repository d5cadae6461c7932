"""A first comment and the rest of a thread go out once, in order, and never behind anybody's back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from calendar_app import channels, following, restoring, settling, sweeps, triage
from calendar_app.content import digest
from calendar_app.extensions import db
from calendar_app.models import (
    Channel,
    ChannelState,
    Delivery,
    FollowState,
    FollowUp,
    Post,
    State,
    Variant,
    Workspace,
)
from calendar_app.planning import VariantDraft
from calendar_app.retrying import BACK_OFF
from calendar_app.settings import config
from publishers.simulators.server import Server
from tests.calendar_app.conftest import Watch
from tests.people import Cast, an_approved_post

Walk = Callable[[int], None]
AGAIN = timedelta(seconds=30)
POSTING = {"method": "POST", "path_prefix": "/api/v1/statuses"}
PUTTING = {"method": "POST", "path_prefix": "/xrpc/com.atproto.repo.putRecord"}
TWO_MORE = "Where it grows.\n---\nHow to brew it."
OUT, WAITING, UNCONFIRMED = FollowState.OUT, FollowState.WAITING, FollowState.UNCONFIRMED


def only(post: Post) -> Delivery:
    (delivery,) = post.deliveries
    return delivery


def a_thread(cast: Cast, channel: Channel, rest: str = TWO_MORE) -> Post:
    return an_approved_post(
        cast, channel, variants=(VariantDraft(channel.id, options={"thread_posts": rest}),)
    )


def rows(post: Post) -> list[FollowUp]:
    db.session.expire_all()
    found = select(FollowUp).where(FollowUp.delivery_id == only(post).id).order_by(FollowUp.position)
    return list(db.session.scalars(found))


def states(post: Post) -> list[FollowState]:
    return [row.state for row in rows(post)]


def said(server: Server) -> list[str]:
    return [record["text"] for record in server.control.records()]


def ring(watch: Watch) -> int:
    """What the clock would ring for now, done by a worker; how much that was."""
    ids = [id for group in following.due(watch.now, AGAIN, 100).values() for id in group]
    db.session.commit()
    for id in ids:
        following.follow(id, watch)
    db.session.expire_all()
    return len(ids)


def ring_out(watch: Watch) -> None:
    """Ring until nothing is due."""
    for _ in range(20):
        if not ring(watch):
            return
    raise AssertionError("it never ends")


def lose(post: Post, server: Server, watch: Watch, publish: Walk) -> None:
    """Send the post with its answer lost, at a server whose clock is the watch."""
    watch.wait_until(post.due_at)
    server.control.clock(advance_seconds=(watch.now - datetime.now(UTC)).total_seconds())
    server.control.fault("drop_after", POSTING, times=1)
    publish(only(post).id)
    assert only(post).state == State.UNCONFIRMED


@pytest.fixture
def thread(cast: Cast, toots: Channel, watch: Watch, publish: Walk) -> Post:
    """A thread of three on Mastodon, of which the first is out."""
    post = a_thread(cast, toots)
    watch.wait_until(post.due_at)
    publish(only(post).id)
    assert only(post).state == State.PUBLISHED
    return post


def test_a_thread_of_three_is_a_chain_on_the_platform(
    thread: Post, mastodon_server: Server, watch: Watch
) -> None:
    assert states(thread) == [WAITING, WAITING]
    ring_out(watch)
    first, second, third = mastodon_server.control.records()
    assert [each["text"] for each in (first, second, third)] == [
        "Spring tea is here.", "Where it grows.", "How to brew it.",
    ]  # fmt: skip
    assert (second["in_reply_to"], third["in_reply_to"]) == (first["id"], second["id"])
    assert [(row.state, row.remote_id) for row in rows(thread)] == [(OUT, second["id"]), (OUT, third["id"])]
    assert all(row.url and row.closed_at for row in rows(thread))


def test_on_bluesky_it_is_a_chain_too(
    cast: Cast, skies: Channel, bluesky_server: Server, watch: Watch, publish: Walk
) -> None:
    post = a_thread(cast, skies)
    watch.wait_until(post.due_at)
    publish(only(post).id)
    ring_out(watch)
    assert said(bluesky_server) == ["Spring tea is here.", "Where it grows.", "How to brew it."]
    assert [row.remote_id.rpartition("/")[2] for row in rows(post) if row.remote_id] == [
        row.key for row in rows(post)
    ]


def test_a_post_that_nothing_follows_has_no_rows(
    cast: Cast, toots: Channel, watch: Watch, publish: Walk
) -> None:
    post = an_approved_post(cast, toots)
    watch.wait_until(post.due_at)
    publish(only(post).id)
    assert only(post).state == State.PUBLISHED
    assert rows(post) == []
    assert sweeps.agenda().follow is None


def test_rings_that_are_doubled_or_late_say_nothing_twice(
    thread: Post, mastodon_server: Server, watch: Watch
) -> None:
    for row in rows(thread):
        following.follow(row.id, watch)
        following.follow(row.id, watch)
    assert said(mastodon_server) == ["Spring tea is here.", "Where it grows.", "How to brew it."]
    for row in rows(thread):
        following.follow(row.id, watch)
    assert len(said(mastodon_server)) == 3


def test_what_comes_later_waits_for_what_comes_before_it(
    thread: Post, mastodon_server: Server, watch: Watch
) -> None:
    following.follow(rows(thread)[1].id, watch)
    assert said(mastodon_server) == ["Spring tea is here."]


def test_of_several_workers_one_says_it(
    app: Flask, thread: Post, mastodon_server: Server, watch: Watch
) -> None:
    id, start = rows(thread)[0].id, threading.Barrier(4)
    db.session.commit()

    def work() -> None:
        with app.app_context():
            start.wait()
            following.follow(id, watch)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert said(mastodon_server) == ["Spring tea is here.", "Where it grows."]


@pytest.mark.parametrize("kind", ["drop_after", "drop_before"])
def test_a_lost_answer_is_never_repeated_and_the_rest_waits_for_a_person(
    thread: Post, mastodon_server: Server, watch: Watch, kind: str
) -> None:
    mastodon_server.control.fault(kind, POSTING, times=1)
    ring_out(watch)
    before = said(mastodon_server)
    watch.advance(days=2)
    ring_out(watch)
    assert said(mastodon_server) == before
    assert states(thread) == [UNCONFIRMED, WAITING]
    assert rows(thread)[0].error
    assert sweeps.agenda().follow is None


def test_a_person_who_saw_it_lets_the_rest_go_on(
    cast: Cast, thread: Post, mastodon_server: Server, watch: Watch
) -> None:
    mastodon_server.control.fault("drop_after", POSTING, times=1)
    ring_out(watch)
    triage.follow_is_there(rows(thread)[0], cast.bo, watch.now)
    db.session.commit()
    ring_out(watch)
    assert states(thread) == [OUT, OUT]
    first, _second, third = mastodon_server.control.records()
    assert (third["text"], third["in_reply_to"]) == ("How to brew it.", first["id"])


def test_a_person_can_have_it_said_after_all(
    cast: Cast, thread: Post, mastodon_server: Server, watch: Watch
) -> None:
    mastodon_server.control.fault("drop_before", POSTING, times=1)
    ring_out(watch)
    assert states(thread) == [UNCONFIRMED, WAITING]
    watch.advance(days=2)
    triage.send_follow(rows(thread)[0], cast.bo, watch.now)
    db.session.commit()
    ring_out(watch)
    assert states(thread) == [OUT, OUT]
    assert said(mastodon_server) == ["Spring tea is here.", "Where it grows.", "How to brew it."]


def test_a_person_can_leave_it_and_then_the_rest_is_left_too(
    cast: Cast, thread: Post, mastodon_server: Server, watch: Watch
) -> None:
    mastodon_server.control.fault("drop_after", POSTING, times=1)
    ring_out(watch)
    triage.leave_follows(rows(thread)[0], cast.bo, watch.now)
    db.session.commit()
    ring_out(watch)
    assert states(thread) == [FollowState.LEFT, FollowState.LEFT]
    assert len(said(mastodon_server)) == 2


def test_nothing_is_decided_about_what_is_still_on_its_way(cast: Cast, thread: Post, watch: Watch) -> None:
    for verb in (triage.follow_is_there, triage.send_follow, triage.leave_follows):
        with pytest.raises(triage.NotPossible):
            verb(rows(thread)[0], cast.bo, watch.now)
        db.session.rollback()
    assert states(thread) == [WAITING, WAITING]


def test_a_worker_that_died_before_it_took_it_leaves_it_due(
    thread: Post, mastodon_server: Server, watch: Watch
) -> None:
    following.due(watch.now, AGAIN, 100)
    db.session.commit()
    assert ring(watch) == 0
    watch.advance(seconds=AGAIN.total_seconds())
    ring_out(watch)
    assert states(thread) == [OUT, OUT]


def test_of_a_worker_that_died_after_it_took_it_nobody_knows_what_it_did(
    thread: Post, mastodon_server: Server, watch: Watch
) -> None:
    row = rows(thread)[0]
    assert following._claimed(row, watch.now)
    db.session.commit()
    ring_out(watch)
    assert states(thread) == [FollowState.SENDING, WAITING]
    watch.now += 2 * config().lease + timedelta(seconds=1)
    ring_out(watch)
    assert states(thread) == [UNCONFIRMED, WAITING]
    assert said(mastodon_server) == ["Spring tea is here."]


def test_an_answer_that_came_later_than_the_doubt_ends_it(
    thread: Post, mastodon_server: Server, watch: Watch
) -> None:
    errand = following._claimed(rows(thread)[0], watch.now)
    db.session.commit()
    watch.now += 2 * config().lease + timedelta(seconds=1)
    ring_out(watch)
    assert errand and states(thread) == [UNCONFIRMED, WAITING]
    following._send(errand, watch)
    assert states(thread) == [OUT, WAITING]
    assert rows(thread)[1].due_at == watch.now


@pytest.mark.parametrize("stop", ["channel", "workspace"])
def test_a_pause_stops_what_follows_and_on_resuming_it_goes_on(
    cast: Cast, thread: Post, mastodon_server: Server, watch: Watch, stop: str
) -> None:
    toots, tea = only(thread).channel, cast.tea
    pauses: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
        "channel": (
            lambda: channels.pause(toots, "", watch.now),
            lambda: channels.resume(toots, watch.now),
        ),
        "workspace": (
            lambda: channels.pause_workspace(tea, "", watch.now),
            lambda: channels.resume_workspace(tea, watch.now),
        ),
    }
    pause, resume = pauses[stop]
    pause()
    db.session.commit()
    ring_out(watch)
    assert said(mastodon_server) == ["Spring tea is here."]
    resume()
    db.session.commit()
    watch.advance(minutes=1)
    ring_out(watch)
    assert states(thread) == [OUT, OUT]


def test_a_pause_of_the_very_moment_is_seen(
    thread: Post, mastodon_server: Server, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "_closed_until", lambda channel, now: None)
    db.session.execute(update(Workspace).values(paused_at=watch.now))
    db.session.commit()
    ring(watch)
    assert (states(thread), said(mastodon_server)) == ([WAITING, WAITING], ["Spring tea is here."])


def test_after_a_long_pause_nothing_is_said_by_surprise(
    cast: Cast, thread: Post, mastodon_server: Server, watch: Watch
) -> None:
    delivery = only(thread)
    channels.pause(delivery.channel, "", watch.now)
    watch.now += delivery.not_later_than - delivery.promised_at + timedelta(seconds=1)
    channels.resume(delivery.channel, watch.now)
    db.session.commit()
    ring_out(watch)
    assert states(thread) == [FollowState.HELD, WAITING]
    triage.send_follow(rows(thread)[0], cast.bo, watch.now)
    db.session.commit()
    ring_out(watch)
    assert len(said(mastodon_server)) == 3


def test_a_channel_that_was_removed_says_nothing(thread: Post, mastodon_server: Server, watch: Watch) -> None:
    channels.remove(only(thread).channel, watch.now)
    db.session.commit()
    ring_out(watch)
    assert (states(thread), said(mastodon_server)) == ([WAITING, WAITING], ["Spring tea is here."])


def test_their_trouble_is_tried_again_on_the_back_off_and_then_fails(
    thread: Post, mastodon_server: Server, watch: Watch
) -> None:
    mastodon_server.control.fault("status_before", {"method": "GET"}, times=None, status=503)
    for wait in BACK_OFF:
        ring_out(watch)
        assert rows(thread)[0].due_at == watch.now + wait
        watch.now += wait
    ring_out(watch)
    assert states(thread) == [FollowState.FAILED, WAITING]
    assert said(mastodon_server) == ["Spring tea is here."]


def test_too_fast_lets_the_channel_rest_and_uses_up_no_try(
    thread: Post, mastodon_server: Server, watch: Watch
) -> None:
    mastodon_server.control.fault("rate_limit", POSTING, times=1, seconds=30)
    ring_out(watch)
    row = rows(thread)[0]
    assert (row.state, row.tries, row.sent_at) == (WAITING, 0, None)
    assert row.due_at == only(thread).channel.rests_until
    assert row.due_at is not None
    watch.now = row.due_at
    ring_out(watch)
    assert states(thread) == [OUT, OUT]


def test_what_the_platform_turns_down_fails_with_its_own_sentence(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, publish: Walk
) -> None:
    post = a_thread(cast, toots)
    watch.wait_until(post.due_at)
    publish(only(post).id)
    mastodon_server.control.remove(str(only(post).remote_id))
    ring_out(watch)
    assert states(post) == [FollowState.FAILED, WAITING]
    assert rows(post)[0].error == "Record not found"


def test_credentials_that_lapsed_are_renewed(
    cast: Cast, skies: Channel, bluesky_server: Server, watch: Watch, publish: Walk
) -> None:
    post = a_thread(cast, skies)
    watch.wait_until(post.due_at)
    publish(only(post).id)
    bluesky_server.control.expire_tokens()
    ring_out(watch)
    assert states(post) == [OUT, OUT]
    assert said(bluesky_server) == ["Spring tea is here.", "Where it grows.", "How to brew it."]


def test_where_a_person_has_to_sign_in_again_it_waits_for_that(
    thread: Post, mastodon_server: Server, watch: Watch
) -> None:
    mastodon_server.control.revoke_tokens()
    ring_out(watch)
    assert only(thread).channel.state == ChannelState.RECONNECT
    assert states(thread) == [WAITING, WAITING]


def test_an_edit_afterwards_changes_nothing_that_is_out_or_follows(
    thread: Post, mastodon_server: Server, watch: Watch
) -> None:
    db.session.execute(update(Variant).values(options={"thread_posts": "Another thing."}))
    db.session.commit()
    ring_out(watch)
    assert said(mastodon_server) == ["Spring tea is here.", "Where it grows.", "How to brew it."]


def test_what_was_not_approved_is_held(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, publish: Walk
) -> None:
    post = a_thread(cast, toots)
    assert digest(post.variants[0]) == only(post).digest
    lose(post, mastodon_server, watch, publish)
    db.session.execute(update(Variant).values(options={"thread_posts": "Another thing."}))
    db.session.commit()
    watch.now += timedelta(seconds=30)
    settling.settle(only(post).id, "a-worker", watch)
    assert only(post).state == State.PUBLISHED
    assert states(post) == [FollowState.HELD]
    ring_out(watch)
    assert len(said(mastodon_server)) == 1


def test_what_follows_a_post_that_was_lost_and_found_goes_out(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, publish: Walk
) -> None:
    post = a_thread(cast, toots)
    lose(post, mastodon_server, watch, publish)
    assert (only(post).state, rows(post)) == (State.UNCONFIRMED, [])
    watch.now += timedelta(seconds=30)
    settling.settle(only(post).id, "a-worker", watch)
    ring_out(watch)
    assert states(post) == [OUT, OUT]
    assert len(said(mastodon_server)) == 3


def test_what_follows_a_post_that_a_person_saw_is_left_to_them(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, publish: Walk
) -> None:
    post = a_thread(cast, toots)
    lose(post, mastodon_server, watch, publish)
    triage.appeared(only(post), "", cast.bo, watch.now)
    db.session.commit()
    ring_out(watch)
    assert states(post) == [FollowState.HELD, WAITING]
    with pytest.raises(triage.NotPossible):
        triage.send_follow(rows(post)[0], cast.bo, watch.now)


def test_after_a_restored_backup_a_person_is_asked(
    cast: Cast, thread: Post, mastodon_server: Server, watch: Watch
) -> None:
    restoring.restored(watch.now - timedelta(hours=1), watch.now)
    db.session.commit()
    channels.resume_workspace(cast.tea, watch.now)
    db.session.commit()
    ring_out(watch)
    assert states(thread) == [UNCONFIRMED, WAITING]
    assert said(mastodon_server) == ["Spring tea is here."]


def test_what_a_look_finds_after_a_restored_backup_may_have_been_followed_already(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, publish: Walk
) -> None:
    post = a_thread(cast, toots)
    lose(post, mastodon_server, watch, publish)
    db.session.execute(update(Delivery).values(state=State.SCHEDULED, look_at=None))
    db.session.commit()
    restoring.restored(watch.now - timedelta(hours=1), watch.now)
    channels.resume_workspace(cast.tea, watch.now)
    db.session.commit()
    watch.now += timedelta(minutes=2)
    settling.settle(only(post).id, "a-worker", watch)
    db.session.expire_all()
    assert (only(post).state, states(post)) == (State.PUBLISHED, [FollowState.HELD, WAITING])


def test_the_clock_hears_of_the_first_that_is_due(thread: Post, watch: Watch) -> None:
    assert sweeps.agenda().follow == watch.now
    channel_id, ids = only(thread).channel_id, [rows(thread)[0].id]
    assert following.due(watch.now - timedelta(seconds=1), AGAIN, 100) == {}
    assert following.due(watch.now, AGAIN, 100) == {channel_id: ids}
    assert following.due(watch.now, AGAIN, 100) == {}


def test_it_goes_with_its_delivery(thread: Post) -> None:
    db.session.execute(delete(Delivery))
    db.session.commit()
    assert db.session.scalars(select(FollowUp)).all() == []
