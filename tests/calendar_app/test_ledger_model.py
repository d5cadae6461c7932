"""The promises of the ledger, held after every step of workers, clocks and people who act in any order.

LEDGER_EXAMPLES=5000 hunts for longer, at random; LEDGER_HASTY=1 does not look for the shortest failing example.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from calendar_app.deliveries import GATE
from calendar_app.extensions import db
from tests.calendar_app.ledger_model import acts, promises, quiet
from tests.calendar_app.ledger_model.actors import (
    ANSWERING,
    ASKING,
    CALLING,
    READING,
    WAITING,
    WRITING,
    Actor,
)
from tests.calendar_app.ledger_model.billboard import Fate
from tests.calendar_app.ledger_model.world import PLATFORMS, World, a_world
from tests.people import Cast

EXAMPLES = int(os.environ.get("LEDGER_EXAMPLES", "0"))
HASTY = "LEDGER_HASTY" in os.environ
USUAL_EXAMPLES, STEPS = {"sqlite": 70, "postgresql": 25}, 30
CROWD, MOST_POSTS = 5, 6
MOST_STOPS = 500
LEAST_CALLS = 2
A_MINUTE = timedelta(minutes=1)
# The stops on the way to where a publishing worker may stand: each is the first of its kind after the one before.
POINTS = {
    "asked to claim": (WRITING,),
    "sending committed": (CALLING,),
    "effect happened": (CALLING, ANSWERING),
    "answer read": (CALLING, ANSWERING, WRITING),
}
# As well, of one that was rung a moment early: it claims first, and waits for its second.
EARLY = {
    "claimed": (WRITING, READING),
    "waiting": (WRITING, WAITING),
    "last look done": (WRITING, WAITING, WRITING),
    "sending committed after its second came": (WRITING, WAITING, CALLING),
    "effect happened after its second came": (WRITING, WAITING, CALLING, ANSWERING),
}
BEFORE_SENDING = ("claimed", "waiting", "last look done")

any_of = st.integers(0, 5)
CHANGES = ("approve", "edit", "move", "send back", "tamper")
changes = st.sampled_from(CHANGES)
places = st.sampled_from([*PLATFORMS, "workspace"])
channel_names = st.sampled_from([*PLATFORMS])
ahead = st.sampled_from([1, 5, 40]).map(lambda minutes: timedelta(minutes=minutes))
points = st.sampled_from(["effect happened", *POINTS, *EARLY])
# How far one goes: to the end, to a platform's door, to its effect, to the next write, or to the very next stop.
END, NEXT = "end", "next"
far = st.sampled_from([END, END, NEXT, NEXT, CALLING, ANSWERING, WRITING])
briefly = st.sampled_from([END, END, WRITING])
fates = st.sampled_from([*[Fate.FINE] * 6, Fate.TAKEN, Fate.LOST_AFTER, *Fate])
volleys = st.lists(
    st.tuples(any_of, st.sampled_from([*POINTS, *EARLY, "effect happened", "end"]), fates),
    min_size=2,
    max_size=4,
)


class Ledger(RuleBasedStateMachine):
    """Everything that may happen."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.at_work: list[Actor] = []
        self.begun = 0
        world.begin_again()

    @initialize(second=st.sampled_from([timedelta(0), 2 * A_MINUTE]), first_walks=volleys)
    def posts_are_due_and_workers_on_their_way(
        self, second: timedelta, first_walks: list[tuple[int, str, Fate]]
    ) -> None:
        for instant in (A_MINUTE, A_MINUTE + second):
            acts.plan(self.world, [*PLATFORMS], instant, 30)
        self._prepare()
        for which, point, fate in first_walks:
            self._publish(which, point, fate)

    @rule(which=any_of, point=points, fate=fates)
    def a_worker_publishes(self, which: int, point: str, fate: Fate) -> None:
        self._publish(which, point, fate)

    @rule(which=any_of, fate=fates)
    def a_worker_publishes_to_the_end(self, which: int, fate: Fate) -> None:
        self._publish(which, END, fate)

    @rule(which=any_of, point=points, fate=fates)
    def a_worker_dies_and_its_lease_lapses(self, which: int, point: str, fate: Fate) -> None:
        actor = self._publish(which, point, fate)
        actor.kill()
        self.at_work = [actor for actor in self.at_work if not actor.dead]
        self._lapse()

    @rule(which=any_of, point=st.sampled_from(BEFORE_SENDING), far=st.sampled_from([CALLING, CALLING, END]))
    def a_worker_oversleeps_its_lease_and_another_is_rung(self, which: int, point: str, far: str) -> None:
        sleeper = self._publish(which, point, Fate.FINE)
        self._lapse()
        self._begin(f"again {sleeper.name}", self._job("publish", self._delivery_of(sleeper)), far)
        self._go_on(sleeper, END, Fate.FINE)

    @precondition(lambda self: quiet.later(self.world.now))
    @rule(which=any_of)
    def a_ring_for_what_is_not_due_any_more_is_answered(self, which: int) -> None:
        later = quiet.later(self.world.now)
        delivery_id = later[which % len(later)]
        self._begin(f"publish {delivery_id}", self._job("publish", delivery_id), END)
        self._lapse()

    @rule(which=any_of, point=points, how=st.sampled_from(["tamper", *CHANGES]), ahead=ahead)
    def the_words_change_under_a_worker(self, which: int, point: str, how: str, ahead: timedelta) -> None:
        worker = self._publish(which, point, Fate.FINE)
        promised = {promise.delivery_id: promise.post_id for promise in self.world.promises.values()}
        self._change(promised[self._delivery_of(worker)], how, ahead, END)
        self._go_on(worker, END, Fate.FINE)

    @precondition(lambda self: self.at_work)
    @rule(which=any_of, far=far, fate=fates)
    def somebody_goes_on(self, which: int, far: str, fate: Fate) -> None:
        self._go_on(self.at_work[which % len(self.at_work)], far, fate)

    @precondition(lambda self: self.at_work)
    @rule(which=any_of)
    def somebody_is_killed(self, which: int) -> None:
        self.at_work.pop(which % len(self.at_work)).kill()

    @rule()
    def leases_lapse(self) -> None:
        self._lapse()

    @rule(far=far, fate=fates)
    def the_clock_comes_round(self, far: str, fate: Fate) -> None:
        """What is next on the agenda comes, and workers begin with all that the clock rings for."""
        self.world.now = quiet.next_instant(self.world.now) or self.world.now
        for job, delivery_id in quiet.rung(self.world):
            self._begin(f"{job} {delivery_id}", self._job(job, delivery_id), far, fate)

    @rule(job=st.sampled_from(["prepare", "settle"]), which=any_of, far=far, fate=fates)
    def an_old_ring_is_answered(self, job: str, which: int, far: str, fate: Fate) -> None:
        delivery_id = self._delivery(which)
        self._begin(f"{job} {delivery_id}", self._job(job, delivery_id), far, fate)

    @rule(kind=st.sampled_from(["ring", "reap", "hold_late", "to_prepare", "to_look"]), far=briefly)
    def the_clock_sweeps(self, kind: str, far: str) -> None:
        self._begin(kind, acts.sweep(self.world, kind), far)

    @rule(seconds=st.sampled_from([0.1, 10, 31, 61, 700, 2400, 4000]))
    def time_passes(self, seconds: float) -> None:
        self.world.now += timedelta(seconds=seconds)

    @precondition(lambda self: len(self.world.post_ids) < MOST_POSTS)
    @rule(where=channel_names, ahead=ahead, grace=st.sampled_from([30, 1]))
    def another_post_is_approved(self, where: str, ahead: timedelta, grace: int) -> None:
        acts.plan(self.world, [where], ahead, grace)

    @precondition(lambda self: len(self.world.post_ids) < MOST_POSTS)
    @rule(what=places, where=channel_names)
    def a_post_is_approved_in_a_pause(self, what: str, where: str) -> None:
        self._begin(f"pause {what}", acts.pause(self.world, what), END)
        acts.plan(self.world, [where], A_MINUTE, 30)
        self._publish(0, END, Fate.FINE)

    @rule(which=any_of, how=changes, ahead=ahead, far=briefly)
    def a_post_is_changed(self, which: int, how: str, ahead: timedelta, far: str) -> None:
        self._change(self._post(which), how, ahead, far)

    @rule(what=places, how=st.sampled_from(["resume", "reconnect", "pause"]), far=briefly)
    def publishing_stops_or_goes_on(self, what: str, how: str, far: str) -> None:
        kinds = {"pause": acts.pause, "resume": acts.resume, "reconnect": acts.reconnect}
        self._begin(f"{how} {what}", kinds[how](self.world, what), far)

    @rule(which=any_of, what=st.sampled_from(["retry", "answer", "cancel"]), far=briefly)
    def a_person_decides(self, which: int, what: str, far: str) -> None:
        delivery_id = self._delivery(which)
        self._begin(f"{what} {delivery_id}", acts.decide(self.world, delivery_id, what), far)

    @precondition(lambda _self: bool(quiet.handed()))
    @rule(which=any_of, far=far)
    def a_person_posts_by_hand(self, which: int, far: str) -> None:
        handed = quiet.handed()
        delivery_id = handed[which % len(handed)]
        self._begin(f"by hand {delivery_id}", acts.post_by_hand(self.world, delivery_id), far)

    @precondition(lambda self: self._reviews())
    @rule(which=any_of, shows=st.booleans())
    def a_review_ends(self, which: int, shows: bool) -> None:
        reviews = self._reviews()
        board, key = reviews[which % len(reviews)]
        self.world.boards[board].finish(key, shows=shows)

    @invariant()
    def every_promise_holds(self) -> None:
        found = promises.broken(self.world)
        assert not found, found

    def teardown(self) -> None:
        """The crowd leaves, half of it by being killed; then everything must come to a truthful end by itself."""
        event(f"{self.world.calls} calls of a platform by {self.begun} actors")
        for number, actor in enumerate(self.at_work):
            if number % 2 or self.world.broken:
                actor.kill()
            else:
                quiet.leave(actor)
        if not promises.broken(self.world):
            quiet.comes_to_an_end(self.world)

    def _publish(self, which: int, point: str, fate: Fate) -> Actor:
        """A worker begins to publish something that is due, or as soon as it is."""
        if not quiet.is_anything_scheduled() and len(self.world.post_ids) < MOST_POSTS:
            self._open_all()
        delivery_id, opens = self._is_rung(which, early=point in EARLY)
        actor = self._enters(f"publish {delivery_id}", self._job("publish", delivery_id))
        for stop in (POINTS | EARLY).get(point, (END,)):
            if actor.stop == WAITING:
                self.world.now = max(self.world.now, opens)
            self._go_on(actor, stop, fate)
        return actor

    def _is_rung(self, which: int, *, early: bool) -> tuple[int, datetime]:
        """For which delivery, and when that is due: the clock stands there, or a moment before."""
        later = quiet.later(self.world.now) if early else []
        if not later:
            self.world.now = quiet.until_due(self.world.now)
            due = quiet.due(self.world.now) or self._deliveries()
            return due[which % len(due)], self.world.now
        opens = self.world.delivery(later[which % len(later)]).due_at
        db.session.rollback()
        self.world.now = opens - GATE
        return later[which % len(later)], opens

    def _delivery_of(self, worker: Actor) -> int:
        return int(worker.name.removeprefix("publish "))

    def _change(self, post_id: int, how: str, ahead: timedelta, far: str) -> None:
        words = f"Words of change {self.begun}"
        kinds = {
            "approve": acts.approve(self.world, post_id),
            "edit": acts.edit(self.world, post_id, words),
            "move": acts.move(self.world, post_id, ahead),
            "send back": acts.send_back(self.world, post_id),
            "tamper": acts.tamper(self.world, post_id),
        }
        self._begin(f"{how} {post_id}", kinds[how], far)

    def _open_all(self) -> None:
        """Every stop is lifted, and one more post is approved."""
        for act in (acts.resume, acts.reconnect):
            for what in ("workspace", *PLATFORMS):
                self.world.actor(what, act(self.world, what)).go_to_the_end()
        acts.plan(self.world, [*PLATFORMS], A_MINUTE, 30)
        self._prepare()

    def _prepare(self) -> None:
        """All that is due in a minute is prepared now, and the minute passes but for a moment."""
        for delivery_id in self._deliveries():
            acts.work(self.world, "prepare", delivery_id, "worker-0")()
        self.world.now += A_MINUTE - 2 * GATE

    def _lapse(self) -> None:
        self.world.now = quiet.after_leases(self.world.now)
        acts.sweep(self.world, "reap")()

    def _job(self, job: str, delivery_id: int) -> Callable[[], None]:
        return acts.work(self.world, job, delivery_id, f"worker-{self.begun}")

    def _begin(self, name: str, act: Callable[[], None], far: str, fate: Fate = Fate.FINE) -> None:
        self._go_on(self._enters(name, act), far, fate)

    def _enters(self, name: str, act: Callable[[], None]) -> Actor:
        self.begun += 1
        self.at_work.append(self.world.actor(name, act))
        if len(self.at_work) > CROWD:
            self.at_work.pop(0).kill()
        return self.at_work[-1]

    def _go_on(self, actor: Actor, far: str, fate: Fate) -> None:
        for _ in range(MOST_STOPS):
            if actor.dead:
                break
            actor.go_on(fate if actor.stop in (CALLING, ASKING) else None)
            if far == NEXT or actor.stop in (far, WAITING) or (far == CALLING and actor.stop == ASKING):
                break
        self.at_work = [actor for actor in self.at_work if not actor.dead]

    def _post(self, which: int) -> int:
        return self.world.post_ids[which % len(self.world.post_ids)]

    def _deliveries(self) -> list[int]:
        return [promise.delivery_id for promise in self.world.promises.values()]

    def _delivery(self, which: int) -> int:
        ids = self._deliveries()
        return ids[which % len(ids)]

    def _reviews(self) -> list[tuple[str, str]]:
        return [
            (name, key)
            for name, board in self.world.boards.items()
            for key, post in board.pending.items()
            if post
        ]


@pytest.fixture
def world(app: Flask, cast: Cast) -> Iterator[World]:
    with a_world(app, cast) as world:
        yield world


@pytest.mark.timeout(0 if EXAMPLES else 600)
def test_no_order_of_events_breaks_a_promise(world: World) -> None:
    run_state_machine_as_test(
        lambda: Ledger(world),
        settings=settings(
            max_examples=EXAMPLES or USUAL_EXAMPLES[db.engine.dialect.name],
            stateful_step_count=STEPS,
            derandomize=not EXAMPLES,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate,) if HASTY else (Phase.generate, Phase.shrink),
            report_multiple_bugs=False,
            print_blob=False,
        ),
    )
    print(f"{world.examples} examples, {world.all_calls} calls of a platform by the actors")
    assert world.all_calls >= LEAST_CALLS * world.examples, "the actors hardly came to any platform"
