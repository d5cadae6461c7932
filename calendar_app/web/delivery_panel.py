"""The delivery panel's rows, and how long it may wait before it looks again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from calendar_app import handing, standing
from calendar_app.extensions import db
from calendar_app.models import (
    Channel,
    Delivery,
    Hold,
    Membership,
    Post,
    Role,
    Stage,
    State,
    User,
    Variant,
)
from calendar_app.web import edge, follow_panel, handoff_links, risks, story, wording
from calendar_app.web.follow_panel import Following
from calendar_app.web.post_forms import AppearedForm

UNDER_WAY = frozenset({State.PUBLISHING, State.PROCESSING})
EAGER = timedelta(seconds=2)
# A person may say any moment that they posted it.
UNHURRIED = timedelta(seconds=10)
FORESIGHT = timedelta(hours=12)
SHORT_STORY = 4
CANCELABLE = frozenset({State.SCHEDULED, State.HELD, State.FAILED})


@dataclass(frozen=True)
class ByHand:
    """The way to a hand-off: its page, and a link with its code for a phone; empty where there is none yet.

    ``is_local``: the house has an address that only its own machine can follow.
    """

    page: str
    link: str
    code: str
    is_local: bool


@dataclass(frozen=True)
class Row:
    """One channel's delivery as it is shown; the ``may_`` flags are for the reader's role and its state."""

    delivery: Delivery
    platform: str
    situation: str
    advice: str
    lateness: str
    lines: tuple[story.Line, ...]
    risks: tuple[risks.Risk, ...]
    quote: str
    post_link: str
    profile_link: str
    may_retry: bool
    may_cancel: bool
    may_answer: bool
    answer: AppearedForm | None = None
    by_hand: ByHand | None = None
    follows: Following | None = None

    @property
    def word(self) -> str:
        """Its state, which a person's hands make another one for its readers."""
        return standing.word(self.delivery.state, self.delivery.held_reason)

    @property
    def channel(self) -> Channel:
        return self.delivery.channel

    @property
    def opens_story(self) -> bool:
        """Whether the attempts matter now, rather than being a record; a long tale waits to be asked for.

        Whoever is asked what became of a post sees all that is known of it.
        """
        if self.delivery.state == State.UNCONFIRMED:
            return bool(self.lines)
        is_settled = self.delivery.state in (State.PUBLISHED, State.CANCELED)
        return not is_settled and 0 < len(self.lines) <= SHORT_STORY


@dataclass(frozen=True)
class Panel:
    """Every delivery of a post; ``wait`` is in seconds, None when nothing will change by itself soon."""

    post: Post
    rows: tuple[Row, ...]
    wait: int | None


def panel(
    post: Post,
    role: Role,
    now: datetime,
    answer: AppearedForm | None = None,
    member: Membership | None = None,
) -> Panel:
    """What the panel shows to someone with ``role``; ``answer`` is a form that was refused.

    A ``member`` who may post by hand is shown the way to that.
    """
    deliveries = deliveries_of(post)
    people, after = people_of(deliveries), follow_panel.rows_of(deliveries)
    is_approver = role.includes(Role.APPROVER)
    rows = tuple(
        replace(
            _row(delivery, role, now, people, answer),
            by_hand=_by_hand(delivery, member),
            follows=follow_panel.following(delivery, after, now, is_approver=is_approver),
        )
        for delivery in deliveries
    )
    return Panel(post, rows, wait(rows, now))


def deliveries_of(post: Post) -> list[Delivery]:
    """Its rows with all that the panel reads, in three queries."""
    query = select(Delivery).where(Delivery.post_id == post.id).order_by(Delivery.id)
    return list(
        db.session.scalars(
            query.options(
                joinedload(Delivery.channel).joinedload(Channel.workspace),
                joinedload(Delivery.variant).joinedload(Variant.post),
                selectinload(Delivery.attempts),
                selectinload(Delivery.snapshots),
            )
        )
    )


def wait(rows: Sequence[Row], now: datetime) -> int | None:
    """Seconds until the panel should look again: soon while something is under way or its instant is near."""
    instants = [instant for row in rows for instant in _expected(row.delivery, now)]
    instants += [row.follows.next_at for row in rows if row.follows and row.follows.next_at]
    if not instants or min(instants) - now > FORESIGHT:
        return None
    return int(max(min(instants) - now, EAGER).total_seconds())


def _expected(delivery: Delivery, now: datetime) -> list[datetime]:
    if delivery.state in UNDER_WAY:
        return [now]
    if delivery.state == State.SCHEDULED:
        return [delivery.due_at]
    if delivery.state == State.UNCONFIRMED and delivery.look_at:
        return [delivery.look_at]
    if handing.is_handed(delivery):
        return [now + UNHURRIED]
    return []


def _row(
    delivery: Delivery, role: Role, now: datetime, people: dict[int, User], answer: AppearedForm | None
) -> Row:
    is_planner, is_approver = role.includes(Role.PLANNER), role.includes(Role.APPROVER)
    return Row(
        delivery=delivery,
        platform=wording.platform(delivery.channel),
        situation=wording.situation(delivery, now),
        advice=wording.advice(delivery),
        lateness=story.lateness(delivery, now),
        lines=tuple(story.story(delivery, people)),
        risks=risks.risks(delivery, role),
        quote=story.last_words(delivery),
        post_link=edge.web_link(delivery.url),
        profile_link=edge.web_link(delivery.channel.profile_url),
        may_retry=is_approver and _retryable(delivery),
        may_cancel=is_planner and delivery.state in CANCELABLE,
        may_answer=is_approver and delivery.state == State.UNCONFIRMED,
        answer=answer if answer and answer.delivery_id == delivery.id else None,
    )


def _by_hand(delivery: Delivery, member: Membership | None) -> ByHand | None:
    is_open = delivery.state in (State.SCHEDULED, State.PUBLISHING) or handing.is_handed(delivery)
    if member is None or not is_open or not _is_approved(delivery):
        return None
    if not handing.is_assisted(delivery.channel) or not handing.may_do(delivery, member):
        return None
    link = handoff_links.address_of(delivery, member.user)
    code = handoff_links.qr_code(link) if link else ""
    page = url_for("handoff.show", delivery_id=delivery.id)
    return ByHand(page, link, code, handoff_links.leads_nowhere())


def _retryable(delivery: Delivery) -> bool:
    """Whether trying again could help: a hold for another reason than lateness has its own way out."""
    is_late = delivery.state == State.HELD and delivery.held_reason in (
        Hold.LATE,
        Hold.PAUSED,
        Hold.RECONNECT,
    )
    return (delivery.state == State.FAILED or is_late) and _is_approved(delivery)


def _is_approved(delivery: Delivery) -> bool:
    variant = delivery.variant
    return variant is not None and variant.post.stage == Stage.APPROVED


def people_of(deliveries: Sequence[Delivery]) -> dict[int, User]:
    """Who answered or decided anything about them, by id."""
    ids = {attempt.by_id for delivery in deliveries for attempt in delivery.attempts if attempt.by_id}
    found = db.session.scalars(select(User).where(User.id.in_(ids))) if ids else ()
    return {user.id: user for user in found}
