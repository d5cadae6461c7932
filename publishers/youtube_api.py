"""How to speak with YouTube: its hosts, its errors, its tokens, and what it answers (YouTube docs, v3/docs)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from publishers import oauth, rests
from publishers.errors import Rejected, Stale, Temporary, Unauthorized
from publishers.http import Dialect, Http, Reply, Rule
from publishers.http import rests as rests_until
from publishers.values import Audience, Comment, Destination, Metrics

HOME = "https://www.googleapis.com"
HOSTS = oauth.Hosts(
    HOME,
    {
        "login": "https://accounts.google.com",
        "token": "https://oauth2.googleapis.com",
        "web": "https://www.youtube.com",
    },
)
API = "/youtube/v3"
SCOPE = " ".join(f"https://www.googleapis.com/auth/youtube{part}" for part in ("", ".upload", ".force-ssl"))
PACIFIC = "America/Los_Angeles"
ARRIVING = 308  # "some of the upload arrived": not a redirection here


def _explain(body: Mapping[str, Any]) -> tuple[str, str]:
    """The API speaks of errors otherwise than the token endpoint, which keeps to RFC 6749."""
    error = body["error"]
    if isinstance(error, str):
        return error, str(body.get("error_description") or error)
    reasons = error.get("errors") or [{}]
    return str(reasons[0].get("reason") or error.get("status", "")), str(error.get("message", ""))


DIALECT = Dialect(
    explain=_explain,
    goes_on=(ARRIVING,),
    rules=(
        Rule(Unauthorized, code="invalid_grant"),
        Rule(Unauthorized, code="invalid_client"),
        Rule(Unauthorized, code="youtubeSignupRequired"),
        Rule(partial(Unauthorized, refreshable=True), 401),
        rests_until(rests.next_day(PACIFIC), code="quotaExceeded"),
        rests_until(rests.next_day(PACIFIC), code="dailyLimitExceeded"),
        rests_until(rests.after(timedelta(days=1)), code="uploadLimitExceeded"),
        rests_until(rests.after(timedelta(minutes=1)), code="rateLimitExceeded"),
        rests_until(rests.after(timedelta(minutes=1)), code="userRateLimitExceeded"),
        Rule(Rejected, code="commentsDisabled"),
        Rule(Rejected, code="processingFailure"),
        Rule(Unauthorized, 403),
    ),
)
# The same, where a video that is gone has to be uploaded again, and for an upload session that is.
PREPARED = replace(DIALECT, rules=(Rule(Stale, 404, code="videoNotFound"), *DIALECT.rules))
UPLOADING = replace(DIALECT, rules=(Rule(Temporary, 404), *DIALECT.rules))


def connection(destination: Destination, dialect: Dialect = DIALECT) -> Http:
    """The API, as one channel."""
    known = destination.credentials
    return Http(
        destination.base_url, dialect, token=known.get("access_token", ""), secrets=oauth.secrets_of(known)
    )


def tokens(base_url: str, form: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """A token pair for a form, with the app that it belongs to (out of ``known``)."""
    secrets = tuple(value for name, value in form.items() if name not in ("grant_type", "client_id", "scope"))
    with Http(HOSTS.at(base_url, "token"), DIALECT, secrets=secrets) as http:
        # Only an app that is still in testing gets refresh tokens that end, after a week.
        ends = "refresh_token_expires_in"
        return http.post(
            "/token", lambda reply: oauth.credentials(reply.body, known, person_at=ends), data=dict(form)
        )


def status_of(http: Http, video_id: str) -> dict[str, Any] | None:
    """How a video is now; None where there is no such video."""
    asked = {"part": "status", "id": video_id}
    return http.get(f"{API}/videos", _first_status, params=asked)


def _first_status(reply: Reply) -> dict[str, Any] | None:
    items = reply.body["items"]
    return whole(items[0]["status"]) if items else None


def whole(status: Mapping[str, Any]) -> dict[str, Any]:
    """What is decided by has to be there: else the answer is none."""
    return {**status, "uploadStatus": status["uploadStatus"], "privacyStatus": status["privacyStatus"]}


def channel(reply: Reply) -> dict[str, str] | None:
    """What is known of the one channel that a person chose; None where their account has none."""
    items = reply.body.get("items")
    if not items:
        return None
    about = items[0]["snippet"]
    return {
        "id": str(items[0]["id"]),
        "handle": str(about.get("customUrl", "")),
        "name": str(about["title"]),
        "avatar": str(about.get("thumbnails", {}).get("default", {}).get("url", "")),
        "long_uploads": str(items[0].get("status", {}).get("longUploadsStatus", "")),
    }


def audience(reply: Reply) -> Audience:
    """A channel's numbers; its owner may hide the subscribers."""
    told = reply.body["items"][0]["statistics"]
    hidden = told.get("hiddenSubscriberCount")
    return Audience(None if hidden else count(told, "subscriberCount"), posts=count(told, "videoCount"))


def numbers(reply: Reply) -> dict[str, Metrics]:
    """The numbers of each video that is still there."""
    return {
        str(each["id"]): Metrics(
            views=count(each["statistics"], "viewCount"),
            likes=count(each["statistics"], "likeCount"),
            replies=count(each["statistics"], "commentCount"),
        )
        for each in reply.body["items"]
    }


def count(numbers: Mapping[str, Any], name: str) -> int | None:
    """A number is a string there, and absent where its owner hides it."""
    return int(numbers[name]) if name in numbers else None


def said(http: Http, kind: str, snippet: Mapping[str, Any]) -> str:
    """Say something below a video (YouTube docs, commentThreads/insert and comments/insert); the id of it."""
    asked, body = {"part": "snippet"}, {"snippet": snippet}
    return http.publish(f"{API}/{kind}", lambda reply: str(reply.body["id"]), params=asked, json=body)


def comments(reply: Reply) -> list[Comment]:
    """Comments and the answers below them, newest first."""
    threads = reply.body["items"]
    told = [thread["snippet"]["topLevelComment"] for thread in threads]
    told += [answer for thread in threads for answer in thread.get("replies", {}).get("comments", [])]
    return sorted(map(_comment, told), key=lambda comment: comment.at, reverse=True)


def _comment(told: Mapping[str, Any]) -> Comment:
    said = told["snippet"]
    return Comment(
        str(told["id"]),
        str(said["authorDisplayName"]),
        str(said["textDisplay"]),
        datetime.fromisoformat(said["publishedAt"]),
        parent=str(said.get("parentId", "")),
    )
