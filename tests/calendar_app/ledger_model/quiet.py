"""The end of an example: good weather, and the clock goes from instant to instant until nothing is left to do."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select

from calendar_app import content, handing, sweeps
from calendar_app.deliveries import GATE
from calendar_app.extensions import db
from calendar_app.models import Channel, ChannelState, Delivery, Hold, Stage, State
from tests.calendar_app.ledger_model import promises
from tests.calendar_app.ledger_model.actors import WAITING, Actor
from tests.calendar_app.ledger_model.acts import RERING, work
from tests.calendar_app.ledger_model.world import World

MOST_ROUNDS = 400
A_MOMENT, A_TICK = timedelta(microseconds=1), timedelta(seconds=1)
ENOUGH = timedelta(minutes=5)
ENDED = (State.PUBLISHED, State.CANCELED, State.HELD, State.FAILED)


def leave(actor: Actor) -> None:
    """Let it finish, unless it waits for a time to come."""
    while not actor.dead and actor.stop != WAITING:
        actor.go_on()
    actor.kill()


def next_instant(now: datetime) -> datetime | None:
    """The next instant on the clock's agenda; None when there is nothing."""
    agenda = sweeps.agenda()
    db.session.rollback()
    strictly = [agenda.lease, agenda.bound, agenda.rung and agenda.rung + RERING]
    listed = [
        agenda.due,
        agenda.prepare,
        agenda.look,
        *(instant and instant + A_MOMENT for instant in strictly),
    ]
    known = [instant for instant in listed if instant is not None]
    return max(now, min(known)) if known else None


def due(now: datetime) -> list[int]:
    """What a worker may publish now."""
    return _ids(Delivery.state == State.SCHEDULED, Delivery.due_at <= now + GATE)


def later(now: datetime) -> list[int]:
    """What no worker may publish yet."""
    return _ids(Delivery.state == State.SCHEDULED, Delivery.due_at > now + GATE)


def handed() -> list[int]:
    """What is in a person's hands."""
    return _ids(handing.IS_HANDED)


def _ids(*where: ColumnElement[bool]) -> list[int]:
    found = list(db.session.scalars(select(Delivery.id).where(*where).order_by(Delivery.id)))
    db.session.rollback()
    return found


def is_anything_scheduled() -> bool:
    """Whether anything may still go out by itself."""
    found = db.session.scalar(select(func.count()).where(Delivery.state == State.SCHEDULED))
    db.session.rollback()
    return bool(found)


def until_due(now: datetime) -> datetime:
    """The instant at which something can be published."""
    first = db.session.scalar(select(func.min(Delivery.due_at)).where(Delivery.state == State.SCHEDULED))
    db.session.rollback()
    return max(now, first) if first else now


def after_leases(now: datetime) -> datetime:
    """An instant at which every lease there is has lapsed."""
    last = db.session.scalar(select(func.max(Delivery.lease_until)).where(Delivery.state == State.PUBLISHING))
    db.session.rollback()
    return max(now, last + A_MOMENT) if last else now


def comes_to_an_end(world: World) -> None:
    """Raises AssertionError where something does not end, or not truthfully, or was held without need."""
    sure = _sure_to_go_out(world)
    _end_reviews(world)
    for _ in range(MOST_ROUNDS):
        upcoming = next_instant(world.now)
        if upcoming is None:
            break
        # An unanswered ring keeps what it rang for on the agenda: meanwhile the clock ticks on.
        world.now = upcoming if upcoming > world.now else world.now + A_TICK
        for job, delivery_id in rung(world):
            work(world, job, delivery_id, "the last")()
        _end_reviews(world)
        found = promises.broken(world)
        assert not found, found
    else:
        raise AssertionError(f"there is no end to it: {sweeps.agenda()}")
    _ended_well(world, sure)


def rung(world: World) -> list[tuple[str, int]]:
    """One round of the clock: the jobs that it rings for, each with its delivery."""
    sweeps.reap(world.now)
    sweeps.hold_late(world.now)
    preparing, looking = sweeps.to_prepare(world.now, RERING), sweeps.to_look(world.now, RERING)
    ringing = sweeps.due(world.now, RERING)
    db.session.commit()
    jobs = {"prepare": preparing, "settle": looking, "publish": ringing}
    return [(job, delivery_id) for job, ids in jobs.items() for delivery_id in ids]


def _end_reviews(world: World) -> None:
    for board in world.boards.values():
        for key in [key for key, post in board.pending.items() if post]:
            board.finish(key, shows=True)


def _sure_to_go_out(world: World) -> set[str]:
    """What nothing stands in the way of any more."""
    db.session.rollback()
    channels = {channel.id: channel for channel in db.session.query(Channel)}
    paused = world.workspace().paused_at is not None
    sure = set()
    for key, row in promises.ledger().items():
        channel = channels[row.channel_id]
        begins = max(world.now, row.due_at, channel.rests_until or world.now)
        is_open = channel.state == ChannelState.ACTIVE and not paused
        is_true = world.promises[key].text is not None and world.promises[key].post_id not in world.tampered
        is_true = is_true and _says_what_was_approved(world.delivery(row.id))
        if row.state == State.SCHEDULED and is_open and is_true and begins + ENOUGH < row.not_later_than:
            sure.add(key)
    db.session.rollback()
    return sure


def _says_what_was_approved(delivery: Delivery) -> bool:
    """Not so where it was in flight while its post was changed, or sent back, and maybe approved anew."""
    variant = delivery.variant
    if variant is None or variant.post.stage != Stage.APPROVED:
        return False
    return delivery.digest == content.digest(variant)


def _ended_well(world: World, sure: set[str]) -> None:
    db.session.rollback()
    for key, row in promises.ledger().items():
        asks = row.state == State.UNCONFIRMED and row.look_at is None
        assert row.state in ENDED or asks, f"delivery {row.id} never ended: {row.state}"
        in_hand = row.held_reason == Hold.HANDOVER and world.board_of(world.promises[key]).assisted
        assert key not in sure or row.state == State.PUBLISHED or in_hand, (
            f"delivery {row.id} was held in vain: {row.state}, {row.held_reason}"
        )
    db.session.rollback()
