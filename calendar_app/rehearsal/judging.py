"""What became of each delivery of a rehearsal, and why: read off its ledger when the week is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from calendar_app import bounds, content, library, pacing, parcels
from calendar_app.extensions import db
from calendar_app.models import Channel, Delivery, Hold, Outcome, State, Step
from calendar_app.rehearsal.report import Cause, Finding, Report
from calendar_app.rehearsal.week import Week
from publishers.values import Quota

# From here on a person would call it late; what comes at the same minute on one channel goes out seconds apart.
LATE = timedelta(minutes=1)


def judge(week: Week, reached: datetime | None) -> Report:
    """All findings in order of time; what lies behind ``reached`` was not played."""
    handles = {row["id"]: row["handle"] for row in week.rows["channel"]}
    ends = {each.id: _end(each, handles[each.channel_id], reached) for each in _played(week)}
    findings = tuple(end for end in ends.values() if isinstance(end, Finding))
    return Report(
        begins=week.begins,
        ends=week.ends,
        zone=week.zone,
        findings=findings,
        well=sum(end == "well" for end in ends.values()),
        by_hand=sum(end == "by hand" for end in ends.values()),
        skipped=sum(end == "skipped" for end in ends.values()),
        waiting=week.waiting,
        left_out=week.left_out,
        reached=reached,
    )


def _played(week: Week) -> list[Delivery]:
    ids = [row["id"] for row in week.rows["delivery"]]
    query = select(Delivery).where(Delivery.id.in_(ids)).order_by(Delivery.promised_at, Delivery.id)
    query = query.options(*parcels.whole(), selectinload(Delivery.attempts))
    return list(db.session.scalars(query.execution_options(populate_existing=True)).unique())


def _end(delivery: Delivery, handle: str, reached: datetime | None) -> Finding | str:
    if delivery.state == State.PUBLISHED and _late(delivery) < LATE:
        return "well"
    if delivery.state == State.CANCELED:
        return "skipped"
    if delivery.held_reason == Hold.HANDOVER:
        return "by hand"
    if reached is not None and delivery.state in (State.SCHEDULED, State.PROCESSING):
        return "not reached"
    return Finding(
        delivery_id=delivery.id,
        post_id=delivery.post_id,
        channel_id=delivery.channel_id,
        platform=delivery.channel.platform,
        handle=handle,
        text=content.text_of(delivery.variant) if delivery.variant else "",
        promised_at=delivery.promised_at,
        state=delivery.state,
        held_reason=delivery.held_reason if delivery.state == State.HELD else None,
        late=_late(delivery) if delivery.state == State.PUBLISHED else None,
        causes=tuple(_causes(delivery)),
        message=_message(delivery),
    )


def _late(delivery: Delivery) -> timedelta:
    """From the promised instant to the call that made it: how long a platform reviews it is no lateness of ours."""
    made = (Outcome.PUBLISHED, Outcome.ACCEPTED, Outcome.UNCONFIRMED)
    sent = [each.sent_at for each in delivery.attempts if each.sent_at and each.outcome in made]
    at = sent[0] if sent else delivery.published_at
    return at - delivery.promised_at if at else timedelta()


def _message(delivery: Delivery) -> str:
    said = [attempt.message for attempt in delivery.attempts if attempt.message]
    return delivery.error or (said[-1] if said else "")


def _causes(delivery: Delivery) -> Iterator[Cause]:
    channel = delivery.channel
    if delivery.held_reason == Hold.RECONNECT and delivery.state == State.HELD:
        yield _sign_in(channel)
    elif delivery.held_reason == Hold.PAUSED and delivery.state == State.HELD:
        yield Cause("workspace_paused" if channel.workspace.paused_at else "channel_paused")
    elif delivery.held_reason == Hold.UNAPPROVED and delivery.state == State.HELD:
        yield Cause("unapproved")
    elif delivery.state == State.PROCESSING:
        yield Cause("not_reached")
    else:
        yield from _of_files(delivery)
        yield from _of_time(delivery)


def _sign_in(channel: Channel) -> Cause:
    if channel.expires_at is None:
        return Cause("channel_refused")
    return Cause("credentials_end", {"at": channel.expires_at.isoformat()})


def _of_files(delivery: Delivery) -> Iterator[Cause]:
    """What its channel does not take of it any more, and what could not be made to fit."""
    if delivery.variant is None:
        return
    words = content.wording(delivery.variant)
    for problem in content.obstacles(words):
        told = {"code": problem.code, "params": dict(problem.params), "position": problem.position}
        yield Cause("limits_changed", told)
    try:
        content.to_send(words)
    except library.NotReady as missing:
        yield Cause("media_not_ready", {"name": str(missing)})
    except library.CannotRender as failure:
        yield Cause("media_does_not_fit", {"reason": failure.reason})


def _of_time(delivery: Delivery) -> Iterator[Cause]:
    """What kept it from going out in time."""
    tries = [each for each in delivery.attempts if each.step == Step.PUBLISH]
    outcomes = {each.outcome for each in tries}
    if Outcome.PACED in outcomes or any(each.message == pacing.NO_ROOM.message for each in tries):
        yield _pace(delivery)
    elif Outcome.RATE_LIMITED in outcomes and delivery.channel.rests_until:
        yield Cause("channel_resting", {"until": delivery.channel.rests_until.isoformat()})
    elif Outcome.UNPREPARED in outcomes:
        yield Cause("not_prepared")
    elif not tries and delivery.held_reason == Hold.LATE:
        yield Cause("past_its_time")


def _pace(delivery: Delivery) -> Cause:
    """A quota that was spent when it was due, or else the time that its channel leaves between two posts."""
    at = delivery.promised_at
    for quota in bounds.pace_of(delivery.channel).quotas:
        out = _out(delivery.channel_id, quota, at)
        if len(out) >= quota.limit:
            resets = quota.closes(out[len(out) - quota.limit]).isoformat()
            return Cause("quota_short", {"limit": quota.limit, "resets": resets})
    turn = delivery.published_at or delivery.channel.turn_at
    return Cause("too_fast", {"until": turn.isoformat()} if turn else {})


def _out(channel_id: int, quota: Quota, at: datetime) -> list[datetime]:
    """When the channel posted within the window that ``at`` lies in, oldest first."""
    query = select(Delivery.published_at).where(
        Delivery.channel_id == channel_id,
        Delivery.published_at > quota.opened(at),
        Delivery.published_at <= at,
    )
    return [instant for instant in db.session.scalars(query.order_by(Delivery.published_at)) if instant]
