"""All that one post's page shows, loaded beforehand so that the template asks the database for nothing."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_gmt
from flask_babel import format_date, format_time, get_locale
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from calendar_app import approval, content, deliveries, library
from calendar_app.extensions import db
from calendar_app.models import (
    Approval,
    Asset,
    Attachment,
    Channel,
    Delivery,
    Membership,
    Post,
    Role,
    Stage,
    State,
    User,
    Variant,
)
from calendar_app.standing import standing, word
from calendar_app.walltime import to_wall
from calendar_app.web import sentences, wording
from calendar_app.web.delivery_panel import CANCELABLE
from publishers import follows
from publishers.values import Preview

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Trouble:
    """One problem in words; ``position`` is the media it concerns, from 1."""

    text: str
    severity: str
    position: int | None = None


@dataclass(frozen=True)
class Reading:
    """How the post reads on one channel."""

    variant: Variant
    platform: str
    preview: Preview
    files: tuple[tuple[Asset, str], ...]
    troubles: tuple[Trouble, ...]
    options: tuple[tuple[str, str], ...]
    follows: tuple[Preview, ...]
    is_out: bool
    has_own_words: bool

    @property
    def channel(self) -> Channel:
        return self.variant.channel

    def follow_name(self, place: int) -> str:
        """How the part at ``place`` of what follows it is called there."""
        return wording.follow_name(self.channel, place)

    @property
    def is_published(self) -> bool:
        """Whether it surely is out, rather than on its way or in doubt."""
        return self.variant.delivery is not None and self.variant.delivery.state == State.PUBLISHED


def load(post_id: int) -> Post:
    """The post with everything around it, in a fixed number of queries."""
    query = (
        select(Post)
        .where(Post.id == post_id)
        .options(
            joinedload(Post.workspace),
            joinedload(Post.author),
            joinedload(Post.owner),
            joinedload(Post.edited_by),
            selectinload(Post.labels),
            _files(selectinload(Post.attachments)),
            selectinload(Post.approvals).joinedload(Approval.by),
            selectinload(Post.deliveries).selectinload(Delivery.attempts),
            selectinload(Post.variants).options(
                joinedload(Variant.channel),
                joinedload(Variant.delivery),
                _files(selectinload(Variant.own_attachments)),
            ),
        )
    )
    return db.session.scalars(query).unique().one()


def context(post: Post, user: User, member: Membership, now: datetime) -> dict[str, Any]:
    """The names that the page's template uses."""
    states = [delivery.state for delivery in post.deliveries]
    return {
        **live(post, user, member),
        "now": now,
        "headline": headline(post),
        "when": when(post),
        "readings": [reading(variant) for variant in post.variants],
        "differs_here": differs_here(post, user),
        "is_overdue": post.due_at <= now and not any(state in deliveries.GONE_OUT for state in states),
    }


def live(post: Post, user: User, member: Membership) -> dict[str, Any]:
    """What of the page changes while its deliveries go their way."""
    return {
        **actions(post, user, member),
        "post": post,
        "standing": standing(post.stage, [word(d.state, d.held_reason) for d in post.deliveries]),
        "history": [(wording.verdict(approval), approval) for approval in reversed(post.approvals)],
        "gone_out": [(v.id, v.delivery.state) for v in post.variants if v.delivery and deliveries.is_out(v)],
        "may_submit": _may_submit(post, member),
        "why_not_approve": why_not_approve(post, user, member),
        "may_send_back": member.role.includes(Role.APPROVER) and may_be_sent_back(post),
    }


def actions(post: Post, user: User, member: Membership) -> dict[str, Any]:
    """What this person may do with the post as its deliveries stand now."""
    states = [delivery.state for delivery in post.deliveries]
    return {
        "may_plan": member.role.includes(Role.PLANNER),
        "may_publish_now": _may_publish_now(post, user),
        "open_to_edits": is_open(post),
        "may_move": not any(state in deliveries.GONE_OUT for state in states),
        "may_delete": not any(d.state in deliveries.GONE_OUT or d.attempts for d in post.deliveries),
        "cancelable": [d for d in post.deliveries if d.state in CANCELABLE],
    }


def reading(variant: Variant) -> Reading:
    """What this channel's readers will see, and what stands in the way."""
    words = content.wording(variant)
    return Reading(
        variant=variant,
        platform=wording.platform(variant.channel),
        preview=content.preview(words),
        files=words.attachments,
        troubles=() if deliveries.is_out(variant) else (*_troubles(words), *_rendering(words)),
        options=tuple(wording.chosen_options(variant.channel, follows.without(words.options))),
        follows=content.following(words),
        is_out=deliveries.is_out(variant),
        has_own_words=variant.text is not None or variant.own_media,
    )


def headline(post: Post) -> str:
    """The start of the text, to know the post by."""
    first = next((line.strip() for line in post.text.splitlines() if line.strip()), "")
    return textwrap.shorten(first, 80, placeholder="…") or _("Post without text")


def when(post: Post) -> dict[str, str]:
    """The promised wall time in words, in the post's own zone."""
    here = post.due_at.astimezone(ZoneInfo(post.zone))
    return {
        "day": format_date(post.wall_time, "full", rebase=False),
        "time": format_time(post.wall_time, "short", rebase=False),
        "zone": post.zone.replace("_", " "),
        "offset": get_timezone_gmt(here, locale=get_locale()),
    }


def why_not_approve(post: Post, user: User, member: Membership) -> str:
    """Why this person can't approve this revision; empty where they can."""
    if approval.may_approve(post, user):
        return ""
    if not member.role.includes(Role.APPROVER):
        return _("An approver has to read it and approve it.")
    return _("You wrote or edited this post, so someone else has to approve it.")


def may_be_sent_back(post: Post) -> bool:
    """Whether a verdict can still stop anything."""
    return post.stage in (Stage.SUBMITTED, Stage.APPROVED) and not is_all_out(post)


def is_open(post: Post) -> bool:
    """Whether an edit could change anything: some channel's part has not gone out."""
    return not is_all_out(post) and all(d.state != State.PUBLISHING for d in post.deliveries)


def is_all_out(post: Post) -> bool:
    return bool(post.variants) and all(deliveries.is_out(variant) for variant in post.variants)


def differs_here(post: Post, user: User) -> bool:
    """Whether the reader's own clock shows another time than the post's zone."""
    return to_wall(post.due_at, user.zone) != to_wall(post.due_at, post.zone)


def next_free_time(post: Post, now: datetime) -> datetime:
    """A wall time to start from when the post is said again: the same hour, a week on, never in the past."""
    wall_time = post.wall_time + WEEK
    here = now.astimezone(ZoneInfo(post.zone)).replace(tzinfo=None)
    weeks = max(0, (here - wall_time) // WEEK + 1) if wall_time <= here else 0
    return wall_time + weeks * WEEK


def _may_submit(post: Post, member: Membership) -> bool:
    return member.role.includes(Role.PLANNER) and post.stage in (Stage.DRAFT, Stage.SENT_BACK)


def _may_publish_now(post: Post, user: User) -> bool:
    return is_open(post) and bool(post.variants) and approval.may_approve(post, user)


def _troubles(words: content.Wording) -> list[Trouble]:
    found = [problem for problem in content.problems(words) if not problem.fixable]
    return [Trouble(sentences.problem(p), p.severity, _place(p.position)) for p in found]


def _place(position: int | None) -> int | None:
    return None if position is None else position + 1


def _rendering(words: content.Wording) -> list[Trouble]:
    try:
        content.to_send(words)
    except library.NotReady as missing:
        return [Trouble(_("“%(name)s” is still being made to fit this channel.", name=missing), "info")]
    except library.CannotRender as failure:
        return [Trouble(sentences.media_reason(failure.reason), "error")]
    return []


def _files(attachments: Any) -> Any:
    return attachments.joinedload(Attachment.asset).selectinload(Asset.renditions)
