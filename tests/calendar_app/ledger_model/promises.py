"""What must hold after every step, read from the ledger and from what the platforms show."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, text

from calendar_app import sweeps
from calendar_app.deliveries import EDGES
from calendar_app.extensions import db
from calendar_app.models import Attempt, Delivery, State, Step
from tests.calendar_app.ledger_model.world import World

SAYS_SO = (State.PUBLISHED, State.PROCESSING, State.UNCONFIRMED)
ENDED = (State.PUBLISHED, State.CANCELED)
_open = select(Attempt).where(Attempt.step == Step.PUBLISH, Attempt.closed_at.is_(None)).subquery()
_answer = select(Attempt).where(Attempt.step == Step.ANSWER).subquery()
LEDGER = select(
    *Delivery.__table__.columns,
    select(func.count(_open.c.id))
    .where(_open.c.delivery_id == Delivery.id)
    .scalar_subquery()
    .label("open_tries"),
    select(func.max(_open.c.sent_at))
    .where(_open.c.delivery_id == Delivery.id)
    .scalar_subquery()
    .label("sent"),
    select(func.count(_answer.c.id))
    .where(_answer.c.delivery_id == Delivery.id)
    .scalar_subquery()
    .label("answers"),
).order_by(Delivery.id)
MOVES = text("SELECT DISTINCT source, target FROM moved")


def broken(world: World) -> list[str]:
    """Every promise that does not hold now, in words."""
    db.session.rollback()
    rows = ledger()
    found = [*world.broken, *_undeclared_moves(), *_unreachable(rows.values())]
    for row in rows.values():
        found += [*_untrue(world, row), *_badly_claimed(row)]
    db.session.rollback()
    return found


def ledger() -> dict[str, Row[Any]]:
    """All deliveries by their key, with what their open tries say."""
    return {row.key: row for row in db.session.execute(LEDGER)}


def _undeclared_moves() -> Iterator[str]:
    for source, target in db.session.execute(MOVES):
        if State(target) not in EDGES[State(source)]:
            yield f"a delivery went from {source} to {target}"


def _untrue(world: World, row: Row[Any]) -> Iterator[str]:
    board = world.board_of(world.promises[row.key])
    is_visible = board.is_visible(row.key)
    says_so = row.state in SAYS_SO or (row.state == State.PUBLISHING and row.sent)
    if is_visible and not says_so and row.key not in board.hands:
        yield f"delivery {row.id} is visible and the ledger says {row.state}"
    if row.state == State.PUBLISHED and not is_visible:
        yield f"delivery {row.id} is not visible and the ledger says published"


def _badly_claimed(row: Row[Any]) -> Iterator[str]:
    is_claimed = row.state == State.PUBLISHING
    if is_claimed != bool(row.lease_token) or is_claimed != bool(row.lease_until):
        yield f"delivery {row.id} is {row.state} with the lease {row.lease_token} until {row.lease_until}"
    if row.open_tries != is_claimed:
        yield f"delivery {row.id} is {row.state} with {row.open_tries} open tries"


def _unreachable(rows: Any) -> Iterator[str]:
    agenda = sweeps.agenda()
    for row in rows:
        if row.state not in ENDED and not _comes_up(agenda, row) and not _is_asked(row):
            yield f"nothing and nobody will come for delivery {row.id}, {row.state}"


def _comes_up(agenda: sweeps.Agenda, row: Row[Any]) -> bool:
    match row.state:
        case State.SCHEDULED:
            own = (agenda.rung, row.rung_at) if row.rung_at else (agenda.due, row.due_at)
            return _names(*own) and _names(agenda.bound, row.not_later_than)
        case State.PUBLISHING:
            return _names(agenda.lease, row.lease_until)
        case State.PROCESSING | State.UNCONFIRMED:
            return _names(agenda.look, row.look_at)
    return False


def _names(listed: datetime | None, own: datetime | None) -> bool:
    return listed is not None and own is not None and listed <= own


def _is_asked(row: Row[Any]) -> bool:
    """Whether a person is shown it, with a reason."""
    match row.state:
        case State.HELD:
            return row.held_reason is not None
        case State.FAILED:
            return bool(row.error) or row.answers > 0
        case State.UNCONFIRMED:
            return row.look_at is None
    return False
