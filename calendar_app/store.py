"""Where bytes live: files named by the hash of their content, so that a name never lies and nothing is stored twice."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

from calendar_app.settings import config

CHUNK = 2**20


def path_of(sha256: str) -> Path:
    """Where the bytes with this hash are, or would be."""
    return config().media_root / sha256[:2] / sha256


def keep(source: Path, sha256: str) -> Path:
    """Move a finished file into the store; it appears there whole or not at all."""
    target = path_of(sha256)
    if target.exists():
        source.unlink()
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as written:
        os.fsync(written.fileno())
    shutil.move(source, target)
    return target


def scratch(suffix: str = "") -> Path:
    """An empty file beside the store, for work in progress; the caller removes or keeps it."""
    folder = _incoming()
    folder.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=folder, suffix=suffix, delete=False) as file:
        return Path(file.name)


def clear_scratch(before: datetime) -> int:
    """Remove work that nobody wrote to since ``before``, as a killed process leaves it; how many files."""
    left = [path for path in _incoming().glob("*") if _written_at(path) < before.timestamp()]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def sha256_of(path: Path) -> str:
    """The hash that names a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _incoming() -> Path:
    return config().media_root / "incoming"


def _written_at(path: Path) -> float:
    """Seconds since 1970; what was finished meanwhile is as young as can be."""
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_mtime
    return float("inf")
