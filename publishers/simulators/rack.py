"""Request parameters as Mastodon reads them: JSON or form, with ``a[]``, ``a[b]`` and ``a[][b]`` keys."""

from __future__ import annotations

import re
from typing import Any

from publishers.simulators.wire import Call

KEY = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
PARTS = re.compile(r"\[([^\[\]]*)\]")


def params(call: Call) -> dict[str, Any]:
    """Query and body together; the body wins. Files are not included."""
    found: dict[str, Any] = {}
    for key, value in call.args.items(multi=True):
        _put(found, key, value)
    if call.mimetype == "application/json":
        body = call.get_json(silent=True)
        found.update(body if isinstance(body, dict) else {})
    else:
        for key, value in call.form.items(multi=True):
            _put(found, key, value)
    return found


def strings(value: Any) -> list[str]:
    """A list of strings from a list, a single value or nothing."""
    if value is None or value == "":
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def truth(value: Any) -> bool:
    """A checkbox-like parameter."""
    return str(value).lower() in {"1", "true", "on", "yes"}


def _put(found: dict[str, Any], key: str, value: str) -> None:
    match = KEY.match(key)
    if match is None:
        return
    name, path = match.group(1), PARTS.findall(match.group(2))
    if not path:
        found[name] = value
    elif path == [""]:
        _listed(found, name).append(value)
    elif path[0] == "" and len(path) == 2:
        _put_in_rows(_listed(found, name), path[1], value)
    else:
        inner = found.setdefault(name, {})
        if isinstance(inner, dict):
            _put(inner, path[0] + "".join(f"[{part}]" for part in path[1:]), value)


def _listed(found: dict[str, Any], name: str) -> list[Any]:
    if not isinstance(found.get(name), list):
        found[name] = []
    items: list[Any] = found[name]
    return items


def _put_in_rows(rows: list[Any], field: str, value: str) -> None:
    if not rows or field in rows[-1]:
        rows.append({})
    rows[-1][field] = value
