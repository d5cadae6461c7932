"""``make bench``: every measurement in one run, as a table and as ``build/bench.json``. Run it on a quiet machine."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from tests.benchmarks import idle, lateness

RESULTS = Path("build") / "bench.json"


def main() -> None:
    """Measure, print, keep."""
    results = {
        "lateness of the visible call, ms": asdict(lateness.measure()),
        "idle house, MiB and % of a core": asdict(idle.measure()),
    }
    for title, figures in results.items():
        print(title)
        for name, value in figures.items():
            print(f"  {name:<12} {value if not isinstance(value, float) else round(value, 2)}")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2))
    print(f"Written to {RESULTS}")


if __name__ == "__main__":
    main()
