"""Real clock and worker processes upon a test's own database and Redis."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from calendar_app.config import Config
from tests.workers.houses import House
from workers.processes import signal_session


def environ_of(config: Config, **settings: str) -> dict[str, str]:
    """What a process of the house reads; ``settings`` are ALMANAC_* without the prefix."""
    return {
        **os.environ,
        "ALMANAC_DATA": str(config.data),
        "ALMANAC_DATABASE_URL": config.database_url,
        "ALMANAC_REDIS_URL": config.redis_url or "",
        "ALMANAC_SECRET_KEY": ",".join(config.secret_keys),
        **{f"ALMANAC_{name}": value for name, value in settings.items()},
    }


class Crew:
    """One clock and some workers, to be killed and replaced."""

    def __init__(self, config: Config, program: str = "workers", **settings: str) -> None:
        self._program = program
        self.environ = environ_of(config, **settings)
        self._stack = ExitStack()
        self._houses: list[House] = []

    def start(self, *command: str) -> House:
        """Start ``almanac COMMAND``; it is ended with the crew at the latest."""
        house = self._stack.enter_context(House(self._program, *command, environ=self.environ))
        self._houses.append(house)
        return house

    def end(self) -> None:
        """End all, and print what they said: a failing test shows it."""
        self._stack.close()
        for house in self._houses:
            print(*house.said, sep="\n")


@contextmanager
def crew(config: Config, program: str = "workers", **settings: str) -> Iterator[Crew]:
    """A crew whose processes end with the block."""
    hands = Crew(config, program, **settings)
    try:
        yield hands
    finally:
        hands.end()


def kill_wholly(house: House) -> None:
    """As a power cut would: the process and every child it forked, at once."""
    signal_session(house.process.pid, signal.SIGKILL)
    house.process.wait(timeout=10)
