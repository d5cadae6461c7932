"""What a simulated X is set up with, its errors, and how it weighs a text (twitter-text, config v3)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import regex

from publishers.simulators.settings import Settings
from publishers.simulators.wire import Refusal

PROBLEMS = "https://api.twitter.com/2/problems/"
SHORT, LONG, LINK_WEIGHT = 280, 25_000, 23
REPLY_SETTINGS = ("following", "mentionedUsers", "subscribers", "verified")
KNOWN: dict[str, type] = {
    "text": str, "media": dict, "reply": dict, "reply_settings": str, "made_with_ai": bool, "paid_partnership": bool,
    "edit_options": dict, "quote_tweet_id": str, "community_id": str, "poll": dict, "nullcast": bool,
}  # fmt: skip
LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
LINK = regex.compile(
    r"(?<![\w@#$.-])(?:https?://[\w.-]+\.[a-z]{2,}|(?:[a-z0-9-]+\.)+(?:com|org|net|shop|io))(?![a-z0-9@])"
    r"(?:/[a-z0-9!*';:=+,.$/%#\[\]_~@|&-]*[a-z0-9=_#/+-]|/)?(?:\?[a-z0-9!?*'();:&=+$/%#\[\]_.,~|-]*[a-z0-9_&=#/-])?",
    regex.IGNORECASE,
)
EMOJI = regex.compile(
    r"\p{RI}\p{RI}|[0-9#*]\uFE0F?\u20E3|"
    r"(?:\p{Emoji_Presentation}|\p{Emoji}\uFE0F)\p{EMod}?"
    r"(?:\u200D(?:\p{Emoji_Presentation}|\p{Emoji}\uFE0F?)\p{EMod}?)*[\U000E0020-\U000E007F]*"
)


@dataclass(frozen=True)
class XSettings(Settings):
    """``credits`` 0: nobody paid; ``capped``: the month's cap is spent; ``premium``: every account subscribes.

    ``summoned``: replies only to whoever mentioned the account. ``repeat_seconds`` is how long the same words are
    refused.
    """

    credits: int = -1
    capped: bool = False
    premium: bool = False
    summoned: bool = False
    repeat_seconds: float = 86_400.0


def problem(
    status: int, sentence: str = "", kind: str = "", title: str = "", limits: bool = False, **more: Any
) -> Refusal:
    """An error of the API."""
    phrase = HTTPStatus(status).phrase
    body = {"title": title or phrase, "detail": sentence or phrase, "status": status}
    body["type"] = PROBLEMS + kind if kind else "about:blank"
    unspent = {
        "x-rate-limit-limit": "40000",
        "x-rate-limit-remaining": "39984",
        "x-rate-limit-reset": "1781049099",
    }
    return Refusal(status, body | more, unspent if limits else None)


def token_trouble(status: int, name: str, description: str) -> Refusal:
    """An error of the token endpoint."""
    if name == "invalid_grant":
        return Refusal(
            400, {"error": "invalid_request", "error_description": "Value passed for the token was invalid."}
        )
    if name == "invalid_client":
        return Refusal(
            401, {"error": "unauthorized_client", "error_description": "Missing valid authorization header"}
        )
    return Refusal(status, {"error": name, "error_description": description})


def weight(text: str) -> int:
    """The weighted length."""
    rest, total = unicodedata.normalize("NFC", text), 0
    for pattern, cost in ((LINK, LINK_WEIGHT), (EMOJI, 2)):
        rest, found = pattern.subn("", rest)
        total += found * cost
    return total + sum(1 if any(low <= ord(c) <= high for low, high in LIGHT) else 2 for c in rest)


def trimmed(body: dict[str, Any]) -> dict[str, Any]:
    """The answer that holds a pair of tokens."""
    kept = ("token_type", "expires_in", "access_token", "scope", "refresh_token")
    return {name: body[name] for name in kept if body.get(name)}


def missing(id: str) -> dict[str, Any]:
    """The error of a post that is not there, beside those that are."""
    return {
        "value": id, "detail": f"Could not find tweet with ids: [{id}].", "title": "Not Found Error",
        "resource_type": "tweet", "parameter": "ids", "resource_id": id, "type": PROBLEMS + "resource-not-found",
    }  # fmt: skip


def no_field(id: str) -> dict[str, Any]:
    """The error of a post whose private numbers are no longer told."""
    return {
        "resource_type": "tweet", "field": "non_public_metrics.impression_count", "parameter": "ids",
        "resource_id": id, "title": "Field Authorization Error", "section": "data",
        "detail": f"Sorry, you are not authorized to access 'non_public_metrics' on the Tweet with id : [{id}].",
        "type": PROBLEMS + "not-authorized-for-field",
    }  # fmt: skip
