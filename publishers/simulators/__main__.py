"""``python -m publishers.simulators NAME|all``: simulated platforms to look at in a browser."""

from __future__ import annotations

import argparse
import json
import signal
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from publishers import simulators
from publishers.simulators.server import Server

MASTODON_PORT, BLUESKY_PORT, MORE_PORT = 8101, 8102, 8103


def parser() -> argparse.ArgumentParser:
    """The command line."""
    root = argparse.ArgumentParser(prog="python -m publishers.simulators", description=__doc__)
    commands = root.add_subparsers(dest="command", required=True)
    known = simulators.addresses(MORE_PORT)
    ports = {"mastodon": MASTODON_PORT, "bluesky": BLUESKY_PORT}
    ports |= {name: int(address.rpartition(":")[2]) for name, address in known.items()}
    for name, port in ports.items():
        one = commands.add_parser(name)
        one.add_argument("--port", type=int, default=port)
        _add_common(one)
    every = commands.add_parser("all")
    every.add_argument("--mastodon-port", type=int, default=MASTODON_PORT)
    every.add_argument("--bluesky-port", type=int, default=BLUESKY_PORT)
    every.add_argument(
        "--more-port", type=int, default=0, help="the first port of all other platforms; 0: none"
    )
    _add_common(every)
    return root


def _add_common(command: argparse.ArgumentParser) -> None:
    command.add_argument("--host", default="127.0.0.1")
    command.add_argument("--data", type=Path, help="folder that keeps posts and media between runs")
    command.add_argument("--token-for", metavar="NAME", help="make this account and print its credentials")
    command.add_argument("--software", default="mastodon", help="mastodon, gotosocial, pixelfed or pleroma")
    command.add_argument("--engagement", type=float, default=1.0, help="strength of the simulated public")
    command.add_argument("--no-rate-limits", dest="rate_limits", action="store_false")


def start(options: argparse.Namespace) -> list[Server]:
    """The servers that were asked for."""
    settings: dict[str, Any] = {"engagement": options.engagement, "rate_limits": options.rate_limits}
    started = []
    for name, port in _chosen(options).items():
        folder = str(options.data / name) if options.data else None
        own = {"software": options.software} if name == "mastodon" else {}
        started.append(simulators.serve(name, port, folder, host=options.host, **settings, **own))
    return started


def _chosen(options: argparse.Namespace) -> dict[str, int]:
    if options.command != "all":
        return {options.command: options.port}
    chosen = {"mastodon": options.mastodon_port, "bluesky": options.bluesky_port}
    if options.more_port:
        known = simulators.addresses(options.more_port)
        chosen |= {name: int(address.rpartition(":")[2]) for name, address in known.items()}
    return chosen


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
