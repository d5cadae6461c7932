"""How to speak with Pinterest: its hosts, its errors, its tokens, its uploads and numbers (Pinterest docs, api/v5)."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from publishers import oauth, present
from publishers.errors import Evidence, Rejected, Temporary, Unauthorized
from publishers.http import UPLOAD_TIMEOUT, Dialect, Http, Reply, Rule, opened
from publishers.relays import through
from publishers.values import Audience, Destination, Media, Metrics

HOME = "https://api.pinterest.com"
HOSTS = oauth.Hosts(HOME, {"web": "https://www.pinterest.com"})
SCOPE = "boards:read,pins:read,pins:write,user_accounts:read"
LOOK_BACK = timedelta(days=89)  # Pinterest docs, organic analytics: 90 days with today
WANTED = {
    "impressions": "IMPRESSION",
    "clicks": "OUTBOUND_CLICK",
    "saves": "SAVE",
    "replies": "TOTAL_COMMENTS",
    "likes": "TOTAL_REACTIONS",
    "views": "VIDEO_MRC_VIEW",
}
BOARDS_READ = 250


def _explain(body: Mapping[str, Any]) -> tuple[str, str]:
    return str(body["code"]), str(body["message"])


def _reset(headers: Mapping[str, str], _body: object) -> datetime:
    return present.now() + timedelta(seconds=float(headers["x-ratelimit-reset"]))


DIALECT = Dialect(
    explain=_explain,
    reset=_reset,
    rules=(
        Rule(partial(Unauthorized, refreshable=True), 401),
        Rule(Unauthorized, 403),  # 29: an app on trial, or without this right
    ),
)
TOKENS = Dialect(explain=_explain, reset=_reset, rules=(Rule(Unauthorized),))
# The store speaks XML, and of nothing that a person could mend: its form lapses after a while.
STORE = Dialect(explain=_explain, rules=(Rule(Temporary),))


def connection(destination: Destination) -> Http:
    """The API, as one account."""
    known = destination.credentials
    token, secrets = known.get("access_token", ""), oauth.secrets_of(known)
    return Http(destination.base_url, DIALECT, token=token, secrets=secrets)


def tokens(base_url: str, form: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """A pair of tokens for a form; the app proves itself by Basic, not in the form."""
    pair = f"{known['client_id']}:{known['client_secret']}"
    basic = base64.b64encode(pair.encode()).decode()
    said = {name: value for name, value in form.items() if name not in ("client_id", "client_secret")}
    hidden = (basic, known["client_secret"], *(said[n] for n in ("code", "refresh_token") if n in said))
    ends = "refresh_token_expires_in"
    with Http(base_url, TOKENS, secrets=hidden, headers={"Authorization": f"Basic {basic}"}) as http:
        return http.post(
            "/v5/oauth/token", lambda reply: oauth.credentials(reply.body, known, person_at=ends), data=said
        )


def upload(http: Http, base_url: str, film: Media) -> str:
    """The id of a video that was registered and sent to the store; Pinterest works on it from then on."""
    told = http.post("/v5/media", _registered, json={"media_type": "video"})
    host, path = through(base_url, HOME, told["upload_url"])
    with (
        opened(film) as stream,
        Http(host, STORE, secrets=tuple(told["upload_parameters"].values())) as store,
    ):
        store.post(
            path,
            lambda reply: None,
            data=told["upload_parameters"],
            files={"file": (film.path.name, stream, film.mime)},
            timeout=UPLOAD_TIMEOUT,
        )
    return str(told["media_id"])


def _registered(reply: Reply) -> dict[str, Any]:
    return {name: reply.body[name] for name in ("media_id", "upload_url", "upload_parameters")}


def is_ready(http: Http, media_id: str) -> bool:
    """Whether a pin can be made of a video by now; ``Rejected`` where Pinterest could not read it."""
    status = http.get(f"/v5/media/{media_id}", lambda reply: str(reply.body["status"]))
    if status == "failed":
        raise Rejected("Pinterest could not process this video.", Evidence(code="media_failed"))
    return status == "succeeded"


def account(reply: Reply) -> dict[str, str]:
    """Who the account is."""
    names = ("id", "username", "business_name", "profile_image")
    told = {name: str(reply.body.get(name) or "") for name in names}
    return told | {"username": str(reply.body["username"])}


def boards(reply: Reply) -> dict[str, str]:
    """The traits that list an account's boards, and say whether it has more."""
    listed = {str(board["id"]): str(board["name"]) for board in reply.body["items"]}
    more = {"more_boards": "1"} if reply.body.get("bookmark") else {}
    return {"boards": json.dumps(listed, ensure_ascii=False), **more}


def audience(reply: Reply) -> Audience:
    """An account's own numbers."""
    told = reply.body
    return Audience(told.get("follower_count"), told.get("following_count"), told.get("pin_count"))


def span(now: datetime) -> dict[str, str]:
    """What to ask of the numbers: all, for as long ago as Pinterest tells."""
    first = (now - LOOK_BACK).date().isoformat()
    asked = {"start_date": first, "end_date": now.date().isoformat(), "app_types": "ALL"}
    return asked | {"metric_types": ",".join(WANTED.values())}


def numbers_of_all(reply: Reply) -> dict[str, Metrics]:
    """The numbers of each pin that is still there."""
    return {str(id): numbers(told) for id, told in reply.body.items()}


def numbers(told: Mapping[str, Any]) -> Metrics:
    """Those of one pin: days summed up, and what is counted for its whole life. What is missing is not known yet."""
    all_apps = next(iter(told.values()))
    counted = {**(all_apps.get("summary_metrics") or {}), **(all_apps.get("lifetime_metrics") or {})}
    return Metrics(**{ours: _count(counted.get(theirs)) for ours, theirs in WANTED.items()})


def _count(number: object) -> int | None:
    return int(number) if isinstance(number, int | float) else None
