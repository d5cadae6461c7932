"""Does the auditor see what it is there for? A storm upon a copy of the code with one guard broken must end in violations.

python -m tests.chaos.mutations [--without claim-guard] [--engine sqlite]
"""

from __future__ import annotations

import argparse
import ast
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
COPIED = ("calendar_app", "publishers", "media", "workers", "templates", "tests")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "node_modules", "*.po")
UNGUARDED = """
def _unguarded(delivery_id, **changes):
    claimed = update(Delivery).where(Delivery.id == delivery_id).values(state=State.PUBLISHING, **changes)
    return db.session.scalar(claimed.returning(Delivery.due_at))
"""
DELIVERIES, MINUTES, PATIENCE = 150, 0.5, 60


@dataclass(frozen=True)
class Mutation:
    """Which functions of which module lose their guard, and the trouble that shows it."""

    module: str
    functions: tuple[str, ...]
    edit: Callable[[ast.FunctionDef], int]
    faults: str
    times: int
    added: str = ""


def _claims_anything(function: ast.FunctionDef) -> int:
    """The claim asks neither for the state nor for the instant."""
    calls = [n for n in ast.walk(function) if isinstance(n, ast.Call) and ast.unparse(n.func) == "_step"]
    for call in calls:
        call.func, call.args = ast.Name("_unguarded"), call.args[:1]
        call.keywords = [each for each in call.keywords if each.arg != "sources"]
    return len(calls)


def _records_nothing(function: ast.FunctionDef) -> int:
    """No ``sent_at`` is on record when the call is made: neither with the claim nor after it."""
    noted = [n for n in ast.walk(function) if isinstance(n, ast.keyword) and n.arg == "sent_at"]
    for each in noted:
        each.value = ast.Constant(None)
    return len(noted) + _drop(function, lambda e: isinstance(e, ast.Expr) and "mark_sent" in ast.unparse(e))


def _looks_at_no_digest(function: ast.FunctionDef) -> int:
    """The last look takes whatever is there for what was approved."""
    return _drop(function, lambda each: isinstance(each, ast.If) and "digest" in ast.unparse(each.test))


MUTATIONS = {
    "claim-guard": Mutation(
        "calendar_app/deliveries.py", ("_taken",), _claims_anything, "rings for nothing", 12, UNGUARDED
    ),
    "sent-commit": Mutation(
        "calendar_app/deliveries.py",
        ("sending", "_taken"),
        _records_nothing,
        "publish workers killed after the effect",
        3,
    ),
    "digest-check": Mutation(
        "calendar_app/parcels.py", ("obstacle",), _looks_at_no_digest, "words tampered with", 12
    ),
}


def main() -> int:
    """0 when every broken guard was noticed."""
    options = argparse.ArgumentParser(prog="python -m tests.chaos.mutations", description=__doc__)
    options.add_argument("--without", choices=sorted(MUTATIONS), action="append")
    options.add_argument("--engine", choices=("sqlite", "postgres"), action="append")
    options.add_argument("--seed", type=int, default=7)
    chosen = options.parse_args()
    caught = [
        _is_caught(name, engine, chosen.seed)
        for name in chosen.without or MUTATIONS
        for engine in chosen.engine or ("sqlite", "postgres")
    ]
    return 0 if all(caught) else 1


def _is_caught(name: str, engine: str, seed: int) -> bool:
    broken = storm_without(name, engine, seed)
    found = {promise: len(told) for promise, told in broken.items() if told}
    print(f"without {name} on {engine}: {found or 'NOTHING was noticed'}", flush=True)
    return bool(found)


def storm_without(name: str, engine: str, seed: int) -> dict[str, list[str]]:
    """What the auditor finds broken, by promise."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for part in COPIED:
            shutil.copytree(ROOT / part, copy / part, ignore=LEFT_OUT)
        _break(copy, MUTATIONS[name])
        program = [sys.executable, "-m", "tests.chaos", "--engine", engine, "--seed", str(seed)]
        program += [
            "--deliveries",
            str(DELIVERIES),
            "--minutes",
            str(MINUTES),
            "--times",
            str(MUTATIONS[name].times),
        ]
        program += ["--patience", str(PATIENCE)]
        program += ["--faults", MUTATIONS[name].faults, "--json", str(copy / "found.json")]
        subprocess.run(program, cwd=copy, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        (report,) = json.loads((copy / "found.json").read_text())
        broken: dict[str, list[str]] = report["audit"]["broken"]
        return broken


def _break(copy: Path, mutation: Mutation) -> None:
    path = copy / mutation.module
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [e for e in tree.body if isinstance(e, ast.FunctionDef) and e.name in mutation.functions]
    edits = [mutation.edit(function) for function in found]
    assert edits == [1] * len(mutation.functions), f"a guard in {mutation.module} is not where it was"
    tree.body += ast.parse(mutation.added).body
    path.write_text(ast.unparse(ast.fix_missing_locations(tree)), encoding="utf-8")


def _drop(function: ast.FunctionDef, unwanted: Callable[[ast.stmt], bool]) -> int:
    kept = [each for each in function.body if not unwanted(each)]
    dropped = len(function.body) - len(kept)
    function.body = kept
    return dropped


if __name__ == "__main__":
    sys.exit(main())
