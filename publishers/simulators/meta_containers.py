"""Simulated containers, as Instagram and Threads have them: made of files that are fetched, good for a day, shown once.

Sources: Meta docs, instagram-platform/content-publishing and ig-container, threads/posts and threads/troubleshooting.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from werkzeug import Response

from publishers.simulators.meta_graph import Meta
from publishers.simulators.meta_oauth import DAY, LASTING
from publishers.simulators.rack import params, strings, truth
from publishers.simulators.social_state import Account, File, Post, Token
from publishers.simulators.wire import Call, Refusal, answer

Row = dict[str, Any]


class ContainerApi(Meta):
    """A platform of containers; the class variables are its words, ``most`` what a carousel holds."""

    access_lives = LASTING
    making: ClassVar[str]
    publishing: ClassVar[str]
    status: ClassVar[str]
    why: ClassVar[str]
    caption: ClassVar[str]
    quota: ClassVar[str]
    most: ClassVar[int]

    def __init__(self, data: Path | None, settings: Any) -> None:
        super().__init__(data, settings)
        at = f"/{self.version}"
        self.add_routes(
            [
                ("POST", f"{at}/<id>/{self.making}", self._make),
                ("POST", f"{at}/<id>/{self.publishing}", self._show_it),
                ("GET", f"{at}/<id>/{self.making}", self._list),
                ("GET", f"{at}/<id>/{self.quota}", self._quota),
                ("GET", f"{at}/<id>/insights", self._insights),
                ("GET", f"{at}/<id>", self._node),
            ]
        )

    # -- what a platform says of its own

    def kind_of(self, given: Row) -> str:
        """IMAGE, VIDEO, CAROUSEL or TEXT; refuses what the platform has not."""
        raise NotImplementedError

    def check(self, account: Account, kind: str, given: Row) -> None:
        """Refuse a text or a field that the platform does not take."""
        raise NotImplementedError

    def check_image(self, file: File) -> None:
        """Refuse a picture that the platform does not take."""
        raise NotImplementedError

    def check_video(self, file: File) -> str:
        """Why a video can't be made ready; empty where it can."""
        return "" if file.kind == "video" else "the format is not supported"

    def person(self, account: Account) -> Row:
        """All fields of an account."""
        raise NotImplementedError

    def fields_of(self, post: Post) -> Row:
        """All fields of a post."""
        raise NotImplementedError

    def numbers_of(self, post: Post) -> dict[str, int]:
        """All insights of a post."""
        raise NotImplementedError

    def failure(self, why: str) -> str:
        """How a container that failed tells why."""
        return why

    def spent(self) -> Refusal:
        """The day's posts are used up."""
        said = (
            "Application request limit reached: the user has reached the maximum number of posts of the day."
        )
        return self.error(said, 9, 2207042)

    # -- what both do

    def credentials(self, account: Account, token: Token) -> Row:
        """With the instant at which a person has to sign in again."""
        given: Row = super().credentials(account, token)
        given["credentials"]["ends_at"] = datetime.fromtimestamp(token.expires_at, UTC).isoformat()
        return given

    def own(self, call: Call, id: str) -> Account:
        """The account that a call acts for: its own."""
        account = self.holder(call)
        if id not in ("me", account.id):
            raise self.missing(id)
        return account

    def post_of(self, id: str) -> Post:
        """A post that is there to be seen."""
        post = self.living(id)
        if post is None or post.state != "public":
            raise self.missing(id)
        return post

    @property
    def rows(self) -> dict[str, Row]:
        """The containers by id."""
        rows: dict[str, Row] = self.state.extra.setdefault("containers", {})
        return rows

    def made(self, account: Account, given: Row) -> str:
        """A new container."""
        kind = self.kind_of(given)
        self.check(account, kind, given)
        fill: dict[str, Callable[[Account, Row], Row]] = {
            "CAROUSEL": self._carousel,
            "IMAGE": self._image,
            "VIDEO": self._video,
            "TEXT": lambda _account, _given: {"files": []},
        }
        filled = fill[kind](account, given)
        with self.lock:
            id, now = self.new_id(), self.clock.now()
            self.rows[id] = {
                "account": account.id, "kind": kind, "text": str(given.get(self.caption, "")), "created_at": now,
                "ready_at": now, "error": "", "post": "", "item": truth(given.get("is_carousel_item")), "asked": given,
                **filled,
            }  # fmt: skip
            self.changed.set()
        return id

    def state_of(self, row: Row) -> str:
        """What became of a container by now."""
        now = self.clock.now()
        if row["post"]:
            return "PUBLISHED"
        if now > row["created_at"] + DAY:
            return "EXPIRED"
        if now < row["ready_at"]:
            return "IN_PROGRESS"
        return "ERROR" if row["error"] else "FINISHED"

    def shown(self, call: Call, account: Account, id: str) -> Post:
        """Publish a container; a second time it is refused."""
        row = self.rows.get(id)
        if row is None or row["account"] != account.id or row["item"]:
            raise self.error("The requested resource does not exist", 24, 2207006)
        with self.lock:
            state = self.state_of(row)
            if state == "IN_PROGRESS":
                raise self.error("Media ID is not available", 9007, 2207027)
            if state != "FINISHED":
                raise self.error("The requested resource does not exist", 24, 2207008)
            if self.settings.rate_limits and self._used(account) >= self.settings.quota_total:
                raise self.spent()
            row["post"] = self.new_id()
        extra = {"asked": row["asked"], "kind": row["kind"]}
        reply_to = str(row["asked"].get("reply_to_id", ""))
        return self.publish(
            call, account, row["text"], row["files"], id=row["post"], key=id, extra=extra, reply_to=reply_to
        )

    def _make(self, call: Call, id: str) -> Response:
        return answer({"id": self.made(self.own(call, id), params(call))})

    def _show_it(self, call: Call, id: str) -> Response:
        account = self.own(call, id)
        return answer({"id": self.shown(call, account, str(params(call).get("creation_id", ""))).id})

    def _image(self, account: Account, given: Row) -> Row:
        file = self.fetched(str(given.get("image_url", "")), account, str(given.get("alt_text", "")))
        if file is None:
            said = "The media could not be fetched from this URI: only photo or video can be accepted as media type."
            raise self.error(said, 9004, 2207052)
        self.check_image(file)
        return {"files": [file.id], "ready_at": self.clock.now() + self.settings.image_seconds}

    def _video(self, account: Account, given: Row) -> Row:
        file = self.fetched(str(given.get("video_url", "")), account, str(given.get("alt_text", "")))
        why = "download has failed" if file is None else self.check_video(file)
        why = why or ("error code 2207026" if self.settings.media_fails else "")
        ready = self.clock.now() + self.settings.video_seconds
        return {
            "files": [file.id] if file else [],
            "error": self.failure(why) if why else "",
            "ready_at": ready,
        }

    def _carousel(self, account: Account, given: Row) -> Row:
        told = given.get("children")
        ids = strings(told.split(",") if isinstance(told, str) else told)
        if not 2 <= len(ids) <= self.most:
            raise self.error(f"(#100) A carousel has 2 to {self.most} children.", 100, 2207065)
        rows = [self.rows.get(id) for id in ids]
        for row in rows:
            if row is None or row["account"] != account.id or not row["item"]:
                raise self.error("The requested resource does not exist", 24, 2207006)
            if self.state_of(row) != "FINISHED":
                raise self.error("Media ID is not available", 9007, 2207027)
        return {"files": [file for row in rows if row for file in row["files"]]}

    def _node(self, call: Call, id: str) -> Response:
        account, fields = self.holder(call), call.args.get("fields", "id")
        if id in ("me", account.id):
            return answer(self.picked(self.person(account), fields))
        row = self.rows.get(id)
        if row is not None and row["account"] == account.id:
            state = self.state_of(row)
            return answer(
                self.picked({"id": id, self.status: state, self.why: self._reason(row, state)}, fields)
            )
        return answer(self.picked(self.fields_of(self.post_of(id)), fields))

    def _reason(self, row: Row, state: str) -> str | None:
        return str(row["error"]) if state == "ERROR" else None

    def _list(self, call: Call, id: str) -> Response:
        account = self.own(call, id)
        posts = [post for post in self.state.posts_of(account.id) if not post.reply_to]
        return self.edge_of(call, posts)

    def edge_of(self, call: Call, posts: list[Post]) -> Response:
        """A page of posts."""
        return self.edge(call, [self.fields_of(post) for post in posts], call.args.get("fields", "id"))

    def _quota(self, call: Call, id: str) -> Response:
        account = self.own(call, id)
        config = {"quota_total": self.settings.quota_total, "quota_duration": int(DAY)}
        row = {"id": None, "quota_usage": self._used(account), "config": config}
        return answer({"data": [self.picked(row, call.args.get("fields", "quota_usage"))]})

    def _used(self, account: Account) -> int:
        since = self.clock.now() - DAY
        own = (row for row in self.rows.values() if row["account"] == account.id and row["post"])
        return sum(
            row["post"] in self.state.posts and self.state.posts[row["post"]].created_at > since
            for row in own
        )

    def _insights(self, call: Call, id: str) -> Response:
        self.holder(call)
        wanted = call.args.get("metric", "").split(",")
        return answer(self.insights(id, self.numbers_of(self.post_of(id)), wanted, "values"))
