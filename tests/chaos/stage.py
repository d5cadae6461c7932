"""Where a storm takes place: real servers, simulated platforms, three brands with their people, and all they promised."""

from __future__ import annotations

import io
import random
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from flask import Flask
from PIL import Image

from calendar_app import approval, channels, create_app, database, library, people, planning
from calendar_app.config import Config
from calendar_app.drafts import Attached, PostDraft, VariantDraft
from calendar_app.extensions import db
from calendar_app.models import Asset, Channel, Membership, Post, Role, User, Workspace
from calendar_app.walltime import to_wall
from tests.chaos.book import Book, Version, now
from tests.chaos.crew import Crew
from tests.chaos.plan import Plan, Promise
from tests.chaos.platforms import KINDS, Platform
from tests.people import ZONE, a_user
from tests.servers import PostgresServer, RedisServer

SECRET = "a secret for storms that is long enough to sign with"
BRANDS = ("Tea", "Coffee", "Cocoa")
LEASE, RERING = 8, 3
FILES = 4
TOGETHER, TRIED = 100, 40


@dataclass(frozen=True)
class Place:
    """A channel: whose it is, and which platform plays it under which handle."""

    channel_id: int
    workspace_id: int
    platform: Platform
    handle: str


@dataclass(frozen=True)
class Part:
    """Where a promised delivery lives: its post and its channel."""

    post_id: int
    place: Place


@dataclass
class Stage:
    """Everything that faults and people lay hands on."""

    engine: str
    plan: Plan
    config: Config
    redis: RedisServer
    postgres: PostgresServer | None
    platforms: tuple[Platform, ...]
    crew: Crew
    app: Flask
    book: Book = field(default_factory=Book)
    places: list[Place] = field(default_factory=list)
    parts: dict[int, Part] = field(default_factory=dict)
    ana: int = 0
    bo: int = 0

    def person(self, id: int) -> User:
        """Needs an app context."""
        return db.session.get_one(User, id)

    def promises_of(self, post_id: int) -> list[Promise]:
        """The promises that one post holds."""
        return [p for p in self.plan.promises if self.parts[p.number].post_id == post_id]


@contextmanager
def stage(engine: str, plan: Plan, channels_each: int) -> Iterator[Stage]:
    """A house with its people and channels on a fresh database, and nobody at work yet."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        redis = stack.enter_context(RedisServer())
        postgres = stack.enter_context(PostgresServer(keeps_commits=True)) if engine == "postgres" else None
        url = postgres.create_database("storm") if postgres else f"sqlite:///{folder}/almanac.db"
        config = Config(folder, url, (SECRET,), redis.url)
        platforms = tuple(_closing(stack, Platform(kind)) for kind in KINDS)
        crew = Crew(config, two_hosts=postgres is not None, LEASE=str(LEASE), RERING=str(RERING))
        stack.callback(crew.end)
        app = create_app(config)
        database.upgrade(app)
        scene = Stage(engine, plan, config, redis, postgres, platforms, crew, app)
        with app.app_context():
            _settle_in(scene, channels_each)
            yield scene
            db.session.remove()
            db.engine.dispose()


def _closing(stack: ExitStack, platform: Platform) -> Platform:
    stack.callback(platform.close)
    return platform


def _settle_in(scene: Stage, channels_each: int) -> None:
    """Three brands that share their planner and approver, each with channels on every platform."""
    moment = now()
    ana, bo, di = (a_user(name, moment) for name in ("Ana", "Bo", "Di"))
    brands = [people.add_workspace(name, ZONE, di, moment) for name in BRANDS]
    for brand in brands:
        for user, role in ((ana, Role.PLANNER), (bo, Role.APPROVER)):
            brand.memberships.append(Membership(user=user, role=role, joined_at=moment))
    db.session.commit()
    scene.ana, scene.bo = ana.id, bo.id
    for number in range(channels_each):
        for brand in brands:
            scene.places.append(_connected(scene, brand, number))
    db.session.commit()


def _connected(scene: Stage, brand: Workspace, number: int) -> Place:
    platform = scene.platforms[(number + brand.id) % len(scene.platforms)]
    handle = f"{brand.name.lower()}{number}"
    channel = channels.keep(brand, platform.kind.name, platform.connect(handle), now())
    return Place(channel.id, brand.id, platform, handle)


def promise_all(scene: Stage, beginning: datetime, *, keep: bool = True) -> None:
    """Write and approve every post of the plan, many to a transaction."""
    ana, bo = scene.person(scene.ana), scene.person(scene.bo)
    files = _files(scene, ana)
    posts: dict[int, list[Promise]] = {}
    for promise in scene.plan.promises:
        posts.setdefault(promise.post, []).append(promise)
    for count, parts in enumerate(posts.values(), 1):
        _promise(scene, parts, beginning, ana, bo, files)
        if count % TOGETHER == 0:
            db.session.commit()
            ana, bo = scene.person(scene.ana), scene.person(scene.bo)
    if keep:
        db.session.commit()
    else:
        db.session.rollback()


def time_to_promise(scene: Stage) -> timedelta:
    """How long one takes on this machine now, tried on the first few and taken back."""
    plan, begun = scene.plan, now()
    scene.plan = replace(plan, promises=plan.promises[:TRIED])
    promise_all(scene, begun + timedelta(hours=1), keep=False)
    scene.plan, scene.book = plan, Book()
    scene.parts.clear()
    return (now() - begun) / TRIED


def _promise(
    scene: Stage,
    parts: list[Promise],
    beginning: datetime,
    ana: User,
    bo: User,
    files: dict[int, list[Attached]],
) -> None:
    moment, places = now(), [scene.places[part.channel] for part in parts]
    due = max(beginning + timedelta(seconds=parts[0].offset), moment + timedelta(milliseconds=100))
    brand = db.session.get_one(Workspace, places[0].workspace_id)
    shown = files[brand.id][parts[0].number % FILES] if parts[0].picture else None
    variants = tuple(
        VariantDraft(place.channel_id, words(scene.plan, part))
        for part, place in zip(parts, places, strict=True)
    )
    draft = PostDraft(
        f"Of {len(parts)}.", to_wall(due, ZONE), ZONE, variants, (shown,) if shown else (), language="en"
    )
    post = planning.write(brand, draft, ana, moment)
    approval.approve(post, post.revision, bo, moment)
    for part, place in zip(parts, places, strict=True):
        scene.parts[part.number] = Part(post.id, place)
        scene.book.approve(part.number, version(post, words(scene.plan, part), moment))


def words(plan: Plan, promise: Promise, edit: int = 0) -> str:
    """What a delivery says: its name, so that a platform's record tells whose it is, and which edit this was."""
    return f"Storm {plan.seed}, {promise.name}, edit {edit}. Spring tea is here."


def version(post: Post, text: str, begun: datetime) -> Version:
    """What has just been approved of a post."""
    shown = tuple((file.asset.sha256, file.alt) for file in post.attachments)
    return Version(begun, post.due_at, text, shown)


def a_picture(chance: random.Random, side: int) -> bytes:
    """Noise: no two are alike, and none gets smaller by compression."""
    file = io.BytesIO()
    Image.frombytes("RGB", (side, side), chance.randbytes(side * side * 3)).save(file, "PNG")
    return file.getvalue()


def _files(scene: Stage, by: User) -> dict[int, list[Attached]]:
    chance = random.Random(scene.plan.seed)
    found: dict[int, list[Attached]] = {}
    for brand in db.session.query(Workspace).order_by(Workspace.id):
        found[brand.id] = [_file(scene, brand, by, chance, n) for n in range(FILES)]
    db.session.commit()
    return found


def _file(scene: Stage, brand: Workspace, by: User, chance: random.Random, number: int) -> Attached:
    path = scene.config.data / f"{brand.id}-{number}.png"
    path.write_bytes(a_picture(chance, 48))
    asset: Asset = library.add(brand, path, path.name, by, now())
    db.session.flush()
    return Attached(asset.id, f"Noise {number}")


def channel_of(place: Place) -> Channel:
    """Needs an app context."""
    return db.session.get_one(Channel, place.channel_id)
