"""A channel's pace is kept before its platform refuses, by one worker of many, and in the platform's own days."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, update

import publishers
from calendar_app import channels, deliveries, pacing, sweeps
from calendar_app.extensions import db
from calendar_app.models import Channel, Delivery, Hold, Outcome, Post, State
from publishers.simulators import mastodon as simulator
from publishers.simulators.server import Server
from publishers.values import Destination, Pace, Quota
from tests.calendar_app.conftest import Watch
from tests.people import Cast, an_approved_post

Walk = Callable[[int], None]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def only(post: Post) -> Delivery:
    (delivery,) = post.deliveries
    return delivery


@pytest.fixture
def keep_to(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Give Mastodon another pace."""

    def keep_to(spacing: timedelta | None = None, *quotas: Quota) -> None:
        pace = Pace(spacing, quotas)
        monkeypatch.setattr(type(publishers.get("mastodon")), "pace_of", lambda self, traits: pace)

    return keep_to


def crowd(cast: Cast, channel: Channel, count: int, **more: object) -> list[Post]:
    """Posts that are all due at the same second."""
    given: dict[str, object] = {"grace_minutes": 600} | more
    return [an_approved_post(cast, channel, text=f"Number {n}.", **given) for n in range(count)]


def test_each_that_waits_for_the_spacing_gets_a_slot_of_its_own(
    cast: Cast, toots: Channel, keep_to: Callable[..., None], watch: Watch, publish: Walk
) -> None:
    keep_to(MINUTE)
    posts = crowd(cast, toots, 4)
    start = watch.now = posts[0].due_at
    for post in posts:
        publish(only(post).id)
    assert [only(post).state for post in posts] == [State.PUBLISHED] + [State.SCHEDULED] * 3
    assert [only(post).due_at for post in posts[1:]] == [start + n * MINUTE for n in (1, 2, 3)]
    assert all(only(post).tries == 0 for post in posts)
    assert only(posts[1]).attempts[-1].outcome == Outcome.PACED
    for post in posts[1:]:
        watch.wait_until(only(post).due_at)
        publish(only(post).id)
    assert [only(post).published_at for post in posts] == [start + n * MINUTE for n in range(4)]
    assert [len(only(post).attempts) for post in posts] == [1, 2, 2, 2]


def test_a_slot_keeps_clear_of_what_was_promised_for_later(
    cast: Cast, toots: Channel, keep_to: Callable[..., None], watch: Watch, publish: Walk
) -> None:
    keep_to(MINUTE)
    first, second = crowd(cast, toots, 2)
    promised = an_approved_post(cast, toots, at=first.due_at + MINUTE * 1.5, text="Promised.")
    watch.wait_until(first.due_at)
    publish(only(first).id)
    publish(only(second).id)
    assert only(second).due_at == only(promised).due_at + MINUTE


def test_of_several_workers_one_gets_the_turn(
    cast: Cast,
    toots: Channel,
    keep_to: Callable[..., None],
    watch: Watch,
    mastodon_server: Server,
    publish_at_once: Callable[[list[int]], None],
) -> None:
    keep_to(MINUTE, Quota(100, DAY))
    ids = [only(post).id for post in crowd(cast, toots, 5)]
    watch.now = db.session.get_one(Delivery, ids[0]).due_at
    db.session.commit()
    publish_at_once(ids)
    db.session.expire_all()
    found = [db.session.get_one(Delivery, id) for id in ids]
    assert sorted(d.state for d in found) == [State.PUBLISHED] + [State.SCHEDULED] * 4
    waiting = sorted(d.due_at for d in found if d.state == State.SCHEDULED)
    assert waiting == [watch.now + n * MINUTE for n in (1, 2, 3, 4)]
    assert len(mastodon_server.control.records()) == 1


def test_of_several_workers_none_goes_beyond_a_quota(
    cast: Cast,
    toots: Channel,
    keep_to: Callable[..., None],
    watch: Watch,
    mastodon_server: Server,
    publish_at_once: Callable[[list[int]], None],
) -> None:
    keep_to(None, Quota(2, DAY))
    ids = [only(post).id for post in crowd(cast, toots, 6)]
    watch.now = db.session.get_one(Delivery, ids[0]).due_at
    db.session.commit()
    publish_at_once(ids)
    assert len(mastodon_server.control.records()) == 2


def test_a_spent_rolling_quota_opens_when_its_oldest_post_counts_no_more(
    cast: Cast, toots: Channel, keep_to: Callable[..., None], watch: Watch, publish: Walk
) -> None:
    keep_to(None, Quota(2, HOUR))
    posts = crowd(cast, toots, 4)
    start = watch.now = posts[0].due_at
    publish(only(posts[0]).id)
    watch.advance(minutes=10)
    for post in posts[1:]:
        publish(only(post).id)
    assert [only(post).state for post in posts] == [State.PUBLISHED] * 2 + [State.SCHEDULED] * 2
    assert only(posts[2]).due_at == start + HOUR
    assert only(posts[3]).due_at == start + HOUR + HOUR / 2
    for post in posts[2:]:
        watch.wait_until(only(post).due_at)
        publish(only(post).id)
    assert all(only(post).state == State.PUBLISHED for post in posts)


def test_a_daily_quota_is_counted_in_the_platforms_own_day(
    cast: Cast, toots: Channel, keep_to: Callable[..., None], watch: Watch, publish: Walk
) -> None:
    keep_to(None, Quota(1, "day", "Asia/Shanghai"))
    evening = datetime(2030, 3, 4, 15, 0, tzinfo=UTC)
    posts = crowd(cast, toots, 2, at=evening, grace_minutes=1400)
    watch.now = evening
    for post in posts:
        publish(only(post).id)
    assert only(posts[1]).due_at == datetime(2030, 3, 4, 16, 0, tzinfo=UTC), "midnight in Shanghai"
    watch.wait_until(only(posts[1]).due_at)
    publish(only(posts[1]).id)
    assert only(posts[1]).state == State.PUBLISHED


def test_what_may_be_out_counts_and_what_surely_is_not_does_not(
    cast: Cast,
    toots: Channel,
    keep_to: Callable[..., None],
    watch: Watch,
    publish: Walk,
    mastodon_server: Server,
) -> None:
    keep_to(None, Quota(1, HOUR))
    posting = {"method": "POST", "path_prefix": "/api/v1/statuses"}
    refused, lost, next_one = crowd(cast, toots, 3)
    watch.now = refused.due_at
    mastodon_server.control.fault("status_before", posting, times=1, status=422)
    publish(only(refused).id)
    mastodon_server.control.fault("drop_after", posting, times=1)
    publish(only(lost).id)
    assert (only(refused).state, only(lost).state) == (State.FAILED, State.UNCONFIRMED)
    publish(only(next_one).id)
    assert only(next_one).attempts[-1].outcome == Outcome.PACED


def test_what_gets_no_turn_in_time_is_held_at_once_for_a_person(
    cast: Cast, toots: Channel, keep_to: Callable[..., None], watch: Watch, publish: Walk
) -> None:
    keep_to(None, Quota(1, DAY))
    first, second = crowd(cast, toots, 2, grace_minutes=30)
    watch.wait_until(first.due_at)
    publish(only(first).id)
    publish(only(second).id)
    assert (only(second).state, only(second).held_reason) == (State.HELD, Hold.LATE)
    assert "no room" in (only(second).error or "")


def test_another_channel_is_not_touched(
    cast: Cast, toots: Channel, skies: Channel, keep_to: Callable[..., None], watch: Watch, publish: Walk
) -> None:
    keep_to(HOUR)
    first, second = crowd(cast, toots, 2)
    elsewhere = an_approved_post(cast, skies)
    watch.wait_until(first.due_at)
    for post in (first, second, elsewhere):
        publish(only(post).id)
    assert only(second).state == State.SCHEDULED
    assert only(elsewhere).state == State.PUBLISHED


def test_a_rate_limit_moves_everything_that_is_due_there_and_the_bell_stays_silent(
    cast: Cast, toots: Channel, skies: Channel, mastodon_server: Server, watch: Watch, publish: Walk
) -> None:
    posting = {"method": "POST", "path_prefix": "/api/v1/statuses"}
    mastodon_server.control.fault("rate_limit", posting, times=1, seconds=90)
    posts, elsewhere = crowd(cast, toots, 3), an_approved_post(cast, skies)
    later = an_approved_post(cast, toots, at=cast.now + DAY, text="Tomorrow.")
    watch.wait_until(posts[0].due_at)
    assert len(sweeps.due(watch.now, MINUTE)) == 4
    db.session.commit()
    publish(only(posts[0]).id)
    assert toots.rests_until and toots.rests_until > watch.now
    assert {only(post).due_at for post in posts} == {toots.rests_until}
    assert only(later).due_at == later.due_at
    while_it_rests = watch.now + (toots.rests_until - watch.now) / 2
    assert sweeps.due(while_it_rests, timedelta()) == [only(elsewhere).id]


def test_a_shorter_rest_does_not_end_a_longer_one(cast: Cast, toots: Channel, watch: Watch) -> None:
    sweeps.rest(toots.id, watch.now + HOUR)
    sweeps.rest(toots.id, watch.now + MINUTE)
    db.session.commit()
    db.session.expire_all()
    assert toots.rests_until == watch.now + HOUR


def test_a_pause_stops_what_waits_for_its_turn(
    cast: Cast, toots: Channel, keep_to: Callable[..., None], watch: Watch, publish: Walk
) -> None:
    keep_to(MINUTE)
    first, second = crowd(cast, toots, 2)
    watch.wait_until(first.due_at)
    publish(only(first).id)
    publish(only(second).id)
    stopped = channels.pause(toots, "crisis", watch.now)
    db.session.commit()
    assert stopped.held == 1
    watch.advance(minutes=2)
    publish(only(second).id)
    assert only(second).held_reason == Hold.PAUSED
    channels.resume(toots, watch.now)
    db.session.commit()
    db.session.expire_all()
    assert (only(second).state, only(second).held_reason) == (State.HELD, Hold.LATE)


def test_what_is_left_counts_what_went_out_and_what_is_planned(
    cast: Cast, toots: Channel, keep_to: Callable[..., None], watch: Watch, publish: Walk
) -> None:
    keep_to(None, Quota(5, 3 * HOUR), Quota(9, "day", "Asia/Shanghai"))
    first = crowd(cast, toots, 2)[0]
    an_approved_post(cast, toots, at=first.due_at + 2 * HOUR, text="Later.")
    watch.wait_until(first.due_at)
    publish(only(first).id)
    rolling, daily = pacing.left(toots, first.due_at + timedelta(hours=2.5))
    assert (rolling.used, rolling.planned, rolling.left) == (1, 2, 2)
    assert daily.left == 6
    rolling, daily = pacing.left(toots, first.due_at + 30 * HOUR)
    assert (rolling.left, daily.left) == (5, 9)


@pytest.fixture
def unlimited() -> Iterator[Server]:
    with simulator.serve(rate_limits=False) as server:
        yield server


def test_a_channel_without_a_pace_pays_nothing_for_it(
    cast: Cast, toots: Channel, unlimited: Server, watch: Watch
) -> None:
    account = unlimited.control.account("free", "Free")
    publisher = publishers.get("mastodon")
    bare = Destination(
        unlimited.url, "", "", publisher.default_limits, {"access_token": account["access_token"]}
    )
    free = channels.keep(cast.tea, "mastodon", publisher.discover(bare), cast.now)
    db.session.commit()
    assert publisher.pace_of(toots.traits).quotas == (Quota(300, 3 * HOUR),)
    assert publisher.pace_of(free.traits) == Pace()
    taken = {}
    for channel in (toots, free):
        delivery = only(an_approved_post(cast, channel, text=channel.name))
        db.session.execute(update(Delivery).where(Delivery.id == delivery.id).values(due_at=watch.now))
        db.session.commit()
        claim = deliveries.claim(delivery.id, watch.now, "a-worker")
        assert claim
        loaded, pace = pacing.db.session.get_one(Delivery, delivery.id), publisher.pace_of(channel.traits)
        asked: list[str] = []

        def ask(_c: object, _cu: object, statement: str, *_: object, asked: list[str] = asked) -> None:
            asked.append(statement)

        event.listen(db.engine, "before_cursor_execute", ask)
        assert pacing.takes_turn(claim, loaded, pace, watch.now)
        event.remove(db.engine, "before_cursor_execute", ask)
        db.session.commit()
        taken[channel.name] = len([s for s in asked if "channel" in s])
    assert taken["Free"] <= 1 < taken["Tea"]


def test_windows_open_and_close_in_their_zone() -> None:
    noon = datetime(2030, 2, 28, 20, 0, tzinfo=UTC)
    cases = {
        Quota(1, HOUR): (noon - HOUR, noon + HOUR),
        Quota(1, "day", "Asia/Shanghai"): (
            datetime(2030, 2, 28, 16, tzinfo=UTC),
            datetime(2030, 3, 1, 16, tzinfo=UTC),
        ),
        Quota(1, "month"): (datetime(2030, 2, 1, tzinfo=UTC), datetime(2030, 3, 1, tzinfo=UTC)),
        Quota(1, "day", "America/Los_Angeles"): (
            datetime(2030, 2, 28, 8, tzinfo=UTC),
            datetime(2030, 3, 1, 8, tzinfo=UTC),
        ),
    }
    for quota, expected in cases.items():
        assert (quota.opened(noon), quota.closes(noon)) == expected


def test_a_day_is_as_long_as_its_clock_change_makes_it() -> None:
    pacific = Quota(1, "day", "America/Los_Angeles")
    spring = datetime(2030, 3, 10, 20, 0, tzinfo=UTC)
    assert pacific.closes(spring) - pacific.opened(spring) == timedelta(hours=23)
