"""Reading and writing files so that nothing half-made is ever seen or left behind."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """An empty file to write to, gone when the block ends, however it ends."""
    handle, name = tempfile.mkstemp(prefix=".making-", dir=folder)
    os.close(handle)
    path = Path(name)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def written(target: Path) -> Iterator[Path]:
    """A path to write to. It becomes `target` when the block ends well and is removed when it does not."""
    with scratch(target.parent) as partial:
        yield partial
        partial.chmod(0o644)
        partial.replace(target)
