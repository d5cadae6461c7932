"""How much memory a house of processes holds: ``python -m tests.benchmarks.memory PID``.

RSS counts a shared page once for each process; PSS divides it among those that share it, so that the
PSS column adds up to what the machine really gives. Both in MiB, from the kernel's ``smaps_rollup``.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

HOUSE = "house without simulators"


@dataclass(frozen=True)
class Held:
    """One process. Sizes in bytes."""

    pid: int
    name: str
    rss: int
    pss: int


def measure(pid: int) -> list[Held]:
    """The process and all its descendants."""
    root = psutil.Process(pid)
    return [held(process.pid) for process in (root, *root.children(recursive=True))]


def held(pid: int) -> Held:
    sizes = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        label, amount, *_unit = line.split()
        sizes[label] = int(amount) * 1024
    return Held(pid, name_of(pid), sizes["Rss:"], sizes["Pss:"])


def name_of(pid: int) -> str:
    command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    comm = Path(f"/proc/{pid}/comm").read_text().strip()
    return "simulators" if "publishers.simulators" in command else comm


def table(rows: list[Held]) -> str:
    lines = [f"{'pid':>8} {'RSS':>8} {'PSS':>8}  MiB"]
    lines += [line(str(row.pid), row.name, [row]) for row in rows]
    lines += [line("", HOUSE, [row for row in rows if row.name != "simulators"]), line("", "all", rows)]
    return "\n".join(lines)


def line(pid: str, name: str, rows: list[Held]) -> str:
    rss, pss = (sum(getattr(row, size) for row in rows) / 2**20 for size in ("rss", "pss"))
    return f"{pid:>8} {rss:8.1f} {pss:8.1f}  {name}"


if __name__ == "__main__":
    print(table(measure(int(sys.argv[1]))))
