"""``almanac`` with shorter patience, so that a storm's worth of second tries fits into minutes: the same code and guards.

python -m tests.chaos.hasty clock
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from unittest import mock

import publishers
from calendar_app import credentials, preparing, retrying
from workers.__main__ import main

BACK_OFF, LOOK_AGAIN, WAITS = (1, 2, 4, 8, 15), (1, 2, 4, 8), (1, 1, 2, 3)


@contextmanager
def shortened() -> Iterator[None]:
    """Every wait that a person or a platform would need in life is what a simulated one needs, for this while."""
    with (
        mock.patch.multiple(
            retrying, BACK_OFF=_spans(BACK_OFF), LOOK_AGAIN=_spans(LOOK_AGAIN), WAITS=_spans(WAITS)
        ),
        mock.patch.object(preparing, "LEASE", timedelta(seconds=10)),
        mock.patch.object(credentials, "REFRESH_BOUND", timedelta(seconds=15)),
        _quick("mastodon"),
        _quick("bluesky"),
    ):
        yield


@contextmanager
def _quick(platform: str) -> Iterator[None]:
    kind = type(publishers.get(platform))
    quick = {"visibility_lag": timedelta(seconds=1), "prepare_lead": timedelta(seconds=6)}
    with mock.patch.multiple(kind, **quick):
        yield


def _spans(seconds: tuple[int, ...]) -> tuple[timedelta, ...]:
    return tuple(timedelta(seconds=each) for each in seconds)


if __name__ == "__main__":
    with shortened():
        main()
