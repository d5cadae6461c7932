"""One exception for each decision that a caller takes after a failed call to a platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Evidence:
    """What the platform answered, kept raw for the operator; never holds credentials.

    ``code`` is the platform's own error code or name, ``http_status`` is None when no answer came.
    """

    code: str = ""
    http_status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    trace_id: str = ""


class PublisherError(Exception):
    """Base of all; ``message`` is the platform's own sentence, fit to be shown to a person."""

    def __init__(self, message: str, evidence: Evidence | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.evidence = evidence or Evidence()


class Temporary(PublisherError):
    """Their trouble, and surely nothing was posted: try again on the visible back-off."""


class RateLimited(PublisherError):
    """Too fast, or a quota is spent; surely not posted. The channel rests until ``until`` (aware UTC)."""

    def __init__(self, message: str, until: datetime, evidence: Evidence | None = None) -> None:
        super().__init__(message, evidence)
        self.until = until


class Rejected(PublisherError):
    """The platform will never take this content; surely not posted."""


class Unauthorized(PublisherError):
    """The platform does not accept this channel's credentials now; surely not posted.

    ``refreshable`` says whether one refresh of the credentials may mend it.
    """

    def __init__(self, message: str, evidence: Evidence | None = None, *, refreshable: bool = False) -> None:
        super().__init__(message, evidence)
        self.refreshable = refreshable


class Stale(PublisherError):
    """A handle made by ``prepare`` is no longer known to the platform; surely not posted: prepare again."""


def not_prepared() -> Stale:
    """What ``publish`` answers to a ticket without the handles that the content needs."""
    return Stale("This post is not prepared yet.", Evidence(code="not_prepared"))


class Unconfirmed(PublisherError):
    """The visible call was sent and its answer was lost: it may or may not have been posted."""
