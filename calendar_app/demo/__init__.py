"""A tea brand that does not exist, for newcomers to look around in: its people, and a month of its posts.

The platforms it speaks to are the simulators, through the ordinary publishers: nothing outside this package knows.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l

from calendar_app.demo import elsewhere as plan
from calendar_app.demo import history, house, numbers, pictures, seasons
from calendar_app.demo.house import House
from calendar_app.demo.last_week import LAST_WEEK
from calendar_app.demo.later import LATER
from calendar_app.demo.next_week import NEXT_WEEK, SOON
from calendar_app.demo.platforms import NoStage, Stage
from calendar_app.demo.script import BLUESKY, MASTODON, Scene
from calendar_app.demo.week_before import WEEK_BEFORE
from calendar_app.models import Delivery
from publishers.errors import PublisherError

SOON_AFTER = timedelta(seconds=75)


class NotSeeded(NoStage):
    """A simulated platform answered with an error."""


def seed(
    *, mastodon: str, bluesky: str, now: datetime, elsewhere: Mapping[str, str] | None = None
) -> list[str]:
    """Fill an empty database; answers the lines that tell a newcomer how to log in. The caller commits.

    ``mastodon`` and ``bluesky`` are the addresses of the simulators. Raises ``NoStage`` when one does not answer. Of those
    that run ``elsewhere`` (address by platform) the platforms of the brand's plan are connected too.
    One post is due 75 seconds after the end, by the machine's own clock counted on from ``now``.
    """
    started = time.monotonic()
    stages = {MASTODON: Stage(MASTODON, mastodon.rstrip("/")), BLUESKY: Stage(BLUESKY, bluesky.rstrip("/"))}
    for stage in stages.values():
        stage.check()
    try:
        _fill(stages, elsewhere or {}, now, started)
    except PublisherError as error:
        raise NotSeeded(
            _l("A simulated platform refused to play the demo: %(reason)s", reason=error.message)
        ) from error
    return _logins(stages)


def _fill(stages: dict[str, Stage], others: Mapping[str, str], now: datetime, started: float) -> None:
    brand = house.found(now)
    long_ago = now - timedelta(days=45)
    folder = pictures.draw()
    brand.assets = pictures.upload(folder, brand.workspace, brand.people["planner"], long_ago)
    for platform, stage in stages.items():
        stage.clear()
        brand.channels[platform] = stage.connect(brand.workspace, long_ago)
    history.play(brand, stages, _write_past(brand))
    for channel in brand.channels.values():
        numbers.recall(channel, now)
    plan.settle_in(brand, others, long_ago)
    _write_ahead(brand, started)
    for stage in stages.values():
        stage.order("forget_limits")


def _write_past(brand: House) -> list[tuple[Scene, Delivery]]:
    past = (*WEEK_BEFORE, *LAST_WEEK)
    posts = [(scene, house.write(brand, scene, brand.instant(scene.day, scene.time))) for scene in past]
    return [(scene, delivery) for scene, post in posts for delivery in post.deliveries]


def _write_ahead(brand: House, started: float) -> None:
    today = brand.now.astimezone(ZoneInfo(house.ZONE)).date()
    for scene in (*NEXT_WEEK, *LATER, seasons.greeting(today)):
        house.write(brand, scene, brand.instant(scene.day, scene.time))
    spent = timedelta(seconds=time.monotonic() - started)
    due_at = brand.now + spent + SOON_AFTER
    due_at = due_at.replace(microsecond=0) + timedelta(seconds=1)
    house.write(brand, SOON, due_at, decided_at=brand.now - timedelta(minutes=20))


def _logins(stages: dict[str, Stage]) -> list[str]:
    people = [
        f"  {house.email(role)}  ({role}, {house.LANGUAGES[locale]})" for role, _, locale, _ in house.CAST
    ]
    return [
        f"Log in to the demo with the password {house.PASSWORD} as one of",
        *people,
        f"What it publishes is seen at {stages[MASTODON].url} and {stages[BLUESKY].url}",
    ]
