"""``almanac`` with shorter patience, so that a storm's worth of second tries fits into minutes: the same code and guards.

python -m tests.chaos.hasty clock
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import publishers
from calendar_app import credentials, preparing, retrying
from workers.__main__ import main

BACK_OFF, LOOK_AGAIN, WAITS = (1, 2, 4, 8, 15), (1, 2, 4, 8), (1, 1, 2, 3)


def shorten() -> None:
    """Set every wait that a person or a platform would need in life to what a simulated one needs."""
    _set(retrying, "BACK_OFF", tuple(timedelta(seconds=each) for each in BACK_OFF))
    _set(retrying, "LOOK_AGAIN", tuple(timedelta(seconds=each) for each in LOOK_AGAIN))
    _set(retrying, "WAITS", tuple(timedelta(seconds=each) for each in WAITS))
    _set(preparing, "LEASE", timedelta(seconds=10))
    _set(credentials, "REFRESH_BOUND", timedelta(seconds=15))
    for name in ("mastodon", "bluesky"):
        _set(type(publishers.get(name)), "visibility_lag", timedelta(seconds=1))
        _set(type(publishers.get(name)), "prepare_lead", timedelta(seconds=6))


def _set(owner: Any, name: str, value: object) -> None:
    assert hasattr(owner, name), f"{owner!r} has no {name} any more"
    setattr(owner, name, value)


if __name__ == "__main__":
    shorten()
    main()
