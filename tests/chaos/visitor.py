"""A person at the web pages: logs in, looks, uploads; on a disk that is full, and on a server that dies meanwhile."""

from __future__ import annotations

import hashlib
import re
import resource
import socket
from contextlib import suppress
from pathlib import Path

import httpx

from tests.people import PASSWORD

CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
MASTER_TOO_SMALL = 20_000
TIMEOUT = httpx.Timeout(20)


class Visitor:
    """Ana's browser, on one brand's pages."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=TIMEOUT)
        self._token = ""

    def is_in(self) -> bool:
        """Whether the pages answer, logging in first where that is still to be done."""
        with suppress(httpx.HTTPError):
            if not self._token:
                self._log_in()
            return self._http.get("/w/tea/library").status_code == 200
        return False

    def upload(self, picture: bytes) -> httpx.Response:
        """Send one file as the page's script does."""
        return self._http.post("/w/tea/library/upload", content=picture, headers=self._headers())

    def upload_half(self, picture: bytes) -> socket.socket:
        """Begin to send a file and stop half-way; the caller closes."""
        request = self._http.build_request(
            "POST", "/w/tea/library/upload", content=picture, headers=self._headers()
        )
        lines = [f"{name.decode()}: {value.decode()}" for name, value in request.headers.raw]
        head = "\r\n".join(["POST /w/tea/library/upload HTTP/1.1", *lines, "", ""]).encode()
        connection = socket.create_connection(("127.0.0.1", self._port), timeout=10)
        connection.sendall(head + picture[: len(picture) // 2])
        return connection

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def _headers(self) -> dict[str, str]:
        said = {"Content-Type": "application/octet-stream", "Accept": "application/json"}
        return {**said, "X-CSRFToken": self._token}

    def _log_in(self) -> None:
        page = self._http.get("/login").text
        form = {"email": "ana@example.com", "password": PASSWORD, "csrf_token": _csrf(page)}
        answer = self._http.post("/login", data=form)
        assert answer.status_code == 302, answer.text[:500]
        self._token = _csrf(self._http.get("/w/tea/library").text)


def _csrf(page: str) -> str:
    found = CSRF.search(page) or re.search(r'"X-CSRFToken":\s*"([^"]+)"', page)
    assert found, "the page holds no CSRF token"
    return found[1]


def let_no_file_grow(leader: int, size: int | None) -> None:
    """As on a full disk: the session's processes may write no file beyond ``size`` bytes; None lifts that."""
    for pid in _session(leader):
        _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most if size is None else size, most))


def _session(leader: int) -> list[int]:
    from workers.processes import session_members

    return session_members(leader)


def half_stored(media_root: Path) -> list[str]:
    """Files of the store that are not what their name says."""
    return [
        str(path)
        for path in media_root.glob("??/*")
        if hashlib.sha256(path.read_bytes()).hexdigest() != path.name
    ]
