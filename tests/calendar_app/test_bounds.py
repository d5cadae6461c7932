"""An admin's word on what a platform accepts counts for checks, renditions and pace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask

from calendar_app import bounds, content
from calendar_app.bounds import NoBound
from calendar_app.models import Channel, Post
from publishers.values import Quota
from tests.people import Cast, a_channel, a_post, gather


@pytest.fixture
def cast(app: Flask) -> Iterator[Cast]:
    with app.app_context():
        yield gather()


@pytest.fixture
def channel(cast: Cast) -> Channel:
    return a_channel(cast.tea, "telegram", credentials={"token": "a-token-of-the-tests"})


def problems(post: Post) -> list[str]:
    (variant,) = post.variants
    return [problem.code for problem in content.problems(content.wording(variant))]


def test_what_was_adjusted_is_what_counts(cast: Cast, channel: Channel) -> None:
    post = a_post(cast, channel, text="茶" * 60)
    assert problems(post) == []
    bounds.adjust(channel, {"text": "50"})
    assert problems(post) == ["text_too_long"]
    bounds.adjust(channel, {"text": ""})
    assert problems(post) == []


def test_files_are_made_to_fit_what_was_adjusted(channel: Channel) -> None:
    bounds.adjust(channel, {"image_megabytes": "2", "images": "3", "video_seconds": "60"})
    limits = content.limits_of(channel)
    assert (limits.image.max_bytes, limits.image.max_count) == (2 * 2**20, 3)


def test_a_quota_of_a_day_is_kept_beside_the_platforms_others(channel: Channel) -> None:
    before = bounds.pace_of(channel)
    bounds.adjust(channel, {"posts_a_day": "5", "seconds_between": "90"})
    pace = bounds.pace_of(channel)
    assert pace.spacing == timedelta(seconds=90)
    assert pace.quotas == (*before.quotas, Quota(5, timedelta(days=1)))


@pytest.mark.parametrize("typed", ["0", "-3", "many", "1.5", "９", "99999999999999"])
def test_what_is_no_bound_is_refused_and_changes_nothing(channel: Channel, typed: str) -> None:
    bounds.adjust(channel, {"text": "80"})
    with pytest.raises(NoBound) as caught:
        bounds.adjust(channel, {"text": typed})
    assert caught.value.name == "text"
    assert channel.adjusted == {"text": 80}


def test_only_what_the_platform_has_any_use_for_is_known(channel: Channel) -> None:
    known = {bound.name: bound.known for bound in bounds.of(channel)}
    assert (known["text"], known["images"], known["image_megabytes"]) == (4096, 10, 10)
    assert known["video_seconds"] is None
    assert known["seconds_between"] == 1
