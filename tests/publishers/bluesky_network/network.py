"""The reference Bluesky servers in one process: a directory of identities, a PDS and an AppView."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from tests.servers import PostgresServer, RedisServer, ServerMissing, free_port

HERE = Path(__file__).parent
PACKAGES = HERE.parents[2] / ".cache" / "bluesky-network"
DATABASE = "bluesky_network"
START_SECONDS = 120
PASSWORD = "correct horse battery staple"


class BlueskyNetwork:
    """Started once a session on loopback; ``url`` is the PDS. AssertionError if it can't."""

    def __init__(self, postgres: PostgresServer, redis: RedisServer) -> None:
        self._postgres, self._redis = postgres, redis
        self._folder = Path(tempfile.mkdtemp(prefix="almanac-bluesky-"))
        self._log = self._folder / "network.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def __enter__(self) -> Self:
        if not (PACKAGES / "installed").exists():
            raise ServerMissing(f"The reference Bluesky servers are missing. Run: sh {HERE.name}/install.sh")
        self._postgres.create_database(DATABASE)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [PACKAGES / "node-binary", "--require", HERE / "loopback.cjs", HERE / "network.mjs"],
                env=self._environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self.url = self._address()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._postgres.drop_database(DATABASE)
        shutil.rmtree(self._folder, ignore_errors=True)

    def account(self, handle: str) -> str:
        """Make an account called ``handle`` (it ends in .test) and return an app password of it."""
        given = {"handle": handle, "email": f"{handle}@example.com", "password": PASSWORD}
        session = self.call("com.atproto.server.createAccount", given)
        made = self.call("com.atproto.server.createAppPassword", {"name": "almanac"}, session["accessJwt"])
        return str(made["password"])

    def call(self, procedure: str, body: Mapping[str, object], token: str = "") -> dict[str, str]:
        """Call an XRPC procedure of the PDS outside of the adapter."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        reply = httpx.post(f"{self.url}/xrpc/{procedure}", json=body, headers=headers, timeout=30)
        assert reply.is_success, reply.text
        return dict(reply.json())

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "LOG_ENABLED": "false",
            "BLUESKY_PACKAGES": str(PACKAGES),
            "BLUESKY_PORTS": ",".join(str(free_port()) for _ in range(3)),
            "DB_POSTGRES_URL": f"postgres://postgres@{self._postgres.host}:{self._postgres.port}/{DATABASE}",
            "REDIS_HOST": f"{self._redis.host}:{self._redis.port}",
        }

    def _address(self) -> str:
        assert self._process is not None and self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], START_SECONDS)
        line = self._process.stdout.readline() if ready else b""
        assert line.startswith(b"{"), f"The Bluesky network did not start: {self._words()}"
        return str(json.loads(line)["pds"])

    def _words(self) -> str:
        return self._log.read_text(errors="replace")[-3000:]
