"""Who is late and why, how punctual the channels were, and what is left of their error budget."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from calendar_app import operations, punctuality, triage, vitals
from calendar_app.extensions import db
from calendar_app.models import (
    Attempt,
    Beat,
    Channel,
    ChannelState,
    Delivery,
    Hold,
    Outcome,
    State,
    Step,
)
from calendar_app.operations import Cause
from tests.people import NOW, ZONE, Cast, a_channel, an_approved_post

LATER = NOW + timedelta(hours=2)
SECOND = timedelta(seconds=1)


@pytest.fixture
def channel(cast: Cast) -> Channel:
    return a_channel(cast.tea)


def a_delivery(cast: Cast, channel: Channel, promised_at: datetime = NOW, **changes: object) -> Delivery:
    """A delivery that was promised for ``promised_at``, changed as the story needs it."""
    written = min(cast.now, promised_at) - timedelta(hours=1)
    (delivery,) = an_approved_post(cast, channel, at=promised_at, now=written).deliveries
    set_to(delivery, **({"prepare_at": None} | changes))
    return delivery


def set_to(row: Delivery | Channel, **changes: object) -> None:
    db.session.execute(update(type(row)).where(type(row).id == row.id).values(changes))
    db.session.commit()
    db.session.refresh(row)


def sent(cast: Cast, channel: Channel, promised_at: datetime, late: timedelta) -> Delivery:
    """A delivery that went out ``late`` after its promised instant."""
    at = promised_at + late
    delivery = a_delivery(cast, channel, promised_at, state=State.PUBLISHED, published_at=at + SECOND)
    tried(delivery, at, Outcome.PUBLISHED)
    return delivery


def tried(delivery: Delivery, at: datetime, outcome: Outcome, step: Step = Step.PUBLISH) -> None:
    sent_at = at if step == Step.PUBLISH else None
    attempt = Attempt(
        delivery_id=delivery.id, step=step, opened_at=at, sent_at=sent_at, closed_at=at, outcome=outcome
    )
    db.session.add(attempt)
    db.session.commit()


def alive(*kinds: str, at: datetime = LATER) -> list[vitals.Process]:
    for kind in kinds:
        db.session.merge(Beat(name=f"here:{kind}:1", kind=kind, host="here", pid=1, beat_at=at))
    db.session.commit()
    return vitals.processes(LATER)


def causes(cast: Cast, house: list[vitals.Process]) -> list[Cause]:
    return [late.cause for late in operations.late(cast.tea, house, LATER).shown]


PUT_OFF: dict[Cause, Outcome | None] = {
    Cause.PACE: Outcome.PACED,
    Cause.BACK_OFF: Outcome.TEMPORARY,
    Cause.REFRESHING: Outcome.UNAUTHORIZED,
    Cause.RESTS: Outcome.RATE_LIMITED,
    Cause.UNPREPARED: Outcome.UNPREPARED,
    Cause.POSTPONED: None,
}
STANDS: tuple[tuple[Cause, dict[str, object], dict[str, object]], ...] = (
    (Cause.SENDING, {"state": State.PUBLISHING, "lease_until": LATER + SECOND}, {}),
    (Cause.LAPSED, {"state": State.PUBLISHING, "lease_until": LATER - SECOND}, {}),
    (Cause.PROCESSING, {"state": State.PROCESSING, "look_at": LATER + SECOND}, {}),
    (Cause.PAUSED, {}, {"state": ChannelState.PAUSED}),
    (Cause.RECONNECT, {}, {"state": ChannelState.RECONNECT}),
    (Cause.RESTS, {}, {"rests_until": LATER + SECOND}),
    (Cause.UNPREPARED, {"prepare_at": LATER - SECOND}, {}),
    (Cause.NOT_RUNG, {"rung_at": None}, {}),
    (Cause.NOT_RUNG, {"prepare_at": LATER + SECOND}, {}),
    (Cause.NOT_TAKEN, {"rung_at": LATER - SECOND}, {}),
)


def test_each_late_delivery_names_its_cause(cast: Cast) -> None:
    for number, (_cause, of_delivery, of_channel) in enumerate(STANDS):
        channel = a_channel(cast.tea)
        a_delivery(cast, channel, NOW + number * SECOND, **{"due_at": NOW} | of_delivery)
        if of_channel:
            set_to(channel, **of_channel)
    assert causes(cast, alive("clock", "publish")) == [cause for cause, *_changes in STANDS]


def test_what_was_put_off_is_told_by_its_last_try(cast: Cast, channel: Channel) -> None:
    for number, outcome in enumerate(PUT_OFF.values()):
        delivery = a_delivery(cast, channel, NOW + number * SECOND, due_at=LATER + SECOND)
        if outcome:
            tried(delivery, NOW, Outcome.LOST)
            tried(delivery, NOW + SECOND, outcome)
    assert causes(cast, alive("clock", "publish")) == list(PUT_OFF)


def test_a_delivery_that_is_put_off_says_until_when(cast: Cast, channel: Channel) -> None:
    tried(a_delivery(cast, channel, due_at=LATER + SECOND), NOW, Outcome.TEMPORARY)
    (late,) = operations.late(cast.tea, alive("clock", "publish"), LATER).shown
    assert (late.cause, late.until) == (Cause.BACK_OFF, LATER + SECOND)


def test_a_silent_clock_or_missing_worker_is_named(cast: Cast, channel: Channel) -> None:
    a_delivery(cast, channel)
    assert causes(cast, alive("background")) == [Cause.CLOCK_SILENT]
    assert causes(cast, alive("clock")) == [Cause.NO_WORKER]
    assert causes(cast, alive("publish")) == [Cause.NOT_RUNG]


def test_a_process_that_fell_silent_counts_as_none(cast: Cast, channel: Channel) -> None:
    a_delivery(cast, channel)
    alive("publish")
    silent = LATER - vitals.SILENT - SECOND
    assert causes(cast, alive("clock", at=silent)) == [Cause.CLOCK_SILENT]


def test_what_is_out_or_waits_for_a_person_or_is_within_bounds_is_not_late(
    cast: Cast, channel: Channel
) -> None:
    a_delivery(cast, channel, state=State.PUBLISHED, published_at=LATER)
    a_delivery(cast, channel, state=State.CANCELED)
    a_delivery(cast, channel, state=State.HELD, held_reason=Hold.LATE)
    a_delivery(cast, channel, LATER - SECOND)
    a_delivery(cast, channel, LATER + SECOND)
    assert causes(cast, alive("clock", "publish")) == []


def test_the_longest_overdue_come_first_and_the_rest_is_counted(
    cast: Cast, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "MOST", 2)
    late = [a_delivery(cast, channel, NOW + timedelta(minutes=m)) for m in (2, 0, 1)]
    found = operations.late(cast.tea, [], LATER)
    assert [each.delivery.id for each in found.shown] == [late[1].id, late[2].id]
    assert found.total == 3


def test_nothing_of_another_workspace_is_counted(cast: Cast, channel: Channel) -> None:
    sent(cast, channel, NOW, SECOND)
    a_delivery(cast, channel)
    failed = a_delivery(cast, channel, state=State.FAILED)
    assert operations.late(cast.other, [], LATER).total == 0
    assert operations.queue(cast.other, LATER).total == 0
    assert operations.waiting(cast.other) == operations.chosen(cast.other, [failed.id]) == []
    assert not any(operations.counts(cast.other).values())
    assert punctuality.records(cast.other, LATER) == {}


def test_the_queue_counts_what_is_due_and_unclaimed_by_age(cast: Cast, channel: Channel) -> None:
    for age in (1, 4, 30, 100, 301, 4000):
        a_delivery(cast, channel, due_at=LATER - age * SECOND)
    a_delivery(cast, channel, due_at=LATER + SECOND)
    a_delivery(cast, channel, due_at=LATER - SECOND, state=State.PUBLISHING)
    queue = operations.queue(cast.tea, LATER)
    assert queue.counts == (2, 1, 1, 2)
    assert queue.oldest == LATER - 4000 * SECOND


def test_what_waits_for_a_person_is_counted_and_listed_by_state(cast: Cast, channel: Channel) -> None:
    held = a_delivery(cast, channel, state=State.HELD, held_reason=Hold.LATE)
    failed = a_delivery(cast, channel, NOW + SECOND, state=State.FAILED)
    a_delivery(cast, channel)
    assert operations.counts(cast.tea) == {State.UNCONFIRMED: 0, State.FAILED: 1, State.HELD: 1}
    assert operations.waiting(cast.tea) == [failed, held]
    assert operations.waiting(cast.tea, State.HELD) == [held]


def test_a_channels_health_is_its_last_success_and_the_share_of_failures(
    cast: Cast, channel: Channel
) -> None:
    quiet = a_channel(cast.tea)
    for days in (1, 2, 8):
        sent(cast, channel, NOW - timedelta(days=days), SECOND)
    a_delivery(cast, channel, NOW - timedelta(days=3), state=State.FAILED)
    a_delivery(cast, channel, NOW - timedelta(days=9), state=State.FAILED)
    found = operations.health([channel, quiet], NOW)
    assert found[channel.id].last_success == NOW - timedelta(days=1) + 2 * SECOND
    assert found[channel.id].failure_rate == pytest.approx(1 / 3)
    assert found[quiet.id] == operations.Health(None, 0, 0) and found[quiet.id].failure_rate is None


def test_percentiles_are_exact(cast: Cast, channel: Channel) -> None:
    lates = [0.040, 0.050, 0.060, 0.080, 4.0]
    for number, late in enumerate(random.Random(7).sample(lates, len(lates))):
        sent(cast, channel, NOW - timedelta(hours=number), timedelta(seconds=late))
    found = punctuality.records(cast.tea, NOW)[channel.id].percentiles
    assert found is not None
    assert (found.p50, found.p95, found.p99) == pytest.approx((0.060, 3.216, 3.8432), abs=1e-4)


@pytest.mark.parametrize(
    "values, rank, value", [([3.0], 0.99, 3.0), ([1.0, 2.0], 0.5, 1.5), ([1.0, 9.0], 1, 9.0)]
)
def test_a_rank_between_two_values_lies_between_them(values: list[float], rank: float, value: float) -> None:
    assert punctuality.at_rank(values, rank) == value


def test_the_last_visible_call_is_what_counts(cast: Cast, channel: Channel) -> None:
    delivery = sent(cast, channel, NOW - timedelta(hours=1), timedelta(seconds=15))
    tried(delivery, NOW - timedelta(hours=1), Outcome.TEMPORARY)
    record = punctuality.records(cast.tea, NOW)[channel.id]
    assert record.percentiles and record.percentiles.p50 == pytest.approx(15, abs=1e-4)
    assert (record.broken, record.promises) == (1, 1)


def test_what_a_person_sent_later_breaks_the_promise_and_says_nothing_of_punctuality(
    cast: Cast, channel: Channel
) -> None:
    promised = NOW - timedelta(hours=3)
    delivery = sent(cast, channel, promised, timedelta(hours=1))
    tried(delivery, promised + timedelta(minutes=59), Outcome.HELD, Step.ANSWER)
    record = punctuality.records(cast.tea, NOW)[channel.id]
    assert record.broken == 1 and record.percentiles is None


def test_a_person_who_saw_it_there_does_not_change_when_it_was_sent(cast: Cast, channel: Channel) -> None:
    delivery = sent(cast, channel, NOW - timedelta(hours=3), timedelta(seconds=2))
    tried(delivery, NOW, Outcome.PUBLISHED, Step.ANSWER)
    record = punctuality.records(cast.tea, NOW)[channel.id]
    assert record.broken == 0 and record.percentiles


ENDED: tuple[tuple[bool, Outcome | None, dict[str, object]], ...] = (
    (True, Outcome.TEMPORARY, {"state": State.FAILED}),
    (True, None, {"state": State.FAILED}),
    (True, Outcome.UNCONFIRMED, {"state": State.UNCONFIRMED}),
    (True, None, {"state": State.HELD, "held_reason": Hold.LATE}),
    (False, Outcome.REJECTED, {"state": State.FAILED}),
    (False, None, {"state": State.HELD, "held_reason": Hold.PAUSED}),
    (False, None, {"state": State.HELD, "held_reason": Hold.UNAPPROVED}),
    (False, None, {"state": State.CANCELED}),
)


def test_only_what_could_have_been_kept_spends_the_budget(cast: Cast) -> None:
    expected = {}
    for is_broken, outcome, changes in ENDED:
        channel = a_channel(cast.tea)
        sent(cast, channel, NOW - timedelta(hours=2), SECOND)
        delivery = a_delivery(cast, channel, NOW - timedelta(hours=1), **changes)
        if outcome:
            tried(delivery, NOW, outcome)
        expected[channel.id] = (is_broken, 1 + is_broken)
    records = punctuality.records(cast.tea, NOW)
    assert {id: (record.broken, record.promises) for id, record in records.items()} == expected


def test_the_budget_is_a_hundredth_of_the_promises() -> None:
    today = NOW.date()
    share = punctuality.Record((punctuality.Day(today, kept=399, broken=1),), None)
    assert share.kept_share == pytest.approx(0.9975) and share.budget_left == pytest.approx(0.75)
    spent = punctuality.Record((punctuality.Day(today, kept=90, broken=10),), None)
    assert spent.budget_left == 0
    assert punctuality.Record((), None).budget_left is None


def test_a_day_begins_at_midnight_in_the_workspaces_zone(cast: Cast, channel: Channel) -> None:
    midnight = datetime(2030, 3, 4, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)
    sent(cast, channel, midnight - SECOND, timedelta(0))
    sent(cast, channel, midnight, 60 * SECOND)
    days = punctuality.records(cast.tea, NOW)[channel.id].days
    assert len(days) == punctuality.DAYS
    assert [(day.on.day, day.kept, day.broken) for day in days[-2:]] == [(3, 1, 0), (4, 0, 1)]


def test_what_is_older_than_the_window_is_forgotten(cast: Cast, channel: Channel) -> None:
    sent(cast, channel, NOW - timedelta(days=31), SECOND)
    a_delivery(cast, channel, NOW - timedelta(days=31), state=State.FAILED)
    assert punctuality.records(cast.tea, NOW) == {}


def test_the_living_are_told_from_the_silent_and_the_latest_clock_knows_the_queues(cast: Cast) -> None:
    for name, age, length in (("old", 10, 7), ("new", 5, 3), ("dead", 90, 1)):
        facts = {"queues": {"publish": length, "odd": "?"}}
        beat_at = NOW - timedelta(seconds=age)
        db.session.add(Beat(name=name, kind="clock", host=name, pid=1, beat_at=beat_at, facts=facts))
    db.session.commit()
    found = vitals.processes(NOW)
    assert {process.name for process in found if process.is_alive} == {"old", "new"}
    assert vitals.queue_lengths(found) == {"publish": 3}
    assert vitals.clock_beat() == NOW - timedelta(seconds=5)


def test_a_retry_that_a_person_orders_leaves_the_list(cast: Cast, channel: Channel) -> None:
    failed = a_delivery(cast, channel, state=State.FAILED)
    triage.retry(failed, cast.bo, LATER)
    db.session.commit()
    assert operations.waiting(cast.tea) == []
