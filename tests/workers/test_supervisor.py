"""The supervisor keeps its processes alive and ends them in order."""

import os
import signal
from pathlib import Path

import pytest

from tests.servers import wait_until
from tests.workers.houses import House, events, is_gone, journal, pids
from workers.children import describe_exit, next_wait

HOUSE = "tests.workers.small_house"


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_stops_all_stage_by_stage(tmp_path: Path, signum: signal.Signals) -> None:
    with House(HOUSE, "whole_house", str(tmp_path)) as house:
        wait_until(lambda: len(events(tmp_path, "started")) == 5, "all five to start")
        house.await_saying("open").signal(signum)
        assert house.end() == 0
    order = events(tmp_path, "stopped")
    assert order[:2] == ["door", "bell"] and set(order[2:4]) == {"hands", "feet"} and order[4:] == ["cellar"]


def test_the_next_stage_is_asked_only_when_the_one_before_has_stopped(tmp_path: Path) -> None:
    with House(HOUSE, "whole_house", str(tmp_path)) as house:
        wait_until(lambda: len(events(tmp_path, "started")) == 5, "all five to start")
        house.await_saying("open").signal(signal.SIGTERM)
        house.end()
    happened = [(name, what) for name, what, _pid in journal(tmp_path)]
    for first, then in (("door", "bell"), ("bell", "hands"), ("hands", "cellar"), ("feet", "cellar")):
        assert happened.index((first, "stopped")) < happened.index((then, "asked"))


def test_a_dead_process_is_started_again(tmp_path: Path) -> None:
    with House(HOUSE, "whole_house", str(tmp_path)) as house:
        wait_until(lambda: pids(tmp_path, "bell"), "the bell")
        house.await_saying("open")
        os.kill(pids(tmp_path, "bell")[0], signal.SIGKILL)
        wait_until(lambda: len(pids(tmp_path, "bell")) == 2, "the bell's second life")
        assert house.says("bell was ended by SIGKILL; starting again in 1 s.")
        assert len(pids(tmp_path, "door")) == 1
        house.signal(signal.SIGTERM)
        assert house.end() == 0
    assert events(tmp_path, "stopped").count("bell") == 1


def test_waits_between_starts_double_up_to_thirty_seconds() -> None:
    waits, wait = [], 0.0
    for _death in range(7):
        wait = next_wait(wait, lived=0.1)
        waits.append(wait)
    assert waits == [1, 2, 4, 8, 16, 30, 30]


def test_a_steady_life_forgets_earlier_deaths() -> None:
    assert next_wait(16, lived=31) == 1


def test_what_outstays_its_grace_is_killed_with_all_of_its_session(tmp_path: Path) -> None:
    with House(HOUSE, "stubborn_for_a_moment", str(tmp_path)) as house:
        wait_until(lambda: events(tmp_path, "helper") and pids(tmp_path, "hands"), "a process and its helper")
        house.await_saying("open").signal(signal.SIGTERM)
        assert house.end() == 0
    assert events(tmp_path, "asked") == ["hands"]
    assert house.says("hands does not stop in time and is killed.")
    assert is_gone(pids(tmp_path, "hands")[0])


def test_a_second_request_ends_all_patience(tmp_path: Path) -> None:
    with House(HOUSE, "stubborn", str(tmp_path)) as house:
        wait_until(lambda: pids(tmp_path, "hands"), "the stubborn process")
        house.await_saying("open").signal(signal.SIGINT)
        wait_until(lambda: events(tmp_path, "asked"), "the first request")
        house.signal(signal.SIGINT)
        assert house.end() == 0
    assert is_gone(pids(tmp_path, "hands")[0])


def test_a_killed_supervisor_leaves_nothing_running(tmp_path: Path) -> None:
    with House(HOUSE, "whole_house", str(tmp_path)) as house:
        wait_until(lambda: len(events(tmp_path, "started")) == 5, "all five to start")
        house.await_saying("open").signal(signal.SIGKILL)
        house.end()
        wait_until(lambda: len(events(tmp_path, "stopped")) == 5, "all five to stop by themselves")


def test_a_process_that_ends_at_its_start_closes_the_house_again(tmp_path: Path) -> None:
    with House(HOUSE, "broken_start", str(tmp_path)) as house:
        assert house.end() == 1
    assert house.says("bell ended with status 3 at its start")
    assert is_gone(pids(tmp_path, "cellar")[0])


def test_a_failed_errand_closes_the_house(tmp_path: Path) -> None:
    with House(HOUSE, "broken_errand", str(tmp_path)) as house:
        assert house.end() == 1
    assert house.says("errand ended with status 4")


def test_a_forked_process_is_kept_alive_like_any_other(tmp_path: Path) -> None:
    with House(HOUSE, "forked", str(tmp_path)) as house:
        house.await_saying("fork         | hello from the fork")
        os.kill(pids(tmp_path, "fork")[0], signal.SIGKILL)
        wait_until(lambda: len(pids(tmp_path, "fork")) == 2, "the fork's second life")
        house.signal(signal.SIGTERM)
        assert house.end() == 0
    assert all(is_gone(pid) for pid in pids(tmp_path, "fork"))


def test_a_forked_process_holds_none_of_its_parents_files(tmp_path: Path) -> None:
    with House(HOUSE, "forked", str(tmp_path)) as house:
        house.await_saying("hello from the fork")
        fork = pids(tmp_path, "fork")[0]
        assert sorted(os.listdir(f"/proc/{fork}/fd"), key=int) == ["0", "1", "2"]
        assert os.getsid(fork) == fork


def test_an_error_in_a_forked_process_is_shown_and_ends_it_alone(tmp_path: Path) -> None:
    with House(HOUSE, "broken_fork", str(tmp_path)) as house:
        assert house.end() == 1
    assert house.says("fork         | ValueError: no such tea in")
    assert house.says("fork ended with status 1; what it said is above.")


def test_what_a_process_says_is_shown_under_its_name(tmp_path: Path) -> None:
    with House(HOUSE, "talkative", str(tmp_path)) as house:
        house.await_saying("bell         | ding")


@pytest.mark.parametrize(
    ("status", "words"),
    [(0, "ended with status 0"), (-9, "was ended by SIGKILL"), (-99, "was ended by signal 99")],
)
def test_exits_are_told_in_words(status: int, words: str) -> None:
    assert describe_exit(status) == words
