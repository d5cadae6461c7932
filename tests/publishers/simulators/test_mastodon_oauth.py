"""Connecting to Mastodon in a browser, scopes, and tokens that die."""

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from publishers.simulators.server import Server
from tests.publishers.simulators.people import Tooter

BACK = "https://almanac.example/connect/back"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
SCOPES = "profile write:statuses"


@pytest.fixture
def app(mastodon_server: Server) -> dict[str, str]:
    fields = {"client_name": "Almanac", "redirect_uris": BACK, "scopes": f"{SCOPES} write:media"}
    registered: dict[str, str] = httpx.post(f"{mastodon_server.url}/api/v1/apps", data=fields).json()
    return registered


def consent(
    server: Server, app: dict[str, str], decision: str = "authorize", **more: str
) -> dict[str, list[str]]:
    asked = {"client_id": app["client_id"], "redirect_uri": BACK, "scope": SCOPES, "state": "s"}
    asked |= {"response_type": "code", "code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    page = httpx.get(f"{server.url}/oauth/authorize", params=asked)
    assert page.status_code == 200 and "Almanac would like to use your account" in page.text
    form = {**asked, "new_account": "bo", "decision": decision, **more}
    answer = httpx.post(f"{server.url}/oauth/authorize", data=form)
    assert answer.status_code == 302 and answer.headers["Location"].startswith(BACK)
    return parse_qs(urlsplit(answer.headers["Location"]).query)


def exchange(server: Server, app: dict[str, str], code: str, verifier: str = VERIFIER) -> httpx.Response:
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": BACK,
        "code_verifier": verifier,
    }
    fields |= {"client_id": app["client_id"], "client_secret": app["client_secret"]}
    return httpx.post(f"{server.url}/oauth/token", data=fields)


def whoami(server: Server, token: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{server.url}/api/v1/accounts/verify_credentials", headers=headers)


def test_consent_leads_to_a_token_for_the_chosen_account(
    mastodon_server: Server, app: dict[str, str]
) -> None:
    back = consent(mastodon_server, app)
    assert back["state"] == ["s"]
    answer = exchange(mastodon_server, app, back["code"][0]).json()
    assert (answer["scope"], answer["token_type"]) == (SCOPES, "Bearer")
    assert whoami(mastodon_server, answer["access_token"]).json()["acct"] == "bo"


def test_denial_comes_back_as_an_error(mastodon_server: Server, app: dict[str, str]) -> None:
    assert consent(mastodon_server, app, decision="deny")["error"] == ["access_denied"]


def test_a_code_is_good_once_and_only_with_its_verifier(mastodon_server: Server, app: dict[str, str]) -> None:
    wrong = exchange(mastodon_server, app, consent(mastodon_server, app)["code"][0], "w" * 64)
    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_grant")
    code = consent(mastodon_server, app)["code"][0]
    assert exchange(mastodon_server, app, code).status_code == 200
    assert exchange(mastodon_server, app, code).json()["error"] == "invalid_grant"


def test_an_unknown_client_or_address_gets_no_page(mastodon_server: Server, app: dict[str, str]) -> None:
    page = f"{mastodon_server.url}/oauth/authorize"
    assert httpx.get(page, params={"client_id": "x", "redirect_uri": BACK}).status_code == 401
    foreign = {"client_id": app["client_id"], "redirect_uri": "https://cy.example/"}
    assert httpx.get(page, params=foreign).json()["error"] == "invalid_redirect_uri"


def test_a_token_reaches_no_further_than_its_scopes(mastodon_server: Server, app: dict[str, str]) -> None:
    token = exchange(mastodon_server, app, consent(mastodon_server, app)["code"][0]).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    refused = httpx.post(f"{mastodon_server.url}/api/v2/media", files={"file": b"x"}, headers=headers)
    assert (refused.status_code, refused.json()["error"]) == (
        403,
        "This action is outside the authorized scopes",
    )


def test_a_revoked_token_says_so(mastodon_server: Server, app: dict[str, str]) -> None:
    token = exchange(mastodon_server, app, consent(mastodon_server, app)["code"][0]).json()["access_token"]
    client = {"client_id": app["client_id"], "client_secret": app["client_secret"], "token": token}
    assert httpx.post(f"{mastodon_server.url}/oauth/revoke", data=client).status_code == 200
    answer = whoami(mastodon_server, token)
    assert (answer.status_code, answer.json()["error"]) == (401, "The access token was revoked")


def test_tokens_can_be_ended_from_outside(mastodon_server: Server, tooter: Tooter) -> None:
    mastodon_server.control.expire_tokens("ana")
    assert tooter.post("hi").json()["error"] == "The access token expired"
    assert whoami(mastodon_server, "nonsense").json()["error"] == "The access token is invalid"


def test_the_server_tells_its_scopes_and_addresses(mastodon_server: Server) -> None:
    found = httpx.get(f"{mastodon_server.url}/.well-known/oauth-authorization-server").json()
    assert {"profile", "write:statuses", "write:media", "read:statuses"} <= set(found["scopes_supported"])
    assert found["token_endpoint"] == f"{mastodon_server.url}/oauth/token"
    assert found["code_challenge_methods_supported"] == ["S256"]
