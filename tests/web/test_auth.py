"""The door: who comes in, how, and what a stranger sees."""

from __future__ import annotations

import pytest
from flask import Flask

from calendar_app import people
from calendar_app.extensions import db
from tests.people import PASSWORD, Cast, log_in

SETUP = {
    "name": "Ana",
    "email": "ana@example.com",
    "password": PASSWORD,
    "workspace": "霧山茶",
    "zone": "Asia/Taipei",
}


def test_the_first_visitor_is_led_to_the_set_up(app: Flask) -> None:
    assert app.test_client().get("/", follow_redirects=True).request.path == "/setup"


def test_the_set_up_makes_an_admin_with_a_workspace_and_lets_them_in(app: Flask) -> None:
    client = app.test_client()
    assert client.post("/setup", data=SETUP).status_code == 302
    with app.app_context():
        ana = people.find_by_email("ana@example.com")
        assert ana is not None
        (workspace,) = people.workspaces_of(ana)
        assert (workspace.name, workspace.zone) == ("霧山茶", "Asia/Taipei")
    assert client.get(f"/w/{workspace.slug}/settings").status_code == 200


def test_the_set_up_is_closed_once_somebody_is_there(app: Flask, cast: Cast) -> None:
    answer = app.test_client().post("/setup", data=SETUP | {"email": "late@example.com"})
    assert answer.location == "/login"
    with app.app_context():
        assert people.find_by_email("late@example.com") is None


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"email": "ana at example"}, "This is not an e-mail address."),
        ({"password": "short"}, "Use at least 10 characters"),
        ({"workspace": " "}, "Fill this in."),
        ({"name": "x" * 121}, "Use at most 120 characters."),
    ],
)
def test_a_wrong_set_up_says_what_is_wrong_and_keeps_what_was_typed(
    app: Flask, change: dict[str, str], sentence: str
) -> None:
    answer = app.test_client().post("/setup", data=SETUP | change)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert '<option selected value="Asia/Taipei">' in answer.text
    with app.app_context():
        assert not people.anyone_here()


def test_a_wrong_password_keeps_the_address_typed_and_says_nothing_about_it(app: Flask, cast: Cast) -> None:
    client = app.test_client()
    known = client.post("/login", data={"email": "ana@example.com", "password": "a wrong password"})
    unknown = client.post("/login", data={"email": "nobody@example.com", "password": "a wrong password"})
    for answer in (known, unknown):
        assert answer.status_code == 422
        assert "E-mail or password is wrong." in answer.text
    assert 'value="ana@example.com"' in known.text


def test_the_right_password_leads_to_where_one_was_going(app: Flask, cast: Cast) -> None:
    client = app.test_client()
    asked = client.get("/w/tea/people")
    assert asked.location == "/login?next=/w/tea/people"
    answer = client.post(asked.location, data={"email": "ANA@example.com ", "password": PASSWORD})
    assert answer.location == "/w/tea/people"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_the_login_never_leads_to_another_site(app: Flask, cast: Cast, elsewhere: str) -> None:
    answer = app.test_client().post(
        "/login", query_string={"next": elsewhere}, data={"email": "ana@example.com", "password": PASSWORD}
    )
    assert answer.location == "/"


def test_guessing_a_password_is_slowed_down_even_for_the_right_one(app: Flask, cast: Cast) -> None:
    client = app.test_client()
    for _try in range(6):
        client.post("/login", data={"email": "ana@example.com", "password": "a wrong password"})
    slowed = client.post("/login", data={"email": "ana@example.com", "password": PASSWORD})
    assert slowed.status_code == 429
    assert "Too many tries." in slowed.text
    assert 'value="ana@example.com"' in slowed.text
    others = client.post("/login", data={"email": "bo@example.com", "password": PASSWORD})
    assert others.status_code == 302


def test_logging_out_ends_the_session(app: Flask, cast: Cast) -> None:
    client = app.test_client()
    log_in(client, cast.ana)
    client.post("/logout")
    assert client.get("/profile").location.startswith("/login")


def test_a_new_password_ends_every_other_session_but_not_this_one(app: Flask, cast: Cast) -> None:
    here, elsewhere = app.test_client(), app.test_client()
    log_in(here, cast.ana)
    log_in(elsewhere, cast.ana)
    here.post("/profile/password", data={"current": PASSWORD, "password": "another long password"})
    assert here.get("/profile").status_code == 200
    assert elsewhere.get("/profile").location.startswith("/login")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (
            {"current": "not my password", "password": "another long password"},
            "This is not your current password.",
        ),
        ({"current": PASSWORD, "password": "short"}, "Use at least 10 characters"),
    ],
)
def test_a_password_changes_only_for_who_knows_it_and_to_a_strong_one(
    app: Flask, cast: Cast, typed: dict[str, str], sentence: str
) -> None:
    client = app.test_client()
    log_in(client, cast.ana)
    answer = client.post("/profile/password", data=typed)
    assert (answer.status_code, sentence in answer.text) == (422, True)


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("zh-CN,en;q=0.5", "zh-Hans"),
        ("zh-Hant-MO", "zh-Hant"),
        ("fr,de;q=0.5", "en"),
        ("fr,zh-TW;q=0.4", "zh-Hant"),
        ("", "en"),
    ],
)
def test_a_stranger_reads_the_language_their_browser_asks_for(
    app: Flask, cast: Cast, asked: str, shown: str
) -> None:
    page = app.test_client().get("/login", headers={"Accept-Language": asked})
    assert f'<html lang="{shown}"' in page.text


def test_a_stranger_can_choose_another_language(app: Flask, cast: Cast) -> None:
    client = app.test_client()
    client.post("/language", data={"locale": "zh_Hans"})
    assert '<html lang="zh-Hans"' in client.get("/login").text
    assert client.post("/language", data={"locale": "tlh"}).status_code == 400


def test_a_profile_changes_how_everything_is_shown(app: Flask, cast: Cast) -> None:
    client = app.test_client()
    log_in(client, cast.ana)
    wanted = {
        "name": "安娜",
        "locale": "zh_Hant",
        "zone": "Europe/Paris",
        "first_weekday": "6",
        "theme": "dark",
    }
    page = client.post("/profile", data=wanted, follow_redirects=True)
    assert '<html lang="zh-Hant" data-theme="dark"' in page.text
    with app.app_context():
        ana = people.find_by_email("ana@example.com")
        assert ana is not None
        assert (ana.name, ana.locale, ana.zone, ana.first_weekday) == ("安娜", "zh_Hant", "Europe/Paris", 6)


def test_a_zone_that_does_not_exist_is_refused(app: Flask, cast: Cast) -> None:
    client = app.test_client()
    log_in(client, cast.ana)
    wanted = {"name": "Ana", "locale": "en", "zone": "Mars/Olympus", "first_weekday": "0", "theme": "auto"}
    assert client.post("/profile", data=wanted).status_code == 422
    with app.app_context():
        assert db.session.get_one(type(cast.ana), cast.ana.id).zone == "Asia/Hong_Kong"
