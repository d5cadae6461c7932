"""A lost answer is settled by itself where the platform lets it be, and never at the price of a second post."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from calendar_app import channels, deliveries, looking, settling, sweeps, triage
from calendar_app.extensions import db
from calendar_app.models import Attempt, Channel, Delivery, Outcome, Post, State, Step
from publishers import get
from publishers.simulators import mastodon as simulator
from publishers.simulators.server import Server
from publishers.values import Destination
from tests.calendar_app.conftest import Watch
from tests.people import Cast, an_approved_post

Walk = Callable[[int], None]
LAG = timedelta(seconds=30)
POSTING = {"method": "POST", "path_prefix": "/api/v1/statuses"}
PUTTING = {"method": "POST", "path_prefix": "/xrpc/com.atproto.repo.putRecord"}


def only(post: Post) -> Delivery:
    (delivery,) = post.deliveries
    return delivery


def looks(post: Post) -> list[Attempt]:
    return [attempt for attempt in only(post).attempts if attempt.step == Step.FIND]


def same_time(server: Server, watch: Watch) -> None:
    """Let the server's clock show what the watch shows."""
    server.control.clock(advance_seconds=(watch.now - datetime.now(UTC)).total_seconds())


def channel_at(cast: Cast, server: Server, name: str = "tea") -> Channel:
    account = server.control.account(name, name)
    publisher = get("mastodon")
    token = {"access_token": account["access_token"]}
    bare = Destination(server.url, "", "", publisher.default_limits, token)
    channel = channels.keep(cast.tea, "mastodon", publisher.discover(bare), cast.now)
    db.session.commit()
    return channel


@pytest.fixture
def gotosocial() -> Iterator[Server]:
    """A server that ignores idempotency keys."""
    with simulator.serve(software="gotosocial", rate_limits=False) as server:
        yield server


@pytest.fixture
def settle(watch: Watch) -> Walk:
    def walk(delivery_id: int) -> None:
        settling.settle(delivery_id, "a-worker", watch)
        db.session.expire_all()

    return walk


def lose(
    post: Post, fault: str, server: Server, match: dict[str, Any], watch: Watch, publish: Walk
) -> Delivery:
    """Send the post with its answer lost."""
    server.control.fault(fault, match, times=1)
    watch.wait_until(only(post).due_at)
    publish(only(post).id)
    assert only(post).state == State.UNCONFIRMED
    return only(post)


def test_what_is_there_is_found_after_the_lag_and_not_before(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, publish: Walk, settle: Walk
) -> None:
    post = an_approved_post(cast, toots)
    watch.wait_until(post.due_at)
    same_time(mastodon_server, watch)
    delivery = lose(post, "drop_after", mastodon_server, POSTING, watch, publish)
    assert delivery.look_at == watch.now + LAG
    watch.advance(seconds=LAG.total_seconds())
    settle(delivery.id)
    assert (delivery.state, delivery.remote_id) == (
        State.PUBLISHED,
        mastodon_server.control.records()[0]["id"],
    )
    assert [(a.outcome, a.evidence["look"]) for a in looks(post)] == [(Outcome.PUBLISHED, 1)]


def test_a_look_that_a_lapsed_lease_asks_for_waits_for_the_lag_too(
    cast: Cast, toots: Channel, watch: Watch, settle: Walk
) -> None:
    post = an_approved_post(cast, toots)
    watch.wait_until(post.due_at)
    taken = deliveries.claim(only(post).id, watch.now, "killed")
    assert taken
    deliveries.sending(taken, watch.now)
    db.session.commit()
    db.session.execute(Delivery.__table__.update().values(lease_until=watch.now))
    db.session.commit()
    sweeps.reap(watch.advance(seconds=1))
    db.session.commit()
    settle(only(post).id)
    assert (only(post).state, only(post).look_at, looks(post)) == (
        State.UNCONFIRMED,
        post.due_at + LAG,
        [],
    )


def test_what_is_not_there_is_looked_for_again_and_then_repeated_once_under_its_key(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, publish: Walk, settle: Walk
) -> None:
    post = an_approved_post(cast, toots)
    watch.wait_until(post.due_at)
    same_time(mastodon_server, watch)
    delivery = lose(post, "drop_before", mastodon_server, POSTING, watch, publish)
    key = delivery.key
    watch.advance(seconds=30)
    settle(delivery.id)
    assert (delivery.state, delivery.look_at) == (State.UNCONFIRMED, watch.now + LAG)
    watch.advance(seconds=30)
    settle(delivery.id)
    assert (delivery.state, delivery.due_at) == (State.SCHEDULED, watch.now)
    publish(delivery.id)
    assert delivery.state == State.PUBLISHED
    assert delivery.key == key, "a repeat never gets a fresh key"
    assert len(mastodon_server.control.records()) == 1


def test_a_post_that_is_listed_late_is_not_posted_twice(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, publish: Walk, settle: Walk
) -> None:
    """Its listing shows nothing, as a lagging one would; the key still makes the repeat the same post."""
    post = an_approved_post(cast, toots)
    delivery = lose(post, "drop_after", mastodon_server, POSTING, watch, publish)
    while delivery.state == State.UNCONFIRMED:
        watch.advance(seconds=30)
        settle(delivery.id)
    publish(delivery.id)
    assert delivery.state == State.PUBLISHED
    (record,) = mastodon_server.control.records()
    assert delivery.remote_id == record["id"]


def test_a_key_that_lapsed_while_the_channel_rested_is_not_trusted(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, publish: Walk, settle: Walk
) -> None:
    post = an_approved_post(cast, toots, grace_minutes=600)
    delivery = lose(post, "drop_before", mastodon_server, POSTING, watch, publish)
    for _ in range(2):
        watch.advance(seconds=30)
        settle(delivery.id)
    assert delivery.state == State.SCHEDULED
    watch.advance(hours=2)
    publish(delivery.id)
    assert delivery.state == State.UNCONFIRMED
    assert mastodon_server.control.records() == []
    while delivery.look_at:
        watch.wait_until(delivery.look_at)
        settle(delivery.id)
    triage.did_not_appear(delivery, cast.bo, watch.now)
    triage.retry(delivery, cast.bo, watch.now)
    db.session.commit()
    publish(delivery.id)
    assert delivery.state == State.PUBLISHED, "a person said that it is not there"


def test_a_chosen_record_key_settles_in_one_look(
    cast: Cast, skies: Channel, bluesky_server: Server, watch: Watch, publish: Walk, settle: Walk
) -> None:
    for fault, text in (("drop_before", "One."), ("drop_after", "Two.")):
        post = an_approved_post(cast, skies, text=text)
        delivery = lose(post, fault, bluesky_server, PUTTING, watch, publish)
        watch.wait_until(delivery.look_at)
        settle(delivery.id)
        assert delivery.state == (State.SCHEDULED if fault == "drop_before" else State.PUBLISHED)
        publish(delivery.id)
        assert delivery.state == State.PUBLISHED
    assert len(bluesky_server.control.records()) == 2


def test_what_can_not_be_repeated_safely_is_a_question_to_a_person_with_all_that_is_known(
    cast: Cast, gotosocial: Server, watch: Watch, publish: Walk, settle: Walk
) -> None:
    post = an_approved_post(cast, channel_at(cast, gotosocial), grace_minutes=600)
    delivery = lose(post, "drop_before", gotosocial, POSTING, watch, publish)
    while delivery.look_at:
        watch.wait_until(delivery.look_at)
        settle(delivery.id)
    assert delivery.state == State.UNCONFIRMED
    assert delivery.error
    assert [(a.outcome, a.evidence["look"]) for a in looks(post)] == [
        (Outcome.ABSENT, number) for number in range(1, len(looks(post)) + 1)
    ]
    assert all(a.evidence["looked_since"] == post.due_at.isoformat() for a in looks(post))
    assert gotosocial.control.records() == []


def test_a_post_that_another_delivery_has_the_receipt_of_is_not_taken_for_this_one(
    cast: Cast, gotosocial: Server, watch: Watch, publish: Walk, settle: Walk
) -> None:
    channel = channel_at(cast, gotosocial)
    first, second = an_approved_post(cast, channel), an_approved_post(cast, channel)
    watch.wait_until(first.due_at)
    same_time(gotosocial, watch)
    publish(only(first).id)
    delivery = lose(second, "drop_before", gotosocial, POSTING, watch, publish)
    watch.advance(seconds=30)
    settle(delivery.id)
    assert (only(first).state, delivery.state) == (State.PUBLISHED, State.UNCONFIRMED)
    assert looks(second)[0].outcome == Outcome.ABSENT


def test_two_lost_posts_with_the_same_words_are_never_taken_for_each_other(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, publish: Walk, settle: Walk
) -> None:
    posts = [an_approved_post(cast, toots), an_approved_post(cast, toots)]
    watch.wait_until(posts[0].due_at)
    same_time(mastodon_server, watch)
    for post, fault in zip(posts, ("drop_before", "drop_after"), strict=True):
        lose(post, fault, mastodon_server, POSTING, watch, publish)
    watch.advance(seconds=30)
    for post in posts:
        settle(only(post).id)
    assert looks(posts[0])[0].outcome == Outcome.UNCONFIRMED
    assert only(posts[0]).state == State.SCHEDULED, "its key tells which of the two it is"
    while any(only(post).state != State.PUBLISHED for post in posts):
        for post in posts:
            publish(only(post).id)
            settle(only(post).id)
        watch.advance(seconds=30)
    assert len({only(post).remote_id for post in posts}) == len(mastodon_server.control.records()) == 2


def test_two_lost_posts_with_the_same_words_and_no_key_are_left_to_a_person(
    cast: Cast, gotosocial: Server, watch: Watch, publish: Walk, settle: Walk
) -> None:
    channel = channel_at(cast, gotosocial)
    posts = [an_approved_post(cast, channel), an_approved_post(cast, channel)]
    watch.wait_until(posts[0].due_at)
    same_time(gotosocial, watch)
    for post, fault in zip(posts, ("drop_before", "drop_after"), strict=True):
        lose(post, fault, gotosocial, POSTING, watch, publish)
    for post in posts:
        while only(post).look_at:
            watch.wait_until(only(post).look_at)
            settle(only(post).id)
    assert [only(post).state for post in posts] == [State.UNCONFIRMED] * 2
    assert looks(posts[1])[0].evidence["code"] == "twin"


def test_looking_too_fast_rests_the_channel_and_looks_after_the_rest(
    cast: Cast, gotosocial: Server, watch: Watch, publish: Walk, settle: Walk
) -> None:
    channel = channel_at(cast, gotosocial)
    delivery = lose(an_approved_post(cast, channel), "drop_before", gotosocial, POSTING, watch, publish)
    gotosocial.control.fault("rate_limit", {"method": "GET"}, times=1, seconds=90)
    watch.advance(seconds=30)
    settle(delivery.id)
    assert delivery.look_at == channel.rests_until
    assert delivery.look_at > watch.now


def test_the_same_look_rung_twice_is_made_once(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, publish: Walk
) -> None:
    post = an_approved_post(cast, toots)
    delivery = lose(post, "drop_before", mastodon_server, POSTING, watch, publish)
    assert looking.take_look(delivery.id, delivery.looks, watch.now)
    assert not looking.take_look(delivery.id, 0, watch.now)
