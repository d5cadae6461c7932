"""``make bench``: every measurement in one run, as a table and as ``build/bench.json``. Run it on a quiet machine.

``python -m tests.benchmarks [--quick] [NAME ...]``: names choose measurements; ``--quick`` takes small sizes, for trying.
"""

from __future__ import annotations

import json
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, is_dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.benchmarks.figures import Line, table
from tests.benchmarks.grounds import Grounds

NAMES = ("scan", "claim", "feed", "engagement", "screens", "burst", "steady", "lateness", "idle")
RESULTS = Path("build") / "bench.json"


def main(arguments: Sequence[str]) -> None:
    """Measure, print, keep."""
    quick, chosen = "--quick" in arguments, [word for word in arguments if word != "--quick"] or list(NAMES)
    if unknown := sorted(set(chosen) - set(NAMES)):
        sys.exit(f"There is no measurement {', '.join(unknown)}. Choose from: {', '.join(NAMES)}")
    told: list[Line] = []
    kept: dict[str, Any] = {"python": platform.python_version(), "quick": quick, "measurements": {}}
    with Grounds() as grounds:
        for name in chosen:
            told += _run(name, grounds, quick, kept["measurements"])
    print(table(told))
    kept["table"] = [asdict(line) for line in told]
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(kept, indent=2))
    print(f"Written to {RESULTS}")


def _run(name: str, grounds: Grounds, quick: bool, kept: dict[str, Any]) -> list[Line]:
    """One measurement; it says that it is under way, since some take minutes."""
    module, begun = import_module(f"tests.benchmarks.{name}"), time.monotonic()
    print(f"measuring {name} ...", end=" ", flush=True)
    found = module.measure(grounds, quick=quick)
    seconds = time.monotonic() - begun
    print(f"{seconds:.0f} s", flush=True)
    kept[name] = {"seconds": seconds, "found": _plain(found)}
    told: list[Line] = module.lines(found)
    return told


def _plain(found: Any) -> Any:
    """Dataclasses as JSON's own kinds."""
    if isinstance(found, list | tuple):
        return [_plain(one) for one in found]
    return asdict(found) if is_dataclass(found) and not isinstance(found, type) else found


if __name__ == "__main__":
    main(sys.argv[1:])
