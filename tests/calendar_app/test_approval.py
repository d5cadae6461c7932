"""Four eyes, and a seal on exactly what was seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from calendar_app import approval, content, planning, triage
from calendar_app.extensions import db
from calendar_app.models import Stage, State, Verdict
from tests.people import NOW, Cast, a_channel, a_draft, a_post, an_approved_post


def test_approving_promises_a_delivery_on_each_channel(cast: Cast) -> None:
    post = an_approved_post(cast, a_channel(cast.tea), a_channel(cast.tea, "bluesky"))
    assert [d.state for d in post.deliveries] == [State.SCHEDULED, State.SCHEDULED]
    assert all(d.promised_at == d.due_at == post.due_at for d in post.deliveries)
    assert len({d.key for d in post.deliveries}) == 2


def test_the_author_can_not_approve_their_own_post(cast: Cast) -> None:
    post = planning.write(cast.tea, a_draft(a_channel(cast.tea)), cast.bo, cast.now)
    with pytest.raises(approval.NotYours):
        approval.approve(post, post.revision, cast.bo, cast.now)
    cast.tea.allows_self_approval = True
    approval.approve(post, post.revision, cast.bo, cast.now)


def test_who_edited_last_can_not_approve_that_edit(cast: Cast) -> None:
    channel = a_channel(cast.tea)
    post = a_post(cast, channel)
    planning.save(post, a_draft(channel, text="Bo's touch."), post.revision, cast.bo, cast.now)
    assert not approval.may_approve(post, cast.bo)
    assert approval.may_approve(post, cast.di)


def test_a_planner_and_a_stranger_can_not_approve(cast: Cast) -> None:
    post = planning.write(cast.tea, a_draft(a_channel(cast.tea)), cast.di, cast.now)
    assert not approval.may_approve(post, cast.ana)
    assert not approval.may_approve(post, cast.cy)


def test_only_the_revision_that_was_looked_at_is_approved(cast: Cast) -> None:
    channel = a_channel(cast.tea)
    post = a_post(cast, channel)
    seen = post.revision
    planning.save(post, a_draft(channel, text="Changed behind Bo."), seen, cast.ana, cast.now)
    db.session.commit()
    with pytest.raises(approval.Changed):
        approval.approve(post, seen, cast.bo, cast.now)


@pytest.mark.parametrize("change", ["text", "alt", "options", "time", "grace", "media"])
def test_the_seal_covers_all_that_goes_out(cast: Cast, a_picture: planning.Attached, change: str) -> None:
    post = a_post(cast, a_channel(cast.tea), media=(a_picture,))
    before, draft = content.post_digest(post), planning.draft_of(post)
    changed = {
        "text": replace(draft, text="Other words."),
        "alt": replace(draft, media=(replace(a_picture, alt="Other words."),)),
        "options": replace(draft, variants=(replace(draft.variants[0], options={"visibility": "private"}),)),
        "time": replace(draft, wall_time=draft.wall_time + timedelta(minutes=1)),
        "grace": replace(draft, grace_minutes=5),
        "media": replace(draft, media=()),
    }[change]
    planning.save(post, changed, post.revision, cast.ana, cast.now)
    assert content.post_digest(post) != before


def test_problems_stop_a_submission_and_name_their_channel(cast: Cast) -> None:
    channel = a_channel(cast.tea, "bluesky")
    post = a_post(cast, channel, text="字" * 301)
    with pytest.raises(approval.NotReady) as refused:
        approval.submit(post, cast.ana, cast.now)
    (problem,) = refused.value.problems[channel.id]
    assert (problem.code, problem.params["count"], problem.params["limit"]) == ("text_too_long", 301, 300)


def test_a_post_is_sent_back_with_a_comment_and_not_without(cast: Cast) -> None:
    post = a_post(cast, a_channel(cast.tea))
    approval.submit(post, cast.ana, cast.now)
    with pytest.raises(approval.NotReady):
        approval.send_back(post, post.revision, cast.bo, cast.now, "  ")
    approval.send_back(post, post.revision, cast.bo, cast.now, "Name the harvest.")
    assert post.stage == Stage.SENT_BACK
    assert [a.verdict for a in post.approvals] == [Verdict.SUBMITTED, Verdict.SENT_BACK]


def test_a_canceled_channel_gets_a_new_delivery_when_approved_again(cast: Cast) -> None:
    channel = a_channel(cast.tea)
    post = an_approved_post(cast, channel)
    old = post.deliveries[0]
    triage.cancel(old, cast.bo, cast.now)
    planning.save(post, a_draft(channel, text="After all."), post.revision, cast.ana, cast.now)
    approval.approve(post, post.revision, cast.bo, cast.now)
    db.session.commit()
    db.session.expire_all()
    assert [d.state for d in post.deliveries] == [State.CANCELED, State.SCHEDULED]
    assert post.deliveries[0].key != post.deliveries[1].key


def test_publish_now_approves_it_for_this_moment(cast: Cast) -> None:
    post = a_post(cast, a_channel(cast.tea), at=NOW + timedelta(days=3))
    approval.publish_now(post, post.revision, cast.bo, cast.now)
    db.session.commit()
    assert post.stage == Stage.APPROVED
    assert post.deliveries[0].due_at <= cast.now + timedelta(seconds=1)


def test_a_time_that_passed_while_waiting_for_approval_is_refused(cast: Cast) -> None:
    post = a_post(cast, a_channel(cast.tea))
    with pytest.raises(approval.NotReady):
        approval.approve(post, post.revision, cast.bo, post.due_at + timedelta(seconds=1))
