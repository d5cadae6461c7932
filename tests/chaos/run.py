"""One storm from its plan to its report."""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from calendar_app.extensions import db
from tests.chaos import faults, hasty, outcomes
from tests.chaos.audit import PROMISES, Audit, Auditor
from tests.chaos.book import now
from tests.chaos.outcomes import ENDS, Line
from tests.chaos.plan import draw
from tests.chaos.stage import BRANDS, Stage, promise_all, stage, time_to_promise
from tests.chaos.storm import PATIENCE, Storm, wait_for

# A channel's own pace must leave room for all of its deliveries: Mastodon takes 300 in three hours.
ON_ONE_CHANNEL, FEWEST_CHANNELS = 160, 4
GATHERING, RESERVE = timedelta(seconds=12), 1.3


@dataclass(frozen=True)
class Report:
    """What a storm was and what it came to; durations in seconds."""

    engine: str
    seed: int
    seconds: float
    writing: float
    settling: float
    settled: bool
    audit: Audit
    lines: list[Line]

    @property
    def missing(self) -> list[str]:
        """Kinds of the plan that never struck."""
        return [line.kind for line in self.lines if not line.struck]

    def as_text(self, shown: int) -> list[str]:
        """The table, and up to ``shown`` sentences on each broken promise."""
        audit = self.audit
        head = [
            f"{self.engine}: {audit.deliveries} deliveries, storm of {self.seconds:.0f} s, seed {self.seed}",
            f"  written in {self.writing:.0f} s, {'' if self.settled else 'NOT '}settled in {self.settling:.0f} s",
            f"  ended {audit.states}, held {audit.held}, shown by the platforms {audit.shown}",
            f"  {'kind':42}{'struck':>8}{'touched':>9}" + "".join(f"{end:>10}" for end in ENDS),
        ]
        rows = [
            f"  {line.kind:42}{line.struck:8}{line.touched:9}"
            + "".join(f"{line.ends.get(end, 0) or '':>10}" for end in ENDS)
            for line in self.lines
        ]
        broken = [f"  {name}: {len(audit.broken[name])}" for name in PROMISES]
        broken += [f"  sent late by a frozen worker, as the ledger says: {len(audit.admitted)}"]
        told = [f"    {name}: {each}" for name in PROMISES for each in audit.broken[name][:shown]]
        return head + rows + broken + told

    def as_json(self) -> dict[str, Any]:
        """All of it as plain values."""
        return asdict(self)


def run(
    engine: str,
    deliveries: int,
    seconds: float,
    seed: int,
    names: list[str] | None = None,
    *,
    times: int | None = None,
    patience: float = PATIENCE,
    logs: Path | None = None,
) -> Report:
    """A storm of ``seconds`` over ``deliveries`` on ``engine`` (sqlite or postgres), and its audit."""
    with hasty.shortened():
        return _run(engine, deliveries, seconds, seed, names, times, patience, logs)


def _run(
    engine: str,
    deliveries: int,
    seconds: float,
    seed: int,
    names: list[str] | None,
    times: int | None,
    patience: float,
    logs: Path | None,
) -> Report:
    kinds = chosen_kinds(engine, names)
    each = max(FEWEST_CHANNELS, math.ceil(deliveries / len(BRANDS) / ON_ONE_CHANNEL))
    rates = {name: kind.rate(deliveries, times) for name, kind in kinds.items()}
    plan = draw(seed, deliveries, seconds, each * len(BRANDS), rates)
    with stage(engine, plan, each) as scene:
        began = time.monotonic()
        beginning = now() + GATHERING + RESERVE * deliveries * time_to_promise(scene)
        promise_all(scene, beginning)
        writing = time.monotonic() - began
        db.session.remove()
        scene.crew.start()
        storm = Storm(scene)
        wait_for(beginning - timedelta(seconds=1))
        storm.rage(beginning, {name: (kind.act, kind.ordered) for name, kind in kinds.items()})
        calm = time.monotonic()
        settled = storm.settle(patience)
        settling = time.monotonic() - calm
        storm.visitor.close()
        scene.crew.end()
        auditor = Auditor(scene)
        found = Report(
            engine,
            seed,
            seconds,
            writing,
            settling,
            settled,
            auditor.audit(),
            outcomes.lines(scene, kinds, auditor),
        )
        if logs:
            _keep_logs(scene, logs / f"{engine}.log")
        return found


def chosen_kinds(engine: str, names: list[str] | None) -> dict[str, faults.Kind]:
    """The kinds of an engine by name; raises ValueError for a name that is none."""
    known = {kind.name: kind for kind in faults.KINDS}
    unknown = set(names or ()) - known.keys()
    if unknown:
        raise ValueError(f"no fault is called {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    return {n: kind for n, kind in known.items() if engine in kind.engines and (not names or n in names)}


def _keep_logs(scene: Stage, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    said = [f"{e.at.time()} {e.kind} {e.target} {e.detail}" for e in scene.book.entries]
    path.write_text("\n".join([*said, *scene.crew.said]) + "\n")
