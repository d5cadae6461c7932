"""A verdict on one revision: what was approved is what goes out, and an edit withdraws it."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l

import publishers
from calendar_app import ahead, content, deliveries, people, preparing, sweeps, walltime
from calendar_app.extensions import db
from calendar_app.models import Approval, Delivery, Hold, Post, Role, Stage, State, User, Variant, Verdict
from calendar_app.refusals import Refusal
from publishers.values import Problem


class NotYours(Refusal):
    """Four eyes: who wrote or last edited it can't approve it."""


class Changed(Refusal):
    """The revision that was looked at is not the newest."""


class NotReady(Refusal):
    """Something must be mended first; ``problems`` are by channel id."""

    def __init__(self, sentence: object, problems: dict[int, list[Problem]] | None = None) -> None:
        super().__init__(sentence)
        self.problems = problems or {}


def submit(post: Post, by: User, now: datetime) -> None:
    """Ask for approval. Raises ``NotReady``."""
    _refuse_unready(post, now)
    post.stage = Stage.SUBMITTED
    _record(post, Verdict.SUBMITTED, by, now)


def approve(post: Post, revision: int, by: User, now: datetime, comment: str = "") -> None:
    """Sign the digest of ``revision`` and promise a delivery on each channel.

    Raises ``Changed``, ``NotYours``, ``NotReady``.
    """
    _refuse_changed(post, revision)
    if not may_approve(post, by):
        raise NotYours(_l("You wrote or edited this post, so someone else has to approve it."))
    _refuse_unready(post, now)
    post.stage = Stage.APPROVED
    _record(post, Verdict.APPROVED, by, now, comment)
    for variant in post.variants:
        _promise(variant, now)


def send_back(post: Post, revision: int, by: User, now: datetime, comment: str) -> None:
    """Return it to its author with a comment; an approval before it is withdrawn. Raises ``Changed``, ``NotReady``."""
    _refuse_changed(post, revision)
    if not comment.strip():
        raise NotReady(_l("Write what should change."))
    sweeps.hold(Delivery.post_id == post.id, Hold.UNAPPROVED)
    post.stage = Stage.SENT_BACK
    _record(post, Verdict.SENT_BACK, by, now, comment)


def withdraw(post: Post, by: User, now: datetime) -> None:
    """An edit was made: whatever was said of the older revision holds no more."""
    if post.stage == Stage.APPROVED:
        _record(post, Verdict.WITHDRAWN, by, now)
    if post.stage != Stage.SENT_BACK:
        post.stage = Stage.DRAFT


def publish_now(post: Post, revision: int, by: User, now: datetime) -> None:
    """Approve it for this very moment. Raises what ``approve`` raises."""
    _refuse_changed(post, revision)
    instant = now + timedelta(seconds=1)
    post.wall_time, post.due_at = walltime.to_wall(instant, post.zone), instant
    post.fold = instant.astimezone(ZoneInfo(post.zone)).fold
    approve(post, revision, by, now)


def may_approve(post: Post, user: User) -> bool:
    """Whether ``user`` has the role, and had no hand in this revision (unless the workspace allows that)."""
    member = people.membership(user, post.workspace)
    if member is None or not member.role.includes(Role.APPROVER):
        return False
    return post.workspace.allows_self_approval or user.id not in (post.author_id, post.edited_by_id)


def obstacles(post: Post) -> dict[int, list[Problem]]:
    """The problems of each channel's wording that no rendition can mend, by channel id."""
    waiting = [variant for variant in post.variants if not deliveries.is_out(variant)]
    return {variant.channel_id: content.obstacles(content.wording(variant)) for variant in waiting}


def _refuse_changed(post: Post, revision: int) -> None:
    db.session.flush()  # a refresh would drop what was changed and not written yet
    db.session.refresh(post, with_for_update={"of": Post})
    if post.revision != revision:
        raise Changed(_l("This post was edited after you opened it. Read it again."))


def _refuse_unready(post: Post, now: datetime) -> None:
    if not post.variants:
        raise NotReady(_l("Choose at least one channel."))
    if post.workspace.requires_declarations and post.declares is None:
        raise NotReady(
            _l("Say what this post declares: an advertisement, made with AI, reprinted, or none of these.")
        )
    if post.due_at <= now and not any(deliveries.is_out(v) for v in post.variants):
        raise NotReady(_l("Its time has passed. Choose a later one."))
    problems = {channel: found for channel, found in obstacles(post).items() if found}
    if problems:
        raise NotReady(_l("Mend the problems shown at its channels first."), problems)


def _record(post: Post, verdict: Verdict, by: User, now: datetime, comment: str = "") -> None:
    post.approvals.append(
        Approval(
            revision=post.revision,
            digest=content.post_digest(post),
            verdict=verdict,
            comment=comment.strip(),
            by_id=by.id,
            at=now,
        )
    )


def _promise(variant: Variant, now: datetime) -> None:
    """Make this variant's delivery, or bring a waiting one up to date; what is out stays as it is."""
    known = variant.delivery
    if known is not None and known.state in deliveries.GONE_OUT:
        return
    if known is not None and known.state == State.CANCELED:
        known.variant = None
        db.session.flush()
        known = None
    if known is None:
        known = _new_delivery(variant, now)
    _renew(known, variant, now)


def _new_delivery(variant: Variant, now: datetime) -> Delivery:
    post = variant.post
    delivery = Delivery(
        workspace_id=post.workspace_id,
        post=post,
        variant=variant,
        channel_id=variant.channel_id,
        state=State.SCHEDULED,
        key=publishers.get(variant.channel.platform).new_key(now),
        created_at=now,
        digest="",
        promised_at=post.due_at,
        not_later_than=post.not_later_than,
        due_at=post.due_at,
    )
    db.session.add(delivery)
    return delivery


def _renew(delivery: Delivery, variant: Variant, now: datetime) -> None:
    post = variant.post
    due_at = max(post.due_at, now)
    delivery.digest = content.digest(variant)
    delivery.promised_at, delivery.due_at = post.due_at, due_at
    delivery.not_later_than = max(post.not_later_than, due_at + timedelta(minutes=post.grace_minutes))
    delivery.tries, delivery.error, delivery.rung_at = 0, None, None
    preparing.renew(delivery, variant, now)
    delivery.check_at, delivery.warnings = ahead.first(due_at, now), None
    db.session.flush()
    if delivery.state in (State.HELD, State.FAILED):
        deliveries.advance(delivery.id, State.SCHEDULED, held_reason=None)
