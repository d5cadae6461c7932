"""What a hand-off's page lays out: the words to copy, the files to save, how it stands, and who has done what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

from flask_babel import gettext as _

import publishers
from calendar_app import content, handing, library
from calendar_app.handing import Phase
from calendar_app.models import Asset, Attempt, Delivery, Membership, User
from calendar_app.web import sentences, story, wording
from calendar_app.web.delivery_panel import people_of
from calendar_app.web.edge import web_link
from calendar_app.web.files import ENDINGS
from publishers import declarations, text
from publishers.values import Content, Media

OPEN = (Phase.AHEAD, Phase.HANDED)


@dataclass(frozen=True)
class Visit:
    """Who came to which hand-off, and the address of each thing that can be done there, by name."""

    delivery: Delivery
    member: Membership
    address: Callable[..., str]

    @property
    def user(self) -> User:
        return self.member.user


@dataclass(frozen=True)
class Words:
    """One text to copy."""

    name: str
    label: str
    text: str


@dataclass(frozen=True)
class File:
    """One file as it fits the app; ``number`` counts from 1 and keeps the saved names in order."""

    number: int
    asset: Asset
    media: Media

    @property
    def name(self) -> str:
        stem = PurePath(self.asset.name).stem or "file"
        return f"{self.number}-{stem}{ENDINGS.get(self.media.mime, '')}"


@dataclass(frozen=True)
class Page:
    """All that is shown; ``words`` and ``files`` are empty where it must not be posted now."""

    visit: Visit
    phase: Phase
    app: str
    words: tuple[Words, ...]
    files: tuple[File, ...]
    trouble: str
    situation: str
    is_late: bool
    opens_at: datetime
    profile_link: str
    post_link: str
    notes: tuple[story.Line, ...]

    @property
    def delivery(self) -> Delivery:
        return self.visit.delivery

    @property
    def takes_answers(self) -> bool:
        """Whether it can be said that it is out: also in a pause, which comes too late for what was posted."""
        return self.phase == Phase.HANDED or (
            self.phase == Phase.STOPPED and handing.is_handed(self.delivery)
        )


def page(visit: Visit, now: datetime) -> Page:
    """The hand-off as it stands now."""
    delivery, phase = visit.delivery, handing.phase(visit.delivery, now)
    files, trouble = files_of(delivery) if phase in OPEN else ((), "")
    people = people_of([delivery])
    return Page(
        visit=visit,
        phase=phase,
        app=wording.platform(delivery.channel),
        words=words_of(delivery) if phase in OPEN else (),
        files=files,
        trouble=trouble,
        situation=wording.situation(delivery, now),
        is_late=handing.is_late(delivery, now),
        opens_at=handing.opens_at(delivery),
        profile_link=web_link(delivery.channel.profile_url),
        post_link=web_link(delivery.url),
        notes=tuple(story.answer_line(attempt, delivery, people) for attempt in answers(delivery)),
    )


def words_of(delivery: Delivery) -> tuple[Words, ...]:
    """Every text of it but the files' own, by the path that builds a request elsewhere."""
    assert delivery.variant is not None
    written = content.as_written(content.wording(delivery.variant))
    said = declarations.text(written)
    found = (
        *_options(delivery, written),
        Words("text", _("Text"), said),
        Words("tags", _("Hashtags"), _hashtags(said)),
    )
    return tuple(each for each in found if each.text)


def files_of(delivery: Delivery) -> tuple[tuple[File, ...], str]:
    """Each file in the form that fits, or none of them and why."""
    assert delivery.variant is not None
    words = content.wording(delivery.variant)
    try:
        sent = content.to_send(words)
    except library.NotReady as missing:
        return (), _("“%(name)s” is still being made to fit this channel.", name=missing)
    except library.CannotRender as failure:
        return (), sentences.media_reason(failure.reason)
    pairs = zip(words.attachments, sent.media, strict=True)
    return tuple(File(at + 1, asset, media) for at, ((asset, _alt), media) in enumerate(pairs)), ""


def answers(delivery: Delivery) -> Sequence[Attempt]:
    """What people said of it since it was last handed over, oldest first."""
    said = [attempt for attempt in delivery.attempts if attempt.message in (handing.DONE, handing.PASSED_ON)]
    return said[-3:]


def _hashtags(said: str) -> str:
    """In a row, for apps that ask for them in a field of their own."""
    return " ".join(dict.fromkeys(run.text for run in text.spans(said) if run.kind == "tag"))


def _options(delivery: Delivery, written: Content) -> tuple[Words, ...]:
    options = publishers.get(delivery.channel.platform).options
    return tuple(
        Words(option.name, sentences.label(option.label), written.options.get(option.name, ""))
        for option in options
    )
