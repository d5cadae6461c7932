"""The way around: which screens a role is offered, and which one is marked as open."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from tests.people import PASSWORD, Cast, log_in

CURRENT = re.compile(r'class="nav-link" href="([^"]+)" aria-current="page"')
LINKS = re.compile(r'class="nav-link" href="([^"]+)"')


@pytest.mark.parametrize(
    ("path", "current"),
    [
        ("calendar", "/w/tea/calendar"),
        ("channels", "/w/tea/channels"),
        ("connect", "/w/tea/channels"),
        ("connect/bluesky", "/w/tea/channels"),
        ("people", "/w/tea/people"),
        ("settings", "/w/tea/settings"),
    ],
)
def test_the_screen_that_is_open_is_marked_once(app: Flask, cast: Cast, path: str, current: str) -> None:
    client = app.test_client()
    log_in(client, cast.di)
    assert CURRENT.findall(client.get(f"/w/tea/{path}").text) == [current]


def test_a_role_is_offered_only_what_it_may_open(app: Flask, cast: Cast) -> None:
    for name in ("ana", "bo", "di"):
        client = app.test_client()
        client.post("/login", data={"email": f"{name}@example.com", "password": PASSWORD})
        offered = LINKS.findall(client.get("/w/tea/people").text)
        assert [client.get(address).status_code for address in offered] == [200] * len(offered)
        assert ("/w/tea/settings" in offered) == (name == "di")


def test_the_last_workspace_is_opened_again_and_stays_in_sight_outside_of_it(app: Flask, cast: Cast) -> None:
    client = app.test_client()
    log_in(client, cast.di)
    client.post("/workspaces", data={"name": "Coffee", "zone": "UTC"})
    client.get("/w/tea/people")
    assert "/w/tea/channels" in LINKS.findall(client.get("/profile").text)
    assert client.get("/", follow_redirects=True).request.path.startswith("/w/tea/")


def test_someone_in_no_workspace_is_told_what_to_do(app: Flask, cast: Cast) -> None:
    di, ana = app.test_client(), app.test_client()
    log_in(di, cast.di)
    log_in(ana, cast.ana)
    member = re.search(r"/people/(\d+)/role[^/]*?Role of Ana", di.get("/w/tea/people").text, re.DOTALL)
    assert member is not None
    di.post(f"/w/tea/people/{member[1]}/remove")
    page = ana.get("/", follow_redirects=True)
    assert page.status_code == 200
    assert "You are in no workspace yet" in page.text


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("calendar", "<dt><kbd>w</kbd> </dt><dd>Week</dd>"),
        ("approvals", "<dt><kbd>j</kbd> </dt><dd>Next post</dd>"),
    ],
)
def test_the_help_lists_the_keys_of_the_screen_that_is_open(
    app: Flask, cast: Cast, path: str, said: str
) -> None:
    client = app.test_client()
    log_in(client, cast.di)
    assert said in client.get(f"/w/tea/{path}").text
    assert said not in client.get("/w/tea/people").text


def test_an_empty_calendar_says_where_to_begin(app: Flask, cast: Cast) -> None:
    client = app.test_client()
    log_in(client, cast.di)
    assert "calendar-first" in client.get("/w/tea/calendar").text
