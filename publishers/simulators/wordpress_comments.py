"""Comments, and the terms that posts are sorted by, of a simulated WordPress."""

from __future__ import annotations

import hashlib
import html
from typing import TYPE_CHECKING, Any

from werkzeug import Response

from publishers.simulators.clock import iso
from publishers.simulators.rack import params
from publishers.simulators.simulator import Route
from publishers.simulators.social_state import Remark
from publishers.simulators.wire import Call, answer

if TYPE_CHECKING:
    from publishers.simulators.wordpress import WordPress


class Comments:
    """``/comments``, ``/categories`` and ``/tags``."""

    def __init__(self, site: WordPress) -> None:
        self._site = site

    def routes(self, root: str) -> list[Route]:
        """Below the ``root`` of the API."""
        return [
            ("GET", f"{root}/comments", self._list),
            ("POST", f"{root}/comments", self._say),
            ("GET", f"{root}/<kind>", self._terms),
            ("POST", f"{root}/<kind>", self._make_term),
        ]

    def terms(self, kind: str) -> dict[str, str]:
        """Names by number."""
        kept: dict[str, str] = self._site.state.extra.setdefault(kind, {})
        if kind == "categories" and not kept:
            kept["1"] = "Uncategorized"
        return kept

    def _list(self, call: Call) -> Response:
        said = self._site.state.remarks_on(call.args.get("post", ""))
        page = said[::-1][: int(call.args.get("per_page", 10))]
        return answer([self._told(each) for each in page], headers=total(len(said)))

    def _say(self, call: Call) -> Response:
        author, given = self._site.author(call), params(call)
        post = self._site.living(str(given.get("post")))
        if post is None or post.state != "public":
            raise self._site.refuse(404, "Invalid post ID.", "rest_comment_invalid_post_id")
        if post.extra.get("comment_status") == "closed":
            raise self._site.refuse(403, "Sorry, comments are closed for this item.", "rest_comment_closed")
        if any(each.text == given["content"] for each in self._site.state.remarks_on(post.id)):
            said = "Duplicate comment detected; it looks as though you’ve already said that!"
            raise self._site.refuse(409, said, "comment_duplicate")
        parent = str(given.get("parent") or "")
        made = self._site.remark(post, author.name, str(given["content"]), "" if parent == "0" else parent)
        return answer(self._told(made), 201)

    def _told(self, remark: Remark) -> dict[str, Any]:
        post = self._site.state.posts[remark.post_id]
        return {
            "id": int(remark.id),
            "post": int(remark.post_id),
            "parent": int(remark.reply_to or 0),
            "author": 0,
            "author_name": remark.by,
            "date_gmt": iso(remark.at, "seconds").rstrip("Z"),
            "content": {"rendered": f"<p>{html.escape(remark.text)}</p>\n"},
            "link": f"{self._site.address(post)}#comment-{remark.id}",
            "status": "approved",
        }

    def _terms(self, call: Call, kind: str) -> Response:
        if kind not in ("categories", "tags"):
            raise self._site.no_route()
        wanted = call.args.get("search", "").casefold()
        fitting = [(id, name) for id, name in self.terms(kind).items() if wanted in name.casefold()]
        return answer([_term(id, name) for id, name in fitting], headers=total(len(fitting)))

    def _make_term(self, call: Call, kind: str) -> Response:
        if kind not in ("categories", "tags"):
            raise self._site.no_route()
        self._site.author(call)
        name, kept = str(params(call)["name"]), self.terms(kind)
        if name in kept.values():
            said = "A term with the name provided already exists in this taxonomy."
            raise self._site.refuse(400, said, "term_exists")
        with self._site.lock:
            kept[self._site.new_id()] = name
            self._site.changed.set()
        return answer(_term(list(kept)[-1], name), 201)


def total(count: int) -> dict[str, str]:
    """The headers that say how many there are in all."""
    return {"X-WP-Total": str(count), "X-WP-TotalPages": str(-(-count // 100))}


def _term(id: str, name: str) -> dict[str, Any]:
    slug = name.lower() if name.isascii() else hashlib.sha256(name.encode()).hexdigest()[:8]
    return {"id": int(id), "name": html.escape(name), "slug": slug}
