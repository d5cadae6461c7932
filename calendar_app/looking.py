"""What a look at the platform makes of a delivery that may be out: who may look, when next, and what was found."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, update

from calendar_app.deliveries import advance, as_published, write
from calendar_app.models import Delivery, State
from publishers.values import Receipt

LOOKED_AT = frozenset({State.UNCONFIRMED, State.PROCESSING})


def settled_published(delivery_id: int, receipt: Receipt, now: datetime) -> bool:
    """An unconfirmed or processing delivery turned out to be visible."""
    return advance(delivery_id, State.PUBLISHED, sources=LOOKED_AT, **as_published(receipt, now))


def settled_absent(delivery_id: int, due_at: datetime, *where: ColumnElement[bool]) -> bool:
    """An unconfirmed delivery surely is not out: due again."""
    return advance(
        delivery_id, State.SCHEDULED, *where, sources={State.UNCONFIRMED}, look_at=None, due_at=due_at
    )


def settled_failed(delivery_id: int, message: str) -> bool:
    """The platform turned a processing delivery down."""
    return advance(delivery_id, State.FAILED, sources={State.PROCESSING}, look_at=None, error=message)


def take_look(delivery_id: int, looks: int, look_at: datetime | None) -> bool:
    """The right to make the look after ``looks`` others, for one worker; ``look_at`` is when the next one is."""
    return write(
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.state.in_(LOOKED_AT), Delivery.looks == looks)
        .values(looks=looks + 1, look_at=look_at)
    )


def look_later(delivery_id: int, look_at: datetime) -> None:
    """Look again at that instant, rather than when it was planned."""
    write(
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.state.in_(LOOKED_AT))
        .values(look_at=look_at)
    )


def ask_a_person(delivery_id: int) -> None:
    """Nothing can be looked up there: whether it is out is a question to a person from now on."""
    write(
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.state == State.UNCONFIRMED)
        .values(look_at=None)
    )
