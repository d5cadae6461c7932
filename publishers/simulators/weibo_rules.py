"""What a simulated Weibo is set up with, and its rules for words."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from publishers.simulators.settings import Settings
from publishers.simulators.weibo_rows import LINK
from publishers.simulators.wire import Refusal

WORDS = {
    10001: "System error!",
    10014: "Insufficient app permissions!",
    10016: "miss required parameter",
    10017: "text not find domain!",
    10020: "Request api not found!",
    10024: "User requests for statuses/share out of rate limit!",
    20005: "unsupport image type, only support JPG, GIF, PNG!",
    20006: "image size too large!",
    20008: "content is null!",
    20012: "text too long, please input text less than 140 characters!",
    20016: "out of limit!",
    20017: "similar content!",
    20019: "repeat content!",
    20032: "update success, while server slow now, please wait 1-2 minutes!",
    20101: "target weibo does not exist!",
    20201: "target weibo comment does not exist!",
    21314: "token has been used!",
    21321: "applications over the unaudited use restrictions!",
    21325: "invalid_grant",
    21327: "expired_token",
    21332: "invalid_access_token",
}


@dataclass(frozen=True)
class WeiboSettings(Settings):
    """``domains`` are bound to the app, divided by commas; ``good_status`` answers errors with 200.

    ``reviewed`` False: only testers (accounts with ``tester``) are served, and nobody else sees what they post.
    ``newest`` is how many posts a timeline lists at most (0: all); ``sync_seconds`` how late a post is listed, and then
    sharing answers 20032; ``similar_seconds`` how long the same words are refused. ``whole_texts`` False: of a long text
    only the beginning is told.
    """

    domains: str = "example.com"
    commercial: bool = False
    good_status: bool = False
    reviewed: bool = True
    requires_rip: bool = False
    newest: int = 0
    sync_seconds: float = 0.0
    whole_texts: bool = True
    similar_seconds: float = 600.0


def length(said: str) -> int:
    """As Weibo counts: an ASCII letter is half of another one, a link twenty of them."""
    halves = sum(1 if ord(letter) < 128 else 2 for letter in LINK.sub("x" * 20, said))
    return (halves + 1) // 2


def leads_to(said: str, domains: str) -> bool:
    """Whether a link of the text is under one of the bound domains."""
    hosts = [urlsplit(url).hostname or "" for url in LINK.findall(said)]
    bound = [each.strip() for each in domains.split(",")]
    return any(host == name or host.endswith("." + name) for host in hosts for name in bound)


def flow_trouble(status: int, name: str, description: str) -> Refusal:
    """An error of signing in."""
    numbers = {"invalid_grant": 21325, "invalid_client": 21324, "unsupported_grant_type": 21328}
    body = {"error": name, "error_code": numbers.get(name, 21323), "request": "/oauth2/access_token"}
    return Refusal(400, {**body, "error_uri": "/oauth2/access_token", "error_description": description})


def token_body(body: dict[str, Any]) -> dict[str, Any]:
    """The answer that holds a token."""
    lasts = body["expires_in"]
    kept = {"access_token": body["access_token"], "uid": body["uid"], "isRealName": "true"}
    return {**kept, "expires_in": lasts, "remind_in": str(lasts)}


def heart(said: str) -> str:
    """What is left of a text for the eye that looks for repeats: no links, no marks, no digits."""
    return hashlib.sha256(re.sub(r"[\W\d_]+", "", LINK.sub("", said)).encode()).hexdigest()
