"""The brand's people, workspace and labels, and how one of its scenes becomes a post."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from calendar_app import approval, people, planning, walltime
from calendar_app.demo import pictures
from calendar_app.demo.platforms import NAME
from calendar_app.demo.script import BLUESKY, LABELS, Fate, Scene
from calendar_app.extensions import db
from calendar_app.models import Asset, Channel, Label, Membership, Post, Role, User, Workspace

ZONE = "Asia/Hong_Kong"
PASSWORD = "mountain-mist-tea"
SIBLING = "霧嶺冷萃 Misty Ridge Cold Brew"
CAST = (
    ("planner", "Mia Cheung", "en", Role.PLANNER),
    ("approver", "林雅婷", "zh_Hant", Role.APPROVER),
    ("admin", "陈志远", "zh_Hans", Role.ADMIN),
)
LANGUAGES = {"en": "English", "zh_Hant": "繁體中文", "zh_Hans": "简体中文"}


@dataclass
class House:
    """The workspace with all that a scene names: people by role, channels by platform, files, labels."""

    workspace: Workspace
    people: dict[str, User]
    labels: dict[str, int]
    now: datetime
    channels: dict[str, Channel]
    assets: dict[str, Asset]

    def instant(self, day: int, clock: str) -> datetime:
        """The UTC instant of a time of day in the brand's zone, ``day`` days from today."""
        today = self.now.astimezone(ZoneInfo(ZONE)).date()
        wall = datetime.combine(today + timedelta(days=day), time.fromisoformat(clock))
        return walltime.resolve(wall, ZONE, 0)

    def before(self, instant: datetime, days: int, clock: str) -> datetime:
        """A working hour ``days`` days before the day of ``instant``, and before ``now``."""
        today = self.now.astimezone(ZoneInfo(ZONE)).date()
        ahead = (instant.astimezone(ZoneInfo(ZONE)).date() - today).days
        return self.instant(min(ahead, 0) - days, clock)


def email(role: str) -> str:
    """The address of one of the cast."""
    return f"{role}@shanlan.example"


def found(now: datetime) -> House:
    """People, both workspaces and the labels."""
    long_ago = now - timedelta(days=60)
    cast = {
        role: people.add_user(email(role), name, PASSWORD, locale=locale, zone=ZONE, now=long_ago)
        for role, name, locale, _ in CAST
    }
    workspace = people.add_workspace(NAME, ZONE, cast["admin"], long_ago)
    for role, _, _, rank in CAST:
        if rank != Role.ADMIN:
            workspace.memberships.append(Membership(user=cast[role], role=rank, joined_at=long_ago))
    people.add_workspace(SIBLING, "Asia/Taipei", cast["admin"], long_ago)
    return House(workspace, cast, _labels(workspace), now, {}, {})


def write(house: House, scene: Scene, due_at: datetime, decided_at: datetime | None = None) -> Post:
    """The scene as its planner wrote it, and as far on its way to approval as its fate says.

    ``decided_at`` is when the approver looked at it: the morning before, unless given.
    """
    planner, approver = house.people["planner"], house.people["approver"]
    decided_at = decided_at or house.before(due_at, 1, "09:40")
    post = planning.write(
        house.workspace, _draft(house, scene, due_at), planner, house.before(due_at, 3, "10:40")
    )
    if scene.fate != Fate.DRAFT:
        approval.submit(post, planner, house.before(due_at, 3, "16:05"))
    if scene.fate == Fate.SENT_BACK:
        approval.send_back(post, post.revision, approver, decided_at, scene.comment)
    elif scene.fate not in (Fate.DRAFT, Fate.SUBMITTED):
        approval.approve(post, post.revision, approver, decided_at)
    return post


def _labels(workspace: Workspace) -> dict[str, int]:
    rows = {name: Label(name=name, colour=colour) for name, colour in LABELS.items()}
    workspace.labels.extend(rows.values())
    db.session.flush()
    return {name: row.id for name, row in rows.items()}


def _draft(house: House, scene: Scene, due_at: datetime) -> planning.PostDraft:
    variants = tuple(
        planning.VariantDraft(
            house.channels[name].id,
            scene.shorter if name == BLUESKY else None,
            options=dict(scene.options),
        )
        for name in scene.channels
    )
    return planning.PostDraft(
        text=scene.text,
        wall_time=walltime.to_wall(due_at, ZONE),
        zone=ZONE,
        variants=variants,
        media=pictures.attached(scene, house.assets),
        language=scene.language,
        owner_id=house.people[scene.owner].id,
        label_ids=(house.labels[scene.label],),
        declares=scene.declares,
    )
