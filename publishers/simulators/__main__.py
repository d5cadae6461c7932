"""``python -m publishers.simulators mastodon|bluesky|all``: simulated servers to look at in a browser."""

from __future__ import annotations

import argparse
import json
import signal
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from publishers.simulators import bluesky, mastodon
from publishers.simulators.server import Server


def parser() -> argparse.ArgumentParser:
    """The command line."""
    root = argparse.ArgumentParser(prog="python -m publishers.simulators", description=__doc__)
    commands = root.add_subparsers(dest="command", required=True)
    for name, ports in (
        ("mastodon", ["port"]),
        ("bluesky", ["port"]),
        ("all", ["mastodon-port", "bluesky-port"]),
    ):
        command = commands.add_parser(name)
        for port, default in zip(ports, (8101, 8102), strict=False):
            command.add_argument(f"--{port}", type=int, default=8102 if name == "bluesky" else default)
        command.add_argument("--host", default="127.0.0.1")
        command.add_argument("--data", type=Path, help="folder that keeps posts and media between runs")
        command.add_argument(
            "--token-for", metavar="NAME", help="make this account and print its credentials"
        )
        command.add_argument(
            "--software", default="mastodon", help="mastodon, gotosocial, pixelfed or pleroma"
        )
        command.add_argument("--engagement", type=float, default=1.0, help="strength of the simulated public")
        command.add_argument("--no-rate-limits", dest="rate_limits", action="store_false")
    return root


def start(options: argparse.Namespace) -> list[Server]:
    """The servers that were asked for."""
    settings: dict[str, Any] = {"engagement": options.engagement, "rate_limits": options.rate_limits}
    started = []
    if options.command in ("mastodon", "all"):
        port = options.mastodon_port if options.command == "all" else options.port
        folder = options.data / "mastodon" if options.data else None
        started.append(mastodon.serve(port, folder, options.host, software=options.software, **settings))
    if options.command in ("bluesky", "all"):
        port = options.bluesky_port if options.command == "all" else options.port
        folder = options.data / "bluesky" if options.data else None
        started.append(bluesky.serve(port, folder, options.host, **settings))
    return started


def main(arguments: list[str] | None = None) -> None:
    """Serve until SIGINT or SIGTERM."""
    options = parser().parse_args(arguments)
    stop: SimpleQueue[int] = SimpleQueue()  # an Event would lock itself up when two signals come at once
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: stop.put(number))
    servers = start(options)
    for server in servers:
        print(f"{server.control.platform} {server.url}", flush=True)
        if options.token_for:
            print(json.dumps(server.control.account(options.token_for), ensure_ascii=False), flush=True)
    stop.get()
    for server in servers:
        server.close()


if __name__ == "__main__":
    main()
