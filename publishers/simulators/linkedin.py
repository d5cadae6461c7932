"""A simulated LinkedIn (learn.microsoft.com/linkedin): pages of organisations and their posts, by the versioned API."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from werkzeug import Response

from publishers.simulators import social
from publishers.simulators.clock import iso
from publishers.simulators.limiter import Quota
from publishers.simulators.linkedin_control import LinkedInControl
from publishers.simulators.linkedin_people import People
from publishers.simulators.linkedin_text import shown
from publishers.simulators.linkedin_uploads import Uploads
from publishers.simulators.server import Server
from publishers.simulators.settings import Settings
from publishers.simulators.social import Social
from publishers.simulators.social_control import SocialControl
from publishers.simulators.social_oauth import Dialect, OAuth
from publishers.simulators.social_state import Account, File, Post, Token
from publishers.simulators.wire import Call, Refusal, answer

DAY = 86_400.0
ORGANIZATION, PERSON = "urn:li:organization:", "urn:li:person:"
COMMENTARY, MOST_IMAGES = 3000, 20
PER_DAY = Quota("posts", 150, int(DAY))
CODES = {
    400: "ILLEGAL_ARGUMENT",
    403: "ACCESS_DENIED",
    404: "RESOURCE_NOT_FOUND",
    429: "TOO_MANY_REQUESTS",
    500: "INTERNAL_SERVER_ERROR",
}
TOKENS = {
    "expired": (65602, "EXPIRED_ACCESS_TOKEN", "The token used in the request has expired"),
    "revoked": (65601, "REVOKED_ACCESS_TOKEN", "The token used in the request has been revoked by the user"),
    "missing": (65600, "INVALID_ACCESS_TOKEN", "Invalid access token"),
}


@dataclass(frozen=True)
class LinkedInSettings(Settings):
    """``partner`` apps get refresh tokens; versions before ``oldest_version`` are gone."""

    partner: bool = True
    oldest_version: int = 202511


def serve(port: int = 0, data: str | Path | None = None, host: str = "127.0.0.1", **settings: Any) -> Server:
    """Start a server on ``port`` (0: any free one); ``settings`` are those of ``LinkedInSettings``."""
    return social.serve(LinkedIn, port, data, host, **settings)


class _Tokens(OAuth):
    """The platform's own name for when a person has to come back."""

    def body(self, token: Token) -> dict[str, Any]:
        told = super().body(token)
        lasts = told.pop("refresh_expires_in", None)
        kept = {name: value for name, value in told.items() if name not in ("open_id", "uid")}
        return kept | ({"refresh_token_expires_in": lasts} if lasts else {})


class LinkedIn(Social):
    """Each account is a page, and so is its token's member an admin of it, and of those that ``also`` names."""

    platform = "linkedin"
    brand = "LinkedIn"
    settings_kind = LinkedInSettings
    settings: LinkedInSettings
    access_lives = 60 * DAY
    refresh_lives = 365 * DAY
    rotates = False

    def __init__(self, data: Path | None, settings: Any) -> None:
        super().__init__(data, settings)
        self.uploads = Uploads(self)
        oauth = _Tokens(self, Dialect("/oauth/v2/authorization", "/oauth/v2/accessToken"))
        self.add_routes(
            [
                *oauth.routes(),
                *self.uploads.routes(),
                ("GET", "/rest/organizationAcls", self._roles),
                ("GET", "/rest/organizations/<number>", self._organization),
                ("POST", "/rest/posts", self._create),
                ("GET", "/rest/posts", self._list),
                ("GET", "/rest/posts/<urn>", self._read_post),
                ("POST", "/rest/posts/<urn>", self._patch),
                ("DELETE", "/rest/posts/<urn>", self._delete),
                *People(self).routes(),
                ("GET", "/feed/update/<id>", self.show),
            ]
        )

    def refuse(self, status: int, sentence: str = "", code: str = "") -> Refusal:
        """An error in the form of the API."""
        said = sentence or ("Not enough permissions" if status == 403 else "Internal Server Error")
        return Refusal(status, {"status": status, "code": code or CODES.get(status, ""), "message": said})

    def refuse_input(self, code: str, sentence: str, status: int = 422) -> Refusal:
        """An error in what a post says."""
        inputs = [{"description": sentence, "input": {}, "code": code}]
        told = {"errorDetailType": "com.linkedin.common.error.BadRequest", "message": sentence}
        return Refusal(status, {**told, "errorDetails": {"inputErrors": inputs}, "status": status})

    def too_many(self, seconds: float) -> Refusal:
        """The quota of the day; nothing says when it ends."""
        return self.refuse(429, "Resource level throttle DAY limit for calls to this resource is reached.")

    def denied(self, state: str) -> Refusal:
        """A token that is no good."""
        number, code, said = TOKENS[state]
        return Refusal(401, {"status": 401, "serviceErrorCode": number, "code": code, "message": said})

    def make_control(self) -> SocialControl:
        """What steers it, by URN."""
        return LinkedInControl(self)

    def issue(self, account_id: str, client_id: str, scope: str = "") -> Token:
        """Only the apps of partners get refresh tokens."""
        token = super().issue(account_id, client_id, scope)
        if not self.settings.partner:
            token.refresh, token.refresh_expires_at = "", 0.0
        return token

    def credentials(self, account: Account, token: Token) -> dict[str, Any]:
        """A pair of tokens and when a person has to come back."""
        given = super().credentials(account, token)
        given["credentials"]["ends_at"] = iso(token.refresh_expires_at or token.expires_at)
        return given

    def address(self, post: Post) -> str:
        """The permalink, here at our own address instead of www.linkedin.com."""
        return f"{self.url}/feed/update/{post.id}"

    def new_post_id(self, files: Iterable[File]) -> str:
        """A video makes another kind of post."""
        kind = "ugcPost" if any(file.kind == "video" for file in files) else "share"
        with self.lock:
            return f"urn:li:{kind}:7{self.new_id()}"

    def urn(self, page: Account) -> str:
        """A page's name in the API."""
        return f"{ORGANIZATION}{page.id}"

    def member(self, call: Call) -> Account:
        """Who calls, in a version that still lives; raises the platform's refusals."""
        asked = call.headers.get("Linkedin-Version", "")
        if not re.fullmatch(r"\d{6}", asked):
            raise self.refuse(400, "A version must be present.", "VERSION_MISSING")
        if int(asked) < self.settings.oldest_version:
            raise self.refuse(426, f"Requested version {asked}01 is not active", "NONEXISTENT_VERSION")
        if call.headers.get("X-Restli-Protocol-Version") != "2.0.0":
            raise self.refuse(400, "Syntax exception in path")
        return self.holder(call)

    def managed(self, member: Account, urn: str) -> Account:
        """The page of ``urn``, if the member may post for it."""
        page = next((each for each in self._pages_of(member) if self.urn(each) == urn), None)
        if page is None or page.extra.get("role", "ADMINISTRATOR") == "ANALYST":
            raise self.refuse(403, f"Organization permissions must be used when using organization {urn}")
        return page

    def administered(self, member: Account, urn: str) -> Account:
        """The same for what only a super admin is told."""
        page = self.managed(member, urn)
        if page.extra.get("role", "ADMINISTRATOR") != "ADMINISTRATOR":
            raise self.refuse(403, "Not enough permissions to access this resource")
        return page

    def _pages_of(self, member: Account) -> list[Account]:
        also = [self.state.account_named(handle) for handle in member.extra.get("also", ())]
        return [member, *(page for page in also if page is not None)]

    def _roles(self, call: Call) -> Response:
        member = self.member(call)
        always = {"roleAssignee": f"{PERSON}m{member.id}", "state": "APPROVED"}
        told = [
            {"organization": self.urn(page), "role": page.extra.get("role", "ADMINISTRATOR"), **always}
            for page in self._pages_of(member)
        ]
        return answer({"elements": told, "paging": {"start": 0, "count": len(told), "links": []}})

    def _organization(self, call: Call, number: str) -> Response:
        page = self.administered(self.member(call), f"{ORGANIZATION}{number}")
        return answer({"id": int(page.id), "localizedName": page.name, "vanityName": page.handle})

    def _create(self, call: Call) -> Response:
        member, given = self.member(call), call.get_json()
        page = self.managed(member, given["author"])
        commentary = str(given.get("commentary", ""))
        if len(commentary.encode("utf-16-le")) // 2 > COMMENTARY:
            raise self.refuse_input("FIELD_LENGTH_TOO_LONG", "ERROR :: /commentary :: length is too long")
        if given["visibility"] not in ("PUBLIC", "LOGGED_IN") or given["lifecycleState"] != "PUBLISHED":
            raise self.refuse_input("INVALID_VALUE_FOR_FIELD", "ERROR :: /visibility :: is not allowed")
        files = self._content(page, given.get("content") or {})
        self._check_duplicate(page, commentary)
        self._count(page)
        extra = {
            "commentary": commentary,
            "given": given.get("content") or {},
            "visibility": given["visibility"],
        }
        extra["no_reshare"] = bool(given.get("isReshareDisabledByAuthor"))
        ids, urn = [file.id for file in files], self.new_post_id(files)
        post = self.publish(call, page, shown(commentary), ids, id=urn, extra=extra)
        return Response(status=201, headers={"x-restli-id": post.id, "x-linkedin-id": post.id})

    def _content(self, page: Account, content: dict[str, Any]) -> list[File]:
        if article := content.get("article"):
            if not article.get("source") or not article.get("title"):
                raise self.refuse_input(
                    "MISSING_FIELD", "ERROR :: /content/article/title :: field is required"
                )
            return [self._asset(page, article["thumbnail"])] if article.get("thumbnail") else []
        if images := content.get("multiImage", {}).get("images"):
            if not 2 <= len(images) <= MOST_IMAGES:
                raise self.refuse_input("INVALID_CONTENT", "A multi image post takes 2 to 20 images")
            return [self._asset(page, each["id"], each.get("altText", "")) for each in images]
        media = content.get("media")
        return [self._asset(page, media["id"], media.get("altText", ""))] if media else []

    def _asset(self, page: Account, urn: str, alt: str = "") -> File:
        file = self.uploads.ready(urn, page)
        if file is None:
            raise self.refuse_input("MEDIA_ASSET_PROCESSING", f"Media asset {urn} is not ready", 400)
        file.alt = alt
        return file

    def _check_duplicate(self, page: Account, commentary: str) -> None:
        """The same words within a day are refused, even where the first post was taken down since."""
        since = self.clock.now() - DAY
        for post in self.state.posts.values():
            same = commentary and post.extra.get("commentary") == commentary
            if same and post.account_id == page.id and post.created_at > since:
                raise self.refuse_input("DUPLICATE_POST", f"Content is a duplicate of {post.id}")

    def _count(self, page: Account) -> None:
        if self.settings.rate_limits and self.limiter.hit(PER_DAY, page.id, self.clock.now()).exceeded:
            raise self.too_many(0)

    def _list(self, call: Call) -> Response:
        page = self.managed(self.member(call), call.args["author"])
        if call.args.get("q") != "author" or call.headers.get("X-RestLi-Method") != "FINDER":
            raise self.refuse(400, "Invalid query parameters passed to request")
        listed = list(self.state.posts_of(page.id))[: int(call.args.get("count", 10))]
        return answer(
            {"elements": [self._told(post) for post in listed], "paging": {"start": 0, "links": []}}
        )

    def found(self, call: Call, urn: str) -> Post:
        """The living post of a URN, if the caller may see it."""
        member, post = self.member(call), self.living(urn)
        if post is None:
            raise self.refuse(404, "Could not find entity")
        self.managed(member, f"{ORGANIZATION}{post.account_id}")
        return post

    def _read_post(self, call: Call, urn: str) -> Response:
        return answer(self._told(self.found(call, urn)))

    def _patch(self, call: Call, urn: str) -> Response:
        if call.headers.get("X-RestLi-Method") != "PARTIAL_UPDATE":
            raise self.refuse(400, "No root resource defined")
        post = self.found(call, urn)
        with self.lock:
            commentary = str(call.get_json()["patch"]["$set"]["commentary"])
            post.text, post.edited_at = shown(commentary), self.clock.now()
            post.extra["commentary"] = commentary
            self.changed.set()
        return Response(status=204)

    def _delete(self, call: Call, urn: str) -> Response:
        self.member(call)
        if post := self.living(urn):
            self.managed(self.member(call), f"{ORGANIZATION}{post.account_id}")
            post.deleted = True
            self.changed.set()
        return Response(status=204)

    def _told(self, post: Post) -> dict[str, Any]:
        at = int(post.created_at * 1000)
        content = post.extra.get("given")
        return {
            "id": post.id,
            "author": f"{ORGANIZATION}{post.account_id}",
            "commentary": post.extra.get("commentary", post.text),
            "visibility": post.extra.get("visibility", "PUBLIC"),
            "lifecycleState": "PUBLISHED",
            "createdAt": at,
            "publishedAt": at,
            **({"content": content} if content else {}),
        }
