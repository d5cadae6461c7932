"""Writing, moving and deleting posts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from calendar_app import approval, deliveries, library, planning
from calendar_app.extensions import db
from calendar_app.models import Channel, Hold, Post, Stage, State
from calendar_app.walltime import SkippedTime
from tests.people import NOW, Cast, a_channel, a_draft, a_post, an_approved_post


def saved(post: Post, draft: planning.PostDraft, cast: Cast, revision: int | None = None) -> Post:
    post = planning.save(post, draft, revision or post.revision, cast.ana, cast.now)
    db.session.commit()
    return post


def test_a_double_submit_is_one_post(cast: Cast) -> None:
    draft = a_draft(a_channel(cast.tea))
    first, second = (planning.write(cast.tea, draft, cast.ana, cast.now, form_key="one-form") for _ in (1, 2))
    assert first is second


def test_a_past_time_is_refused(cast: Cast) -> None:
    with pytest.raises(planning.PastTime):
        a_post(cast, a_channel(cast.tea), at=NOW - timedelta(minutes=1))


def test_a_skipped_time_is_refused_before_anything_changes(cast: Cast) -> None:
    post = a_post(cast, a_channel(cast.tea))
    draft = replace(planning.draft_of(post), zone="America/New_York", wall_time=datetime(2031, 3, 9, 2, 30))
    with pytest.raises(SkippedTime):
        saved(post, draft, cast)
    db.session.rollback()
    assert (post.zone, post.revision) == ("Asia/Hong_Kong", 1)


def test_an_unknown_or_foreign_channel_is_refused(cast: Cast) -> None:
    foreign = a_channel(cast.other)
    with pytest.raises(planning.UnknownPart):
        a_post(cast, foreign)


def test_a_stale_edit_shows_what_was_saved_first(cast: Cast) -> None:
    channel = a_channel(cast.tea)
    post = a_post(cast, channel)
    saved(post, a_draft(channel, text="Ana was first."), cast)
    with pytest.raises(planning.StaleEdit) as refused:
        saved(post, a_draft(channel, text="Bo was late."), cast, revision=1)
    assert refused.value.post.text == "Ana was first."


def test_a_variant_follows_the_master_until_it_differs(cast: Cast) -> None:
    first, second = a_channel(cast.tea), a_channel(cast.tea, "bluesky")
    draft = a_draft(first, second, text="For all.")
    own = planning.VariantDraft(second.id, text="For one.", options={"langs": "en"})
    post = planning.write(cast.tea, replace(draft, variants=(draft.variants[0], own)), cast.ana, cast.now)
    assert [planning.text_of(variant) for variant in post.variants] == ["For all.", "For one."]
    saved(post, replace(planning.draft_of(post), text="For everybody."), cast)
    assert [planning.text_of(variant) for variant in post.variants] == ["For everybody.", "For one."]


def test_an_edit_withdraws_an_approval_and_holds_the_deliveries(cast: Cast) -> None:
    channel = a_channel(cast.tea)
    post = an_approved_post(cast, channel)
    saved(post, a_draft(channel, text="New words."), cast)
    assert post.stage == Stage.DRAFT
    assert [(d.state, d.held_reason) for d in post.deliveries] == [(State.HELD, Hold.UNAPPROVED)]


def test_moving_keeps_everything_else_and_withdraws_an_approval(cast: Cast) -> None:
    post = an_approved_post(cast, a_channel(cast.tea))
    planning.move(post, post.wall_time + timedelta(days=1), post.revision, cast.ana, cast.now)
    db.session.commit()
    assert (post.stage, post.text) == (Stage.DRAFT, "Spring tea is here.")
    assert post.due_at == NOW + timedelta(days=1, hours=1)


def test_a_post_that_is_going_out_right_now_can_not_be_edited(cast: Cast) -> None:
    channel = a_channel(cast.tea)
    post = an_approved_post(cast, channel)
    assert deliveries.claim(post.deliveries[0].id, post.due_at, "a-worker")
    with pytest.raises(planning.GoingOut):
        saved(post, a_draft(channel, text="Too late."), cast)


def test_what_went_out_keeps_its_words_when_the_rest_is_edited(cast: Cast) -> None:
    out, waiting = a_channel(cast.tea), a_channel(cast.tea)
    post = an_approved_post(cast, out, waiting, text="As approved.")
    post.deliveries[0].state = State.PUBLISHED
    db.session.commit()
    saved(post, replace(planning.draft_of(post), text="Better."), cast)
    assert [planning.text_of(v) for v in post.variants] == ["As approved.", "Better."]


def test_removing_every_channel_leaves_a_draft_that_can_not_be_submitted(cast: Cast) -> None:
    post = an_approved_post(cast, a_channel(cast.tea))
    saved(post, a_draft(), cast)
    assert post.variants == []
    with pytest.raises(approval.NotReady):
        approval.submit(post, cast.ana, cast.now)


def test_duplicating_says_the_same_at_another_time(cast: Cast, a_picture: planning.Attached) -> None:
    post = a_post(cast, a_channel(cast.tea), media=(a_picture,))
    copy = planning.duplicate(post, post.wall_time + timedelta(days=7), cast.bo, cast.now)
    db.session.commit()
    assert (copy.text, copy.stage, copy.owner_id) == (post.text, Stage.DRAFT, cast.bo.id)
    assert [(a.asset_id, a.alt) for a in copy.attachments] == [(a_picture.asset_id, a_picture.alt)]


def test_a_draft_is_deleted_and_a_tried_post_is_kept(cast: Cast) -> None:
    draft, tried = a_post(cast, a_channel(cast.tea)), an_approved_post(cast, a_channel(cast.tea))
    deliveries.claim(tried.deliveries[0].id, tried.due_at, "a-worker")
    planning.delete(draft, cast.now)
    with pytest.raises(planning.GoingOut):
        planning.delete(tried, cast.now)


def test_a_library_file_in_a_post_is_not_deleted_under_it(cast: Cast, a_picture: planning.Attached) -> None:
    post = a_post(cast, a_channel(cast.tea), media=(a_picture,))
    with pytest.raises(library.InUse):
        library.remove(post.attachments[0].asset)


def test_alt_text_belongs_to_the_place_and_not_to_the_file(cast: Cast, a_picture: planning.Attached) -> None:
    channel: Channel = a_channel(cast.tea)
    one = a_post(cast, channel, media=(a_picture,))
    two = a_post(cast, channel, media=(replace(a_picture, alt="Another view"),))
    assert one.attachments[0].asset_id == two.attachments[0].asset_id
    assert one.attachments[0].alt != two.attachments[0].alt
