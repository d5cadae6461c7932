"""A simulated WordPress site (developer.wordpress.org/rest-api); each account is one of its people."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from werkzeug import Response

from publishers.simulators import social
from publishers.simulators import wordpress_errors as errors
from publishers.simulators import wordpress_text as markup
from publishers.simulators.clock import iso
from publishers.simulators.rack import params, strings
from publishers.simulators.server import Server
from publishers.simulators.settings import Settings
from publishers.simulators.social import Social
from publishers.simulators.social_state import Account, Post, Token
from publishers.simulators.wire import Call, Refusal, answer
from publishers.simulators.wordpress_comments import Comments, total
from publishers.simulators.wordpress_media import Media

PRETTY = "/wp-json"
API = f"{PRETTY}/wp/v2"
STATUSES = ("publish", "future", "draft", "pending", "private")
PUBLISHERS = ("author", "editor", "administrator")


@dataclass(frozen=True)
class WordPressSettings(Settings):
    """``rest`` is where the API is: ``/wp-json``, ``/?rest_route=`` without pretty addresses, nowhere if it is off."""

    rest: str = PRETTY


def serve(port: int = 0, data: str | Path | None = None, host: str = "127.0.0.1", **settings: Any) -> Server:
    """Start a server on ``port`` (0: any free one); ``settings`` are those of ``WordPressSettings``."""
    return social.serve(WordPress, port, data, host, **settings)


class WordPress(Social):
    """An account's token is an application password; ``role`` in its ``extra`` says what it may do."""

    platform = "wordpress"
    brand = "WordPress"
    settings_kind = WordPressSettings
    settings: WordPressSettings

    def __init__(self, data: Path | None, settings: Any) -> None:
        super().__init__(data, settings)
        self.comments = Comments(self)
        self.add_routes(
            [
                ("GET", "/", self._front),
                ("POST", "/", self._plainly),
                ("DELETE", "/", self._plainly),
                ("GET", f"{PRETTY}/", self._index),
                ("GET", f"{API}/users/me", self._me),
                ("POST", f"{API}/media", Media(self).take),
                ("GET", f"{API}/posts", self._list),
                ("POST", f"{API}/posts", self._create),
                ("GET", f"{API}/posts/<id>", self._read_post),
                ("POST", f"{API}/posts/<id>", self._update),
                ("DELETE", f"{API}/posts/<id>", self._trash),
                *self.comments.routes(API),
                ("GET", "/<slug>/", self._page),
            ]
        )

    def refuse(self, status: int, sentence: str = "", code: str = "") -> Refusal:
        """An error in the form of the API."""
        return errors.refusal(status, sentence, code)

    def too_many(self, seconds: float) -> Refusal:
        """What a plugin that guards the site says."""
        refusal = self.refuse(429, "Too many requests.", "rest_too_many_requests")
        return Refusal(429, refusal.body, {"Retry-After": str(int(seconds))})

    def denied(self, state: str) -> Refusal:
        """A password that is none."""
        return self.refuse(401)

    def no_route(self) -> Refusal:
        """What is not there in this API."""
        return self.refuse(404)

    def no_post(self) -> Refusal:
        """A post that is not there."""
        return self.refuse(404, "Invalid post ID.", "rest_post_invalid_id")

    def credentials(self, account: Account, token: Token) -> dict[str, Any]:
        """What is typed into the connect form."""
        return {"fields": {"site": self.url, "username": account.handle, "password": token.access}}

    def address(self, post: Post) -> str:
        """The permalink; a draft has none that is pretty."""
        slug = post.extra.get("slug")
        return f"{self.url}/{slug}/" if slug and post.state == "public" else f"{self.url}/posts/{post.id}"

    def author(self, call: Call) -> Account:
        """Who calls, by name and application password."""
        if not self.settings.rest:
            raise self.no_route()
        if self.settings.rest != PRETTY and not call.environ.get("plainly"):
            raise self.refuse(404, code="not found")
        login = call.authorization
        if login is None or login.type != "basic":
            raise self.denied("missing")
        account = self.holder(call, (login.password or "").replace(" ", ""))
        if account.handle != login.username:
            raise self.denied("revoked")
        return account

    def _front(self, call: Call) -> Response:
        return self._plainly(call) if "rest_route" in call.args else self._home(call)

    def _plainly(self, call: Call) -> Response:
        """The same API, its path in the query."""
        path = f"{PRETTY}{call.args['rest_route']}"
        inner = Call({**call.environ, "PATH_INFO": path, "plainly": True})
        inner.arrived, inner.fault = call.arrived, call.fault
        return self._route(inner)

    def _index(self, call: Call) -> Response:
        self.author(call)
        spaces = ["oembed/1.0", "wp/v2", "wp-site-health/v1"]
        return answer({"name": "春茶 Blog", "url": self.url, "home": self.url, "namespaces": spaces})

    def _me(self, call: Call) -> Response:
        author = self.author(call)
        may = {"read": True, "publish_posts": _publishes(author), "upload_files": _publishes(author)}
        told = {"id": int(author.id), "name": author.name, "username": author.handle, "slug": author.handle}
        return answer(
            {**told, "capabilities": may, "avatar_urls": {"96": f"{self.url}/avatars/{author.seed}.png"}}
        )

    def _list(self, call: Call) -> Response:
        found = [post for post in self.state.posts.values() if self._is_asked_for(call, post)]
        found.sort(key=lambda post: post.created_at, reverse=True)
        page = found[: int(call.args.get("per_page", 10))]
        return answer([self._told(post) for post in page], headers=total(len(found)))

    def _is_asked_for(self, call: Call, post: Post) -> bool:
        asked = call.args
        status = asked.get("status", "publish")
        if status != "publish":
            self._check_sees_drafts(call)
        wanted = [each for each in asked.get("include", "").split(",") if each]
        return (
            not post.deleted
            and status in ("any", _status(post))
            and asked.get("slug", _slug(post)) == _slug(post)
            and asked.get("author", post.account_id) == post.account_id
            and (not wanted or post.id in wanted)
        )

    def _check_sees_drafts(self, call: Call) -> None:
        """Whoever may not see them is told that there is no such status."""
        try:
            self.author(call)
        except Refusal as refusal:
            if refusal.status != 401:
                raise
            said = "Status is forbidden."
            details = {"code": "rest_forbidden_status", "message": said, "data": {"status": 401}}
            raise errors.refused_param("status", said, details) from None

    def _create(self, call: Call) -> Response:
        author, given = self.author(call), params(call)
        status = self._status_for(author, given, "draft")
        if not any(str(given.get(name) or "").strip() for name in ("title", "content", "excerpt")):
            raise self.refuse(400, "Content, title, and excerpt are empty.", "empty_content")
        with self.lock:
            post = Post(self.new_id(), author.id, "", self.clock.now(), call.arrived, state="draft")
            self._write(post, given)
            self.add(post)
            self._change_state(call, post, status)
        return answer(self._told(post), 201)

    def _update(self, call: Call, id: str) -> Response:
        author, given = self.author(call), params(call)
        if call.suffers("slow_effect"):
            self.sleep(call)
        with self.lock:
            post = self._found(id)
            status = self._status_for(author, given, _status(post))
            if post.state == "public":
                post.edited_at = self.clock.now()
            self._write(post, given)
            self._change_state(call, post, status)
            self.changed.set()
        return answer(self._told(post))

    def _status_for(self, author: Account, given: dict[str, Any], known: str) -> str:
        status = str(given.get("status", known))
        if status not in STATUSES:
            said = f"status is not one of {', '.join(STATUSES)}."
            raise errors.refused_param("status", said, {"code": "rest_not_in_enum", "message": said})
        if status == "publish" and not _publishes(author):
            said = "Sorry, you are not allowed to publish posts in this post type."
            raise self.refuse(403, said, "rest_cannot_publish")
        return status

    def _write(self, post: Post, given: dict[str, Any]) -> None:
        for kind in ("categories", "tags"):
            if any(id not in self.comments.terms(kind) for id in strings(given.get(kind))):
                raise self.refuse(400, f"Invalid parameter(s): {kind}", "rest_invalid_param")
        for name in ("title", "excerpt", "slug", "categories", "tags", "featured_media", "comment_status"):
            if name in given:
                post.extra[name] = given[name]
        if "content" in given:
            raw = str(given["content"])
            post.text, post.extra["raw"] = markup.shown(raw), raw
            alts = markup.alts(raw)
            for file in self.files_of(alts):
                file.alt = alts[file.id]
        above = [str(post.extra["featured_media"])] if post.extra.get("featured_media") else []
        post.file_ids = [*above, *markup.files(post.extra.get("raw", ""))]

    def _change_state(self, call: Call, post: Post, status: str) -> None:
        if status == "publish" and post.state != "public":
            post.created_at, post.arrived = self.clock.now(), call.arrived
            post.extra["slug"] = self._free_slug(post)
            post.state = "public"
        elif status != "publish":
            post.state = status

    def _free_slug(self, post: Post) -> str:
        """Its own, or with the first number behind it that no other post has."""
        wanted = str(
            post.extra.get("slug") or re.sub(r"\W+", "-", str(post.extra.get("title", ""))) or post.id
        )
        taken = {
            _slug(each) for each in self.state.posts.values() if each is not post and each.state == "public"
        }
        numbers = (f"{wanted}-{n}" for n in range(2, len(taken) + 3))
        return wanted if wanted not in taken else next(each for each in numbers if each not in taken)

    def _found(self, id: str) -> Post:
        post = self.living(id)
        if post is None:
            raise self.no_post()
        return post

    def _read_post(self, call: Call, id: str) -> Response:
        post = self._found(id)
        if call.args.get("context") == "edit" or post.state != "public":
            self.author(call)
        return answer(self._told(post))

    def _trash(self, call: Call, id: str) -> Response:
        self.author(call)
        with self.lock:
            known = self.state.posts.get(id)
            if known and known.extra.get("trashed"):
                raise self.refuse(410, "The post has already been deleted.", "rest_already_trashed")
            post = self._found(id)
            post.deleted, post.extra["trashed"] = True, True
            self.changed.set()
        return answer({**self._told(post), "status": "trash"})

    def _told(self, post: Post) -> dict[str, Any]:
        raw = post.extra.get("raw", post.text)
        return {
            "id": int(post.id),
            "status": _status(post),
            "slug": _slug(post),
            "link": self.address(post),
            "date_gmt": iso(post.created_at, "seconds").rstrip("Z"),
            "author": int(post.account_id),
            "title": {"raw": post.extra.get("title", ""), "rendered": post.extra.get("title", "")},
            "content": {"raw": raw, "rendered": raw},
            "excerpt": {"raw": post.extra.get("excerpt", "")},
            "featured_media": post.extra.get("featured_media", 0),
            "categories": post.extra.get("categories", [1]),
            "tags": post.extra.get("tags", []),
            "comment_status": post.extra.get("comment_status", "open"),
        }

    def _page(self, call: Call, slug: str) -> Response:
        named = (each for each in self.state.posts.values() if _slug(each) == slug)
        return self.show(call, next((post.id for post in named), ""))


def _slug(post: Post) -> str:
    return str(post.extra.get("slug", ""))


def _status(post: Post) -> str:
    return "publish" if post.state == "public" else post.state


def _publishes(author: Account) -> bool:
    return author.extra.get("role", "author") in PUBLISHERS
