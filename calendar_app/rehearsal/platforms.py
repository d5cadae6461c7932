"""The simulated platforms of one rehearsal: a fresh account for each channel, and one clock for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import fields
from datetime import datetime
from typing import Any

import publishers
from publishers import simulators
from publishers.simulators.server import Server
from publishers.simulators.settings import Settings
from publishers.values import Connected, Destination, Limits

COMMON = {field.name for field in fields(Settings)}
# Traits by which one simulator can be one server software or another.
MAKES = ("software",)
# Nobody watches, and nothing has to be waited for: what takes its time in truth is the platforms' own matter.
AT_ONCE: dict[str, Any] = {"engagement": 0.0, "video_seconds": 0.0, "image_seconds": 0.0}


class Platforms:
    """Servers on this machine, one for each kind that is needed; closed with ``servers``."""

    def __init__(self, servers: ExitStack) -> None:
        self._servers = servers
        self._running: dict[tuple[Any, ...], Server] = {}
        self._of: dict[int, Server] = {}
        self._revoked: set[int] = set()

    @property
    def urls(self) -> list[str]:
        """Where they all are."""
        return [server.url for server in self._running.values()]

    def open(self, channel_id: int, platform: str, limits: Limits, traits: Mapping[str, str]) -> None:
        """Start what this channel needs, unless another channel needs the same."""
        key = (platform, limits.max_text, *sorted(traits.items()))
        if key not in self._running:
            server = self._servers.enter_context(_serve(platform, limits, traits))
            _adjust(server, traits)
            self._running[key] = server
        self._of[channel_id] = self._running[key]

    def join(self, channel_id: int, platform: str) -> Connected:
        """A fresh account, connected the way a person does it: by the form where there is one."""
        account = self._of[channel_id].control.account(name_of(channel_id), "Rehearsal")
        publisher = publishers.get(platform)
        if "fields" in account:
            return publisher.connect(account["fields"])
        limits, base_url = publisher.default_limits, str(account["base_url"])
        return publisher.discover(Destination(base_url, "", "", limits, account["credentials"]))

    def follow(self, now: datetime) -> None:
        """Let it be ``now`` everywhere."""
        for server in self._running.values():
            ahead = now.timestamp() - float(server.control.clock()["now"])
            if ahead > 0:
                server.control.clock(advance_seconds=ahead)

    def revoke(self, channel_id: int) -> None:
        """The sign-in of this channel is over: no credential of its account is worth anything any more."""
        if channel_id in self._of and channel_id not in self._revoked:
            self._revoked.add(channel_id)
            self._of[channel_id].control.revoke_tokens(name_of(channel_id))


def name_of(channel_id: int) -> str:
    """What the fresh account of a channel is called."""
    return f"rehearsal{channel_id}"


def _serve(platform: str, limits: Limits, traits: Mapping[str, str]) -> Server:
    """As like the channel's own server as the simulator can be; one of another make is the usual one."""
    plain: dict[str, Any] = {**AT_ONCE, "max_characters": limits.max_text}
    of_its_make = plain | {name: traits[name] for name in MAKES if name in traits}
    try:
        return simulators.serve(platform, **of_its_make)
    except KeyError:
        return simulators.serve(platform, **plain)


def _adjust(server: Server, traits: Mapping[str, str]) -> None:
    """What a platform lets its simulator be told under the name of a trait is as the channel has it."""
    for name in traits.keys() - COMMON:
        with suppress(TypeError):
            server.control.set(**{name: int(traits[name]) if traits[name].isdecimal() else traits[name]})
