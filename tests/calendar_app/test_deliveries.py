"""The ledger's edges, and what a person may decide."""

from __future__ import annotations

import threading
from datetime import timedelta
from itertools import product

import pytest
from flask import Flask
from sqlalchemy import update

from calendar_app import channels, deliveries, sweeps, triage
from calendar_app.extensions import db
from calendar_app.models import Delivery, Hold, Outcome, State
from publishers.values import Receipt
from tests.people import NOW, Cast, a_channel, an_approved_post


def a_delivery(cast: Cast, state: State = State.SCHEDULED, **changes: object) -> Delivery:
    (delivery,) = an_approved_post(cast, a_channel(cast.tea)).deliveries
    db.session.execute(
        update(Delivery).where(Delivery.id == delivery.id).values({"state": state} | changes),
    )
    db.session.commit()
    return delivery


def test_a_delivery_moves_only_along_declared_edges(cast: Cast) -> None:
    delivery = a_delivery(cast)
    for start, end in product(State, State):
        db.session.execute(update(Delivery).values(state=start))
        sources = {state for state, targets in deliveries.EDGES.items() if end in targets}
        moved = deliveries.advance(delivery.id, end) if sources else False
        assert moved == (end in deliveries.EDGES[start]), f"{start} -> {end}"


def test_what_is_published_or_canceled_never_moves_again() -> None:
    assert deliveries.EDGES[State.PUBLISHED] == deliveries.EDGES[State.CANCELED] == frozenset()


def test_of_many_workers_one_claims(app: Flask, cast: Cast) -> None:
    delivery = a_delivery(cast)
    id, due_at = delivery.id, delivery.due_at
    db.session.commit()
    won: list[deliveries.Claim] = []
    start = threading.Barrier(6)

    def race() -> None:
        with app.app_context():
            start.wait()
            taken = deliveries.claim(id, due_at, threading.current_thread().name)
            if taken:
                won.append(taken)

    racers = [threading.Thread(target=race) for _ in range(6)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    db.session.expire_all()
    assert len(won) == len(delivery.attempts) == 1


def test_the_clock_holds_what_is_past_its_window(cast: Cast) -> None:
    delivery = a_delivery(cast)
    assert sweeps.hold_late(delivery.not_later_than) == 0
    assert sweeps.hold_late(delivery.not_later_than + timedelta(seconds=1)) == 1
    db.session.expire_all()
    assert (delivery.state, delivery.held_reason) == (State.HELD, Hold.LATE)


def test_a_ring_in_vain_is_rung_again(cast: Cast) -> None:
    delivery, rering = a_delivery(cast), timedelta(seconds=20)
    assert sweeps.due(delivery.due_at, rering) == [delivery.id]
    db.session.commit()
    assert sweeps.due(delivery.due_at + timedelta(seconds=19), rering) == []
    assert sweeps.due(delivery.due_at + timedelta(seconds=21), rering) == [delivery.id]


def test_the_agenda_names_the_next_instant_of_each_kind(cast: Cast) -> None:
    assert sweeps.agenda().due is None
    delivery = a_delivery(cast)
    assert sweeps.agenda().due == delivery.due_at
    assert sweeps.agenda().bound == delivery.not_later_than


@pytest.mark.parametrize("state", [State.FAILED, State.HELD])
def test_a_person_retries_one_channel_alone_at_once(cast: Cast, state: State) -> None:
    delivery = a_delivery(cast, state, held_reason=Hold.LATE if state == State.HELD else None, tries=6)
    later = delivery.not_later_than + timedelta(days=1)
    triage.retry(delivery, cast.bo, later)
    db.session.commit()
    assert (delivery.state, delivery.due_at, delivery.tries) == (State.SCHEDULED, later, 0)
    assert delivery.not_later_than > later
    assert delivery.attempts[-1].by_id == cast.bo.id


def test_a_retry_of_something_that_changed_since_approval_is_refused(cast: Cast) -> None:
    delivery = a_delivery(cast, State.FAILED)
    delivery.post.text = "Changed."
    with pytest.raises(triage.NotPossible):
        triage.retry(delivery, cast.bo, cast.now)


def test_a_published_delivery_can_not_be_retried_or_canceled(cast: Cast) -> None:
    delivery = a_delivery(cast, State.PUBLISHED)
    for decide in (triage.retry, triage.cancel, triage.did_not_appear):
        with pytest.raises(triage.NotPossible):
            decide(delivery, cast.bo, cast.now)


def test_a_person_answers_whether_an_unconfirmed_post_appeared(cast: Cast) -> None:
    seen, missing = a_delivery(cast, State.UNCONFIRMED), a_delivery(cast, State.UNCONFIRMED)
    triage.appeared(seen, "https://example.com/1", cast.bo, cast.now)
    triage.did_not_appear(missing, cast.bo, cast.now)
    db.session.commit()
    assert (seen.state, seen.url) == (State.PUBLISHED, "https://example.com/1")
    assert missing.state == State.FAILED


def test_a_second_answer_is_refused(cast: Cast) -> None:
    delivery = a_delivery(cast, State.UNCONFIRMED)
    triage.did_not_appear(delivery, cast.bo, cast.now)
    with pytest.raises(triage.NotPossible):
        triage.appeared(delivery, "", cast.bo, cast.now)


def test_a_pause_states_its_second_and_what_was_in_flight(cast: Cast) -> None:
    channel = a_channel(cast.tea)
    flying, waiting = an_approved_post(cast, channel), an_approved_post(cast, channel, text="Later.")
    deliveries.claim(flying.deliveries[0].id, flying.due_at, "a-worker")
    stopped = channels.pause(channel, "crisis", cast.now)
    db.session.commit()
    assert stopped == channels.Stopped(cast.now, (flying.deliveries[0].id,), 1)
    assert waiting.deliveries[0].held_reason == Hold.PAUSED


def test_a_pause_lists_what_went_out_while_it_waited_for_the_database(cast: Cast) -> None:
    channel = a_channel(cast.tea)
    post = an_approved_post(cast, channel)
    taken = deliveries.claim(post.deliveries[0].id, post.due_at, "a-worker")
    assert taken
    deliveries.succeeded(taken, Receipt("1", ""), post.due_at + timedelta(seconds=1))
    db.session.commit()
    stopped = channels.pause(channel, "crisis", post.due_at)
    assert stopped.in_flight == (post.deliveries[0].id,)


def test_resuming_floods_nothing_and_leaves_what_was_missed_to_a_person(cast: Cast) -> None:
    channel = a_channel(cast.tea)
    missed = an_approved_post(cast, channel)
    ahead = an_approved_post(cast, channel, text="Later.", at=NOW + timedelta(days=1))
    channels.pause(channel, "crisis", cast.now)
    resumed = channels.resume(channel, missed.due_at + timedelta(minutes=1))
    db.session.commit()
    assert resumed == channels.Resumed(scheduled=1, missed=1)
    assert (missed.deliveries[0].state, missed.deliveries[0].held_reason) == (State.HELD, Hold.LATE)
    assert ahead.deliveries[0].state == State.SCHEDULED


def test_what_is_tried_again_before_its_time_waits_for_it(cast: Cast) -> None:
    delivery = a_delivery(cast, State.HELD, held_reason=Hold.PAUSED)
    promised_at = delivery.promised_at
    triage.retry(delivery, cast.bo, promised_at - timedelta(minutes=5))
    db.session.commit()
    db.session.expire_all()
    assert (delivery.state, delivery.due_at) == (State.SCHEDULED, promised_at)


def test_removing_a_channel_cancels_what_waits_and_forgets_its_credentials(cast: Cast) -> None:
    channel = a_channel(cast.tea)
    post = an_approved_post(cast, channel)
    assert channels.consequences_of_removal(channel) == 1
    channels.remove(channel, cast.now)
    db.session.commit()
    db.session.expire_all()
    assert [d.state for d in post.deliveries] == [State.CANCELED]
    assert channels.of(cast.tea) == []


def test_an_attempt_is_closed_once(cast: Cast) -> None:
    delivery = a_delivery(cast)
    taken = deliveries.claim(delivery.id, delivery.due_at, "a-worker")
    assert taken
    deliveries.again(taken, Outcome.RATE_LIMITED, None, cast.now, cast.now)
    deliveries.close_attempt(taken.attempt_id, Outcome.PUBLISHED, cast.now)
    db.session.commit()
    db.session.expire_all()
    assert delivery.attempts[0].outcome == Outcome.RATE_LIMITED
