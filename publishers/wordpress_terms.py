"""Categories and tags of a WordPress site, which its API knows by number."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Any

from publishers import wordpress_api as api
from publishers.errors import Evidence, Rejected
from publishers.http import Http, Reply
from publishers.values import Destination
from publishers.words import Words


def named(typed: str) -> list[str]:
    """What was typed between commas, of either kind."""
    parts = typed.replace("，", ",").replace("、", ",").split(",")
    return [part.strip().lstrip("#") for part in parts if part.strip().lstrip("#")]


def categories(http: Http, destination: Destination, names: Iterable[str]) -> list[int]:
    """Their numbers; ``Rejected`` for one that the site does not have: a typing mistake shall not make a new one."""
    return [_category(http, destination, name) for name in names]


def tags(http: Http, destination: Destination, names: Iterable[str]) -> list[int]:
    """Their numbers; new ones are made, and show nowhere before a post has them."""
    return [_number(http, destination, "/tags", name) or _made(http, destination, name) for name in names]


def _category(http: Http, destination: Destination, name: str) -> int:
    number = _number(http, destination, "/categories", name)
    if number is None:
        raise Rejected(_no_category(name), Evidence(code="category_unknown"))
    return number


def _number(http: Http, destination: Destination, kind: str, name: str) -> int | None:
    listed = http.get(api.path(destination, kind, search=name, per_page="100", _fields="id,name,slug"), _rows)
    wanted = name.casefold()
    fitting = (
        int(row["id"])
        for row in listed
        if wanted in (html.unescape(str(row["name"])).casefold(), str(row["slug"]).casefold())
    )
    return next(fitting, None)


def _rows(reply: Reply) -> list[dict[str, Any]]:
    return [dict(row) for row in reply.body]


def _made(http: Http, destination: Destination, name: str) -> int:
    return http.post(api.path(destination, "/tags"), lambda reply: int(reply.body["id"]), json={"name": name})


def _no_category(name: str) -> Words:
    return Words(
        f"The site has no category called {name}.",
        f"網站上沒有名為「{name}」的分類。",
        f"网站上没有名为“{name}”的分类。",
    )
