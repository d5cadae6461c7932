"""The cast: Ana plans, Bo approves, Di administers, Cy is a stranger from another workspace."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from argon2 import PasswordHasher
from flask.testing import FlaskClient

from calendar_app import approval, channels, people, planning
from calendar_app.extensions import db
from calendar_app.models import Channel, Membership, Post, Role, User, Workspace
from calendar_app.walltime import to_wall
from publishers import get
from publishers.values import Connected

PASSWORD = "a long enough password"
ZONE = "Asia/Hong_Kong"
NOW = datetime(2030, 3, 4, 2, 0, tzinfo=UTC)
_numbers = itertools.count(1)

# Real Argon2 hashes, at a cost that a thousand tests can pay.
people.HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@dataclass
class Cast:
    """Everybody, and the two workspaces; made by ``gather`` inside an app context."""

    ana: User
    bo: User
    di: User
    cy: User
    tea: Workspace
    other: Workspace
    now: datetime = field(default=NOW)


def gather(now: datetime = NOW) -> Cast:
    """The tea brand with its planner, approver and admin, and a stranger with a workspace of their own."""
    ana, bo, di, cy = (a_user(name, now) for name in ("Ana", "Bo", "Di", "Cy"))
    tea = people.add_workspace("Tea", ZONE, di, now)
    other = people.add_workspace("Other", ZONE, cy, now)
    for user, role in ((ana, Role.PLANNER), (bo, Role.APPROVER)):
        tea.memberships.append(Membership(user=user, role=role, joined_at=now))
    db.session.commit()
    return Cast(ana, bo, di, cy, tea, other, now)


def a_user(name: str, now: datetime = NOW, locale: str = "en") -> User:
    return people.add_user(f"{name.lower()}@example.com", name, PASSWORD, locale=locale, zone=ZONE, now=now)


def a_viewer(workspace: Workspace, now: datetime = NOW) -> User:
    user = a_user(f"Vi{next(_numbers)}", now)
    workspace.memberships.append(Membership(user=user, role=Role.VIEWER, joined_at=now))
    db.session.commit()
    return user


def a_channel(
    workspace: Workspace,
    platform: str = "mastodon",
    *,
    base_url: str = "http://127.0.0.1:9",
    credentials: dict[str, str] | None = None,
    remote_id: str | None = None,
    handle: str | None = None,
    now: datetime = NOW,
) -> Channel:
    """A channel as if it had been connected; by default at an address where nobody listens."""
    number = next(_numbers)
    found = Connected(
        base_url=base_url,
        remote_id=remote_id or str(number),
        handle=handle or f"@tea{number}",
        name=f"Tea {number}",
        avatar_url="",
        profile_url=base_url,
        limits=get(platform).default_limits,
        credentials=credentials or {"access_token": "a-token-of-the-tests"},
    )
    channel = channels.keep(workspace, platform, found, now)
    db.session.commit()
    return channel


def a_draft(
    *chosen: Channel, text: str = "Spring tea is here.", at: datetime | None = None, **more: object
) -> planning.PostDraft:
    """What Ana types: ``text`` for the ``chosen`` channels at the instant ``at`` (an hour after NOW)."""
    instant = at or NOW + timedelta(hours=1)
    variants = tuple(planning.VariantDraft(channel.id) for channel in chosen)
    return planning.PostDraft(
        **{"text": text, "wall_time": to_wall(instant, ZONE), "zone": ZONE, "variants": variants} | more  # type: ignore[arg-type]
    )


def a_post(cast: Cast, *chosen: Channel, now: datetime | None = None, **more: object) -> Post:
    """A draft of Ana's on the calendar."""
    post = planning.write(cast.tea, a_draft(*chosen, **more), cast.ana, now or cast.now)  # type: ignore[arg-type]
    db.session.commit()
    return post


def an_approved_post(cast: Cast, *chosen: Channel, now: datetime | None = None, **more: object) -> Post:
    """Ana wrote it, Bo approved it: its deliveries are scheduled."""
    post = a_post(cast, *chosen, now=now, **more)
    approval.submit(post, cast.ana, now or cast.now)
    approval.approve(post, post.revision, cast.bo, now or cast.now)
    db.session.commit()
    return post


def log_in(client: FlaskClient, user: User) -> None:
    """Sign in through the real form."""
    answer = client.post("/login", data={"email": user.email, "password": PASSWORD})
    assert answer.status_code == 302, answer.get_data(as_text=True)
