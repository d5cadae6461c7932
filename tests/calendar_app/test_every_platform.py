"""On every platform a post goes the house's own way: prepared, published once, settled, its numbers read.

Over real sockets on simulated platforms, which fetch files from the app itself; time passes where a clock says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from calendar_app import channels, sampling, triage
from calendar_app.engagement import NAMES
from calendar_app.extensions import db
from calendar_app.models import AudienceSnapshot, ChannelState, Hold, Outcome, State, Step
from calendar_app.settings import config
from tests.calendar_app.everywhere import USUAL, WAYS, SharedWatch, There, connected, joined, name_of, served
from tests.people import Cast, gather
from tests.publishers.contract import CountsAudience, Measures

SOON, TOMORROW = timedelta(minutes=25), timedelta(days=1)
REST = timedelta(seconds=30)

every_way = pytest.mark.parametrize("there", WAYS, ids=name_of, indirect=True)
every_platform = pytest.mark.parametrize("there", USUAL, ids=name_of, indirect=True)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One engine is enough here: the verbs beneath are tested on both."""
    return sqlite_url


@pytest.fixture
def cast(app: Flask) -> Iterator[Cast]:
    with served(app), app.app_context():
        yield gather(datetime.now(UTC))


@pytest.fixture
def there(request: pytest.FixtureRequest, cast: Cast, tmp_path: Path) -> Iterator[There]:
    """A channel on one platform."""
    with joined(request.param, cast, SharedWatch(cast.now), tmp_path) as joined_there:
        yield joined_there


@every_way
def test_a_post_goes_out_once_at_its_instant(cast: Cast, there: There) -> None:
    there.approve(cast, TOMORROW)

    assert there.finish() == State.PUBLISHED, there.told()

    assert there.texts() == [there.way.said(there.said)]
    assert there.delivery.remote_id


@every_way
def test_a_lost_answer_never_makes_two_posts_of_one(cast: Cast, there: There) -> None:
    there.approve(cast, SOON)
    there.prepare()
    there.spoil("drop_after")
    there.step()
    assert there.delivery.state == State.UNCONFIRMED, there.told()

    ended = there.finish()

    if there.way.publisher.finds and there.way.can_look:
        assert ended == State.PUBLISHED, there.told()
    else:
        _is_a_question_to_a_person(there)
        assert there.steps().count(Step.FIND) <= 1, "asked at once"
        _it_appeared(cast, there)
    assert there.texts() == [there.way.said(there.said)]


@every_platform
def test_what_was_lost_on_the_way_goes_out_once_under_its_key_or_when_a_person_says_so(
    cast: Cast, there: There
) -> None:
    there.approve(cast, SOON)
    there.prepare()
    there.spoil("drop_before")

    ended = there.finish()

    if ended == State.UNCONFIRMED:
        _is_a_question_to_a_person(there)
        assert (there.steps().count(Step.PUBLISH), there.texts()) == (1, [])
        triage.did_not_appear(there.delivery, cast.bo, there.watch.now)
        _try_again(cast, there)
    assert there.delivery.state == State.PUBLISHED, there.told()
    assert there.texts() == [there.way.said(there.said)]


@every_platform
def test_what_came_too_fast_is_due_again_and_uses_up_no_try(cast: Cast, there: There) -> None:
    there.approve(cast, SOON)
    there.prepare()
    there.spoil("rate_limit", seconds=REST.total_seconds())

    there.step()

    delivery = there.delivery
    assert (delivery.state, delivery.tries, there.texts()) == (State.SCHEDULED, 0, []), there.told()
    assert there.watch.now < delivery.due_at == there.channel.rests_until
    is_in_time = delivery.due_at <= delivery.not_later_than
    assert there.finish() == (State.PUBLISHED if is_in_time else State.HELD), there.told()
    assert len(there.texts()) == is_in_time


@every_platform
def test_revoked_credentials_wait_for_a_person_who_signs_in_again(cast: Cast, there: There) -> None:
    there.approve(cast, SOON)
    there.prepare()
    there.server.control.revoke_tokens()

    ended = there.finish()

    assert there.channel.state == ChannelState.RECONNECT and there.channel.state_reason, there.told()
    if Outcome.ACCEPTED not in [each.outcome for each in there.delivery.attempts]:
        assert (ended, there.delivery.held_reason) == (State.HELD, Hold.RECONNECT)
        assert there.texts() == []
    _sign_in_again(there)
    if ended == State.HELD:
        _try_again(cast, there)
    else:  # its visible call needs no credentials: only what became of it could not be asked
        assert "could not be asked" in (there.delivery.error or "")
        _is_a_question_to_a_person(there)
        _it_appeared(cast, there)
    assert there.texts() == [there.way.said(there.said)]


@every_platform
def test_numbers_are_read_where_there_are_any_and_the_audience_is_counted(cast: Cast, there: There) -> None:
    there.approve(cast, SOON)
    there.finish()

    told = _numbers(there)
    sampling.audience(there.channel.id, there.watch)

    assert told <= there.way.publisher.metrics
    assert bool(told) is isinstance(there.way, Measures)
    audience = db.session.scalars(select(AudienceSnapshot)).one_or_none()
    assert (audience is not None and audience.followers is not None) is isinstance(there.way, CountsAudience)
    assert there.channel.state == ChannelState.ACTIVE


def _sign_in_again(there: There) -> None:
    found = connected(there.way, there.server)
    channels.reconnect(there.channel, found, there.watch.now)
    db.session.commit()
    assert there.channel.state == ChannelState.ACTIVE


def _is_a_question_to_a_person(there: There) -> None:
    """Nobody looks any more."""
    assert (there.delivery.state, there.delivery.look_at) == (State.UNCONFIRMED, None), there.told()


def _it_appeared(cast: Cast, there: There) -> None:
    triage.appeared(there.delivery, "", cast.bo, there.watch.now)
    db.session.commit()
    assert there.delivery.state == State.PUBLISHED


def _try_again(cast: Cast, there: There) -> None:
    triage.retry(there.delivery, cast.bo, there.watch.now)
    db.session.commit()
    assert there.finish() == State.PUBLISHED, there.told()


def _numbers(there: There) -> set[str]:
    """Which numbers the platform gives of the post, as soon as it gives any."""
    for _ in range(3 * len(config().sample_ages)):
        db.session.expire_all()
        if there.delivery.sample_at is None or there.delivery.snapshots:
            break
        there.watch.wait_until(there.delivery.sample_at)
        sampling.sample(there.channel.id, there.watch)
    db.session.expire_all()
    return {name for name in NAMES for one in there.delivery.snapshots if getattr(one, name) is not None}
