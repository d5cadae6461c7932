"""Redis in its grown-up forms: behind TLS, or as a master and a replica that a Sentinel watches."""

from __future__ import annotations

import ipaddress
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.servers import HOST, free_port, wait_until
from workers.embedded_redis import redis_program
from workers.processes import die_with_parent

SERVICE = "almanac"
SILENCE = 2000
"""Milliseconds without an answer after which a server counts as dead: a busy machine's pauses are shorter."""
PASSWORD, SENTINEL_PASSWORD = "sunlight-of-the-tests", "moonlight-of-the-tests"


class Certificate:
    """A certificate for 127.0.0.1 that signs itself: ``authority`` is what a client trusts."""

    def __init__(self, folder: Path) -> None:
        self.authority, self._both = folder / "ca.pem", folder / "both.pem"
        key = ec.generate_private_key(ec.SECP256R1())
        public = _self_signed(key).public_bytes(serialization.Encoding.PEM)
        self.authority.write_bytes(public)
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        self._both.write_bytes(public + private)

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._both)
        return context


def _self_signed(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Redis of the tests")])
    now = datetime.now(UTC)
    places = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))])
    return (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1)
        )
        .add_extension(places, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )


class TlsDoor:
    """Takes TLS connections and passes their bytes to a plain server, as the door of a hosted Redis does."""

    def __init__(self, certificate: Certificate, port: int) -> None:
        self._context, self._behind = certificate.context(), port
        self._listening = socket.create_server((HOST, 0))
        self.port = int(self._listening.getsockname()[1])
        self.opened = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                visitor, _address = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._let_in, args=(visitor,), daemon=True).start()

    def _let_in(self, visitor: socket.socket) -> None:
        try:
            with self._context.wrap_socket(visitor, server_side=True) as inside:
                self.opened += 1
                with socket.create_connection((HOST, self._behind)) as server:
                    back = threading.Thread(target=_pass_on, args=(server, inside), daemon=True)
                    back.start()
                    _pass_on(inside, server)
        except OSError:
            return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._listening.close()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


class WatchedRedis:
    """Two data servers and one Sentinel, all with passwords; ``fail_over`` kills today's master."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="almanac-sentinel-"))
        self.data_ports, self.sentinel_port = [free_port(), free_port()], free_port()
        self._dead = _taken_by_nobody()
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    @property
    def url(self) -> str:
        """An address that names a dead Sentinel first, as happens."""
        dead = self._dead.getsockname()[1]
        return (
            f"redis+sentinel://:{PASSWORD}@{HOST}:{dead},{HOST}:{self.sentinel_port}/{SERVICE}/0"
            f"?sentinel_password={SENTINEL_PASSWORD}"
        )

    def master_port(self) -> int:
        with redis.Redis(port=self.sentinel_port, password=SENTINEL_PASSWORD) as sentinel:
            return int(sentinel.sentinel_get_master_addr_by_name(SERVICE)[1])

    def fail_over(self) -> None:
        """Kill the master and wait until the replica has taken its place."""
        old = self.master_port()
        self._end(old, signal.SIGKILL)
        wait_until(lambda: self.master_port() != old and _is_master(self.master_port()), "a new master", 60)

    def come_back(self) -> None:
        """Start the killed server again: until the Sentinel tells it, it takes itself for the master."""
        (dead,) = set(self.data_ports) - set(self._processes)
        self._start_data(dead)

    def holds(self, port: int, key: str) -> bool:
        """Whether the data server on ``port`` has ``key``."""
        with redis.Redis(port=port, password=PASSWORD) as client:
            return bool(client.exists(key))

    def _start_data(self, port: int, *more: str) -> None:
        options = ["--port", str(port), "--save", "", "--repl-diskless-sync-delay", "0", *more]
        self._start(port, [*options, "--requirepass", PASSWORD, "--masterauth", PASSWORD], PASSWORD)

    def _start_sentinel(self) -> None:
        settings = self.folder / "sentinel.conf"
        settings.write_text(
            f"port {self.sentinel_port}\nrequirepass {SENTINEL_PASSWORD}\n"
            f"sentinel monitor {SERVICE} {HOST} {self.data_ports[0]} 1\n"
            f"sentinel auth-pass {SERVICE} {PASSWORD}\n"
            f"sentinel down-after-milliseconds {SERVICE} {SILENCE}\nsentinel failover-timeout {SERVICE} 3000\n"
        )
        self._start(self.sentinel_port, [str(settings), "--sentinel"], SENTINEL_PASSWORD)

    def _start(self, port: int, options: list[str], password: str) -> None:
        self._processes[port] = subprocess.Popen(
            [redis_program(), *options, "--bind", HOST, "--dir", str(self.folder), "--loglevel", "warning"],
            stdout=subprocess.DEVNULL,
            preexec_fn=die_with_parent,  # noqa: PLW1509
        )
        wait_until(_quietly(lambda: redis.Redis(port=port, password=password, retry=None).ping()), "Redis")

    def _end(self, port: int, how: signal.Signals) -> None:
        process = self._processes.pop(port)
        process.send_signal(how)
        process.wait(timeout=20)

    def __enter__(self) -> Self:
        first, second = self.data_ports
        self._start_data(first)
        self._start_data(second, "--replicaof", HOST, str(first))
        self._start_sentinel()
        wait_until(self._is_watched, "the Sentinel to know the replica", 60)
        return self

    def _is_watched(self) -> bool:
        with redis.Redis(port=self.sentinel_port, password=SENTINEL_PASSWORD) as sentinel:
            return bool(sentinel.sentinel_slaves(SERVICE)) and _is_linked(self.data_ports[1])

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        for port in list(self._processes):
            self._end(port, signal.SIGKILL)
        self._dead.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _taken_by_nobody() -> socket.socket:
    """A port that refuses every visitor for as long as the socket is kept: bound, never listening."""
    kept = socket.socket()
    kept.bind((HOST, 0))
    return kept


def _is_master(port: int) -> bool:
    return bool(_quietly(lambda: _replication(port)["role"] == "master")())


def _is_linked(port: int) -> bool:
    return bool(_replication(port).get("master_link_status") == "up")


def _replication(port: int) -> dict[str, object]:
    with redis.Redis(port=port, password=PASSWORD, retry=None) as client:
        return dict(client.info("replication"))


def _quietly(ask: Callable[[], object]) -> Callable[[], object]:
    def answer() -> object:
        try:
            return ask()
        except redis.RedisError:
            return None

    return answer
