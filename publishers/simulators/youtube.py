"""A simulated YouTube Data API v3 (developers.google.com/youtube/v3) with Google's OAuth and its videos at ``/watch``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug import Response

from publishers.simulators import social
from publishers.simulators.clock import iso
from publishers.simulators.server import Server
from publishers.simulators.settings import Settings
from publishers.simulators.social import Social
from publishers.simulators.social_oauth import Dialect
from publishers.simulators.social_state import Account, Post
from publishers.simulators.wire import Call, Refusal, answer
from publishers.simulators.youtube_comments import Comments
from publishers.simulators.youtube_oauth import GoogleOAuth
from publishers.simulators.youtube_rules import check, trouble
from publishers.simulators.youtube_uploads import Uploads

API = "/youtube/v3"
PACIFIC = ZoneInfo("America/Los_Angeles")
BATCH = 50
THUMBNAIL_BYTES = 2 * 2**20
READ, WRITE = 1, 50  # units


@dataclass(frozen=True)
class YouTubeSettings(Settings):
    """``keeps_bytes``: how much of one upload request arrives (0: all). ``audited`` False: every video stays private.
    ``inserts`` and ``units`` are what a project may spend in a day."""

    keeps_bytes: int = 0
    audited: bool = True
    inserts: int = 100
    units: int = 10_000


def serve(port: int = 0, data: str | Path | None = None, host: str = "127.0.0.1", **settings: Any) -> Server:
    """Start a server on ``port`` (0: any free one); ``settings`` are those of ``YouTubeSettings``."""
    return social.serve(YouTube, port, data, host, **settings)


class YouTube(Social):
    """Each account is a channel; a post is a video, ``private`` until it is shown."""

    platform = "youtube"
    brand = "YouTube"
    settings_kind = YouTubeSettings
    settings: YouTubeSettings
    access_lives = 3600.0
    refresh_lives = 180 * 86_400.0
    rotates = False

    def __init__(self, data: Path | None, settings: Any) -> None:
        super().__init__(data, settings)
        oauth = GoogleOAuth(self, Dialect("/o/oauth2/v2/auth", "/token"))
        uploads, comments = Uploads(self), Comments(self)
        self.add_routes(
            [
                *oauth.routes(),
                ("GET", f"{API}/channels", self._channels),
                ("POST", f"/upload{API}/videos", uploads.start),
                ("PUT", f"/upload{API}/videos", uploads.put),
                ("POST", f"/upload{API}/thumbnails/set", self._set_thumbnail),
                ("GET", f"{API}/videos", self._list_videos),
                ("PUT", f"{API}/videos", self._update_video),
                ("DELETE", f"{API}/videos", self._delete_video),
                ("GET", f"{API}/commentThreads", comments.threads),
                ("POST", f"{API}/comments", comments.insert),
                ("POST", f"{API}/commentThreads", comments.begin),
                ("GET", "/watch", self._watch),
            ]
        )

    def trouble(self, status: int, reason: str, message: str) -> Refusal:
        """An error in Google's form."""
        return trouble(status, reason, message)

    def refuse(self, status: int, sentence: str = "") -> Refusal:
        """An error of the server's own."""
        reasons = {403: "forbidden", 404: "notFound"}
        reason = reasons.get(status, "backendError" if status >= 500 else "badRequest")
        return self.trouble(status, reason, sentence or "Backend Error")

    def too_many(self, seconds: float) -> Refusal:
        """Google says no more than that it was too fast."""
        return self.trouble(403, "rateLimitExceeded", "Rate Limit Exceeded")

    def denied(self, state: str) -> Refusal:
        """A token that is no good."""
        return self.trouble(401, "authError", "Request had invalid authentication credentials.")

    def address(self, post: Post) -> str:
        """Where a video is watched, here at our own address instead of www.youtube.com."""
        return f"{self.url}/watch?v={post.id}"

    # -- what uploads need

    def check(self, said: Mapping[str, Any], parts: list[str]) -> None:
        """Refuse what can't be said of a video."""
        check(said, parts)

    def spend(self, account: Account, units: int = 0, inserts: int = 0) -> None:
        """Take from the project's day, which ends at midnight Pacific time."""
        day = datetime.fromtimestamp(self.clock.now(), UTC).astimezone(PACIFIC).date().isoformat()
        with self.lock:
            spent = self.state.extra.setdefault("quota", {})
            if spent.get("day") != day:
                spent |= {"day": day, "units": 0, "inserts": 0}
            spent["units"] += units
            spent["inserts"] += inserts
            over = spent["units"] > self.settings.units or spent["inserts"] > self.settings.inserts
        if over and self.settings.rate_limits:
            raise self.trouble(
                403, "quotaExceeded", "The request cannot be completed: you exceeded your quota."
            )

    def write(self, post: Post, said: Mapping[str, Any]) -> None:
        """Each part that is named replaces what was there."""
        with self.lock:
            if "snippet" in said:
                snippet = said["snippet"]
                new = (str(snippet.get("description", "")), snippet.get("title", ""), snippet.get("tags", []))
                old = (post.text, post.extra.get("title"), post.extra.get("tags"))
                if post.state == "public" and new != old:
                    post.edited_at = self.clock.now()
                post.text = new[0]
                post.extra |= {"title": new[1], "tags": new[2], "category": snippet["categoryId"]}
                post.extra["language"] = snippet.get("defaultLanguage", "")
            status = said.get("status", {})
            if "status" in said:
                post.extra["kids"] = bool(status.get("selfDeclaredMadeForKids"))
                post.extra["synthetic"] = bool(status.get("containsSyntheticMedia"))
            if "paidProductPlacementDetails" in said:
                post.extra["paid"] = said["paidProductPlacementDetails"]["hasPaidProductPlacement"]
            self.changed.set()

    def resource(self, post: Post, parts: list[str]) -> dict[str, Any]:
        """A video, in the parts that were asked for."""
        told: dict[str, Any] = {"kind": "youtube#video", "id": post.id}
        if "snippet" in parts:
            told["snippet"] = {
                "title": post.extra.get("title", ""), "description": post.text, "channelId": post.account_id,
                "categoryId": post.extra.get("category", "22"), "tags": post.extra.get("tags", []),
                "publishedAt": iso(post.created_at, "seconds"),
            }  # fmt: skip
        if "status" in parts:
            told["status"] = self._status(post)
        if "statistics" in parts:
            seen = self.counts(post)
            told["statistics"] = {
                "viewCount": str(seen.likes * 20), "likeCount": str(seen.likes), "favoriteCount": "0",
                "commentCount": str(seen.replies),
            }  # fmt: skip
        return told

    def _status(self, post: Post) -> dict[str, Any]:
        files = self.files_of(post.file_ids)
        told = {
            "privacyStatus": post.extra.get("privacy", "private" if post.state == "private" else "public")
        }
        told |= {"license": "youtube", "embeddable": True, "madeForKids": post.extra.get("kids", False)}
        if any(file.kind != "video" for file in files):
            return told | {"uploadStatus": "failed", "failureReason": "invalidFile"}
        if post.extra.get("rejected"):
            return told | {"uploadStatus": "rejected", "rejectionReason": post.extra["rejected"]}
        ready = all(file.ready_at <= self.clock.now() for file in files)
        return told | {"uploadStatus": "processed" if ready else "uploaded"}

    # -- the API

    def _channels(self, call: Call) -> Response:
        account = self.holder(call)
        self.spend(account, READ)
        if account.extra.get("no_channel"):
            return answer({"kind": "youtube#channelListResponse", "pageInfo": {"totalResults": 0}})
        videos = sum(1 for _ in self.state.posts_of(account.id))
        face = f"{self.url}/avatars/{account.seed}.png"
        item = {
            "kind": "youtube#channel", "id": f"UC{account.id}",
            "snippet": {
                "title": account.name, "customUrl": f"@{account.handle}", "thumbnails": {"default": {"url": face}},
            },
            "status": {"longUploadsStatus": account.extra.get("long_uploads", "allowed")},
            "statistics": {
                "subscriberCount": str(self.followers(account)), "videoCount": str(videos), "viewCount": "1000",
                "hiddenSubscriberCount": False,
            },
        }  # fmt: skip
        return answer({"kind": "youtube#channelListResponse", "items": [item]})

    def _set_thumbnail(self, call: Call) -> Response:
        account = self.holder(call)
        self.spend(account, WRITE)
        post = self._own(account, call.args.get("videoId", ""))
        if account.extra.get("unverified"):
            raise self.trouble(403, "forbidden", "The user may not upload and set custom video thumbnails.")
        file = self.take_file(call.stream, account)
        if file.kind != "image" or file.size > THUMBNAIL_BYTES:
            raise self.trouble(400, "invalidImage", "The provided image content is invalid.")
        with self.lock:
            post.extra["thumbnail"] = file.sha256
        return answer({"kind": "youtube#thumbnailSetResponse", "items": [{}]})

    def _list_videos(self, call: Call) -> Response:
        account = self.holder(call)
        self.spend(account, READ)
        ids = call.args.get("id", "").split(",")
        if len(ids) > BATCH:
            raise self.trouble(400, "invalidFilters", "The request names too many videos.")
        living = [post for id in ids if (post := self.living(id))]
        seen = [post for post in living if post.state == "public" or post.account_id == account.id]
        parts = call.args.get("part", "").split(",")
        return answer(
            {"kind": "youtube#videoListResponse", "items": [self.resource(post, parts) for post in seen]}
        )

    def _update_video(self, call: Call) -> Response:
        account = self.holder(call)
        said, parts = call.get_json(silent=True) or {}, call.args.get("part", "").split(",")
        self.check(said, parts)
        self.spend(account, WRITE)
        post = self._own(account, str(said.get("id", "")))
        if call.suffers("slow_effect"):
            self.sleep(call)
        if not call.suffers("silent_drop"):
            self.write(post, said)
            if "status" in said:
                self._show(call, post, str(said["status"].get("privacyStatus", "public")))
        return answer(self.resource(post, parts))

    def _show(self, call: Call, post: Post, privacy: str) -> None:
        if privacy not in ("public", "unlisted", "private"):
            raise self.trouble(400, "invalidVideoMetadata", "The privacyStatus is invalid.")
        with self.lock:
            if not self.settings.audited:
                privacy = "private"
            if post.state == "private" and privacy != "private":
                post.created_at, post.arrived = self.clock.now(), call.arrived
            post.extra["privacy"] = privacy
            post.state = "private" if privacy == "private" else "public"
            self.changed.set()

    def _delete_video(self, call: Call) -> Response:
        account = self.holder(call)
        self.spend(account, WRITE)
        post = self._own(account, call.args.get("id", ""))
        with self.lock:
            post.deleted = True
            self.changed.set()
        return Response(b"", 204)

    def _own(self, account: Account, id: str) -> Post:
        post = self.living(id)
        if post is None:
            raise self.trouble(
                404, "videoNotFound", "The video that you are trying to change cannot be found."
            )
        if post.account_id != account.id:
            raise self.trouble(403, "forbidden", "The video is another channel's.")
        return post

    def _watch(self, call: Call) -> Response:
        return self.show(call, call.args.get("v", ""))
