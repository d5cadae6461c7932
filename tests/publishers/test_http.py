"""The one client: which failures mean what, and what an error may quote."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from publishers import atproto, mastodon
from publishers.errors import (
    PublisherError,
    RateLimited,
    Rejected,
    Stale,
    Temporary,
    Unauthorized,
    Unconfirmed,
)
from publishers.http import LONGEST_REST, Dialect, Http, Reply
from publishers.wire import LARGEST_ANSWER

SECRET = "token-of-ana-0123456789"
HASTE = httpx.Timeout(0.3)


@contextmanager
def answering(*pieces: bytes, hold: bool = False) -> Iterator[str]:
    """A server that sends ``pieces`` to whoever asks, then hangs up, or waits for the client to tire."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            for piece in pieces:
                connection.sendall(piece)
            if hold:
                over.wait(20)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        thread.join()
        listener.close()


def answer(status: int, body: str, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body.encode())}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def whole(reply: Reply) -> object:
    return reply.body


def trouble(url: str, visible: bool, dialect: Dialect = mastodon.DIALECT) -> PublisherError:
    with Http(url, dialect, token=SECRET, timeout=HASTE) as http:
        call: Callable[..., object] = http.publish if visible else http.post
        with pytest.raises(PublisherError) as caught:
            call("/x", lambda reply: reply.body["id"], json={"a": 1})
    return caught.value


@pytest.mark.parametrize("visible", [True, False])
@pytest.mark.parametrize(
    ("pieces", "hold"),
    [
        ((), True),
        ((), False),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",), False),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",), True),
        ((b"not HTTP at all\r\n\r\n",), False),
        ((answer(200, "<html>"),), False),
        ((answer(200, "[]"),), False),
        ((answer(200, "{}"),), False),
        ((answer(200, "null"),), False),
        ((answer(200, '{"id": 1}', Content_Encoding="gzip"),), False),
        ((answer(500, '{"error": "oops"}'),), False),
        ((answer(502, "<html>Bad Gateway</html>"),), False),
        ((answer(503, ""),), False),
    ],
)
def test_a_lost_answer_is_unconfirmed_for_the_visible_call_alone(
    pieces: tuple[bytes, ...], hold: bool, visible: bool
) -> None:
    with answering(*pieces, hold=hold) as url:
        assert type(trouble(url, visible)) is (Unconfirmed if visible else Temporary)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://nowhere.invalid", "http://[::1", "gopher://x"])
def test_what_never_reached_a_server_was_surely_not_sent(url: str) -> None:
    error = trouble(url, visible=True)

    assert type(error) is Temporary
    assert error.evidence.code == "unreachable"


@pytest.mark.parametrize("visible", [True, False])
def test_an_answer_without_end_is_a_lost_one(visible: bool) -> None:
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n" + b" " * (LARGEST_ANSWER + 1)
    with answering(endless, hold=True) as url:
        assert type(trouble(url, visible)) is (Unconfirmed if visible else Temporary)


def test_an_answer_that_trickles_is_a_lost_one() -> None:
    patient = httpx.Timeout(None)
    with (
        answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"{", hold=True) as url,
        Http(url, mastodon.DIALECT, timeout=patient, seconds=0.5) as http,
        pytest.raises(Unconfirmed) as caught,
    ):
        http.publish("/x", whole)

    assert caught.value.evidence.body == "ReadTimeout"


def test_a_redirect_is_not_followed_and_surely_posted_nothing() -> None:
    with answering(answer(301, "", Location="http://127.0.0.1:1/")) as url:
        assert type(trouble(url, visible=True)) is Temporary


def error_body(code: str, message: str = "") -> str:
    return f'{{"error": "{code}", "message": "{message}"}}'


@pytest.mark.parametrize(
    ("dialect", "status", "body", "error"),
    [
        (mastodon.DIALECT, 401, error_body("The access token is invalid"), Unauthorized),
        (mastodon.DIALECT, 403, error_body("This action is not allowed"), Unauthorized),
        (mastodon.DIALECT, 403, error_body("Empty statuses are not allowed"), Rejected),
        (mastodon.DIALECT, 404, error_body("Record not found"), Rejected),
        (mastodon.DIALECT, 422, error_body("Validation failed: Text can't be blank"), Rejected),
        (
            mastodon.DIALECT,
            422,
            error_body("Cannot attach files that have not finished processing. Try again in a moment!"),
            Temporary,
        ),
        (mastodon.DIALECT, 422, error_body("Media 1 not found or already attached to another post"), Stale),
        (mastodon.DIALECT, 400, error_body("invalid_grant"), Unauthorized),
        (mastodon.DIALECT, 413, "<html>Request Entity Too Large</html>", Rejected),
        (atproto.DIALECT, 400, error_body("ExpiredToken", "Token has expired"), Unauthorized),
        (atproto.DIALECT, 400, error_body("InvalidToken", "Bad token"), Unauthorized),
        (
            atproto.DIALECT,
            401,
            error_body("AuthenticationRequired", "Invalid identifier or password"),
            Unauthorized,
        ),
        (atproto.DIALECT, 401, error_body("AuthFactorTokenRequired"), Unauthorized),
        (atproto.DIALECT, 400, error_body("AccountTakedown", "Account has been taken down"), Unauthorized),
        (atproto.DIALECT, 403, error_body("AccountDeactivated"), Unauthorized),
        (atproto.DIALECT, 400, error_body("RepoTakendown"), Unauthorized),
        (atproto.DIALECT, 400, error_body("InvalidRequest", "Invalid app.bsky.feed.post record"), Rejected),
        (atproto.DIALECT, 400, error_body("BlobNotFound", "Could not find blob: x"), Stale),
        (atproto.DIALECT, 400, error_body("InvalidRequest", "Could not find blob: x"), Stale),
        (atproto.DIALECT, 413, error_body("PayloadTooLarge", "request entity too large"), Rejected),
    ],
)
def test_each_refusal_has_one_class_and_keeps_the_platforms_words(
    dialect: Dialect, status: int, body: str, error: type[PublisherError]
) -> None:
    with answering(answer(status, body, X_Request_Id="trace-7", Set_Cookie="secret=1")) as url:
        caught = trouble(url, True, dialect)

    assert type(caught) is error
    assert caught.evidence.http_status == status
    assert caught.evidence.body == body
    assert caught.evidence.trace_id == "trace-7"
    assert "set-cookie" not in caught.evidence.headers
    assert getattr(caught, "refreshable", False) is ("ExpiredToken" in body)


def until(dialect: Dialect, **headers: str) -> timedelta:
    asked = datetime.now(UTC)
    with answering(answer(429, error_body("Too many requests"), **headers)) as url:
        caught = trouble(url, True, dialect)
    assert isinstance(caught, RateLimited)
    return caught.until - asked


def test_the_reset_is_read_in_each_platforms_own_form() -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    slack = timedelta(minutes=1)

    for left in (
        until(mastodon.DIALECT, X_RateLimit_Reset=later.isoformat().replace("+00:00", "Z")),
        until(atproto.DIALECT, RateLimit_Reset=str(int(later.timestamp()))),
        until(atproto.DIALECT, Retry_After="3600"),
        until(mastodon.DIALECT, X_RateLimit_Reset="soon", Retry_After="3600"),
    ):
        assert abs(left - timedelta(hours=1)) < slack


@pytest.mark.parametrize("reset", ["", "never", "-1", "99999999999999999999", "1e400", "nan"])
def test_a_senseless_reset_is_still_a_rest_of_sensible_length(reset: str) -> None:
    for headers in ({"RateLimit_Reset": reset}, {"Retry_After": reset}):
        assert timedelta(0) < until(atproto.DIALECT, **headers) <= LONGEST_REST + timedelta(minutes=1)


def test_an_error_that_quotes_the_token_is_blotted() -> None:
    body = error_body(f"bad token {SECRET}", SECRET)
    with answering(answer(401, body, X_Request_Id=SECRET)) as url:
        caught = trouble(url, True, mastodon.DIALECT)

    assert caught.message == "bad token •••"
    assert SECRET not in repr(caught) + repr(caught.evidence)


def test_a_good_answer_that_cannot_be_read_is_not_quoted() -> None:
    with answering(answer(200, '{"new_token": "not yet known to us"}')) as url:
        caught = trouble(url, False)

    assert "not yet known" not in repr(caught.evidence)
    assert caught.__context__ is None and caught.__cause__ is None


def test_a_connection_shows_no_secret() -> None:
    assert SECRET not in repr(Http("http://127.0.0.1", mastodon.DIALECT, token=SECRET))
