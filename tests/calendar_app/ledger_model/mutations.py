"""Does the model notice? Each guard of the ledger is broken, alone, in a copy of the tree, and the model test is run there.

python -m tests.calendar_app.ledger_model.mutations [--engine sqlite|postgres] [--hasty] [NAME ...]
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
COPIED = ("calendar_app", "publishers", "media", "workers", "tests", "templates", "pytest.ini")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "static", "node_modules", "*.po", "*.mo")
TEST = "tests/calendar_app/test_ledger_model.py"
BEGINNING = "state = Ledger()"


@dataclass(frozen=True)
class Mutation:
    """``before`` occurs once in ``path`` and becomes ``after``."""

    name: str
    path: str
    before: str
    after: str

    def break_it(self, tree: Path) -> None:
        """Raises LookupError when the code has changed since this was written."""
        file = tree / self.path
        text = file.read_text(encoding="utf-8")
        if text.count(self.before) != 1:
            raise LookupError(f"{self.name}: {self.path} does not hold once:\n{self.before}")
        file.write_text(text.replace(self.before, self.after), encoding="utf-8")


MUTATIONS = (
    Mutation(
        "the guard of a claim",
        "calendar_app/statements.py",
        "_is_any(sources), _GUARDS[guard])",
        "guard is Guard.DUE or _is_any(sources), _GUARDS[guard])",
    ),
    Mutation(
        "the due time in a claim",
        "calendar_app/deliveries.py",
        '{"by": now + GATE}',
        '{"by": datetime.max.replace(tzinfo=now.tzinfo)}',
    ),
    Mutation(
        "sent_at before the call",
        "calendar_app/attempts.py",
        '_SENT, {"attempt_id": attempt_id, "now": now}',
        '_SENT, {"attempt_id": attempt_id, "now": None}',
    ),
    Mutation(
        "the commit of sent_at before the call",
        "calendar_app/publishing.py",
        "        if not cleared:\n            db.session.rollback()\n    db.session.commit()\n    return cleared\n",
        "        if not cleared:\n            db.session.rollback()\n    if not cleared:\n        db.session.commit()\n    return cleared\n",
    ),
    Mutation(
        "sent_at in a claim that sends at once",
        "calendar_app/deliveries.py",
        "now, worker, sent_at=sent_at)",
        "now, worker)",
    ),
    Mutation(
        "the commit of a claim that sends at once",
        "calendar_app/publishing.py",
        "            db.session.commit()\n            return Cleared(taken, parcel, looked_at)\n",
        "            return Cleared(taken, parcel, looked_at)\n",
    ),
    Mutation(
        "the digest at the last look",
        "calendar_app/parcels.py",
        "    if not digest == delivery.digest == content.digest(variant):\n        return Hold.UNAPPROVED\n",
        "",
    ),
    Mutation(
        "the pause at the last look",
        "calendar_app/parcels.py",
        "    if channel.state == ChannelState.PAUSED or channel.workspace.paused_at is not None:\n"
        "        return Hold.PAUSED\n    if channel.state != ChannelState.ACTIVE:",
        "    if channel.state == ChannelState.RECONNECT:",
    ),
    Mutation(
        "the window at the last look",
        "calendar_app/parcels.py",
        "    return Hold.LATE if now > delivery.not_later_than else None\n",
        "    return None\n",
    ),
    Mutation(
        "only people post by hand",
        "calendar_app/publishing.py",
        "    elif parcel.publisher.assisted:\n",
        "    elif False:\n",
    ),
    Mutation(
        "the token before sending",
        "calendar_app/statements.py",
        '(_table.c.lease_token == bindparam("token"))',
        '(bindparam("token") != "")',
    ),
    Mutation(
        "a lapsed lease that was sending is unconfirmed",
        "calendar_app/sweeps.py",
        "    sent = attempt is not None and attempt.sent_at is not None\n",
        "    sent = False\n",
    ),
)


def main() -> int:
    """0 when the model noticed every mutation."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("names", nargs="*", help="parts of the mutations' names; all by default")
    options.add_argument("--engine", choices=("sqlite", "postgres"), default="sqlite")
    options.add_argument("--hasty", action="store_true", help="do not look for the shortest example")
    chosen = options.parse_args()
    wanted = [m for m in MUTATIONS if not chosen.names or any(name in m.name for name in chosen.names)]
    noticed = [_is_noticed(mutation, chosen.engine, hasty=chosen.hasty) for mutation in wanted]
    return 0 if all(noticed) else 1


def _is_noticed(mutation: Mutation, engine: str, *, hasty: bool) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        _copy(tree)
        mutation.break_it(tree)
        begun = time.monotonic()
        done = subprocess.run(
            [sys.executable, *f"-m pytest -q -p no:cacheprovider --timeout=0 {TEST} -k {engine}".split()],
            cwd=tree,
            env=os.environ | ({"LEDGER_HASTY": "1"} if hasty else {}),
            capture_output=True,
            text=True,
            check=False,
        )
    noticed = done.returncode == 1 and BEGINNING in done.stdout
    print(
        f"{'noticed' if noticed else 'NOT NOTICED'} on {engine} in {time.monotonic() - begun:.0f} s: {mutation.name}"
    )
    print(*_falsifying(done.stdout), sep="\n", flush=True)
    return noticed


def _copy(tree: Path) -> None:
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=LEFT_OUT)
        else:
            shutil.copy(source, tree / name)


def _falsifying(output: str) -> list[str]:
    """The shortest example that hypothesis found, and what it broke."""
    lines = [line.removeprefix("E").strip() for line in output.splitlines() if line.startswith("E ")]
    said = [line for line in lines if "Error" in line]
    steps = [line for line in lines if line.startswith("state.") and "every_promise_holds" not in line]
    return [f"  {line}" for line in (*said[:1], *steps)]


if __name__ == "__main__":
    sys.exit(main())
