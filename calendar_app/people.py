"""Who may come in, and what they may do in each workspace."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from calendar_app.extensions import db
from calendar_app.models import Membership, Role, User, Workspace
from calendar_app.refusals import Refusal

PASSWORD_MIN = 10
INVITATION_LIFE = timedelta(days=7)
HASHER = PasswordHasher()
_DECOY = HASHER.hash(secrets.token_hex(16))


class EmailTaken(Refusal):
    """Someone has this e-mail address already."""


class WeakPassword(Refusal):
    """Too short, or the address itself."""


class LastAdmin(Refusal):
    """A workspace keeps at least one admin."""


class AlreadyMember(Refusal):
    """This person is in the workspace already."""


class InvitationOver(Refusal):
    """The link was used or is too old."""


def anyone_here() -> bool:
    """Whether a first user exists; until then the set-up page is open."""
    return db.session.scalar(select(User.id).limit(1)) is not None


def add_user(
    email: str,
    name: str,
    password: str | None,
    *,
    locale: str,
    zone: str,
    now: datetime,
    first_weekday: int = 0,
) -> User:
    """A new user; without a password they need an invitation. Raises ``EmailTaken``, ``WeakPassword``."""
    email = normal_email(email)
    if find_by_email(email):
        raise EmailTaken(_l("Someone already uses this e-mail address."))
    user = User(
        email=email,
        name=name.strip(),
        locale=locale,
        zone=zone,
        first_weekday=first_weekday,
        session_salt=secrets.token_hex(8),
        created_at=now,
    )
    if password is not None:
        set_password(user, password)
    db.session.add(user)
    db.session.flush()
    return user


def add_workspace(name: str, zone: str, owner: User, now: datetime) -> Workspace:
    """A new workspace with ``owner`` as its admin."""
    workspace = Workspace(name=name.strip(), slug=_free_slug(name), zone=zone, created_at=now)
    workspace.memberships.append(Membership(user=owner, role=Role.ADMIN, joined_at=now))
    db.session.add(workspace)
    db.session.flush()
    return workspace


def authenticate(email: str, password: str) -> User | None:
    """The user whose password this is; takes as long for an unknown address as for a wrong password."""
    user = find_by_email(email)
    stored = user.password_hash if user and user.password_hash else _DECOY
    if not _matches(stored, password) or user is None or user.password_hash is None:
        return None
    if HASHER.check_needs_rehash(stored):
        user.password_hash = HASHER.hash(password)
    return user


def check_password(user: User, password: str) -> bool:
    """Whether ``password`` is the user's own now."""
    return user.password_hash is not None and _matches(user.password_hash, password)


def set_password(user: User, password: str) -> None:
    """Change the password, which ends every session and invitation. Raises ``WeakPassword``."""
    if len(password) < PASSWORD_MIN or password.casefold() == user.email.casefold():
        raise WeakPassword(
            _l("Use at least %(count)s characters, and not your e-mail address.", count=PASSWORD_MIN)
        )
    user.password_hash = HASHER.hash(password)
    user.session_salt = secrets.token_hex(8)
    user.invite_hash = user.invited_until = None


def invite(
    workspace: Workspace, email: str, name: str, role: Role, now: datetime, *, locale: str = "en"
) -> tuple[User, str | None]:
    """Add a person by e-mail; the token (None for a known user) opens the set-password page once.

    Someone new begins with ``locale``, in the workspace's zone. Raises ``AlreadyMember``.
    """
    user = find_by_email(email)
    if user and membership(user, workspace):
        raise AlreadyMember(_l("%(name)s is in this workspace already.", name=user.name))
    token = None
    if user is None:
        user = add_user(email, name, None, locale=locale, zone=workspace.zone, now=now)
    if user.password_hash is None:
        token = renew_invitation(user, now)
    workspace.memberships.append(Membership(user=user, role=role, joined_at=now))
    db.session.flush()
    return user, token


def renew_invitation(user: User, now: datetime) -> str:
    """A fresh one-time token for a user who has no password yet; any older one dies."""
    token = secrets.token_urlsafe(24)
    user.invite_hash = _token_hash(token)
    user.invited_until = now + INVITATION_LIFE
    return token


def invited(token: str, now: datetime) -> User:
    """Whom the token invites. Raises ``InvitationOver``."""
    user: User | None = db.session.scalar(select(User).where(User.invite_hash == _token_hash(token)))
    if user is None or user.invited_until is None or user.invited_until < now:
        raise InvitationOver(_l("This link was used or is too old. Ask an admin for a new one."))
    return user


def membership(user: User, workspace: Workspace) -> Membership | None:
    """The user's place in the workspace, if any."""
    return db.session.scalar(
        select(Membership).where(Membership.user_id == user.id, Membership.workspace_id == workspace.id)
    )


def workspaces_of(user: User) -> list[Workspace]:
    """Every workspace the user is in, by name."""
    query = select(Workspace).join(Membership).where(Membership.user_id == user.id).order_by(Workspace.name)
    return list(db.session.scalars(query))


def change_role(member: Membership, role: Role) -> None:
    """Raises ``LastAdmin``."""
    if member.role == Role.ADMIN and role != Role.ADMIN:
        _keep_an_admin(member)
    member.role = role


def remove_member(member: Membership) -> None:
    """End a membership; the person's posts stay. Raises ``LastAdmin``."""
    if member.role == Role.ADMIN:
        _keep_an_admin(member)
    db.session.delete(member)


def find_by_email(email: str) -> User | None:
    """The user with this address, whatever its case."""
    return db.session.scalar(select(User).where(User.email == normal_email(email)))


def normal_email(email: str) -> str:
    """The form in which an address is stored and compared."""
    return unicodedata.normalize("NFKC", email).strip().casefold()


def _matches(stored: str, password: str) -> bool:
    try:
        return bool(HASHER.verify(stored, password))
    except (VerificationError, InvalidHashError):
        return False


def _token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _keep_an_admin(member: Membership) -> None:
    others = select(func.count()).where(
        Membership.workspace_id == member.workspace_id,
        Membership.role == Role.ADMIN,
        Membership.id != member.id,
    )
    if not db.session.scalar(others):
        raise LastAdmin(_l("A workspace needs an admin. Make someone else an admin first."))


def _free_slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40] or "brand"
    taken = set(db.session.scalars(select(Workspace.slug).where(Workspace.slug.startswith(base))))
    return next(s for s in (base, *(f"{base}-{n}" for n in range(2, len(taken) + 3))) if s not in taken)
