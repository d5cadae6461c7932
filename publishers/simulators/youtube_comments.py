"""Comments below the videos of the simulated YouTube."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkzeug import Response

from publishers.simulators.clock import iso
from publishers.simulators.social_state import Remark
from publishers.simulators.wire import Call, answer

if TYPE_CHECKING:
    from publishers.simulators.youtube import YouTube


class Comments:
    """Threads, each a comment and the answers to it, whose ids begin with its own."""

    def __init__(self, youtube: YouTube) -> None:
        self._tube = youtube

    def threads(self, call: Call) -> Response:
        """The threads below a video, newest first."""
        self._tube.spend(self._tube.holder(call), 1)
        post = self._tube.living(call.args.get("videoId", ""))
        if post is None:
            raise self._tube.trouble(
                404, "videoNotFound", "The video identified by videoId could not be found."
            )
        if post.extra.get("kids"):
            raise self._tube.trouble(403, "commentsDisabled", "The video has disabled comments.")
        said = self._tube.state.remarks_on(post.id)
        listed = [
            {
                "kind": "youtube#commentThread", "id": top.id,
                "snippet": {"videoId": post.id, "topLevelComment": self._comment(top)},
                "replies": {"comments": [self._comment(each) for each in said if each.reply_to == top.id]},
            }
            for top in reversed(said)
            if not top.reply_to
        ]  # fmt: skip
        return answer({"kind": "youtube#commentThreadListResponse", "items": listed})

    def _comment(self, remark: Remark) -> dict[str, Any]:
        said = {
            "authorDisplayName": f"@{remark.by}", "textDisplay": remark.text, "textOriginal": remark.text,
            "publishedAt": iso(remark.at, "seconds"), "videoId": remark.post_id,
        }  # fmt: skip
        if remark.reply_to:
            said["parentId"] = remark.reply_to
        return {"kind": "youtube#comment", "id": remark.id, "snippet": said}

    def begin(self, call: Call) -> Response:
        """Say something below a video."""
        account = self._tube.holder(call)
        self._tube.spend(account, 50)
        said = (call.get_json(silent=True) or {}).get("snippet", {})
        post = self._tube.living(str(said.get("videoId", "")))
        if post is None:
            raise self._tube.trouble(
                404, "videoNotFound", "The video identified by videoId could not be found."
            )
        if post.extra.get("kids"):
            raise self._tube.trouble(403, "commentsDisabled", "The video has disabled comments.")
        top = self._tube.remark(post, account.handle, said["topLevelComment"]["snippet"]["textOriginal"])
        thread = {"videoId": post.id, "topLevelComment": self._comment(top)}
        return answer({"kind": "youtube#commentThread", "id": top.id, "snippet": thread})

    def insert(self, call: Call) -> Response:
        """Answer a comment; an answer takes none."""
        account = self._tube.holder(call)
        self._tube.spend(account, 50)
        said = (call.get_json(silent=True) or {}).get("snippet", {})
        above = self._tube.state.remarks.get(str(said.get("parentId", "")))
        if above is None or above.reply_to:
            raise self._tube.trouble(
                404, "parentCommentNotFound", "The specified parent comment could not be found."
            )
        with self._tube.lock:
            made = Remark(
                f"{above.id}.{self._tube.new_id()}", above.post_id, account.handle, str(said.get("textOriginal", "")),
                self._tube.clock.now(), above.id,
            )  # fmt: skip
            self._tube.state.remarks[made.id] = made
            self._tube.changed.set()
        return answer(self._comment(made))
