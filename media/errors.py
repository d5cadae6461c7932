"""Why a file is turned away, one exception for each decision.

Every exception carries a stable `code` and `params` (plain values), so that an application can say it in the
reader's language; its text is English, for logs.
"""

from __future__ import annotations

from typing import ClassVar, Literal


class MediaError(Exception):
    """Base of all refusals. `code` never changes once published; `params` fill a translated message."""

    about: ClassVar[str]

    def __init__(self, code: str, **params: float | str) -> None:
        self.code = code
        self.params = params
        super().__init__(f"{self.about}: {code} {params}" if params else f"{self.about}: {code}")


class Unreadable(MediaError):
    """The file is of a known kind but cannot be used: `empty`, `broken` (also: cut short) or `slow`."""

    about = "unreadable"

    def __init__(self, code: Literal["empty", "broken", "slow"] = "broken") -> None:
        super().__init__(code)


class Unsupported(MediaError):
    """A kind of file that is not taken. `params["found"]` names what it really is, such as `pdf` or `svg`."""

    about = "unsupported"

    def __init__(self, found: str) -> None:
        super().__init__("unsupported", found=found)


class TooLarge(MediaError):
    """Beyond a limit of ours: `bytes`, `pixels` or `seconds`, with the `measured` value and the `limit`."""

    about = "too large"

    def __init__(self, code: Literal["bytes", "pixels", "seconds"], measured: float, limit: float) -> None:
        super().__init__(code, measured=measured, limit=limit)


class CannotFit(MediaError):
    """No acceptable rendition exists for a platform.

    `seconds` and `bytes` carry `measured` and `limit`; `kind` (a picture where a video is wanted, or the
    reverse) and `mime` (nothing we can make is accepted) carry `found`; `slow`: making it took too long.
    """

    about = "cannot fit"

    def __init__(
        self, code: Literal["seconds", "bytes", "kind", "mime", "slow"], **params: float | str
    ) -> None:
        super().__init__(code, **params)
