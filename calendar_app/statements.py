"""The UPDATEs that every delivery goes through, each built once: building one costs ten times what running it does.

They speak to the tables, not to loaded objects: who has a delivery loaded reads it anew after the commit.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from functools import cache

from sqlalchemy import ColumnElement, Table, bindparam, or_, update
from sqlalchemy.sql.dml import ReturningUpdate

from calendar_app.models import Delivery, State

_table: Table = Delivery.__table__  # type: ignore[assignment]
_ours = (_table.c.state == State.PUBLISHING) & (_table.c.lease_token == bindparam("token"))


class Guard(Enum):
    """What must hold of the row beside its state, and the parameters that this takes."""

    DUE = "by"
    AS_SEEN = "by, seen"
    OURS = "token"
    LEASED = "token, by"


_is_due = _table.c.due_at <= bindparam("by")
_GUARDS = {
    Guard.DUE: _is_due,
    Guard.AS_SEEN: _is_due & (_table.c.digest == bindparam("seen")) & (_table.c.looks == 0),
    Guard.OURS: _ours,
    Guard.LEASED: _ours & (_table.c.lease_until > bindparam("by")),
}


def _is_any(sources: frozenset[State]) -> ColumnElement[bool]:
    """``IN`` would be written out anew each time that a statement runs."""
    return or_(*(_table.c.state == source for source in sorted(sources)))


@cache
def guarded(guard: Guard, sources: frozenset[State], names: tuple[str, ...]) -> ReturningUpdate[datetime]:
    """Sets the columns ``names`` to the parameters ``new_NAME`` of row ``delivery_id``, if it is in ``sources`` and the
    guard holds; returns its ``due_at``.
    """
    return (
        update(_table)
        .where(_table.c.id == bindparam("delivery_id"), _is_any(sources), _GUARDS[guard])
        .values({name: bindparam(f"new_{name}", type_=_table.c[name].type) for name in names})
        .returning(_table.c.due_at)
    )
