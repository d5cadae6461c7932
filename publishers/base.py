"""What every platform's adapter offers. Callers know this class and nothing of a platform."""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from publishers.values import (
    UNPACED,
    Accepted,
    Audience,
    Comment,
    Connected,
    Content,
    Declaration,
    Destination,
    Heard,
    Knock,
    Limits,
    Metrics,
    Pace,
    Preview,
    Problem,
    Receipt,
    Ticket,
)


@dataclass(frozen=True)
class Field:
    """One input of a connect form; ``label`` and ``hint`` get translated.

    ``kind`` is text, url, password, long (several lines) or choice, which offers ``choices`` as (value, label).
    ``advanced`` ones are put away until somebody asks for them.
    """

    name: str
    kind: str
    label: str
    hint: str = ""
    default: str = ""
    required: bool = True
    choices: tuple[tuple[str, str], ...] = ()
    advanced: bool = False


OptionKind = Literal["text", "long", "link", "number", "switch", "file"]


@dataclass(frozen=True)
class Option:
    """One field of the platform's own in the composer; ``choices`` are (value, label), none for free input.

    A switch that is on has the value "1"; a file is the number of one of the post's own files, counted from 1.
    ``max_length`` is in characters (code points).
    """

    name: str
    label: str
    choices: tuple[tuple[str, str], ...] = ()
    default: str = ""
    max_length: int | None = None
    kind: OptionKind = "text"
    required: bool = False
    hint: str = ""


@dataclass(frozen=True)
class Authorization:
    """The start of an OAuth code flow: send the person to ``url``, keep ``memory`` (secret) meanwhile.

    ``app`` is the client registration (secret), reusable for later connections to the same ``base_url``.
    """

    url: str
    base_url: str
    memory: Mapping[str, str]
    app: Mapping[str, str]


KEY_MARGIN = timedelta(minutes=5)
CANNOT_LOOK = "cannot_look"


def end_of(kept: Mapping[str, str]) -> datetime | None:
    """When a person has to sign in again, where the platform told (aware UTC)."""
    return datetime.fromisoformat(kept["ends_at"]) if kept.get("ends_at") else None


class Publisher(ABC):
    """Say this, there, now. Adapters translate; they hold no state and never retry by themselves.

    Every method that talks to the platform raises the errors of ``publishers.errors``; only ``publish``, ``follow``,
    ``edit`` and ``answer`` have a visible effect, and only they may raise ``Unconfirmed``.

    ``prepare_lead`` is how long before its instant a post is prepared, ``visibility_lag`` how long after a call ``find``
    may still miss what it made. ``key_lives`` is how long after its first use the native key keeps a repeat from posting
    twice (``timedelta.max``: for ever; None: there is no such key). ``finds`` is False where nothing lets us look for a
    lost post: a person is asked at once. ``finds_alike`` says that ``find`` goes by what a post says, so that two with
    the same words cannot be told apart. ``mark`` is a letter or two for where there is no room for the ``label``. ``pace`` is how often the platform takes posts. ``home`` is the address of a
    platform that has only one, ``app_fields`` what its operator registered there, ``carries`` the declarations that it
    has a field for: the others are said in the text. ``assisted`` means that a person posts, and ``publish`` is never
    called; ``hears`` that it calls us (``hear``). ``follows`` is what ``follow`` puts after a post: a first comment, or
    the further posts of a thread; the matching option of ``publishers.follows`` is among ``options`` then.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    mark: ClassVar[str] = ""
    home: ClassVar[str] = ""
    connect_fields: ClassVar[tuple[Field, ...]]
    app_fields: ClassVar[tuple[Field, ...]] = ()
    uses_oauth: ClassVar[bool] = False
    assisted: ClassVar[bool] = False
    hears: ClassVar[bool] = False
    follows: ClassVar[Literal["", "comment", "thread"]] = ""
    carries: ClassVar[frozenset[Declaration]] = frozenset()
    options: ClassVar[tuple[Option, ...]] = ()
    metrics: ClassVar[frozenset[str]]
    metrics_batch: ClassVar[int]
    prepare_lead: ClassVar[timedelta] = timedelta(minutes=10)
    visibility_lag: ClassVar[timedelta] = timedelta(seconds=30)
    key_lives: ClassVar[timedelta | None] = None
    finds: ClassVar[bool] = True
    finds_alike: ClassVar[bool] = False
    default_limits: ClassVar[Limits]
    pace: ClassVar[Pace] = UNPACED

    def pace_of(self, traits: Mapping[str, str]) -> Pace:
        """The pace of one channel: none where ``traits`` (as ``discover`` gives them) say so by pace "none"."""
        return UNPACED if traits.get("pace") == "none" else self.pace

    def label_of(self, traits: Mapping[str, str]) -> str:
        """What people call the place where one channel speaks: the platform, unless ``traits`` know better."""
        return self.label

    def can(self, verb: str) -> bool:
        """Whether this platform offers ``delete``, ``edit``, ``comments``, ``answer``, ``refresh`` or ``confirm``."""
        return getattr(type(self), verb) is not getattr(Publisher, verb)

    def options_of(self, traits: Mapping[str, str]) -> tuple[Option, ...]:
        """The platform's own fields on one channel, where they differ with what ``discover`` found of it."""
        return self.options

    def new_key(self, now: datetime) -> str:
        """A native idempotency key for one delivery, made before its first try and never changed."""
        return secrets.token_hex(16)

    def materials(self, content: Content) -> tuple[str, ...]:
        """What ``prepare`` works on: handles that were made for equal materials serve."""
        return tuple(f"{media.kind} {media.sha256} {media.alt}" for media in content.media)

    def needs_prepare(self, content: Content) -> bool:
        """Whether there is work to do ahead of time."""
        return bool(self.materials(content))

    def repeats_safely(
        self, destination: Destination, ticket: Ticket, first_sent_at: datetime, now: datetime
    ) -> bool:
        """Whether sending the same ticket again cannot post twice."""
        if self.key_lives is None or not self.honours_key(destination):
            return False
        return now - first_sent_at < self.key_lives - KEY_MARGIN

    def honours_key(self, destination: Destination) -> bool:
        """Whether this channel's server knows the native key; asked only where ``key_lives`` says how long."""
        return True

    @abstractmethod
    def check(self, content: Content, limits: Limits) -> list[Problem]:
        """Every problem of ``content`` under ``limits``, without any network call."""

    @abstractmethod
    def preview(self, content: Content, limits: Limits) -> Preview:
        """What will be shown, built by the code path that builds the request."""

    def server_of(self, fields: Mapping[str, str]) -> str:
        """The base URL that the typed ``connect_fields`` name, or ``home``; client registrations are kept by it."""
        from publishers.http import address

        return address(fields["server"]) if fields.get("server") else self.home

    def authorize(
        self, fields: Mapping[str, str], redirect_uri: str, state: str, app: Mapping[str, str] | None
    ) -> Authorization:
        """Start an OAuth code flow; registers a client with the server unless ``app`` is given."""
        raise NotImplementedError(f"{self.name} does not connect by OAuth")

    def exchange(self, memory: Mapping[str, str], code: str, redirect_uri: str) -> Connected:
        """Finish an OAuth code flow."""
        raise NotImplementedError(f"{self.name} does not connect by OAuth")

    def connect(self, fields: Mapping[str, str]) -> Connected:
        """Connect with what a person typed into ``connect_fields``; tests it at once."""
        raise NotImplementedError(f"{self.name} connects by OAuth")

    @abstractmethod
    def discover(self, destination: Destination) -> Connected:
        """Read handle, name, avatar and limits afresh; ``Unauthorized`` when the credentials are dead."""

    def refresh(self, destination: Destination) -> Mapping[str, str]:
        """New credentials from the old ones; raises ``Unauthorized`` where that is not possible."""
        from publishers.errors import Unauthorized

        raise Unauthorized("These credentials cannot be refreshed.")

    def credentials_end(self, credentials: Mapping[str, str]) -> datetime | None:
        """When a person has to sign in again at the latest, where the credentials themselves tell (aware UTC)."""
        return end_of(credentials)

    @abstractmethod
    def prepare(self, destination: Destination, content: Content, ticket: Ticket, now: datetime) -> Ticket:
        """Do all that is invisible and repeatable (upload media ...); answers the ticket with its handles."""

    @abstractmethod
    def publish(self, destination: Destination, content: Content, ticket: Ticket) -> Receipt | Accepted:
        """The one visible call."""

    def confirm(self, destination: Destination, handle: Mapping[str, object]) -> Receipt | Accepted:
        """Ask what became of an ``Accepted``; raises ``Rejected`` when the platform turned it down."""
        raise NotImplementedError(f"{self.name} publishes at once")

    @abstractmethod
    def find(
        self, destination: Destination, content: Content, ticket: Ticket, since: datetime
    ) -> Receipt | None:
        """Look for a post whose answer was lost; None means: surely not there now.

        Where ``finds`` is False nobody calls it. Where nothing lets us look for posts of this kind alone, it raises
        ``Temporary`` with the code ``CANNOT_LOOK``: a person is asked at once.
        """

    def delete(self, destination: Destination, remote_id: str) -> None:
        """Take a post down; one that is gone already is no error."""
        raise NotImplementedError(f"{self.name} deletes nothing for others")

    def edit(self, destination: Destination, remote_id: str, content: Content) -> Receipt:
        """Let a post that is out say ``content`` instead; its files stay. The id may change."""
        raise NotImplementedError(f"{self.name} edits nothing for others")

    def comments(self, destination: Destination, remote_id: str) -> Sequence[Comment]:
        """What was said below a post, newest first, as many as one call gives."""
        raise NotImplementedError(f"{self.name} shows no comments")

    def answer(self, destination: Destination, remote_id: str, comment_id: str, text: str) -> str:
        """Reply to a comment below the post ``remote_id``; the id of the reply. A lost answer is ``Unconfirmed``."""
        raise NotImplementedError(f"{self.name} takes no replies")

    def follow(self, destination: Destination, remote_id: str, text: str, key: str) -> Receipt:
        """Say ``text`` right after our own post ``remote_id``, by one visible call: as a comment below it, or as a post
        that answers it. ``key`` is a native key as ``new_key`` makes it, honoured where the platform knows one; the
        receipt's ``url`` may be empty. A lost answer is ``Unconfirmed``.
        """
        raise NotImplementedError(f"{self.name} lets nothing follow")

    def hear(self, credentials: Mapping[str, str], knock: Knock) -> Heard:
        """What a call of the platform says and wants to hear; raises ``Unauthorized`` where it is not theirs."""
        raise NotImplementedError(f"{self.name} calls nobody")

    @abstractmethod
    def measure(self, destination: Destination, remote_ids: Sequence[str]) -> Mapping[str, Metrics]:
        """The numbers of at most ``metrics_batch`` posts in one call; an id that is gone is left out."""

    @abstractmethod
    def audience(self, destination: Destination) -> Audience:
        """The channel's own numbers."""
