"""Writing and moving posts. Every edit grows the revision and withdraws what was approved before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from calendar_app import approval, deliveries, library, sweeps, walltime
from calendar_app.content import attachments_of, limits_of, text_of
from calendar_app.drafts import Attached, PostDraft, VariantDraft, attached, draft_of
from calendar_app.extensions import db
from calendar_app.models import (
    Asset,
    Attachment,
    Channel,
    ChannelState,
    Delivery,
    Hold,
    Label,
    Membership,
    Post,
    State,
    User,
    Variant,
    Workspace,
)
from calendar_app.refusals import Refusal

__all__ = ["Attached", "PostDraft", "VariantDraft", "draft_of"]


class StaleEdit(Refusal):
    """Someone saved first; ``post`` is what they saved."""

    def __init__(self, post: Post) -> None:
        super().__init__(_l("Someone saved this post while you were writing. Compare both and save again."))
        self.post = post


class PastTime(Refusal):
    """The chosen time is over."""

    def __init__(self) -> None:
        super().__init__(_l("This time has passed. Choose a later one."))


class GoingOut(Refusal):
    """It is being published right now, or all of it is out already."""


class UnknownPart(Refusal):
    """A channel, file, label or person that is not of this workspace."""


def write(
    workspace: Workspace, draft: PostDraft, by: User, now: datetime, form_key: str | None = None
) -> Post:
    """A new post; the same ``form_key`` twice is one post. Raises what ``save`` raises."""
    known = form_key and db.session.scalar(select(Post).where(Post.form_key == form_key))
    if known and known.workspace_id == workspace.id:
        return known
    post = Post(
        workspace_id=workspace.id, author_id=by.id, created_at=now, form_key=form_key, workspace=workspace
    )
    _fill(post, draft, by, now)
    db.session.add(post)
    db.session.flush()
    _place_media(post, draft)
    _ask_for_renditions(post, now)
    return post


def save(post: Post, draft: PostDraft, revision: int, by: User, now: datetime) -> Post:
    """Replace what ``revision`` said; any approval is withdrawn.

    Raises ``StaleEdit``, ``GoingOut``, ``PastTime``, ``UnknownPart``, and ``walltime.SkippedTime`` / ``RepeatedTime``.
    """
    _open_for_edit(post, revision, by, now)
    _freeze_what_is_out(post)
    _fill(post, draft, by, now)
    db.session.flush()
    _place_media(post, draft)
    _ask_for_renditions(post, now)
    return post


def move(
    post: Post, wall_time: datetime, revision: int, by: User, now: datetime, fold: int | None = None
) -> Post:
    """Another time, all else as it is; any approval is withdrawn. Raises what ``save`` raises."""
    due_at = _future(wall_time, post.zone, fold, now)
    _open_for_edit(post, revision, by, now)
    if any(delivery.state in deliveries.GONE_OUT for delivery in post.deliveries):
        raise GoingOut(_l("This post is out already on a channel, so its time stays."))
    post.wall_time, post.fold, post.due_at = wall_time, fold or 0, due_at
    return post


def duplicate(post: Post, wall_time: datetime, by: User, now: datetime, fold: int | None = None) -> Post:
    """A new draft that says the same at another time, on those of its channels that are still there."""
    kept = {v.channel_id for v in post.variants if v.channel.state != ChannelState.REMOVED}
    draft = draft_of(post)
    copy = replace(
        draft,
        variants=tuple(v for v in draft.variants if v.channel_id in kept),
        wall_time=wall_time,
        fold=fold,
        owner_id=by.id,
    )
    return write(post.workspace, copy, by, now)


def delete(post: Post, now: datetime) -> None:
    """Take a post off the calendar. Raises ``GoingOut`` where any part of it may have gone out."""
    sweeps.hold(Delivery.post_id == post.id, Hold.UNAPPROVED)
    db.session.expire(post)
    if any(d.state in deliveries.GONE_OUT or d.attempts for d in post.deliveries):
        raise GoingOut(
            _l(
                "Part of this post went out or was tried, so it stays in the record. Cancel its deliveries instead."
            )
        )
    db.session.delete(post)


def _open_for_edit(post: Post, revision: int, by: User, now: datetime) -> None:
    """Take the post for an edit: first the deliveries, so that no worker starts on the old text meanwhile."""
    sweeps.hold(Delivery.post_id == post.id, Hold.UNAPPROVED)
    won = deliveries.write(
        update(Post)
        .where(Post.id == post.id, Post.revision == revision)
        .values(revision=revision + 1, edited_by_id=by.id, edited_at=now)
    )
    db.session.expire(post)
    if not won:
        raise StaleEdit(post)
    states = [delivery.state for delivery in post.deliveries]
    if State.PUBLISHING in states:
        raise GoingOut(_l("This post is going out right now. Look at it again in a minute."))
    if (
        states
        and all(state in deliveries.GONE_OUT | {State.CANCELED} for state in states)
        and _is_all_out(post)
    ):
        raise GoingOut(_l("This post is out on all of its channels. Duplicate it to say it again."))
    approval.withdraw(post, by, now)


def _is_all_out(post: Post) -> bool:
    return all(deliveries.is_out(variant) for variant in post.variants)


def _freeze_what_is_out(post: Post) -> None:
    """What went out keeps its own words, so that an edit of the master can't rewrite history."""
    for variant in post.variants:
        if deliveries.is_out(variant):
            variant.text = text_of(variant)
            _own(variant, attached(attachments_of(variant)))


def _fill(post: Post, draft: PostDraft, by: User, now: datetime) -> None:
    moved = post.id is None or (post.wall_time, post.zone) != (draft.wall_time, draft.zone)
    due_at = _future(draft.wall_time, draft.zone, draft.fold, now) if moved else _due(draft)
    post.text, post.language = _unix_lines(draft.text), draft.language
    post.wall_time, post.zone, post.due_at = draft.wall_time, draft.zone, due_at
    post.fold = draft.fold or 0
    post.grace_minutes = draft.grace_minutes
    post.declares = None if draft.declares is None else sorted(draft.declares)
    post.owner_id = _member(post.workspace, draft.owner_id or by.id)
    post.labels = _labels(post.workspace, draft.label_ids)
    post.edited_by_id, post.edited_at = by.id, now
    _choose_channels(post, draft)


def _unix_lines(text: str) -> str:
    """Browsers send CRLF, and a platform would count both."""
    return text.replace("\r\n", "\n")


def _future(wall_time: datetime, zone: str, fold: int | None, now: datetime) -> datetime:
    due_at = walltime.resolve(wall_time, zone, fold)
    if due_at <= now:
        raise PastTime
    return due_at


def _due(draft: PostDraft) -> datetime:
    return walltime.resolve(draft.wall_time, draft.zone, draft.fold)


def _choose_channels(post: Post, draft: PostDraft) -> None:
    wanted = {variant.channel_id: variant for variant in draft.variants}
    _known(Channel, post.workspace, wanted, Channel.state != ChannelState.REMOVED)
    post.variants = [v for v in post.variants if v.channel_id in wanted or deliveries.is_out(v)]
    present = {variant.channel_id: variant for variant in post.variants}
    for channel_id, chosen in wanted.items():
        variant = present.get(channel_id) or Variant(channel_id=channel_id)
        if variant not in post.variants:
            post.variants.append(variant)
        if not deliveries.is_out(variant):
            variant.text = None if chosen.text is None else _unix_lines(chosen.text)
            variant.options = dict(chosen.options)


def _place_media(post: Post, draft: PostDraft) -> None:
    chosen = {a.asset_id for a in draft.media} | {a.asset_id for v in draft.variants for a in v.media or ()}
    _known(Asset, post.workspace, chosen)
    post.attachments = _attachments(post, draft.media)
    wanted = {variant.channel_id: variant.media for variant in draft.variants}
    for variant in post.variants:
        if not deliveries.is_out(variant):
            _own(variant, wanted.get(variant.channel_id))
    db.session.flush()
    db.session.expire(post, ["attachments"])


def _own(variant: Variant, media: tuple[Attached, ...] | None) -> None:
    variant.own_media = media is not None
    variant.own_attachments = _attachments(variant.post, media or ())


def _attachments(post: Post, media: Sequence[Attached]) -> list[Attachment]:
    return [
        Attachment(post_id=post.id, asset_id=file.asset_id, position=place, alt=file.alt.strip())
        for place, file in enumerate(media)
    ]


def _ask_for_renditions(post: Post, now: datetime) -> None:
    db.session.flush()
    for variant in post.variants:
        for attachment in attachments_of(variant):
            library.want(attachment.asset, limits_of(variant.channel), now)


def _member(workspace: Workspace, user_id: int) -> int:
    query = select(Membership.user_id).where(
        Membership.workspace_id == workspace.id, Membership.user_id == user_id
    )
    if db.session.scalar(query) is None:
        raise UnknownPart(_l("This person is not in the workspace any more. Choose another owner."))
    return user_id


def _labels(workspace: Workspace, ids: Sequence[int]) -> list[Label]:
    _known(Label, workspace, set(ids))
    return list(db.session.scalars(select(Label).where(Label.id.in_(ids)))) if ids else []


def _known(model: type[Channel | Asset | Label], workspace: Workspace, ids: object, *where: object) -> None:
    wanted = set(ids)  # type: ignore[call-overload]
    query = select(model.id).where(model.workspace_id == workspace.id, model.id.in_(wanted), *where)  # type: ignore[arg-type]
    if wanted and set(db.session.scalars(query)) != wanted:
        raise UnknownPart(
            _l("A channel, file or label of this post is gone. Reload the page and choose again.")
        )
