"""What the simulated YouTube refuses to say of a video, and how it says no."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from publishers.simulators.wire import Refusal

TITLE, DESCRIPTION, TAGS = 100, 5000, 500
PARTS = ("snippet", "status", "paidProductPlacementDetails")
STATUS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND"}


def trouble(status: int, reason: str, message: str) -> Refusal:
    """An error in Google's form."""
    error = {"message": message, "domain": "youtube.video", "reason": reason}
    told = {
        "code": status,
        "message": message,
        "errors": [error],
        "status": STATUS.get(status, "INTERNAL"),
    }
    return Refusal(status, {"error": told})


def check(said: Mapping[str, Any], parts: list[str]) -> None:
    """Refuse what can't be said of a video."""
    if not set(parts) <= set(PARTS) or not set(said) - {"id", "kind"} <= set(parts):
        raise trouble(400, "unexpectedPart", "The part parameter does not fit the request.")
    snippet = said.get("snippet", {})
    title, text = str(snippet.get("title", "")), str(snippet.get("description", ""))
    if "snippet" in parts and (not title or len(title) > TITLE or "<" in title or ">" in title):
        raise trouble(400, "invalidTitle", "The request metadata specifies an invalid video title.")
    if len(text.encode()) > DESCRIPTION or "<" in text or ">" in text:
        raise trouble(400, "invalidDescription", "The request metadata specifies an invalid description.")
    if "snippet" in parts and not str(snippet.get("categoryId", "")).isdecimal():
        raise trouble(400, "invalidCategoryId", "The snippet.categoryId is invalid.")
    tags = snippet.get("tags", [])
    if sum(len(t) + 2 * (" " in t) for t in tags) + len(tags) - 1 > TAGS:
        raise trouble(400, "invalidTags", "The request metadata specifies invalid video keywords.")
