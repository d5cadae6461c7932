"""Two people typed over one post: what differs, and one form made of both."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from calendar_app.web.composer_form import Typed

PARTS = {
    "text": ("text",),
    "media": ("media",),
    "when": ("date", "time", "zone", "fold"),
    "channels": ("channels",),
    "owner": ("owner_id",),
    "labels": ("label_ids",),
    "language": ("language",),
    "grace": ("grace",),
    "declares": ("declares",),
}


def same(one: Typed, other: Typed) -> bool:
    """Whether both say the same, whatever their order of channels and labels."""
    return not differing(one, other)


def differing(mine: Typed, theirs: Typed) -> list[str]:
    """The names of the parts that differ: some of ``PARTS``, and ``variant-<channel id>``."""
    plain = [part for part in PARTS if _part(mine, part) != _part(theirs, part)]
    both = sorted(set(mine.channels) & set(theirs.channels))
    return plain + [f"variant-{each}" for each in both if _said(mine, each) != _said(theirs, each)]


def merged(mine: Typed, theirs: Typed, taken: Collection[str]) -> Typed:
    """Mine, but for the parts named in ``taken``, which are theirs; a channel that only they chose brings its words."""
    result = replace(mine, revision=theirs.revision)
    for part in set(taken) & set(PARTS):
        result = replace(result, **{name: getattr(theirs, name) for name in PARTS[part]})
    new = set(result.channels) - set(mine.channels)
    from_them = {each for each in theirs.variants if f"variant-{each}" in taken or each in new}
    return replace(
        result, variants={**result.variants, **{each: theirs.variants[each] for each in from_them}}
    )


def _part(typed: Typed, part: str) -> Any:
    if part in ("channels", "labels"):
        return set(typed.channels if part == "channels" else typed.label_ids)
    if part == "when":
        return typed.date, typed.time[:5], typed.zone, typed.fold or 0
    return getattr(typed, PARTS[part][0])


def _said(typed: Typed, channel_id: int) -> Any:
    draft = typed.variant_draft(channel_id)
    return draft.text, draft.media, draft.options
