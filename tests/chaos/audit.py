"""Holding the platform's own records against the ledger."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session, joinedload

from calendar_app.config import Config
from calendar_app.models import Delivery, State, Variant

ENDED = (State.PUBLISHED, State.FAILED, State.HELD, State.CANCELED)


@dataclass(frozen=True)
class Audit:
    """``lost`` are neither published nor in a state that a person is shown; ``untrue`` contradict the platform."""

    posts: int
    states: dict[str, int]
    doubled: list[str]
    lost: list[str]
    untrue: list[str]
    early: int

    @property
    def is_clean(self) -> bool:
        """Whether every promise held."""
        return not (self.doubled or self.lost or self.untrue or self.early)


def audit(config: Config, records: list[dict[str, Any]], promised: dict[str, float]) -> Audit:
    """Compare what the platform shows with what the ledger says."""
    shown = Counter(record["text"] for record in records)
    ledger = _ledger(config)
    return Audit(
        posts=len(promised),
        states=dict(Counter(state.value for state in ledger.values())),
        doubled=[text for text, count in shown.items() if count > 1],
        lost=[text for text in promised if not shown[text] and ledger.get(text) not in _TOLD],
        untrue=[
            text
            for text, state in ledger.items()
            if (state == State.PUBLISHED) != bool(shown[text]) and state not in _ASKED
        ],
        early=sum(record["at"] < promised[record["text"]] for record in records),
    )


_TOLD = (State.FAILED, State.HELD, State.UNCONFIRMED)
_ASKED = (State.UNCONFIRMED,)


def open_deliveries(config: Config) -> int:
    """How many have not come to an end."""
    with Session(create_engine(config.database_url)) as session:
        waiting = Delivery.state.not_in(ENDED) & ~(
            (Delivery.state == State.UNCONFIRMED) & Delivery.look_at.is_(None)
        )
        return session.scalar(select(func.count()).select_from(Delivery).where(waiting)) or 0


def _ledger(config: Config) -> dict[str, State]:
    with Session(create_engine(config.database_url)) as session:
        rows = session.scalars(
            select(Delivery).options(joinedload(Delivery.variant).joinedload(Variant.post))
        )
        return {row.variant.post.text: row.state for row in rows if row.variant}
