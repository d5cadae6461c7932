"""Why the simulated Reddit takes a post or does not: the rules of its subreddits, and of all of Reddit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from publishers.simulators.wire import Refusal

TITLE, TEXT = 300, 40_000
NAME = re.compile(r"(?:u_)?[A-Za-z0-9][A-Za-z0-9_-]{1,20}")
AGENT = re.compile(r"[\w-]+:[\w.-]+:v?[\w.]+")
Trouble = tuple[str, str, str]

# Subreddits with rules of their own; any other takes everything.
QUIET: Mapping[str, Trouble] = {
    "nosuch": ("SUBREDDIT_NOEXIST", "that subreddit doesn't exist", "sr"),
    "members": ("SUBREDDIT_NOTALLOWED", "you aren't allowed to post there.", "sr"),
}
CLOSED = {"secret": "private", "gone": "banned"}
STRICT = "strict"  # where a filter keeps back whatever comes


def troubles(given: Mapping[str, Any], kind: str) -> Iterator[Trouble]:
    """All that is wrong with a submission, as Reddit lists it."""
    name, title = str(given.get("sr", "")), str(given.get("title", ""))
    if not NAME.fullmatch(name):
        yield "BAD_SR_NAME", "that name isn't going to work", "sr"
    if name in QUIET:
        yield QUIET[name]
    if name == "links" and kind == "self":
        yield "NO_SELFS", "that subreddit doesn't allow text posts", "sr"
    if name == "words" and kind != "self":
        yield "NO_LINKS", "that subreddit only allows text posts", "sr"
    if name == "flaired" and not given.get("flair_id"):
        yield "SUBMIT_VALIDATION_FLAIR_REQUIRED", "Your post must contain post flair.", "flair"
    if not title.strip():
        yield "NO_TEXT", "we need something here", "title"
    if len(title) > TITLE:
        yield "TOO_LONG", f"this is too long (max: {TITLE})", "title"
    if len(str(given.get("text", ""))) > TEXT:
        yield "TOO_LONG", f"this is too long (max: {TEXT})", "text"
    if kind == "link" and not str(given.get("url", "")).startswith(("http://", "https://")):
        yield "BAD_URL", "you should check that url", "url"


def in_json(*found: Trouble) -> Refusal:
    """What is wrong with a form comes with status 200."""
    return Refusal(200, {"json": {"errors": [list(each) for each in found]}})


def pause(seconds: float) -> Trouble:
    """Too soon after the last one."""
    many = f"{round(seconds / 60)} minutes" if seconds >= 120 else f"{max(1, round(seconds))} seconds"
    said = f"Looks like you've been doing that a lot. Take a break for {many} before trying again."
    return "RATELIMIT", said, "ratelimit"
