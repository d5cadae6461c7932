"""On every platform that renews credentials, of two processes that find out at the same moment one renews them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from calendar_app import channels, content, create_app, credentials
from calendar_app.config import Config
from calendar_app.extensions import db
from calendar_app.models import Channel, ChannelState
from publishers import get, present
from publishers.errors import Unauthorized
from tests.calendar_app.everywhere import USUAL, SharedWatch, There, connected, joined, name_of
from tests.calendar_app.processes import Meet, Processes
from tests.people import Cast, gather

RENEWING = [way for way in USUAL if way.publisher.can("refresh")]
BEFORE_THE_END = timedelta(days=3)


@pytest.fixture(scope="module")
def two() -> Iterator[Processes]:
    with Processes(2) as processes:
        yield processes


@pytest.fixture
def cast(app: Flask) -> Iterator[Cast]:
    with app.app_context():
        yield gather(datetime.now(UTC))


@pytest.fixture(params=RENEWING, ids=name_of)
def there(request: pytest.FixtureRequest, cast: Cast, tmp_path: Path) -> Iterator[There]:
    with joined(request.param, cast, SharedWatch(cast.now), tmp_path) as joined_there:
        yield joined_there


def test_of_two_processes_that_find_out_at_once_one_renews(
    config: Config, there: There, two: Processes
) -> None:
    _come_to_an_end(there)
    seen, control = there.channel.credentials_version, there.server.control
    db.session.commit()

    two.begin(_renew, config, there.channel.id, there.watch.now)
    two.meet()  # both were refused, or know that the end is near
    asked_before = control.stats()["requests"]
    control.fault("delay", times=None, seconds=0.2)
    two.meet()
    two.meet()  # both have renewed, or left it to the other
    asked = control.requests(asked_before)
    control.clear_faults()
    two.meet()

    assert two.ended() == [seen + 1, seen + 1], "both go on with the same new credentials, which work"
    assert len(asked) == 1, asked
    db.session.expire_all()
    assert (there.channel.state, there.channel.refresh_until) == (ChannelState.ACTIVE, None)


def _come_to_an_end(there: There) -> None:
    """Access tokens are over; or almost, where what is over can not be renewed any more."""
    db.session.commit()
    there.server.control.expire_tokens()
    refused = _refusal(there.channel)
    assert refused
    if not refused.refreshable:
        channel = channels.reconnect(there.channel, connected(there.way, there.server), there.watch.now)
        assert channel.expires_at
        there.watch.wait_until(channel.expires_at - BEFORE_THE_END)
        db.session.commit()


def _refusal(channel: Channel) -> Unauthorized | None:
    """What the platform says to these credentials; None where it takes them."""
    there = content.destination(channel)
    db.session.commit()
    try:
        get(channel.platform).discover(there)
    except Unauthorized as error:
        return error
    return None


def _renew(meet: Meet, config: Config, channel_id: int, now: datetime) -> int:
    """What a worker does on that channel; the version of the credentials that work in the end."""
    with create_app(config).app_context(), present.told_by(lambda: now):
        channel = db.session.get_one(Channel, channel_id)
        version, refused = channel.credentials_version, _refusal(channel)
        meet()
        meet()
        if refused:
            channels.refused(channel_id, version, refused, now)
        else:
            credentials.renew_ahead(channel, now)
        db.session.commit()
        meet()
        meet()
        channel = db.session.get_one(Channel, channel_id, populate_existing=True)
        assert _refusal(channel) is None
        renewed = db.session.get_one(Channel, channel_id).credentials_version
        db.session.remove()
        db.engine.dispose()
        return renewed
