"""A pool of threads in which no channel can take the place of another.

Work comes in lanes. A lane has at most ``share`` errands under way, lanes are served in turn, and the last free threads
go only to lanes that have nothing under way: one slow channel holds four threads, many slow ones still leave room.
Errands that no post waits for leave half of the threads to the others.
What waits is in memory alone, as ids: a lost one is rung again.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import structlog

THREADS = 24
SHARE = 4
LEISURELY = frozenset({"check", "sample", "audience"})
log = structlog.get_logger()


class Lane(NamedTuple):
    """What may delay only itself: one kind of work for one channel."""

    kind: str
    channel_id: int


class Errand(NamedTuple):
    """One thing to do; the same one is never done twice at a time."""

    kind: str
    id: int


@dataclass(frozen=True)
class _UnderWay:
    lane: Lane
    began: float


class Lanes:
    """Runs ``act`` on errands. ``threads`` bounds them all, ``share`` those of one lane."""

    def __init__(self, act: Callable[[Errand], None], threads: int = THREADS, share: int = SHARE) -> None:
        self._act, self._size, self._share = act, threads, share
        self._lock = threading.Lock()
        # A woken thread takes its turn at the interpreter from one that works: only who has something to do is woken.
        self._work, self._ended = threading.Condition(self._lock), threading.Condition(self._lock)
        self._waiting: dict[Lane, deque[Errand]] = {}
        self._under_way: dict[Errand, _UnderWay] = {}
        self._busy: Counter[Lane] = Counter()
        self._known: set[Errand] = set()
        self._hired = self._idle = 0
        self._closed = False

    def put(self, lane: Lane, errands: Iterable[Errand]) -> None:
        """Line up; what waits already or is under way is dropped."""
        with self._lock:
            fresh = [errand for errand in dict.fromkeys(errands) if errand not in self._known]
            if self._closed or not fresh:
                return
            self._known.update(fresh)
            self._waiting.setdefault(lane, deque()).extend(fresh)
            waiting = sum(map(len, self._waiting.values()))
            for _ in range(min(waiting - self._idle, self._size - self._hired)):
                self._hire()
            self._work.notify()

    def has_room(self, seconds: float) -> bool:
        """Whether a thread is free, after waiting for one for at most ``seconds``."""
        with self._lock:
            return self._ended.wait_for(lambda: len(self._under_way) < self._size, seconds)

    def overdue(self, limit: Callable[[str], float]) -> list[Errand]:
        """What is under way for longer than the ``limit`` (in seconds) of its kind."""
        now = time.monotonic()
        with self._lock:
            return [e for e, state in self._under_way.items() if now - state.began > limit(e.kind)]

    def facts(self) -> dict[str, int]:
        """How much is done right now, for the sign of life."""
        with self._lock:
            waiting = sum(map(len, self._waiting.values()))
            return {"threads": self._size, "under_way": len(self._under_way), "waiting": waiting}

    def close(self) -> list[Errand]:
        """Begin nothing more; answers what had waited."""
        with self._lock:
            self._closed = True
            left = [errand for queue in self._waiting.values() for errand in queue]
            self._waiting.clear()
            self._known.difference_update(left)
            self._work.notify_all()
            return left

    def finish(self, seconds: float, hopeless: Iterable[Errand] = ()) -> list[Errand]:
        """Wait for all that is under way, the ``hopeless`` apart; answers what did not end in ``seconds``."""
        given_up = set(hopeless)
        with self._lock:
            self._ended.wait_for(lambda: self._under_way.keys() <= given_up, seconds)
            return list(self._under_way)

    def _hire(self) -> None:
        self._hired += 1
        threading.Thread(target=self._serve, name=f"lane-{self._hired}", daemon=True).start()

    def _serve(self) -> None:
        while True:
            errand = self._take()
            if errand is None:
                return
            try:
                self._act(errand)
            except Exception:
                log.exception("an errand broke off", errand=errand.kind, id=errand.id)
            finally:
                self._end(errand)

    def _take(self) -> Errand | None:
        """The next errand in turn; None when this pool is closed."""
        with self._lock:
            self._idle += 1
            while not self._closed:
                lane = self._next_lane()
                if lane is not None:
                    self._idle -= 1
                    return self._begin(lane)
                self._work.wait()
            self._idle -= 1
            self._hired -= 1
            return None

    def _next_lane(self) -> Lane | None:
        return next((lane for lane in self._waiting if self._may_begin(lane)), None)

    def _may_begin(self, lane: Lane) -> bool:
        if lane.kind in LEISURELY and 2 * self._at_leisure() >= self._size:
            return False
        busy, free = self._busy[lane], self._size - len(self._under_way)
        return busy < self._share and free > busy * self._size // (2 * self._share)

    def _at_leisure(self) -> int:
        return sum(count for lane, count in self._busy.items() if lane.kind in LEISURELY)

    def _begin(self, lane: Lane) -> Errand:
        """Take the lane's first errand, and call one more thread if another may begin too; the lane goes to the end."""
        queue = self._waiting.pop(lane)
        errand = queue.popleft()
        if queue:
            self._waiting[lane] = queue
        self._busy[lane] += 1
        self._under_way[errand] = _UnderWay(lane, time.monotonic())
        if self._idle and self._next_lane() is not None:
            self._work.notify()
        return errand

    def _end(self, errand: Errand) -> None:
        """The thread goes on to take what may begin now; it wakes no other."""
        with self._lock:
            lane = self._under_way.pop(errand).lane
            self._known.discard(errand)
            self._busy[lane] -= 1
            if not self._busy[lane]:
                del self._busy[lane]
            self._ended.notify_all()
