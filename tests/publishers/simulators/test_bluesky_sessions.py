"""Logging in to Bluesky, refreshing, and finding out who lives where."""

import base64
import json
from typing import Any

import httpx
import pytest

from publishers.simulators.server import Server
from tests.publishers.simulators.people import Skeeter

TWO_HOURS = 2 * 3600


def claims(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return read


def error(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]


def test_a_session_names_the_host_itself_as_the_accounts_home(
    bluesky_server: Server, skeeter: Skeeter
) -> None:
    assert skeeter.session["did"] == skeeter.did and skeeter.session["handle"] == "ana.test"
    [service] = skeeter.session["didDoc"]["service"]
    assert (service["id"], service["serviceEndpoint"]) == ("#atproto_pds", bluesky_server.url)
    assert httpx.get(f"{bluesky_server.url}/{skeeter.did}").json()["service"] == [service]


def test_a_handle_resolves_to_its_did(skeeter: Skeeter) -> None:
    resolve = "com.atproto.identity.resolveHandle"
    assert skeeter.get(resolve, handle="ana.test").json() == {"did": skeeter.did}
    assert error(skeeter.get(resolve, handle="nobody.test")) == (400, "InvalidRequest")


def test_a_wrong_password_is_refused(skeeter: Skeeter) -> None:
    assert error(skeeter.log_in("wrong")) == (401, "AuthenticationRequired")
    assert skeeter.log_in(skeeter.made["password"]).status_code == 200


def test_an_access_token_ends_after_two_hours_with_400(bluesky_server: Server, skeeter: Skeeter) -> None:
    access = claims(skeeter.session["accessJwt"])
    assert access["exp"] - int(access["iat"]) == TWO_HOURS
    bluesky_server.control.clock(TWO_HOURS - 10)
    assert skeeter.get("com.atproto.server.getSession").status_code == 200
    bluesky_server.control.clock(11)
    assert error(skeeter.get("com.atproto.server.getSession")) == (400, "ExpiredToken")


def test_refreshing_rotates_and_a_reuse_within_the_grace_gives_the_same_successor(
    bluesky_server: Server, skeeter: Skeeter
) -> None:
    first, again = skeeter.refresh().json(), skeeter.refresh().json()
    assert claims(first["refreshJwt"])["jti"] == claims(again["refreshJwt"])["jti"]
    assert claims(first["refreshJwt"])["jti"] != claims(skeeter.session["refreshJwt"])["jti"]
    bluesky_server.control.clock(TWO_HOURS + 1)
    assert error(skeeter.refresh()) == (400, "ExpiredToken")
    assert skeeter.refresh(first["refreshJwt"]).status_code == 200


def test_a_refresh_token_ends_after_90_days(bluesky_server: Server, skeeter: Skeeter) -> None:
    bluesky_server.control.clock(90 * 86_400 + 1)
    assert error(skeeter.refresh()) == (400, "ExpiredToken")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({}, (401, "AuthMissing")),
        ({"Authorization": "Bearer nonsense"}, (400, "InvalidToken")),
        ({"Authorization": "Bearer a.b.c"}, (400, "InvalidToken")),
    ],
)
def test_a_missing_or_forged_token_is_refused(
    skeeter: Skeeter, header: dict[str, str], expected: tuple[int, str]
) -> None:
    assert error(skeeter.http.get("com.atproto.server.getSession", headers=header)) == expected


def test_a_refresh_token_opens_nothing_else_and_an_access_token_does_not_refresh(skeeter: Skeeter) -> None:
    headers = {"Authorization": f"Bearer {skeeter.session['refreshJwt']}"}
    assert error(skeeter.http.get("com.atproto.server.getSession", headers=headers)) == (400, "InvalidToken")
    assert error(skeeter.refresh(skeeter.session["accessJwt"])) == (400, "InvalidToken")


def test_access_can_be_expired_from_outside_and_is_mended_by_a_refresh(
    bluesky_server: Server, skeeter: Skeeter
) -> None:
    bluesky_server.control.expire_tokens("ana")
    assert error(skeeter.get("com.atproto.server.getSession")) == (400, "ExpiredToken")
    skeeter.session = skeeter.refresh().json()
    assert skeeter.get("com.atproto.server.getSession").status_code == 200


def test_a_revoked_account_password_neither_refreshes_nor_logs_in(
    bluesky_server: Server, skeeter: Skeeter
) -> None:
    bluesky_server.control.revoke_tokens("ana")
    assert error(skeeter.refresh()) == (400, "ExpiredToken")
    assert error(skeeter.log_in()) == (401, "AuthenticationRequired")


def test_the_31st_login_in_five_minutes_is_refused_until_an_epoch_second(
    bluesky_server: Server, skeeter: Skeeter
) -> None:
    now = bluesky_server.control.clock()["now"]
    bluesky_server.control.clock(300 - now % 300)
    for _ in range(30):
        assert skeeter.log_in().status_code == 200
    answer = skeeter.log_in()
    assert error(answer) == (429, "RateLimitExceeded")
    assert answer.headers["RateLimit-Policy"] == "30;w=300"
    bluesky_server.control.clock(
        int(answer.headers["RateLimit-Reset"]) - bluesky_server.control.clock()["now"] + 1
    )
    assert skeeter.log_in().status_code == 200


def test_an_unknown_method_is_501(skeeter: Skeeter) -> None:
    assert error(skeeter.get("com.example.nothing")) == (501, "MethodNotImplemented")
