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
def written(target: Path) -> Iterator[Path]:
    """A path to write to. It becomes `target` when the block ends well and is removed when it does not."""
    handle, name = tempfile.mkstemp(prefix=".making-", dir=target.parent)
    os.close(handle)
    partial = Path(name)
    try:
        yield partial
        partial.chmod(0o644)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
