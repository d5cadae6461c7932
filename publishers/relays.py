"""Addresses that a platform names in its answers: an upload, say. Behind a relay its hosts can not be reached themselves."""

from __future__ import annotations

from urllib.parse import urlsplit


def through(base_url: str, home: str, told: str) -> tuple[str, str]:
    """Host and path (with its query) of the address ``told``, as seen from ``base_url``.

    Behind any other address than ``home`` one server stands for all of the platform's, with the same paths.
    """
    parts = urlsplit(told if "://" in told else f"https:{told}")
    host = f"{parts.scheme}://{parts.netloc}" if base_url == home else base_url
    query = f"?{parts.query}" if parts.query else ""
    return host, (parts.path or "/") + query
