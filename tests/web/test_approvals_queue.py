"""The approver's queue: what waits, for whom, and what happens when the world moved on meanwhile."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from calendar_app import approval, planning, waiting
from calendar_app.extensions import db
from calendar_app.models import Approval, Delivery, Membership, Post, Stage, User, Verdict
from tests.people import NOW, Cast, a_channel, a_draft, a_post, a_viewer
from tests.web.browser import Browser
from tests.web.test_calendar import at_home, counted_queries

HTMX = {"HX-Request": "true"}


@pytest.fixture
def submit(app: Flask, cast: Cast) -> Callable[..., int]:
    """Ana writes a post and submits it."""

    def of(text: str = "Spring tea is here.", hours: int = 1, **more: object) -> int:
        with at_home(app, cast) as us:
            post = a_post(us, a_channel(us.tea), text=text, at=NOW + timedelta(hours=hours), **more)
            approval.submit(post, us.ana, NOW)
            db.session.commit()
            return post.id

    return of


def decide(client: Browser, post_id: int, verdict: str, **form: object) -> TestResponse:
    data = {"revision": 1, **form}
    return client.post(f"/w/tea/approvals/{post_id}/{verdict}", data=data, headers=HTMX)


def told(answer: TestResponse) -> str:
    return str(json.loads(answer.headers["HX-Trigger"])["toast"]["text"])


def text_of(answer: TestResponse) -> str:
    return unescape(answer.get_data(as_text=True))


def stage_of(app: Flask, post_id: int) -> Stage:
    with app.app_context():
        return db.session.get_one(Post, post_id).stage


def verdicts(app: Flask, post_id: int) -> list[Verdict]:
    with app.app_context():
        return list(db.session.scalars(select(Approval.verdict).where(Approval.post_id == post_id)))


def badge(client: Browser) -> list[str]:
    page = client.get("/w/tea/people").get_data(as_text=True)
    sidebar = page[: page.index("</aside>")]
    return re.findall(r'class="count"[^>]*>(\d+)<', sidebar)


def test_what_waits_is_shown_whole_and_what_is_due_soonest_comes_first(
    bo: Browser, submit: Callable[..., int]
) -> None:
    submit("Later tea", hours=5)
    submit("Sooner tea", hours=1)
    page = text_of(bo.get("/w/tea/approvals"))
    assert page.index("Sooner tea") < page.index("Later tea")
    assert page.count("data-approval") == 2 and page.count('class="card reading"') == 2


def test_drafts_and_decided_posts_do_not_wait(
    app: Flask, cast: Cast, bo: Browser, submit: Callable[..., int]
) -> None:
    with at_home(app, cast) as us:
        a_post(us, a_channel(us.tea), text="Only a draft")
    decide(bo, submit("Decided"), "approve")
    page = text_of(bo.get("/w/tea/approvals"))
    assert "Nothing waits for you" in page and "Only a draft" not in page and "Decided" not in page


def test_what_one_wrote_or_edited_waits_for_someone_else(
    app: Flask, cast: Cast, bo: Browser, submit: Callable[..., int]
) -> None:
    edited = submit("Bo mended this")
    with at_home(app, cast) as us:
        post = db.session.get_one(Post, edited)
        draft = planning.draft_of(post)
        planning.save(post, draft, 1, us.bo, NOW)
        approval.submit(post, us.bo, NOW)
        db.session.commit()
    page = text_of(bo.get("/w/tea/approvals"))
    assert "data-approval" not in page
    assert "Waiting for someone else" in page and "Bo mended this" in page
    assert badge(bo) == []


def test_a_workspace_may_let_authors_approve_their_own(app: Flask, cast: Cast, bo: Browser) -> None:
    with at_home(app, cast) as us:
        draft = a_draft(a_channel(us.tea), text="Bo's own")
        post = planning.write(us.tea, draft, us.bo, NOW)
        approval.submit(post, us.bo, NOW)
        db.session.commit()
    assert "data-approval" not in text_of(bo.get("/w/tea/approvals"))
    with at_home(app, cast) as us:
        us.tea.allows_self_approval = True
        db.session.commit()
    assert "data-approval" in text_of(bo.get("/w/tea/approvals"))


def test_the_queue_agrees_with_the_verb_about_who_may_approve(
    app: Flask, cast: Cast, submit: Callable[..., int]
) -> None:
    submit()
    with at_home(app, cast) as us:
        viewer_id = a_viewer(us.tea).id
        post = db.session.scalars(select(Post)).one()
        members = db.session.scalars(select(Membership).where(Membership.workspace_id == us.tea.id)).all()
        assert viewer_id in {member.user_id for member in members}
        for allows in (False, True):
            post.workspace.allows_self_approval = allows
            for author in (us.ana.id, us.bo.id, us.di.id, None):
                post.author_id, post.edited_by_id = author, us.ana.id
                db.session.flush()
                for member in members:
                    mine = waiting.count(member) == 1
                    assert mine is approval.may_approve(post, member.user), (allows, author, member.role)


def test_the_menu_counts_what_waits_for_me_alone(
    ana: Browser, bo: Browser, submit: Callable[..., int]
) -> None:
    first = submit()
    submit(hours=2)
    assert (badge(bo), badge(ana)) == (["2"], [])
    decide(bo, first, "approve")
    assert badge(bo) == ["1"]


def test_a_planner_sees_the_queue_but_decides_nothing(
    app: Flask, ana: Browser, submit: Callable[..., int]
) -> None:
    post_id = submit()
    page = text_of(ana.get("/w/tea/approvals"))
    assert "Waiting for someone else" in page and "data-approve" not in page
    assert decide(ana, post_id, "approve").status_code == 403
    assert decide(ana, post_id, "send-back", comment="no").status_code == 403
    assert stage_of(app, post_id) is Stage.SUBMITTED


def test_another_workspaces_post_is_not_found(
    cast: Cast, enter: Callable[[User], Browser], submit: Callable[..., int]
) -> None:
    post_id, stranger = submit(), enter(cast.cy)
    assert stranger.get("/w/tea/approvals").status_code == 404
    for verdict in ("approve", "send-back"):
        answer = stranger.post(
            f"/w/other/approvals/{post_id}/{verdict}", data={"revision": 1, "comment": "x"}
        )
        assert answer.status_code == 404


def test_approving_promises_the_deliveries_and_takes_the_card_away(
    app: Flask, bo: Browser, submit: Callable[..., int]
) -> None:
    post_id = submit()
    answer = decide(bo, post_id, "approve")
    assert (answer.status_code, answer.data) == (200, b"")
    assert told(answer) == "Approved. It is promised on 1 channel."
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Delivery)) == 1
    assert stage_of(app, post_id) is Stage.APPROVED


def test_a_second_click_is_not_a_second_approval(app: Flask, bo: Browser, submit: Callable[..., int]) -> None:
    post_id = submit()
    decide(bo, post_id, "approve")
    again = decide(bo, post_id, "approve")
    assert told(again) == "This post is not waiting for approval any more."
    assert verdicts(app, post_id) == [Verdict.SUBMITTED, Verdict.APPROVED]


def test_an_edit_since_the_page_was_opened_shows_the_new_words_in_place(
    app: Flask, cast: Cast, bo: Browser, submit: Callable[..., int]
) -> None:
    post_id = submit("Old words")
    with at_home(app, cast) as us:
        post = db.session.get_one(Post, post_id)
        draft = a_draft(*(v.channel for v in post.variants), text="New words")
        planning.save(post, draft, 1, us.ana, NOW)
        approval.submit(post, us.ana, NOW)
        db.session.commit()
    answer = decide(bo, post_id, "approve")
    page = text_of(answer)
    assert answer.status_code == 409 and f'id="approval-{post_id}"' in page
    assert "This post was edited after you opened it. Read it again." in page
    assert "New words" in page and 'name="revision" value="2"' in page
    assert stage_of(app, post_id) is Stage.SUBMITTED
    assert decide(bo, post_id, "approve", revision=2).status_code == 200


def test_a_role_is_not_enough_for_ones_own_post(app: Flask, cast: Cast, bo: Browser) -> None:
    with at_home(app, cast) as us:
        draft = a_draft(a_channel(us.tea))
        post = planning.write(us.tea, draft, us.bo, NOW)
        approval.submit(post, us.bo, NOW)
        db.session.commit()
        post_id = post.id
    answer = decide(bo, post_id, "approve")
    assert answer.status_code == 409
    assert "You wrote or edited this post, so someone else has to approve it." in text_of(answer)
    assert stage_of(app, post_id) is Stage.SUBMITTED


def test_a_post_that_is_not_ready_shows_each_channels_problem(
    app: Flask, bo: Browser, submit: Callable[..., int]
) -> None:
    post_id = submit()
    with app.app_context():
        db.session.get_one(Post, post_id).text = "茶" * 501
        db.session.commit()
    answer = decide(bo, post_id, "approve")
    page = text_of(answer)
    assert answer.status_code == 409 and 'class="problem-list"' in page
    assert "The text is too long by 1" in page[page.index('class="problem-list"') :]


def test_a_post_whose_time_has_passed_says_so_before_anyone_clicks(
    app: Flask, bo: Browser, submit: Callable[..., int]
) -> None:
    post_id = submit()
    with app.app_context():
        db.session.get_one(Post, post_id).due_at = datetime.now(UTC) - timedelta(hours=1)
        db.session.commit()
    assert "Its time has passed, so it can not be approved." in text_of(bo.get("/w/tea/approvals"))
    refused = decide(bo, post_id, "approve")
    assert refused.status_code == 409 and "Its time has passed. Choose a later one." in text_of(refused)


def test_sending_back_keeps_the_comment_for_the_author(
    app: Flask, bo: Browser, submit: Callable[..., int]
) -> None:
    post_id = submit()
    answer = decide(bo, post_id, "send-back", comment="Name the farmer.")
    assert told(answer) == "Sent back with your comment."
    assert stage_of(app, post_id) is Stage.SENT_BACK
    with app.app_context():
        assert db.session.get_one(Post, post_id).approvals[-1].comment == "Name the farmer."


@pytest.mark.parametrize("comment", ["", "   \n"])
def test_sending_back_without_a_word_is_asked_for_one(
    app: Flask, bo: Browser, submit: Callable[..., int], comment: str
) -> None:
    post_id = submit()
    answer = decide(bo, post_id, "send-back", comment=comment)
    assert answer.status_code == 422 and "Write what should change." in text_of(answer)
    assert stage_of(app, post_id) is Stage.SUBMITTED


def test_a_comment_survives_an_edit_in_between(
    app: Flask, cast: Cast, bo: Browser, submit: Callable[..., int]
) -> None:
    post_id = submit()
    with at_home(app, cast) as us:
        post = db.session.get_one(Post, post_id)
        draft = planning.draft_of(post)
        planning.save(post, draft, 1, us.ana, NOW)
        approval.submit(post, us.ana, NOW)
        db.session.commit()
    answer = decide(bo, post_id, "send-back", comment="Name the <farmer>.")
    assert answer.status_code == 409
    assert "Name the &lt;farmer&gt;.</textarea>" in answer.get_data(as_text=True)


def test_a_comment_that_is_too_long_is_refused_and_kept(bo: Browser, submit: Callable[..., int]) -> None:
    answer = decide(bo, submit(), "send-back", comment="茶" * 2001)
    assert answer.status_code == 422 and "Use at most 2000 characters." in text_of(answer)
    assert "茶" * 2001 in text_of(answer)


def test_without_scripts_the_buttons_lead_back_to_the_queue(
    app: Flask, bo: Browser, submit: Callable[..., int]
) -> None:
    post_id = submit()
    refused = bo.post(f"/w/tea/approvals/{post_id}/send-back", data={"revision": 1, "comment": ""})
    assert refused.location == "/w/tea/approvals"
    assert "Write what should change." in text_of(bo.get("/w/tea/approvals"))
    approved = bo.post(f"/w/tea/approvals/{post_id}/approve", data={"revision": 1})
    assert approved.location == "/w/tea/approvals" and stage_of(app, post_id) is Stage.APPROVED


def test_a_long_queue_is_cut_and_says_so(
    bo: Browser, submit: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "MOST", 2)
    for hours in (1, 2, 3):
        submit(hours=hours)
    page = text_of(bo.get("/w/tea/approvals"))
    assert page.count("data-approval") == 2 and "These are the first 2 of 3." in page


def test_the_queue_asks_the_database_as_often_for_four_posts_as_for_one(
    app: Flask, bo: Browser, submit: Callable[..., int]
) -> None:
    submit()
    bo.get("/w/tea/approvals")
    with counted_queries(app) as for_one:
        bo.get("/w/tea/approvals")
    for hours in (2, 3, 4):
        submit(hours=hours)
    with counted_queries(app) as for_four:
        bo.get("/w/tea/approvals")
    assert len(for_four) == len(for_one)
