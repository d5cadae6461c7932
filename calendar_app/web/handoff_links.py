"""Links that open one hand-off on a phone: signed, for a while, as the person who made them, and for nothing else.

A link names the approval that it was made under. Another verdict on the post, or an edit, ends it for good; so do a new
password of that person and their leaving the workspace.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

import segno
from flask import current_app, url_for
from itsdangerous import BadSignature, URLSafeSerializer

from calendar_app import handing, people
from calendar_app.extensions import db
from calendar_app.models import Delivery, Membership, Post, Stage, User, Verdict
from calendar_app.settings import config

SALT = "hand-off"
GRACE = timedelta(days=1)
LONGEST = 300


@dataclass(frozen=True)
class Opened:
    """Whose link it is, and what it opens."""

    delivery: Delivery
    member: Membership


def address_of(delivery: Delivery, by: User) -> str:
    """The public address of the link; empty while nothing is approved. The same until something changes."""
    approved = _approval(delivery.post)
    if approved is None:
        return ""
    until = int((delivery.not_later_than + GRACE).timestamp())
    token = _signer().dumps([delivery.id, by.id, _salt(by), approved, until])
    return config().base_url + url_for("handoff_link.show", token=token)


def opened(token: str, now: datetime) -> Opened | None:
    """What the link opens; None where it is none of ours, too old, or was ended."""
    try:
        delivery_id, user_id, salt, approved, until = _signer().loads(token[:LONGEST])
    except (BadSignature, ValueError, TypeError):
        return None
    delivery, user = db.session.get(Delivery, delivery_id), db.session.get(User, user_id)
    if now.timestamp() > until or delivery is None or user is None or _salt(user) != salt:
        return None
    member = people.membership(user, delivery.post.workspace)
    is_good = member is not None and handing.may_do(delivery, member)
    return Opened(delivery, member) if member and is_good and _approval(delivery.post) == approved else None


def qr_code(address: str) -> str:
    """The address as an inline SVG, black on nothing; its frame has to be light."""
    return str(segno.make(address, error="m", micro=False).svg_inline(omitsize=True, border=2))


def leads_nowhere() -> bool:
    """Whether the house's public address means each device itself, so that no phone can follow it."""
    host = urlsplit(config().base_url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _approval(post: Post) -> int | None:
    """The verdict under which it may be posted now."""
    last = post.approvals[-1] if post.approvals else None
    holds = post.stage == Stage.APPROVED and last is not None and last.verdict == Verdict.APPROVED
    return last.id if last and holds else None


def _salt(user: User) -> str:
    return hashlib.sha256(user.session_salt.encode()).hexdigest()[:12]


def _signer() -> URLSafeSerializer:
    keys = [*current_app.config["SECRET_KEY_FALLBACKS"][::-1], current_app.config["SECRET_KEY"]]
    return URLSafeSerializer(keys, salt=SALT)
