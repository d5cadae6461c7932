"""``make chaos``: storms on both databases; prints what was done and what came of it, and fails on any broken promise."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tests.chaos.run import run
from tests.chaos.storm import PATIENCE

DELIVERIES, MINUTES = 5000, 10.0
SHOWN = 10


def main() -> int:
    """0 when every storm's audit is clean."""
    chosen = _options().parse_args()
    reports = []
    for engine in chosen.engine or ("sqlite", "postgres"):
        report = run(
            engine,
            chosen.deliveries,
            chosen.minutes * 60,
            chosen.seed,
            chosen.faults,
            times=chosen.times,
            patience=chosen.patience,
            logs=chosen.logs,
        )
        print("\n".join(report.as_text(SHOWN)), flush=True)
        reports.append(report)
    chosen.json.parent.mkdir(parents=True, exist_ok=True)
    chosen.json.write_text(json.dumps([report.as_json() for report in reports], indent=1) + "\n")
    return 0 if all(report.audit.is_clean and report.settled for report in reports) else 1


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    options.add_argument("--deliveries", type=int, default=DELIVERIES, help="on each database")
    options.add_argument(
        "--minutes", type=float, default=MINUTES, help="how long they fall due and faults strike"
    )
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--engine", choices=("sqlite", "postgres"), action="append")
    options.add_argument("--faults", type=lambda text: text.split(","), help="only these kinds, by name")
    options.add_argument("--times", type=int, help="of each kind; by default as many as the size calls for")
    options.add_argument("--patience", type=float, default=PATIENCE, help="seconds for everything to end")
    options.add_argument("--json", type=Path, default=Path("build/chaos.json"), help="where the figures go")
    options.add_argument("--logs", type=Path, help="a folder for what the processes said")
    return options


if __name__ == "__main__":
    sys.exit(main())
