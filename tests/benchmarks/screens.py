"""What the other screens cost as the house grows: ``python -m tests.benchmarks.screens``. No figure is promised for them.

Whole pages through the app's test client, asked for by an approver, whose navigation also counts what waits for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from flask.testing import FlaskClient

from tests.benchmarks.estates import Estate
from tests.benchmarks.figures import Line, Spread, spread, timed
from tests.benchmarks.grounds import ENGINES, Grounds, main

SIZES, QUICK_SIZES = (10_000, 1_000_000), (10_000, 40_000)
SCREENS = {
    "calendar, without its feed": "/calendar",
    "posts": "/posts",
    "posts, the failed ones": "/posts?state=failed",
    "posts, the scheduled ones": "/posts?state=scheduled",
    "posts with a word": "/posts?q=nothing",
    "posts of a channel": "/posts?channel=1",
    "approvals": "/approvals",
    "channel": "/channels/1",
    "post": "/posts/5001",
    "deliveries of a post": "/posts/5001/deliveries",
}


@dataclass(frozen=True)
class Screen:
    """One page at each size (posts in all, a quarter of them in this workspace)."""

    engine: str
    name: str
    sizes: dict[int, Spread]


def measure(grounds: Grounds, *, quick: bool = False) -> list[Screen]:
    """Every screen on each engine; sizes take turns."""
    sizes, rounds = (QUICK_SIZES, 3) if quick else (SIZES, 9)
    return [
        screen
        for engine in ENGINES
        for screen in _screens([grounds.estate(engine, size) for size in sizes], rounds)
    ]


def lines(found: Sequence[Screen]) -> list[Line]:
    """The table's rows."""
    return [Line(f"screen, {one.engine}: {one.name}", _told(one)) for one in found]


def _told(one: Screen) -> str:
    least, most = min(one.sizes), max(one.sizes)
    return f"{one.sizes[most].median:.0f} ms at {most:,} posts, {one.sizes[least].median:.0f} ms at {least:,}"


def _screens(estates: Sequence[Estate], rounds: int) -> list[Screen]:
    clients = [(estate, estate.visitor("bo@example.com")) for estate in estates]
    return [_screen(clients, name, path, rounds) for name, path in SCREENS.items()]


def _screen(clients: Sequence[tuple[Estate, FlaskClient]], name: str, path: str, rounds: int) -> Screen:
    seconds: dict[int, list[float]] = {estate.posts: [] for estate, _ in clients}
    for number in range(rounds + 1):
        for estate, client in clients:
            second = timed(partial(_open, client, f"/w/{estate.slug}{path}"))
            if number:
                seconds[estate.posts].append(second)
    return Screen(clients[0][0].engine, name, {posts: spread(found) for posts, found in seconds.items()})


def _open(client: FlaskClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200, f"{address}: {answer.status}"


if __name__ == "__main__":
    main(measure, lines)
