"""Local servers that speak the real protocols, keep real state and fail on demand.

They are an independent reading of each protocol: nothing here imports an adapter, so that an adapter's
misreading of the documentation shows up as a failing call instead of being shared by both sides.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from publishers.simulators.server import Server


def serve(platform: str, port: int = 0, data: str | None = None, **settings: Any) -> Server:
    """Start the simulator of a platform: ``publishers.simulators.PLATFORM`` has a ``serve`` of this shape."""
    server: Server = import_module(f"publishers.simulators.{platform}").serve(port, data, **settings)
    return server
