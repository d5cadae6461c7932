"""A simulated Reddit (www.reddit.com/dev/api) with its posts at ``/r/NAME/comments/ID/``."""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from werkzeug import Response

from publishers.simulators import social
from publishers.simulators.limiter import Quota
from publishers.simulators.rack import params
from publishers.simulators.reddit_comments import Comments, listing
from publishers.simulators.reddit_media import Media
from publishers.simulators.reddit_oauth import RedditOAuth, check_agent, trouble
from publishers.simulators.reddit_rules import CLOSED, STRICT, in_json, pause, troubles
from publishers.simulators.server import Server
from publishers.simulators.settings import Settings
from publishers.simulators.social import FOR_EVER, Social
from publishers.simulators.social_control import SocialControl
from publishers.simulators.social_oauth import Dialect
from publishers.simulators.social_state import Account, File, Post
from publishers.simulators.wire import Call, Refusal, answer

CALLS = Quota("calls", 1000, 600)
BATCH = 100


@dataclass(frozen=True)
class RedditSettings(Settings):
    """``submit_pause``: seconds from one post of an account to its next."""

    submit_pause: float = 0.0


def serve(port: int = 0, data: str | Path | None = None, host: str = "127.0.0.1", **settings: Any) -> Server:
    """Start a server on ``port`` (0: any free one); ``settings`` are those of ``RedditSettings``."""
    return social.serve(Reddit, port, data, host, **settings)


class Control(SocialControl):
    """Reddit's ids name their kind."""

    def public_id(self, post: Post) -> str:
        """The full name of a post."""
        return f"t3_{post.id}"


class Reddit(Social):
    """Each account posts where it likes; a post waits as ``processing`` until its files are done."""

    platform = "reddit"
    brand = "Reddit"
    settings_kind = RedditSettings
    settings: RedditSettings
    access_lives = 86_400.0
    refresh_lives = FOR_EVER
    rotates = False

    def __init__(self, data: Path | None, settings: Any) -> None:
        super().__init__(data, settings)
        paths = Dialect("/api/v1/authorize", "/api/v1/access_token", basic=True, trouble=trouble)
        self._media, comments = Media(self), Comments(self)
        self.add_routes(
            [
                *RedditOAuth(self, paths).routes(),
                ("GET", "/api/v1/me", self._me),
                ("POST", "/api/media/asset.json", self._media.lease),
                ("POST", "/", self._media.store),
                ("POST", "/api/submit", self._submit),
                ("POST", "/api/submit_gallery_post.json", self._submit_gallery),
                ("GET", "/user/<name>/submitted", self._submitted),
                ("GET", "/api/info", self._info),
                ("POST", "/api/editusertext", self._edit),
                ("POST", "/api/del", self._delete),
                ("GET", "/comments/<id>", comments.tree),
                ("POST", "/api/comment", comments.add),
                ("GET", "/r/<sr>/comments/<id>/<slug>/", self._page),
            ]
        )

    def make_control(self) -> SocialControl:
        """With full names."""
        return Control(self)

    def refuse(self, status: int, sentence: str = "") -> Refusal:
        """An error in Reddit's older form."""
        words = {401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}
        return Refusal(
            status, {"message": sentence or words.get(status, "Internal Server Error"), "error": status}
        )

    def too_many(self, seconds: float) -> Refusal:
        """Over the limit, with the seconds that are left."""
        headers = {"x-ratelimit-remaining": "0.0", "x-ratelimit-used": "1000"}
        told = {"message": "Too Many Requests", "error": 429}
        return Refusal(429, told, headers | {"x-ratelimit-reset": str(max(1, round(seconds)))})

    def address(self, post: Post) -> str:
        """The permalink, here at our own address instead of www.reddit.com."""
        return f"{self.url}{self.path(post)}"

    def holder(self, call: Call, token: str | None = None) -> Account:
        """Whose token came with a call, from a caller who says who it is."""
        check_agent(call)
        account = super().holder(call, token)
        if self.settings.rate_limits:
            reading = self.limiter.hit(CALLS, account.id, self.clock.now())
            if reading.exceeded:
                raise self.too_many(reading.reset - self.clock.now())
        return account

    def path(self, post: Post) -> str:
        """The permalink, without its host."""
        return f"/r/{post.extra.get('sr', 'tea')}/comments/{post.id}/post/"

    def _me(self, call: Call) -> Response:
        account = self.holder(call)
        profile = {"title": account.name, "subscribers": self.followers(account)}
        face = f"{self.url}/avatars/{account.seed}.png"
        return answer({"id": account.id, "name": account.handle, "icon_img": face, "subreddit": profile})

    # -- posting

    def _submit(self, call: Call) -> Response:
        account, given = self.holder(call), params(call)
        kind = str(given.get("kind", ""))
        self._check(account, given, kind)
        if kind in ("image", "video"):
            files = self._files(given, kind)
            self._post(call, account, given, kind, files)
            page = f"https://www.reddit.com/user/{account.handle}/submitted/"
            socket = {"user_submitted_page": page, "websocket_url": "wss://ws-sim.wss.redditmedia.com/x"}
            return answer({"json": {"errors": [], "data": socket}})
        post = self._post(call, account, given, kind, [])
        told = {"url": self.address(post), "drafts_count": 0, "id": post.id, "name": f"t3_{post.id}"}
        return answer({"json": {"errors": [], "data": told}})

    def _submit_gallery(self, call: Call) -> Response:
        account, given = self.holder(call), call.get_json(silent=True) or {}
        self._check(account, given, "gallery")
        if not all(isinstance(given.get(flag, False), bool) for flag in ("nsfw", "spoiler", "sendreplies")):
            raise self.refuse(400, "Bad Request")
        files = [self._media.by_id(str(item.get("media_id", ""))) for item in given.get("items", [])]
        known = [file for file in files if file is not None]
        if not 2 <= len(known) == len(files) <= 20:
            raise in_json(("BAD_GALLERY", "that gallery isn't going to work", "items"))
        post = self._post(call, account, given, "gallery", known)
        return answer({"json": {"errors": [], "data": {"url": self.address(post), "id": f"t3_{post.id}"}}})

    def _check(self, account: Account, given: dict[str, Any], kind: str) -> None:
        name = str(given.get("sr", ""))
        if name in CLOSED:
            told = {"message": "Forbidden", "error": 403, "reason": CLOSED[name]}
            raise Refusal(403, told)
        if given.get("api_type") != "json" or kind not in ("self", "link", "image", "video", "gallery"):
            raise self.refuse(400, "Bad Request")
        found = list(troubles(given, kind))
        if (
            kind == "link"
            and str(given.get("resubmit")) != "true"
            and self._is_known(name, str(given.get("url")))
        ):
            found.append(("ALREADY_SUB", "that link has already been submitted", "url"))
        left = account.extra.get("posted_at", 0.0) + self.settings.submit_pause - self.clock.now()
        if left > 0:
            found.append(pause(left))
        if found:
            raise in_json(*found)

    def _is_known(self, name: str, url: str) -> bool:
        seen = [post for post in self.state.posts.values() if not post.deleted]
        return any(post.extra.get("sr") == name and post.extra.get("link") == url for post in seen)

    def _files(self, given: dict[str, Any], kind: str) -> list[File]:
        file = self._media.by_url(str(given.get("url", "")))
        if file is None or file.kind != kind:
            raise in_json(("BAD_URL", "you should check that url", "url"))
        if kind == "video" and self._media.by_url(str(given.get("video_poster_url", ""))) is None:
            raise in_json(("BAD_URL", "you should check that url", "video_poster_url"))
        return [file]

    def _post(
        self, call: Call, account: Account, given: dict[str, Any], kind: str, files: list[File]
    ) -> Post:
        extra = {
            "sr": given["sr"],
            "title": str(given["title"]),
            "kind": kind,
            "flair": given.get("flair_id", ""),
        }
        extra |= {flag: str(given.get(flag)).lower() == "true" for flag in ("nsfw", "spoiler")}
        extra["link"] = given.get("url", "") if kind == "link" else ""
        waits = any(file.ready_at > self.clock.now() for file in files)
        state = "processing" if waits else "filtered" if given["sr"] == STRICT else "public"
        ids = [file.id for file in files]
        account.extra["posted_at"] = self.clock.now()
        return self.publish(call, account, str(given.get("text", "")), ids, extra=extra, state=state)

    def _settle(self) -> None:
        """What is done processing is shown."""
        with self.lock:
            for post in self.state.posts.values():
                waits = any(file.ready_at > self.clock.now() for file in self.files_of(post.file_ids))
                if post.state == "processing" and not waits:
                    post.state = "filtered" if post.extra["sr"] == STRICT else "public"
                    self.changed.set()

    # -- reading

    def _submitted(self, call: Call, name: str) -> Response:
        self.holder(call)
        self._settle()
        account = self.state.account_named(name)
        if account is None:
            raise self.refuse(404)
        mine = [p for p in self.state.posts.values() if p.account_id == account.id]
        seen = [p for p in mine if p.state != "processing" and not p.extra.get("erased")]
        listed = sorted(seen, key=lambda p: (-p.created_at, -p.number))
        names = [f"t3_{p.id}" for p in listed]
        begin = names.index(call.args["after"]) + 1 if call.args.get("after") in names else 0
        page = listed[begin : begin + int(call.args.get("limit", 25))]
        return answer(listing([self.thing(call, post) for post in page]))

    def _info(self, call: Call) -> Response:
        self.holder(call)
        self._settle()
        names = call.args.get("id", "").split(",")[:BATCH]
        known = [self.state.posts.get(name.removeprefix("t3_")) for name in names]
        return answer(listing([self.thing(call, post) for post in known if post]))

    def thing(self, call: Call, post: Post) -> dict[str, Any]:
        """A post, as listings tell of it."""
        raw, seen = call.args.get("raw_json") == "1", self.counts(post)
        kind = post.extra.get("kind", "self")
        by = self.state.accounts[post.account_id].handle
        told: dict[str, Any] = {
            "id": post.id, "name": f"t3_{post.id}", "subreddit": post.extra.get("sr", "tea"),
            "title": _shown(post.extra.get("title", ""), raw), "selftext": _shown(post.text, raw),
            "author": "[deleted]" if post.extra.get("erased") else by, "created_utc": post.created_at,
            "permalink": self.path(post), "url": post.extra.get("link") or self._url(post, kind),
            "is_self": kind == "self", "score": seen.likes + 1, "num_comments": seen.replies,
            "num_crossposts": seen.reposts, "view_count": None, "removed_by_category": _removed(post),
        }  # fmt: skip
        flags: dict[str, dict[str, Any]] = {
            "gallery": {"is_gallery": True},
            "video": {"is_video": True},
            "image": {"post_hint": "image"},
        }
        return {"kind": "t3", "data": told | flags.get(kind, {})}

    def _url(self, post: Post, kind: str) -> str:
        hosts = {"image": "i.redd.it", "video": "v.redd.it"}
        return f"https://{hosts[kind]}/{post.id}.jpg" if kind in hosts else self.address(post)

    # -- changing

    def _edit(self, call: Call) -> Response:
        account, given = self.holder(call), params(call)
        post = self._own(account, given.get("thing_id"))
        if post.extra.get("kind", "self") != "self":
            raise in_json(("NOT_AUTHOR", "you can't do that", "thing_id"))
        with self.lock:
            post.text, post.edited_at = str(given.get("text", "")), self.clock.now()
            self.changed.set()
        return answer({"json": {"errors": [], "data": {"things": [self.thing(call, post)]}}})

    def _own(self, account: Account, name: object) -> Post:
        post = self.living(str(name).removeprefix("t3_"))
        if post is None or post.account_id != account.id:
            raise in_json(("NOT_AUTHOR", "you can't do that", "thing_id"))
        return post

    def _delete(self, call: Call) -> Response:
        account, name = self.holder(call), str(params(call).get("id", ""))
        post = self.living(name.removeprefix("t3_"))
        with self.lock:
            if post and post.account_id == account.id:
                post.deleted = True
                post.extra["erased"] = True
            self.changed.set()
        return answer({})

    def _page(self, call: Call, sr: str, id: str, slug: str) -> Response:
        return self.show(call, id)


def _shown(text: str, raw: bool) -> str:
    return text if raw else html.escape(text, quote=False)


def _removed(post: Post) -> str | None:
    if post.state == "filtered":
        return "automod_filtered"
    if post.extra.get("erased"):
        return "deleted"
    return "moderator" if post.deleted else None
