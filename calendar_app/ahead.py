"""When to look ahead at a delivery: a day and an hour before it is due, and more often while something is amiss."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, null, update

from calendar_app.extensions import db
from calendar_app.models import Delivery, State

DAY, HOUR, LAST = timedelta(days=1), timedelta(hours=1), timedelta(minutes=3)
# How much earlier than its time a look may come, so that deliveries of one channel share it.
EARLY = ((DAY, timedelta(hours=6)), (HOUR, timedelta(minutes=15)), (LAST, timedelta(minutes=1)))
TOO_LATE = timedelta(minutes=2)
SOONEST, OFTEN, SELDOM = timedelta(minutes=2), timedelta(minutes=15), timedelta(hours=1)
IS_WARNED = (Delivery.state == State.SCHEDULED) & Delivery.warnings.is_not(null())
LAST_HOURS = timedelta(hours=6)


def first(due_at: datetime, now: datetime) -> datetime | None:
    """The first look: at once where less than a day is left, None where nothing could be mended in time."""
    return max(now, due_at - DAY) if due_at - now > TOO_LATE else None


def following(
    due_at: datetime, now: datetime, *, prepares: bool, amiss_since: datetime | None
) -> datetime | None:
    """The look after one at ``now``.

    The last one, minutes before, is only for what has to be prepared. While something is amiss the looks begin close
    together and become rarer, so that a mended cause disappears soon.
    """
    planned = _planned(due_at, now, prepares)
    if amiss_since is None or due_at - now > DAY + EARLY[0][1]:
        return planned
    rarest = OFTEN if due_at - now <= LAST_HOURS else SELDOM
    again = now + min(max(now - amiss_since, SOONEST), rarest)
    if again > due_at - TOO_LATE:
        return planned
    return min(again, planned or again)


def shares(now: datetime) -> ColumnElement[bool]:
    """Which deliveries a look at ``now`` serves: those whose look has come, or comes so soon that it can be this one."""
    (day, quarter_day), (hour, quarter), (_, minute) = EARLY
    return (
        (Delivery.check_at <= now + minute)
        | ((Delivery.due_at > now + hour / 2) & (Delivery.check_at <= now + quarter))
        | ((Delivery.due_at > now + day) & (Delivery.check_at <= now + quarter_day))
    )


def look_again(where: ColumnElement[bool], now: datetime) -> None:
    """Something was mended: look at once at the warned deliveries that ``where`` names."""
    db.session.execute(
        update(Delivery).where(IS_WARNED, where).values(check_at=now),
        execution_options={"synchronize_session": False},
    )


# The columns of a delivery that is not looked at any more.
NO_MORE: Mapping[str, Any] = {"check_at": None, "warnings": None}


def _planned(due_at: datetime, now: datetime, prepares: bool) -> datetime | None:
    stations = EARLY if prepares else EARLY[:2]
    return next((due_at - lead for lead, early in stations if due_at - lead > now + early), None)
