"""Who is rung for first: bursts wait their turn in the database, and Redis never holds a long row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import insert

from calendar_app import sweeps
from calendar_app.config import Config
from calendar_app.extensions import db
from calendar_app.models import Channel, Delivery, State
from tests.people import Cast, a_channel, an_approved_post, gather
from workers.clock import CROWDED, MOST_CROWDED, Clock
from workers.rings import BUNDLE, Bell, batches, bundles

RERING = timedelta(seconds=20)


@pytest.fixture
def cast(app: Flask) -> Iterator[Cast]:
    with app.app_context():
        yield gather()


def crowd(cast: Cast, channel: Channel, count: int, later: timedelta = timedelta(0)) -> list[int]:
    """``count`` deliveries on one channel, due a second after each other; copies of one that was approved."""
    post = an_approved_post(cast, a_channel(cast.tea))
    (first,) = post.deliveries
    row = {column.key: getattr(first, column.key) for column in Delivery.__table__.columns}
    del row["id"], row["variant_id"]
    row |= {"channel_id": channel.id, "workspace_id": channel.workspace_id, "variant_id": None}
    rows = [row | {"due_at": cast.now + later + n * timedelta(seconds=1)} for n in range(count)]
    first.state = State.CANCELED
    ids = list(db.session.scalars(insert(Delivery).returning(Delivery.id), rows))
    db.session.commit()
    return sorted(ids)


def all_due(cast: Cast, rering: timedelta = RERING) -> list[int]:
    found = sweeps.due(cast.now + timedelta(hours=1), rering)
    db.session.commit()
    return found


def test_a_burst_of_one_workspace_does_not_come_before_anothers_first(cast: Cast) -> None:
    crowd(cast, a_channel(cast.tea), 30)
    few = crowd(cast, a_channel(cast.other), 3, later=timedelta(minutes=30))
    rung = all_due(cast)
    assert {rung.index(id) for id in few} <= set(range(6))


def test_a_burst_on_one_channel_does_not_come_before_anothers_first(cast: Cast) -> None:
    crowd(cast, a_channel(cast.tea), 30)
    few = crowd(cast, a_channel(cast.tea), 3, later=timedelta(minutes=30))
    rung = all_due(cast)
    assert {rung.index(id) for id in few} <= set(range(6))


def test_on_one_channel_the_earliest_come_first(cast: Cast) -> None:
    ids = crowd(cast, a_channel(cast.tea), 10)
    assert all_due(cast) == ids


def test_a_channel_and_a_workspace_have_only_so_many_unanswered_rings(cast: Cast) -> None:
    for _ in range(6):
        crowd(cast, a_channel(cast.tea), 40)
    lonely = crowd(cast, a_channel(cast.other), 40)
    rung = all_due(cast)
    assert len(set(rung) & set(lonely)) == sweeps.CHANNEL_RINGS
    assert len(set(rung) - set(lonely)) == sweeps.WORKSPACE_RINGS
    assert all_due(cast) == []


def test_rings_are_refilled_when_half_of_them_are_answered(cast: Cast) -> None:
    ids = crowd(cast, a_channel(cast.tea), 60)
    assert all_due(cast) == ids[:32]
    answer(ids[:15])
    assert all_due(cast) == []
    answer(ids[15:16])
    assert all_due(cast) == ids[32:48]


def test_a_channel_without_unanswered_rings_waits_for_no_refill(cast: Cast) -> None:
    for _ in range(5):
        crowd(cast, a_channel(cast.tea), 40)
    rung = all_due(cast)
    answer(rung[:10])
    (late,) = crowd(cast, a_channel(cast.tea), 1)
    assert all_due(cast) == [late]


def answer(ids: list[int]) -> None:
    """Workers take these."""
    for id in ids:
        db.session.get_one(Delivery, id).state = State.PUBLISHING
    db.session.commit()


def test_rings_that_nobody_answered_are_rung_again(cast: Cast) -> None:
    ids = crowd(cast, a_channel(cast.tea), 40)
    all_due(cast)
    later = sweeps.due(cast.now + timedelta(hours=1) + RERING + timedelta(seconds=1), RERING)
    assert later == ids[:32]


def test_a_clock_with_more_due_than_it_may_ring_neither_spins_nor_sleeps(config: Config, cast: Cast) -> None:
    crowd(cast, a_channel(cast.tea), 40)
    clock, now = Clock(Bell(config)), cast.now + timedelta(hours=1)
    waits = []
    for _ in range(6):
        upcoming = clock.round(now)
        waits.append(upcoming - now)
        now = upcoming
    assert waits == [CROWDED, 2 * CROWDED, *[MOST_CROWDED] * 4]
    assert config.redis_url
    batched = -(-sweeps.CHANNEL_RINGS // BUNDLE)
    assert Redis.from_url(config.redis_url).llen("rq:queue:publish") == batched


def test_while_rings_get_answered_the_clock_looks_again_as_soon_though_none_is_worth_a_new_one(
    config: Config, cast: Cast
) -> None:
    ids = crowd(cast, a_channel(cast.tea), 40)
    clock, now = Clock(Bell(config)), cast.now + timedelta(hours=1)
    clock.round(now)
    for taken in (ids[:1], ids[1:2]):
        answer(taken)
        assert clock.round(now) == now + CROWDED
    assert clock.round(now) == now + 2 * CROWDED


def test_a_ring_carries_a_few_ids_of_one_channel_and_the_first_of_each_come_first() -> None:
    calls = batches({1: list(range(25)), 2: [100]})
    assert calls == [
        (1, list(range(10))),
        (2, [100]),
        (1, list(range(10, 20))),
        (1, list(range(20, 25))),
    ]


def test_a_burst_is_rung_in_its_order_by_few_rings_of_several_channels_each() -> None:
    ids = [each for pair in zip(range(30), range(100, 130)) for each in pair]
    calls = bundles([*ids, 999], {1: list(range(30)), 2: list(range(100, 130))})
    assert [[id for _, part in parts for id in part] for (parts,) in calls] == [
        [*range(first, first + 10), *range(100 + first, 110 + first)] for first in (0, 10, 20)
    ]
    assert calls[0] == ([(1, list(range(10))), (2, list(range(100, 110)))],)


def test_a_few_that_are_due_at_once_are_shared_by_two_workers() -> None:
    assert bundles([1, 2, 3], {7: [1, 2, 3]}) == [([(7, [1, 2])],), ([(7, [3])],)]
    assert bundles([], {}) == []


def test_ids_are_grouped_by_their_channel_in_their_order(cast: Cast) -> None:
    first, second = a_channel(cast.tea), a_channel(cast.tea)
    one, other = crowd(cast, first, 2), crowd(cast, second, 2)
    mixed = [other[1], one[0], other[0], one[1], 10**6]
    assert sweeps.by_channel(mixed) == {second.id: [other[1], other[0]], first.id: one}
    assert list(sweeps.by_channel(mixed)) == [second.id, first.id]
