"""Channels on the screen: connected over real HTTP, paused, resumed, reconnected, removed."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from calendar_app.extensions import db
from calendar_app.models import Channel, ChannelState, Delivery, Hold, State, Workspace
from calendar_app.settings import vault
from calendar_app.web import edge
from publishers.simulators.server import Server
from tests.people import PASSWORD, Cast, a_channel, a_viewer, an_approved_post, gather, log_in
from tests.web.browser import Browser


@pytest.fixture
def di(app: Flask, cast: Cast) -> Browser:
    """The admin, logged in."""
    client = app.test_client()
    log_in(client, cast.di)
    assert isinstance(client, Browser)
    return client


def depart(client: Browser, server: Server, path: str = "/w/tea/connect/mastodon") -> str:
    """Fill in the form; answers the platform's address that the page leads to."""
    page = client.post(path, data={"server": server.url})
    assert page.status_code == 200, page.text
    found = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', page.text)
    assert found is not None
    return unescape(found[1])


def consent(address: str, account: str, decision: str = "authorize") -> str:
    """Answer on the platform's own page; answers where it sends the person back to, without the host."""
    asked = dict(parse_qsl(urlsplit(address).query))
    page = httpx.post(address.partition("?")[0], data={**asked, "new_account": account, "decision": decision})
    back = urlsplit(page.headers["Location"])
    return f"{back.path}?{back.query}"


def channels(app: Flask) -> list[Channel]:
    with app.app_context():
        return list(db.session.scalars(select(Channel).order_by(Channel.id)))


def test_a_mastodon_account_is_connected_by_a_visit_to_its_server(
    app: Flask, di: Browser, mastodon_server: Server
) -> None:
    back = consent(depart(di, mastodon_server), "mistytea")
    page = di.get(back, follow_redirects=True)
    (channel,) = channels(app)
    assert (channel.platform, channel.base_url) == ("mastodon", mastodon_server.url)
    assert channel.handle in page.text
    with app.app_context():
        assert vault().open(channel.credentials)["access_token"] not in page.text


def test_a_second_account_of_a_server_uses_the_same_registration(
    app: Flask, di: Browser, mastodon_server: Server
) -> None:
    first, second = (depart_and_return(di, mastodon_server, name) for name in ("one", "two"))
    assert first["client_id"] == second["client_id"]
    assert len(channels(app)) == 2


def depart_and_return(client: Browser, server: Server, account: str) -> dict[str, str]:
    address = depart(client, server)
    client.get(consent(address, account))
    return dict(parse_qsl(urlsplit(address).query))


def test_a_server_that_forgot_our_registration_gets_a_new_one_at_the_next_try(
    app: Flask, di: Browser, mastodon_server: Server
) -> None:
    never_returned, second = depart(di, mastodon_server), depart(di, mastodon_server)
    ids = {dict(parse_qsl(urlsplit(address).query))["client_id"] for address in (never_returned, second)}
    assert len(ids) == 2


def test_a_refusal_on_the_platform_connects_nothing(app: Flask, di: Browser, mastodon_server: Server) -> None:
    back = consent(depart(di, mastodon_server), "mistytea", decision="deny")
    page = di.get(back, follow_redirects=True)
    assert "Nothing was connected." in page.text
    assert channels(app) == []


def test_a_return_that_this_browser_never_left_for_is_refused(
    app: Flask, di: Browser, mastodon_server: Server
) -> None:
    back = consent(depart(di, mastodon_server), "attacker")
    victim = signed_in(app, "di")
    assert victim.get(back).status_code == 400
    assert di.get(back.replace("state=", "state=x")).status_code == 400
    assert channels(app) == []


def test_a_return_works_once(app: Flask, di: Browser, mastodon_server: Server) -> None:
    back = consent(depart(di, mastodon_server), "mistytea")
    di.get(back)
    assert di.get(back).status_code == 400


@pytest.mark.parametrize(
    ("server", "sentence"),
    [
        ("not a server", "This is not the address of a server."),
        ("http://127.0.0.1:9", "The server does not answer now"),
        ("", "Fill this in."),
    ],
)
def test_a_server_that_cannot_be_reached_says_so_and_keeps_what_was_typed(
    di: Browser, server: str, sentence: str
) -> None:
    page = di.post("/w/tea/connect/mastodon", data={"server": server})
    assert page.status_code == 422
    assert sentence in page.text
    assert f'value="{server}"' in page.text


def test_a_bluesky_account_is_connected_by_its_app_password(
    app: Flask, di: Browser, bluesky_server: Server
) -> None:
    account = bluesky_server.control.account("mistytea.test")
    typed = {
        "service": bluesky_server.url,
        "handle": account["handle"],
        "app_password": account["app_password"],
    }
    page = di.post("/w/tea/connect/bluesky", data=typed, follow_redirects=True)
    assert account["handle"] in page.text
    assert account["app_password"] not in page.text
    assert [channel.platform for channel in channels(app)] == ["bluesky"]


def test_a_wrong_app_password_is_told_in_the_platforms_words_and_not_shown_again(
    app: Flask, di: Browser, bluesky_server: Server
) -> None:
    account = bluesky_server.control.account("mistytea.test")
    typed = {
        "service": bluesky_server.url,
        "handle": account["handle"],
        "app_password": "wrong-word-here-now",
    }
    page = di.post("/w/tea/connect/bluesky", data=typed)
    assert (page.status_code, "The platform says:" in page.text) == (422, True)
    assert f'value="{account["handle"]}"' in page.text
    assert "wrong-word-here-now" not in page.text
    assert channels(app) == []


def test_a_reconnect_takes_only_the_same_account(app: Flask, di: Browser, mastodon_server: Server) -> None:
    di.get(consent(depart(di, mastodon_server), "mistytea"))
    number = channels(app)[0].id
    path = f"/w/tea/channels/{number}/reconnect"
    page = di.get(consent(depart(di, mastodon_server, path), "another"), follow_redirects=True)
    assert "but this channel is" in page.text
    page = di.get(consent(depart(di, mastodon_server, path), "mistytea"), follow_redirects=True)
    assert "is connected." in page.text
    assert len(channels(app)) == 1


def scheduled(app: Flask) -> tuple[int, int]:
    """A channel with one scheduled delivery: their ids."""
    with app.app_context():
        cast = gather(edge.now())
        channel = a_channel(cast.tea)
        an_approved_post(cast, channel, now=edge.now(), at=edge.now().replace(year=edge.now().year + 1))
        return channel.id, db.session.scalars(select(Delivery.id)).one()


def state_of(app: Flask, delivery_id: int) -> tuple[State, Hold | None]:
    with app.app_context():
        delivery = db.session.get_one(Delivery, delivery_id)
        return delivery.state, delivery.held_reason


def signed_in(app: Flask, name: str) -> Browser:
    client = app.test_client()
    client.post("/login", data={"email": f"{name}@example.com", "password": PASSWORD})
    assert isinstance(client, Browser)
    return client


def test_a_pause_says_its_second_and_holds_and_a_resume_sends_again(app: Flask) -> None:
    channel_id, delivery_id = scheduled(app)
    bo = signed_in(app, "bo")
    page = bo.post(f"/w/tea/channels/{channel_id}/pause", data={"reason": "Stop 停"}).text
    assert "1 scheduled delivery is held." in page
    assert state_of(app, delivery_id) == (State.HELD, Hold.PAUSED)
    assert "Stop 停" in bo.get(f"/w/tea/channels/{channel_id}").text
    bo.post(f"/w/tea/channels/{channel_id}/resume")
    assert state_of(app, delivery_id) == (State.SCHEDULED, None)


def test_a_pause_lists_what_was_already_on_its_way(app: Flask) -> None:
    channel_id, delivery_id = scheduled(app)
    with app.app_context():
        db.session.get_one(Delivery, delivery_id).state = State.PROCESSING
        db.session.commit()
    page = signed_in(app, "bo").post(f"/w/tea/channels/{channel_id}/pause").text
    assert "Already on their way" in page
    assert "Spring tea is here." in page


@pytest.mark.parametrize(("decision", "state"), [("send", State.SCHEDULED), ("cancel", State.CANCELED)])
def test_what_was_missed_is_decided_by_a_person(app: Flask, decision: str, state: State) -> None:
    channel_id, delivery_id = scheduled(app)
    with app.app_context():
        delivery = db.session.get_one(Delivery, delivery_id)
        delivery.state, delivery.held_reason = State.HELD, Hold.LATE
        db.session.commit()
    bo = signed_in(app, "bo")
    assert "Too late to send by itself" in bo.get(f"/w/tea/channels/{channel_id}").text
    bo.post(f"/w/tea/deliveries/{delivery_id}/triage", data={"decision": decision})
    assert state_of(app, delivery_id)[0] == state


def test_pausing_the_workspace_is_told_on_every_page(app: Flask) -> None:
    _channel, delivery_id = scheduled(app)
    di = signed_in(app, "di")
    di.post("/w/tea/pause", data={"reason": "Recall"})
    assert state_of(app, delivery_id) == (State.HELD, Hold.PAUSED)
    assert "Publishing is paused in this workspace." in signed_in(app, "ana").get("/w/tea/people").text
    di.post("/w/tea/resume")
    assert state_of(app, delivery_id) == (State.SCHEDULED, None)


def test_removing_a_channel_names_what_it_costs_and_erases_its_credentials(app: Flask) -> None:
    channel_id, delivery_id = scheduled(app)
    di = signed_in(app, "di")
    assert "1 delivery that waits will be canceled." in di.get(f"/w/tea/channels/{channel_id}").text
    di.post(f"/w/tea/channels/{channel_id}/remove")
    assert state_of(app, delivery_id)[0] == State.CANCELED
    assert di.get(f"/w/tea/channels/{channel_id}").status_code == 404
    with app.app_context():
        channel = db.session.get_one(Channel, channel_id)
        assert (channel.state, vault().open(channel.credentials)) == (ChannelState.REMOVED, {})


def test_checking_a_dead_connection_tells_so(app: Flask) -> None:
    channel_id, _delivery = scheduled(app)
    page = signed_in(app, "ana").post(f"/w/tea/channels/{channel_id}/refresh", follow_redirects=True)
    assert "The server does not answer now:" in page.text


def test_what_each_role_may_do_with_a_channel(app: Flask) -> None:
    channel_id, _delivery = scheduled(app)
    ana, bo = signed_in(app, "ana"), signed_in(app, "bo")
    assert ana.get(f"/w/tea/channels/{channel_id}").status_code == 200
    assert ana.post(f"/w/tea/channels/{channel_id}/pause").status_code == 403
    assert bo.post(f"/w/tea/channels/{channel_id}/remove").status_code == 403
    assert bo.get("/w/tea/connect").status_code == 403
    assert bo.get(f"/w/tea/channels/{channel_id}/reconnect").status_code == 403


def test_a_channel_of_another_workspace_is_not_there(app: Flask) -> None:
    channel_id, delivery_id = scheduled(app)
    cy = signed_in(app, "cy")
    for path in (f"channels/{channel_id}", f"channels/{channel_id}/reconnect"):
        assert cy.get(f"/w/other/{path}").status_code == 404
        assert cy.get(f"/w/tea/{path}").status_code == 404
    for path in ("pause", "resume", "remove", "refresh"):
        assert cy.post(f"/w/other/channels/{channel_id}/{path}").status_code == 404
    assert (
        cy.post(f"/w/other/deliveries/{delivery_id}/triage", data={"decision": "cancel"}).status_code == 404
    )
    assert state_of(app, delivery_id)[0] == State.SCHEDULED


def test_a_viewer_sees_channels_and_changes_nothing(app: Flask) -> None:
    channel_id, _delivery = scheduled(app)
    with app.app_context():
        viewer = a_viewer(db.session.scalars(select(Workspace).where(Workspace.slug == "tea")).one())
        name = viewer.email.partition("@")[0]
    client = signed_in(app, name)
    assert "Connect a channel" not in client.get("/w/tea/channels").text
    assert client.post(f"/w/tea/channels/{channel_id}/refresh").status_code == 403


def adjust(client: Browser, channel_id: int, **typed: str) -> TestResponse:
    return client.post(f"/w/tea/channels/{channel_id}/bounds", data=typed, follow_redirects=True)


def test_an_admin_knows_better_what_the_platform_accepts(app: Flask, di: Browser, cast: Cast) -> None:
    with app.app_context():
        channel_id = a_channel(cast.tea).id
    page = adjust(di, channel_id, text="2000")
    assert re.search(r"Longest text</dt>\s*<dd class=\"number\">2,000", page.text)
    assert "Set here" in page.text
    wrong = adjust(di, channel_id, text="two thousand")
    assert wrong.status_code == 422
    assert "two thousand" in wrong.text and "Write a whole number above 0" in wrong.text


def test_only_an_admin_adjusts_bounds(app: Flask, ana: Browser, cast: Cast) -> None:
    with app.app_context():
        channel_id = a_channel(cast.tea).id
    assert adjust(ana, channel_id, text="2000").status_code == 403


def test_who_reconnects_is_not_asked_again_what_is_known(app: Flask, di: Browser, cast: Cast) -> None:
    with app.app_context():
        channel = a_channel(cast.tea, "weibo")
        channel.traits = {"rights": "commercial", "domains": "tea.example"}
        db.session.commit()
        address = f"/w/tea/channels/{channel.id}/reconnect"
    page = di.get(address).text
    assert 'value="tea.example"' in page
    assert re.search(r'<option selected value="commercial"', page)
