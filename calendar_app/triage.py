"""What a person decides about one delivery, on its channel alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import update

from calendar_app import ahead, follow_ups
from calendar_app.attempts import open_attempt
from calendar_app.content import digest
from calendar_app.deliveries import advance, write
from calendar_app.extensions import db
from calendar_app.models import (
    Attempt,
    ChannelState,
    Delivery,
    FollowState,
    FollowUp,
    Stage,
    State,
    Step,
    User,
)
from calendar_app.refusals import Refusal

FOLLOW_IS_THERE, FOLLOW_SENT, FOLLOW_LEFT = "follow_is_there", "follow_sent", "follow_left"


class NotPossible(Refusal):
    """The delivery has moved on, or something stands in the way of what was asked."""


def retry(delivery: Delivery, by: User, now: datetime) -> None:
    """A person sends a failed or held delivery again, on this channel alone: now, or when its promised time has come and
    the channel's rest is over.

    Raises ``NotPossible``.
    """
    _refuse_unapproved(delivery)
    window = delivery.not_later_than - delivery.promised_at
    due_at = max(now, delivery.promised_at, delivery.channel.rests_until or now)
    moved = advance(
        delivery.id,
        State.SCHEDULED,
        sources={State.FAILED, State.HELD},
        held_reason=None,
        tries=0,
        due_at=due_at,
        not_later_than=due_at + window,
        error=None,
        looks=0,
        prepare_at=now,
        check_at=None,
    )
    _answered(delivery, moved, by, now)


def cancel(delivery: Delivery, by: User, now: datetime) -> None:
    """A person gives a delivery up, on this channel alone. Raises ``NotPossible``."""
    moved = advance(
        delivery.id,
        State.CANCELED,
        sources={State.SCHEDULED, State.HELD, State.FAILED},
        held_reason=None,
        prepare_at=None,
        **ahead.NO_MORE,
    )
    _answered(delivery, moved, by, now)


def appeared(delivery: Delivery, url: str, by: User, now: datetime) -> None:
    """A person saw an unconfirmed post on the platform; ``url`` may be empty. Raises ``NotPossible``."""
    moved = advance(
        delivery.id,
        State.PUBLISHED,
        sources={State.UNCONFIRMED},
        look_at=None,
        published_at=now,
        url=url or None,
        error=None,
    )
    _answered(delivery, moved, by, now)
    follow_ups.plan_by_hand(delivery, now)


def did_not_appear(delivery: Delivery, by: User, now: datetime) -> None:
    """A person looked and it is not there: it failed, and may be retried. Raises ``NotPossible``."""
    moved = advance(delivery.id, State.FAILED, sources={State.UNCONFIRMED}, look_at=None)
    _answered(delivery, moved, by, now)


def follow_is_there(row: FollowUp, by: User, now: datetime) -> None:
    """A person saw on the platform what follows a post; the rest of the thread goes on. Raises ``NotPossible``."""
    moved = _decide_follow(row, FollowState.OUT, closed_at=now, error=None)
    _answered(row.delivery, moved, by, now, FOLLOW_IS_THERE)
    follow_ups.go_on(row.delivery_id, now)


def send_follow(row: FollowUp, by: User, now: datetime) -> None:
    """A person has it said after all, and says by that that it is not there. Raises ``NotPossible``."""
    if follow_ups.target_of(row) is None:
        raise NotPossible(_l("Almanac does not know this post on the platform, so put it there by hand."))
    late = now + follow_ups.window_of(row.delivery)
    fresh = {"sent_at": None, "closed_at": None, "tries": 0, "error": None}
    moved = _decide_follow(row, FollowState.WAITING, due_at=now, not_later_than=late, **fresh)
    _answered(row.delivery, moved, by, now, FOLLOW_SENT)
    rest = (FollowUp.delivery_id == row.delivery_id, FollowUp.state == FollowState.WAITING)
    db.session.execute(update(FollowUp).where(*rest).values(not_later_than=late))


def leave_follows(row: FollowUp, by: User, now: datetime) -> None:
    """A person gives it up, and what would come after it. Raises ``NotPossible``."""
    moved = _decide_follow(row, FollowState.LEFT, closed_at=now)
    _answered(row.delivery, moved, by, now, FOLLOW_LEFT)
    rest = (FollowUp.delivery_id == row.delivery_id, FollowUp.state == FollowState.WAITING)
    db.session.execute(
        update(FollowUp).where(*rest).values(state=FollowState.LEFT, closed_at=now, due_at=None)
    )


def _decide_follow(row: FollowUp, to: FollowState, **changes: Any) -> bool:
    asked = (FollowUp.id == row.id, FollowUp.state.in_(follow_ups.ASKED_ABOUT))
    return write(update(FollowUp).where(*asked).values(state=to, **changes))


def _refuse_unapproved(delivery: Delivery) -> None:
    if delivery.variant is None or delivery.variant.post.stage != Stage.APPROVED:
        raise NotPossible(_l("This post is not approved any more. Have it approved again first."))
    if delivery.digest != digest(delivery.variant):
        raise NotPossible(_l("This post has changed since it was approved. Have it approved again first."))
    if delivery.channel.state in (ChannelState.RECONNECT, ChannelState.REMOVED):
        raise NotPossible(_l("Reconnect the channel first."))
    if delivery.channel.state == ChannelState.PAUSED or delivery.channel.workspace.paused_at:
        raise NotPossible(_l("Publishing is paused. Resume it first."))


def _answered(delivery: Delivery, moved: bool, by: User, now: datetime, said: str = "") -> None:
    if not moved:
        raise NotPossible(_l("This has moved on meanwhile. Look at its state again."))
    attempt = db.session.get_one(Attempt, open_attempt(delivery.id, Step.ANSWER, now, "", by))
    attempt.closed_at = now
    attempt.message = said or delivery.state.value
    db.session.expire(delivery)
