"""What a person posts by hand: when it is laid out for them, what forbids it, and what they say of it.

A worker hands a delivery over at its instant, after the same last checks as before sending. From then on it waits in a
person's hands until they show a link or a screenshot; nothing sends it, and nothing takes it back but a withdrawn approval.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, exists, func, select, true, update
from sqlalchemy.orm import joinedload, selectinload

import publishers
from calendar_app import content, deliveries, parcels
from calendar_app.attempts import open_attempt
from calendar_app.extensions import db
from calendar_app.models import (
    Asset,
    Attempt,
    Channel,
    ChannelState,
    Delivery,
    Hold,
    Membership,
    Post,
    Role,
    Stage,
    State,
    Step,
    User,
)
from calendar_app.triage import NotPossible
from publishers.values import Receipt

DONE, PASSED_ON = "done", "passed_on"
SOON = timedelta(days=1)
MOST = 100
LONGEST_REASON = 500
LONGEST_ID = 255
IS_HANDED = (Delivery.state == State.HELD) & (Delivery.held_reason == Hold.HANDOVER)


class Phase(StrEnum):
    """How a hand-off stands for the person who does it."""

    EARLY = "early"
    AHEAD = "ahead"
    HANDED = "handed"
    STOPPED = "stopped"
    CHANGED = "changed"
    DONE = "done"
    OVER = "over"


def is_assisted(channel: Channel) -> bool:
    """Whether a person posts on this channel."""
    return publishers.get(channel.platform).assisted


def opens_at(delivery: Delivery) -> datetime:
    """From when on it is laid out."""
    return delivery.due_at - publishers.get(delivery.channel.platform).prepare_lead


def is_handed(delivery: Delivery) -> bool:
    """Whether it is in a person's hands."""
    return delivery.state == State.HELD and delivery.held_reason == Hold.HANDOVER


def is_late(delivery: Delivery, now: datetime) -> bool:
    """Whether it is still in a person's hands past its latest time."""
    return is_handed(delivery) and now > delivery.not_later_than


def phase(delivery: Delivery, now: datetime) -> Phase:
    """How it stands now; only AHEAD and HANDED may be shown to be posted."""
    if delivery.state == State.PUBLISHED:
        return Phase.DONE
    if delivery.state == State.HELD and delivery.held_reason == Hold.UNAPPROVED:
        return Phase.CHANGED
    if not is_handed(delivery) and delivery.state not in (State.SCHEDULED, State.PUBLISHING):
        return Phase.OVER
    match _obstacle(delivery, now):
        case Hold.UNAPPROVED:
            return Phase.CHANGED
        case Hold.PAUSED | Hold.RECONNECT:
            return Phase.STOPPED
    if is_handed(delivery):
        return Phase.HANDED
    return Phase.AHEAD if now >= opens_at(delivery) else Phase.EARLY


def may_do(delivery: Delivery, member: Membership) -> bool:
    """Whether the member may post it: its owner, and who plans or approves here."""
    return member.role.includes(Role.PLANNER) or delivery.post.owner_id == member.user_id


def done(
    delivery: Delivery,
    by: User,
    now: datetime,
    *,
    seen: str,
    url: str = "",
    evidence: Asset | None = None,
) -> None:
    """A person posted it, in the words of the digest ``seen``, and shows its address or a picture of it.

    Raises ``NotPossible``, also where it was changed or taken back since they saw it.
    """
    if not url and evidence is None:
        raise NotPossible(_l("Paste the link of the post, or add a screenshot of it."))
    remote_id = url[:LONGEST_ID] if url or evidence is None else f"evidence:{evidence.id}"
    where = _is_approved(delivery, seen)
    if not deliveries.posted_by_hand(delivery.id, Receipt(remote_id, url), now, *where):
        raise NotPossible(
            _l("This was changed or decided meanwhile, so nothing was noted. Look at it again.")
        )
    facts: dict[str, Any] = {"url": url} if url else {}
    if evidence is not None:
        deliveries.write(update(Delivery).where(Delivery.id == delivery.id).values(evidence_id=evidence.id))
        facts["evidence"] = evidence.id
    _note(delivery, DONE, by, now, facts)


def passed_on(delivery: Delivery, by: User, now: datetime, reason: str) -> None:
    """A person can't post it: it stays where it is for another one, with the reason. Raises ``NotPossible``."""
    reason = reason.strip()[:LONGEST_REASON]
    if not reason:
        raise NotPossible(_l("Write why, so that somebody else can help."))
    if not deliveries.write(
        update(Delivery).where(Delivery.id == delivery.id, IS_HANDED).values(error=reason)
    ):
        raise NotPossible(
            _l("This was changed or decided meanwhile, so nothing was noted. Look at it again.")
        )
    _note(delivery, PASSED_ON, by, now, {"reason": reason})


def waiting(member: Membership) -> list[Delivery]:
    """What is in people's hands and ``member`` may post, oldest promise first; at most ``MOST``."""
    return _listed(member, _handed(member))


def coming(member: Membership, now: datetime) -> list[Delivery]:
    """What will be handed over within a day and ``member`` may post, soonest first; at most ``MOST``."""
    soon = and_(Delivery.state.in_((State.SCHEDULED, State.PUBLISHING)), Delivery.due_at <= now + SOON)
    return _listed(member, and_(soon, Delivery.channel_id.in_(_channels(member)), _mine(member)))


def count(member: Membership) -> int:
    """How many are in people's hands that ``member`` may post."""
    query = select(func.count(Delivery.id)).join(Post, Post.id == Delivery.post_id)
    return db.session.scalar(query.where(_handed(member))) or 0


def is_used(member: Membership) -> bool:
    """Whether anything is posted by hand in this workspace."""
    return bool(db.session.scalar(select(exists(_channels(member)))))


def load(delivery_id: int) -> Delivery | None:
    """One delivery with all that its page shows, read afresh."""
    return parcels.load(delivery_id)


def _obstacle(delivery: Delivery, now: datetime) -> Hold | None:
    """What forbids posting it; being late does not, that is a person's own decision."""
    sealed = content.digest(delivery.variant) if delivery.variant else ""
    return parcels.obstacle(delivery, sealed, min(now, delivery.not_later_than))


def _is_approved(delivery: Delivery, seen: str) -> tuple[ColumnElement[bool], ...]:
    """What must hold in the very UPDATE: approved is what was seen, and that is what would be sent."""
    sealed = content.digest(delivery.variant) if delivery.variant else ""
    approved = exists().where(Post.id == Delivery.post_id, Post.stage == Stage.APPROVED)
    return (Delivery.digest == seen, Delivery.digest == sealed, approved)


def _note(delivery: Delivery, said: str, by: User, now: datetime, facts: dict[str, Any]) -> None:
    attempt = db.session.get_one(Attempt, open_attempt(delivery.id, Step.ANSWER, now, "", by))
    attempt.closed_at, attempt.message, attempt.evidence = now, said, facts
    db.session.flush()
    db.session.expire(delivery)


def _handed(member: Membership) -> ColumnElement[bool]:
    return and_(Delivery.workspace_id == member.workspace_id, IS_HANDED, _mine(member))


def _mine(member: Membership) -> ColumnElement[bool]:
    """``may_do`` as a condition."""
    return true() if member.role.includes(Role.PLANNER) else Post.owner_id == member.user_id


def _channels(member: Membership) -> Any:
    assisted = [name for name, each in publishers.PLATFORMS.items() if each.assisted]
    return select(Channel.id).where(
        Channel.workspace_id == member.workspace_id,
        Channel.platform.in_(assisted),
        Channel.state != ChannelState.REMOVED,
    )


def _listed(member: Membership, where: ColumnElement[bool]) -> list[Delivery]:
    query = (
        select(Delivery)
        .join(Post, Post.id == Delivery.post_id)
        .where(Delivery.workspace_id == member.workspace_id, where)
        .options(
            joinedload(Delivery.post).joinedload(Post.owner),
            joinedload(Delivery.channel).joinedload(Channel.workspace),
            selectinload(Delivery.attempts),
        )
        .order_by(Delivery.promised_at, Delivery.id)
        .limit(MOST)
    )
    return list(db.session.scalars(query))
