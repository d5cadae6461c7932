"""What every page tells the browser about trust, and what a forged request meets."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from flask import Flask

from calendar_app import create_app
from calendar_app.config import Config
from calendar_app.web import assets
from tests.people import PASSWORD, Cast, log_in

PAGES = (
    "/login",
    "/",
    "/w/tea/people",
    "/w/tea/channels",
    "/w/tea/settings",
    "/profile",
    "/workspaces",
    "/no/such/page",
)
INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", re.IGNORECASE)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_allows_and_holds_nothing_inline(app: Flask, cast: Cast, path: str) -> None:
    client = app.test_client()
    log_in(client, cast.di)
    answer = client.get(path, follow_redirects=True)
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    for directive in (
        "default-src 'self'",
        "script-src 'self'",
        "object-src 'none'",
        "frame-ancestors 'none'",
    ):
        assert directive in policy
    assert INLINE.findall(answer.text) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "same-origin"),
        ("Cache-Control", "no-store"),
    ],
)
def test_a_page_is_neither_framed_nor_sniffed_nor_kept(app: Flask, cast: Cast, name: str, value: str) -> None:
    assert app.test_client().get("/login").headers[name] == value


def test_a_built_file_is_kept_for_a_year_because_its_name_changes_with_its_content(app: Flask) -> None:
    assert assets.is_built(), "run npm run build first"
    with app.test_request_context():
        address = assets.bundle("app.css")
    answer = app.test_client().get(address)
    assert "immutable" in answer.headers["Cache-Control"]
    assert re.search(r"app-[A-Z0-9]{8}\.css$", address)


def test_the_session_cookie_is_out_of_reach_for_scripts_and_other_sites(app: Flask, cast: Cast) -> None:
    answer = app.test_client().post("/login", data={"email": "ana@example.com", "password": PASSWORD})
    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if value.startswith("almanac="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_the_session_cookie_needs_https_where_the_address_has_it(config: Config) -> None:
    app = create_app(replace(config, cookie_secure=True))
    cookie = app.test_client().get("/setup", base_url="https://almanac.example").headers["Set-Cookie"]
    assert "Secure" in cookie


@pytest.mark.parametrize("path", ["/logout", "/w/tea/people", "/w/tea/settings", "/w/tea/pause", "/profile"])
def test_a_forged_form_does_nothing(app: Flask, cast: Cast, path: str) -> None:
    client = app.test_client()
    log_in(client, cast.di)
    answer = client.post(path, data={"name": "Forged", "zone": "UTC"}, forged=True)
    assert answer.status_code == 400
    assert "Forged" not in client.get("/w/tea/settings").text
    assert "paused" not in client.get("/w/tea/settings").text


def test_a_fragment_that_fails_tells_it_as_a_toast(app: Flask, cast: Cast) -> None:
    client = app.test_client()
    log_in(client, cast.di)
    answer = client.get("/w/tea/channels/999", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.text) == (404, "")
    assert "There is nothing here" in answer.headers["HX-Trigger"]


def test_a_session_that_ended_sends_a_fragment_to_the_login(app: Flask, cast: Cast) -> None:
    answer = app.test_client().get("/w/tea/channels", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/login")


def test_an_error_inside_shows_nothing_of_the_inside(app: Flask, cast: Cast) -> None:
    def broken() -> str:
        raise RuntimeError("a password is 1234")

    app.add_url_rule("/broken", view_func=broken)
    app.testing = False
    answer = app.test_client().get("/broken")
    assert answer.status_code == 500
    assert "1234" not in answer.text
    assert "Something broke" in answer.text


def test_components_are_shown_in_development_only(app: Flask, cast: Cast) -> None:
    assert app.test_client().get("/styleguide").status_code == 200
    app.testing = False
    assert app.test_client().get("/styleguide").status_code == 404
