"""Orders of events that once left a delivery with nobody to ask about it, or with a state that was not true."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event

from calendar_app import publishing, retrying
from calendar_app.extensions import db
from calendar_app.models import Delivery, Outcome, State, Step
from tests.calendar_app.ledger_model import acts, promises, quiet
from tests.calendar_app.ledger_model.actors import ANSWERING, CALLING, Actor
from tests.calendar_app.ledger_model.billboard import LAG, Fate
from tests.calendar_app.ledger_model.world import World, a_world
from tests.people import Cast

A_MINUTE = timedelta(minutes=1)


@pytest.fixture
def world(app: Flask, cast: Cast) -> Iterator[World]:
    with a_world(app, cast) as world:
        world.begin_again()
        yield world


def one_due(world: World, where: str) -> int:
    """A post that is prepared and due."""
    acts.plan(world, [where], A_MINUTE, 30)
    (promise,) = world.promises.values()
    acts.work(world, "prepare", promise.delivery_id, "a-worker")()
    world.now += A_MINUTE
    return promise.delivery_id


def publishes(world: World, delivery_id: int, fate: Fate) -> None:
    worker = world.actor("publish", acts.work(world, "publish", delivery_id, "a-worker"))
    while not worker.dead:
        worker.go_on(fate if worker.stop == CALLING else None)


def looks(world: World, delivery_id: int) -> Actor:
    """A worker that was told by the platform, and did not come to write it down."""
    worker = world.actor("settle", acts.work(world, "settle", delivery_id, "a-worker"))
    while worker.stop != ANSWERING:
        worker.go_on()
    return worker


def delivery(world: World, delivery_id: int) -> Delivery:
    db.session.rollback()
    db.session.expire_all()
    return world.delivery(delivery_id)


@pytest.mark.parametrize("dies_at_its_last_look", [False, True])
def test_what_a_platform_never_shows_becomes_a_question_to_a_person(
    world: World, dies_at_its_last_look: bool
) -> None:
    delivery_id = one_due(world, "plain")
    publishes(world, delivery_id, Fate.TAKEN)
    for _ in range(retrying.MOST_LOOKS):
        world.now = quiet.next_instant(world.now) or world.now
        acts.work(world, "settle", delivery_id, "a-worker")()
        assert delivery(world, delivery_id).state == State.PROCESSING
    world.now = quiet.next_instant(world.now) or world.now
    last = looks(world, delivery_id)
    last.kill() if dies_at_its_last_look else last.go_to_the_end()
    world.now = quiet.next_instant(world.now) or world.now
    acts.work(world, "settle", delivery_id, "a-worker")()
    asked = delivery(world, delivery_id)
    assert (asked.state, asked.look_at) == (State.UNCONFIRMED, None)
    assert asked.error
    acts.decide(world, delivery_id, "answer")()
    assert delivery(world, delivery_id).state == State.FAILED


def test_a_look_that_another_try_overtook_says_nothing_of_that_try(world: World) -> None:
    delivery_id = one_due(world, "staged")
    publishes(world, delivery_id, Fate.LOST_BEFORE)
    world.now += LAG
    acts.work(world, "settle", delivery_id, "a-worker")()
    world.now += LAG
    slow = looks(world, delivery_id)
    acts.work(world, "settle", delivery_id, "a-worker")()
    assert delivery(world, delivery_id).state == State.SCHEDULED
    publishes(world, delivery_id, Fate.LOST_AFTER)
    slow.go_to_the_end()
    assert delivery(world, delivery_id).state == State.UNCONFIRMED
    assert promises.broken(world) == []


def test_two_looks_at_once_are_not_two_looks(world: World) -> None:
    delivery_id = one_due(world, "staged")
    slow = world.actor("publish", acts.work(world, "publish", delivery_id, "a-worker"))
    while slow.stop != CALLING:
        slow.go_on()
    world.now += LAG * 1.5
    while not slow.dead:
        slow.go_on(Fate.LOST_AFTER if slow.stop == CALLING else None)
    for _ in range(2):
        acts.work(world, "settle", delivery_id, "a-worker")()
    assert delivery(world, delivery_id).state == State.UNCONFIRMED
    world.now = quiet.next_instant(world.now) or world.now
    acts.work(world, "settle", delivery_id, "a-worker")()
    assert delivery(world, delivery_id).state == State.PUBLISHED


def test_after_a_long_stall_of_the_database_the_last_look_is_taken_again(world: World) -> None:
    delivery_id = one_due(world, "plain")

    def stall(_session: object) -> None:
        world.now += publishing.LONGEST_STALL + timedelta(seconds=1)

    event.listen(db.session, "after_commit", stall)
    acts.work(world, "publish", delivery_id, "a-worker")()
    event.remove(db.session, "after_commit", stall)
    tries = delivery(world, delivery_id).attempts
    assert [(a.outcome, a.sent_at) for a in tries if a.step == Step.PUBLISH] == [(Outcome.LOST, None)]
    assert delivery(world, delivery_id).state == State.SCHEDULED
    assert not world.boards["plain"].shown
    acts.work(world, "publish", delivery_id, "a-worker")()
    assert delivery(world, delivery_id).state == State.PUBLISHED
