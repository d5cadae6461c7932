"""Threads in lanes: what each channel may take of a worker, and what happens when the worker must stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.servers import wait_until
from workers.lanes import Errand, Lane, Lanes

SLOW, QUICK = Lane("publish", 1), Lane("publish", 2)


class Counter:
    """Does errands slowly or at once, and remembers the order in which they began."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.ended: list[int] = []
        self.held = threading.Event()
        self.slow: Callable[[int], bool] = lambda id: id < 1000
        self._lock = threading.Lock()

    def __call__(self, errand: Errand) -> None:
        with self._lock:
            self.begun.append(errand.id)
        if self.slow(errand.id):
            assert self.held.wait(30)
        with self._lock:
            self.ended.append(errand.id)


@pytest.fixture
def counter() -> Iterator[Counter]:
    counter = Counter()
    yield counter
    counter.held.set()


@contextmanager
def pool(counter: Callable[[Errand], None], threads: int = 24, share: int = 4) -> Iterator[Lanes]:
    lanes = Lanes(counter, threads, share)
    yield lanes
    lanes.close()


def errands(*ids: int) -> list[Errand]:
    return [Errand("publish", id) for id in ids]


def test_a_channel_that_hangs_holds_its_share_and_delays_no_other(counter: Counter) -> None:
    with pool(counter) as lanes:
        lanes.put(SLOW, errands(*range(20)))
        lanes.put(QUICK, errands(*range(1000, 1040)))
        wait_until(lambda: len(counter.ended) == 40, "the other channel")
        wait_until(lambda: lanes.facts()["under_way"] == 4, "the last of them to be put away")
        assert sorted(id for id in counter.begun if id < 1000) == [0, 1, 2, 3]
        assert lanes.facts() == {"threads": 24, "under_way": 4, "waiting": 16}


def test_many_channels_that_hang_leave_threads_for_one_that_does_not(counter: Counter) -> None:
    with pool(counter) as lanes:
        for number in range(6):
            lanes.put(Lane("publish", 10 + number), errands(*range(number * 10, number * 10 + 10)))
        lanes.put(QUICK, errands(*range(1000, 1010)))
        wait_until(lambda: len(counter.ended) == 10, "the quick channel")
        assert lanes.facts()["under_way"] < 24


def test_what_no_post_waits_for_leaves_half_of_the_threads_to_the_others(counter: Counter) -> None:
    with pool(counter, threads=8) as lanes:
        for number in range(20):
            lanes.put(Lane("sample", number), [Errand("sample", number)])
        wait_until(lambda: len(counter.begun) == 4, "half of the threads to be taken")
        lanes.put(Lane("prepare", 0), [Errand("prepare", id) for id in (1000, 1001)])
        wait_until(lambda: len(counter.ended) == 2, "the uploads")
        assert len(counter.begun) == 6
        counter.held.set()
        wait_until(lambda: len(counter.ended) == 22, "all numbers, for the others are done")


def test_lanes_are_served_in_turn(counter: Counter) -> None:
    with pool(counter, threads=1) as lanes:
        lanes.put(Lane("publish", 0), errands(0))
        wait_until(lambda: counter.begun, "the thread to be taken")
        lanes.put(SLOW, errands(1001, 1002, 1003))
        lanes.put(QUICK, errands(2001, 2002))
        counter.held.set()
        wait_until(lambda: len(counter.ended) == 6, "all")
    assert counter.begun == [0, 1001, 2001, 1002, 2002, 1003]


def test_what_waits_or_is_under_way_is_not_taken_twice(counter: Counter) -> None:
    with pool(counter, share=1) as lanes:
        lanes.put(SLOW, errands(1, 2, 2))
        wait_until(lambda: counter.begun, "the first to begin")
        lanes.put(SLOW, errands(1, 2))
        assert lanes.facts()["waiting"] == 1
        counter.held.set()
        wait_until(lambda: len(counter.ended) == 2, "both")
        lanes.put(SLOW, errands(1))
        wait_until(lambda: len(counter.ended) == 3, "the first again, since it was done")
    assert counter.begun == [1, 2, 1]


def test_an_errand_that_breaks_off_costs_no_thread() -> None:
    done = []

    def act(errand: Errand) -> None:
        if errand.id < 50:
            raise ValueError("no such tea")
        done.append(errand.id)

    with pool(act, threads=2) as lanes:
        lanes.put(SLOW, errands(*range(60)))
        wait_until(lambda: len(done) == 10, "the sound ones")


def test_a_full_pool_says_so_and_waits_no_longer_than_asked(counter: Counter) -> None:
    with pool(counter, threads=2, share=2) as lanes:
        assert lanes.has_room(0)
        lanes.put(SLOW, errands(1))
        lanes.put(QUICK, errands(2))
        wait_until(lambda: len(counter.begun) == 2, "both threads to be taken")
        assert not lanes.has_room(0.01)
        counter.held.set()
        assert lanes.has_room(30)


def test_closing_hands_back_what_waited_and_finishes_what_is_under_way(counter: Counter) -> None:
    with pool(counter, share=2) as lanes:
        lanes.put(SLOW, errands(1, 2, 3, 4))
        wait_until(lambda: len(counter.begun) == 2, "two to begin")
        assert lanes.close() == errands(3, 4)
        assert set(lanes.finish(0)) == set(errands(1, 2))
        lanes.put(QUICK, errands(1000))
        counter.held.set()
        assert lanes.finish(30) == []
    assert counter.ended in ([1, 2], [2, 1])


def test_what_hangs_is_overdue_and_not_waited_for(counter: Counter) -> None:
    with pool(counter) as lanes:
        lanes.put(SLOW, errands(1))
        lanes.put(QUICK, errands(1000))
        wait_until(lambda: lanes.overdue(lambda kind: 0.0) == errands(1) and counter.ended, "the quick one")
        assert lanes.overdue(lambda kind: 60.0) == []
        lanes.close()
        assert lanes.finish(30, hopeless=errands(1)) == errands(1)
