"""The house's processes on two hosts, to be killed, frozen, and replaced as a supervisor would."""

from __future__ import annotations

import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from calendar_app.config import Config
from tests.servers import free_port
from tests.workers.crew import environ_of
from tests.workers.houses import House
from workers.processes import signal_session

FAKETIME = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
NEAR = {
    "clock 1": ("clock",),
    "clock 2": ("clock",),
    "publish 1": ("worker", "publish"),
    "publish 2": ("worker", "publish"),
    "background 1": ("worker", "background"),
    "render 1": ("worker", "render"),
}
FAR = {"clock 3": ("clock",), "publish 3": ("worker", "publish")}


@dataclass
class Member:
    """One process's place: what it runs, and by how many seconds its host's clock is wrong."""

    command: tuple[str, ...]
    house: House
    skew: float = 0.0
    frozen: bool = False


class Crew:
    """Who works; ``said`` keeps what those who are gone have said."""

    def __init__(self, config: Config, two_hosts: bool, **settings: str) -> None:
        self.port = free_port()
        self.environ = environ_of(config, **settings)
        self.members: dict[str, Member] = {}
        self.said: list[str] = []
        self._places = {**NEAR, "web 1": ("web", "--port", str(self.port)), **(FAR if two_hosts else {})}

    def start(self) -> None:
        """Everybody to their places; the far host's clock is three seconds ahead at first."""
        for name, command in self._places.items():
            self._start(name, command, 3.0 if name in FAR else 0.0)

    def names(self, kind: str) -> list[str]:
        """Those of one kind who are neither frozen nor gone."""
        return [
            name
            for name, member in self.members.items()
            if name.startswith(kind) and not member.frozen and member.house.process.poll() is None
        ]

    def kill(self, name: str) -> None:
        """As a power cut would: the process and every child of it, at once."""
        member = self.members[name]
        with suppress(ProcessLookupError):
            signal_session(member.house.process.pid, signal.SIGKILL)
        member.house.process.wait(timeout=20)
        member.frozen = False

    def freeze(self, name: str) -> None:
        """Stop the process between two instructions, wherever it is."""
        signal_session(self.members[name].house.process.pid, signal.SIGSTOP)
        self.members[name].frozen = True

    def thaw(self, name: str) -> None:
        """Let it go on, unless it was killed meanwhile."""
        if self.members[name].frozen:
            signal_session(self.members[name].house.process.pid, signal.SIGCONT)
            self.members[name].frozen = False

    def move_far_clock(self, skew: float) -> None:
        """Start the far host anew with a clock that is wrong by ``skew`` seconds."""
        for name, command in FAR.items():
            self.kill(name)
            self._note(name)
            self._start(name, command, skew)

    def replace_the_dead(self) -> None:
        """What a supervisor does."""
        for name, member in list(self.members.items()):
            if member.house.process.poll() is not None:
                self._note(name)
                self._start(name, member.command, member.skew)

    def end(self) -> None:
        """Let all finish and go."""
        for name in self.members:
            self.thaw(name)
        for member in self.members.values():
            if member.house.process.poll() is None:
                member.house.process.terminate()
        for name, member in self.members.items():
            with suppress(Exception):
                member.house.process.wait(timeout=30)
            if member.house.process.poll() is None:
                self.kill(name)
            self._note(name)

    def _start(self, name: str, command: tuple[str, ...], skew: float) -> None:
        house = House("tests.chaos.hasty", *command, environ=self.environ | _clock(skew))
        self.members[name] = Member(command, house, skew)

    def _note(self, name: str) -> None:
        self.said += [f"{name}: {line}" for line in self.members[name].house.said]


def _clock(skew: float) -> dict[str, str]:
    if not skew:
        return {}
    assert FAKETIME, "The storm on PostgreSQL needs libfaketime. Run: sudo apt-get install faketime"
    return {
        "LD_PRELOAD": str(FAKETIME[0]),
        "FAKETIME": f"{skew:+g}s",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
