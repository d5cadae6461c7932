"""What the calendar reads: the right posts, each as one entry, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import chain, combinations

import pytest
from flask import Flask
from sqlalchemy import event, select

from calendar_app import feed, feed_parts, finding, moving
from calendar_app.extensions import db
from calendar_app.finding import Filters
from calendar_app.models import Asset, Delivery, Label, Post, Snapshot, Stage, State, Variant
from calendar_app.planning import Attached, PastTime, VariantDraft
from calendar_app.standing import standing
from calendar_app.walltime import RepeatedTime, to_wall
from tests.people import NOW, Cast, a_channel, a_draft, a_post, an_approved_post, gather

DAY = timedelta(days=1)
HONG_KONG, PARIS = "Asia/Hong_Kong", "Europe/Paris"


@pytest.fixture
def cast(app: Flask) -> Iterator[Cast]:
    with app.app_context():
        yield gather()


@contextmanager
def counted_queries() -> Iterator[list[str]]:
    said: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        said.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def the_month(cast: Cast, filters: Filters = finding.ALL_POSTS) -> list[feed.Entry]:
    return feed.between(cast.tea, NOW - DAY, NOW + 30 * DAY, filters)


def titles(entries: list[feed.Entry]) -> list[str]:
    return [entry.title for entry in entries]


def an_asset(cast: Cast, name: str = "leaf.jpg") -> Asset:
    asset = Asset(
        workspace_id=cast.tea.id,
        sha256=name.ljust(64, "0"),
        kind="image",
        mime="image/jpeg",
        size=1000,
        width=40,
        height=30,
        name=name,
        thumbnail_sha256="1" * 64,
        uploaded_at=NOW,
    )
    db.session.add(asset)
    db.session.flush()
    return asset


def test_one_post_is_one_entry_with_all_that_a_card_shows(cast: Cast) -> None:
    mastodon, bluesky = a_channel(cast.tea, handle="@tea"), a_channel(cast.tea, "bluesky", handle="tea.bsky")
    label = Label(workspace_id=cast.tea.id, name="Harvest", colour="green")
    db.session.add(label)
    db.session.flush()
    asset = an_asset(cast)
    post = an_approved_post(
        cast,
        mastodon,
        bluesky,
        text="Spring tea\n\n  is here.",
        media=(Attached(asset.id, "leaves"),),
        label_ids=(label.id,),
    )
    (entry,) = the_month(cast)
    assert (entry.id, entry.title, entry.standing, entry.revision) == (
        post.id,
        "Spring tea is here.",
        "scheduled",
        1,
    )
    assert entry.due_at == NOW + timedelta(hours=1) and entry.wall_time == to_wall(entry.due_at, HONG_KONG)
    assert [(c.platform, c.handle, c.state) for c in entry.channels] == [
        ("mastodon", "@tea", State.SCHEDULED),
        ("bluesky", "tea.bsky", State.SCHEDULED),
    ]
    assert entry.labels == (feed_parts.Tag(label.id, "Harvest", "green"),)
    assert entry.picture == feed_parts.Picture(asset.id, "image", True)
    assert entry.owner == feed.Person(cast.ana.id, "Ana", "ana@example.com")
    assert entry.movable and entry.stage is Stage.APPROVED


def test_the_start_of_a_long_text_is_enough(cast: Cast) -> None:
    a_post(cast, text="茶" * 400)
    (entry,) = the_month(cast)
    assert len(entry.title) == feed.TITLE_LENGTH and entry.title.endswith("茶…")


def test_a_picture_of_one_channel_alone_is_shown_where_the_post_has_none(cast: Cast) -> None:
    channel, asset = a_channel(cast.tea), an_asset(cast)
    a_post(cast, variants=(VariantDraft(channel.id, media=(Attached(asset.id),)),))
    (entry,) = the_month(cast)
    assert entry.picture and entry.picture.asset_id == asset.id


def test_numbers_of_all_channels_are_added_up_and_missing_ones_stay_missing(cast: Cast) -> None:
    post = an_approved_post(cast, a_channel(cast.tea), a_channel(cast.tea, "bluesky"))
    for delivery, likes, quotes in zip(post.deliveries, (3, 4), (None, 2), strict=True):
        delivery.state, delivery.published_at = State.PUBLISHED, NOW
        db.session.add(Snapshot(delivery_id=delivery.id, taken_at=NOW, age=600, likes=1))
        db.session.flush()
        db.session.add(Snapshot(delivery_id=delivery.id, taken_at=NOW, age=3600, likes=likes, quotes=quotes))
    db.session.commit()
    (entry,) = the_month(cast)
    assert (entry.metrics.likes, entry.metrics.quotes, entry.metrics.views) == (7, 2, None)


def test_the_range_begins_with_its_start_and_ends_before_its_end(cast: Cast) -> None:
    for hours in (1, 2, 3):
        a_post(cast, text=f"after {hours}", at=NOW + timedelta(hours=hours))
    found = feed.between(cast.tea, NOW + timedelta(hours=1), NOW + timedelta(hours=3))
    assert titles(found) == ["after 1", "after 2"]


def test_a_range_of_more_than_a_hundred_days_is_refused(cast: Cast) -> None:
    with pytest.raises(feed.RangeTooLong):
        feed.between(cast.tea, NOW, NOW + 101 * DAY)


def test_another_workspace_is_never_in_the_feed(cast: Cast) -> None:
    a_post(cast)
    assert feed.between(cast.other, NOW - DAY, NOW + DAY) == []


def test_the_feed_asks_as_many_queries_for_forty_posts_as_for_one(cast: Cast) -> None:
    channels = (a_channel(cast.tea), a_channel(cast.tea, "bluesky"))
    an_approved_post(cast, *channels)
    with counted_queries() as for_one:
        assert len(the_month(cast)) == 1
    for hour in range(39):
        an_approved_post(cast, *channels, at=NOW + timedelta(hours=2 + hour))
    with counted_queries() as for_forty:
        assert len(the_month(cast)) == 40
    assert len(for_forty) == len(for_one) <= 8


@pytest.mark.parametrize("state", [State.PUBLISHING, State.PROCESSING, State.PUBLISHED, State.UNCONFIRMED])
def test_what_may_have_gone_out_is_not_to_be_moved(cast: Cast, state: State) -> None:
    post = an_approved_post(cast, a_channel(cast.tea), a_channel(cast.tea, "bluesky"))
    post.deliveries[0].state = state
    db.session.commit()
    assert not the_month(cast)[0].movable


def test_filters_narrow_by_channel_owner_label_and_words(cast: Cast) -> None:
    mastodon, bluesky = a_channel(cast.tea), a_channel(cast.tea, "bluesky")
    label = Label(workspace_id=cast.tea.id, name="Harvest")
    db.session.add(label)
    db.session.flush()
    a_post(cast, mastodon, text="Oolong, 100% rolled", owner_id=cast.bo.id)
    a_post(cast, bluesky, text="高山烏龍茶", label_ids=(label.id,), at=NOW + timedelta(hours=2))
    a_post(
        cast,
        variants=(VariantDraft(bluesky.id, text="Only here"),),
        text="Green",
        at=NOW + timedelta(hours=3),
    )
    assert titles(the_month(cast, Filters(channel_id=mastodon.id))) == ["Oolong, 100% rolled"]
    assert titles(the_month(cast, Filters(owner_id=cast.bo.id))) == ["Oolong, 100% rolled"]
    assert titles(the_month(cast, Filters(label_id=label.id))) == ["高山烏龍茶"]
    assert titles(the_month(cast, Filters(words="烏龍"))) == ["高山烏龍茶"]
    assert titles(the_month(cast, Filters(words="ROLLED oolong"))) == ["Oolong, 100% rolled"]
    assert titles(the_month(cast, Filters(words="only"))) == ["Green"], "a channel's own words count"
    assert titles(the_month(cast, Filters(words="harvest"))) == ["高山烏龍茶"], "a label counts"
    assert titles(the_month(cast, Filters(words="0%"))) == ["Oolong, 100% rolled"]
    assert the_month(cast, Filters(words="_olong")) == [], "what a pattern would mean is taken as it is"
    assert the_month(cast, Filters(channel_id=bluesky.id, owner_id=cast.bo.id)) == []


def test_the_state_filter_agrees_with_the_colour_for_every_mix_of_deliveries(cast: Cast) -> None:
    post = a_post(cast, *(a_channel(cast.tea) for _ in range(3)))
    asked = select(*(finding.stands({word}) for word in finding.STATES))
    mixes = chain.from_iterable(combinations(State, size) for size in range(4))
    for states in mixes:
        db.session.query(Delivery).delete()
        db.session.add_all(_delivery(post, variant, state) for variant, state in zip(post.variants, states))
        for stage in Stage:
            post.stage = stage
            db.session.flush()
            row = db.session.execute(asked.where(Post.id == post.id)).one()
            found = {word for word, stands in zip(finding.STATES, row, strict=True) if stands}
            assert found == {standing(stage, states)}, (stage, states)


def test_a_filter_by_states_shows_the_posts_that_stand_at_one_of_them(cast: Cast) -> None:
    channels = a_channel(cast.tea), a_channel(cast.tea, "bluesky")
    mixes = {
        "failed": (State.FAILED, State.PUBLISHED),
        "held": (State.HELD, State.SCHEDULED),
        "published": (State.PUBLISHED, State.CANCELED),
    }
    for hours, (text, states) in enumerate(mixes.items()):
        post = an_approved_post(cast, *channels, text=text, at=NOW + timedelta(hours=1 + hours))
        for delivery, state in zip(post.deliveries, states, strict=True):
            delivery.state = state
    an_approved_post(cast, *channels, text="scheduled", at=NOW + timedelta(hours=9))
    db.session.commit()
    for word in (*mixes, "scheduled"):
        assert titles(the_month(cast, Filters(states=frozenset({word})))) == [word]
    assert titles(the_month(cast, Filters(states=frozenset({"failed", "published"})))) == [
        "failed",
        "published",
    ]
    assert titles(the_month(cast, Filters(states=frozenset({"held", "scheduled"})))) == ["held", "scheduled"]


def _delivery(post: Post, variant: Variant, state: State) -> Delivery:
    return Delivery(
        workspace_id=post.workspace_id,
        post_id=post.id,
        variant_id=variant.id,
        channel_id=variant.channel_id,
        state=state,
        digest="",
        key="",
        promised_at=NOW,
        not_later_than=NOW,
        due_at=NOW,
        created_at=NOW,
    )


def test_an_address_that_makes_no_sense_asks_for_everything() -> None:
    assert (
        finding.from_query({"state": "purple,,", "channel": "x", "owner": "-1", "label": "9" * 40})
        == Filters()
    )
    kept = finding.from_query({"state": "draft,failed", "channel": "3", "q": "  tea "})
    assert kept == Filters(states=frozenset({"draft", "failed"}), channel_id=3, words="tea")


def test_a_page_is_in_the_order_asked_for_and_the_last_one_ends_the_list(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "PAGE", 2)
    for hours in (1, 2, 3):
        a_post(cast, text=str(hours), at=NOW + timedelta(hours=hours))
    first = feed.page(cast.tea, finding.ALL_POSTS, 1)
    assert (titles(first.entries), first.pages, first.total) == (["3", "2"], 2, 3)
    assert (first.page, first.pages) == (1, 2)
    beyond = feed.page(cast.tea, finding.ALL_POSTS, 99, latest_first=False)
    assert (titles(beyond.entries), beyond.page) == (["3"], 2)


def in_paris(cast: Cast, wall: datetime) -> Post:
    draft = a_draft(a_channel(cast.tea), zone=PARIS, wall_time=wall)
    return a_post(cast, **draft.__dict__)


def test_a_post_dropped_on_another_day_keeps_its_own_time_of_day_across_a_change_of_clocks(
    cast: Cast,
) -> None:
    post = in_paris(cast, datetime(2030, 3, 28, 9, 0))
    seen = to_wall(post.due_at, HONG_KONG)
    moving.drop(post, moving.Place(seen + 7 * DAY, HONG_KONG), 1, cast.ana, NOW)
    assert post.wall_time == datetime(2030, 4, 4, 9, 0)
    assert post.due_at == datetime(2030, 4, 4, 7, 0, tzinfo=UTC)


def test_a_post_dropped_at_another_hour_goes_out_when_the_viewers_clock_shows_it(cast: Cast) -> None:
    post = in_paris(cast, datetime(2030, 3, 28, 9, 0))
    moving.drop(post, moving.Place(datetime(2030, 3, 28, 20, 30), HONG_KONG), 1, cast.ana, NOW)
    assert post.wall_time == datetime(2030, 3, 28, 13, 30) and post.zone == PARIS


def test_a_post_seen_in_another_zone_can_be_dropped_into_a_repeated_hour(cast: Cast) -> None:
    post = in_paris(cast, datetime(2030, 10, 26, 9, 0))
    moving.drop(post, moving.Place(datetime(2030, 10, 27, 9, 30), HONG_KONG), 1, cast.ana, NOW)
    assert (post.wall_time, post.fold) == (datetime(2030, 10, 27, 2, 30), 1)
    assert post.due_at == datetime(2030, 10, 27, 1, 30, tzinfo=UTC)


def test_a_repeated_hour_of_the_posts_own_zone_is_asked_about(cast: Cast) -> None:
    post = in_paris(cast, datetime(2030, 10, 26, 2, 30))
    with pytest.raises(RepeatedTime):
        moving.drop(post, moving.Place(datetime(2030, 10, 27, 2, 30), PARIS), 1, cast.ana, NOW)
    moving.drop(post, moving.Place(datetime(2030, 10, 27, 2, 30), PARIS, 1), 1, cast.ana, NOW)
    assert post.due_at == datetime(2030, 10, 27, 1, 30, tzinfo=UTC)


def test_taking_a_move_back_brings_the_post_to_the_very_same_instant(cast: Cast) -> None:
    post = in_paris(cast, datetime(2030, 10, 26, 9, 0))
    moving.drop(post, moving.Place(datetime(2030, 10, 27, 2, 30), PARIS, 1), 1, cast.ana, NOW)
    repeated, instant = moving.place_of(post), post.due_at
    moving.drop(post, moving.Place(datetime(2030, 10, 29, 2, 30), PARIS), 2, cast.ana, NOW)
    moving.drop(post, repeated, 3, cast.ana, NOW)
    assert post.due_at == instant


def test_a_refused_drop_changes_nothing(cast: Cast) -> None:
    post = an_approved_post(cast, a_channel(cast.tea))
    with pytest.raises(PastTime):
        moving.drop(post, moving.Place(to_wall(NOW - DAY, HONG_KONG), HONG_KONG), 1, cast.ana, NOW)
    db.session.rollback()
    kept = db.session.scalars(select(Post)).one()
    assert (kept.revision, kept.stage) == (1, Stage.APPROVED)
