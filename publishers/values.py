"""The plain values that go into and come out of a publisher. All are frozen and free of any framework."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from publishers.pace import UNPACED, Pace, Quota
from publishers.words import Words

__all__ = [
    "UNPACED",
    "Accepted",
    "Audience",
    "Comment",
    "Connected",
    "Content",
    "Declaration",
    "Destination",
    "Heard",
    "Kind",
    "Knock",
    "Limits",
    "Media",
    "MediaLimits",
    "Metrics",
    "Pace",
    "Preview",
    "Problem",
    "Quota",
    "Receipt",
    "Severity",
    "Span",
    "Ticket",
]

Kind = Literal["image", "video"]
Declaration = Literal["ai", "ad", "reprint"]
Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Media:
    """One file as it will be sent: ``width``, ``height`` in pixels, ``size`` in bytes.

    ``url`` is where a platform that fetches files by itself finds it, for a while; empty where nobody serves it.
    """

    kind: Kind
    path: Path
    mime: str
    size: int
    width: int
    height: int
    sha256: str
    alt: str = ""
    seconds: float | None = None
    url: str = ""


@dataclass(frozen=True)
class Content:
    """What is to be said on one channel; ``language`` is a BCP 47 tag, ``options`` the platform's fields.

    ``declares`` says of all of it that it was made by AI, is an advertisement, or is reprinted from elsewhere.
    """

    text: str
    media: tuple[Media, ...] = ()
    language: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    declares: frozenset[Declaration] = frozenset()


@dataclass(frozen=True)
class MediaLimits:
    """What one kind of file must keep to; ratios are width by height. None means that the platform states no bound."""

    mimes: tuple[str, ...]
    max_count: int
    max_bytes: int | None = None
    max_pixels: int | None = None
    max_side: int | None = None
    max_seconds: float | None = None
    max_frame_rate: float | None = None
    min_seconds: float | None = None
    min_ratio: float | None = None
    max_ratio: float | None = None


@dataclass(frozen=True)
class Limits:
    """What a channel accepts, read from the platform where it tells, else the platform's documented default.

    ``counter`` names a counter of ``publishers.text``; ``url_cost`` is what one link counts (None: its full
    length); ``max_text_bytes`` bounds the UTF-8 form; ``max_alt`` bounds one alt text. ``needs_media``: words alone are
    no post here; ``max_caption`` bounds the text of a post with files where that is less than ``max_text``; ``max_files``
    bounds pictures and videos together, ``max_tags`` the hashtags, ``max_title`` the title in grapheme clusters.
    ``max_comment`` bounds a comment, in the units of ``counter`` (None: as much as a post).
    ``takes_links`` False: a link in the text is dead there, or keeps the post from being shown.
    ``link_hosts``: where there are any, the text has to hold a link to one of these hosts or one below it ("*": to any).
    """

    max_text: int
    counter: str
    image: MediaLimits
    video: MediaLimits
    url_cost: int | None = None
    max_text_bytes: int | None = None
    max_alt: int | None = None
    mixes_kinds: bool = False
    needs_media: bool = False
    max_caption: int | None = None
    max_files: int | None = None
    max_tags: int | None = None
    max_title: int | None = None
    max_comment: int | None = None
    takes_links: bool = True
    link_hosts: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The limits as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Limits:
        """The inverse of :meth:`as_dict`."""
        values = dict(data)
        for kind in ("image", "video"):
            media = dict(values[kind])
            media["mimes"] = tuple(media["mimes"])
            values[kind] = MediaLimits(**media)
        values["link_hosts"] = tuple(values.get("link_hosts", ()))
        return cls(**values)


@dataclass(frozen=True)
class Destination:
    """One connected channel: where to speak, as whom, and with which credentials (never shown by repr)."""

    base_url: str
    remote_id: str
    handle: str
    limits: Limits
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    traits: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Connected:
    """What connecting found out, enough to make a channel of it; ``traits`` are facts that are no secret."""

    base_url: str
    remote_id: str
    handle: str
    name: str
    avatar_url: str
    profile_url: str
    limits: Limits
    credentials: Mapping[str, str] = field(repr=False)
    traits: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ticket:
    """What a delivery carries through all its tries.

    ``key`` is the native idempotency key, fixed for life; ``at`` the promised instant (frozen into records
    that carry a creation time); ``handles`` what ``prepare`` made, as JSON values; ``expires_at`` their end.
    ``others`` are remote ids that are known to be other posts: ``find`` never takes one of them for this.
    """

    key: str
    at: datetime
    handles: Mapping[str, Any] = field(default_factory=dict)
    expires_at: datetime | None = None
    others: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Receipt:
    """The platform's word that a post is visible."""

    remote_id: str
    url: str
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Accepted:
    """The platform took the post and will show it later; ``handle`` is what ``confirm`` polls."""

    handle: Mapping[str, Any]
    look_after: datetime | None = None


@dataclass(frozen=True)
class Metrics:
    """Normalised numbers at one moment. None means that the platform gives no such number: it is never 0."""

    likes: int | None = None
    reposts: int | None = None
    replies: int | None = None
    quotes: int | None = None
    views: int | None = None
    saves: int | None = None
    impressions: int | None = None
    reach: int | None = None
    shares: int | None = None
    clicks: int | None = None


@dataclass(frozen=True)
class Audience:
    """A channel's own numbers at one moment."""

    followers: int | None = None
    following: int | None = None
    posts: int | None = None


@dataclass(frozen=True)
class Comment:
    """What somebody said below a post; ``parent`` is the comment that it answers, empty for the post itself."""

    remote_id: str
    author: str
    text: str
    at: datetime
    url: str = ""
    parent: str = ""


@dataclass(frozen=True)
class Knock:
    """A call that a platform makes to us (a webhook), as it came: header names in lower case, ``query`` decoded."""

    method: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Heard:
    """What to answer to a ``Knock``, and which posts or handles it was about: they are looked at soon.

    ``about`` holds remote ids and the values of ``Accepted.handle``.
    """

    status: int = 200
    body: bytes = b""
    mime: str = "text/plain; charset=utf-8"
    about: tuple[str, ...] = ()


@dataclass(frozen=True)
class Problem:
    """Something that stands between a content and its platform, found before any network call.

    ``code`` is stable and translated by the caller with ``params``; ``position`` is the media index. What only one
    platform says comes with its own ``words``, which the values of ``params`` are put into.
    Codes: text_required, text_not_unicode, text_too_long{count,limit,over}, text_bytes_too_long{count,limit},
    media_required, too_many_images{count,limit}, too_many_videos{count,limit}, too_many_files{count,limit}, kinds_mixed,
    too_many_tags{count,limit}, alt_missing, alt_too_long{count,limit}, video_too_long{seconds,limit},
    option_unknown{name,value}, option_required{label}, option_too_long{label,count,limit}, option_not_a_link{label},
    option_not_a_number{label}, option_not_a_file{label}, and each of image_type{mime}, image_too_large{size,limit},
    image_too_many_pixels{pixels,limit}, image_side_too_long{side,limit}, image_too_short{seconds,limit} and
    image_ratio{ratio} also with video_.
    ``fixable`` means a rendition can mend it without a person, so it is no reason to refuse.
    """

    code: str
    severity: Severity
    params: Mapping[str, Any] = field(default_factory=dict)
    position: int | None = None
    fixable: bool = False
    words: Words | None = None


@dataclass(frozen=True)
class Span:
    """A run of the text as it will be shown; ``target`` is a URL where known."""

    kind: Literal["text", "link", "mention", "tag"]
    text: str
    target: str = ""


@dataclass(frozen=True)
class Preview:
    """What a reader of the platform will see, made by the code path that builds the request."""

    spans: tuple[Span, ...]
    count: int
    limit: int
    media: tuple[Media, ...]
