"""The REST API of one WordPress site: where it is, who speaks, and how it complains (WordPress docs, rest-api)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from publishers.errors import Evidence, PublisherError, Rejected, Temporary, Unauthorized
from publishers.http import Dialect, Http, Reply, Rule, address
from publishers.values import Destination
from publishers.words import Words

PRETTY, PLAIN = "/wp-json", "/?rest_route="
NO_POST = "rest_post_invalid_id"
NO_REST = Words(
    "This site offers no REST API: it is no WordPress, or a plugin or the host has switched it off.",
    "這個網站沒有提供 REST API：它不是 WordPress，或者被外掛或主機停用了。",
    "这个网站没有提供 REST API：它不是 WordPress，或者被插件或主机停用了。",
)
WALL = Words(
    "A firewall before the site answered with a page of its own instead of WordPress.",
    "網站前的防火牆回應了自己的頁面，沒有轉給 WordPress。",
    "网站前的防火墙返回了自己的页面，没有转给 WordPress。",
)


def _explain(body: Mapping[str, Any]) -> tuple[str, str]:
    """Of a parameter that is refused, the reason says more than that it is."""
    data = body.get("data")
    told = data if isinstance(data, Mapping) else {}
    inner = [each["code"] for each in _values(told.get("details")) if each.get("code")]
    return str((inner or [body["code"]])[0]), " ".join([str(body["message"]), *_values(told.get("params"))])


def _values(told: object) -> list[Any]:
    """PHP writes an empty map as a list."""
    return list(told.values()) if isinstance(told, Mapping) else []


def _barred(message: str, evidence: Evidence) -> PublisherError:
    """WordPress itself says why, in JSON; what guards it shows a page."""
    return Unauthorized(message, evidence) if evidence.code else Temporary(WALL, evidence)


def _missing(_message: str, evidence: Evidence) -> PublisherError:
    return Unauthorized(NO_REST, evidence)


DIALECT = Dialect(
    explain=_explain,
    rules=(
        Rule(Unauthorized, 401),
        Rule(
            Unauthorized, 400, "rest_forbidden_status"
        ),  # drafts were asked for with a password that is none
        Rule(Rejected, code="rest_comment_closed"),
        Rule(_barred, 403),
        Rule(Rejected, code=NO_POST),
        Rule(Rejected, code="rest_comment_invalid_id"),
        Rule(Rejected, code="rest_comment_invalid_post_id"),
        Rule(_missing, 404),
    ),
)


def site(typed: str) -> str:
    """The address of a site, which may lie in a folder, without what follows it."""
    origin = address(typed)
    path = urlsplit(typed if "://" in typed else f"https://{typed}").path
    return origin + path.partition("/wp-")[0].rstrip("/")


def connection(base_url: str, username: str, password: str) -> Http:
    """The site, spoken to as ``username`` with one of its application passwords."""
    pair = b64encode(f"{username}:{password}".encode()).decode()
    secrets = (pair, password, password.replace(" ", ""))
    return Http(base_url, DIALECT, secrets=secrets, headers={"Authorization": f"Basic {pair}"})


def of(destination: Destination) -> Http:
    """The site of a channel."""
    return connection(
        destination.base_url, destination.traits["username"], destination.credentials["password"]
    )


def root(http: Http) -> tuple[str, dict[str, Any]]:
    """Where the API is on this site, and what it says of the site; a site without pretty addresses has it elsewhere."""
    for rest in (PRETTY, PLAIN):
        try:
            return rest, http.get(f"{rest}/", _index)
        except PublisherError as error:
            if error.evidence.http_status != 404 and error.evidence.code != "unreadable_answer":
                raise
    raise Rejected(NO_REST, Evidence(code="no_rest"))


def _index(reply: Reply) -> dict[str, Any]:
    if "wp/v2" not in reply.body["namespaces"]:
        raise ValueError
    return dict(reply.body)


def path(destination: Destination, what: str, **asked: str) -> str:
    """The path of ``what``, such as ``/posts/5``, with a query of what is ``asked``."""
    return under(destination.traits.get("rest") or PRETTY, what, **asked)


def under(rest: str, what: str, **asked: str) -> str:
    """The same where the API is at ``rest``, which may lie in a query itself."""
    whole = f"{rest}/wp/v2{what}"
    return f"{whole}{'&' if '?' in whole else '?'}{urlencode(asked)}" if asked else whole


def total(reply: Reply) -> int:
    """How many there are of what one page was asked for."""
    return int(reply.headers["x-wp-total"])
