"""What a person decides about one delivery, on its channel alone."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _l

from calendar_app import ahead
from calendar_app.attempts import open_attempt
from calendar_app.content import digest
from calendar_app.deliveries import advance
from calendar_app.extensions import db
from calendar_app.models import Attempt, ChannelState, Delivery, Stage, State, Step, User
from calendar_app.refusals import Refusal


class NotPossible(Refusal):
    """The delivery has moved on, or something stands in the way of what was asked."""


def retry(delivery: Delivery, by: User, now: datetime) -> None:
    """A person sends a failed or held delivery again, on this channel alone, now or when the channel's rest is over.

    Raises ``NotPossible``.
    """
    _refuse_unapproved(delivery)
    window = delivery.not_later_than - delivery.promised_at
    due_at = max(now, delivery.channel.rests_until or now)
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


def did_not_appear(delivery: Delivery, by: User, now: datetime) -> None:
    """A person looked and it is not there: it failed, and may be retried. Raises ``NotPossible``."""
    moved = advance(delivery.id, State.FAILED, sources={State.UNCONFIRMED}, look_at=None)
    _answered(delivery, moved, by, now)


def _refuse_unapproved(delivery: Delivery) -> None:
    if delivery.variant is None or delivery.variant.post.stage != Stage.APPROVED:
        raise NotPossible(_l("This post is not approved any more. Have it approved again first."))
    if delivery.digest != digest(delivery.variant):
        raise NotPossible(_l("This post has changed since it was approved. Have it approved again first."))
    if delivery.channel.state in (ChannelState.RECONNECT, ChannelState.REMOVED):
        raise NotPossible(_l("Reconnect the channel first."))
    if delivery.channel.state == ChannelState.PAUSED or delivery.channel.workspace.paused_at:
        raise NotPossible(_l("Publishing is paused. Resume it first."))


def _answered(delivery: Delivery, moved: bool, by: User, now: datetime) -> None:
    if not moved:
        raise NotPossible(_l("This has moved on meanwhile. Look at its state again."))
    attempt = db.session.get_one(Attempt, open_attempt(delivery.id, Step.ANSWER, now, "", by))
    attempt.closed_at = now
    attempt.message = delivery.state.value
    db.session.expire(delivery)
