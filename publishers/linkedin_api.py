"""LinkedIn's versioned API: its hosts, headers and errors (LinkedIn docs, concepts/error-handling and versioning)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

from publishers import oauth
from publishers.errors import Evidence, Rejected, Temporary, Unauthorized
from publishers.http import Dialect, Http, Reply, Rule, rests
from publishers.rests import next_day

T = TypeVar("T")
HOME = "https://api.linkedin.com"
HOSTS = oauth.Hosts(HOME, {"www": "https://www.linkedin.com"})
VERSION = "202606"  # the month of the API that is spoken; each lives for about a year
SCOPE = "r_organization_social w_organization_social rw_organization_admin"
ROLES = ("ADMINISTRATOR", "CONTENT_ADMIN", "CONTENT_ADMINISTRATOR", "DIRECT_SPONSORED_CONTENT_POSTER")
ORGANIZATION = "urn:li:organization:"
_NAMED = re.compile(r"/company/([^/?#]+)")


def _explain(body: Mapping[str, Any]) -> tuple[str, str]:
    inputs = (body.get("errorDetails") or {}).get("inputErrors") or [{}]
    code = inputs[0].get("code") or body.get("code") or body.get("serviceErrorCode") or ""
    return str(code), str(body["message"])


DIALECT = Dialect(
    explain=_explain,
    rules=(
        Rule(partial(Unauthorized, refreshable=True), 401, "EXPIRED_ACCESS_TOKEN"),
        Rule(partial(Unauthorized, refreshable=True), 401, text="has expired"),
        Rule(Unauthorized, 401),
        Rule(Temporary, 403, text="resource is forbidden"),  # said for a moment after an upload
        Rule(Unauthorized, 403),
        Rule(Unauthorized, 426),  # the version is too old
        Rule(Unauthorized, code="NONEXISTENT_VERSION"),
        Rule(Temporary, 400, text="unable to obtain activity"),
        Rule(Temporary, code="MEDIA_ASSET_PROCESSING"),
        rests(next_day("UTC"), 429),
    ),
)
TOKEN_DIALECT = Dialect(
    explain=lambda body: (str(body["error"]), str(body.get("error_description", ""))),
    rules=(Rule(Unauthorized, 400), Rule(Unauthorized, 401)),
)


def connection(base_url: str, credentials: Mapping[str, str], traits: Mapping[str, str]) -> Http:
    """The API as the holder of ``credentials``, in the version that the channel's ``traits`` name."""
    headers = {
        "Linkedin-Version": traits.get("version") or VERSION,
        "X-Restli-Protocol-Version": "2.0.0",
    }
    secrets = oauth.secrets_of(credentials)
    return Http(base_url, DIALECT, token=credentials["access_token"], secrets=secrets, headers=headers)


def token(base_url: str, form: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """New credentials for ``form``; ``known`` are what they belong to."""
    secrets = tuple(form[name] for name in ("code", "refresh_token", "client_secret") if name in form)
    with Http(HOSTS.at(base_url, "www"), TOKEN_DIALECT, secrets=secrets) as http:
        return http.post("/oauth/v2/accessToken", partial(_credentials, known=known), data=form)


def _credentials(reply: Reply, known: Mapping[str, str]) -> dict[str, str]:
    """Apps that are no partners get no refresh token: a person signs in again when the access token ends."""
    lasts = "refresh_token_expires_in" if reply.body.get("refresh_token") else "expires_in"
    return oauth.credentials(reply.body, known, person_at=lasts)


def encoded(urn: str) -> str:
    """A URN as part of a path or a list."""
    return quote(urn, safe="")


def listed(urns: list[str]) -> str:
    """URNs as a list of the protocol (Rest.li 2.0)."""
    return f"List({','.join(encoded(urn) for urn in urns)})"


def organizations(http: Http) -> list[str]:
    """The URNs of the pages that this member may post for."""
    asked = "/rest/organizationAcls?q=roleAssignee&state=APPROVED&count=100"
    found = http.get(asked, lambda reply: [_of_role(each) for each in reply.body["elements"]])
    return list(dict.fromkeys(urn for urn, role in found if role in ROLES))


def _of_role(element: Mapping[str, Any]) -> tuple[str, str]:
    return str(element.get("organization") or element["organizationalTarget"]), str(element["role"])


def unless_forbidden(ask: Callable[[], T], otherwise: T) -> T:
    """What only a super admin of a page is told; a content admin, who may post all the same, gets ``otherwise``."""
    try:
        return ask()
    except Unauthorized as error:
        if error.evidence.http_status != 403:
            raise
        return otherwise


def page(http: Http, urn: str) -> dict[str, str]:
    """The number, name and short name of a page; to whom the names are not told, the number."""
    number = urn.removeprefix(ORGANIZATION)
    nothing: dict[str, Any] = {}
    path = f"/rest/organizations/{number}"
    read = unless_forbidden(lambda: http.get(path, lambda reply: dict(reply.body)), nothing)
    name = str(read.get("localizedName") or number)
    return {"urn": urn, "number": number, "name": name, "short": str(read.get("vanityName") or number)}


def chosen(http: Http, wanted: str) -> dict[str, str]:
    """The page that ``wanted`` names by number, URN, short name or address; the only one where nothing is named."""
    pages = [page(http, urn) for urn in organizations(http)]
    found = _NAMED.search(wanted)
    name = found[1] if found else wanted.strip().removeprefix(ORGANIZATION)
    fitting = [each for each in pages if name.lower() in ("", each["number"], each["short"].lower())]
    if len(fitting) == 1:
        return fitting[0]
    told = ", ".join(f"{each['name']} ({each['number']})" for each in pages)
    if not told:
        raise Rejected("This member may not post for any page.", Evidence(code="no_page"))
    raise Rejected(f"Name one of these pages: {told}", Evidence(code="choose_one"))
