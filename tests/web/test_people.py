"""The people of a workspace: added, invited, given roles, removed."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from calendar_app import people
from calendar_app.extensions import db
from calendar_app.models import Membership, Role, User
from tests.people import Cast, log_in
from tests.web.browser import Browser


@pytest.fixture
def di(app: Flask, cast: Cast) -> Browser:
    """The admin, logged in."""
    client = app.test_client()
    log_in(client, cast.di)
    assert isinstance(client, Browser)
    return client


def member_id(app: Flask, user: User) -> int:
    with app.app_context():
        return db.session.scalars(select(Membership.id).where(Membership.user_id == user.id)).one()


def role_of(app: Flask, user: User) -> Role | None:
    with app.app_context():
        return db.session.scalar(select(Membership.role).where(Membership.user_id == user.id))


def link_in(page: str) -> str:
    found = re.search(r"http://127.0.0.1:8100(/invitation/[\w-]+)", page)
    assert found is not None
    return found[1]


def invite(client: Browser, email: str = "new@example.com") -> str:
    typed = {"email": email, "name": "Mei", "role": "planner"}
    return client.post("/w/tea/people", data=typed, follow_redirects=True).text


def test_someone_new_begins_in_the_language_of_who_invites(app: Flask, di: Browser, cast: Cast) -> None:
    with app.app_context():
        db.session.get_one(User, cast.di.id).locale = "zh_Hant"
        db.session.commit()
    invite(di)
    with app.app_context():
        user = people.find_by_email("new@example.com")
        assert user is not None and user.locale == "zh_Hant"


def test_an_invited_person_chooses_a_password_and_is_in(app: Flask, di: Browser) -> None:
    link = link_in(invite(di))
    mei = app.test_client()
    assert "new@example.com" in mei.get(link).text
    mei.post(link, data={"name": "美玲", "password": "a password of my own"})
    assert "美玲" in mei.get("/w/tea/people").text


def test_an_invitation_is_shown_once_and_works_once(app: Flask, di: Browser) -> None:
    link = link_in(invite(di))
    assert "/invitation/" not in di.get("/w/tea/people").text
    app.test_client().post(link, data={"name": "Mei", "password": "a password of my own"})
    again = app.test_client().post(link, data={"name": "Eve", "password": "a password of Eve's"})
    assert again.status_code == 410


def test_an_invitation_grows_old(app: Flask, di: Browser) -> None:
    link = link_in(invite(di))
    with app.app_context():
        user = people.find_by_email("new@example.com")
        assert user is not None
        assert user.invited_until is not None
        user.invited_until -= people.INVITATION_LIFE + timedelta(minutes=1)
        db.session.commit()
    assert app.test_client().get(link).status_code == 410


def test_a_new_link_ends_the_older_one(app: Flask, di: Browser) -> None:
    old = link_in(invite(di))
    with app.app_context():
        user = people.find_by_email("new@example.com")
        assert user is not None
    path = f"/w/tea/people/{member_id(app, user)}/invitation"
    new = link_in(di.post(path, follow_redirects=True).text)
    assert app.test_client().get(old).status_code == 410
    assert app.test_client().get(new).status_code == 200


def test_someone_known_is_added_without_a_link(app: Flask, di: Browser, cast: Cast) -> None:
    page = invite(di, "cy@example.com")
    assert "/invitation/" not in page
    cy = app.test_client()
    log_in(cy, cast.cy)
    assert cy.get("/w/tea/people").status_code == 200


def test_nobody_is_added_twice(di: Browser) -> None:
    typed = {"email": "Ana@Example.com", "name": "Ana", "role": "viewer"}
    answer = di.post("/w/tea/people", data=typed)
    assert answer.status_code == 422
    assert "Ana is in this workspace already." in answer.text


def test_an_admin_changes_a_role(app: Flask, di: Browser, cast: Cast) -> None:
    di.post(f"/w/tea/people/{member_id(app, cast.ana)}/role", data={"role": "approver"})
    assert role_of(app, cast.ana) == Role.APPROVER


def test_a_role_that_does_not_exist_changes_nothing(app: Flask, di: Browser, cast: Cast) -> None:
    di.post(f"/w/tea/people/{member_id(app, cast.ana)}/role", data={"role": "emperor"})
    assert role_of(app, cast.ana) == Role.PLANNER


@pytest.mark.parametrize("path", ["role", "remove"])
def test_the_last_admin_stays(app: Flask, di: Browser, cast: Cast, path: str) -> None:
    answer = di.post(
        f"/w/tea/people/{member_id(app, cast.di)}/{path}",
        data={"role": "viewer"},
        headers={"Referer": "http://localhost/w/tea/people"},
        follow_redirects=True,
    )
    assert "A workspace needs an admin." in answer.text
    assert role_of(app, cast.di) == Role.ADMIN


def test_a_removed_person_is_out_at_once(app: Flask, di: Browser, cast: Cast) -> None:
    ana = app.test_client()
    log_in(ana, cast.ana)
    di.post(f"/w/tea/people/{member_id(app, cast.ana)}/remove")
    assert ana.get("/w/tea/people").status_code == 404


def test_only_an_admin_manages_people(app: Flask, cast: Cast) -> None:
    bo = app.test_client()
    log_in(bo, cast.bo)
    number = member_id(app, cast.ana)
    for path in ("people", f"people/{number}/role", f"people/{number}/remove", f"people/{number}/invitation"):
        assert bo.post(f"/w/tea/{path}", data={"role": "viewer"}).status_code == 403
    assert role_of(app, cast.ana) == Role.PLANNER


def test_a_member_of_another_workspace_is_not_there(app: Flask, di: Browser, cast: Cast) -> None:
    assert di.post(f"/w/tea/people/{member_id(app, cast.cy)}/remove").status_code == 404
    assert role_of(app, cast.cy) == Role.ADMIN


def test_a_stranger_sees_no_sign_of_the_workspace(app: Flask, cast: Cast) -> None:
    cy = app.test_client()
    log_in(cy, cast.cy)
    missing = cy.get("/w/no-such-workspace/people")
    foreign = cy.get("/w/tea/people")
    assert (missing.status_code, foreign.status_code) == (404, 404)
    assert "tea" not in foreign.text.lower().replace("/w/tea", "")


def test_workspace_settings_are_saved_and_only_by_an_admin(app: Flask, di: Browser, cast: Cast) -> None:
    typed = {"name": "Misty Mountain", "zone": "Asia/Taipei", "allows_self_approval": "y"}
    di.post("/w/tea/settings", data=typed)
    with app.app_context():
        tea = db.session.get_one(type(cast.tea), cast.tea.id)
        assert (tea.name, tea.zone, tea.allows_self_approval) == ("Misty Mountain", "Asia/Taipei", True)
    ana = app.test_client()
    log_in(ana, cast.ana)
    assert ana.post("/w/tea/settings", data=typed).status_code == 403


def test_labels_are_made_once_and_removed(app: Flask, di: Browser) -> None:
    di.post("/w/tea/labels", data={"name": "採收", "colour": "green"})
    twice = di.post("/w/tea/labels", data={"name": "採收", "colour": "blue"})
    assert (twice.status_code, "There is a label of this name already." in twice.text) == (422, True)
    di.post("/w/tea/labels/1/remove")
    assert 'data-dialog-open="remove-label-1"' not in di.get("/w/tea/settings").text


def test_anyone_can_make_a_workspace_of_their_own(app: Flask, cast: Cast) -> None:
    ana = app.test_client()
    log_in(ana, cast.ana)
    made = ana.post("/workspaces", data={"name": "Side project", "zone": "UTC"})
    assert made.location == "/w/side-project"
    assert ana.get("/w/side-project/settings").status_code == 200
