"""A simulated TikTok (developers.tiktok.com), with its posts at ``/@NAME/video/ID`` and ``/@NAME/photo/ID``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from werkzeug import Response

from publishers.simulators import social
from publishers.simulators.rack import params
from publishers.simulators.server import Server
from publishers.simulators.social_oauth import Dialect, OAuth
from publishers.simulators.social_state import Post
from publishers.simulators.tiktok_posting import TikTokPosting
from publishers.simulators.wire import Call

BATCH = 20
NUMBERS = (
    "id",
    "title",
    "create_time",
    "share_url",
    "view_count",
    "like_count",
    "comment_count",
    "share_count",
)
PERSON = ("open_id", "display_name", "avatar_url", "follower_count", "following_count", "video_count")


def serve(port: int = 0, data: str | Path | None = None, host: str = "127.0.0.1", **settings: Any) -> Server:
    """Start a server on ``port`` (0: any free one); ``settings`` are those of ``tiktok_posting.TikTokSettings``."""
    return social.serve(TikTok, port, data, host, **settings)


class TikTok(TikTokPosting):
    """People, their sign-in and their numbers."""

    def __init__(self, data: Path | None, settings: Any) -> None:
        super().__init__(data, settings)
        flow = Dialect("/v2/auth/authorize/", "/v2/oauth/token/", client="client_key")
        self.add_routes(
            [
                *OAuth(self, flow).routes(),
                ("GET", "/v2/user/info/", self._user_info),
                ("POST", "/v2/video/query/", self._video_query),
                ("GET", "/@<name>/<kind>/<id>", self._post_page),
            ]
        )

    def _user_info(self, call: Call) -> Response:
        account, fields = self.holder(call), _fields(call, PERSON)
        if not fields:
            raise self.fault(400, "invalid_params", "Fields is required")
        told = {
            "open_id": f"open-{account.id}", "display_name": account.name, "following_count": 12,
            "avatar_url": f"{self.url}/avatars/{account.seed}.svg", "follower_count": self.followers(account),
            "video_count": sum(1 for _ in self.state.posts_of(account.id)),
        }  # fmt: skip
        return self.good({"user": {name: told[name] for name in fields}})

    def _video_query(self, call: Call) -> Response:
        account, fields = self.holder(call), _fields(call, NUMBERS)
        wanted = params(call).get("filters", {}).get("video_ids", [])
        if not fields or not 1 <= len(wanted) <= BATCH:
            raise self.fault(400, "invalid_params", "The video ids or the fields are invalid")
        posts = [self.living(str(id)) for id in wanted]
        own = [post for post in posts if post and post.account_id == account.id and post.state == "public"]
        videos = [{name: self._numbers(post)[name] for name in fields} for post in own]
        return self.good({"videos": videos})

    def _numbers(self, post: Post) -> dict[str, Any]:
        counts = self.counts(post)
        return {
            "id": post.id, "title": post.text, "create_time": int(post.created_at), "share_url": self.address(post),
            "view_count": counts.likes * 30, "like_count": counts.likes, "comment_count": counts.replies,
            "share_count": counts.reposts,
        }  # fmt: skip

    def _post_page(self, call: Call, name: str, kind: str, id: str) -> Response:
        post = self.living(id)
        if post is not None:
            self.moderate(post)
        return self.show(call, id)


def _fields(call: Call, known: tuple[str, ...]) -> list[str]:
    asked = [name for name in call.args.get("fields", "").split(",") if name]
    return asked if set(asked) <= set(known) else []
