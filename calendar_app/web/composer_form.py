"""What is typed into the composer, as a value: read from a request, from a post, merged, and sent on to the verbs.

Field names: ``text``, ``media_id``/``media_alt`` (repeated, in order), ``channel`` and ``label`` (repeated), ``date``,
``time``, ``zone``, ``fold``, ``grace``, ``owner``, ``language``, ``declares`` (repeated; "none" says that there is nothing
to declare), ``form_key``, ``revision``; and for the channel with id 5 ``v5-own_text``, ``v5-text``, ``v5-own_media``, ``v5-media_id``, ``v5-media_alt`` and ``v5-opt-<option>``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from uuid import uuid4

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict

from calendar_app.models import Attachment, ChannelState, Post, Variant
from calendar_app.planning import Attached, PostDraft, VariantDraft
from calendar_app.refusals import Refusal
from calendar_app.web import fields
from publishers import declarations

LARGEST_ID = 2**31 - 1
LONGEST_GRACE = 7 * 24 * 60
YEARS = range(2000, 2100)
NOBODY = 0
NOTHING = "none"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_OWN = re.compile(r"v(\d{1,10})-")


class Mistyped(Refusal):
    """A field that can't be read; ``field`` is its name."""

    def __init__(self, name: str, sentence: object) -> None:
        super().__init__(sentence)
        self.field = name


@dataclass(frozen=True)
class TypedVariant:
    """One channel's tab. Text and media stay typed while their switch says "same as master"."""

    own_text: bool = False
    text: str = ""
    own_media: bool = False
    media: tuple[Attached, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Typed:
    """The whole form, exactly as typed; nothing here needs to make sense yet."""

    text: str = ""
    media: tuple[Attached, ...] = ()
    channels: tuple[int, ...] = ()
    variants: Mapping[int, TypedVariant] = field(default_factory=dict)
    date: str = ""
    time: str = ""
    zone: str = ""
    fold: int | None = None
    grace: str = "30"
    owner_id: int = NOBODY
    label_ids: tuple[int, ...] = ()
    language: str = ""
    declares: tuple[str, ...] | None = None
    form_key: str = ""
    revision: int = 0

    def variant(self, channel_id: int) -> TypedVariant:
        """What is typed in a channel's tab."""
        return self.variants.get(channel_id, TypedVariant())

    def text_on(self, channel_id: int) -> str:
        """How it reads on a channel."""
        own = self.variant(channel_id)
        return own.text if own.own_text else self.text

    def media_on(self, channel_id: int) -> tuple[Attached, ...]:
        """What is attached on a channel."""
        own = self.variant(channel_id)
        return own.media if own.own_media else self.media

    def asset_ids(self) -> set[int]:
        """Every file that is named anywhere in the form."""
        everywhere = (self.media, *(variant.media for variant in self.variants.values()))
        return {each.asset_id for media in everywhere for each in media}

    def wall_time(self) -> datetime:
        """The typed date and time, naive. Raises ``Mistyped``."""
        try:
            typed = datetime.strptime(f"{self.date} {self.time[:5]}", "%Y-%m-%d %H:%M")
        except ValueError:
            raise Mistyped("date", _l("Choose a date and a time.")) from None
        if typed.year not in YEARS:
            raise Mistyped("date", _l("Choose a date and a time."))
        return typed

    def known_zone(self) -> str:
        """The typed zone. Raises ``Mistyped``."""
        if self.zone not in zone_names():
            raise Mistyped("zone", _l("There is no such time zone. Choose one from the list."))
        return self.zone

    def grace_minutes(self) -> int:
        """The lateness bound. Raises ``Mistyped``."""
        if (
            not self.grace.isascii()
            or not self.grace.isdigit()
            or not 1 <= int(self.grace[:6]) <= LONGEST_GRACE
        ):
            raise Mistyped("grace", _l("Choose how late it may go out, between a minute and a week."))
        return int(self.grace)

    def draft(self, before: Post | None = None) -> PostDraft:
        """What the verbs take; ``before`` keeps its seconds where its minute was not touched. Raises ``Mistyped``."""
        if self.language and not _LANGUAGE.fullmatch(self.language[:13]):
            raise Mistyped("language", _l("Choose a language from the list."))
        return PostDraft(
            text=self.text,
            wall_time=self._with_seconds(before),
            zone=self.known_zone(),
            variants=tuple(self.variant_draft(channel_id) for channel_id in dict.fromkeys(self.channels)),
            media=self.media,
            fold=self.fold,
            language=self.language,
            grace_minutes=self.grace_minutes(),
            owner_id=self.owner_id or None,
            label_ids=self.label_ids,
            declares=self.declares,
        )

    def pairs(self) -> Iterator[tuple[str, str]]:
        """The form's fields again, as a browser would post them."""
        yield from (("text", self.text), ("date", self.date), ("time", self.time), ("zone", self.zone))
        yield from (("grace", self.grace), ("owner", str(self.owner_id or "")), ("language", self.language))
        yield from (("form_key", self.form_key), ("revision", str(self.revision)))
        yield from (("channel", str(each)) for each in self.channels)
        yield from (("label", str(each)) for each in self.label_ids)
        if self.declares is not None:
            yield from (("declares", each) for each in self.declares or (NOTHING,))
        yield from _media_pairs("", self.media)
        if self.fold is not None:
            yield "fold", str(self.fold)
        for channel_id in self.variants:
            yield from self.pairs_of(channel_id)

    def pairs_of(self, channel_id: int) -> Iterator[tuple[str, str]]:
        """The fields of one channel's tab."""
        prefix, own = f"v{channel_id}-", self.variant(channel_id)
        yield f"{prefix}own_text", "1" if own.own_text else "0"
        yield f"{prefix}text", own.text
        yield f"{prefix}own_media", "1" if own.own_media else "0"
        yield from _media_pairs(prefix, own.media)
        yield from ((f"{prefix}opt-{name}", value) for name, value in own.options.items())

    def _with_seconds(self, before: Post | None) -> datetime:
        typed = self.wall_time()
        same = before is not None and before.wall_time.replace(second=0, microsecond=0) == typed
        return before.wall_time if before is not None and same else typed

    def variant_draft(self, channel_id: int) -> VariantDraft:
        """One channel's part as the verbs take it."""
        own = self.variant(channel_id)
        return VariantDraft(
            channel_id,
            own.text if own.own_text else None,
            own.media if own.own_media else None,
            {name: value for name, value in own.options.items() if value},
        )


def from_form(form: MultiDict[str, str]) -> Typed:
    """What was posted; never fails: what can't be read is kept as text or becomes an id that nobody has."""
    return Typed(
        text=_text(form, "text"),
        media=_media(form, ""),
        channels=tuple(row_id(each) for each in form.getlist("channel")),
        variants={number: _variant(form, f"v{number}-") for number in sorted(_own_tabs(form))},
        date=form.get("date", "")[:10],
        time=form.get("time", "")[:8],
        zone=form.get("zone", "").strip()[:64],
        fold={"0": 0, "1": 1}.get(form.get("fold", "")),
        grace=form.get("grace", "30").strip()[:6],
        owner_id=row_id(form["owner"]) if form.get("owner") else NOBODY,
        label_ids=tuple(row_id(each) for each in form.getlist("label")),
        language=form.get("language", "")[:12],
        declares=_declares(form.getlist("declares")),
        form_key=form_key(form.get("form_key", "")),
        revision=max(0, row_id(form.get("revision", ""))),
    )


def from_post(post: Post) -> Typed:
    """What the form starts from when a post is edited."""
    return Typed(
        text=post.text,
        media=_attached(post.attachments),
        channels=tuple(v.channel_id for v in post.variants if v.channel.state != ChannelState.REMOVED),
        variants={variant.channel_id: _from_variant(variant) for variant in post.variants},
        date=f"{post.wall_time:%Y-%m-%d}",
        time=f"{post.wall_time:%H:%M}",
        zone=post.zone,
        fold=post.fold,
        grace=str(post.grace_minutes),
        owner_id=post.owner_id or NOBODY,
        label_ids=tuple(label.id for label in post.labels),
        language=post.language,
        declares=None if post.declares is None else tuple(post.declares),
        form_key=form_key(""),
        revision=post.revision,
    )


def _declares(typed: Iterable[str]) -> tuple[str, ...] | None:
    """What was ticked; None where nothing was, not even that there is nothing to declare."""
    ticked = set(typed)
    known = tuple(kind for kind in sorted(declarations.KINDS) if kind in ticked)
    return known if known or NOTHING in ticked else None


def form_key(typed: str) -> str:
    """The key that makes two submits of one form one post; a new one where none was given."""
    return typed if _UUID.fullmatch(typed) else str(uuid4())


@cache
def zone_names() -> frozenset[str]:
    """Every IANA zone that can be chosen."""
    return frozenset(zone.value for zone in fields.zones())


def _media_pairs(prefix: str, media: Iterable[Attached]) -> Iterator[tuple[str, str]]:
    for each in media:
        yield f"{prefix}media_id", str(each.asset_id)
        yield f"{prefix}media_alt", each.alt


def _own_tabs(form: MultiDict[str, str]) -> set[int]:
    return {row_id(found[1]) for name in form if (found := _OWN.match(name))} - {NOBODY}


def _variant(form: MultiDict[str, str], prefix: str) -> TypedVariant:
    options = f"{prefix}opt-"
    return TypedVariant(
        own_text=form.get(f"{prefix}own_text") == "1",
        text=_text(form, f"{prefix}text"),
        own_media=form.get(f"{prefix}own_media") == "1",
        media=_media(form, prefix),
        options={name.removeprefix(options): _text(form, name) for name in form if name.startswith(options)},
    )


def _from_variant(variant: Variant) -> TypedVariant:
    return TypedVariant(
        own_text=variant.text is not None,
        text=variant.text or "",
        own_media=variant.own_media,
        media=_attached(variant.own_attachments),
        options=dict(variant.options or {}),
    )


def _attached(attachments: Iterable[Attachment]) -> tuple[Attached, ...]:
    return tuple(Attached(each.asset_id, each.alt) for each in attachments)


def _media(form: MultiDict[str, str], prefix: str) -> tuple[Attached, ...]:
    ids, alts = form.getlist(f"{prefix}media_id"), form.getlist(f"{prefix}media_alt")
    return tuple(
        Attached(row_id(each), _plain(alts[at]).strip() if at < len(alts) else "")
        for at, each in enumerate(ids)
    )


def _text(form: MultiDict[str, str], name: str) -> str:
    return _plain(form.get(name, ""))


def _plain(text: str) -> str:
    """Browsers send line ends as CR LF, but platforms count them as one; no database keeps a NUL."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def row_id(text: str) -> int:
    """A row's id, or ``NOBODY`` for what can't be one."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 11 else NOBODY
    return number if number <= LARGEST_ID else NOBODY
