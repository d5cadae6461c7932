"""Local servers that speak the real protocols, keep real state and fail on demand.

They are an independent reading of each protocol: nothing here imports an adapter, so that an adapter's
misreading of the documentation shows up as a failing call instead of being shared by both sides.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from publishers.simulators.server import Server

# The demo has a past on these two; the others stand ready to be connected.
PLAYED = ("mastodon", "bluesky")


def serve(platform: str, port: int = 0, data: str | None = None, **settings: Any) -> Server:
    """Start the simulator of a platform: ``publishers.simulators.PLATFORM`` has a ``serve`` of this shape."""
    server: Server = import_module(f"publishers.simulators.{platform}").serve(port, data, **settings)
    return server


def others() -> list[str]:
    """The platforms that have a simulator, without those that the demo plays on, in the order of their names."""
    from publishers import PLATFORMS

    return [name for name in sorted(PLATFORMS) if name not in PLAYED and _has_one(name)]


def addresses(first_port: int, host: str = "127.0.0.1") -> dict[str, str]:
    """Where ``others`` listen when they are given ports from ``first_port`` on, one after the other."""
    return {name: f"http://{host}:{first_port + n}" for n, name in enumerate(others())}


def _has_one(platform: str) -> bool:
    return find_spec(f"publishers.simulators.{platform}") is not None
