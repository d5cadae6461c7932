"""Real PostgreSQL and Redis servers on loopback, started for one test session and gone with it."""

import functools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

import psycopg
import redis

from workers.embedded_redis import redis_program
from workers.processes import die_with_parent

HOST = "127.0.0.1"


class ServerMissing(RuntimeError):
    """A program the tests need is not installed; never a reason to skip."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], Any], what: str, seconds: float = 20) -> Any:
    """The first truthy answer of ``condition``; AssertionError naming ``what`` when the time is up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := condition():
            return answer
        time.sleep(0.01)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


class RedisServer:
    """A Redis without password on 127.0.0.1; ``restart`` keeps its data only when asked to."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="almanac-redis-"))
        self.host, self.port = HOST, free_port()
        self.url = f"redis://{self.host}:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = ["--bind", self.host, "--port", str(self.port), "--save", "", "--dir", str(self.folder)]
        self.process = subprocess.Popen(
            [redis_program(), *options, "--appendonly", "yes", "--loglevel", "warning"],
            stdout=subprocess.DEVNULL,
            preexec_fn=die_with_parent,  # noqa: PLW1509
        )
        wait_until(self._answers, "Redis")

    def _answers(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            raise AssertionError("Redis ended at its start")
        try:
            with redis.Redis(port=self.port, socket_timeout=1, retry=None) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(timeout=20)
            self.process = None

    def restart(self, keep: bool = False, how: signal.Signals = signal.SIGKILL) -> None:
        self.stop(how)
        if not keep:
            shutil.rmtree(self.folder)
            self.folder.mkdir()
        self.start()

    def flush(self) -> None:
        with redis.Redis(port=self.port) as client:
            client.flushall()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


@functools.cache
def postgres_programs() -> Path:
    """The folder that holds ``initdb`` and ``postgres``; Debian keeps it off the PATH."""
    on_path = shutil.which("initdb")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    found = [folder for folder in folders if (folder / "initdb").exists()]
    if on_path:
        return Path(on_path).resolve().parent
    if not found:
        raise ServerMissing("The tests need PostgreSQL. Run: sudo apt-get install postgresql")
    return found[-1]


def postgres_user() -> str | None:
    """Whom to run PostgreSQL as: it refuses root, so root borrows the packaged user."""
    if os.getuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        raise ServerMissing("PostgreSQL will not run as root and there is no user postgres.") from None


class PostgresServer:
    """A PostgreSQL on 127.0.0.1 that trusts user ``postgres`` and gives up durability for speed.

    With ``keeps_commits`` what it confirmed survives the server's own death (not the machine's). ``settings`` are
    PostgreSQL's own, over those given here.
    """

    STOPS: ClassVar = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}

    def __init__(self, *, keeps_commits: bool = False, **settings: str) -> None:
        self.host, self.port = HOST, free_port()
        self.settings = settings
        self.commits = "on" if keeps_commits else "off"
        self.folder = Path(tempfile.mkdtemp(prefix="almanac-pg-"))
        self.user = postgres_user()
        self.process: subprocess.Popen[bytes] | None = None

    def initialise(self) -> None:
        if self.user:
            shutil.chown(self.folder, self.user)
        self._run("initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C")

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(postgres_programs() / program), *arguments]
        done = subprocess.run(command, check=False, capture_output=True, text=True, **self._identity())
        assert done.returncode == 0, f"{program} failed: {done.stderr}"

    def _identity(self) -> dict[str, Any]:
        return {"cwd": self.folder} | (
            {"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}
        )

    def start(self) -> None:
        settings = [f"listen_addresses={self.host}", f"unix_socket_directories={self.folder}"]
        settings += ["fsync=off", "full_page_writes=off", "shared_buffers=32MB"]
        settings += [f"synchronous_commit={self.commits}"]
        settings += [f"{name}={value}" for name, value in self.settings.items()]
        options = [part for setting in settings for part in ("-c", setting)]
        with open(self.folder / "server.log", "ab") as log:
            self.process = subprocess.Popen(
                [postgres_programs() / "postgres", "-D", self._data, "-p", str(self.port), *options],
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,  # noqa: PLW1509
                **self._identity(),
            )
        wait_until(self._answers, "PostgreSQL", 60)

    def _answers(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            log = (self.folder / "server.log").read_text(errors="replace")
            raise AssertionError(f"PostgreSQL ended at its start: {log[-2000:]}")
        try:
            self.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, mode: str = "fast") -> None:
        if self.process is not None:
            self.process.send_signal(self.STOPS[mode])
            self.process.wait(timeout=60)
            self.process = None

    def restart(self, mode: str = "fast") -> None:
        self.stop(mode)
        self.start()

    def execute(self, statement: str, database: str = "postgres") -> None:
        address = {"host": self.host, "port": self.port, "user": "postgres", "dbname": database}
        with psycopg.connect(autocommit=True, connect_timeout=10, **address) as connection:  # type: ignore[arg-type]
            connection.execute(statement)

    def create_database(self, name: str, template: str = "template1") -> str:
        """Make a database and return its SQLAlchemy address."""
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def drop_database(self, name: str) -> None:
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@{self.host}:{self.port}/{name}"

    def __enter__(self) -> Self:
        self.initialise()
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)


def chromium_program() -> str:
    """The browser for the walks; looked for on the PATH only, never downloaded."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    raise ServerMissing("The browser walks need Chromium. Run: sudo apt-get install chromium")
