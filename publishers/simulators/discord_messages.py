"""What a simulated Discord reads from a message and tells of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from publishers.simulators.wire import Call


def form(call: Call) -> dict[str, Any]:
    """What was said: the JSON body, or that part of a form with files."""
    if call.mimetype == "application/json":
        return dict(call.get_json())
    return dict(json.loads(call.form.get("payload_json", "{}")))


def pings(text: str, given: Mapping[str, Any]) -> bool:
    """Whether everyone is woken: unless it is forbidden, by the word alone."""
    allowed = given.get("allowed_mentions")
    may = allowed is None or "everyone" in allowed.get("parse", ())
    return may and ("@everyone" in text or "@here" in text)


def embed_length(embed: Mapping[str, Any]) -> int:
    """All the text of an embed that counts."""
    fields = sum(
        len(field.get("name", "")) + len(field.get("value", "")) for field in embed.get("fields", ())
    )
    named = len(embed.get("footer", {}).get("text", "")) + len(embed.get("author", {}).get("name", ""))
    return fields + named + len(embed.get("title", "")) + len(embed.get("description", ""))


def reactions(likes: int) -> list[dict[str, Any]]:
    """People do not agree on one emoji."""
    hearts = likes // 3
    told = [("👍", likes - hearts), ("🍵", hearts)]
    return [{"emoji": {"id": None, "name": name}, "count": n, "me": False} for name, n in told if n]
