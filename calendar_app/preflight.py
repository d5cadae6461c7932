"""Looking ahead: what could stop a delivery is found while there is time to mend it, and kept as its warnings.

One look asks a channel's platform once and serves all its deliveries whose look has come. Codes of warnings:
credentials_end{at}, channel_unreachable{server}, channel_refused, channel_paused, workspace_paused,
channel_resting{until}, quota_short{limit, resets}, media_not_ready{name}, media_does_not_fit{reason}, not_prepared, preparation_refused{message},
limits_changed{code, params, position, words} (those of a ``Problem``, with its own words in every language). Instants in
params are ISO 8601.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, null, select, update

import publishers
from calendar_app import ahead, channels, content, credentials, library, pacing, parcels
from calendar_app.extensions import db
from calendar_app.models import Channel, ChannelState, Delivery, State
from calendar_app.models._base import Json
from calendar_app.vault import Sealed
from publishers.base import Publisher
from publishers.errors import PublisherError, RateLimited, Unauthorized
from publishers.values import Connected

Clock = Callable[[], datetime]
LIMIT = 500
# Less than any look may come early, so that a look serves what was taken for it.
AGAIN = timedelta(seconds=45)


@dataclass(frozen=True)
class Risk:
    """One thing that could stop a delivery; ``params`` are JSON values."""

    code: str
    params: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What the platform told about a channel, or what kept it from telling.

    ``is_tight`` says that what is scheduled there may be more than its quotas leave room for.
    """

    found: Connected | None = None
    trouble: Risk | None = None
    rests_until: datetime | None = None
    is_tight: bool = False


def due(now: datetime, limit: int = LIMIT) -> list[int]:
    """Channels to look at now; taking them moves their deliveries' next ring."""
    rows = (
        select(Delivery.id)
        .where(Delivery.state == State.SCHEDULED, Delivery.check_at <= now)
        .order_by(Delivery.check_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = update(Delivery).where(Delivery.id.in_(rows)).values(check_at=now + AGAIN)
    found = db.session.scalars(
        taken.returning(Delivery.channel_id), execution_options={"synchronize_session": False}
    )
    return sorted(set(found))


def check(channel_id: int, clock: Clock) -> None:
    """Look at one channel and at its deliveries whose look has come. Commits."""
    answer = _ask(channel_id, clock)
    if answer is not None:
        _judge_all(channel_id, answer, clock())
    db.session.commit()


def _ask(channel_id: int, clock: Clock, *, renews: bool = True) -> Answer | None:
    """Ask the platform with the database let go; None where nothing can be said now."""
    channel = db.session.get(Channel, channel_id, populate_existing=True)
    if channel is None or channel.state == ChannelState.REMOVED:
        return None
    if channel.state == ChannelState.RECONNECT:
        return Answer(trouble=Risk("channel_refused"))
    try:
        there = content.destination(channel)
    except Sealed:
        return Answer()
    publisher, version = publishers.get(channel.platform), channel.credentials_version
    db.session.commit()
    try:
        return Answer(found=publisher.discover(there))
    except Unauthorized as error:
        return _refused(channel_id, version, error, clock, renews=renews)
    except PublisherError as error:
        return _trouble(error, there.base_url)


def _trouble(error: PublisherError, server: str) -> Answer:
    if isinstance(error, RateLimited):
        return Answer(rests_until=error.until)
    return Answer(trouble=Risk("channel_unreachable", {"server": server}))


def _refused(
    channel_id: int, version: int, error: Unauthorized, clock: Clock, *, renews: bool
) -> Answer | None:
    """Renew the credentials once and ask again; in vain, the channel needs reconnecting and holds what it has."""
    if not renews:
        channels.needs_reconnecting(channel_id, error.message, clock(), version)
        return Answer(trouble=Risk("channel_refused"))
    try:
        mended = channels.refused(channel_id, version, error, clock())
    except PublisherError as trouble:
        return _trouble(trouble, db.session.get_one(Channel, channel_id).base_url)
    if mended is credentials.Mended.YES:
        return _ask(channel_id, clock, renews=False)
    return Answer(trouble=Risk("channel_refused")) if mended is credentials.Mended.NO else None


def _judge_all(channel_id: int, answer: Answer, now: datetime) -> None:
    channel = db.session.get(Channel, channel_id, populate_existing=True)
    if channel is None:
        return
    if answer.found is not None:
        channels.take(channel, answer.found)
    looked_at = _looked_at(channel_id, now)
    if looked_at:
        answer = replace(answer, is_tight=_is_tight(channel, now))
        _keep([_row(delivery, answer, now) for delivery in looked_at])


def _is_tight(channel: Channel, now: datetime) -> bool:
    waiting = select(func.count()).where(Delivery.channel_id == channel.id, Delivery.state == State.SCHEDULED)
    planned = db.session.scalar(waiting) or 0
    return any(left.used + planned > left.quota.limit for left in pacing.left(channel, now))


def _looked_at(channel_id: int, now: datetime) -> list[Delivery]:
    query = select(Delivery).where(
        Delivery.channel_id == channel_id, Delivery.state == State.SCHEDULED, ahead.shares(now)
    )
    query = query.options(*parcels.whole()).order_by(Delivery.due_at, Delivery.id).limit(LIMIT)
    return list(db.session.scalars(query.execution_options(populate_existing=True)).unique())


def _row(delivery: Delivery, answer: Answer, now: datetime) -> Json:
    """The delivery's warnings and its next look, as ``_keep`` writes them."""
    known = delivery.warnings or []
    kept = [_dated(warning, known, now) for warning in _judge(delivery, answer, now)]
    since = min((datetime.fromisoformat(warning["at"]) for warning in kept), default=None)
    return {
        "row": delivery.id,
        "due": delivery.due_at,
        "found": kept or None,
        "next": ahead.following(delivery.due_at, now, prepares=_needs_prepare(delivery), amiss_since=since),
    }


def _dated(warning: Risk, known: list[Json], now: datetime) -> Json:
    """With the instant at which it was first seen."""
    same = (old for old in known if (old["code"], old["params"]) == (warning.code, warning.params))
    first_seen = next((old["at"] for old in same), now.isoformat())
    return {"code": warning.code, "params": warning.params, "at": first_seen}


def _keep(rows: list[Json]) -> None:
    """Write what was found, unless a delivery was taken, moved or stopped meanwhile."""
    unmoved = (
        (Delivery.id == bindparam("row"))
        & (Delivery.state == State.SCHEDULED)
        & (Delivery.due_at == bindparam("due", type_=Delivery.due_at.type))
    )
    for empty in (True, False):
        chosen = [row for row in rows if (row["found"] is None) == empty]
        if chosen:
            found = null() if empty else bindparam("found", type_=Delivery.warnings.type)
            statement = (
                update(Delivery)
                .where(unmoved)
                .values(warnings=found, check_at=bindparam("next", type_=Delivery.check_at.type))
            )
            db.session.connection().execute(statement, sorted(chosen, key=lambda row: int(row["row"])))


def _judge(delivery: Delivery, answer: Answer, now: datetime) -> Iterator[Risk]:
    yield from _of_channel(delivery, answer)
    if delivery.variant is not None:
        yield from _of_content(delivery, now)


def _of_channel(delivery: Delivery, answer: Answer) -> Iterator[Risk]:
    channel, due_at = delivery.channel, delivery.due_at
    if answer.trouble:
        yield answer.trouble
    if channel.state == ChannelState.PAUSED:
        yield Risk("channel_paused")
    if channel.workspace.paused_at is not None:
        yield Risk("workspace_paused")
    if channel.expires_at is not None and channel.expires_at <= due_at:
        yield Risk("credentials_end", {"at": channel.expires_at.isoformat()})
    if answer.is_tight:
        yield from _of_quotas(channel, due_at)
    rests_until = max(filter(None, (channel.rests_until, answer.rests_until)), default=None)
    if rests_until is not None and rests_until > due_at:
        yield Risk("channel_resting", {"until": rests_until.isoformat()})


def _of_quotas(channel: Channel, due_at: datetime) -> Iterator[Risk]:
    for left in pacing.left(channel, due_at):
        if left.left == 0:
            resets = left.quota.closes(due_at).isoformat()
            yield Risk("quota_short", {"limit": left.quota.limit, "resets": resets})


def _of_content(delivery: Delivery, now: datetime) -> Iterator[Risk]:
    assert delivery.variant is not None
    words = content.wording(delivery.variant)
    for problem in content.obstacles(words):
        told = {"code": problem.code, "params": dict(problem.params), "position": problem.position}
        own = problem.words
        yield Risk("limits_changed", told | ({"words": [own, own.zh_Hant, own.zh_Hans]} if own else {}))
    for asset, _alt in words.attachments:
        library.want(asset, content.limits_of(words.channel), now)
    try:
        parcel = parcels.pack(delivery)
    except library.NotReady as missing:
        yield Risk("media_not_ready", {"name": str(missing)})
    except library.CannotRender as failure:
        yield Risk("media_does_not_fit", {"reason": failure.reason})
    except Sealed:
        yield Risk("channel_refused")
    else:
        if not parcel.is_prepared(now):
            yield from _unprepared(delivery, now)


def _unprepared(delivery: Delivery, now: datetime) -> Iterator[Risk]:
    """What is uploaded ahead and still is not, when it should be."""
    if delivery.prepare_at is None and delivery.error:
        yield Risk("preparation_refused", {"message": delivery.error})
    elif delivery.due_at - now <= ahead.LAST + timedelta(minutes=1):
        yield Risk("not_prepared")


def _needs_prepare(delivery: Delivery) -> bool:
    if delivery.variant is None:
        return False
    publisher: Publisher = publishers.get(delivery.channel.platform)
    return publisher.needs_prepare(content.as_written(content.wording(delivery.variant)))
