"""What the composer shows while one types: each channel's preview, counter and problems, and the instant meant.

It is made by ``content.preview`` and ``content.problems``: the code path that builds what is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from flask_babel import gettext as _
from sqlalchemy import select

from calendar_app import content, deliveries, walltime
from calendar_app.content import Wording
from calendar_app.extensions import db
from calendar_app.models import Asset, Channel, ChannelState, Post, Variant, Workspace
from calendar_app.planning import PastTime
from calendar_app.refusals import Refusal
from calendar_app.web import sentences, wording
from calendar_app.web.composer_form import Mistyped, Typed
from publishers.values import Preview, Problem

NEAR = 0.9


@dataclass(frozen=True)
class Said:
    """A problem in words; ``kind`` is danger, warn or info (a rendition will mend it)."""

    text: str
    kind: str
    position: int | None = None


@dataclass(frozen=True)
class Card:
    """One channel as its readers will see it. ``variant`` is set where this part is out and can't change."""

    channel: Channel
    preview: Preview
    files: tuple[tuple[Asset, str], ...]
    said: tuple[Said, ...]
    follows: tuple[Preview, ...] = ()
    variant: Variant | None = None

    @property
    def tone(self) -> str:
        """How the counter looks: ``over``, ``near`` or nothing."""
        if self.preview.count > self.preview.limit:
            return "over"
        return "near" if self.preview.count >= self.preview.limit * NEAR else ""

    def follow_name(self, place: int) -> str:
        """How the part at ``place`` of what follows it is called there."""
        return wording.follow_name(self.channel, place)

    @property
    def errors(self) -> int:
        """How many problems stand in the way of publishing."""
        return sum(each.kind == "danger" for each in self.said)


@dataclass(frozen=True)
class When:
    """The instant that is meant, or why there is none and what can be chosen instead."""

    instant: datetime | None = None
    refusal: Refusal | None = None
    nearest: tuple[datetime, ...] = ()
    twice: tuple[datetime, ...] = ()
    fold: int | None = None


@dataclass(frozen=True)
class Desk:
    """The rows that a form may name, read once: channels of the workspace and the files typed."""

    channels: Mapping[int, Channel]
    assets: Mapping[int, Asset]
    out: Mapping[int, Variant]

    @cached_property
    def open(self) -> list[Channel]:
        """Channels that can still be chosen or left out."""
        return [channel for channel in self.channels.values() if channel.id not in self.out]


def desk(workspace: Workspace, typed: Typed, post: Post | None = None) -> Desk:
    """Read what a form refers to; what is not of this workspace is not there."""
    where = (Channel.workspace_id == workspace.id, Channel.state != ChannelState.REMOVED)
    channels = db.session.scalars(select(Channel).where(*where).order_by(Channel.platform, Channel.handle))
    ids = typed.asset_ids()
    files = select(Asset).where(Asset.workspace_id == workspace.id, Asset.id.in_(ids))
    out = [variant for variant in post.variants if deliveries.is_out(variant)] if post else []
    return Desk(
        {channel.id: channel for channel in channels},
        {asset.id: asset for asset in db.session.scalars(files)} if ids else {},
        {variant.channel_id: variant for variant in out},
    )


def cards(typed: Typed, rows: Desk) -> list[Card]:
    """A card for each part that is out and each chosen channel, in the order of the channels."""
    out = [_out_card(variant) for variant in rows.out.values()]
    shown = [_wording(typed, rows, channel) for channel in rows.open if channel.id in typed.channels]
    return out + [_card(words, is_begun(typed)) for words in shown]


def is_begun(typed: Typed) -> bool:
    """Whether there is anything to find fault with: an empty page is no mistake yet."""
    own = (variant.text for variant in typed.variants.values())
    return bool(typed.asset_ids()) or any(text.strip() for text in (typed.text, *own))


def when(typed: Typed, now: datetime, before: Post | None = None) -> When:
    """The instant of the typed wall time; a past one is no problem where it was not moved."""
    try:
        draft = typed.draft(before)
        instant = walltime.resolve(draft.wall_time, draft.zone, typed.fold)
        return _asked_twice(draft.wall_time, draft.zone, instant, typed, now, before)
    except walltime.SkippedTime as refusal:
        return When(refusal=refusal, nearest=(refusal.earlier, refusal.later))
    except walltime.RepeatedTime as refusal:
        return When(refusal=refusal, twice=(refusal.first, refusal.second))
    except Mistyped as refusal:
        return When(refusal=refusal)


def announcement(shown: Iterable[Card]) -> str:
    """What a screen reader says of the counters: only those near or over their limit."""
    told = [
        _(
            "%(channel)s: %(count)s of %(limit)s characters.",
            channel=card.channel.handle,
            count=card.preview.count,
            limit=card.preview.limit,
        )
        for card in shown
        if card.tone and card.variant is None
    ]
    return " ".join(told)


def missing(typed: Typed, rows: Desk) -> bool:
    """Whether the form names a channel or file that is gone, or was never of this workspace."""
    return bool(typed.asset_ids() - rows.assets.keys() or set(typed.channels) - rows.channels.keys())


def _asked_twice(
    wall: datetime, zone: str, instant: datetime, typed: Typed, now: datetime, before: Post | None
) -> When:
    moved = before is None or (before.wall_time, before.zone) != (wall, zone)
    refusal = PastTime() if moved and instant <= now else None
    try:
        walltime.resolve(wall, zone)
    except walltime.RepeatedTime as question:
        return When(instant, refusal, twice=(question.first, question.second), fold=typed.fold)
    return When(instant, refusal)


def _wording(typed: Typed, rows: Desk, channel: Channel) -> Wording:
    return Wording(
        channel=channel,
        text=typed.text_on(channel.id),
        attachments=tuple(
            (rows.assets[each.asset_id], each.alt)
            for each in typed.media_on(channel.id)
            if each.asset_id in rows.assets
        ),
        language=typed.language,
        options=typed.variant_draft(channel.id).options,
        declares=frozenset(typed.declares or ()),
    )


def _card(words: Wording, is_begun: bool) -> Card:
    said = tuple(_said(problem) for problem in content.problems(words)) if is_begun else ()
    return Card(words.channel, content.preview(words), words.attachments, said, content.following(words))


def _out_card(variant: Variant) -> Card:
    words = content.wording(variant)
    after = content.following(words)
    return Card(words.channel, content.preview(words), words.attachments, (), after, variant)


def _said(problem: Problem) -> Said:
    kind = "info" if problem.fixable else "warn" if problem.severity == "warning" else "danger"
    return Said(sentences.problem(problem), kind, problem.position)
