"""How a simulated WordPress says no."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from publishers.simulators.wire import Refusal

CODES = {401: "rest_not_logged_in", 404: "rest_no_route", 500: "internal_server_error"}
WORDS = {401: "You are not currently logged in.", 404: "No route was found matching the URL."}


def refusal(status: int, sentence: str = "", code: str = "") -> Refusal:
    """An error in the form of the API."""
    said = sentence or WORDS.get(status, "There has been a critical error on this website.")
    name = code or CODES.get(status, "rest_forbidden")
    return Refusal(status, {"code": name, "message": said, "data": {"status": status}})


def refused_param(name: str, said: str, details: Mapping[str, Any]) -> Refusal:
    """One parameter that can not be."""
    data = {"status": 400, "params": {name: said}, "details": {name: details}}
    body = {"code": "rest_invalid_param", "message": f"Invalid parameter(s): {name}", "data": data}
    return Refusal(400, body)
