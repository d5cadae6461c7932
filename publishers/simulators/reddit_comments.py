"""Comments below the posts of the simulated Reddit: a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkzeug import Response

from publishers.simulators.rack import params
from publishers.simulators.reddit_rules import in_json
from publishers.simulators.social_state import Post, Remark
from publishers.simulators.wire import Call, answer

if TYPE_CHECKING:
    from publishers.simulators.reddit import Reddit


class Comments:
    """What was said, each with the answers to it."""

    def __init__(self, reddit: Reddit) -> None:
        self._reddit = reddit

    def tree(self, call: Call, id: str) -> Response:
        """The post, and the tree below it."""
        self._reddit.holder(call)
        post = self._reddit.living(id)
        if post is None:
            raise self._reddit.refuse(404)
        above = listing([self._reddit.thing(call, post)])
        return answer([above, listing(self._answers(post, ""))])

    def _answers(self, post: Post, above: str) -> list[dict[str, Any]]:
        said = [remark for remark in self._reddit.state.remarks_on(post.id) if remark.reply_to == above]
        return [{"kind": "t1", "data": self._remark(post, remark)} for remark in reversed(said)]

    def _remark(self, post: Post, remark: Remark) -> dict[str, Any]:
        answers = self._answers(post, remark.id)
        return {
            "id": remark.id, "name": f"t1_{remark.id}", "author": remark.by, "body": remark.text,
            "created_utc": remark.at, "permalink": f"{self._reddit.path(post)}{remark.id}/",
            "parent_id": f"t1_{remark.reply_to}" if remark.reply_to else f"t3_{post.id}",
            "replies": listing(answers) if answers else "",
        }  # fmt: skip

    def add(self, call: Call) -> Response:
        """Say something below a post or a comment."""
        account, given = self._reddit.holder(call), params(call)
        kind, _, id = str(given.get("thing_id", "")).partition("_")
        above = self._reddit.state.remarks.get(id) if kind == "t1" else None
        post = self._reddit.living(above.post_id if above else id)
        if post is None or (kind == "t1" and above is None):
            raise in_json(("DELETED_COMMENT", "that comment has been deleted", "parent"))
        made = self._reddit.remark(
            post, account.handle, str(given.get("text", "")), above.id if above else ""
        )
        thing = {"kind": "t1", "data": self._remark(post, made)}
        return answer({"json": {"errors": [], "data": {"things": [thing]}}})


def listing(children: list[dict[str, Any]]) -> dict[str, Any]:
    """Things of a kind, as Reddit wraps them."""
    after = children[-1]["data"]["name"] if children else None
    return {"kind": "Listing", "data": {"children": children, "after": after}}
