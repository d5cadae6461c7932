"""What follows a post, on its delivery's row of the panel: how each part of it stands, and what a person is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from calendar_app.extensions import db
from calendar_app.follow_ups import ASKED_ABOUT
from calendar_app.models import ChannelState, Delivery, FollowState, FollowUp, Hold, State
from calendar_app.web import edge, wording
from calendar_app.web.wording import HELD, SITUATION, said

STANDING = {
    FollowState.SENDING: SITUATION[State.PUBLISHING],
    FollowState.OUT: SITUATION[State.PUBLISHED],
    FollowState.FAILED: SITUATION[State.FAILED],
    FollowState.UNCONFIRMED: SITUATION[State.UNCONFIRMED],
    FollowState.LEFT: _l("Left out."),
}
UNKNOWN_POST = _l("Almanac does not know this post on the platform, so put it there by hand.")
IN_DOUBT = _l("It may not be what was approved, or may be there already, so nothing was sent.")


@dataclass(frozen=True)
class Part:
    """One text that follows; ``at`` is when its state began or ends, where that is known."""

    row: FollowUp
    situation: str
    quote: str
    link: str
    may_decide: bool
    may_send: bool

    @property
    def at(self) -> datetime | None:
        return self.row.closed_at or self.row.sent_at or self.row.due_at

    @property
    def clock(self) -> str:
        """Its time of day as the reader's clock shows it."""
        return wording.clock(self.at) if self.at else ""


@dataclass(frozen=True)
class Following:
    """All that follows one delivery, under its name on that platform."""

    name: str
    parts: tuple[Part, ...]

    @property
    def is_asked(self) -> bool:
        """Whether a person has to say what is to become of it."""
        return any(part.row.state in ASKED_ABOUT for part in self.parts)

    @property
    def next_at(self) -> datetime | None:
        """When something will change by itself."""
        return min((part.row.due_at for part in self.parts if part.row.due_at), default=None)


def rows_of(deliveries: Sequence[Delivery]) -> dict[int, list[FollowUp]]:
    """The rows of each delivery that is out, by its id."""
    out = [delivery.id for delivery in deliveries if delivery.state == State.PUBLISHED]
    found: dict[int, list[FollowUp]] = {}
    query = select(FollowUp).where(FollowUp.delivery_id.in_(out)).order_by(FollowUp.position)
    for row in db.session.scalars(query) if out else ():
        found.setdefault(row.delivery_id, []).append(row)
    return found


def following(
    delivery: Delivery, rows: Mapping[int, Sequence[FollowUp]], now: datetime, *, is_approver: bool
) -> Following | None:
    """What follows this delivery; None where nothing does."""
    own = rows.get(delivery.id, ())
    if not own:
        return None
    parts = tuple(_part(row, delivery, own, now, is_approver=is_approver) for row in own)
    return Following(wording.follow_name(delivery.channel), parts)


def _part(
    row: FollowUp, delivery: Delivery, own: Sequence[FollowUp], now: datetime, *, is_approver: bool
) -> Part:
    may_decide = is_approver and row.state in ASKED_ABOUT
    return Part(
        row=row,
        situation=_situation(row, delivery, now),
        quote=row.error or "" if row.state == FollowState.FAILED else "",
        link=edge.web_link(row.url),
        may_decide=may_decide,
        may_send=may_decide and _is_known(delivery, own),
    )


def _situation(row: FollowUp, delivery: Delivery, now: datetime) -> str:
    if row.state == FollowState.WAITING:
        return _waiting(row, delivery, now)
    if row.state == FollowState.HELD:
        return _held(row, delivery, now)
    return said(STANDING[row.state], delivery)


def _waiting(row: FollowUp, delivery: Delivery, now: datetime) -> str:
    channel = delivery.channel
    if row.due_at is None:
        return _("Waits for what comes before it.")
    if channel.state == ChannelState.PAUSED or channel.workspace.paused_at:
        return _("Waits until publishing is resumed.")
    if channel.state != ChannelState.ACTIVE:
        return _("Waits until the channel is connected again.")
    if row.due_at > now and row.error:
        return _("Not out yet; tried again at %(time)s.", time=wording.clock(row.due_at))
    return _("Goes out next.")


def _held(row: FollowUp, delivery: Delivery, now: datetime) -> str:
    if not delivery.remote_id:
        return str(UNKNOWN_POST)
    return str(HELD[Hold.LATE] if now > row.not_later_than else IN_DOUBT)


def _is_known(delivery: Delivery, own: Sequence[FollowUp]) -> bool:
    """Whether there is anything on the platform that it could be put after."""
    return bool(delivery.remote_id) or any(row.remote_id for row in own)
