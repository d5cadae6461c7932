"""Every kind of trouble, by name: what is done, how often, and on which engine."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select, update

from calendar_app.extensions import db
from calendar_app.models import Delivery, State, Variant
from tests.chaos.plan import Blow, Rate
from tests.chaos.storm import Storm
from tests.chaos.visitor import half_stored, let_no_file_grow
from workers.rings import Bell, OutOfOrder

BOTH = ("sqlite", "postgres")
FULL_TIMES = 24
FULL_SIZE = 5000
STRAY_RINGS = 12
FULL_DISK = 20_000
TOGETHER = 0.7
Act = Callable[[Storm, Blow], str | None]


@dataclass(frozen=True)
class Kind:
    """``times`` in a storm of 5,000; ``earliest`` and ``latest`` place it around its target's instant.

    ``ordered`` ones are laid out at the platforms before the storm and strike the target's own first call. ``alone`` ones share their target with no other. An act
    answers None when it could not strike; where ``fault`` is named, the platforms' own notes tell whom it struck.
    """

    name: str
    act: Act
    times: int = FULL_TIMES
    earliest: float = -1.0
    latest: float = 0.5
    engines: tuple[str, ...] = BOTH
    ordered: bool = False
    alone: bool = False
    fault: str = ""

    def rate(self, deliveries: int, times: int | None = None) -> Rate:
        """How often in a smaller storm, if not told: at least once."""
        times = times or max(1, round(self.times * deliveries / FULL_SIZE))
        return Rate(times, self.earliest, self.latest, alone=self.alone)


def _answer(name: str, fault: str, **details: object) -> Kind:
    """One lost or wrong answer to the visible call of the target itself."""

    def act(storm: Storm, blow: Blow) -> str:
        promise = storm.scene.plan.promises[blow.target]
        storm.platform_of(blow.target).order(fault, promise.name, **details)
        return "ordered"

    return Kind(name, act, times=40, ordered=True, alone=True, fault=fault)


def _upload(name: str, fault: str, **details: object) -> Kind:
    """One call of a prepare goes wrong."""

    def act(storm: Storm, blow: Blow) -> str:
        platform = storm.platform_of(blow.target)
        platform.harm(fault, platform.kind.uploading, **details)
        return "ordered"

    return Kind(name, act, times=40, earliest=-15, latest=-5, fault=fault)


def _kill(kind: str) -> Act:
    def act(storm: Storm, blow: Blow) -> str | None:
        names = storm.scene.crew.names(kind)
        if not names:
            return None
        storm.scene.crew.kill(name := names[int(blow.dice * len(names))])
        return name

    return act


def kill_after_effect(storm: Storm, blow: Blow) -> str | None:
    """The platforms have what is due at that moment, and every publishing worker dies before the answers come."""
    due = storm.scene.plan.promises[blow.target].offset
    for promise in storm.scene.plan.promises:
        if abs(promise.offset - due) < TOGETHER:
            storm.platform_of(promise.number).order("delay_after", promise.name, seconds=4)
    storm.when_hit(blow, lambda: storm.kill_all("publish"))
    return "ordered"


def kill_web(storm: Storm, blow: Blow) -> str | None:
    """The pages die with half an upload received."""
    names = storm.scene.crew.names("web")
    if not names or not storm.visitor.is_in():
        return None
    picture = storm.picture(blow)
    with storm.visitor.upload_half(picture):
        storm.scene.crew.kill(names[0])
    storm.expect_nothing_of(picture)
    return "with an upload half received"


def fill_disk(storm: Storm, blow: Blow) -> str | None:
    """No room for uploads: refused in words, nothing kept; with room again the same file is taken."""
    names = storm.scene.crew.names("web")
    if not names or not storm.visitor.is_in():
        return None
    leader, picture = storm.scene.crew.members[names[0]].house.process.pid, storm.picture(blow)
    let_no_file_grow(leader, FULL_DISK)
    try:
        refused = storm.visitor.upload(picture)
    finally:
        let_no_file_grow(leader, None)
    if refused.status_code != 507 or not refused.json().get("error"):
        storm.complain(f"an upload to a full disk was answered {refused.status_code}: {refused.text[:200]}")
    storm.expect_nothing_of(picture)
    taken = storm.visitor.upload(picture)
    if taken.status_code != 201:
        storm.complain(f"an upload after a full disk was answered {taken.status_code}")
    for path in half_stored(storm.scene.config.media_root):
        storm.complain(f"half stored: {path}")
    return f"refused with {refused.status_code}, then taken with {taken.status_code}"


def restart_redis(storm: Storm, blow: Blow) -> str:
    storm.scene.redis.restart(keep=False)
    return "empty after"


def flush_redis(storm: Storm, blow: Blow) -> str:
    storm.scene.redis.flush()
    return ""


def restart_postgres(storm: Storm, blow: Blow) -> str:
    assert storm.scene.postgres
    db.session.remove()
    storm.scene.postgres.restart("immediate")
    return ""


def skew_clock(storm: Storm, blow: Blow) -> str:
    """The far host comes back with a clock that is wrong by up to five seconds, either way."""
    skew = random.Random(blow.dice).choice((-5.0, -3.0, -1.0, 1.0, 3.0, 5.0))
    storm.scene.crew.move_far_clock(skew)
    return f"{skew:+g} s"


def freeze(storm: Storm, blow: Blow) -> str | None:
    """A publishing worker stops between two instructions for longer than its lease, then goes on."""
    names = storm.scene.crew.names("publish")
    if len(names) < 2:
        return None
    storm.freeze(names[int(blow.dice * len(names))])
    return "longer than its lease"


def expire_tokens(storm: Storm, blow: Blow) -> str | None:
    """Access tokens end in mid-burst; several workers find out at once."""
    platform = storm.platforms("bluesky")[0]
    platform.control("expire_tokens", {})
    return "every account"


def lose_refresh(storm: Storm, blow: Blow) -> str | None:
    """Access tokens end, and the answer with the next ones is lost: the old refresh token was used up."""
    platform = storm.platforms("bluesky")[0]
    platform.harm("drop_after", "/xrpc/com.atproto.server.refreshSession")
    platform.control("expire_tokens", {})
    return "every account"


def revoke_token(storm: Storm, blow: Blow) -> str | None:
    """An account's token is taken back; a person signs in again when the channel says so."""
    places = [place for place in storm.scene.places if place.platform.kind.name == "mastodon"]
    place = places[int(blow.dice * len(places))]
    place.platform.control("revoke_tokens", {"account": place.handle})
    return place.handle


def ring_at_random(storm: Storm, blow: Blow) -> str | None:
    """Rings that nobody should answer: for what is out, what is under way, what is not due."""
    near = range(max(0, blow.target - STRAY_RINGS), blow.target + STRAY_RINGS)
    parts = [storm.scene.parts[n] for n in near if n in storm.scene.parts]
    rows = db.session.execute(
        select(Delivery.channel_id, Delivery.id).where(Delivery.post_id.in_({p.post_id for p in parts}))
    )
    calls = [(channel_id, [id]) for channel_id, id in rows for _ in range(2)]
    db.session.remove()
    try:
        Bell(storm.scene.config).ring("publish", calls)
    except OutOfOrder:
        return None
    return f"{len(calls)} rings"


def tamper(storm: Storm, blow: Blow) -> str | None:
    """Somebody changes the words in the database itself, behind the approval's back."""
    part, name = storm.scene.parts[blow.target], storm.scene.plan.promises[blow.target].name
    waiting = select(Delivery.variant_id).where(
        Delivery.post_id == part.post_id,
        Delivery.channel_id == part.place.channel_id,
        Delivery.state == State.SCHEDULED,
    )
    changed = db.session.execute(
        update(Variant).where(Variant.id.in_(waiting)).values(text=f"Storm, {name}: never approved."),
        execution_options={"synchronize_session": False},
    )
    db.session.commit()
    db.session.remove()
    return "" if changed.rowcount else None  # type: ignore[attr-defined]


def edit(storm: Storm, blow: Blow) -> str:
    """Other words, approved again at once, in a while, or never."""
    if blow.dice < 0.6:
        return storm.people.attempt(lambda: storm.people.edit(blow.target))
    done = storm.people.attempt(lambda: storm.people.edit(blow.target, approved=False))
    if blow.dice < 0.9:
        storm.later(2.0, "approved again", blow, lambda: storm.people.approve(blow.target))
    return done


def edit_in_flight(storm: Storm, blow: Blow) -> str:
    """The words are changed while the platform is taking its time."""
    storm.platform_of(blow.target).order(
        "slow_effect", storm.scene.plan.promises[blow.target].name, seconds=2
    )
    storm.when_hit(blow, lambda: storm.people.attempt(lambda: storm.people.edit(blow.target)))
    return "ordered"


def move(storm: Storm, blow: Blow) -> str:
    return storm.people.attempt(lambda: storm.people.move(blow.target))


def cancel(storm: Storm, blow: Blow) -> str:
    done = storm.people.attempt(lambda: storm.people.cancel(blow.target))
    if blow.dice < 0.4:
        storm.later(1.5, "promised again", blow, lambda: storm.people.edit(blow.target))
    return done


def pause_channel(storm: Storm, blow: Blow) -> str:
    done = storm.people.attempt(lambda: storm.people.pause_channel(blow.target))
    storm.later(2.0 + 3 * blow.dice, "resumed", blow, lambda: storm.people.resume_channel(blow.target))
    return done


def pause_workspace(storm: Storm, blow: Blow) -> str:
    done = storm.people.attempt(lambda: storm.people.pause_workspace(blow.target))
    storm.later(1.0 + 2 * blow.dice, "resumed", blow, lambda: storm.people.resume_workspace(blow.target))
    return done


KINDS: tuple[Kind, ...] = (
    Kind("publish worker killed", _kill("publish"), times=30),
    Kind("publish workers killed after the effect", kill_after_effect, 32, -12, -6, alone=True),
    Kind("background worker killed", _kill("background")),
    Kind("clock killed", _kill("clock")),
    Kind("web killed with a request in flight", kill_web),
    Kind("worker frozen beyond its lease", freeze),
    Kind("Redis killed, empty after", restart_redis),
    Kind("Redis flushed", flush_redis),
    Kind("PostgreSQL restarted, immediate", restart_postgres, engines=("postgres",)),
    Kind("host's clock wrong", skew_clock, engines=("postgres",)),
    Kind("rings for nothing", ring_at_random),
    Kind("disk full for an upload", fill_disk),
    Kind("tokens expired in a burst", expire_tokens),
    Kind("tokens expired, new ones lost", lose_refresh),
    Kind("token revoked", revoke_token),
    Kind("words tampered with", tamper, times=36, earliest=-1.2, latest=-0.3),
    _answer("dropped before the effect", "drop_before"),
    _answer("dropped after the effect", "drop_after"),
    _answer("429", "rate_limit", seconds=2),
    _answer("5xx before the effect", "status_before", status=503),
    _answer("5xx after the effect", "status_after", status=502),
    _answer("slow before the effect", "slow_effect", seconds=2),
    _answer("slow after the effect", "delay_after", seconds=2),
    _answer("slower than the lease", "delay_after", seconds=11),
    _answer("garbage before the effect", "garbage_before"),
    _answer("garbage after the effect", "garbage"),
    _answer("truncated", "truncate"),
    _answer("proxy's page", "html_error_after", status=502),
    _upload("upload: 5xx", "status_before", status=503),
    _upload("upload: dropped", "drop_after"),
    Kind("people: edited", edit, times=60),
    Kind("people: edited in flight", edit_in_flight, 32, -12, -6, alone=True),
    Kind("people: moved", move),
    Kind("people: canceled", cancel, times=60),
    Kind("people: channel paused", pause_channel),
    Kind("people: workspace paused", pause_workspace),
)
