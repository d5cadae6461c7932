"""What people upload, and the forms of it that platforms take."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

import media
from calendar_app import store
from calendar_app.extensions import db
from calendar_app.models import Asset, Attachment, Delivery, Rendition, RenditionState, User, Workspace
from calendar_app.refusals import Refusal
from calendar_app.settings import config
from publishers import values

THUMBNAIL_SIDE = 480
RENDER_AGAIN = timedelta(minutes=15)
GIVEN_UP = timedelta(days=1)
UNBOUNDED = 2**40


class NotReady(Exception):
    """A rendition that a channel needs has not been made yet."""


class CannotRender(Exception):
    """No rendition of this asset can fit the channel; ``reason`` is a stable code with its params."""

    def __init__(self, reason: dict[str, Any]) -> None:
        super().__init__(reason.get("code", ""))
        self.reason = reason


class InUse(Refusal):
    """The asset is part of a post, or shows that one was posted."""


def add(workspace: Workspace, upload: Path, name: str, by: User, now: datetime) -> Asset:
    """Keep an uploaded file, cleaned of metadata; the same file twice is one asset.

    ``upload`` is consumed. Raises the errors of ``media.errors``: Unreadable, Unsupported, TooLarge.
    """
    cleaned = store.scratch()
    try:
        facts = media.clean(upload, cleaned, _limits())
        known = db.session.scalar(
            select(Asset).where(Asset.workspace_id == workspace.id, Asset.sha256 == facts.sha256)
        )
        if known:
            return known
        asset = _asset(workspace, facts, name, by, now)
        asset.thumbnail_sha256 = _thumbnail(cleaned, facts)
        store.keep(cleaned, facts.sha256)
    finally:
        cleaned.unlink(missing_ok=True)
        upload.unlink(missing_ok=True)
    db.session.add(asset)
    db.session.flush()
    return asset


def drop_unfinished(now: datetime) -> int:
    """Remove what uploads and renderings left that were cut off a day ago; how many files."""
    return store.clear_scratch(now - GIVEN_UP)


def remove(asset: Asset) -> None:
    """Take an asset out of the library. Raises ``InUse`` while a post holds it, or a delivery as its evidence."""
    if db.session.scalar(select(Delivery.id).where(Delivery.evidence_id == asset.id).limit(1)):
        raise InUse(_l("This file shows that a post was posted by hand, so it stays."))
    if db.session.scalar(select(Attachment.id).where(Attachment.asset_id == asset.id).limit(1)):
        raise InUse(_l("A post uses this file. Take it out of the post first."))
    db.session.delete(asset)


def media_for(asset: Asset, alt: str, limits: values.Limits) -> values.Media:
    """The asset as it can be sent under ``limits``: itself, or its rendition.

    Raises ``NotReady`` where that has still to be made, ``CannotRender`` where it can't be.
    """
    fit = fit_for(asset.kind, limits)
    if media.fits(facts_of(asset), fit):
        return as_uploaded(asset, alt)
    rendition = next((r for r in asset.renditions if r.fit_key == fit.key), None)
    if rendition is None or rendition.state == RenditionState.WANTED:
        raise NotReady(asset.name)
    if rendition.state == RenditionState.FAILED:
        raise CannotRender(rendition.error or {})
    return _as_rendered(asset, rendition, alt)


def as_uploaded(asset: Asset, alt: str) -> values.Media:
    """The asset itself as a value to check or to send."""
    return values.Media(
        kind="video" if asset.kind == "video" else "image",
        path=store.path_of(asset.sha256),
        mime=asset.mime,
        size=asset.size,
        width=asset.width,
        height=asset.height,
        sha256=asset.sha256,
        alt=alt,
        seconds=asset.seconds if asset.kind == "video" else None,
    )


def want(asset: Asset, limits: values.Limits, now: datetime) -> None:
    """Ask for the rendition that ``limits`` need, unless the asset fits or it was asked for before."""
    fit = fit_for(asset.kind, limits)
    if media.fits(facts_of(asset), fit) or any(r.fit_key == fit.key for r in asset.renditions):
        return
    asset.renditions.append(Rendition(fit_key=fit.key, fit=_fit_as_json(fit), ring_at=now))


def wanted(now: datetime, limit: int) -> list[int]:
    """Renditions to be made now; asking moves their next ring, so that a lost one is rung again."""
    due = (
        select(Rendition.id)
        .where(Rendition.state == RenditionState.WANTED, Rendition.ring_at <= now)
        .order_by(Rendition.ring_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(db.session.scalars(due))
    if ids:
        db.session.execute(
            update(Rendition).where(Rendition.id.in_(ids)).values(ring_at=now + RENDER_AGAIN),
            execution_options={"synchronize_session": False},
        )
    return ids


def render(rendition: Rendition) -> None:
    """Make a wanted rendition; what can't be made is marked failed with its reason."""
    if rendition.state != RenditionState.WANTED:
        return
    target = store.scratch()
    try:
        facts = media.fit(
            store.path_of(rendition.asset.sha256),
            target,
            facts_of(rendition.asset),
            _fit_from_json(rendition.fit),
        )
        store.keep(target, facts.sha256)
        _finish(rendition, facts)
    except media.errors.MediaError as error:
        rendition.state = RenditionState.FAILED
        rendition.error = {"code": error.code, "params": dict(error.params)}
    finally:
        target.unlink(missing_ok=True)


def fit_for(kind: str, limits: values.Limits) -> media.Fit:
    """A channel's limits for one kind of file, in the media library's words."""
    bounds = limits.video if kind == "video" else limits.image
    return media.Fit(
        kind="video" if kind == "video" else "image",
        mimes=tuple(bounds.mimes),
        max_bytes=bounds.max_bytes or UNBOUNDED,
        max_pixels=bounds.max_pixels,
        max_side=bounds.max_side,
        max_seconds=bounds.max_seconds,
        max_frame_rate=bounds.max_frame_rate,
    )


def facts_of(asset: Asset) -> media.Facts:
    """What ``media`` found out about the asset when it came in."""
    return media.Facts(
        kind="video" if asset.kind == "video" else "image",
        mime=asset.mime,
        size=asset.size,
        width=asset.width,
        height=asset.height,
        seconds=asset.seconds,
        frame_rate=asset.frame_rate,
        codecs=tuple(asset.codecs),
        sha256=asset.sha256,
        animated=asset.animated,
    )


def _asset(workspace: Workspace, facts: media.Facts, name: str, by: User, now: datetime) -> Asset:
    return Asset(
        workspace_id=workspace.id,
        sha256=facts.sha256,
        kind=facts.kind,
        mime=facts.mime,
        size=facts.size,
        width=facts.width,
        height=facts.height,
        seconds=facts.seconds,
        frame_rate=facts.frame_rate,
        codecs=list(facts.codecs),
        animated=facts.animated,
        name=name[:255],
        uploaded_by_id=by.id,
        uploaded_at=now,
    )


def _thumbnail(source: Path, facts: media.Facts) -> str:
    target = store.scratch(".webp")
    try:
        made = media.thumbnail(source, target, facts, THUMBNAIL_SIDE)
        store.keep(target, made.sha256)
    finally:
        target.unlink(missing_ok=True)
    return made.sha256


def _limits() -> media.Limits:
    chosen = config()
    return media.Limits(
        image_bytes=chosen.max_image_bytes,
        video_bytes=chosen.max_video_bytes,
        pixels=chosen.max_image_pixels,
        seconds=chosen.max_video_seconds,
    )


def _as_rendered(asset: Asset, rendition: Rendition, alt: str) -> values.Media:
    assert rendition.sha256 and rendition.mime and rendition.size and rendition.width and rendition.height
    return replace(
        as_uploaded(asset, alt),
        path=store.path_of(rendition.sha256),
        mime=rendition.mime,
        size=rendition.size,
        width=rendition.width,
        height=rendition.height,
        sha256=rendition.sha256,
        seconds=rendition.seconds,
    )


def _finish(rendition: Rendition, facts: media.Facts) -> None:
    rendition.state = RenditionState.READY
    rendition.sha256 = facts.sha256
    rendition.mime = facts.mime
    rendition.size = facts.size
    rendition.width = facts.width
    rendition.height = facts.height
    rendition.seconds = facts.seconds


def _fit_as_json(fit: media.Fit) -> dict[str, Any]:
    return asdict(fit)


def _fit_from_json(data: dict[str, Any]) -> media.Fit:
    values_ = dict(data)
    values_["mimes"] = tuple(values_["mimes"])
    values_["codecs"] = tuple(values_["codecs"]) if values_.get("codecs") else None
    return media.Fit(**values_)
