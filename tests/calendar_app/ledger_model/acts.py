"""What people, clocks and workers do in the world; each is one whole process, from its first look to its commit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import update

from calendar_app import (
    approval,
    channels,
    content,
    handing,
    planning,
    preparing,
    publishing,
    settling,
    sweeps,
    triage,
    walltime,
)
from calendar_app.deliveries import GONE_OUT
from calendar_app.extensions import db
from calendar_app.handing import Phase
from calendar_app.models import ChannelState, Delivery, Post, State
from tests.calendar_app.ledger_model.world import Pause, Promise, World
from tests.people import ZONE, a_draft

RERING = timedelta(seconds=20)
Act = Callable[[], None]


def work(world: World, job: str, delivery_id: int, name: str) -> Act:
    """A worker's job for one delivery."""

    def publish() -> None:
        publishing.publish(delivery_id, name, world.clock, world.wait_until)

    def prepare() -> None:
        preparing.prepare(delivery_id, name, world.clock)

    def settle() -> None:
        settling.settle(delivery_id, name, world.clock)

    return {"publish": publish, "prepare": prepare, "settle": settle}[job]


def sweep(world: World, kind: str) -> Act:
    """One of the clock's sweeps, at the instant at which it began."""
    now = world.now
    sweeps_of = {
        "ring": lambda: sweeps.due(now, RERING),
        "reap": lambda: sweeps.reap(now),
        "hold_late": lambda: sweeps.hold_late(now),
        "to_prepare": lambda: sweeps.to_prepare(now, RERING),
        "to_look": lambda: sweeps.to_look(now, RERING),
    }

    def act() -> None:
        sweeps_of[kind]()
        db.session.commit()

    return act


def plan(world: World, where: list[str], ahead: timedelta, grace: int) -> None:
    """Ana writes a post and Bo approves it."""
    chosen = [world.channel(name) for name in where]
    words = f"Post {len(world.post_ids)}, first words"
    draft = a_draft(*chosen, text=words, at=world.now + ahead, grace_minutes=grace)
    post = planning.write(world.workspace(), draft, world.ana(), world.now)
    db.session.flush()
    world.post_ids.append(post.id)
    _approve(world, post)


def edit(world: World, post_id: int, words: str) -> Act:
    """Ana writes other words."""

    def change(post: Post) -> None:
        planning.save(
            post, replace(planning.draft_of(post), text=words), post.revision, world.ana(), world.now
        )

    return _changing(world, post_id, change)


def move(world: World, post_id: int, ahead: timedelta) -> Act:
    """Ana moves it to another time."""

    def change(post: Post) -> None:
        there = walltime.to_wall(world.now + ahead, ZONE)
        planning.move(post, there, post.revision, world.ana(), world.now)

    return _changing(world, post_id, change)


def send_back(world: World, post_id: int) -> Act:
    """Bo wants it changed after all."""

    def change(post: Post) -> None:
        approval.send_back(post, post.revision, world.bo(), world.now, "Not like this.")

    return _changing(world, post_id, change)


def approve(world: World, post_id: int) -> Act:
    """Bo approves what Ana made of it."""
    return lambda: _approve(world, world.post(post_id))


def tamper(world: World, post_id: int) -> Act:
    """Other words slip in behind the approval, past every verb."""

    def act() -> None:
        db.session.execute(update(Post).where(Post.id == post_id).values(text="Slipped in"))
        db.session.commit()
        world.tampered.add(post_id)

    return act


def pause(world: World, what: str) -> Act:
    """A pause of one channel or of the whole workspace, and what it said was in flight."""

    def act() -> None:
        now = world.now
        if what == "workspace":
            stopped = channels.pause_workspace(world.workspace(), "crisis", now)
            whose = tuple(world.channel_ids.values())
        else:
            stopped = channels.pause(world.channel(what), "crisis", now)
            whose = (world.channel_ids[what],)
        db.session.commit()
        world.pauses[what] = Pause(whose, stopped.in_flight)

    return act


def resume(world: World, what: str) -> Act:
    """The pause ends."""

    def act() -> None:
        if what == "workspace":
            channels.resume_workspace(world.workspace(), world.now)
        else:
            channels.resume(world.channel(what), world.now)
        db.session.commit()
        world.pauses.pop(what, None)

    return act


def reconnect(world: World, what: str) -> Act:
    """Di signs in again, on one channel or on all."""

    def act() -> None:
        for name in world.channel_ids if what == "workspace" else [what]:
            channel = world.channel(name)
            channels.reconnect(channel, world.boards[name].found(), world.now)
            db.session.flush()
            is_open = channel.state == ChannelState.ACTIVE
            db.session.commit()
            if is_open:
                world.pauses.pop(name, None)

    return act


def decide(world: World, delivery_id: int, what: str) -> Act:
    """A person's decision about one delivery; whoever is asked looks, and tells the truth."""

    def act() -> None:
        delivery, now = world.delivery(delivery_id), world.now
        key = delivery.key
        if what == "cancel":
            triage.cancel(delivery, world.bo(), now)
        elif what == "retry":
            triage.retry(delivery, world.bo(), now)
        elif world.board_of(world.promises[key]).is_visible(key):
            triage.appeared(delivery, "", world.bo(), now)
        else:
            triage.did_not_appear(delivery, world.bo(), now)
        db.session.flush()
        closes = delivery.not_later_than
        db.session.commit()
        if what == "retry":
            world.promises[key].opens, world.promises[key].closes = now, closes

    return act


def post_by_hand(world: World, delivery_id: int) -> Act:
    """Bo opens the hand-off, posts what it lays out unless somebody is at that, and says so."""

    def act() -> None:
        delivery = handing.load(delivery_id)
        assert delivery is not None
        if handing.phase(delivery, world.clock()) != Phase.HANDED or delivery.variant is None:
            return
        key, seen, words = delivery.key, delivery.digest, content.text_of(delivery.variant)
        board = world.board_of(world.promises[key])
        if board.is_visible(key):
            return
        with board.posted_by_hand(key, words):
            db.session.rollback()
            theirs = world.delivery(delivery_id)
            handing.done(theirs, world.bo(), world.now, seen=seen, url=f"http://127.0.0.1:9/{key}")
            db.session.commit()

    return act


def _approve(world: World, post: Post) -> None:
    approval.submit(post, world.ana(), world.now)
    approval.approve(post, post.revision, world.bo(), world.now)
    db.session.flush()
    promised = {d.key: _promise(post, d) for d in _deliveries(post) if d.state == State.SCHEDULED}
    db.session.commit()
    world.promises.update(promised)
    world.tampered.discard(post.id)


def _promise(post: Post, delivery: Delivery) -> Promise:
    assert delivery.variant is not None
    words = content.text_of(delivery.variant)
    return Promise(delivery.id, post.id, delivery.channel_id, words, delivery.due_at, delivery.not_later_than)


def _changing(world: World, post_id: int, change: Callable[[Post], None]) -> Act:
    """A change that takes back the approval of all that is not out yet."""

    def act() -> None:
        post = world.post(post_id)
        change(post)
        db.session.flush()
        withdrawn = [d.key for d in _deliveries(post) if d.state not in GONE_OUT]
        db.session.commit()
        for key in withdrawn:
            world.promises[key].text = None

    return act


def _deliveries(post: Post) -> list[Delivery]:
    db.session.expire(post, ["deliveries"])
    for delivery in post.deliveries:
        db.session.refresh(delivery)
    return list(post.deliveries)
