"""What people do below the posts of a simulated LinkedIn: the numbers of it, and the comments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from werkzeug import Response

from publishers.simulators.simulator import Route
from publishers.simulators.social_state import Post, Remark
from publishers.simulators.wire import Call, answer

if TYPE_CHECKING:
    from publishers.simulators.linkedin import LinkedIn

PERSON = "urn:li:person:"


class People:
    """They are numbers to the API: it names nobody."""

    def __init__(self, platform: LinkedIn) -> None:
        self._platform = platform

    def routes(self) -> list[Route]:
        """Statistics and comments."""
        return [
            ("GET", "/rest/networkSizes/<urn>", self._size),
            ("GET", "/rest/organizationalEntityShareStatistics", self._statistics),
            ("GET", "/rest/socialActions/<urn>/comments", self._comments),
            ("POST", "/rest/socialActions/<urn>/comments", self._comment),
        ]

    def _size(self, call: Call, urn: str) -> Response:
        page = self._platform.administered(self._platform.member(call), urn)
        return answer({"firstDegreeSize": self._platform.followers(page)})

    def _statistics(self, call: Call) -> Response:
        page = self._platform.administered(self._platform.member(call), call.args["organizationalEntity"])
        told = []
        for kind, name in (("share", "shares"), ("ugcPost", "ugcPosts")):
            listed = re.search(rf"{name}=List\(([^)]*)\)", call.query_string.decode())
            urns = [unquote(urn) for urn in listed[1].split(",")] if listed else []
            posts = [
                post for urn in urns if (post := self._platform.living(urn)) and post.account_id == page.id
            ]
            told += [{kind: post.id, "totalShareStatistics": self._totals(post)} for post in posts]
        return answer({"elements": told, "paging": {"start": 0, "links": []}})

    def _totals(self, post: Post) -> dict[str, Any]:
        counts = self._platform.counts(post)
        seen = 30 * counts.likes + 12 * counts.replies
        told = {"likeCount": counts.likes, "commentCount": counts.replies, "shareCount": counts.reposts}
        return told | {
            "impressionCount": seen,
            "uniqueImpressionsCount": seen * 2 // 3,
            "clickCount": seen // 20,
        }

    def _comments(self, call: Call, urn: str) -> Response:
        post, parent = self._thread(call, urn)
        said = [remark for remark in self._platform.state.remarks_on(post.id) if remark.reply_to == parent]
        return answer({"elements": [self._comment_told(post, each) for each in said]})

    def _comment(self, call: Call, urn: str) -> Response:
        post, parent = self._thread(call, urn)
        given = call.get_json()
        self._platform.managed(self._platform.member(call), given["actor"])
        made = self._platform.remark(post, given["actor"], given["message"]["text"], parent)
        return answer(self._comment_told(post, made), 201, {"x-restli-id": made.id})

    def _thread(self, call: Call, urn: str) -> tuple[Post, str]:
        """The post that a URN of its own or of a comment leads to, and that comment's number."""
        inner = re.fullmatch(r"urn:li:comment:\(urn:li:activity:(\d+),(\d+)\)", urn)
        if not inner:
            return self._platform.found(call, urn), ""
        urns = [post for post in self._platform.state.posts if post.endswith(f":{inner[1]}")]
        return self._platform.found(call, urns[0] if urns else urn), inner[2]

    def _comment_told(self, post: Post, remark: Remark) -> dict[str, Any]:
        activity = f"urn:li:activity:{post.id.rpartition(':')[2]}"
        actor = remark.by if remark.by.startswith("urn:") else f"{PERSON}{remark.by}"
        parent = (
            {"parentComment": f"urn:li:comment:({activity},{remark.reply_to})"} if remark.reply_to else {}
        )
        return {
            "id": remark.id,
            "commentUrn": f"urn:li:comment:({activity},{remark.id})",
            "actor": actor,
            "object": activity,
            "created": {"actor": actor, "time": int(remark.at * 1000)},
            "message": {"attributes": [], "text": remark.text},
            **parent,
        }
