"""One post's page: what it says, when, its approval, and everything a person can do with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import event, func, select, update

from calendar_app import approval, channels, deliveries, library, planning
from calendar_app.extensions import db
from calendar_app.models import (
    Approval,
    Channel,
    Delivery,
    Label,
    Membership,
    Outcome,
    Post,
    Role,
    Stage,
    State,
    User,
    Variant,
    Verdict,
)
from calendar_app.planning import Attached, VariantDraft
from publishers.errors import Temporary
from tests.people import NOW, Cast, a_channel, a_draft, a_post, a_viewer, an_approved_post
from tests.web.browser import Browser

HTMX = {"HX-Request": "true"}
QUESTIONS = ("move", "duplicate", "delete", "cancel", "publish-now", "send-back")
ACTIONS = ("submit", "approve", *QUESTIONS)
TOO_LONG = "茶" * 301


@pytest.fixture
def draft(app: Flask, cast: Cast) -> int:
    """Ana's post for a Mastodon and a Bluesky channel."""
    with app.app_context():
        return a_post(cast, a_channel(cast.tea), a_channel(cast.tea, "bluesky")).id


@pytest.fixture
def submitted(app: Flask, cast: Cast, draft: int) -> int:
    with app.app_context():
        approval.submit(db.session.get_one(Post, draft), cast.ana, NOW)
        db.session.commit()
    return draft


@pytest.fixture
def approved(app: Flask, cast: Cast) -> int:
    with app.app_context():
        return an_approved_post(cast, a_channel(cast.tea), a_channel(cast.tea, "bluesky")).id


def page(client: Browser, post_id: int, action: str = "") -> str:
    answer = client.get(f"/w/tea/posts/{post_id}{action and '/' + action}")
    assert answer.status_code == 200
    return unescape(answer.text)


def do(client: Browser, post_id: int, action: str, code: int = 302, **typed: object) -> str:
    answer = client.post(f"/w/tea/posts/{post_id}/{action}", data={"revision": 1, **typed})
    assert answer.status_code == code, answer.text
    return unescape(answer.text)


def column(app: Flask, post_id: int, name: str) -> object:
    with app.app_context():
        return getattr(db.session.get_one(Post, post_id), name)


def states(app: Flask, post_id: int) -> list[State]:
    with app.app_context():
        return list(
            db.session.scalars(
                select(Delivery.state).where(Delivery.post_id == post_id).order_by(Delivery.id)
            )
        )


def verdicts(app: Flask, post_id: int) -> list[Verdict]:
    with app.app_context():
        return list(
            db.session.scalars(
                select(Approval.verdict).where(Approval.post_id == post_id).order_by(Approval.id)
            )
        )


def edit(app: Flask, cast: Cast, post_id: int, text: str = "Summer tea is here.") -> None:
    """Ana saves the post once more, while others look at it."""
    with app.app_context():
        post = db.session.get_one(Post, post_id)
        channels = [db.session.get_one(Channel, variant.channel_id) for variant in post.variants]
        planning.save(post, a_draft(*channels, text=text), post.revision, cast.ana, NOW)
        approval.submit(post, cast.ana, NOW)
        db.session.commit()


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """The SQL that runs meanwhile."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_each_channel_is_shown_in_its_own_words(app: Flask, cast: Cast, ana: Browser) -> None:
    with app.app_context():
        first, second = a_channel(cast.tea), a_channel(cast.tea, "bluesky")
        wording = (VariantDraft(first.id), VariantDraft(second.id, text="Only for the blue sky."))
        post_id = a_post(cast, variants=wording).id
    text = page(ana, post_id)
    assert "Spring tea is here." in text
    assert "Only for the blue sky." in text
    assert "Own wording" in text
    assert "19 / 500" in text and "22 / 300" in text


def test_pictures_are_shown_with_their_alt_text(app: Flask, cast: Cast, ana: Browser, tmp_path: Path) -> None:
    Image.new("RGB", (40, 30), "green").save(tmp_path / "tea.png")
    with app.app_context():
        asset = library.add(cast.tea, tmp_path / "tea.png", "tea.png", cast.ana, NOW)
        media = (Attached(asset.id, "A green cup"),)
        post_id, asset_id = a_post(cast, a_channel(cast.tea), media=media).id, asset.id
    text = page(ana, post_id)
    assert f"/w/tea/files/{asset_id}/thumb" in text
    assert 'alt="A green cup"' in text


def test_the_time_is_told_in_the_posts_zone_and_in_the_readers_own(
    app: Flask, cast: Cast, draft: int, ana: Browser, bo: Browser
) -> None:
    with app.app_context():
        db.session.execute(update(User).where(User.id == cast.bo.id).values(zone="Europe/London"))
        db.session.commit()
    assert "Monday, March 4, 2030, 11:00" in page(ana, draft)
    assert "Asia/Hong Kong (GMT+08:00)" in page(ana, draft)
    assert "for you:" not in page(ana, draft)
    assert "for you: Mar 4, 2030, 3:00" in page(bo, draft).replace("\u202f", " ")


def test_labels_and_people_are_named(app: Flask, cast: Cast, ana: Browser) -> None:
    with app.app_context():
        label = Label(workspace_id=cast.tea.id, name="Spring", colour="green")
        db.session.add(label)
        db.session.commit()
        post_id = a_post(cast, a_channel(cast.tea), label_ids=(label.id,), owner_id=cast.bo.id).id
    text = page(ana, post_id)
    assert "Spring</span>" in text
    assert "Bo</span>" in text and "Ana</span>" in text


def test_a_problem_is_shown_at_its_channel_alone(app: Flask, cast: Cast, ana: Browser) -> None:
    with app.app_context():
        post_id = a_post(cast, a_channel(cast.tea), a_channel(cast.tea, "bluesky"), text=TOO_LONG).id
    assert page(ana, post_id).count("The text is too long by 1") == 1


def test_the_page_asks_the_database_as_often_for_four_channels_as_for_one(
    app: Flask, cast: Cast, ana: Browser
) -> None:
    with app.app_context():
        one = an_approved_post(cast, a_channel(cast.tea)).id
        four = an_approved_post(cast, *(a_channel(cast.tea) for _ in range(4))).id
    with counted(app) as for_one:
        page(ana, one)
    with counted(app) as for_four:
        page(ana, four)
    assert len(for_one) == len(for_four) < 40


@pytest.mark.parametrize("action", ["", *QUESTIONS])
def test_a_post_of_another_workspace_is_not_there(
    cast: Cast, draft: int, enter: Callable[[User], Browser], action: str
) -> None:
    cy = enter(cast.cy)
    assert cy.get(f"/w/other/posts/{draft}/{action}".rstrip("/")).status_code == 404
    assert cy.get(f"/w/tea/posts/{draft}/{action}".rstrip("/")).status_code == 404


@pytest.mark.parametrize("action", ACTIONS)
def test_nothing_can_be_done_to_a_post_of_another_workspace(
    app: Flask, cast: Cast, submitted: int, enter: Callable[[User], Browser], action: str
) -> None:
    cy = enter(cast.cy)
    typed = {"revision": 1, "comment": "No.", "day": "2031-01-01", "time": "10:00"}
    assert cy.post(f"/w/other/posts/{submitted}/{action}", data=typed).status_code == 404
    assert column(app, submitted, "stage") == Stage.SUBMITTED


@pytest.mark.parametrize("action", ACTIONS)
def test_a_viewer_sees_the_post_and_changes_nothing(
    app: Flask, cast: Cast, submitted: int, enter: Callable[[User], Browser], action: str
) -> None:
    with app.app_context():
        viewer = a_viewer(db.session.merge(cast.tea))
        db.session.refresh(viewer)
        db.session.expunge(viewer)
    vi = enter(viewer)
    text = page(vi, submitted)
    assert "Spring tea is here." in text
    assert f"/posts/{submitted}/edit" not in text
    do(vi, submitted, action, 403, comment="No.", day="2031-01-01", time="10:00")
    assert column(app, submitted, "stage") == Stage.SUBMITTED


@pytest.mark.parametrize("action", ["approve", "send-back", "publish-now"])
def test_a_planner_gives_no_verdict(app: Flask, submitted: int, ana: Browser, action: str) -> None:
    do(ana, submitted, action, 403, comment="No.")
    assert column(app, submitted, "stage") == Stage.SUBMITTED


def test_a_planner_submits_and_reads_who_has_to_approve(app: Flask, draft: int, ana: Browser) -> None:
    do(ana, draft, "submit")
    assert column(app, draft, "stage") == Stage.SUBMITTED
    assert "An approver has to read it and approve it." in page(ana, draft)


def test_a_post_with_problems_is_not_submitted_and_each_is_named_with_its_channel(
    app: Flask, cast: Cast, ana: Browser
) -> None:
    with app.app_context():
        sky = a_channel(cast.tea, "bluesky", handle="tea.example")
        post_id = a_post(cast, a_channel(cast.tea), sky, text=TOO_LONG).id
    text = do(ana, post_id, "submit", 409)
    note = text.partition('role="alert"')[2].partition("</ul>")[0]
    assert "Mend the problems" in note
    assert "tea.example" in note and "too long by 1" in note
    assert column(app, post_id, "stage") == Stage.DRAFT


def test_an_approval_promises_a_delivery_on_each_channel(app: Flask, submitted: int, bo: Browser) -> None:
    do(bo, submitted, "approve", comment="Lovely.")
    assert states(app, submitted) == [State.SCHEDULED, State.SCHEDULED]
    text = page(bo, submitted)
    assert text.count("promised Mar 4, 2030") == 2
    assert "Bo approved it." in text and "Lovely." in text
    assert "Ana submitted it for approval." in text


def test_what_was_edited_meanwhile_is_not_approved_and_the_comment_stays(
    app: Flask, cast: Cast, submitted: int, bo: Browser
) -> None:
    edit(app, cast, submitted)
    text = do(bo, submitted, "approve", 409, revision=1, comment="Looks good to me.")
    assert "This post was edited after you opened it." in text
    assert "Looks good to me.</textarea>" in text
    assert "Summer tea is here." in text
    assert 'name="revision" value="2"' in text
    assert states(app, submitted) == []


def test_who_wrote_it_reads_why_they_can_not_approve_it(app: Flask, cast: Cast, bo: Browser) -> None:
    with app.app_context():
        post = planning.write(cast.tea, a_draft(a_channel(cast.tea)), cast.bo, NOW)
        approval.submit(post, cast.bo, NOW)
        db.session.commit()
        post_id = post.id
    text = page(bo, post_id)
    assert "someone else has to approve it" in text
    assert 'data-key="a"' not in text
    assert "someone else has to approve it" in do(bo, post_id, "approve", 409)
    assert states(app, post_id) == []


def test_approving_twice_is_one_approval(app: Flask, submitted: int, bo: Browser) -> None:
    do(bo, submitted, "approve")
    do(bo, submitted, "approve")
    assert verdicts(app, submitted) == [Verdict.SUBMITTED, Verdict.APPROVED]
    assert len(states(app, submitted)) == 2


def test_an_approval_without_the_revision_that_was_read_is_none(
    app: Flask, submitted: int, bo: Browser
) -> None:
    do(bo, submitted, "approve", 422, revision="")
    assert column(app, submitted, "stage") == Stage.SUBMITTED


def test_sending_back_needs_a_comment(app: Flask, submitted: int, bo: Browser) -> None:
    assert "Write what should change." in do(bo, submitted, "send-back", 422, comment="  ")
    assert column(app, submitted, "stage") == Stage.SUBMITTED


def test_a_post_sent_back_shows_the_comment_to_its_author(
    app: Flask, submitted: int, ana: Browser, bo: Browser
) -> None:
    do(bo, submitted, "send-back", comment="Shorter,\nplease.")
    text = page(ana, submitted)
    assert column(app, submitted, "stage") == Stage.SENT_BACK
    assert "Bo sent it back." in text and "Shorter,\nplease." in text
    assert "Submit for approval" in text


def test_a_comment_is_not_lost_when_the_post_was_edited_meanwhile(
    app: Flask, cast: Cast, submitted: int, bo: Browser
) -> None:
    edit(app, cast, submitted)
    text = do(bo, submitted, "send-back", 409, revision=1, comment="Shorter, please.")
    assert "Shorter, please.</textarea>" in text
    assert 'name="revision" value="2"' in text


def test_sending_back_an_approved_post_holds_it(app: Flask, approved: int, bo: Browser) -> None:
    do(bo, approved, "send-back", comment="Wait.")
    assert states(app, approved) == [State.HELD, State.HELD]
    assert "Its approval was withdrawn, so it is not sent." in page(bo, approved)


def test_publishing_now_asks_first_and_names_the_channels(app: Flask, draft: int, bo: Browser) -> None:
    text = page(bo, draft, "publish-now")
    assert "Publish now?" in text and "@tea" in text
    assert states(app, draft) == []


def test_publish_now_makes_it_due_at_once(app: Flask, draft: int, bo: Browser) -> None:
    do(bo, draft, "publish-now")
    with app.app_context():
        due = db.session.scalars(select(Delivery.due_at).where(Delivery.post_id == draft)).all()
    assert len(due) == 2
    assert all(instant - datetime.now(UTC) < timedelta(seconds=10) for instant in due)


def test_publish_now_is_refused_with_the_problems_of_each_channel(
    app: Flask, cast: Cast, bo: Browser
) -> None:
    with app.app_context():
        post_id = a_post(cast, a_channel(cast.tea, "bluesky", handle="tea.example"), text=TOO_LONG).id
    text = do(bo, post_id, "publish-now", 409)
    assert "too long by 1" in text and "tea.example" in text
    assert column(app, post_id, "due_at") == NOW + timedelta(hours=1)
    assert states(app, post_id) == []


def test_moving_withdraws_the_approval(app: Flask, approved: int, ana: Browser) -> None:
    assert "Moving withdraws its approval" in page(ana, approved, "move")
    do(ana, approved, "move", day="2030-03-05", time="09:30")
    assert column(app, approved, "due_at") == datetime(2030, 3, 5, 1, 30, tzinfo=UTC)
    assert column(app, approved, "stage") == Stage.DRAFT
    assert states(app, approved) == [State.HELD, State.HELD]


def test_a_past_time_is_refused_and_stays_typed(app: Flask, draft: int, ana: Browser) -> None:
    text = do(ana, draft, "move", 409, day="2020-03-05", time="09:30")
    assert "This time has passed." in text
    assert 'value="2020-03-05"' in text and 'value="09:30"' in text
    assert column(app, draft, "revision") == 1


def test_a_date_that_is_none_is_refused(app: Flask, draft: int, ana: Browser) -> None:
    do(ana, draft, "move", 422, day="2030-02-31", time="09:30")
    assert column(app, draft, "revision") == 1


def test_a_move_of_what_someone_else_saved_meanwhile_is_refused(
    app: Flask, cast: Cast, draft: int, ana: Browser
) -> None:
    edit(app, cast, draft)
    text = do(ana, draft, "move", 409, day="2030-03-05", time="09:30")
    assert "Someone saved this post" in text
    assert 'name="revision" value="2"' in text and 'value="2030-03-05"' in text


@pytest.fixture
def in_berlin(app: Flask, cast: Cast) -> int:
    with app.app_context():
        at = datetime(2030, 3, 20, 9, 0)
        return a_post(cast, a_channel(cast.tea), zone="Europe/Berlin", wall_time=at).id


def test_a_time_that_the_clocks_skip_is_refused_with_its_neighbours(in_berlin: int, ana: Browser) -> None:
    text = do(ana, in_berlin, "move", 409, day="2030-03-31", time="02:30")
    assert "does not exist in Europe/Berlin" in text
    assert "01:59 or 03:00" in text


def test_a_time_that_comes_twice_is_asked_about(app: Flask, in_berlin: int, ana: Browser) -> None:
    text = do(ana, in_berlin, "move", 409, day="2030-10-27", time="02:30")
    assert "comes twice in Europe/Berlin" in text
    assert 'name="fold"' in text
    do(ana, in_berlin, "move", day="2030-10-27", time="02:30", fold="1")
    assert column(app, in_berlin, "due_at") == datetime(2030, 10, 27, 1, 30, tzinfo=UTC)


def test_a_duplicate_says_the_same_at_another_time(app: Flask, approved: int, ana: Browser) -> None:
    assert 'value="2030-03-11"' in page(ana, approved, "duplicate")
    do(ana, approved, "duplicate", day="2030-04-01", time="10:00")
    with app.app_context():
        copy = db.session.scalars(select(Post).where(Post.id != approved)).one()
        assert copy.stage == Stage.DRAFT
        assert copy.text == "Spring tea is here."
        assert copy.due_at == datetime(2030, 4, 1, 2, 0, tzinfo=UTC)
        assert len(copy.variants) == 2
    assert column(app, approved, "stage") == Stage.APPROVED


def test_a_duplicate_leaves_out_a_channel_that_was_removed(app: Flask, approved: int, ana: Browser) -> None:
    with app.app_context():
        first = db.session.scalars(select(Delivery).where(Delivery.post_id == approved)).all()[0]
        first.state = State.PUBLISHED
        channels.remove(first.channel, NOW)
        db.session.commit()
    do(ana, approved, "duplicate", day="2030-04-01", time="10:00")
    with app.app_context():
        assert len(db.session.scalars(select(Post).where(Post.id != approved)).one().variants) == 1


def test_a_duplicate_into_the_past_is_refused(app: Flask, approved: int, ana: Browser) -> None:
    assert "This time has passed." in do(ana, approved, "duplicate", 409, day="2020-04-01", time="10:00")
    with app.app_context():
        assert db.session.scalar(select(func.count(Post.id))) == 1


def test_deleting_tells_the_consequences_and_takes_the_post_away(
    app: Flask, approved: int, ana: Browser
) -> None:
    assert "It will not go out on:" in page(ana, approved, "delete")
    do(ana, approved, "delete")
    with app.app_context():
        assert db.session.get(Post, approved) is None


def test_what_was_tried_stays_in_the_record(app: Flask, approved: int, ana: Browser) -> None:
    with app.app_context():
        first = db.session.scalars(select(Delivery).where(Delivery.post_id == approved)).first()
        assert first is not None
        taken = deliveries.claim(first.id, first.due_at, "w")
        assert taken is not None
        deliveries.again_or_failed(taken, Outcome.TEMPORARY, Temporary("Busy"), first.due_at)
        db.session.commit()
    assert "stays in the record" in do(ana, approved, "delete", 409)
    assert states(app, approved) == [State.SCHEDULED, State.SCHEDULED]
    assert "Delete…" not in page(ana, approved)


def test_canceling_everything_leaves_what_is_out(app: Flask, approved: int, ana: Browser) -> None:
    with app.app_context():
        first = db.session.scalar(select(func.min(Delivery.id)).where(Delivery.post_id == approved))
        values = update(Delivery).where(Delivery.id == first).values(state=State.PUBLISHED)
        db.session.execute(values)
        db.session.commit()
    assert "What is out or on its way stays there." in page(ana, approved, "cancel")
    do(ana, approved, "cancel")
    assert states(app, approved) == [State.PUBLISHED, State.CANCELED]


def test_a_question_comes_as_a_dialog_and_its_answer_leads_on(
    app: Flask, submitted: int, bo: Browser
) -> None:
    address = f"/w/tea/posts/{submitted}/send-back"
    dialog = bo.get(address, headers=HTMX).text
    assert dialog.lstrip().startswith("<dialog") and "data-dialog-now" in dialog
    done = bo.post(address, data={"revision": 1, "comment": "Shorter."}, headers=HTMX)
    assert done.headers["HX-Redirect"] == f"/w/tea/posts/{submitted}"


def test_the_keys_e_a_and_s_edit_approve_and_send_back(
    app: Flask, cast: Cast, submitted: int, bo: Browser
) -> None:
    keys = set(re.findall(r'data-key="(\w)"', page(bo, submitted)))
    assert {"e", "a", "s"} <= keys


def test_a_post_for_no_channel_says_so(app: Flask, cast: Cast, ana: Browser) -> None:
    with app.app_context():
        post_id = a_post(cast).id
    text = page(ana, post_id)
    assert "No channel is chosen yet" in text and "Spring tea is here." in text
    assert "Choose at least one channel." in do(ana, post_id, "submit", 409)


def test_hostile_text_is_only_text(app: Flask, cast: Cast, ana: Browser) -> None:
    with app.app_context():
        post_id = a_post(cast, a_channel(cast.tea), text="<script>alert(1)</script>").id
    assert "<script>alert" not in ana.get(f"/w/tea/posts/{post_id}").text


def test_an_approver_who_left_the_workspace_sees_nothing(
    app: Flask, cast: Cast, submitted: int, bo: Browser
) -> None:
    with app.app_context():
        place = select(Membership).where(Membership.user_id == cast.bo.id, Membership.role == Role.APPROVER)
        db.session.delete(db.session.scalars(place).one())
        db.session.commit()
    assert bo.get(f"/w/tea/posts/{submitted}").status_code == 404


def test_what_is_out_keeps_the_words_that_were_sent(
    app: Flask, cast: Cast, approved: int, ana: Browser
) -> None:
    with app.app_context():
        variant = db.session.scalars(select(Variant).where(Variant.post_id == approved)).first()
        assert variant is not None and variant.delivery is not None
        variant.delivery.state = State.PUBLISHED
        db.session.commit()
    edit(app, cast, approved)
    text = page(ana, approved)
    assert "Out: stays as it is" in text
    assert "Spring tea is here." in text and "Summer tea is here." in text
