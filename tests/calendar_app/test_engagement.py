"""Numbers at equal ages; what is missing is a gap."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from calendar_app import channels, engagement, sampling, sweeps
from calendar_app.extensions import db
from calendar_app.models import Channel, ChannelState, Delivery, State
from publishers.simulators.server import Server
from publishers.values import Metrics
from tests.calendar_app.conftest import Watch
from tests.people import Cast, an_approved_post


def published(cast: Cast, channel: Channel, watch: Watch, publish: Callable[[int], None]) -> Delivery:
    (delivery,) = an_approved_post(cast, channel).deliveries
    watch.wait_until(delivery.due_at)
    publish(delivery.id)
    assert delivery.state == State.PUBLISHED
    return delivery


def test_a_post_is_sampled_at_each_fixed_age(
    cast: Cast, toots: Channel, watch: Watch, publish: Callable[[int], None]
) -> None:
    delivery = published(cast, toots, watch, publish)
    assert delivery.published_at
    while delivery.sample_at:
        watch.wait_until(delivery.sample_at)
        assert engagement.due_channels(watch.now) == [toots.id]
        sampling.sample(toots.id, watch)
        db.session.expire_all()
    assert [s.age for s in delivery.snapshots] == [600, 3600, 21600, 86400, 259200, 604800, 2592000]
    assert all(s.likes is not None and s.views is None for s in delivery.snapshots)


def test_ages_missed_while_we_were_away_stay_gaps(
    cast: Cast, toots: Channel, watch: Watch, publish: Callable[[int], None]
) -> None:
    delivery = published(cast, toots, watch, publish)
    watch.advance(hours=7)
    sampling.sample(toots.id, watch)
    db.session.expire_all()
    assert [s.age for s in delivery.snapshots] == [21600]
    assert delivery.sample_at == delivery.published_at + timedelta(days=1)


def test_a_post_that_is_gone_leaves_a_gap_and_not_zero(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, publish: Callable[[int], None]
) -> None:
    delivery = published(cast, toots, watch, publish)
    mastodon_server.control.remove(delivery.remote_id or "")
    watch.advance(minutes=11)
    sampling.sample(toots.id, watch)
    db.session.expire_all()
    assert delivery.snapshots == []
    assert delivery.sampled == 1


def test_a_person_may_ask_for_numbers_out_of_turn(
    cast: Cast, toots: Channel, watch: Watch, publish: Callable[[int], None]
) -> None:
    delivery = published(cast, toots, watch, publish)
    watch.advance(minutes=2)
    assert engagement.ask_now(delivery, watch.now)
    db.session.commit()
    sampling.sample(toots.id, watch)
    db.session.expire_all()
    assert [s.age for s in delivery.snapshots] == [None]
    assert delivery.sample_at == delivery.published_at + timedelta(minutes=10)


def test_a_channel_that_does_not_answer_is_asked_for_rarely_and_soon_once_it_does(
    cast: Cast, toots: Channel, watch: Watch, publish: Callable[[int], None]
) -> None:
    delivery = published(cast, toots, watch, publish)
    channels.needs_reconnecting(toots.id, "Signed out", watch.now)
    watch.advance(hours=1)
    assert engagement.due_channels(watch.now) == []
    assert sweeps.agenda().sample == watch.now + engagement.AGAIN
    toots.state = ChannelState.ACTIVE
    db.session.commit()
    watch.advance(minutes=5)
    assert engagement.due_channels(watch.now) == [toots.id]
    sampling.sample(toots.id, watch)
    db.session.expire_all()
    assert [s.age for s in delivery.snapshots] == [3600]


def test_many_posts_are_read_in_one_call(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, publish: Callable[[int], None]
) -> None:
    for _ in range(5):
        published(cast, toots, watch, publish)
    watch.advance(minutes=11)
    before = len(mastodon_server.control.requests())
    sampling.sample(toots.id, watch)
    assert len(mastodon_server.control.requests()) == before + 1


def test_a_failed_reading_is_tried_again_later(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, publish: Callable[[int], None]
) -> None:
    delivery = published(cast, toots, watch, publish)
    mastodon_server.control.fault("status_before", {"method": "GET"}, status=503)
    watch.advance(minutes=11)
    sampling.sample(toots.id, watch)
    db.session.expire_all()
    assert delivery.snapshots == []
    assert delivery.sample_at == watch.now + engagement.AGAIN


def test_followers_are_read_daily_and_a_second_reading_replaces_the_first(
    cast: Cast, toots: Channel, skies: Channel, watch: Watch
) -> None:
    assert set(engagement.due_audiences(watch.now)) == {toots.id, skies.id}
    assert engagement.due_audiences(watch.now) == []
    for _ in range(2):
        for channel in (toots, skies):
            sampling.audience(channel.id, watch)
        watch.advance(hours=1)
    found = engagement.audience_of([toots.id, skies.id])
    assert {id: len(rows) for id, rows in found.items()} == {toots.id: 1, skies.id: 1}
    assert all(rows[0].followers is not None for rows in found.values())


def test_totals_add_what_is_given_and_never_invent_a_zero(
    cast: Cast, toots: Channel, watch: Watch, publish: Callable[[int], None]
) -> None:
    delivery = published(cast, toots, watch, publish)
    for likes in (2, 3):
        engagement.record(delivery, Metrics(likes=likes), watch.now)
    db.session.commit()
    assert engagement.totals(delivery.snapshots) == Metrics(likes=5)
