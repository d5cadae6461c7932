"""The simulated platforms of a storm, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen

import publishers
from publishers.values import Connected, Destination
from tests.servers import free_port, wait_until
from workers.processes import die_with_parent


@dataclass(frozen=True)
class Kind:
    """A platform as the house knows it (``name``), which of its servers plays it, and the path of its visible call."""

    name: str
    software: str
    publishing: str
    uploading: str


KINDS = (
    Kind("mastodon", "mastodon", "/api/v1/statuses", "/api/v2/media"),
    Kind("bluesky", "mastodon", "/xrpc/com.atproto.repo.putRecord", "/xrpc/com.atproto.repo.uploadBlob"),
    # Knows no idempotency keys: what is sent twice is there twice.
    Kind("mastodon", "gotosocial", "/api/v1/statuses", "/api/v2/media"),
)


class Platform:
    """One simulated server, and what may be asked of it from outside its protocol."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        program = [sys.executable, "-m", "publishers.simulators", kind.name, "--port", str(port)]
        self._process = subprocess.Popen(
            [*program, "--software", kind.software, "--no-rate-limits", "--engagement", "0"],
            stdout=subprocess.DEVNULL,
            preexec_fn=die_with_parent,  # noqa: PLW1509
        )
        self._records: list[dict[str, Any]] = []
        self._hits: list[dict[str, Any]] = []
        wait_until(self._answers, f"the {kind.software} server", 60)

    @property
    def repeats_safely(self) -> bool:
        """Whether it knows a repeated call for what it is."""
        return self.kind.software != "gotosocial"

    def connect(self, handle: str) -> Connected:
        """Make an account and connect it as a person would."""
        account = self.control("accounts", {"handle": handle, "name": handle.capitalize()})
        publisher = publishers.get(self.kind.name)
        if self.kind.name == "bluesky":
            login = {
                "service": self.url,
                "handle": account["handle"],
                "app_password": account["app_password"],
            }
            return publisher.connect(login)
        token = {"access_token": account["access_token"]}
        return publisher.discover(Destination(self.url, "", "", publisher.default_limits, token))

    def order(self, kind: str, name: str, **details: Any) -> None:
        """Harm the next visible call that speaks of ``name``."""
        match = {"method": "POST", "path_prefix": self.kind.publishing, "body_contains": name}
        self.control("faults", {"kind": kind, "match": match, **details})

    def harm(self, kind: str, path: str, **details: Any) -> None:
        """Harm the next call to ``path``."""
        self.control("faults", {"kind": kind, "match": {"method": "POST", "path_prefix": path}, **details})

    def records(self) -> list[dict[str, Any]]:
        """Everything that was ever published here."""
        fresh = self.control(f"records?since={len(self._records)}")
        self._records += fresh["records"] if isinstance(fresh, dict) else fresh
        return self._records

    def hits(self) -> list[dict[str, Any]]:
        """Every call that was harmed."""
        self._hits += self.control(f"hits?since={len(self._hits)}")
        return self._hits

    def control(self, verb: str, body: dict[str, Any] | None = None) -> Any:
        """Steer the server."""
        data = json.dumps(body).encode() if body is not None else None
        request = Request(f"{self.url}/_control/{verb}", data, {"Content-Type": "application/json"})
        with urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait(timeout=20)

    def _answers(self) -> bool:
        with suppress(OSError), urlopen(f"{self.url}/_control/stats", timeout=1) as answer:
            return answer.status == 200
        return False
