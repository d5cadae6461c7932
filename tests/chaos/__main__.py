"""``make chaos``: storms on both databases; prints what was done and what came of it, and fails on any broken promise."""

from __future__ import annotations

import argparse
import sys

from tests.chaos.storm import run


def main() -> int:
    """0 when every storm's audit is clean."""
    options = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    options.add_argument("--posts", type=int, default=300, help="deliveries on each database")
    options.add_argument("--seconds", type=float, default=60, help="how long they fall due and faults strike")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--engine", choices=("sqlite", "postgres"), action="append")
    chosen = options.parse_args()
    clean = True
    for engine in chosen.engine or ("sqlite", "postgres"):
        faults, found = run(engine, chosen.posts, chosen.seconds, chosen.seed)
        print(f"{engine}: {found.posts} posts, {faults.total()} faults, seed {chosen.seed}")
        for name, count in sorted(faults.items()):
            print(f"  {count:4} x {name}")
        print(f"  states {found.states}")
        print(
            f"  doubled {len(found.doubled)}, lost {len(found.lost)}, untrue {len(found.untrue)}, early {found.early}"
        )
        clean = clean and found.is_clean
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
