"""What a month of 2,000 posts costs, however many there are in all: ``python -m tests.benchmarks.feed``.

The calendar's real view through the app's test client (session, role, rows and JSON), and its verb alone. Every post is
on two channels and has a label, a picture, and once it is out two snapshots of numbers on each channel.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flask.testing import FlaskClient
from sqlalchemy import event, select

from calendar_app import feed
from calendar_app.extensions import db
from calendar_app.models import Workspace
from tests.benchmarks.estates import IN_A_MONTH, Estate
from tests.benchmarks.figures import Line, Spread, at_most, spread, timed
from tests.benchmarks.grounds import ENGINES, Grounds, main
from tests.people import ZONE

SIZES, QUICK_SIZES = (10_000, 1_000_000), (10_000, 40_000)
FLAT, FAST = 1.5, 80.0


@dataclass(frozen=True)
class Feed:
    """The view and the verb at each size (posts in all); ``growth`` is the largest's median over the smallest's.

    ``queries`` counts the view's statements, the session's own included; ``kib`` is the size of the JSON.
    """

    engine: str
    view: dict[int, Spread]
    verb: dict[int, Spread]
    queries: dict[int, int]
    kib: int

    @property
    def growth(self) -> float:
        return self.view[max(self.view)].median / self.view[min(self.view)].median


def measure(grounds: Grounds, *, quick: bool = False) -> list[Feed]:
    """Sizes take turns, so that a noisy moment falls on all of them."""
    sizes, rounds = (QUICK_SIZES, 9) if quick else (SIZES, 60)
    return [_feed([grounds.estate(engine, size) for size in sizes], rounds) for engine in ENGINES]


def lines(feeds: Sequence[Feed]) -> list[Line]:
    """The table's rows."""
    found = []
    for one in feeds:
        name, (least, most) = f"feed, {one.engine}", (min(one.view), max(one.view))
        slowest = max(one.view.values(), key=lambda each: each.median)
        found += [
            at_most(f"{name}: {IN_A_MONTH:,} of {most:,} posts against {least:,}", one.growth, FLAT, "x"),
            at_most(f"{name}: view, slowest median", slowest.median, FAST, "ms", f"({one.kib} KiB of JSON)"),
            Line(f"{name}: verb alone, of {most:,} posts", str(one.verb[most])),
            Line(
                f"{name}: queries at each size",
                " and ".join(str(count) for count in one.queries.values()),
                "the same",
                len(set(one.queries.values())) == 1,
            ),
        ]
    return found


def _feed(estates: Sequence[Estate], rounds: int) -> Feed:
    askers = [_Asker(estate) for estate in estates]
    view: dict[int, list[float]] = {asker.posts: [] for asker in askers}
    verb: dict[int, list[float]] = {asker.posts: [] for asker in askers}
    queries = {asker.posts: asker.queries() for asker in askers}
    for number in range(rounds + 3):
        for asker in askers:
            seconds = timed(asker.ask), asker.verb()
            if number >= 3:
                view[asker.posts].append(seconds[0])
                verb[asker.posts].append(seconds[1])
    return Feed(
        estates[0].engine,
        {posts: spread(seconds) for posts, seconds in view.items()},
        {posts: spread(seconds) for posts, seconds in verb.items()},
        queries,
        askers[0].ask() // 1024,
    )


class _Asker:
    """A planner before the calendar, logged in."""

    def __init__(self, estate: Estate) -> None:
        self._estate, self.posts = estate, estate.posts
        self._client: FlaskClient = estate.visitor()
        self._path = f"/w/{estate.slug}/calendar/feed"
        self._range = {"start": _wall(estate.start), "end": _wall(estate.end)}

    def ask(self) -> int:
        """The answer's size in bytes."""
        answer = self._client.get(self._path, query_string=self._range)
        assert answer.status_code == 200
        return len(answer.data)

    def verb(self) -> float:
        estate = self._estate
        with estate.app.app_context():
            here = db.session.scalars(select(Workspace).where(Workspace.slug == estate.slug)).one()
            seconds = timed(lambda: feed.between(here, estate.start, estate.end))
            db.session.remove()
        return seconds

    def queries(self) -> int:
        answer = self._client.get(self._path, query_string=self._range)
        assert len(answer.get_json()["rows"]) == IN_A_MONTH
        with self._estate.app.app_context(), _counted() as said:
            self.ask()
        return len(said)


@contextmanager
def _counted() -> Iterator[list[str]]:
    said: list[str] = []
    engine = db.engine

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        said.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _wall(instant: datetime) -> str:
    return instant.astimezone(ZoneInfo(ZONE)).replace(tzinfo=None).isoformat()


if __name__ == "__main__":
    main(measure, lines)
