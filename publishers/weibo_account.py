"""Connecting to Weibo: the hosts, what a person chose while connecting, and what follows from it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial

from publishers import oauth
from publishers import weibo_words as words
from publishers.base import Field
from publishers.http import Http, Reply
from publishers.values import Connected, Destination, Limits, MediaLimits
from publishers.weibo_errors import DIALECT

HOME = "https://api.weibo.com"
HOSTS = oauth.Hosts(HOME, {"commercial": "https://c.api.weibo.com", "web": "https://weibo.com"})
# Weibo docs, 2/statuses/share: 140 Chinese characters, one picture below 5 MB.
IMAGE = MediaLimits(("image/jpeg", "image/gif", "image/png"), 1, max_bytes=5 * 2**20 - 1)
OPEN = Limits(140, "weibo", IMAGE, MediaLimits((), 0), url_cost=10, link_hosts=("*",), max_comment=140)
# Weibo docs, C/2/statuses/upload_url_text/biz: nine pictures, a long text of 2000 characters.
COMMERCIAL = replace(OPEN, max_text=2000, image=replace(IMAGE, max_count=9), link_hosts=())
FIELDS = (
    Field("rights", "choice", words.RIGHTS, words.RIGHTS_HINT, "open", choices=words.RIGHTS_CHOICES),
    Field("domains", "text", words.DOMAINS, words.DOMAINS_HINT, required=False),
    Field("rip", "text", words.IP, words.IP_HINT, required=False, advanced=True),
    Field("pictures_live_hours", "text", words.HOURS, words.HOURS_HINT, "12", required=False, advanced=True),
    oauth.server_field(HOME),
)
PICTURES_LIVE = 12.0  # hours; documented nowhere
CHOSEN = ("rights", "domains", "rip", "pictures_live_hours")


def api(destination: Destination, host: str = "") -> Http:
    """The API, or another of Weibo's hosts."""
    base_url = destination.base_url
    secrets = oauth.secrets_of(destination.credentials)
    return Http(HOSTS.at(base_url, host) if host else base_url, DIALECT, secrets=secrets)


def form(destination: Destination, **values: str | int) -> dict[str, str]:
    """The parameters of a call, those that every call has included; empty ones are left out."""
    own = {"access_token": destination.credentials["access_token"], "rip": destination.traits.get("rip", "")}
    return {name: str(value) for name, value in {**own, **values}.items() if value}


def chosen(given: Mapping[str, str]) -> dict[str, str]:
    """What a person chose while connecting, which no answer tells."""
    return {name: given[name].strip() for name in CHOSEN if given.get(name, "").strip()}


def is_commercial(traits: Mapping[str, str]) -> bool:
    """Whether the app has commercial rights."""
    return traits.get("rights") == "commercial"


def pictures_live(traits: Mapping[str, str]) -> timedelta:
    """How long a picture that was uploaded ahead serves."""
    try:
        return timedelta(hours=float(traits.get("pictures_live_hours") or PICTURES_LIVE))
    except ValueError:
        return timedelta(hours=PICTURES_LIVE)


def limits_of(traits: Mapping[str, str]) -> Limits:
    """What an app with these rights may say, and where its posts have to lead."""
    if is_commercial(traits):
        return COMMERCIAL
    hosts = (
        each.rpartition("//")[2].partition("/")[0].lstrip("*.").lower()
        for each in re.split(r"[\s,;，、；]+", traits.get("domains", ""))
    )
    return replace(OPEN, link_hosts=tuple(host for host in hosts if host) or OPEN.link_hosts)


def connected(base_url: str, credentials: Mapping[str, str], traits: Mapping[str, str]) -> Connected:
    """Whose token this is, and until when."""
    limits = limits_of(traits)
    known = Destination(base_url, "", "", limits, credentials, traits)
    with api(known) as http:
        uid, kept = http.post("/oauth2/get_token_info", partial(_token, credentials), data=form(known))
        asked = form(known, uid=uid)
        person = http.get("/2/users/show.json", lambda reply: dict(reply.body), params=asked)
    name = str(person["screen_name"])
    return Connected(
        base_url=base_url,
        remote_id=uid,
        handle=name,
        name=name,
        avatar_url=str(person.get("avatar_large") or person.get("profile_image_url") or ""),
        profile_url=f"{HOSTS.at(base_url, 'web')}/u/{uid}",
        limits=limits,
        credentials=kept,
        traits=dict(traits),
    )


def _token(known: Mapping[str, str], reply: Reply) -> tuple[str, dict[str, str]]:
    body = {"access_token": known["access_token"], "expire_in": reply.body["expire_in"]}
    return str(reply.body["uid"]), oauth.credentials(body, known, person_at="expire_in")
