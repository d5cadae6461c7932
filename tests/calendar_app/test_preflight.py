"""What could stop a post is found a day and an hour ahead, said to its owner, and gone once it is mended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

import publishers
from calendar_app import (
    ahead,
    approval,
    channels,
    library,
    planning,
    preflight,
    preparing,
    publishing,
    triage,
)
from calendar_app.extensions import db
from calendar_app.models import Channel, ChannelState, Delivery, Hold, Post, RenditionState, State
from publishers.simulators.server import Server
from publishers.values import Pace, Quota
from tests.calendar_app.conftest import Watch
from tests.people import Cast, a_post, an_approved_post

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
Look = Callable[[], list[int]]


@pytest.fixture
def look(watch: Watch) -> Look:
    """What the clock and a worker do together: every channel whose look has come is looked at."""

    def all_due() -> list[int]:
        found = preflight.due(watch.now)
        db.session.commit()
        for channel_id in found:
            preflight.check(channel_id, watch)
        db.session.expire_all()
        return found

    return all_due


def only(post: Post) -> Delivery:
    (delivery,) = post.deliveries
    return delivery


def codes(post: Post) -> list[str]:
    return [warning["code"] for warning in only(post).warnings or []]


def params(post: Post) -> dict[str, Any]:
    (warning,) = only(post).warnings or []
    return dict(warning["params"])


def asked(server: Server) -> int:
    """How often the platform was asked who the channel is."""
    paths = ("verify_credentials", "getSession")
    return sum(any(path in request["path"] for path in paths) for request in server.control.requests())


@contextmanager
def nobody_home(server: Server) -> Iterator[None]:
    server.control.fault("status_before", status=503, times=None)
    yield
    server.control.clear_faults()


def test_a_post_is_looked_at_a_day_and_an_hour_before_it_is_due_and_then_no_more(
    cast: Cast, toots: Channel, watch: Watch, look: Look
) -> None:
    post = an_approved_post(cast, toots, at=watch.now + 3 * DAY)
    looks = []
    while only(post).check_at is not None:
        watch.wait_until(only(post).check_at)
        looks.append(post.due_at - watch.now)
        assert look() == [toots.id]
    assert looks == [DAY, HOUR]


def test_a_post_with_files_is_looked_at_once_more_when_they_should_be_uploaded(
    cast: Cast, toots: Channel, watch: Watch, look: Look, a_picture: planning.Attached
) -> None:
    post = an_approved_post(cast, toots, at=watch.now + 2 * HOUR, media=(a_picture,))
    look()
    for _ in range(2):
        watch.wait_until(only(post).check_at)
        look()
    assert post.due_at - watch.now == ahead.LAST
    assert codes(post) == ["not_prepared"]


def test_a_post_whose_files_are_uploaded_in_time_warns_of_nothing(
    cast: Cast, toots: Channel, watch: Watch, look: Look, a_picture: planning.Attached
) -> None:
    post = an_approved_post(cast, toots, at=watch.now + 2 * HOUR, media=(a_picture,))
    watch.wait_until(only(post).prepare_at)
    preparing.prepare(only(post).id, "a-worker", watch)
    watch.wait_until(post.due_at - 4 * MINUTE)
    look()
    assert only(post).warnings is None and only(post).check_at is None


def test_a_post_approved_late_is_looked_at_right_away(
    cast: Cast, toots: Channel, watch: Watch, look: Look
) -> None:
    post = an_approved_post(cast, toots, at=watch.now + 3 * HOUR)
    assert look() == [toots.id]
    assert only(post).check_at == post.due_at - HOUR


def test_a_post_that_goes_out_at_once_is_not_looked_at(
    cast: Cast, toots: Channel, watch: Watch, look: Look
) -> None:
    an_approved_post(cast, toots, at=watch.now + MINUTE)
    assert look() == []


def test_a_token_that_ends_before_the_post_is_due_warns_its_owner_a_day_ahead(
    cast: Cast, toots: Channel, watch: Watch, look: Look
) -> None:
    post = an_approved_post(cast, toots, at=watch.now + 2 * DAY)
    before, after = post.due_at - MINUTE, post.due_at + MINUTE
    toots.expires_at = after
    watch.wait_until(post.due_at - DAY)
    look()
    assert codes(post) == []
    watch.wait_until(post.due_at - HOUR)
    toots.expires_at = before
    db.session.commit()
    look()
    assert codes(post) == ["credentials_end"]
    assert datetime.fromisoformat(params(post)["at"]) == before


def test_two_hundred_posts_on_one_channel_cost_one_call(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, look: Look
) -> None:
    tomorrow = watch.now + DAY + HOUR
    posts = [an_approved_post(cast, toots, text=f"Tea {n}", at=tomorrow + n * MINUTE) for n in range(200)]
    watch.wait_until(tomorrow - DAY)
    before = asked(mastodon_server)
    assert look() == [toots.id]
    assert asked(mastodon_server) - before == 1
    assert all(only(post).check_at == post.due_at - HOUR for post in posts)
    watch.advance(hours=1)
    assert look() == []


def test_the_database_is_let_go_while_the_platform_is_asked(
    cast: Cast, toots: Channel, watch: Watch, look: Look
) -> None:
    an_approved_post(cast, toots, at=watch.now + 3 * HOUR)
    held: list[bool] = []
    discover = type(publishers.get("mastodon")).discover
    event.listen(db.engine, "checkout", lambda *_: held.append(True))
    event.listen(db.engine, "checkin", lambda *_: held.append(False))
    known: list[bool] = []

    def spied(self: Any, destination: Any) -> Any:
        known.append(held[-1])
        return discover(self, destination)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(publishers.get("mastodon")), "discover", spied)
        look()
    assert known == [False]


def test_a_server_that_does_not_answer_is_told_and_its_answer_takes_the_warning_away(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, look: Look
) -> None:
    post = an_approved_post(cast, toots, at=watch.now + 3 * HOUR)
    with nobody_home(mastodon_server):
        look()
    assert codes(post) == ["channel_unreachable"]
    assert params(post) == {"server": toots.base_url}
    watch.wait_until(only(post).check_at)
    look()
    assert only(post).warnings is None


def test_while_something_is_amiss_the_looks_become_rarer_and_keep_the_hour_it_was_first_seen(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, look: Look
) -> None:
    post = an_approved_post(cast, toots, at=watch.now + 3 * HOUR)
    first_seen, waits = watch.now, []
    with nobody_home(mastodon_server):
        for _ in range(6):
            look()
            waits.append((only(post).check_at - watch.now) // MINUTE)
            watch.wait_until(only(post).check_at)
    assert waits == [2, 2, 4, 8, 15, 15]
    (warning,) = only(post).warnings
    assert datetime.fromisoformat(warning["at"]) == first_seen


def test_a_refused_channel_holds_its_posts_and_warns_the_ones_that_are_approved_after(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, look: Look
) -> None:
    post = an_approved_post(cast, toots, at=watch.now + 3 * HOUR)
    mastodon_server.control.revoke_tokens()
    look()
    assert toots.state == ChannelState.RECONNECT
    assert (only(post).state, only(post).held_reason) == (State.HELD, Hold.RECONNECT)
    late = an_approved_post(cast, toots, at=watch.now + 4 * HOUR)
    look()
    assert codes(late) == ["channel_refused"]


@pytest.fixture
def long_lived_skies(bluesky_server: Server, watch: Watch, request: pytest.FixtureRequest) -> Channel:
    """A Bluesky channel, connected when the platform's clock and ours show the same."""
    bluesky_server.control.clock(
        advance_seconds=watch.now.timestamp() - bluesky_server.control.stats()["now"]
    )
    channel: Channel = request.getfixturevalue("skies")
    return channel


def test_credentials_that_can_be_renewed_are_renewed_and_warn_of_nothing(
    cast: Cast, long_lived_skies: Channel, bluesky_server: Server, watch: Watch, look: Look
) -> None:
    post = an_approved_post(cast, long_lived_skies, at=watch.now + 3 * HOUR)
    seen = long_lived_skies.credentials_version
    bluesky_server.control.clock(advance_seconds=1)
    bluesky_server.control.expire_tokens()
    look()
    assert long_lived_skies.credentials_version == seen + 1
    assert only(post).warnings is None and only(post).state == State.SCHEDULED


def test_a_quota_that_is_taken_before_the_post_is_due_is_told_with_its_end(
    cast: Cast, toots: Channel, watch: Watch, look: Look
) -> None:
    day = Quota(2, "day", "UTC")
    posts = [an_approved_post(cast, toots, text=f"Tea {n}", at=watch.now + n * HOUR) for n in (3, 4, 5)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(publishers.get("mastodon")), "pace_of", lambda *_: Pace(quotas=(day,)))
        look()
    assert [codes(post) for post in posts] == [[], [], ["quota_short"]]
    told = params(posts[2])
    assert told["limit"] == 2 and datetime.fromisoformat(told["resets"]) == day.closes(posts[2].due_at)


def test_a_paused_channel_and_a_paused_workspace_are_told_until_they_are_resumed(
    cast: Cast, toots: Channel, watch: Watch, look: Look
) -> None:
    channels.pause(toots, "Holiday", watch.now)
    channels.pause_workspace(cast.tea, "Holiday", watch.now)
    post = an_approved_post(cast, toots, at=watch.now + 3 * HOUR)
    look()
    assert codes(post) == ["channel_paused", "workspace_paused"]
    channels.resume(toots, watch.now)
    db.session.commit()
    look()
    assert codes(post) == ["workspace_paused"]
    channels.resume_workspace(cast.tea, watch.now)
    db.session.commit()
    look()
    assert only(post).warnings is None


def test_a_channel_that_rests_past_the_promised_time_is_told(
    cast: Cast, toots: Channel, watch: Watch, look: Look
) -> None:
    post = an_approved_post(cast, toots, at=watch.now + 3 * HOUR)
    toots.rests_until = post.due_at + HOUR
    db.session.commit()
    look()
    assert codes(post) == ["channel_resting"]
    assert datetime.fromisoformat(params(post)["until"]) == post.due_at + HOUR


def test_a_channel_that_takes_less_than_it_did_at_the_approval_is_told(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, look: Look
) -> None:
    post = an_approved_post(cast, toots, text="Spring tea, " * 20, at=watch.now + 3 * HOUR)
    mastodon_server.control.set(max_characters=100)
    look()
    assert codes(post) == ["limits_changed"]
    assert params(post)["code"] == "text_too_long" and params(post)["params"]["limit"] == 100
    assert toots.limits["max_text"] == 100


def test_a_file_that_is_not_ready_or_can_not_be_made_to_fit_is_told(
    cast: Cast, toots: Channel, watch: Watch, look: Look, a_picture: planning.Attached
) -> None:
    asset = db.session.get_one(library.Asset, a_picture.asset_id)
    asset.size = 2**31
    post = an_approved_post(cast, toots, at=watch.now + 3 * HOUR, media=(a_picture,))
    look()
    assert codes(post) == ["media_not_ready"] and params(post) == {"name": "tea.jpg"}
    (rendition,) = asset.renditions
    rendition.state, rendition.error = (
        RenditionState.FAILED,
        {"code": "bytes", "params": {"measured": 2, "limit": 1}},
    )
    watch.wait_until(only(post).check_at)
    db.session.commit()
    look()
    assert codes(post) == ["media_does_not_fit"]
    assert params(post)["reason"]["code"] == "bytes"


def test_files_that_the_platform_refused_ahead_of_time_are_told(
    cast: Cast,
    toots: Channel,
    mastodon_server: Server,
    watch: Watch,
    look: Look,
    a_picture: planning.Attached,
) -> None:
    post = an_approved_post(cast, toots, at=watch.now + 2 * HOUR, media=(a_picture,))
    mastodon_server.control.fault("status_before", {"path_prefix": "/api/v2/media"}, status=422)
    watch.wait_until(only(post).prepare_at)
    preparing.prepare(only(post).id, "a-worker", watch)
    look()
    assert codes(post) == ["preparation_refused"]


@pytest.mark.parametrize("stop", ["edit", "cancel", "claim"])
def test_what_is_edited_cancelled_or_taken_up_is_warned_of_no_more(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch, look: Look, stop: str
) -> None:
    post = an_approved_post(cast, toots, at=watch.now + 3 * HOUR)
    with nobody_home(mastodon_server):
        look()
    if stop == "edit":
        planning.move(post, post.wall_time + HOUR, post.revision, cast.ana, watch.now)
    elif stop == "cancel":
        triage.cancel(only(post), cast.ana, watch.now)
    else:
        watch.wait_until(post.due_at)
        publishing.publish(only(post).id, "a-worker", watch, watch.wait_until)
    db.session.commit()
    db.session.expire_all()
    assert only(post).warnings is None
    assert look() == []


def test_a_post_moved_while_its_channel_is_asked_keeps_its_new_look(
    cast: Cast, toots: Channel, mastodon_server: Server, watch: Watch
) -> None:
    post = an_approved_post(cast, toots, at=watch.now + 3 * HOUR)
    preflight.due(watch.now)
    db.session.commit()
    looked = preflight._looked_at(toots.id, watch.now + 3 * MINUTE)
    rows = [preflight._row(delivery, preflight.Answer(), watch.now) for delivery in looked]
    planning.move(post, post.wall_time + 3 * DAY, post.revision, cast.ana, watch.now)
    approval.submit(post, cast.ana, watch.now)
    approval.approve(post, post.revision, cast.bo, watch.now)
    db.session.commit()
    preflight._keep(rows)
    db.session.commit()
    db.session.expire_all()
    assert only(post).check_at == post.due_at - DAY


def test_several_clocks_ring_a_channel_once(cast: Cast, toots: Channel, watch: Watch) -> None:
    an_approved_post(cast, toots, at=watch.now + 3 * HOUR)
    assert preflight.due(watch.now) == [toots.id]
    db.session.commit()
    assert preflight.due(watch.now) == []


def test_a_lost_ring_is_rung_again(cast: Cast, toots: Channel, watch: Watch) -> None:
    an_approved_post(cast, toots, at=watch.now + 3 * HOUR)
    preflight.due(watch.now)
    db.session.commit()
    watch.advance(minutes=3)
    assert preflight.due(watch.now) == [toots.id]


def test_a_draft_is_not_looked_at(cast: Cast, toots: Channel, look: Look) -> None:
    a_post(cast, toots)
    assert look() == []
