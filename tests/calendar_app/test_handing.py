"""Posting by hand: handed over at the promised instant, out only on a person's evidence, and never sent by anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select, update

from calendar_app import (
    approval,
    channels,
    engagement,
    handing,
    library,
    pacing,
    planning,
    preflight,
    restoring,
    settling,
    sweeps,
    triage,
    walltime,
)
from calendar_app.extensions import db
from calendar_app.handing import Phase
from calendar_app.models import (
    Channel,
    Delivery,
    Hold,
    Membership,
    Outcome,
    Post,
    Role,
    State,
    Step,
    User,
)
from publishers import get
from tests.calendar_app.conftest import Watch
from tests.people import NOW, ZONE, Cast, a_channel, a_user, an_approved_post

DUE = NOW + timedelta(hours=1)
LINK = "https://www.xiaohongshu.com/explore/65f1"
Publish = Callable[[int], None]


@pytest.fixture
def notes(cast: Cast) -> Channel:
    """The tea brand's account in an app that lets no program post; this one takes words alone."""
    typed = {"app": "other", "app_name": "茶友圈", "account": "山嵐茶"}
    channel = channels.keep(cast.tea, "assisted", get("assisted").connect(typed), cast.now)
    db.session.commit()
    return channel


@pytest.fixture
def delivery(cast: Cast, notes: Channel) -> Delivery:
    """Approved, and due at DUE."""
    return an_approved_post(cast, notes).deliveries[0]


@pytest.fixture
def handed(delivery: Delivery, watch: Watch, publish: Publish) -> Delivery:
    """Handed over at its instant."""
    watch.now = DUE
    publish(delivery.id)
    return delivery


def post_it(delivery: Delivery, cast: Cast, watch: Watch, **shown: object) -> None:
    handing.done(delivery, cast.bo, watch(), seen=delivery.digest, **({"url": LINK} | shown))  # type: ignore[arg-type]
    db.session.commit()


def a_screenshot(cast: Cast, folder: Path) -> object:
    path = folder / "screen.png"
    Image.new("RGB", (390, 844), "ivory").save(path)
    asset = library.add(cast.tea, path, "screen.png", cast.bo, cast.now)
    db.session.commit()
    return asset


def tries(delivery: Delivery) -> list[tuple[Step, Outcome | None]]:
    return [(attempt.step, attempt.outcome) for attempt in delivery.attempts]


def again(post: Post, cast: Cast, watch: Watch) -> None:
    """Submitted and approved once more."""
    approval.submit(post, cast.ana, watch())
    approval.approve(post, post.revision, cast.bo, watch())
    db.session.commit()


def member(user: User) -> Membership:
    return db.session.scalars(select(Membership).where(Membership.user_id == user.id)).one()


def test_at_its_instant_it_is_handed_over_and_nothing_is_sent(
    delivery: Delivery, watch: Watch, publish: Publish
) -> None:
    watch.now = DUE - timedelta(milliseconds=100)
    publish(delivery.id)
    assert watch.now == DUE, "not a moment sooner"
    assert (delivery.state, delivery.held_reason, delivery.lease_token) == (State.HELD, Hold.HANDOVER, None)
    assert tries(delivery) == [(Step.PUBLISH, Outcome.HELD)]
    assert [attempt.sent_at for attempt in delivery.attempts] == [None]
    assert delivery.attempts[0].evidence == {"code": "handed_over"}


@pytest.mark.parametrize("obstacle", ["pause", "edit", "late"])
def test_the_last_checks_are_those_of_every_delivery(
    cast: Cast, delivery: Delivery, watch: Watch, publish: Publish, obstacle: str
) -> None:
    watch.now = DUE
    if obstacle == "pause":
        cast.tea.paused_at = NOW
    elif obstacle == "edit":
        db.session.execute(update(Post).values(text="Slipped in"))
    else:
        watch.now = delivery.not_later_than + timedelta(seconds=1)
    db.session.commit()
    publish(delivery.id)
    reasons = {"pause": Hold.PAUSED, "edit": Hold.UNAPPROVED, "late": Hold.LATE}
    assert (delivery.state, delivery.held_reason) == (State.HELD, reasons[obstacle])


def test_a_link_brings_it_out_with_who_said_so(handed: Delivery, cast: Cast, watch: Watch) -> None:
    watch.advance(minutes=3)
    post_it(handed, cast, watch)
    assert (handed.state, handed.held_reason) == (State.PUBLISHED, None)
    assert (handed.url, handed.remote_id, handed.published_at) == (LINK, LINK, watch())
    answer = handed.attempts[-1]
    assert (answer.step, answer.message, answer.by_id) == (Step.ANSWER, handing.DONE, cast.bo.id)
    assert (answer.closed_at, answer.evidence) == (watch(), {"url": LINK})


def test_a_screenshot_is_evidence_too_and_stays(
    handed: Delivery, cast: Cast, watch: Watch, tmp_path: Path
) -> None:
    picture = a_screenshot(cast, tmp_path)
    post_it(handed, cast, watch, url="", evidence=picture)
    assert (handed.state, handed.url) == (State.PUBLISHED, "")
    assert handed.evidence is not None and handed.evidence is picture
    assert handed.remote_id == f"evidence:{handed.evidence_id}"
    with pytest.raises(library.InUse):
        library.remove(handed.evidence)


def test_saying_so_without_any_evidence_is_refused(handed: Delivery, cast: Cast, watch: Watch) -> None:
    with pytest.raises(triage.NotPossible):
        post_it(handed, cast, watch, url="")
    assert handed.state == State.HELD


def test_it_can_not_be_said_of_what_was_not_handed_over(delivery: Delivery, cast: Cast, watch: Watch) -> None:
    with pytest.raises(triage.NotPossible):
        post_it(delivery, cast, watch)
    for reason in (Hold.LATE, Hold.PAUSED, Hold.RECONNECT):
        db.session.execute(update(Delivery).values(state=State.HELD, held_reason=reason))
        db.session.commit()
        with pytest.raises(triage.NotPossible):
            post_it(delivery, cast, watch)
    assert [a for a in delivery.attempts if a.step == Step.ANSWER] == []


def test_it_is_said_once(handed: Delivery, cast: Cast, watch: Watch) -> None:
    post_it(handed, cast, watch)
    with pytest.raises(triage.NotPossible):
        post_it(handed, cast, watch, url="https://www.xiaohongshu.com/explore/other")
    db.session.rollback()
    assert handed.url == LINK


def test_nothing_reads_numbers_of_it(handed: Delivery, cast: Cast, watch: Watch) -> None:
    post_it(handed, cast, watch)
    assert handed.sample_at is None
    assert not engagement.ask_now(handed, watch())


def test_who_can_not_leaves_it_where_it_is_with_the_reason(
    handed: Delivery, cast: Cast, watch: Watch
) -> None:
    handing.passed_on(handed, cast.ana, watch(), " The app is locked. ")
    db.session.commit()
    assert (handed.state, handed.held_reason, handed.error) == (
        State.HELD,
        Hold.HANDOVER,
        "The app is locked.",
    )
    answer = handed.attempts[-1]
    assert (answer.message, answer.by_id) == (handing.PASSED_ON, cast.ana.id)
    post_it(handed, cast, watch)
    assert (handed.state, handed.error) == (State.PUBLISHED, None)
    with pytest.raises(triage.NotPossible):
        handing.passed_on(handed, cast.ana, watch(), "Too late.")


def test_a_reason_is_asked_for(handed: Delivery, cast: Cast, watch: Watch) -> None:
    with pytest.raises(triage.NotPossible):
        handing.passed_on(handed, cast.ana, watch(), "  ")


@pytest.mark.parametrize("how", ["edit", "move", "send back"])
def test_a_withdrawn_approval_takes_it_out_of_their_hands(
    handed: Delivery, cast: Cast, watch: Watch, how: str
) -> None:
    post, seen = handed.post, handed.digest
    if how == "edit":
        draft = replace(planning.draft_of(post), text="Other words.")
        planning.save(post, draft, post.revision, cast.ana, watch())
    elif how == "move":
        planning.move(post, post.wall_time + timedelta(hours=2), post.revision, cast.ana, watch())
    else:
        approval.send_back(post, post.revision, cast.bo, watch(), "Not like this.")
    db.session.commit()
    db.session.expire_all()
    assert (handed.state, handed.held_reason) == (State.HELD, Hold.UNAPPROVED)
    assert handing.phase(handed, watch()) == Phase.CHANGED
    with pytest.raises(triage.NotPossible):
        handing.done(handed, cast.bo, watch(), seen=seen, url=LINK)


def test_a_page_from_before_an_edit_says_nothing_of_what_was_approved_after_it(
    handed: Delivery, cast: Cast, watch: Watch, publish: Publish
) -> None:
    post, seen = handed.post, handed.digest
    draft = replace(planning.draft_of(post), text="Other words.")
    planning.save(post, draft, post.revision, cast.ana, watch())
    again_at = post.due_at + timedelta(hours=1)
    planning.move(post, walltime.to_wall(again_at, ZONE), post.revision, cast.ana, watch())
    again(post, cast, watch)
    watch.now = again_at
    publish(handed.id)
    assert handing.is_handed(handed)
    with pytest.raises(triage.NotPossible):
        handing.done(handed, cast.bo, watch(), seen=seen, url=LINK)
    post_it(handed, cast, watch)
    assert handed.state == State.PUBLISHED


def test_words_that_slipped_in_behind_the_approval_are_not_shown_and_not_accepted(
    handed: Delivery, cast: Cast, watch: Watch
) -> None:
    db.session.execute(update(Post).values(text="Slipped in"))
    db.session.commit()
    db.session.expire_all()
    assert handing.phase(handed, watch()) == Phase.CHANGED
    with pytest.raises(triage.NotPossible):
        post_it(handed, cast, watch)


def test_a_pause_leaves_it_in_their_hands_lists_it_and_says_to_wait(
    handed: Delivery, notes: Channel, cast: Cast, watch: Watch
) -> None:
    stopped = channels.pause(notes, "crisis", watch())
    db.session.commit()
    assert stopped.in_flight == (handed.id,)
    assert (handed.held_reason, handing.phase(handed, watch())) == (Hold.HANDOVER, Phase.STOPPED)
    resumed = channels.resume(notes, watch.advance(minutes=1))
    db.session.commit()
    assert (resumed.scheduled, resumed.missed) == (0, 0)
    assert (handed.state, handed.held_reason) == (State.HELD, Hold.HANDOVER)
    assert handing.phase(handed, watch()) == Phase.HANDED


def test_what_was_out_before_a_pause_can_be_said_in_it(
    handed: Delivery, notes: Channel, cast: Cast, watch: Watch
) -> None:
    channels.pause_workspace(cast.tea, "crisis", watch())
    db.session.commit()
    post_it(handed, cast, watch)
    assert handed.state == State.PUBLISHED


def test_no_sweep_ever_sends_it_again(
    handed: Delivery, notes: Channel, cast: Cast, watch: Watch, publish: Publish
) -> None:
    watch.now = handed.not_later_than + timedelta(days=3)
    sweeps.release(Delivery.channel_id == notes.id, watch())
    sweeps.hold_late(watch())
    sweeps.reap(watch())
    assert sweeps.due(watch(), timedelta(seconds=20)) == []
    db.session.commit()
    publish(handed.id)
    assert (handed.state, handed.held_reason) == (State.HELD, Hold.HANDOVER)
    assert len(handed.attempts) == 1
    assert handing.is_late(handed, watch())
    assert handing.phase(handed, watch()) == Phase.HANDED, "late, and never lost"


def test_a_person_may_have_it_handed_over_again(
    handed: Delivery, cast: Cast, watch: Watch, publish: Publish
) -> None:
    watch.now = handed.not_later_than + timedelta(hours=1)
    triage.retry(handed, cast.bo, watch())
    db.session.commit()
    publish(handed.id)
    assert handing.is_handed(handed)
    assert not handing.is_late(handed, watch())
    post_it(handed, cast, watch)
    assert handed.state == State.PUBLISHED


def test_given_up_it_is_canceled_as_any_other(handed: Delivery, cast: Cast, watch: Watch) -> None:
    triage.cancel(handed, cast.ana, watch())
    db.session.commit()
    assert handed.state == State.CANCELED
    assert handing.phase(handed, watch()) == Phase.OVER


def test_after_a_restored_backup_a_person_is_asked_whether_it_is_out(
    handed: Delivery, cast: Cast, watch: Watch
) -> None:
    watch.advance(hours=5)
    restored = restoring.restored(DUE, watch())
    db.session.commit()
    assert restored.doubted == 1
    assert handed.state == State.UNCONFIRMED
    settling.settle(handed.id, "a-worker", watch)
    db.session.expire_all()
    assert (handed.state, handed.look_at) == (State.UNCONFIRMED, None)
    triage.appeared(handed, LINK, cast.bo, watch())
    assert (handed.state, handed.url) == (State.PUBLISHED, LINK)


def test_it_is_laid_out_half_an_hour_ahead(delivery: Delivery) -> None:
    ahead = timedelta(minutes=30)
    assert handing.opens_at(delivery) == DUE - ahead
    assert handing.phase(delivery, DUE - ahead - timedelta(seconds=1)) == Phase.EARLY
    assert handing.phase(delivery, DUE - ahead) == Phase.AHEAD


def test_its_owner_and_who_plans_may_do_it_and_no_other_viewer(delivery: Delivery, cast: Cast) -> None:
    vi = a_user("Vi")
    cast.tea.memberships.append(Membership(user=vi, role=Role.VIEWER, joined_at=NOW))
    db.session.commit()
    assert handing.may_do(delivery, member(cast.ana))
    assert not handing.may_do(delivery, member(vi))
    delivery.post.owner_id = vi.id
    db.session.commit()
    assert handing.may_do(delivery, member(vi))


def test_the_lists_hold_what_each_may_do(handed: Delivery, notes: Channel, cast: Cast, watch: Watch) -> None:
    toots = a_channel(cast.tea)
    soon = an_approved_post(cast, notes, toots, at=DUE + timedelta(hours=3))
    an_approved_post(cast, notes, at=DUE + timedelta(days=3))
    ana, stranger = member(cast.ana), member(cast.cy)
    assert handing.waiting(ana) == [handed]
    assert [each.post_id for each in handing.coming(ana, watch())] == [soon.id]
    assert handing.coming(ana, watch())[0].channel_id == notes.id
    assert (handing.count(ana), handing.is_used(ana)) == (1, True)
    assert (handing.waiting(stranger), handing.count(stranger), handing.is_used(stranger)) == ([], 0, False)
    vi = a_user("Vi")
    cast.tea.memberships.append(Membership(user=vi, role=Role.VIEWER, joined_at=NOW))
    db.session.commit()
    assert (handing.count(member(vi)), handing.coming(member(vi), watch())) == (0, [])


def test_a_look_ahead_asks_nobody_and_finds_nothing_amiss(
    delivery: Delivery, notes: Channel, watch: Watch
) -> None:
    watch.now = DUE - timedelta(minutes=40)
    preflight.check(notes.id, watch)
    db.session.expire_all()
    assert (delivery.warnings, notes.handle, notes.name) == (None, "山嵐茶", "山嵐茶")
    assert pacing.left(notes, watch()) == ()
