"""``almanac up``: the whole house on one machine, from Redis to the open door."""

import contextlib
import fcntl
import functools
import gc
import importlib
import os
import socket
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from workers import embedded_redis
from workers.children import Program
from workers.output import Output
from workers.processes import port_is_free
from workers.supervisor import StartFailed, StopRequested, Supervisor

WORKERS = {"publish-1": "publish", "publish-2": "publish", "background": "background", "render": "render"}
STOP_ORDER = (("web",), ("clock",), tuple(WORKERS), ("simulators",), ("redis",))
WARM_STOP = 75.0
REDIS_HANDOVER = 15.0


class CanNotStart(Exception):
    """Something on this machine stands in the way; the message says what and how to get past it."""


@dataclass(frozen=True)
class Options:
    """What the command line chose. Ports are on ``host``; the simulators only run with ``demo``.

    ``more_port`` is the first port of the demo's other platforms, which stand ready to be connected; 0 leaves them out.
    """

    host: str = "127.0.0.1"
    port: int = 8100
    demo: bool = False
    mastodon_port: int = 8101
    bluesky_port: int = 8102
    more_port: int = 0


def up(options: Options, environ: Mapping[str, str], output: Output) -> int:
    """Run until asked to stop; the exit status is 0 after a clean stop and 1 when it could not start.

    It reads the data folder and the Redis address alone; its children judge the rest of the set-up.
    """
    data = Path(environ.get("ALMANAC_DATA") or "data").expanduser().absolute()
    try:
        with sole_owner(data):
            check_ports(options)
            options = replace(options, more_port=_room_for_more(options))
            status = _run_house(options, data, child_environ(environ, options, data), output)
            fold_log(data / "almanac.db")
            return status
    except (CanNotStart, embedded_redis.RedisMissing, PermissionError) as error:
        output.say(str(error))
        return 1


def fold_log(database: Path) -> None:
    """Fold SQLite's log into the one file, where processes that closed in the same instant left it to each other."""
    if database.exists():
        connection = sqlite3.connect(database)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()


def _run_house(options: Options, data: Path, environ: Mapping[str, str], output: Output) -> int:
    with Supervisor(output, environ, STOP_ORDER) as supervisor:
        try:
            open_house(supervisor, options, data)
            supervisor.watch()
        except StopRequested:
            output.say("Stopping; work in hand is finished first (Ctrl-C again stops at once).")
            return 0
        except StartFailed as error:
            output.say(str(error))
            return 1


def open_house(supervisor: Supervisor, options: Options, data: Path) -> None:
    """Start everything in order and say where the door is."""
    supervisor.output.say(f"Opening the data folder {data}")
    preload()
    if not supervisor.environ.get("ALMANAC_REDIS_URL"):
        start_redis(supervisor, data / "redis")
    supervisor.run(Program("migrate", almanac("migrate")))
    if options.demo:
        start_simulators(supervisor, options, data)
        if not demo_logins(data):
            supervisor.output.say("Setting up the demo; this takes about a minute, once")
        supervisor.run(Program("demo", almanac("demo", *demo_addresses(options))))
    for name, queue in WORKERS.items():
        supervisor.start(Program(name, almanac("worker", queue), WARM_STOP))
    supervisor.start(Program("clock", almanac("clock")))
    start_web(supervisor, options)
    supervisor.output.say(f"Almanac is open at {supervisor.environ['ALMANAC_BASE_URL']} (Ctrl-C stops it)")
    for line in demo_logins(data):
        supervisor.output.say(line)


def preload() -> None:
    """Import the app once, so that every process forked from here shares it (and starts at once)."""
    for module in ("workers.clock", "workers.queues", "workers.web", "calendar_app.cli"):
        importlib.import_module(module)
    importlib.import_module("sqlalchemy.orm").configure_mappers()
    gc.collect()
    gc.freeze()


def start_redis(supervisor: Supervisor, folder: Path) -> None:
    """Start the embedded Redis; data it can not read is put aside, as the database rings everything again."""
    server = embedded_redis.prepare(folder)
    lock = _wait_for_lock(folder / "redis.lock")
    program = Program("redis", tuple(server.command()), grace=15, keep_open=(lock,), quiet=True)
    try:
        supervisor.start(program, server.answers)
    except StartFailed:
        moved = embedded_redis.set_aside_data(folder, f"unreadable-{int(time.time())}")
        if not moved:
            raise
        supervisor.output.say(
            f"Redis could not read its file; it is kept as {moved[0].name}. Starting afresh."
        )
        supervisor.start(program, server.answers)
    supervisor.environ["ALMANAC_REDIS_URL"] = server.url


def _wait_for_lock(path: Path) -> int:
    """The lock that Redis itself keeps open while it lives: two servers on one folder would both answer."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + REDIS_HANDOVER
    while not _locked(lock):
        if time.monotonic() > deadline:
            raise CanNotStart(f"A Redis still runs on {path.parent}. Wait for it to end, or end it.")
        time.sleep(0.1)
    return lock


def start_simulators(supervisor: Supervisor, options: Options, data: Path) -> None:
    """Start the demo's platforms and wait until all listen."""
    ports = [options.mastodon_port, options.bluesky_port]
    command = (
        *(sys.executable, "-m", "publishers.simulators", "all"),
        *("--mastodon-port", str(ports[0]), "--bluesky-port", str(ports[1])),
        *("--more-port", str(options.more_port), "--data", str(data / "simulators")),
    )
    ports += range(options.more_port, options.more_port + len(_more(options)))
    supervisor.start(
        Program("simulators", command), lambda: all(_answers("127.0.0.1", port) for port in ports)
    )


def demo_logins(data: Path) -> list[str]:
    """What ``almanac demo`` left for the newcomer to read: who can log in, and how."""
    try:
        return (data / "demo_logins.txt").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


def demo_addresses(options: Options) -> tuple[str, ...]:
    return (
        *("--mastodon", f"http://127.0.0.1:{options.mastodon_port}"),
        *("--bluesky", f"http://127.0.0.1:{options.bluesky_port}"),
    )


def start_web(supervisor: Supervisor, options: Options) -> None:
    command = almanac("web", "--host", options.host, "--port", str(options.port))
    supervisor.start(Program("web", command, grace=20), lambda: is_healthy(options.host, options.port))


def almanac(*arguments: str) -> Callable[[], None]:
    """A command of this very program, to be called in a fork."""
    from workers.__main__ import cli

    return functools.partial(cli.main, list(arguments), prog_name="almanac")


def is_healthy(host: str, port: int) -> bool:
    """Whether the web process answers /healthz with 200."""
    request = f"GET /healthz HTTP/1.0\r\nHost: {host}\r\n\r\n"
    try:
        with socket.create_connection((_reachable(host), port), timeout=5) as connection:
            connection.sendall(request.encode())
            return b" 200 " in connection.recv(64)
    except OSError:
        return False


def _answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def _reachable(host: str) -> str:
    return "127.0.0.1" if host in ("", "0.0.0.0") else host


@contextlib.contextmanager
def sole_owner(data: Path) -> Iterator[None]:
    """Hold the data folder, readable by its owner alone, while the house runs."""
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        data.chmod(0o700)
        lock = os.open(data / "almanac.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise CanNotStart(
            f"The data folder {data} can not be used ({error.strerror}). Give it to this user, or set ALMANAC_DATA to another folder."
        ) from error
    try:
        if not _locked(lock):
            raise CanNotStart(
                f"Almanac already runs on the data folder {data} (process {os.pread(lock, 20, 0).decode()}). "
                "Stop that one, or set ALMANAC_DATA to another folder."
            )
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(lock)


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def check_ports(options: Options) -> None:
    """Raise CanNotStart, naming the port and the option that moves it, where one is taken."""
    wanted = {"--port": (options.host, options.port)}
    if options.demo:
        wanted["--mastodon-port"] = ("127.0.0.1", options.mastodon_port)
        wanted["--bluesky-port"] = ("127.0.0.1", options.bluesky_port)
    for option, (host, port) in wanted.items():
        if not port_is_free(host, port):
            free = _next_free(host, {port for _host, port in wanted.values()})
            raise CanNotStart(
                f"Port {port} on {host} is already in use. Stop the program that uses it, "
                f"or choose another port: almanac up {option} {free}"
            )


def _next_free(host: str, taken: set[int]) -> int:
    candidates = range(max(taken) + 1, 65536)
    return next((port for port in candidates if port_is_free(host, port)), 0)


def child_environ(environ: Mapping[str, str], options: Options, data: Path) -> dict[str, str]:
    """What children see: whole paths, output that is not held back, links to the chosen port."""
    here = f"http://{_reachable(options.host)}:{options.port}"
    base_url = environ.get("ALMANAC_BASE_URL") or here
    found = {**environ, "ALMANAC_DATA": str(data), "ALMANAC_BASE_URL": base_url, "PYTHONUNBUFFERED": "1"}
    relays = ",".join(f"{name}={address}" for name, address in _more(options).items())
    return {"ALMANAC_RELAYS": relays, **found} if relays else found


def _more(options: Options) -> dict[str, str]:
    """The demo's other platforms and where they listen."""
    from publishers import simulators

    return simulators.addresses(options.more_port) if options.demo and options.more_port else {}


def _room_for_more(options: Options) -> int:
    """The first port from ``more_port`` on with as many free ones behind it as there are platforms."""
    port, count = options.more_port, len(_more(options))
    taken = {options.port, options.mastodon_port, options.bluesky_port}
    while count and not all(
        each not in taken and port_is_free("127.0.0.1", each) for each in range(port, port + count)
    ):
        port += 1
    return port
