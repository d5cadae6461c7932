"""A simulated Graph API with Pages (Meta docs, graph-api/reference/page) and their posts at ``/PAGE_POST``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from werkzeug import Response

from publishers.simulators import social
from publishers.simulators.facebook_video import Videos
from publishers.simulators.meta_graph import Meta, asked, told
from publishers.simulators.meta_oauth import FacebookLogin
from publishers.simulators.rack import params
from publishers.simulators.server import Server
from publishers.simulators.social_control import SocialControl
from publishers.simulators.social_state import Account, File, Post, Remark, Token
from publishers.simulators.wire import Call, answer

VERSION = "v25.0"
TEXT, PHOTO_BYTES = 63_206, 10 * 2**20
UNSEEN = 86_400.0  # how long a photo that no post shows is kept
BATCH = 50
IMAGES = ("image/jpeg", "image/png", "image/gif", "image/bmp", "image/tiff")


def serve(port: int = 0, data: str | Path | None = None, host: str = "127.0.0.1", **settings: Any) -> Server:
    """Start a server on ``port`` (0: any free one); ``settings`` are those of ``meta_graph.MetaSettings``."""
    return social.serve(Facebook, port, data, host, **settings)


class Facebook(Meta):
    """Each account is a Page; those whose ``extra["owner"]`` is the same belong to one person."""

    platform = "facebook"
    brand = "Facebook"
    version = VERSION
    throttle = (80001, "pages")

    def __init__(self, data: Path | None, settings: Any) -> None:
        super().__init__(data, settings)
        self.videos = Videos(self)
        at = f"/{VERSION}"
        self.add_routes(
            [
                *FacebookLogin(self, VERSION).routes(),
                ("GET", f"{at}/me/accounts", self._pages),
                ("GET", f"{at}/", self._batch),
                ("GET", f"{at}/<id>", self._node),
                ("POST", f"{at}/<id>", self._edit),
                ("DELETE", f"{at}/<id>", self._delete),
                ("POST", f"{at}/<id>/feed", self._feed),
                ("POST", f"{at}/<id>/photos", self._photo),
                ("POST", f"{at}/<id>/videos", self.videos.take),
                ("GET", f"{at}/<id>/published_posts", self._published),
                ("GET", f"{at}/<id>/comments", self._comments),
                ("POST", f"{at}/<id>/comments", self._comment),
                ("GET", "/<id>", self._post_page),
            ]
        )

    def make_control(self) -> SocialControl:
        """Posts have the ids that the protocol gives them."""
        return _Control(self)

    def address(self, post: Post) -> str:
        """The permalink, here at our own address instead of www.facebook.com."""
        return f"{self.url}/{public_id(post)}"

    def page_of(self, call: Call, id: str) -> Account:
        """The Page that a call acts for: its own token is needed, a person's will not do."""
        token = self.token_of(call)
        page = self.state.accounts[token.account_id]
        if token.scope in ("short", "lasting"):
            raise self.error(
                "(#200) The permission(s) pages_manage_posts are not available.", 200, status=403
            )
        if id not in ("me", page.id):
            raise self.missing(id)
        return page

    def _pages(self, call: Call) -> Response:
        person = self.token_of(call)
        owner = _owner(self.state.accounts[person.account_id])
        pages = [page for page in self.state.accounts.values() if _owner(page) == owner]
        fields = call.args.get("fields", "id,name,access_token")
        return self.edge(call, [self._page_row(page, person) for page in pages], fields)

    def _page_row(self, page: Account, person: Token | None = None) -> dict[str, Any]:
        row = {"id": page.id, "name": page.name, "username": page.handle, "fan_count": self.followers(page)}
        row |= {"followers_count": row["fan_count"], "category": "Tea shop"}
        picture = {"data": {"url": f"{self.url}/avatars/{page.seed}.png", "is_silhouette": False}}
        if person is None:
            return {**row, "picture": picture}
        with self.lock:
            own = self.issue(page.id, person.client_id)
            if person.scope == "short":
                own.expires_at = person.expires_at
        return {**row, "picture": picture, "access_token": own.access}

    def _node(self, call: Call, id: str) -> Response:
        fields = call.args.get("fields", "id")
        self.token_of(call)
        self.videos.settle()
        if id in self.state.accounts or id == "me":
            return answer(self.picked(self._page_row(self.page_of(call, id)), fields))
        if video := self.videos.row(id):
            return answer(self.picked(video, fields))
        return answer(self._post_row(self._post(id), fields))

    def _batch(self, call: Call) -> Response:
        self.token_of(call)
        ids = call.args.get("ids", "").split(",")
        if len(ids) > BATCH:
            raise self.error(f"(#100) Too many IDs. Maximum: {BATCH}. Provided: {len(ids)}.", 100)
        fields = call.args.get("fields", "id")
        return answer({id: self._post_row(self._post(id), fields) for id in ids})

    def _feed(self, call: Call, id: str) -> Response:
        page, given = self.page_of(call, id), params(call)
        text, link = str(given.get("message", "")), str(given.get("link", ""))
        photos = [self._attached(each, page) for each in _attachments(call)]
        if not text.strip() and not link and not photos:
            raise self.error("(#100) You must provide a message, link or attached media", 100)
        self.check_text(text)
        self.refuse_repeated(page, text, link, len(photos))
        post = self.publish(call, page, text, [photo.id for photo in photos], extra={"link": link})
        return answer({"id": public_id(post)})

    def check_text(self, text: str) -> None:
        """A status that is too long."""
        if len(text) > TEXT:
            raise self.error("(#100) The status you are trying to publish is too long.", 100)

    def refuse_repeated(self, page: Account, text: str, link: str, files: int) -> None:
        """The very words that were said last are refused."""
        last = next(iter(self.state.posts_of(page.id)), None)
        is_bare = not files and last is not None and not last.file_ids
        if is_bare and last is not None and (last.text, last.extra.get("link", "")) == (text, link):
            said = (
                "This status update is identical to the last one you posted. Try posting something different."
            )
            raise self.error("Duplicate status message", 506, 1455006, error_user_msg=said)

    def _attached(self, id: str, page: Account) -> File:
        photo = self.state.files.get(id)
        lapsed = photo is not None and photo.created_at + UNSEEN < self.clock.now()
        if photo is None or photo.account_id != page.id or lapsed:
            raise self.missing(id)
        return photo

    def _photo(self, call: Call, id: str) -> Response:
        page, given = self.page_of(call, id), params(call)
        source, alt = call.files.get("source"), str(given.get("alt_text_custom", ""))
        file = (
            self.take_file(source.stream, page, alt)
            if source
            else self.fetched(str(given.get("url", "")), page, alt)
        )
        if file is None:
            raise self.error("(#100) Missing or invalid image file", 100, 2018294)
        if file.mime not in IMAGES:
            raise self.error("(#324) Requires upload file", 324, 2069019)
        if file.size > PHOTO_BYTES:
            raise self.error("Your photos couldn't be uploaded", 1, 1366046)
        if str(given.get("published", "true")) == "false":
            return answer({"id": file.id})
        text = str(given.get("message") or given.get("caption") or "")
        post = self.publish(call, page, text, [file.id])
        return answer({"id": file.id, "post_id": public_id(post)})

    def _published(self, call: Call, id: str) -> Response:
        page = self.page_of(call, id)
        self.videos.settle()
        fields = call.args.get("fields", "id,message,created_time")
        rows = [self._fields_of(post) for post in self.state.posts_of(page.id)]
        return self.edge(call, rows, fields)

    def _post(self, id: str) -> Post:
        post = self.living(id.rpartition("_")[2])
        if post is None or public_id(post) != id or post.state != "public":
            raise self.missing(id)
        return post

    def _fields_of(self, post: Post) -> dict[str, Any]:
        counts, files = self.counts(post), self.files_of(post.file_ids)
        return {
            "id": public_id(post), "message": post.text or None, "created_time": told(post.created_at),
            "permalink_url": self.address(post), "shares": {"count": counts.reposts} if counts.reposts else None,
            "reactions": {"data": [], "summary": {"total_count": counts.likes}},
            "comments": {"data": [], "summary": {"total_count": counts.replies}},
            "attachments": _album(files) if files else _card(post.extra.get("link")),
        }  # fmt: skip

    def _post_row(self, post: Post, fields: str) -> dict[str, Any]:
        row = self._fields_of(post)
        counts = self.counts(post)
        seen = 20 * counts.likes
        known = {
            "post_media_view": 2 * seen, "post_total_media_view_unique": seen, "post_clicks": counts.likes,
            "post_reactions_by_type_total": counts.likes, "post_video_views": seen,
        }  # fmt: skip
        for name, more in asked(fields):
            if name == "insights":
                metrics = more.partition("metric(")[2].rstrip(")").split(",")
                row["insights"] = self.insights(row["id"], known, metrics, "values")
        return self.picked(row, fields)

    def _edit(self, call: Call, id: str) -> Response:
        page = self.page_of(call, "me")
        with self.lock:
            post = self._post(id)
            if post.account_id != page.id:
                raise self.missing(id)
            text = str(params(call).get("message", ""))
            self.check_text(text)
            post.text, post.edited_at = text, self.clock.now()
            self.changed.set()
        return answer({"success": True})

    def _delete(self, call: Call, id: str) -> Response:
        self.page_of(call, "me")
        with self.lock:
            self._post(id).deleted = True
            self.changed.set()
        return answer({"success": True})

    def _comments(self, call: Call, id: str) -> Response:
        self.page_of(call, "me")
        post = self._post(id)
        remarks = self.state.remarks_on(post.id)
        if call.args.get("filter") != "stream":
            remarks = [remark for remark in remarks if not remark.reply_to]
        if call.args.get("order") == "reverse_chronological":
            remarks = remarks[::-1]
        rows = [self._remark_row(remark, post) for remark in remarks]
        return self.edge(call, rows, call.args.get("fields", "id,from,message,created_time"))

    def _remark_row(self, remark: Remark, post: Post) -> dict[str, Any]:
        own = f"{post.id}_{remark.id}"
        parent = {"id": f"{post.id}_{remark.reply_to}"} if remark.reply_to else None
        return {
            "id": own, "from": {"name": remark.by}, "message": remark.text, "created_time": told(remark.at),
            "permalink_url": f"{self.address(post)}?comment_id={remark.id}", "parent": parent,
        }  # fmt: skip

    def _comment(self, call: Call, id: str) -> Response:
        page, text = self.page_of(call, "me"), str(params(call).get("message", ""))
        known = self.state.remarks.get(id.rpartition("_")[2])
        post = self.living(known.post_id) if known else self._post(id)
        if post is None:
            raise self.missing(id)
        made = self.remark(post, page.name, text, known.id if known else "")
        return answer({"id": f"{post.id}_{made.id}"})

    def _post_page(self, call: Call, id: str) -> Response:
        return self.show(call, id.rpartition("_")[2])


class _Control(SocialControl):
    def public_id(self, post: Post) -> str:
        return public_id(post)


def public_id(post: Post) -> str:
    """The id of a Page's post as the protocol has it."""
    return f"{post.account_id}_{post.id}"


def _owner(page: Account) -> str:
    return str(page.extra.get("owner") or page.handle)


def _attachments(call: Call) -> list[str]:
    named = {key: value for key, value in call.form.items() if key.startswith("attached_media[")}
    return [str(json.loads(named[f"attached_media[{n}]"])["media_fbid"]) for n in range(len(named))]


def _album(files: list[File]) -> dict[str, Any]:
    shown = [
        {
            "media_type": "video" if file.kind == "video" else "photo",
            "target": {"id": file.extra.get("video", file.id)},
        }
        for file in files
    ]
    if len(shown) == 1:
        return {"data": shown}
    return {"data": [{"media_type": "album", "target": {"id": "0"}, "subattachments": {"data": shown}}]}


def _card(link: str | None) -> dict[str, Any] | None:
    return {"data": [{"media_type": "link", "target": {"url": link}}]} if link else None
