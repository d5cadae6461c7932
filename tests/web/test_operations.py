"""The operations page: for approvers and admins of the workspace, true to the ledger, with a hand on every trouble."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from calendar_app import operations
from calendar_app.extensions import db
from calendar_app.models import (
    Attempt,
    Beat,
    Channel,
    ChannelState,
    Delivery,
    Hold,
    Outcome,
    Stage,
    State,
    Step,
    User,
)
from tests.people import Cast, a_channel, an_approved_post
from tests.web.browser import Browser
from tests.web.test_calendar import at_home, counted_queries

HTMX = {"HX-Request": "true"}
PAGE = "/w/tea/operations"
HOUR = timedelta(hours=1)

Put = Callable[..., int]


@pytest.fixture
def put(app: Flask, cast: Cast) -> Put:
    """A delivery of the tea brand's that was promised a while ago, in the state that the story needs; its id."""

    def of(text: str = "Spring tea is here.", ago: timedelta = HOUR, **changes: object) -> int:
        with at_home(app, cast) as us:
            promised = datetime.now(UTC) - ago
            post = an_approved_post(us, a_channel(us.tea), text=text, at=promised, now=promised - HOUR)
            values = {"prepare_at": None} | changes
            db.session.execute(update(Delivery).where(Delivery.post_id == post.id).values(values))
            db.session.commit()
            return post.deliveries[0].id

    return of


@pytest.fixture
def house(app: Flask) -> None:
    """A living clock and a living worker."""
    with app.app_context():
        for kind in ("clock", "publish"):
            db.session.add(Beat(name=kind, kind=kind, host="tea-1", pid=7, beat_at=datetime.now(UTC)))
        db.session.commit()


def text_of(answer: TestResponse) -> str:
    return unescape(answer.get_data(as_text=True))


def told(answer: TestResponse) -> str:
    return str(json.loads(answer.headers["HX-Trigger"])["toast"]["text"])


def decide(client: Browser, decision: str, *ids: int, **more: object) -> TestResponse:
    data = {"decision": decision, "ids": list(ids)} | more
    return client.post(f"{PAGE}/decide", data=data, headers=HTMX)


def ask(client: Browser, decision: str, *ids: int) -> TestResponse:
    return client.post(f"{PAGE}/ask", data={"decision": decision, "ids": list(ids)}, headers=HTMX)


def state_of(app: Flask, delivery_id: int) -> State:
    with app.app_context():
        return db.session.get_one(Delivery, delivery_id).state


def test_a_calm_house_says_so(bo: Browser, house: None) -> None:
    page = text_of(bo.get(PAGE))
    assert "Nothing is late." in page and "Nothing waits for a person." in page
    assert "ticking" in page and "at work" in page and "tea-1:7" in page


def test_a_house_without_a_clock_shows_it_first(bo: Browser) -> None:
    page = text_of(bo.get(PAGE))
    assert "silent" in page and "No process has given a sign of life" in page


@pytest.mark.parametrize("name, code", [("ana", 403), ("bo", 200), ("di", 200), ("cy", 404)])
def test_approvers_and_admins_may_look_and_act_and_a_stranger_finds_nothing(
    app: Flask, cast: Cast, enter: Callable[[User], Browser], put: Put, name: str, code: int
) -> None:
    client, failed = enter(getattr(cast, name)), put(state=State.FAILED)
    assert client.get(PAGE).status_code == client.get(f"{PAGE}/channels").status_code == code
    assert ask(client, "cancel", failed).status_code == code
    assert decide(client, "cancel", failed).status_code == code
    assert state_of(app, failed) == (State.CANCELED if code == 200 else State.FAILED)


def test_a_late_delivery_is_shown_with_its_reason(app: Flask, bo: Browser, house: None, put: Put) -> None:
    at = datetime.now(UTC)
    delivery = put("Oolong at noon.", ago=timedelta(minutes=2), due_at=at + HOUR)
    with app.app_context():
        attempt = Attempt(delivery_id=delivery, step=Step.PUBLISH, opened_at=at, outcome=Outcome.TEMPORARY)
        db.session.add(attempt)
        db.session.commit()
    page = text_of(bo.get(PAGE, headers=HTMX))
    assert "Oolong at noon." in page and "was in trouble; it is tried again." in page and "2 minutes" in page
    assert "<html" not in page


def test_what_waits_for_a_person_can_be_narrowed_to_one_state(bo: Browser, house: None, put: Put) -> None:
    put("Held tea.", state=State.HELD, held_reason=Hold.LATE)
    put("Failed tea.", state=State.FAILED, error="Too bitter")
    everything = text_of(bo.get(PAGE))
    assert "Held tea." in everything and "Failed tea." in everything
    narrowed = text_of(bo.get(f"{PAGE}?state=held", headers=HTMX))
    assert "Held tea." in narrowed and "Failed tea." not in narrowed
    assert "Failed tea." in text_of(bo.get(f"{PAGE}?state=nonsense"))


def test_another_workspaces_troubles_are_neither_seen_nor_touched(
    app: Flask, cast: Cast, bo: Browser, put: Put
) -> None:
    with at_home(app, cast) as us:
        us.tea, us.ana, us.bo = us.other, us.cy, us.cy
        us.other.allows_self_approval = True
        post = an_approved_post(us, a_channel(us.other), text="Coffee!")
        db.session.execute(update(Delivery).where(Delivery.post_id == post.id).values(state=State.FAILED))
        db.session.commit()
        theirs = post.deliveries[0].id
    assert "Coffee!" not in text_of(bo.get(PAGE))
    assert ask(bo, "cancel", theirs).status_code == 422
    decide(bo, "cancel", theirs)
    assert state_of(app, theirs) is State.FAILED


def test_a_question_says_what_will_happen_before_anything_does(app: Flask, bo: Browser, put: Put) -> None:
    failed, held = put(state=State.FAILED), put(state=State.HELD, held_reason=Hold.LATE)
    unconfirmed = put(state=State.UNCONFIRMED)
    question = text_of(ask(bo, "retry", failed, held, unconfirmed))
    assert "2 deliveries go out as soon as their channels can take them." in question
    assert "1 other stays as it is" in question and "Publish 2 now" in question
    assert f'value="{unconfirmed}"' not in question
    assert state_of(app, failed) is State.FAILED


def test_nothing_chosen_is_said_kindly(bo: Browser) -> None:
    answer = ask(bo, "retry")
    assert answer.status_code == 422 and told(answer) == "Choose at least one first."


def test_several_are_sent_again_at_once(app: Flask, bo: Browser, house: None, put: Put) -> None:
    ids = [put(state=State.FAILED) for _ in range(3)]
    answer = decide(bo, "retry", *ids)
    assert answer.status_code == 200 and told(answer) == "3 are sent now."
    assert {state_of(app, id) for id in ids} == {State.SCHEDULED}
    assert "Nothing waits for a person." in text_of(answer)


def test_one_that_refuses_keeps_none_of_the_others(app: Flask, bo: Browser, put: Put) -> None:
    good, withdrawn, paused = (put(state=State.FAILED) for _ in range(3))
    with app.app_context():
        db.session.get_one(Delivery, withdrawn).post.stage = Stage.DRAFT
        db.session.get_one(Delivery, paused).channel.state = ChannelState.PAUSED
        db.session.commit()
    answer = decide(bo, "retry", good, withdrawn, paused)
    assert answer.status_code == 409
    assert told(answer).startswith("1 is sent now. 2 were left as they are: ")
    assert "not approved any more" in told(answer) and "Publishing is paused" in told(answer)
    assert [state_of(app, id) for id in (good, withdrawn)] == [State.SCHEDULED, State.FAILED]


@pytest.mark.parametrize(
    "decision, before, after",
    [
        ("appeared", State.UNCONFIRMED, State.PUBLISHED),
        ("absent", State.UNCONFIRMED, State.FAILED),
        ("cancel", State.HELD, State.CANCELED),
        ("retry", State.HELD, State.SCHEDULED),
    ],
)
def test_each_trouble_has_its_way_out(
    app: Flask, cast: Cast, bo: Browser, put: Put, decision: str, before: State, after: State
) -> None:
    delivery = put(state=before, held_reason=Hold.LATE if before is State.HELD else None)
    assert decide(bo, decision, delivery).status_code == 200
    assert state_of(app, delivery) is after
    with app.app_context():
        (answer,) = db.session.scalars(select(Attempt).where(Attempt.delivery_id == delivery))
        assert (answer.step, answer.by_id) == (Step.ANSWER, cast.bo.id)


@pytest.mark.parametrize(
    "reason, way", [(Hold.PAUSED, "Go to the channel"), (Hold.UNAPPROVED, "Go to the post")]
)
def test_a_hold_that_a_retry_can_not_end_leads_to_where_it_can(
    bo: Browser, put: Put, reason: Hold, way: str
) -> None:
    delivery = put(state=State.HELD, held_reason=reason)
    page = text_of(bo.get(PAGE))
    assert way in page and f'id="retry-{delivery}"' not in page


def test_a_decision_that_does_not_exist_is_refused(bo: Browser, put: Put) -> None:
    assert decide(bo, "explode", put(state=State.FAILED)).status_code == 400
    assert bo.post(f"{PAGE}/decide", data={"decision": "cancel", "ids": "1"}, forged=True).status_code == 400


def test_an_id_that_is_none_changes_nothing(bo: Browser) -> None:
    answer = bo.post(
        f"{PAGE}/decide", data={"decision": "cancel", "ids": ["x", "-1", "9" * 30]}, headers=HTMX
    )
    assert answer.status_code == 200 and told(answer) == "Choose at least one first."


def test_without_scripts_the_same_steps_lead_back_to_the_page(app: Flask, bo: Browser, put: Put) -> None:
    delivery = put(state=State.FAILED)
    data = {"decision": "cancel", "ids": delivery, "state": "failed"}
    question = text_of(bo.post(f"{PAGE}/ask", data=data))
    assert "<html" in question and "1 delivery will not go out." in question
    answer = bo.post(f"{PAGE}/decide", data=data)
    assert answer.location == f"{PAGE}?state=failed" and state_of(app, delivery) is State.CANCELED
    assert "<html" in text_of(bo.get(f"{PAGE}/channels"))


def test_a_channel_shows_its_punctuality_its_budget_and_its_end(app: Flask, bo: Browser, put: Put) -> None:
    on_time, late = put(state=State.PUBLISHED), put(ago=2 * HOUR, state=State.PUBLISHED)
    with app.app_context():
        channel_id = db.session.get_one(Delivery, on_time).channel_id
        for id, seconds in ((on_time, 0.041), (late, 90)):
            delivery = db.session.get_one(Delivery, id)
            at = delivery.promised_at + timedelta(seconds=seconds)
            delivery.published_at, delivery.channel_id = at, channel_id
            attempt = Attempt(delivery_id=id, step=Step.PUBLISH, opened_at=at, sent_at=at, closed_at=at)
            attempt.outcome = Outcome.PUBLISHED
            db.session.add(attempt)
        db.session.get_one(Channel, channel_id).expires_at = datetime.now(UTC) + HOUR
        db.session.commit()
    shown = text_of(bo.get(f"{PAGE}/channels", headers=HTMX))
    assert "50% of 2" in " ".join(
        shown.replace("</span>", "").replace('<span class="small faint">', "").split()
    )
    assert "Spent" in shown and "credentials end" in shown and "1 of 2 promises broken in 30 days" in shown
    assert "1 hour ago" in shown


def test_a_long_list_is_cut_and_says_so(
    app: Flask, bo: Browser, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "MOST", 2)
    for _ in range(3):
        put(state=State.FAILED)
    page = text_of(bo.get(PAGE))
    assert page.count('name="ids" value=') - page.count('type="hidden" name="ids"') == 2
    assert "the latest 2" in page


def test_the_database_is_asked_as_often_for_many_as_for_one(app: Flask, bo: Browser, put: Put) -> None:
    def some() -> None:
        put(state=State.FAILED)
        put()

    some()
    bo.get(PAGE), bo.get(f"{PAGE}/channels")
    with counted_queries(app) as for_few:
        bo.get(PAGE), bo.get(f"{PAGE}/channels")
    some(), some()
    with counted_queries(app) as for_many:
        bo.get(PAGE), bo.get(f"{PAGE}/channels")
    assert len(for_many) == len(for_few)


def test_only_who_may_act_is_offered_the_page(cast: Cast, enter: Callable[[User], Browser]) -> None:
    assert PAGE in text_of(enter(cast.bo).get("/w/tea/channels"))
    assert PAGE not in text_of(enter(cast.ana).get("/w/tea/channels"))


@pytest.mark.parametrize("locale", ["zh_Hant", "zh_Hans"])
def test_it_speaks_the_readers_language(app: Flask, cast: Cast, bo: Browser, put: Put, locale: str) -> None:
    put()
    with app.app_context():
        db.session.execute(update(User).where(User.id == cast.bo.id).values(locale=locale))
        db.session.commit()
    assert bo.get(PAGE).status_code == bo.get(f"{PAGE}/channels").status_code == 200


def test_a_text_is_shown_as_text(bo: Browser, put: Put) -> None:
    put("<script>alert(1)</script>", state=State.FAILED)
    page = bo.get(PAGE).get_data(as_text=True)
    assert "<script>alert(1)" not in page and "&lt;script&gt;alert(1)" in page
