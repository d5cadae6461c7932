"""How to speak with Reddit: its hosts, its errors, its tokens and its uploads (Reddit docs, dev/api; reddit-archive wiki, OAuth2)."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from publishers import oauth, present
from publishers import rests as rest
from publishers.errors import Rejected, Temporary, Unauthorized
from publishers.http import UPLOAD_TIMEOUT, Dialect, Http, Reply, Rule, opened, rests
from publishers.relays import through
from publishers.values import Audience, Destination, Media

HOME = "https://oauth.reddit.com"
HOSTS = oauth.Hosts(HOME, {"web": "https://www.reddit.com"})
SCOPE = "identity submit read edit history flair"
CLOSED = ("private", "banned", "quarantined", "gold_only")  # why a subreddit lets nobody in, or not us
RAW = {"raw_json": "1"}  # else & and < come escaped
_WAIT = re.compile(r"(\d+) (millisecond|second|minute|hour)")


def _explain(body: Mapping[str, Any]) -> tuple[str, str]:
    """Refused forms answer 200 with a list; all else has one of two older shapes."""
    if "json" in body:
        code, sentence = body["json"]["errors"][0][:2]
        return str(code), str(sentence)
    code = str(body.get("reason") or body["error"])
    return code, str(body.get("explanation") or body.get("message") or code)


def _is_trouble(body: object) -> bool:
    return isinstance(body, dict) and bool(body.get("error") or body.get("json", {}).get("errors"))


def _reset(headers: Mapping[str, str], body: Any) -> datetime:
    """A form that came too soon says so in words ("try again in 9 minutes"), a call in the seconds that are left."""
    if isinstance(body, dict) and (told := _WAIT.search(str(body.get("json", "")))):
        return present.now() + timedelta(**{f"{told[2]}s": float(told[1])})
    return present.now() + timedelta(seconds=float(headers["x-ratelimit-reset"]))


DIALECT = Dialect(
    explain=_explain,
    reset=_reset,
    is_trouble=_is_trouble,
    rules=(
        Rule(partial(Unauthorized, refreshable=True), 401),
        Rule(partial(Unauthorized, refreshable=True), code="USER_REQUIRED"),
        rests(rest.after(timedelta(minutes=10)), code="RATELIMIT"),
        rests(rest.after(timedelta(hours=1)), code="QUOTA_FILLED"),
        *(Rule(Rejected, 403, code=reason) for reason in CLOSED),
        Rule(Unauthorized, 403),
    ),
)
TOKENS = Dialect(explain=_explain, reset=_reset, is_trouble=_is_trouble, rules=(Rule(Unauthorized),))
# The store speaks XML, and of nothing that a person could mend: its form lapses after a while.
STORE = Dialect(explain=_explain, rules=(Rule(Temporary),))


def connection(destination: Destination) -> Http:
    """The API, as one account."""
    known = destination.credentials
    token, secrets = known.get("access_token", ""), oauth.secrets_of(known)
    headers = _agent(known.get("client_id", ""), destination.handle)
    return Http(destination.base_url, DIALECT, token=token, secrets=secrets, headers=headers)


def _agent(client_id: str, username: str) -> dict[str, str]:
    """Who calls, in the form that Reddit demands; others are slowed down or turned away."""
    by = f" (by /u/{username})" if username.isascii() and username else ""
    return {"User-Agent": f"web:almanac.{client_id}:v0.1{by}"}


def tokens(base_url: str, form: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """A pair of tokens for a form; the app proves itself by Basic, not in the form."""
    pair = f"{known['client_id']}:{known['client_secret']}"
    basic = base64.b64encode(pair.encode()).decode()
    said = {name: value for name, value in form.items() if name not in ("client_id", "client_secret")}
    hidden = (basic, known["client_secret"], *(said[n] for n in ("code", "refresh_token") if n in said))
    headers = {"Authorization": f"Basic {basic}", **_agent(known["client_id"], "")}
    with Http(HOSTS.at(base_url, "web"), TOKENS, secrets=hidden, headers=headers) as http:
        return http.post(
            "/api/v1/access_token", lambda reply: oauth.credentials(reply.body, known), data=said
        )


def upload(http: Http, base_url: str, media: Media) -> dict[str, str]:
    """Lease a place in the store and lay a file there; its id, and the address to submit."""
    asked = {"filepath": media.path.name, "mimetype": media.mime}
    lease = http.post("/api/media/asset.json", _lease, data=asked)
    host, path = through(base_url, HOME, lease["action"])
    with opened(media) as stream, Http(host, STORE, secrets=tuple(lease["fields"].values())) as store:
        store.post(
            path,
            lambda reply: None,
            data=lease["fields"],
            files={"file": (media.path.name, stream, media.mime)},
            timeout=UPLOAD_TIMEOUT,
        )
    return {"id": lease["id"], "url": f"https:{lease['action']}/{lease['fields']['key']}"}


def _lease(reply: Reply) -> dict[str, Any]:
    fields = {str(each["name"]): str(each["value"]) for each in reply.body["args"]["fields"]}
    action, asset = str(reply.body["args"]["action"]), str(reply.body["asset"]["asset_id"])
    return {"action": action, "fields": fields, "id": asset, "key": fields["key"]}


def account(reply: Reply) -> dict[str, str]:
    """Who the account is."""
    told = reply.body
    profile = told.get("subreddit") or {}
    picture = str(told.get("snoovatar_img") or told.get("icon_img") or "")
    name = str(told["name"])
    return {"id": str(told["id"]), "name": name, "title": str(profile.get("title") or name), "icon": picture}


def audience(reply: Reply) -> Audience:
    """Who follows an account's own page."""
    return Audience(followers=(reply.body.get("subreddit") or {}).get("subscribers"))
