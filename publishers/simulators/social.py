"""The body of a simulated platform: accounts, tokens, files, posts, pages and control, with no protocol in it.

A platform is a subclass that adds its routes and words: ``refuse`` and ``too_many`` in its own form of error,
``denied`` for a token that is no good. See ``publishers/simulators/telegram.py`` for a small one.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any, ClassVar

from markupsafe import Markup, escape
from werkzeug import Response

from publishers.simulators.engagement import Counts
from publishers.simulators.pages import PER_PAGE, Attachment, Author, Pages, Shown
from publishers.simulators.server import Server
from publishers.simulators.settings import Settings
from publishers.simulators.simulator import Simulator
from publishers.simulators.sniffing import mime_of_file, picture
from publishers.simulators.social_control import SocialControl
from publishers.simulators.social_state import Account, App, File, Post, Remark, State, Token
from publishers.simulators.wire import Call, Dropped, Refusal

FOR_EVER = 100 * 365 * 86_400.0


class Social(Simulator):
    """One simulated platform without its socket.

    ``access_lives`` and ``refresh_lives`` are seconds; a platform without refresh tokens has ``refresh_lives`` 0.
    ``rotates`` says that a refresh spends the refresh token that it was made with.
    """

    brand: ClassVar[str]
    settings_kind: ClassVar[type[Settings]] = Settings
    access_lives: ClassVar[float] = FOR_EVER
    refresh_lives: ClassVar[float] = 0.0
    rotates: ClassVar[bool] = True

    def __init__(self, data: Path | None, settings: Settings) -> None:
        super().__init__(data, settings)
        self.state = State()
        self.pages = Pages(self, f"{self.brand} simulator")
        self.add_routes(
            [
                ("GET", "/", self._home),
                ("GET", "/posts/<id>", self.show),
                ("GET", "/people/<handle>", self._profile),
                ("GET", "/files/<id>", self._file),
                ("GET", "/keys", self._keys),
            ]
        )
        self.control = self.make_control()
        saved = self.storage.load()
        if saved is not None:
            self.clock.offset = saved.pop("offset")
            self.state.load(saved)

    # -- what a platform says in its own words

    def denied(self, state: str) -> Refusal:
        """The refusal of a token that is ``missing``, ``expired`` or ``revoked`` (an unknown one counts as revoked)."""
        return self.refuse(401, f"The access token is {state}")

    def make_control(self) -> SocialControl:
        """What steers it; a platform with verbs of its own has its own."""
        return SocialControl(self)

    def credentials(self, account: Account, token: Token) -> dict[str, Any]:
        """What a connection needs: ``{"credentials": ...}`` for one that is signed in already, or ``{"fields": ...}``
        with what a person types into the connect form."""
        app = self.state.apps[token.client_id]
        pair = {"access_token": token.access, "refresh_token": token.refresh}
        pair |= {"client_id": app.client_id, "client_secret": app.client_secret}
        return {"credentials": {name: value for name, value in pair.items() if value}}

    def address(self, post: Post) -> str:
        """Where readers see a post."""
        return f"{self.url}/posts/{post.id}"

    def new_id(self) -> str:
        """An id for anything; grows with time."""
        count = int(self.state.extra.get("ids", 1000)) + 1
        self.state.extra["ids"] = count
        return str(count)

    # -- what every platform does

    def holder(self, call: Call, token: str | None = None) -> Account:
        """Whose token came with a call (as a Bearer, unless it is given); raises ``denied``."""
        return self.state.accounts[self.token_of(call, token).account_id]

    def token_of(self, call: Call, token: str | None = None) -> Token:
        """The valid token of a call; raises ``denied``."""
        if token is None:
            token = call.headers.get("Authorization", "").partition(" ")[2]
        if not token:
            raise self.denied("missing")
        known = self.state.tokens.get(token)
        if known is None or known.state == "revoked":
            raise self.denied("revoked")
        if known.state == "expired" or known.expires_at <= self.clock.now():
            raise self.denied("expired")
        return known

    def join(self, handle: str, name: str = "", seed: str = "") -> Account:
        """The account of this handle, made if there is none; the caller holds the lock."""
        known = self.state.account_named(handle)
        if known is None:
            handle = handle.lstrip("@")
            known = Account(self.new_id(), handle, name or handle, seed or handle, self.clock.now())
            self.state.accounts[known.id] = known
        known.name, known.seed = name or known.name, seed or known.seed
        self.changed.set()
        return known

    def app_of(self, client_id: str = "") -> App:
        """The client of this id, or one to give out tokens by hand."""
        if client_id:
            return self.state.apps[client_id]
        known = next(iter(self.state.apps.values()), None)
        return known or self.register()

    def register(self) -> App:
        """A new OAuth client, as an operator gets it from the platform's developer pages."""
        app = App(f"app{secrets.token_hex(6)}", secrets.token_hex(16))
        self.state.apps[app.client_id] = app
        self.changed.set()
        return app

    def issue(self, account_id: str, client_id: str, scope: str = "") -> Token:
        """A new token, with a refresh token where the platform gives any."""
        now = self.clock.now()
        token = Token(secrets.token_urlsafe(24), account_id, client_id, now + self.access_lives, scope=scope)
        if self.refresh_lives:
            token.refresh, token.refresh_expires_at = secrets.token_urlsafe(24), now + self.refresh_lives
        self.state.tokens[token.access] = token
        self.changed.set()
        return token

    def take_file(self, stream: IO[bytes], account: Account, alt: str = "", **extra: Any) -> File:
        """Keep an upload; its kind is ``image``, ``video`` or ``other``, and a picture knows its size."""
        with self.storage.receiving(stream) as received:
            mime = mime_of_file(received.path) or "application/octet-stream"
            kind = mime.partition("/")[0] if mime.startswith(("image/", "video/")) else "other"
            seen = picture(received.path) if kind == "image" else None
            with self.lock:
                now = self.clock.now()
                lasts = self.settings.video_seconds if kind == "video" else self.settings.image_seconds
                file = File(
                    self.new_id(), account.id, kind, mime, received.sha256, received.size,
                    seen.width if seen else 0, seen.height if seen else 0, now, now + lasts, alt, extra=extra,
                )  # fmt: skip
                self.storage.keep(received)
                self.state.files[file.id] = file
                self.changed.set()
        return file

    def files_of(self, ids: Iterable[str]) -> list[File]:
        """The files of these ids that still exist."""
        return [self.state.files[id] for id in ids if id in self.state.files]

    def publish(self, call: Call, account: Account, text: str, ids: Iterable[str] = (), **row: Any) -> Post:
        """Put a post out; ``row`` may name its ``key``, ``reply_to``, ``state``, ``extra`` and ``created_at``.

        Suffers the faults ``slow_effect`` and ``silent_drop``. The caller does not hold the lock.
        """
        if call.suffers("slow_effect"):
            self.sleep(call)
        with self.lock:
            post = Post(
                row.pop("id", "") or self.new_id(), account.id, text, row.pop("created_at", self.clock.now()),
                call.arrived, list(ids), **row,
            )  # fmt: skip
            if not call.suffers("silent_drop"):
                self.add(post)
        return post

    def add(self, post: Post) -> None:
        """Keep a post; the caller holds the lock."""
        post.number = len(self.state.posts) + 1
        self.state.posts[post.id] = post
        for file in self.files_of(post.file_ids):
            file.used = True
        self.changed.set()

    def living(self, id: str) -> Post | None:
        """The post of this id unless it was deleted."""
        post = self.state.posts.get(id)
        return None if post is None or post.deleted else post

    def remark(self, post: Post, by: str, text: str, reply_to: str = "") -> Remark:
        """Say something below a post."""
        with self.lock:
            made = Remark(self.new_id(), post.id, by, text, self.clock.now(), reply_to)
            self.state.remarks[made.id] = made
            self.changed.set()
        return made

    def counts(self, post: Post) -> Counts:
        """The public's reactions by now, with what control added."""
        public = self.public_counts(post.id, post.created_at)
        said = len(self.state.remarks_on(post.id))
        return Counts(
            public.likes + post.likes, public.reposts, public.replies + said, public.quotes, public.bookmarks
        )

    def followers(self, account: Account) -> int:
        """An account's followers by now."""
        count = sum(1 for _ in self.state.posts_of(account.id))
        return self.public_followers(account.seed, account.created_at, count)

    def dump(self) -> dict[str, Any]:
        """All state as plain values."""
        return self.state.dump()

    def sleep(self, call: Call) -> None:
        """As long as the fault that a call met says."""
        import time

        time.sleep(call.fault.seconds if call.fault else 0)

    # -- pages for readers

    def _keys(self, call: Call) -> Response:
        """What an operator gets on the developer pages; with an account to try, if there is none yet."""
        with self.lock:
            account = next(iter(self.state.accounts.values()), None) or self.join(
                "shanlan", "山嵐茶 Shanlan Tea"
            )
            app = self.app_of()
            given = self.credentials(account, self.issue(account.id, app.client_id))
        keys = given.get("fields") or {"client_id": app.client_id, "client_secret": app.client_secret}
        return self.pages.render(call, "keys.html", keys=keys)

    def _home(self, call: Call) -> Response:
        return self._timeline(call, self.state.newest())

    def _profile(self, call: Call, handle: str) -> Response:
        account = self.state.account_named(handle)
        if account is None:
            return self.pages.render(call, "missing.html", 404)
        posts = list(self.state.posts_of(account.id))
        shown = {"author": _author(account), "followers": self.followers(account), "posts": len(posts)}
        return self._timeline(call, posts, profile=shown)

    def show(self, call: Call, id: str) -> Response:
        """The page of one post: for a platform whose permalinks look otherwise than ours."""
        with self.lock:
            post = self.living(id)
            if post is None or post.state != "public":
                return self.pages.render(call, "missing.html", 404)
            replies = [self._said(remark) for remark in self.state.remarks_on(id)]
            return self.pages.render(call, "single.html", item=self._shown(post), replies=replies)

    def _file(self, call: Call, id: str) -> Response:
        file = self.state.files.get(id)
        if file is None:
            return self.pages.render(call, "missing.html", 404)
        return self.pages.file(call, self.storage.path(file.sha256), file.mime)

    def _timeline(self, call: Call, posts: list[Post], **values: Any) -> Response:
        with self.lock:
            shown = [self._shown(post) for post in posts[:PER_PAGE]]
        return self.pages.render(call, "timeline.html", posts=shown, older="", **values)

    def _shown(self, post: Post) -> Shown:
        account = self.state.accounts[post.account_id]
        title = post.extra.get("title", "")
        return Shown(
            id=post.id, url=f"/posts/{post.id}", author=_author(account), at=post.created_at,
            html=_paragraphs(f"{title}\n\n{post.text}" if title else post.text), language="", counts=self.counts(post),
            attachments=[
                Attachment(file.kind, f"/files/{file.id}", file.alt, file.mime) for file in self.files_of(post.file_ids)
            ],
            edited=bool(post.edited_at), is_reply=bool(post.reply_to),
        )  # fmt: skip

    def _said(self, remark: Remark) -> Shown:
        author = Author(remark.by, f"@{remark.by}", remark.by, "/")
        return Shown(remark.id, "#", author, remark.at, _paragraphs(remark.text), "", Counts(), is_reply=True)


def serve(
    kind: type[Social],
    port: int = 0,
    data: str | Path | None = None,
    host: str = "127.0.0.1",
    **settings: Any,
) -> Server:
    """Start a platform on ``port`` (0: any free one); what ``publishers.simulators.NAME.serve`` calls.

    ``data`` is a folder that keeps its state between runs. Raises OSError when the port is taken.
    """
    simulator = kind(Path(data) if data else None, kind.settings_kind(**settings))
    return Server(simulator, simulator.control, host, port)


def broken_off() -> Response:
    """Reset the connection without an answer."""
    raise Dropped


def _author(account: Account) -> Author:
    return Author(account.name, f"@{account.handle}", account.seed, f"/people/{account.handle}")


def _paragraphs(text: str) -> Markup:
    """Text as it was written; markup of a platform's own is shown without its tags."""
    bare = re.sub(r"<[^>]{1,2000}>", "", text) if re.search(r"</(p|section|div)>", text) else text
    return Markup("<p>" + str(escape(bare)).replace("\n", "<br>") + "</p>")
